//! Whether a stapled OCSP response (RFC 6960) calls a certificate revoked.
//!
//! Its signature is not checked: what is found here only ever leads to leaving a connection to its client, who checks.

use x509_parser::der_parser::asn1_rs::{Any, FromDer, Tag};

/// How deep a response is looked into.
const DEPTH: usize = 12;

/// The tag of `revoked` in `CertStatus` (RFC 6960 4.2.1): `[1]`.
const REVOKED: u32 = 1;

/// Whether the response says so of a certificate with this serial number, as it stands in its DER.
pub(super) fn says_revoked(response: &[u8], serial: &[u8]) -> bool {
    !response.is_empty() && single_responses(response, serial, DEPTH)
}

/// Looks for `SingleResponse`s: a sequence of which the first part is a sequence that ends in the serial number (CertID),
/// and the second the status. They stand in octet strings that hold DER again.
fn single_responses(mut der: &[u8], serial: &[u8], depth: usize) -> bool {
    while let (Some(below), Ok((rest, any))) = (depth.checked_sub(1), Any::from_der(der)) {
        let (tag, content) = (any.header.tag(), any.data);
        let may_hold_more = any.header.is_constructed() || tag == Tag::OctetString;
        if tag == Tag::Sequence && is_revocation(content, serial)
            || may_hold_more && single_responses(content, serial, below)
        {
            return true;
        }
        der = rest;
    }
    false
}

fn is_revocation(content: &[u8], serial: &[u8]) -> bool {
    let Ok((rest, id)) = Any::from_der(content) else { return false };
    let Ok((_, status)) = Any::from_der(rest) else { return false };
    id.header.tag() == Tag::Sequence
        && status.header.class() == x509_parser::der_parser::asn1_rs::Class::ContextSpecific
        && status.header.tag().0 == REVOKED
        && last(id.data).is_some_and(|any| any.header.tag() == Tag::Integer && any.data == serial)
}

fn last(mut der: &[u8]) -> Option<Any<'_>> {
    let mut found = None;
    while let Ok((rest, any)) = Any::from_der(der) {
        found = Some(any);
        der = rest;
    }
    found
}
