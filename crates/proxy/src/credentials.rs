//! The password of the proxy: `Proxy-Authenticate` and `Proxy-Authorization` (RFC 9110 11.7) with the Basic scheme
//! (RFC 7617).
//!
//! Only a digest is kept and compared, always whole: how long a comparison takes tells neither how much of a guess was
//! right nor how long the password is.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a client is asked for.
pub(crate) const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"Tamis\", charset=\"UTF-8\"");

/// Base64 as RFC 7617 has it; that some programs leave the padding out does no harm.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user's name and password, as a digest.
#[derive(Clone)]
pub struct Credentials([u8; 32]);

/// These cannot be a user's name and password in the Basic scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name and a password are needed, the name without a colon, both without control characters (RFC 7617, section 2)"
)]
pub struct BadCredentials;

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// The credentials of `user`.
    ///
    /// # Errors
    /// [`BadCredentials`] for what the Basic scheme cannot carry, and for an empty name or password.
    pub fn new(user: &str, password: &str) -> Result<Self, BadCredentials> {
        let bad = user.is_empty()
            || password.is_empty()
            || user.contains(':')
            || [user, password].iter().any(|text| text.chars().any(char::is_control));
        if bad { Err(BadCredentials) } else { Ok(Self(digest(format!("{user}:{password}").as_bytes()))) }
    }

    /// What a request's fields show of them.
    pub(crate) fn shown_by(&self, fields: &HeaderMap) -> Shown {
        let mut lines = fields.get_all(PROXY_AUTHORIZATION).iter();
        match (lines.next(), lines.next()) {
            (None, _) => Shown::Nothing,
            (Some(only), None) if basic(only).is_some_and(|given| digest(&given).ct_eq(&self.0).into()) => Shown::Right,
            _ => Shown::Wrong,
        }
    }
}

/// What a client showed when it was to show credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Right,
    Wrong,
    Nothing,
}

/// The bytes `name:password` of a Basic field value.
fn basic(value: &HeaderValue) -> Option<Vec<u8>> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| BASE64.decode(token.trim_matches(' ')).ok())?
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_and_password_are_right_rfc7617_2() {
        let credentials = Credentials::new("Aladdin", "open sesame").unwrap();
        let shown = |values: &[&str]| {
            let mut fields = HeaderMap::new();
            for value in values {
                fields.append(PROXY_AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            credentials.shown_by(&fields)
        };
        assert_eq!(shown(&[]), Shown::Nothing);
        // The examples of RFC 7617, section 2, with and without padding.
        for right in ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ"] {
            assert_eq!(shown(&[right]), Shown::Right, "{right}");
        }
        for wrong in
            ["Basic", "Basic ", "Basic !", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbjpvcGVuIHNlc2Ft"]
        {
            assert_eq!(shown(&[wrong]), Shown::Wrong, "{wrong}");
        }
        let right = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(shown(&[right, right]), Shown::Wrong, "two answers to one question");
        // UTF-8, as the challenge says: the RFC's own pound sign.
        let pound = Credentials::new("test", "123\u{a3}").unwrap();
        let mut fields = HeaderMap::new();
        fields.append(PROXY_AUTHORIZATION, HeaderValue::from_static("Basic dGVzdDoxMjPCow=="));
        assert_eq!(pound.shown_by(&fields), Shown::Right);
    }

    #[test]
    fn what_the_scheme_cannot_carry_is_refused_rfc7617_2() {
        for (user, password) in [("", "x"), ("x", ""), ("a:b", "x"), ("a\n", "x"), ("a", "x\u{7f}")] {
            assert_eq!(Credentials::new(user, password).unwrap_err(), BadCredentials);
        }
        assert_eq!(format!("{:?}", Credentials::new("a", "b:c").unwrap()), "Credentials", "never in a log");
    }
}
