//! An origin of HTTP/2 that asks a plain one of HTTP/1.1 for what it is asked.

use std::future::poll_fn;
use std::io;

use bytes::Bytes;
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, TE, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio_rustls::TlsStream;

use super::super::Wire;
use super::super::http1::{Content, Head, Piece, Reader};
use super::{field_lines, finish, push, translated, write_content};
use crate::origin::Talk;

/// Serves HTTP/2 by a plain origin: its first connection is `origin`, and each request has one of its own. The requests are
/// reported.
pub(in super::super) async fn serve_origin(talk: &Talk, tls: TlsStream<Wire>, origin: TcpStream) -> io::Result<()> {
    let addr = origin.peer_addr()?;
    let mut first = Some(origin);
    let mut connection = server::handshake(tls).await.map_err(io::Error::other)?;
    while let Some(asked) = connection.accept().await {
        let (request, respond) = asked.map_err(io::Error::other)?;
        talk.tell(format!("{} {}", request.method(), request.uri()));
        let first = first.take();
        tokio::spawn(async move {
            let origin = match first {
                Some(first) => Ok(first),
                None => TcpStream::connect(addr).await,
            };
            relay(request, respond, origin).await;
        });
    }
    Ok(())
}

/// Asks the origin; where it breaks off, so does the stream.
async fn relay(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, origin: io::Result<TcpStream>) {
    let Ok(origin) = origin else { return respond.send_reset(Reason::REFUSED_STREAM) };
    let (from, mut to) = origin.into_split();
    let to_head = request.method() == Method::HEAD;
    let answered = {
        let mut up = std::pin::pin!(ask_origin(request, &mut to));
        let mut down = std::pin::pin!(answer(Reader::over(from), &mut respond, to_head));
        tokio::select! {
            // An origin that takes no more may have answered.
            _ = &mut up => down.await,
            answered = &mut down => answered,
        }
    };
    if answered.is_err() {
        respond.send_reset(Reason::INTERNAL_ERROR);
    }
}

async fn ask_origin(request: Request<RecvStream>, to: &mut OwnedWriteHalf) -> io::Result<()> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let host = head.uri.authority().map_or("", |authority| authority.as_str());
    let mut fields = head.headers;
    // Cookies may come in crumbs (RFC 9113 8.2.3).
    let crumbs: Vec<_> = fields.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if !crumbs.is_empty()
        && let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(b"; ".as_slice()))
    {
        fields.insert(COOKIE, whole);
    }
    if fields.contains_key(TE) {
        fields.insert(CONNECTION, HeaderValue::from_static("TE"));
    }
    let in_chunks = !body.is_end_stream() && !fields.contains_key(CONTENT_LENGTH);
    if in_chunks {
        fields.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    let start = format!("{} {path} HTTP/1.1\r\nhost: {host}\r\n", head.method);
    to.write_all(&[start.as_bytes(), &field_lines(&fields), b"\r\n"].concat()).await?;
    write_content(body, to, in_chunks).await
}

async fn answer(mut reader: Reader, respond: &mut SendResponse<Bytes>, to_head: bool) -> io::Result<()> {
    let head = loop {
        let head = tokio::select! {
            head = reader.head_that(Some) => head.ok_or(io::ErrorKind::InvalidData)?,
            reset = poll_fn(|cx| respond.poll_reset(cx)) => return Err(io::Error::other(format!("{reset:?}"))),
        };
        let (response, content) = response(&head)?;
        if !response.status().is_informational() {
            break (response, content);
        }
        respond.send_informational(response).map_err(io::Error::other)?;
    };
    let (response, mut content) = head;
    let is_empty = to_head || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut stream = respond.send_response(response, is_empty).map_err(io::Error::other)?;
    if is_empty {
        return Ok(());
    }
    loop {
        let piece = tokio::select! {
            piece = reader.piece(&mut content) => piece?,
            reset = poll_fn(|cx| stream.poll_reset(cx)) => return Err(io::Error::other(format!("{reset:?}"))),
        };
        match piece {
            Piece::Data(data) => push(&mut stream, data).await.map_err(io::Error::other)?,
            Piece::End(trailers) => return finish(&mut stream, trailers).map_err(io::Error::other),
        }
    }
}

/// A response as HTTP/2 has it, and the content behind it.
fn response(head: &Head) -> io::Result<(Response<()>, Content)> {
    let status = head.start.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = status.and_then(|status| StatusCode::from_bytes(status.as_bytes()).ok());
    // What switches protocols is not HTTP any more.
    let status =
        status.filter(|status| *status != StatusCode::SWITCHING_PROTOCOLS).ok_or(io::ErrorKind::InvalidData)?;
    let content = head.response_content().ok_or(io::ErrorKind::InvalidData)?;
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.version_mut() = Version::HTTP_2;
    *response.headers_mut() = translated(&head.fields);
    Ok((response, content))
}
