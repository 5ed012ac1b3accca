//! The first line of a client's connection, where a minor version higher than ours is read as ours (RFC 9110 2.5).
//!
//! hyper's parser refuses such a version. The first bytes of a connection are a request line whatever comes behind them;
//! only there can a version be told from content without reading messages. So a connection that begins with a higher
//! version does not persist, and on any other a later one is refused. An origin's higher version is refused: interim
//! responses come before its final one, so its first line is not the one that counts.

/// What comes before the minor version.
const BEFORE_MINOR: &[u8] = b"HTTP/1.";

/// Where in the first line the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum FirstLine {
    /// Before the line; empty lines may come first (RFC 9112 2.2).
    #[default]
    Before,
    Method,
    Target,
    /// In the version, behind so many bytes of `HTTP/1.`.
    Version(usize),
    Over,
}

impl FirstLine {
    /// Looks at the next bytes received. A higher minor version becomes 1 in them and is returned.
    pub(crate) fn watch(&mut self, received: &mut [u8]) -> Option<u8> {
        for byte in received {
            *self = match (*self, *byte) {
                (Self::Over, _) => return None,
                (Self::Before, b'\r' | b'\n') => Self::Before,
                (Self::Before, _) => Self::Method,
                (_, b'\r' | b'\n') => Self::Over,
                (Self::Method, b' ') => Self::Target,
                (Self::Target, b' ') => Self::Version(0),
                (Self::Version(at), found) if BEFORE_MINOR.get(at) == Some(&found) => Self::Version(at + 1),
                (Self::Version(at), minor @ b'2'..=b'9') if at == BEFORE_MINOR.len() => {
                    *self = Self::Over;
                    *byte = b'1';
                    return Some(minor - b'0');
                }
                (Self::Version(_), _) => Self::Over,
                (same, _) => same,
            };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `line`, however it is cut in two.
    #[track_caller]
    fn check(line: &str, becomes: &str, minor: Option<u8>) {
        for cut in 0..=line.len() {
            let mut bytes = line.as_bytes().to_vec();
            let (first, second) = bytes.split_at_mut(cut);
            let mut watch = FirstLine::default();
            let found = [watch.watch(first), watch.watch(second)];
            assert_eq!(found.into_iter().flatten().next(), minor, "{line:?} cut at {cut}");
            assert_eq!(String::from_utf8(bytes).unwrap(), becomes, "{line:?} cut at {cut}");
        }
    }

    #[test]
    fn a_higher_minor_version_becomes_ours_however_it_is_cut_rfc9110_2_5() {
        check("GET http://a/ HTTP/1.2\r\nHost: a\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\n", Some(2));
        check("\r\n\nGET / HTTP/1.9\n", "\r\n\nGET / HTTP/1.1\n", Some(9));
        // No version: refused by the parser either way.
        check("GET / HTTP/1.25\r\n", "GET / HTTP/1.15\r\n", Some(2));
    }

    #[test]
    fn nothing_else_is_touched() {
        for line in [
            "GET http://a/ HTTP/1.1\r\nX: b HTTP/1.2\r\n\r\nGET / HTTP/1.2\r\n",
            "GET http://a/ HTTP/1.0\r\n",
            "GET http://a/ HTTP/2.2\r\n",
            "GET http://a/ http/1.2\r\n",
            "GET / x HTTP/1.2\r\n",
            "GET HTTP/1.2 HTTP/1.1\r\n",
            "GET\r\nX Y HTTP/1.2\r\n",
            "GET  / HTTP/1.2\r\n",
        ] {
            check(line, line, None);
        }
    }
}
