//! A strict reader of HTTP/1.x messages (RFC 9112), written apart from the product and from its HTTP library: it reads a
//! message in the one way that the RFC leaves, or not at all.

/// Why there is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The bytes end before the message does.
    Short,
    /// It could be read in another way, or in none.
    Bad(&'static str),
}

/// What a reading comes to.
pub type Reading<T> = Result<T, Trouble>;

/// How the bytes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The sender closed in good order.
    Closed,
    /// The connection was reset.
    Reset,
}

/// Names as they came and values without the white space around them.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// Start line and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Method, target and version; or version, status and reason.
    pub start: [Vec<u8>; 3],
    /// The field lines.
    pub fields: Fields,
}

/// How the content's end was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none by definition, or nothing announces it.
    None,
    /// By Content-Length.
    Length,
    /// By chunks.
    Chunks,
    /// By the end of the connection.
    Close,
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its head.
    pub head: Head,
    /// Its content, decoded.
    pub content: Vec<u8>,
    /// How that is framed.
    pub framing: Framing,
    /// Trailer fields.
    pub trailers: Fields,
}

impl Head {
    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| &value[..])
    }

    /// The only value of a field; none where there is no such field.
    ///
    /// # Errors
    /// Where there are several.
    pub fn only<'a>(&'a self, name: &'a str) -> Reading<Option<&'a [u8]>> {
        let mut all = self.all(name);
        match (all.next(), all.next()) {
            (only, None) => Ok(only),
            (_, Some(_)) => Err(Trouble::Bad("a field that may stand once stands there again")),
        }
    }

    /// Whether there is a field.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The members of a comma-separated list without quoted strings, lower case.
    pub fn members(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.all(name).flat_map(|line| line.split(|&byte| byte == b','));
        lines.map(|member| trim(member).to_ascii_lowercase()).filter(|member| !member.is_empty()).collect()
    }

    /// The status code of a response.
    pub fn status(&self) -> u16 {
        self.start[1].iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
    }

    /// The method of a request.
    pub fn method(&self) -> &[u8] {
        &self.start[0]
    }

    /// The target of a request.
    pub fn target(&self) -> &[u8] {
        &self.start[1]
    }
}

