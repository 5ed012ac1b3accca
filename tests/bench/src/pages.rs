//! What the origin serves: canned responses, the same bytes in every run.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The length of the HTML page, in bytes, as published pages go.
const PAGE: usize = 120 * 1024;
/// The page is sent in pieces of this length where it drips.
const DROP: usize = 8 * 1024;
/// The length of a chunk of the chunked page, and how many there are.
const CHUNK: usize = 4 * 1024;
const CHUNKS: usize = 8;

/// What a user's rules are to replace in the page; each occurs some hundred times.
pub const MARKS: [&str; 3] = ["promoted-story", "tracking-pixel", "newsletter-box"];

/// How a response goes onto the wire.
#[derive(Debug, Clone)]
pub enum Script {
    /// All at once.
    Whole(Bytes),
    /// One write for each piece.
    Pieces(Vec<Bytes>),
    /// One write for each piece, 50 ms apart.
    Drip(Vec<Bytes>),
}

/// Every response of the origin, made once.
#[derive(Debug)]
pub struct Pages {
    by_path: Vec<(&'static str, Script)>,
    missing: Script,
}

impl Pages {
    /// Makes them.
    ///
    /// # Errors
    /// None that can happen: compressing into memory.
    pub fn new() -> std::io::Result<Self> {
        let page = html();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&page)?;
        let gzipped = gzip.finish()?;
        let by_path = vec![
            ("/1k", with_length("image/png", "", &noise(1024))),
            ("/100k", with_length("application/octet-stream", "", &noise(100 * 1024))),
            ("/10m", with_length("application/octet-stream", "", &noise(10 * 1024 * 1024))),
            ("/chunked", Script::Pieces(chunked(&noise(CHUNK * CHUNKS), CHUNK))),
            ("/gzip", with_length("text/html; charset=utf-8", "Content-Encoding: gzip\r\n", &gzipped)),
            ("/page", with_length("text/html; charset=utf-8", "", &page)),
            ("/drip", Script::Drip(chunked(&page, DROP))),
        ];
        Ok(Self { by_path, missing: Script::Whole(Bytes::from("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) })
    }

    /// What to answer to a request for `path`.
    #[must_use]
    pub fn script(&self, path: &str) -> &Script {
        self.by_path.iter().find(|(known, _)| *known == path).map_or(&self.missing, |(_, script)| script)
    }
}

fn with_length(media_type: &str, more: &str, body: &[u8]) -> Script {
    let mut message = format!(
        "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: {media_type}\r\n\
         {more}ETag: \"bench\"\r\nCache-Control: no-store\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    message.extend_from_slice(body);
    Script::Whole(message.into())
}

/// The head goes with the first chunk, the end with the last, as servers write them.
fn chunked(body: &[u8], size: usize) -> Vec<Bytes> {
    let mut pieces: Vec<Vec<u8>> =
        body.chunks(size).map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()).collect();
    if let Some(first) = pieces.first_mut() {
        let head: &[u8] = b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\n\
            Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n";
        first.splice(..0, head.iter().copied());
    }
    if let Some(last) = pieces.last_mut() {
        last.extend_from_slice(b"0\r\n\r\n");
    }
    pieces.into_iter().map(Bytes::from).collect()
}

/// Numbers without a pattern, the same in every run (a linear congruential generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::from((self.0 >> 48) as u16)
    }
}

/// Bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut dice = Dice(1);
    (0..length).map(|_| dice.roll().to_le_bytes()[0]).collect()
}

/// A page of words and tags that compresses about as pages do, with [`MARKS`] in it.
fn html() -> Vec<u8> {
    const SYLLABLES: [&str; 16] =
        ["ta", "mis", "re", "lon", "ve", "gra", "ni", "sol", "per", "che", "du", "bri", "qua", "en", "for", "wy"];
    let mut dice = Dice(2);
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<title>A page for the bench</title>\n<body>\n");
    let mut mark = MARKS.iter().cycle();
    while page.len() < PAGE - 400 {
        let class = mark.next().copied().unwrap_or_default();
        page.push_str("<article class=\"");
        page.push_str(class);
        page.push_str("\"><p>");
        for _ in 0..20 + dice.roll() % 30 {
            for _ in 0..1 + dice.roll() % 4 {
                page.push_str(SYLLABLES.get(dice.roll() % SYLLABLES.len()).copied().unwrap_or_default());
            }
            page.push(' ');
        }
        page.push_str("</p></article>\n");
    }
    page.push_str("</body>\n</html>\n");
    let padding = PAGE.saturating_sub(page.len());
    page.extend(std::iter::repeat_n('\n', padding));
    page.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_its_length_and_every_mark_often() {
        let page = String::from_utf8(html()).unwrap();
        assert_eq!(page.len(), PAGE);
        for mark in MARKS {
            assert!(page.matches(mark).count() > 50, "{mark}: {}", page.matches(mark).count());
        }
    }
}
