//! A limit to measure against: a forward proxy of hyper alone, with no policy whatever. Never use it for anything else.
//!
//! With `--letter` it does the least that the letter asks of every message that a proxy passes on: what belongs to one
//! connection stays behind (RFC 9110 7.6.1), `Via` is added both ways (7.6.3), and the names of fields go on as they were
//! spelt. That is the limit of any proxy made of hyper that does so, whatever else it does for its user.

use std::io;

use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue, VIA};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tamis_filter::Fields;
use tokio::net::TcpStream;

/// How much a tunnel reads at once.
const TUNNEL: usize = 64 * 1024;

type Answer = Response<Either<Incoming, Empty<Bytes>>>;

fn main() -> io::Result<()> {
    tamis_bench::raise_open_files()?;
    let letter = std::env::args().any(|argument| argument == "--letter");
    tamis_bench::run(async move {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<_, Incoming> = Client::builder(TokioExecutor::new())
            .http1_preserve_header_case(letter)
            .http1_title_case_headers(letter)
            .build(connector);
        let listener = tamis_bench::listen().await?;
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let client = client.clone();
            let service = service_fn(move |request| carry(client.clone(), request, letter));
            let connection = hyper::server::conn::http1::Builder::new()
                .preserve_header_case(letter)
                .title_case_headers(letter)
                .serve_connection(TokioIo::new(connection), service)
                .with_upgrades();
            // What goes wrong is counted by the load generator.
            tokio::spawn(async move { drop(connection.await) });
        }
        #[expect(unreachable_code, reason = "tells the type")]
        Ok::<(), io::Error>(())
    })
}

async fn carry(
    client: Client<HttpConnector, Incoming>,
    mut request: Request<Incoming>,
    letter: bool,
) -> Result<Answer, hyper_util::client::legacy::Error> {
    if request.method() != Method::CONNECT {
        if letter {
            pass_on(request.headers_mut());
        }
        let mut answer = client.request(request).await?;
        if letter {
            pass_on(answer.headers_mut());
        }
        return Ok(answer.map(Either::Left));
    }
    let mut answer = Response::new(Either::Right(Empty::new()));
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    match TcpStream::connect(authority).await {
        Ok(origin) => drop(tokio::spawn(tunnel(request, origin))),
        Err(_) => *answer.status_mut() = StatusCode::BAD_GATEWAY,
    }
    Ok(answer)
}

/// What every message is owed that a proxy passes on.
fn pass_on(fields: &mut HeaderMap) {
    *fields = Fields::from_wire(std::mem::take(fields)).into_wire();
    fields.append(VIA, HeaderValue::from_static("1.1 letter"));
}

async fn tunnel(request: Request<Incoming>, mut origin: TcpStream) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    drop(origin.set_nodelay(true));
    drop(tokio::io::copy_bidirectional_with_sizes(&mut TokioIo::new(upgraded), &mut origin, TUNNEL, TUNNEL).await);
}
