//! Where a message ends: one reading of it, or a refusal (RFC 9112 6 and 11.2).
//!
//! hyper parses lengths and chunks; what is decided here is which framing fields a message may carry at all.

use http::header::{CONTENT_LENGTH, EXPECT, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Method, StatusCode, Version};
use hyper::body::Body;

use crate::error::Error;

/// Refuses requests whose length could be read in two ways.
pub(crate) fn check_request(request: &Parts) -> Result<(), Error> {
    let mut codings = request.headers.get_all(TRANSFER_ENCODING).iter();
    let coded = codings.next();
    if let Some(coding) = coded {
        let only_chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
        if !only_chunked {
            return Err(Error::bad_request("Its Transfer-Encoding is not just chunked."));
        }
        if request.version < Version::HTTP_11 {
            return Err(Error::bad_request("An HTTP/1.0 request has a Transfer-Encoding."));
        }
    }
    // RFC 9110 9.3.6: CONNECT has no content; bytes behind its head belong to the tunnel.
    if request.method == Method::CONNECT && (coded.is_some() || request.headers.contains_key(CONTENT_LENGTH)) {
        return Err(Error::bad_request("A CONNECT request announces content."));
    }
    // RFC 9110 9.3.8: a TRACE request has none either.
    let length = || request.headers.get(CONTENT_LENGTH);
    if request.method == Method::TRACE && (coded.is_some() || length().is_some_and(|length| length != "0")) {
        return Err(Error::bad_request("A TRACE request announces content."));
    }
    check_expectation(request)
}

/// RFC 9110 10.1.1: only 100-continue is known, and HTTP/1.0 knows no expectations.
fn check_expectation(request: &Parts) -> Result<(), Error> {
    let known = |value: &HeaderValue| value.is_empty() || value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if request.version < Version::HTTP_11 || request.headers.get_all(EXPECT).iter().all(known) {
        Ok(())
    } else {
        Err(Error::expectation_failed())
    }
}

/// Whether a request may go on with an expectation: it must have content to wait with, and not come from a client of
/// HTTP/1.0, which would not know the answer (RFC 9110 10.1.1).
pub(crate) fn may_expect(version: Version, body: &impl Body) -> bool {
    version >= Version::HTTP_11 && !body.is_end_stream()
}

/// How the origin framed a response: whether in chunks, and refused with a reason where its framing has more than one
/// reading (RFC 9112 6.1 and 6.3).
pub(crate) fn of_response(fields: &mut HeaderMap) -> Result<bool, &'static str> {
    let mut codings = fields.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (Some(only), None) if only.as_bytes().eq_ignore_ascii_case(b"chunked") => return Ok(true),
        (Some(_), _) => return Err("its Transfer-Encoding is not just chunked"),
        (None, _) => {}
    }
    let mut lines = fields.get_all(CONTENT_LENGTH).iter();
    if let (Some(only), None) = (lines.next(), lines.next())
        && is_number(only.as_bytes())
    {
        return Ok(false);
    }
    let lengths: Vec<&[u8]> = fields
        .get_all(CONTENT_LENGTH)
        .iter()
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    let Some(first) = lengths.first() else { return Ok(false) };
    // hyper reads the length only where content follows: of an answer to HEAD, or a 304, nobody else has looked at it.
    if !is_number(first) {
        return Err("its length is not a number");
    }
    // The same length said twice is said once (RFC 9110 8.6).
    let once = HeaderValue::from_bytes(first).ok().filter(|_| lengths.iter().all(|length| length == first));
    fields.insert(CONTENT_LENGTH, once.ok_or("it says two lengths")?);
    Ok(false)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Frames a request as it came: a chunked one goes on in chunks, whatever its method. Left to itself hyper gives a GET of
/// unknown length no body at all (RFC 9110 9.3.1 gives such content no meaning, yet it is not ours to drop).
pub(crate) fn of_request(fields: &mut HeaderMap, was_chunked: bool) {
    if was_chunked {
        fields.remove(CONTENT_LENGTH);
        fields.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Drops a length that does not frame the response: chunks overrule it (RFC 9112 6.3), and some answers have no content
/// (RFC 9110 8.6).
pub(crate) fn drop_false_length(fields: &mut HeaderMap, was_chunked: bool, status: StatusCode) {
    if was_chunked || status.is_informational() || status == StatusCode::NO_CONTENT {
        fields.remove(CONTENT_LENGTH);
    }
}

/// Whether an answer has no content, whatever its fields say (RFC 9112 6.3).
pub(crate) fn is_contentless(request: &Method, status: StatusCode) -> bool {
    request == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(lengths: &[&'static str]) -> Result<Option<HeaderValue>, &'static str> {
        let mut fields = HeaderMap::new();
        for length in lengths {
            fields.append(CONTENT_LENGTH, HeaderValue::from_static(length));
        }
        of_response(&mut fields).map(|_| fields.remove(CONTENT_LENGTH))
    }

    #[test]
    fn a_length_that_no_content_follows_is_one_number_too_rfc9110_8_6() {
        assert_eq!(response(&["3", "3, 3"]), Ok(Some(HeaderValue::from_static("3"))));
        for lengths in [&["1x"][..], &[""], &["+1"], &["1,"], &["1", "2"], &["x", "x"]] {
            assert!(response(lengths).is_err(), "{lengths:?}");
        }
    }
}
