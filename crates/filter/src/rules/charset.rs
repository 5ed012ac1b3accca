//! The charset of a body, as far as a replacement must know it.

use encoding_rs::Encoding;
use http::header::CONTENT_TYPE;

use crate::{Prefix, ResponseHead};

/// How many first bytes tell the charset: as many as HTML asks browsers to look at (13.2.3.2). What is there of the rest
/// hangs on how the network cut the body.
pub(crate) const LOOK: usize = 1024;

/// What a charset means for text that is exchanged byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// One byte a character, and ASCII is what it says.
    SingleByte,
    /// Anything else, known or not: UTF-16 and UTF-32, and the charsets of several bytes (Shift_JIS, GBK, Big5, ISO-2022)
    /// in which the second half of a character looks like a letter. Such a body passes as it is.
    Opaque,
}

/// The charset of a body that begins with `prefix`: by its byte order mark, its media type, its own words (HTML 4.2.5.4,
/// XML 4.3.3), or UTF-8 where its beginning is that.
pub(super) fn of(response: &ResponseHead, prefix: &Prefix) -> Charset {
    let start = prefix.bytes.get(..LOOK).unwrap_or(&prefix.bytes);
    // UTF-32's mark begins like that of UTF-16; both are opaque, as is its other order.
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return of_encoding(Some(encoding));
    }
    if start.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Charset::Opaque;
    }
    let type_names = response.fields.text(CONTENT_TYPE).and_then(parameter);
    let media_type = response.media_type().unwrap_or_default();
    if let Some(label) = type_names {
        return of_encoding(Encoding::for_label(label.as_bytes()));
    }
    if media_type.ends_with("json") {
        // RFC 8259 8.1: JSON is UTF-8.
        return if is_utf8(start) { Charset::Utf8 } else { Charset::Opaque };
    }
    if let Some(label) = named_within(start) {
        // What could be read as ASCII so far is not UTF-16, whatever it says (HTML 13.2.3.2).
        let encoding = Encoding::for_label(&label).map(|named| named.output_encoding());
        return of_encoding(encoding);
    }
    if is_utf8(start) { Charset::Utf8 } else { Charset::Opaque }
}

fn of_encoding(encoding: Option<&'static Encoding>) -> Charset {
    match encoding {
        Some(encoding) if encoding == encoding_rs::UTF_8 => Charset::Utf8,
        Some(encoding) if encoding.is_single_byte() => Charset::SingleByte,
        _ => Charset::Opaque,
    }
}

/// Whether this is the beginning of text in UTF-8; the last character may be cut off.
fn is_utf8(start: &[u8]) -> bool {
    !start.contains(&0) && std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// The `charset` parameter of a media type (RFC 9110 8.3.1).
pub(crate) fn parameter(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The charset that a page, style sheet or XML document names in its first bytes.
pub(crate) fn named_within(start: &[u8]) -> Option<Vec<u8>> {
    let start = start.to_ascii_lowercase();
    if let Some(declaration) = start.strip_prefix(b"<?xml") {
        return named_behind(up_to(declaration, b'>'), b"encoding");
    }
    if let Some(rest) = start.strip_prefix(b"@charset") {
        return label(rest);
    }
    let tags = start.windows(5).enumerate().filter(|(_, window)| window == b"<meta");
    tags.filter_map(|(at, _)| named_behind(up_to(start.get(at..)?, b'>'), b"charset")).next()
}

/// The label in `name = "label"` somewhere in a tag.
fn named_behind(tag: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let at = tag.windows(name.len()).position(|window| window == name)?;
    label(tag.get(at + name.len()..)?.trim_ascii_start().strip_prefix(b"=")?)
}

fn label(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"\"").or(text.strip_prefix(b"'")).unwrap_or(text);
    let end = text.iter().position(|byte| b"\"' ;>/?\t\r\n".contains(byte)).unwrap_or(text.len());
    text.get(..end).filter(|label| !label.is_empty()).map(<[u8]>::to_vec)
}

fn up_to(text: &[u8], end: u8) -> &[u8] {
    text.split(|byte| *byte == end).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;
    use http::header::{HeaderMap, HeaderValue};

    use super::*;
    use crate::Fields;

    #[track_caller]
    fn check(content_type: &'static str, start: &'static [u8], charset: Charset) {
        let mut map = HeaderMap::new();
        map.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let response = ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) };
        let prefix = Prefix { bytes: Bytes::from_static(start), complete: false };
        assert_eq!(of(&response, &prefix), charset, "{content_type}, {}", start.escape_ascii());
    }

    #[test]
    fn a_mark_goes_before_the_media_type_and_that_before_the_texts_own_words() {
        check("text/html; charset=iso-8859-1", b"\xef\xbb\xbfx", Charset::Utf8);
        check("text/html; charset=utf-8", b"\xff\xfex\0", Charset::Opaque);
        check("text/html; charset=utf-8", b"\0\0\xfe\xff", Charset::Opaque);
        check("text/html; Charset=\"ISO-8859-1\"", b"<meta charset=utf-8>", Charset::SingleByte);
        check("text/html;charset=windows-1251", b"x", Charset::SingleByte);
        for opaque in ["shift_jis", "gbk", "big5", "euc-jp", "iso-2022-jp", "utf-16", "utf-32", "made-up"] {
            check(format!("text/html; charset={opaque}").leak(), b"x", Charset::Opaque);
        }
    }

    #[test]
    fn a_text_without_a_declared_charset_may_name_one_or_be_utf8() {
        check("text/html", b"<!doctype html><meta name=a><META charset='Windows-1252'>", Charset::SingleByte);
        check("text/html", b"<meta http-equiv=content-type content=\"text/html; charset = gbk\">", Charset::Opaque);
        check("text/html", b"<meta charset=utf-16>", Charset::Utf8);
        check("text/xml", b"<?xml version=\"1.0\" encoding=\"iso-8859-2\"?>", Charset::SingleByte);
        check("text/css", b"@charset \"shift_jis\";", Charset::Opaque);
        check("text/html", b"caf\xc3\xa9 cut \xc3", Charset::Utf8);
        check("text/html", b"caf\xe9 x", Charset::Opaque);
        check("text/plain", b"h\0i\0", Charset::Opaque);
        check("application/json", b"{\"charset=gbk\":1}", Charset::Utf8);
    }

    #[test]
    fn what_lies_behind_the_first_bytes_tells_nothing() {
        let ascii = "x".repeat(LOOK - 1);
        for (content_type, behind, charset) in [
            ("text/html", &b"x\xe9"[..], Charset::Utf8),
            ("text/html", b"x<meta charset=gbk>", Charset::Utf8),
            ("text/html", b"\xc3x", Charset::Utf8),
            ("text/html", b"\xe9", Charset::Utf8),
            ("text/html", b"\xffx", Charset::Opaque),
            ("application/json", b"x\0", Charset::Utf8),
        ] {
            check(content_type, [ascii.as_bytes(), behind].concat().leak(), charset);
        }
    }
}
