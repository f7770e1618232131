//! The one integration-test binary: it drives the real binary against real servers.

mod catalogue;
mod layers;
mod render;
