//! The origin: canned responses, so that it costs as little as an origin can.

use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tamis_bench::body::Head;
use tamis_bench::pages::{Pages, Script};
use tamis_bench::tls;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;

/// Between two pieces of the page that drips.
const DRIP: Duration = Duration::from_millis(50);
/// It listens on 127.0.0.1 and on the addresses behind it, so many in all, all with the same port: each proxy is given one of its own,
/// so that none finds the ports taken that another has just used up.
const ADDRESSES: u8 = 20;
/// The longest request head.
const HEAD: usize = 16 * 1024;

fn main() -> io::Result<()> {
    tamis_bench::raise_open_files()?;
    let pages = Rc::new(Pages::new()?);
    // With a folder as argument, TLS too: what is to be trusted for that is put there.
    let folder = std::env::args_os().nth(1);
    let own = (1..=ADDRESSES).map(|last| Ipv4Addr::new(127, 0, 0, last));
    let shown = folder.map(|folder| tls::establish(folder.as_ref(), own)).transpose()?;
    tamis_bench::run(LocalSet::new().run_until(async {
        let first = tamis_bench::listen().await?;
        let port = first.local_addr()?.port();
        for last in 2..=ADDRESSES {
            let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, last), port)).await?;
            tokio::task::spawn_local(accept(listener, Rc::clone(&pages)));
        }
        if let Some(shown) = shown {
            let sealed = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
            println!("TLS listening on {}", sealed.local_addr()?);
            tokio::task::spawn_local(accept_sealed(sealed, shown, Rc::clone(&pages)));
        }
        accept(first, pages).await
    }))
}

async fn accept(listener: TcpListener, pages: Rc<Pages>) -> io::Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let pages = Rc::clone(&pages);
        // A client that goes away is no concern of an origin's.
        tokio::task::spawn_local(async move { drop(serve(connection, &pages).await) });
    }
}

/// Serves in TLS whoever comes to any address of this computer; the address says which host is meant.
async fn accept_sealed(listener: TcpListener, shown: tls::Shown, pages: Rc<Pages>) -> io::Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let Some(config) = shown.get(&connection.local_addr()?.ip()).map(Arc::clone) else { continue };
        let pages = Rc::clone(&pages);
        tokio::task::spawn_local(async move {
            let sealed = TlsAcceptor::from(config).accept(connection).await?;
            if sealed.get_ref().1.alpn_protocol() == Some(b"h2") {
                return serve_http2(sealed, &pages).await;
            }
            serve(sealed, &pages).await
        });
    }
}

/// HTTP/2, for pages that are sent at once.
async fn serve_http2(connection: impl AsyncRead + AsyncWrite + Unpin, pages: &Pages) -> io::Result<()> {
    let mut connection = h2::server::handshake(connection).await.map_err(io::Error::other)?;
    while let Some(asked) = connection.accept().await {
        let (request, mut respond) = asked.map_err(io::Error::other)?;
        let Script::Whole(message) = pages.script(request.uri().path()) else { continue };
        let head = Head::parse(message).map_err(io::Error::other)?.map_or(0, |head| head.length);
        let body = message.slice(head..);
        let head = http::Response::builder().header("content-type", "image/png").header("content-length", body.len());
        let head = head.body(()).map_err(io::Error::other)?;
        let mut stream = respond.send_response(head, false).map_err(io::Error::other)?;
        stream.send_data(body, true).map_err(io::Error::other)?;
    }
    Ok(())
}

async fn serve(mut connection: impl AsyncRead + AsyncWrite + Unpin, pages: &Pages) -> io::Result<()> {
    let mut read = BytesMut::with_capacity(HEAD);
    loop {
        while let Some(request) = Request::parse(&read)? {
            answer(&mut connection, pages.script(origin_form(request.target))).await?;
            if request.last {
                return Ok(());
            }
            let length = request.length;
            read.advance(length);
        }
        if read.len() >= HEAD || connection.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// The head of a request that has no body.
struct Request<'a> {
    target: &'a str,
    /// Its length, in bytes.
    length: usize,
    /// Whether the connection is to be closed behind the answer.
    last: bool,
}

impl<'a> Request<'a> {
    /// Nothing if it is not whole yet.
    fn parse(read: &'a [u8]) -> io::Result<Option<Self>> {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut fields);
        let httparse::Status::Complete(length) = request.parse(read).map_err(io::Error::other)? else {
            return Ok(None);
        };
        let connection = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("connection"));
        let says = |word: &[u8]| connection.clone().any(|field| field.value.eq_ignore_ascii_case(word));
        let last = if request.version == Some(0) { !says(b"keep-alive") } else { says(b"close") };
        Ok(Some(Self { target: request.path.unwrap_or("/"), length, last }))
    }
}

/// An origin takes absolute-form too (RFC 9112, section 3.2.2), and Tinyproxy sends it: on a connection that it keeps, it
/// passes on what follows a first request as it is.
fn origin_form(target: &str) -> &str {
    let path = |rest: &str| rest.find('/').and_then(|at| target.get(target.len() - rest.len() + at..));
    target.strip_prefix("http://").and_then(path).unwrap_or(target)
}

async fn answer(connection: &mut (impl AsyncWrite + Unpin), script: &Script) -> io::Result<()> {
    match script {
        Script::Whole(message) => connection.write_all(message).await?,
        Script::Pieces(pieces) => {
            for piece in pieces {
                connection.write_all(piece).await?;
                connection.flush().await?;
            }
        }
        Script::Drip(pieces) => {
            for (index, piece) in pieces.iter().enumerate() {
                if index > 0 {
                    tokio::time::sleep(DRIP).await;
                }
                connection.write_all(piece).await?;
                connection.flush().await?;
            }
        }
    }
    connection.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_form_means_the_same_page() {
        assert_eq!(origin_form("http://127.0.0.1:80/1k"), "/1k");
        assert_eq!(origin_form("/1k"), "/1k");
    }
}
