//! HTTP/1.1 as [`super::translate`] reads it: strictly, for what is not well formed has no translation.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;

/// A head or a line may be so long.
const LONGEST: usize = 256 * 1024;

/// So much is read at once: many small frames would be taken for an attack.
const PIECE: usize = 16 * 1024;

/// What was read of a connection and what comes next.
#[derive(Debug)]
pub(super) struct Reader {
    from: OwnedReadHalf,
    ahead: BytesMut,
}

/// The first line of a message, and its fields.
#[derive(Debug)]
pub(super) struct Head {
    pub start: String,
    pub fields: HeaderMap,
}

/// How much content follows a head, or is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Length(u64),
    /// So much of the chunk at hand.
    Chunks(u64),
    ToEnd,
}

/// A part of the content, or its end with the trailers.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End(HeaderMap),
}

impl Head {
    /// Parses all up to and with the empty line (RFC 9112 2.1, 5).
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.strip_suffix(b"\r\n\r\n")?.split(|byte| *byte == b'\n').peekable();
        let mut whole = Vec::new();
        while let Some(line) = lines.next() {
            whole.push(if lines.peek().is_some() { line.strip_suffix(b"\r")? } else { line });
        }
        let (start, fields) = whole.split_first()?;
        Some(Self { start: String::from_utf8(start.to_vec()).ok()?, fields: parse_fields(fields)? })
    }

    /// What follows a request; none where that is in doubt (RFC 9112 6.3).
    pub fn request_content(&self) -> Option<Content> {
        match (self.is_in_chunks()?, self.length()?) {
            (true, None) => Some(Content::Chunks(0)),
            (true, Some(_)) => None,
            (false, length) => Some(Content::Length(length.unwrap_or(0))),
        }
    }

    /// The same for a response that may have content.
    pub fn response_content(&self) -> Option<Content> {
        if self.is_in_chunks()? {
            return self.start.starts_with("HTTP/1.1 ").then_some(Content::Chunks(0));
        }
        Some(self.length()?.map_or(Content::ToEnd, Content::Length))
    }

    fn is_in_chunks(&self) -> Option<bool> {
        let mut codings = self.fields.get_all(TRANSFER_ENCODING).iter();
        match (codings.next(), codings.next()) {
            (None, _) => Some(false),
            (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Some(true),
            _ => None,
        }
    }

    fn length(&self) -> Option<Option<u64>> {
        let mut lengths = self.fields.get_all(CONTENT_LENGTH).iter();
        match (lengths.next(), lengths.next()) {
            (None, _) => Some(None),
            (Some(length), None) if length.as_bytes().iter().all(u8::is_ascii_digit) => {
                length.to_str().ok()?.parse().ok().map(Some)
            }
            _ => None,
        }
    }
}

fn parse_fields(lines: &[&[u8]]) -> Option<HeaderMap> {
    let mut fields = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        fields.append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
    }
    Some(fields)
}

impl Reader {
    pub fn over(from: OwnedReadHalf) -> Self {
        Self { from, ahead: BytesMut::new() }
    }

    /// The connection, and what was read of it and not used.
    pub fn into_parts(self) -> (OwnedReadHalf, Vec<u8>) {
        (self.from, self.ahead.to_vec())
    }

    /// Reads a head and makes something of it. Where that cannot be, what came is not used up.
    pub async fn head_that<T>(&mut self, make: impl Fn(Head) -> Option<T>) -> Option<T> {
        loop {
            let end = self.ahead.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(end) = end {
                let made = make(Head::parse(&self.ahead[..end + 4])?)?;
                self.ahead.advance(end + 4);
                return Some(made);
            }
            let ends_otherwise = self.ahead.windows(2).any(|window| window == b"\n\n");
            if ends_otherwise || self.ahead.len() > LONGEST || self.more().await.is_err() {
                return None;
            }
        }
    }

    /// Whether nothing was read that is not used up.
    pub fn is_empty(&self) -> bool {
        self.ahead.is_empty()
    }

    /// The next piece of the content.
    ///
    /// # Errors
    /// `InvalidData` where the chunks are malformed, and the connection's own.
    pub async fn piece(&mut self, content: &mut Content) -> io::Result<Piece> {
        if *content == Content::Chunks(0) {
            *content = match self.chunk_size().await? {
                0 => Content::Length(0),
                size => Content::Chunks(size),
            };
            if *content == Content::Length(0) {
                return self.trailers().await.map(Piece::End);
            }
        }
        if *content == Content::Length(0) {
            return Ok(Piece::End(HeaderMap::new()));
        }
        if self.ahead.is_empty() {
            match self.more().await {
                Err(end) if *content == Content::ToEnd && end.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Piece::End(HeaderMap::new()));
                }
                read => read?,
            }
        }
        let (Content::Length(left) | Content::Chunks(left)) = content else {
            return Ok(Piece::Data(self.ahead.split().freeze()));
        };
        let taken = self.ahead.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= taken as u64;
        let data = self.ahead.split_to(taken).freeze();
        if *content == Content::Chunks(0) && !self.line().await?.is_empty() {
            return Err(malformed("something else behind a chunk"));
        }
        Ok(Piece::Data(data))
    }

    async fn chunk_size(&mut self) -> io::Result<u64> {
        let line = self.line().await?;
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (size, extension) = line.split_at(digits);
        if !matches!(extension.trim_ascii_start().first(), None | Some(b';')) {
            return Err(malformed("no chunk size"));
        }
        let size = str::from_utf8(size).map_err(|_| malformed("no chunk size"))?;
        u64::from_str_radix(size, 16).map_err(|_| malformed("no chunk size"))
    }

    async fn trailers(&mut self) -> io::Result<HeaderMap> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                let lines: Vec<&[u8]> = lines.iter().map(Bytes::as_ref).collect();
                return parse_fields(&lines).ok_or_else(|| malformed("no trailers"));
            }
            lines.push(line);
        }
    }

    async fn line(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let mut line = self.ahead.split_to(end + 1).freeze();
                line.truncate(end.checked_sub(1).filter(|cr| line[*cr] == b'\r').ok_or_else(|| malformed("bare LF"))?);
                return Ok(line);
            }
            if self.ahead.len() > LONGEST {
                return Err(malformed("an endless line"));
            }
            self.more().await?;
        }
    }

    /// Waits until the connection breaks; it goes on where the other side only says that it sends no more.
    ///
    /// # Errors
    /// What it breaks of.
    pub async fn broken(&mut self) -> io::Result<()> {
        while self.ahead.len() <= LONGEST {
            match self.more().await {
                Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => break,
                read => read?,
            }
        }
        std::future::pending().await
    }

    async fn more(&mut self) -> io::Result<()> {
        self.ahead.reserve(PIECE);
        if self.from.read_buf(&mut self.ahead).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