/// Bytes that are read from the front.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads a request of any form of target (RFC 9112 3).
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn request(&mut self) -> Reading<Message> {
        let head = self.request_head()?;
        let is_10 = head.start[2] == b"HTTP/1.0";
        let framing = match coding(&head, is_10)? {
            Framing::Close => Framing::None,
            framing => framing,
        };
        self.content(head, framing, End::Closed)
    }

    /// Reads the head of a request alone.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn request_head(&mut self) -> Reading<Head> {
        self.head(request_line)
    }

    /// Reads the head of a response alone.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn response_head(&mut self) -> Reading<Head> {
        self.head(status_line)
    }

    /// Reads a response (RFC 9112 4 and 6.3) to a request that was `HEAD` or not, in bytes that ended so.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn response(&mut self, to_head: bool, end: End) -> Reading<Message> {
        let head = self.response_head()?;
        let framing = coding(&head, head.start[0] == b"HTTP/1.0")?;
        let contentless = to_head || matches!(head.status(), 100..200 | 204 | 304);
        self.content(head, if contentless { Framing::None } else { framing }, end)
    }

    fn content(&mut self, head: Head, framing: Framing, end: End) -> Reading<Message> {
        let (content, trailers) = match framing {
            Framing::None => (Vec::new(), Vec::new()),
            Framing::Length => (self.exactly(length(&head)?.unwrap_or_default())?.to_vec(), Vec::new()),
            Framing::Chunks => self.chunks()?,
            Framing::Close if end == End::Closed => (std::mem::take(&mut self.rest).to_vec(), Vec::new()),
            Framing::Close => return Err(Trouble::Short),
        };
        Ok(Message { head, content, framing, trailers })
    }

    /// RFC 9112 7.1.
    fn chunks(&mut self) -> Reading<(Vec<u8>, Fields)> {
        let mut content = Vec::new();
        loop {
            let size = chunk_size(self.line()?)?;
            if size == 0 {
                return Ok((content, self.fields()?));
            }
            content.extend_from_slice(self.exactly(size)?);
            match self.rest {
                [b'\r', b'\n', rest @ ..] => self.rest = rest,
                [] | [b'\r'] => return Err(Trouble::Short),
                _ => return Err(Trouble::Bad("a chunk is longer than it says")),
            }
        }
    }

    fn head(&mut self, start_line: fn(&[u8]) -> Reading<[Vec<u8>; 3]>) -> Reading<Head> {
        Ok(Head { start: start_line(self.line()?)?, fields: self.fields()? })
    }

    /// Field lines up to and with the empty line.
    fn fields(&mut self) -> Reading<Fields> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            fields.push(field(line)?);
        }
    }

    /// A line without its end, which is CR LF and nothing else (RFC 9112 2.2).
    fn line(&mut self) -> Reading<&'a [u8]> {
        let end = self.rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).ok_or(Trouble::Short)?;
        let (line, behind) = self.rest.split_at(end);
        match behind {
            [b'\r', b'\n', rest @ ..] => {
                self.rest = rest;
                Ok(line)
            }
            [b'\r'] => Err(Trouble::Short),
            [b'\r', ..] => Err(Trouble::Bad("a bare CR")),
            _ => Err(Trouble::Bad("a bare LF")),
        }
    }

    fn exactly(&mut self, count: u64) -> Reading<&'a [u8]> {
        let count = usize::try_from(count).map_err(|_| Trouble::Short)?;
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Trouble::Short)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn request_line(line: &[u8]) -> Reading<[Vec<u8>; 3]> {
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Trouble::Bad("a request line is three words with one space between them"));
    };
    if !is_token(method) {
        return Err(Trouble::Bad("a method is a token"));
    }
    if target.is_empty() || !target.iter().all(|&byte| byte > 0x20 && byte != 0x7f && byte != b'#') {
        return Err(Trouble::Bad("a target has no white space, no control and no fragment"));
    }
    version_of(version)?;
    Ok([method.to_vec(), target.to_vec(), version.to_vec()])
}

fn status_line(line: &[u8]) -> Reading<[Vec<u8>; 3]> {
    let mut words = line.splitn(3, |&byte| byte == b' ');
    let (Some(version), Some(status), Some(reason)) = (words.next(), words.next(), words.next()) else {
        return Err(Trouble::Bad("a status line has two spaces at least"));
    };
    version_of(version)?;
    if status.len() != 3 || !status.iter().all(u8::is_ascii_digit) || status[0] == b'0' {
        return Err(Trouble::Bad("a status is three digits, 100 or more"));
    }
    if !reason.iter().all(|&byte| is_text(byte)) {
        return Err(Trouble::Bad("a control in the reason"));
    }
    Ok([version.to_vec(), status.to_vec(), reason.to_vec()])
}

fn version_of(word: &[u8]) -> Reading<()> {
    match word {
        // A higher minor version is read as 1.1 (RFC 9110 2.5).
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] => Ok(()),
        _ => Err(Trouble::Bad("a version that is not 1 and a digit")),
    }
}

fn field(line: &[u8]) -> Reading<(Vec<u8>, Vec<u8>)> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(Trouble::Bad("a folded line"));
    }
    let colon = line.iter().position(|&byte| byte == b':').ok_or(Trouble::Bad("a field line without a colon"))?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if !is_token(name) {
        return Err(Trouble::Bad("a field name is a token"));
    }
    if !value.iter().all(|&byte| is_text(byte)) {
        return Err(Trouble::Bad("a control in a field value"));
    }
    Ok((name.to_vec(), value.to_vec()))
}

