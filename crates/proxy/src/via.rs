//! `Via` (RFC 9110 7.6.3): added in both directions, and read to find loops.
//!
//! It is all that is said about the way of a message. `Forwarded` (RFC 7239) and its forerunners would tell origins who
//! asks: we add none, and leave what others wrote as it is.

use http::Version;
use http::header::{HeaderMap, HeaderValue, VIA};

/// The name we go by. A name of its own for each installation would let origins tell users apart.
const PSEUDONYM: &str = "tamis";

/// How often our name may stand in a request's `Via`. Another Tamis may well stand before or behind this one; a request
/// that met more of them than this goes round in a circle.
const PASSES: usize = 3;

/// Adds our member, with the version in which the message was received, behind those that are there.
pub(crate) fn append(fields: &mut HeaderMap, received: Version) {
    if received == Version::HTTP_2 {
        // A version without a minor number has zero where one is written (RFC 9110 2.5).
        fields.append(VIA, HeaderValue::from_static("2.0 tamis"));
    } else {
        append_minor(fields, if received < Version::HTTP_11 { 0 } else { 1 });
    }
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
    let members = fields.get_all(VIA).iter().flat_map(|line| members(line.as_bytes()));
    members.filter(|member| is_ours(member)).count() >= PASSES
}

/// The members of a line, commas within comments left alone (RFC 9110 5.6.5).
fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut depth, mut escaped) = (0_usize, false);
    line.split(move |&byte| {
        match (escaped, byte) {
            (true, _) => escaped = false,
            (false, b'\\') => escaped = depth > 0,
            (false, b'(') => depth += 1,
            (false, b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b',' && depth == 0
    })
}

/// A member is a protocol and a name, and perhaps a comment.
fn is_ours(member: &[u8]) -> bool {
    let mut words = member.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.nth(1) == Some(PSEUDONYM.as_bytes())
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
