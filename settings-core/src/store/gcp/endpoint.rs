//! Where the service is asked, if not at its own address.

use std::net::IpAddr;

use crate::store::StoreError;

/// Checks an address. Plain http is for this machine alone: tokens and secrets would be seen on the way to another.
pub(super) fn check(url: &str) -> Result<String, StoreError> {
    let wrong = || {
        StoreError::misconfigured().because("an endpoint is like https://secretmanager.europe-west3.rep.googleapis.com")
    };
    let url = url.trim();
    let url = url.strip_suffix('/').unwrap_or(url);
    let (scheme, authority) = url.split_once("://").ok_or_else(wrong)?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)),
    };
    if !is_host || !port.is_none_or(|port| port.parse().is_ok_and(|port: u16| port > 0)) {
        return Err(wrong());
    }
    if scheme.eq_ignore_ascii_case("https") || (scheme.eq_ignore_ascii_case("http") && is_this_machine(host, address)) {
        return Ok(url.to_owned());
    }
    Err(match scheme.eq_ignore_ascii_case("http") {
        true => StoreError::misconfigured()
            .because("plain http to another machine would show the token to everybody between"),
        false => wrong(),
    })
}

fn is_this_machine(host: &str, address: Option<&str>) -> bool {
    let address = address.unwrap_or(host).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for url in [
            "https://secretmanager.europe-west3.rep.googleapis.com/",
            "https://10.0.0.7:8443",
            "http://localhost:8080",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080",
        ] {
            assert_eq!(check(url).as_deref(), Ok(url.trim_end_matches('/')));
        }
        for url in ["http://10.0.0.7", "http://localhost.example.com", "http://[::2]", "HTTP://example.com"] {
            assert!(check(url).unwrap_err().note().starts_with("plain http"), "{url}");
        }
        for url in [
            "",
            "secretmanager.googleapis.com",
            "https://",
            "ftp://localhost",
            "https://me:you@localhost",
            "https://localhost/v1",
            "https://localhost?x",
            "https://localhost#x",
            "https://localhost:",
            "https://localhost:0",
            "https://[localhost]",
            "https://[::1",
        ] {
            assert!(check(url).unwrap_err().note().starts_with("an endpoint is like"), "{url}");
        }
    }
}
