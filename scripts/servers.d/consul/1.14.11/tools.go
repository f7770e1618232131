//go:build tools

// Package tools keeps Consul's module in go.mod: nothing here is compiled.
package tools

import _ "github.com/hashicorp/consul"