/// How the fields of a message frame its content; `Close` where they do not (RFC 9112 6.3).
fn coding(head: &Head, is_10: bool) -> Reading<Framing> {
    let length = length(head)?;
    match head.only("transfer-encoding")? {
        Some(_) if is_10 => Err(Trouble::Bad("a transfer coding in HTTP/1.0")),
        Some(_) if length.is_some() => Err(Trouble::Bad("both a length and a transfer coding")),
        Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunks),
        Some(_) => Err(Trouble::Bad("a transfer coding other than chunked")),
        None if length.is_some() => Ok(Framing::Length),
        None => Ok(Framing::Close),
    }
}

fn length(head: &Head) -> Reading<Option<u64>> {
    let Some(text) = head.only("content-length")? else { return Ok(None) };
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Trouble::Bad("a length is digits"));
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or(Trouble::Bad("a length beyond all measure"))
}

/// The size, behind which extensions may stand, each after a semicolon.
fn chunk_size(line: &[u8]) -> Reading<u64> {
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (size, extensions) = line.split_at(digits);
    let behind = extensions.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    if !matches!(behind, None | Some(b';')) || !extensions.iter().all(|&byte| is_text(byte)) {
        return Err(Trouble::Bad("a chunk's size is hexadecimal digits"));
    }
    if behind.is_none() && !extensions.is_empty() {
        return Err(Trouble::Bad("white space behind a chunk's size"));
    }
    let size = std::str::from_utf8(size).ok().and_then(|size| u64::from_str_radix(size, 16).ok());
    size.ok_or(Trouble::Bad("a chunk without a size, or beyond all measure"))
}

/// RFC 9110 5.6.2.
pub fn is_token(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 9110 5.5: what may stand in a field value.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= 0x20 && byte != 0x7f)
}

/// Without optional white space at both ends.
pub fn trim(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(first) = bytes.iter().position(|byte| !is_space(byte)) else { return &[] };
    let last = bytes.iter().rposition(|byte| !is_space(byte)).unwrap_or(first);
    &bytes[first..=last]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(bytes: &str) -> bool {
        matches!(Reader::new(bytes.as_bytes()).request(), Err(Trouble::Bad(_)))
    }

    #[test]
    fn a_request_is_read_in_one_way() {
        let mut reader = Reader::new(
            b"POST /x HTTP/1.1\r\nHost:a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nt: 1\r\n\r\nrest",
        );
        let message = reader.request().unwrap();
        assert_eq!((message.head.method(), message.head.target()), (&b"POST"[..], &b"/x"[..]));
        assert_eq!(message.content, b"abc");
        assert_eq!(message.trailers, [(b"t".to_vec(), b"1".to_vec())]);
        assert_eq!(reader.rest(), b"rest");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for fields in [
            "a: b\n",
            "a: b\r\r\n",
            "a: b\r\n c\r\n",
            "a : b\r\n",
            "a: \0\r\n",
            "content-length: 1\r\ncontent-length: 1\r\n",
            "content-length: +1\r\n",
            "content-length: 1\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: gzip, chunked\r\n",
            "transfer-encoding: chunked\r\n\r\n+1\r\n",
            "transfer-encoding: chunked\r\n\r\n1 \r\n",
            "transfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
            "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n",
        ] {
            assert!(bad(&format!("GET / HTTP/1.1\r\n{fields}\r\n")), "{fields:?}");
        }
        assert!(bad("GET  / HTTP/1.1\r\n\r\n"));
        assert!(bad("GET / HTTP/1.1 \r\n\r\n"));
    }

    #[test]
    fn a_response_ends_where_rfc9112_6_3_says() {
        let read = |bytes: &str, to_head, end| {
            Reader::new(bytes.as_bytes()).response(to_head, end).map(|message| message.content)
        };
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
        assert_eq!(read(length, false, End::Closed), Err(Trouble::Short));
        assert_eq!(read(length, true, End::Closed), Ok(Vec::new()));
        let close = "HTTP/1.1 200 \r\n\r\nab";
        assert_eq!(read(close, false, End::Closed), Ok(b"ab".to_vec()));
        assert_eq!(read(close, false, End::Reset), Err(Trouble::Short));
        assert_eq!(read("HTTP/1.1 204 \r\n\r\n", false, End::Reset), Ok(Vec::new()));
    }
}
