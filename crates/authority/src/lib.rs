//! The certificate authority of one installation.
//!
//! An [`Authority`] signs; [`Leaves`] keeps what it has signed for hosts, ready to be shown to clients; [`Distrust`] knows
//! certificates that nobody is to trust. Values in, values out: no sockets, no disk; who calls brings the time.

mod authority;
mod distrust;
mod leaves;
#[cfg(test)]
mod tests;

use rustls_pki_types::CertificateDer;
use x509_parser::asn1_rs::nom::Parser;
use x509_parser::certificate::{X509Certificate, X509CertificateParser};

pub use authority::{Authority, AuthorityError, Fingerprint, subject_of};
pub use distrust::{Distrust, DistrustError};
pub use leaves::Leaves;

/// A certificate as far as names and key: its extensions are not taken apart, for this is done with each that a server shows.
fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509CertificateParser::new().with_deep_parse_extensions(false).parse(certificate).ok().map(|(_, parsed)| parsed)
}
