//! `Via` (RFC 9110 7.6.3): added in both directions, and read to find loops.

use http::Version;
use http::header::{HeaderMap, HeaderValue, VIA};

/// The name we go by. A name of its own for each installation would let origins tell users apart.
const PSEUDONYM: &str = "tamis";

/// How often our name may stand in a request's `Via`. Another Tamis may well stand before or behind this one; a request
/// that met more of them than this goes round in a circle.
const PASSES: usize = 3;

/// Adds our member, with the version in which the message was received, behind those that are there.
pub(crate) fn append(fields: &mut HeaderMap, received: Version) {
    append_minor(fields, if received < Version::HTTP_11 { 0 } else { 1 });
}

/// The same for HTTP/1 with any minor version.
pub(crate) fn append_minor(fields: &mut HeaderMap, minor: u8) {
    let member = match minor {
        0 => HeaderValue::from_static("1.0 tamis"),
        1 => HeaderValue::from_static("1.1 tamis"),
        _ => HeaderValue::try_from(format!("1.{minor} {PSEUDONYM}")).unwrap_or(HeaderValue::from_static("1.1 tamis")),
    };
    fields.append(VIA, member);
}

/// Whether this request has passed Tamis too often.
pub(crate) fn loops(fields: &HeaderMap) -> bool {
    let ours = fields
        .get_all(VIA)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter(|member| member.split_whitespace().nth(1) == Some(PSEUDONYM))
        .count();
    ours >= PASSES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_met_tamis_three_times_loops() {
        let mut fields = HeaderMap::new();
        fields.append(VIA, HeaderValue::from_static("1.0 fred, 1.1 tamis"));
        append(&mut fields, Version::HTTP_10);
        assert_eq!(fields.get_all(VIA).iter().next_back().unwrap(), "1.0 tamis");
        assert!(!loops(&fields));
        append(&mut fields, Version::HTTP_11);
        assert!(loops(&fields));
    }
}
