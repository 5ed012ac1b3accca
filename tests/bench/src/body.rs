//! Where a response ends, so that the next request can follow on the same connection.

/// What the head of a response says about its body.
#[derive(Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    /// Chunks are to come (RFC 9112, section 7.1).
    Chunked(Chunked),
    /// The body ends with the connection.
    UntilClose,
}

/// How far a chunked body has been read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chunked {
    state: State,
    /// Bytes that are left of the chunk, or its size while it is read.
    left: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    /// Behind the size: an extension, and the end of the line.
    SizeEnd,
    Data,
    DataEnd,
    /// At the beginning of a trailer line; an empty one ends the body.
    Trailer,
    TrailerLine,
    Over,
}

/// The head of a response, as far as the bench needs it.
#[derive(Debug)]
pub struct Head {
    /// Its length, in bytes.
    pub length: usize,
    /// The status code.
    pub status: u16,
    /// How the body ends.
    pub framing: Framing,
    /// Whether another request may follow.
    pub persistent: bool,
}

impl Head {
    /// Reads a head; nothing if it is not whole yet.
    ///
    /// # Errors
    /// What makes it no HTTP response.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, httparse::Error> {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
        let (mut content_length, mut chunked, mut close, mut keep) = (None, false, false, false);
        for field in response.headers.iter() {
            let value = String::from_utf8_lossy(field.value).to_ascii_lowercase();
            match field.name {
                name if name.eq_ignore_ascii_case("content-length") => content_length = value.trim().parse().ok(),
                name if name.eq_ignore_ascii_case("transfer-encoding") => chunked = value.contains("chunked"),
                // Some peers say it to proxies' clients in the old way.
                name if name.eq_ignore_ascii_case("connection") || name.eq_ignore_ascii_case("proxy-connection") => {
                    close |= value.contains("close");
                    keep |= value.contains("keep-alive");
                }
                _ => {}
            }
        }
        let framing = match (chunked, content_length) {
            (true, _) => Framing::Chunked(Chunked::default()),
            (false, Some(length)) => Framing::Length(length),
            (false, None) => Framing::UntilClose,
        };
        let by_version = response.version == Some(1) || keep;
        let persistent = by_version && !close && framing != Framing::UntilClose;
        Ok(Some(Self { length, status: response.code.unwrap_or(0), framing, persistent }))
    }
}

impl Framing {
    /// Whether nothing more is to come.
    #[must_use]
    pub fn over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.state == State::Over,
            Self::UntilClose => false,
        }
    }

    /// Reads on; how many of the bytes are content.
    pub fn feed(&mut self, bytes: &[u8]) -> u64 {
        let length = bytes.len() as u64;
        match self {
            Self::Length(left) => {
                let taken = length.min(*left);
                *left -= taken;
                taken
            }
            Self::Chunked(chunked) => chunked.feed(bytes),
            Self::UntilClose => length,
        }
    }
}

impl Chunked {
    fn feed(&mut self, mut bytes: &[u8]) -> u64 {
        let mut content = 0;
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.state == State::Data {
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                content += taken as u64;
                self.left -= taken as u64;
                bytes = bytes.get(taken..).unwrap_or_default();
                if self.left == 0 {
                    self.state = State::DataEnd;
                }
                continue;
            }
            self.step(byte);
            bytes = rest;
        }
        content
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Size | State::SizeEnd, b'\n') if self.left == 0 => State::Trailer,
            (State::Size | State::SizeEnd, b'\n') => State::Data,
            (State::Size, digit) => match char::from(digit).to_digit(16) {
                Some(value) => {
                    self.left = self.left * 16 + u64::from(value);
                    State::Size
                }
                None => State::SizeEnd,
            },
            (State::DataEnd, b'\n') => State::Size,
            (State::Trailer, b'\r') => State::Trailer,
            (State::Trailer, b'\n') => State::Over,
            (State::TrailerLine, b'\n') => State::Trailer,
            (State::Trailer | State::TrailerLine, _) => State::TrailerLine,
            (state, _) => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_body_ends_where_it_ends_however_it_is_cut() {
        let body = b"4;x=y\r\nWiki\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n";
        for cut in 0..body.len() {
            let mut framing = Framing::Chunked(Chunked::default());
            let (first, second) = body.split_at(cut);
            let mut content = framing.feed(first);
            assert!(!framing.over(), "over at {cut}");
            content += framing.feed(second);
            assert!(framing.over() && content == 20, "cut at {cut}: {content}");
        }
    }

    #[test]
    fn a_head_says_whether_another_request_may_follow() {
        let head = |text: &str| Head::parse(text.as_bytes()).unwrap().unwrap();
        assert!(head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").persistent);
        assert!(!head("HTTP/1.1 200 OK\r\n\r\n").persistent);
        assert!(!head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n").persistent);
        assert!(!head("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n").persistent);
        assert!(head("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\n").persistent);
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nContent-").unwrap().is_none());
    }
}
