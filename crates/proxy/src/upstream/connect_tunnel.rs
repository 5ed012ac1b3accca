//! A tunnel through an HTTP proxy: CONNECT, as a client of it (RFC 9110 9.3.6).

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::Authority;
use http::{Method, Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::fault::Fault;
use super::route::ProxyServer;
use crate::tunnel::End;

/// Bounds on the head of the proxy's answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadBounds {
    pub(super) bytes: usize,
    pub(super) fields: usize,
}

/// Asks `proxy`, at the other end of `socket`, for a tunnel to `target`. `fields` are the end-to-end fields of the
/// client's own CONNECT.
pub(super) async fn ask(
    socket: TcpStream,
    proxy: &ProxyServer,
    target: &Authority,
    fields: HeaderMap,
    bounds: HeadBounds,
) -> Result<End, Fault> {
    let request = request(proxy, target, fields).ok_or(Fault::Target)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(bounds.bytes)
        .max_headers(bounds.fields)
        .handshake(TokioIo::new(socket))
        .await
        .map_err(Fault::Answer)?;
    // It ends by itself when the answer is there, and when `sender` is dropped because it took too long.
    tokio::spawn(connection.with_upgrades());
    let response = sender.send_request(request).await.map_err(Fault::Answer)?;
    if !response.status().is_success() {
        return Err(Fault::Refused(response.status()));
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(Fault::Answer)?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().map_err(|_| Fault::Target)?;
    Ok(End::behind(parts.io.into_inner(), parts.read_buf))
}

fn request(proxy: &ProxyServer, target: &Authority, mut fields: HeaderMap) -> Option<Request<Empty<Bytes>>> {
    // Content of a CONNECT has no meaning and is not passed on, so neither is its length.
    fields.remove(CONTENT_LENGTH);
    fields.insert(HOST, HeaderValue::try_from(target.as_str()).ok()?);
    if let Some(login) = proxy.login() {
        fields.insert(PROXY_AUTHORIZATION, login.basic()?);
    }
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::builder().authority(target.clone()).build().ok()?;
    *request.headers_mut() = fields;
    Some(request)
}
