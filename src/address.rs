//! Addresses as users and servers write them.

use std::borrow::Cow;
use std::net::IpAddr;

/// An address as it may be shown: whatever stands before an `@` is a user's name and password. Several addresses
/// become one when the last has credentials, since a password may hold any separator.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let Some((before, host)) = text.rsplit_once('@') else { return Cow::Borrowed(text) };
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    let plain = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    Cow::Owned(if plain { format!("{scheme}://…@{host}") } else { format!("…@{host}") })
}

/// Scheme, host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Whether the scheme is https.
    pub tls: bool,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Address {
    /// Reads `http://host:port`, `https://[::1]:port`, `host:port` (`tls` then from `default_tls`), or `host`
    /// (port then from `default_port`). The error says what to write instead.
    pub fn parse(text: &str, default_tls: bool, default_port: u16) -> Result<Address, String> {
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some((scheme, _)) => {
                return Err(format!("scheme `{scheme}` is not http or https: write https://HOST:PORT"));
            }
            None => (default_tls, text),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("credentials do not belong into a URL: use a password file or the environment".into());
        }
        let (host, port) = split_port(authority)?;
        if host.is_empty() {
            return Err("the host is missing: write HOST:PORT".into());
        }
        if host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("the host contains white space or control characters: write HOST:PORT".into());
        }
        let port = match port {
            None => default_port,
            Some(text) => text
                .parse::<u16>()
                .ok()
                .filter(|p| *p != 0)
                .ok_or_else(|| format!("`{text}` is not a port: write a number from 1 to 65535"))?,
        };
        Ok(Address { tls, host: host.to_owned(), port })
    }

    /// As [`Address::parse`], for what a user asks us to dial: a path, which would be dropped, is refused.
    pub fn parse_endpoint(text: &str, default_tls: bool, default_port: u16) -> Result<Address, String> {
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        match bare.find(['/', '?', '#']).map(|at| &bare[at..]) {
            Some(path) if path != "/" && !bare.contains('@') => {
                Err(format!("`{path}` after the address has no meaning: write HOST:PORT"))
            }
            _ => Address::parse(text, default_tls, default_port),
        }
    }

    /// `host:port`, with brackets around IPv6.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// With scheme.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }

    /// Whether the host is the address that means "every address here" (0.0.0.0, ::): good to listen on, not to dial.
    pub fn unspecified(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified())
    }

    /// Whether the host is this machine's loopback, by address or by the name localhost.
    pub fn loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("the bracket of the IPv6 address is not closed")?;
        return match after {
            "" => Ok((host, None)),
            _ => Ok((host, Some(after.strip_prefix(':').ok_or("write [IPV6]:PORT")?))),
        };
    }
    if authority.matches(':').count() > 1 {
        return Err("an IPv6 address needs brackets: write [IPV6]:PORT".into());
    }
    Ok(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        let parse = |text| Address::parse(text, false, 2379).map(|a| a.url());
        assert_eq!(parse("https://a:1"), Ok("https://a:1".into()));
        assert_eq!(parse("a"), Ok("http://a:2379".into()));
        assert_eq!(parse("http://[::1]:2379/"), Ok("http://[::1]:2379".into()));
        for bad in ["ftp://a", "a:b", "a:0", "a:70000", "::1:5", "", "http://", "u:p@h:1", "a b:1", "[::1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(Address::parse_endpoint("http://a:1/", false, 1).is_ok());
        for bad in ["http://a:1/p", "a/p", "a:1?x", "a:1#x", "a:1//", "u:p@a/x"] {
            assert!(Address::parse_endpoint(bad, false, 1).is_err(), "{bad}");
        }
        assert!(Address::parse("[::1]:1", true, 1).is_ok_and(|a| a.loopback() && a.tls));
        assert!(!Address::parse("10.0.0.1", true, 1).is_ok_and(|a| a.loopback()));
    }

    #[test]
    fn credentials_are_not_shown() {
        for (text, shown) in [
            ("http://a:1", "http://a:1"),
            ("http://u:p@a:1", "http://…@a:1"),
            ("u:p@a:1", "…@a:1"),
            ("etcd+https://a:1,u:p@/,@b:1", "etcd+https://…@b:1"),
            ("u:p://q@a", "…@a"),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }
}
