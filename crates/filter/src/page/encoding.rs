//! Which charset a page is read in.

use http::header::CONTENT_TYPE;
use lol_html::AsciiCompatibleEncoding;

use crate::rules::charset;
use crate::{Prefix, ResponseHead};

/// How a page's bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageEncoding {
    pub encoding: AsciiCompatibleEncoding,
    /// Nothing but a `<meta>` on the way tells, or may tell otherwise.
    pub by_meta: bool,
    /// The label is one that browsers find in the first bytes, and must still find once something of ours stands before it.
    pub prescanned: bool,
}

/// The charset of a page that begins with `prefix`: by its mark, its media type, its `<meta>` (HTML 13.2.3.2, Encoding 6.1).
/// None for charsets that do not say ASCII in ASCII (UTF-16, ISO-2022-JP), and what looks like one of them: such pages pass
/// as they are.
pub(crate) fn readable_encoding(response: &ResponseHead, prefix: &Prefix) -> Option<PageEncoding> {
    let start = prefix.bytes.get(..charset::LOOK).unwrap_or(&prefix.bytes);
    let certain = |encoding| Some(PageEncoding { encoding, by_meta: false, prescanned: false });
    if let Some((mark, _)) = encoding_rs::Encoding::for_bom(start) {
        return certain(AsciiCompatibleEncoding::new(mark)?);
    }
    if start.contains(&0) {
        return None;
    }
    let named = response.fields.text(CONTENT_TYPE).and_then(charset::parameter);
    if let Some(encoding) = named.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes())) {
        return certain(AsciiCompatibleEncoding::new(encoding)?);
    }
    match charset::named_within(start).and_then(|label| encoding_rs::Encoding::for_label(&label)) {
        // A page whose `<meta>` can be read is not in UTF-16, whatever that says.
        Some(found) => Some(PageEncoding {
            encoding: AsciiCompatibleEncoding::new(found.output_encoding())?,
            by_meta: true,
            prescanned: true,
        }),
        None => Some(PageEncoding { encoding: AsciiCompatibleEncoding::utf_8(), by_meta: true, prescanned: false }),
    }
}

impl PageEncoding {
    /// Its name, as a label.
    pub(super) fn label(self) -> &'static str {
        let encoding: &'static encoding_rs::Encoding = self.encoding.into();
        encoding.name()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;
    use http::header::{HeaderMap, HeaderValue};

    use super::*;
    use crate::Fields;

    fn label(content_type: &'static str, start: &'static [u8]) -> Option<&'static str> {
        let fields = Fields::from_wire(HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]));
        let prefix = Prefix { bytes: Bytes::from_static(start), complete: false };
        readable_encoding(&ResponseHead { status: StatusCode::OK, fields }, &prefix).map(PageEncoding::label)
    }

    #[test]
    fn a_mark_goes_before_the_head_and_that_before_the_pages_own_words() {
        assert_eq!(label("text/html; charset=koi8-r", b"\xef\xbb\xbfx"), Some("UTF-8"));
        assert_eq!(label("text/html; charset=koi8-r", b"<meta charset=utf-8>"), Some("KOI8-R"));
        assert_eq!(label("text/html; charset=nonsense", b"<meta charset=gbk>"), Some("GBK"));
        assert_eq!(label("text/html", b"<meta charset=utf-16>"), Some("UTF-8"));
        assert_eq!(label("text/html", b"x"), Some("UTF-8"));
    }

    #[test]
    fn what_is_not_ascii_at_heart_is_not_read() {
        assert_eq!(label("text/html; charset=utf-16", b"<"), None);
        assert_eq!(label("text/html", b"\xff\xfe<\0"), None);
        assert_eq!(label("text/html", b"<\0h\0"), None);
        assert_eq!(label("text/html", b"<meta charset=iso-2022-jp>"), None);
    }
}
