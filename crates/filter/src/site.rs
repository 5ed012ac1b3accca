//! Which hosts belong together.

use std::net::IpAddr;

/// The domain that somebody registered and to which a host belongs (`b.example.co.uk`: `example.co.uk`), by the public
/// suffix list; none for an address, and for a suffix itself. `host` in lower case, without a dot at its end.
pub fn registered_domain(host: &str) -> Option<&str> {
    if is_address(host) { None } else { psl::domain_str(host) }
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
