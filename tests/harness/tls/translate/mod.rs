//! Between HTTP/1.1 and HTTP/2: the front says in HTTP/2 what a tool asks a proxy for, and the back asks plain origins for
//! what it is asked for in HTTP/2 (RFC 9113 8). What is not well formed has no translation and stays HTTP/1.1.

mod back;
mod front;

use std::future::poll_fn;
use std::io;

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;

pub(super) use back::serve_origin;
pub use front::Front;

/// The fields without those that are about a connection (RFC 9113 8.2.2).
fn translated(fields: &HeaderMap) -> HeaderMap {
    let mut kept = fields.clone();
    let trailers = members(fields, &TE).any(|member| member.eq_ignore_ascii_case("trailers"));
    for nominated in members(fields, &CONNECTION) {
        kept.remove(nominated);
    }
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te"] {
        kept.remove(name);
    }
    // With both, the chunks say how long it is (RFC 9112 6.3).
    if fields.contains_key(TRANSFER_ENCODING) {
        kept.remove(CONTENT_LENGTH);
    }
    if trailers {
        kept.insert(TE, HeaderValue::from_static("trailers"));
    }
    kept
}

fn members<'a>(fields: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = fields.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Sends as the window allows.
async fn push(stream: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        // What was granted before is not reported again.
        if stream.capacity() == 0 {
            poll_fn(|cx| stream.poll_capacity(cx)).await.ok_or(Reason::STREAM_CLOSED)??;
        }
        let room = stream.capacity().min(data.len());
        stream.send_data(data.split_to(room), false)?;
    }
    Ok(())
}

fn finish(stream: &mut SendStream<Bytes>, trailers: HeaderMap) -> Result<(), h2::Error> {
    if trailers.is_empty() { stream.send_data(Bytes::new(), true) } else { stream.send_trailers(trailers) }
}

fn field_lines(fields: &HeaderMap) -> Vec<u8> {
    fields
        .iter()
        .flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat())
        .collect()
}

/// Writes what a stream has; its reset breaks the message off.
async fn write_content(mut body: RecvStream, to: &mut OwnedWriteHalf, in_chunks: bool) -> io::Result<()> {
    while let Some(data) = body.data().await {
        let data = data.map_err(io::Error::other)?;
        if in_chunks && !data.is_empty() {
            to.write_all(&[format!("{:x}\r\n", data.len()).as_bytes(), &data, b"\r\n"].concat()).await?;
        } else {
            to.write_all(&data).await?;
        }
        body.flow_control().release_capacity(data.len()).map_err(io::Error::other)?;
    }
    let trailers = body.trailers().await.map_err(io::Error::other)?.unwrap_or_default();
    if in_chunks {
        to.write_all(&[b"0\r\n", field_lines(&trailers).as_slice(), b"\r\n"].concat()).await?;
    }
    Ok(())
}
