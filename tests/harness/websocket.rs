//! The other end of a WebSocket.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::client::Client;

/// What RFC 6455 4.2.2 has put behind a client's key.
const BEHIND_THE_KEY: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Agrees to speak it with a client that sent this key, and sends its one short message back (RFC 6455 4.2.2, 5.2).
pub fn echo(client: &mut Client, key: &str) {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{BEHIND_THE_KEY}").as_bytes());
    let accept = BASE64_STANDARD.encode(hash);
    client.send(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nDate: Mon, 02 Nov 2026 00:00:00 GMT\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ));
    let start = client.exactly(6);
    let (length, mask) = (start[1] & 0x7f, &start[2..]);
    let masked = client.exactly(usize::from(length));
    let text: Vec<u8> = masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    client.send([&[0x81, length], &text[..]].concat());
    client.to_end();
}
