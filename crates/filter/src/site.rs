//! Which hosts belong together.

use std::net::IpAddr;

use http::Uri;

/// The domain that somebody registered and to which a host belongs (`b.example.co.uk`: `example.co.uk`), by the public
/// suffix list; none for an address, and for a suffix itself. `host` in lower case, without a dot at its end.
pub fn registered_domain(host: &str) -> Option<&str> {
    if is_address(host) { None } else { psl::domain_str(host) }
}

/// The host of an address as it stands there (RFC 3986 3.2.2). Every request is asked for it, and searches made for long
/// texts, as behind [`Uri::host`], take several times as long over a short one.
pub(crate) fn host(address: &Uri) -> Option<&str> {
    let text = address.authority()?.as_str();
    let text = text.bytes().rposition(|byte| byte == b'@').and_then(|at| text.get(at + 1..)).unwrap_or(text);
    let (ends, with_it) = if text.starts_with('[') { (b']', 1) } else { (b':', 0) };
    let end = text.bytes().position(|byte| byte == ends).map_or(text.len(), |at| at + with_it);
    text.get(..end)
}

/// What a host belongs to: its registered domain, or the host itself where there is none.
pub(crate) fn site(host: &str) -> &str {
    registered_domain(host).unwrap_or(host)
}

/// `host` without its public suffix: what `example.*` is compared with, for hosts below it too.
pub(crate) fn without_suffix(host: &str) -> Option<&str> {
    if is_address(host) {
        return None;
    }
    host.strip_suffix(psl::suffix_str(host)?)?.strip_suffix('.')
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_one_that_uri_finds() {
        for address in
            ["http://a.test/", "http://A.test:81/x:y@z", "http://u:p@a.test:81/", "http://[2001:db8::7]:81/", "/x"]
        {
            let address: Uri = address.parse().unwrap();
            assert_eq!(host(&address), address.host(), "{address}");
        }
    }
}
