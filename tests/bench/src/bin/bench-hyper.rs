//! A limit to measure against: a forward proxy of hyper alone, with no policy whatever. Never use it for anything else.

use std::io;

use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// How much a tunnel reads at once.
const TUNNEL: usize = 64 * 1024;

type Answer = Response<Either<Incoming, Empty<Bytes>>>;

fn main() -> io::Result<()> {
    tamis_bench::raise_open_files()?;
    tamis_bench::run(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
        let listener = tamis_bench::listen().await?;
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let client = client.clone();
            let service = service_fn(move |request| carry(client.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new()
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
    request: Request<Incoming>,
) -> Result<Answer, hyper_util::client::legacy::Error> {
    if request.method() != Method::CONNECT {
        return Ok(client.request(request).await?.map(Either::Left));
    }
    let mut answer = Response::new(Either::Right(Empty::new()));
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    match TcpStream::connect(authority).await {
        Ok(origin) => drop(tokio::spawn(tunnel(request, origin))),
        Err(_) => *answer.status_mut() = StatusCode::BAD_GATEWAY,
    }
    Ok(answer)
}

async fn tunnel(request: Request<Incoming>, mut origin: TcpStream) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    drop(origin.set_nodelay(true));
    drop(tokio::io::copy_bidirectional_with_sizes(&mut TokioIo::new(upgraded), &mut origin, TUNNEL, TUNNEL).await);
}
