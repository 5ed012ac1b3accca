//! A limit to measure against: a forward proxy of hyper alone, with no policy whatever. Never use it for anything else.
//!
//! With `--letter` it does the least that the letter asks of every message that a proxy passes on: what belongs to one
//! connection stays behind (RFC 9110 7.6.1), `Via` is added both ways (7.6.3), and the names of fields go on as they were
//! spelt. That is the limit of any proxy made of hyper that does so, whatever else it does for its user. With `--least` it
//! does also what Tamis owes every exchange beside that, in the least code (`owed.rs`).

use std::io;
use std::sync::Arc;

use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue, VIA};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tamis_bench::owed::{Counted, Exchange, House};
use tamis_filter::Fields;
use tokio::net::TcpStream;

/// What it calls itself.
const SIGNATURE: HeaderValue = HeaderValue::from_static("1.1 letter");

/// How many fields a message may have where Tamis' manners are asked for; hyper by itself takes 100.
const FIELDS: usize = 256;

/// How much a tunnel reads at once.
const TUNNEL: usize = 64 * 1024;

type Answer = Response<Either<Either<Incoming, Counted>, Empty<Bytes>>>;

/// What is done for each exchange.
#[derive(Clone)]
enum Manners {
    Bare,
    Letter,
    Least(Arc<House>),
}

fn main() -> io::Result<()> {
    tamis_bench::raise_open_files()?;
    let told = |option| std::env::args().any(|argument| argument == option);
    tamis_bench::run(async move {
        let manners = if told("--least") {
            Manners::Least(House::open())
        } else if told("--letter") {
            Manners::Letter
        } else {
            Manners::Bare
        };
        let letter = !matches!(manners, Manners::Bare);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut client = Client::builder(TokioExecutor::new());
        client.http1_preserve_header_case(letter).http1_title_case_headers(letter);
        let mut server = hyper::server::conn::http1::Builder::new();
        server.preserve_header_case(letter).title_case_headers(letter);
        if matches!(manners, Manners::Least(_)) {
            client.http1_max_headers(FIELDS);
            server.max_headers(FIELDS);
        }
        let client: Client<_, Incoming> = client.build(connector);
        let listener = tamis_bench::listen().await?;
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let (client, manners) = (client.clone(), manners.clone());
            let service = service_fn(move |request| carry(client.clone(), request, manners.clone()));
            let connection = server.serve_connection(TokioIo::new(connection), service).with_upgrades();
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
    manners: Manners,
) -> Result<Answer, hyper_util::client::legacy::Error> {
    if request.method() != Method::CONNECT {
        return Ok(match manners {
            Manners::Bare => client.request(request).await?.map(Either::Left),
            Manners::Letter => {
                pass_on(request.headers_mut());
                let mut answer = client.request(request).await?;
                pass_on(answer.headers_mut());
                answer.map(Either::Left)
            }
            Manners::Least(house) => {
                let exchange = Exchange::begin(&house, &mut request);
                request.headers_mut().append(VIA, SIGNATURE);
                let mut answer = exchange.answered(client.request(request).await?);
                answer.headers_mut().append(VIA, SIGNATURE);
                answer.map(Either::Right)
            }
        }
        .map(Either::Left));
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
    fields.append(VIA, SIGNATURE);
}

async fn tunnel(request: Request<Incoming>, mut origin: TcpStream) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    drop(origin.set_nodelay(true));
    drop(tokio::io::copy_bidirectional_with_sizes(&mut TokioIo::new(upgraded), &mut origin, TUNNEL, TUNNEL).await);
}
