//! Frames written and read by hand (RFC 9113 4.1).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::LONG;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// RFC 9113 7.
pub(super) const NO_ERROR: u32 = 0;
pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The reason of a reset, or of a good-bye.
    pub(super) fn reason(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields as they are written when nothing is indexed (RFC 7541 6.2.2), for names and values up to 126 bytes.
pub(super) fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// A request's head.
pub(super) fn request(method: &str, authority: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut head = vec![(":method", method), (":scheme", "http"), (":authority", authority), (":path", "/")];
    head.extend(more);
    fields(&head)
}

/// One end of a connection.
pub(super) struct Peer(pub(super) TcpStream);

impl Peer {
    /// A client that has said its preface (RFC 9113 3.4).
    pub(super) async fn client(socket: TcpStream) -> Self {
        let mut peer = Self(socket);
        peer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        peer.send(SETTINGS, 0, 0, &[]).await;
        peer
    }

    /// An origin that has heard it.
    pub(super) async fn server(socket: TcpStream) -> Self {
        let mut peer = Self(socket);
        peer.0.read_exact(&mut [0; 24]).await.unwrap();
        peer.send(SETTINGS, 0, 0, &[]).await;
        peer
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    pub(super) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.write(&frame(kind, flags, stream, payload)).await;
    }

    /// The next frame but acknowledgements, settings and windows; none where the connection ends.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = tokio::time::timeout(LONG, self.any()).await.expect("no frame came")?;
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => self.answer(SETTINGS, &[]).await,
                SETTINGS | WINDOW_UPDATE => {}
                PING if frame.flags & ACK == 0 => self.answer(PING, &frame.payload).await,
                PING => {}
                _ => return Some(frame),
            }
        }
    }

    /// The other side may be gone already, and what it said last is still to be read.
    async fn answer(&mut self, kind: u8, payload: &[u8]) {
        let _gone = self.0.write_all(&frame(kind, ACK, 0, payload)).await;
    }

    /// The next frame of any kind.
    pub(super) async fn any(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }
}
