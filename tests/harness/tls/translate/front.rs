//! What a tool takes for its proxy: it is asked in HTTP/1.1 and asks in HTTP/2.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::SendStream;
use h2::client::ResponseFuture;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use rustls_pki_types::CertificateDer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use super::super::browser::Browser;
use super::super::h2::H2Client;
use super::super::http1::{Content, Head, Piece, Reader};
use super::super::{bridge, runtime};
use super::{field_lines, finish, members, push, translated, write_content};

/// What a tool takes for its proxy.
#[derive(Debug)]
pub struct Front {
    /// Where it listens.
    pub addr: SocketAddr,
    exchanges: Arc<AtomicUsize>,
}

impl Front {
    /// Starts one that trusts `authority`, before a proxy that is reached at `proxy`. What has no translation goes there as
    /// [`bridge::front`] takes it.
    pub fn start(authority: &CertificateDer<'static>, proxy: SocketAddr) -> Self {
        let browser = || Browser::trusting(std::slice::from_ref(authority));
        let browsers = Arc::new([browser().offering(&["h2"]), browser()]);
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let addr = listener.local_addr().expect("the port");
        let exchanges = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&exchanges);
        // The threads end with the process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (count, browsers) = (Arc::clone(&count), Arc::clone(&browsers));
                std::thread::spawn(move || serve_client(&browsers, proxy, bridge::adopt(client), &count));
            }
        });
        Self { addr, exchanges }
    }

    /// How many answers came in HTTP/2.
    pub fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }
}

/// Serves the requests of one connection, one after the other.
fn serve_client([http2, http1]: &[Browser; 2], proxy: SocketAddr, client: TcpStream, count: &AtomicUsize) {
    let (from, mut to) = client.into_split();
    let mut reader = Reader::over(from);
    let mut visit: Option<(String, H2Client)> = None;
    loop {
        let Some(asked) = runtime().block_on(reader.head_that(Asked::read)) else {
            return if visit.is_none() {
                let (from, ahead) = reader.into_parts();
                bridge::cross(http1, proxy, from.reunite(to).expect("two halves of one"), ahead);
            } else if !reader.is_empty() {
                refuse(&mut to, 400);
            };
        };
        if visit.as_ref().is_none_or(|(authority, _)| *authority != asked.authority) {
            match http2.visit_h2(proxy, &asked.authority) {
                Ok((client, ..)) => visit = Some((asked.authority.clone(), client)),
                Err(refusal) => return refuse(&mut to, refusal.status),
            }
        }
        let Some((_, client)) = &visit else { return };
        match runtime().block_on(exchange(&mut reader, &mut to, client, asked, count)) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return refuse(&mut to, 400),
            Err(_) => return,
        }
    }
}

/// Answers in the place of Tamis, where it was not asked or made no tunnel.
fn refuse(to: &mut OwnedWriteHalf, status: u16) {
    let answer = format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    // A client that is gone needs no answer.
    drop(runtime().block_on(to.write_all(answer.as_bytes())));
}

/// A request that can be said in HTTP/2.
#[derive(Debug)]
struct Asked {
    authority: String,
    request: Request<()>,
    content: Content,
    is_last: bool,
}

impl Asked {
    fn read(head: Head) -> Option<Self> {
        let mut words = head.start.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let rest = target.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let is_plain = version == "HTTP/1.1" && words.next().is_none() && authority.starts_with("127.0.0.1:");
        let method = Method::from_bytes(method.as_bytes()).ok().filter(|_| is_plain)?;
        if method == Method::CONNECT
            || head.fields.contains_key(UPGRADE)
            || head.fields.get_all(HOST).iter().count() != 1
        {
            return None;
        }
        let mut request = Request::new(());
        *request.method_mut() = method;
        let slash = if path.starts_with('?') { "/" } else { "" };
        *request.uri_mut() = format!("https://{authority}{slash}{path}").parse().ok()?;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = translated(&head.fields);
        request.headers_mut().remove(HOST);
        let is_last = members(&head.fields, &CONNECTION).any(|option| option.eq_ignore_ascii_case("close"));
        Some(Self { authority: authority.to_owned(), request, content: head.request_content()?, is_last })
    }
}

/// Asks in HTTP/2 and answers in HTTP/1.1; says whether the connection can go on.
async fn exchange(
    reader: &mut Reader,
    to: &mut OwnedWriteHalf,
    client: &H2Client,
    asked: Asked,
    count: &AtomicUsize,
) -> io::Result<bool> {
    let Asked { request, content, is_last, .. } = asked;
    let mut sender = client.sender().ready().await.map_err(io::Error::other)?;
    let to_head = request.method() == Method::HEAD;
    let (answer, stream) = sender.send_request(request, content == Content::Length(0)).map_err(io::Error::other)?;
    let sent = Cell::new(false);
    let up = async {
        if upload(reader, stream, content).await? {
            sent.set(true);
            reader.broken().await?;
        }
        io::Result::Ok(())
    };
    let mut down = std::pin::pin!(download(answer, to, to_head, is_last, count));
    tokio::select! {
        // It wants no more of the content, and answers.
        stopped = up => {
            stopped?;
            down.await.map(|()| false)
        }
        done = &mut down => done.map(|()| sent.get() && !is_last),
    }
}

/// Sends content on; false where the other side wants no more of it.
async fn upload(reader: &mut Reader, mut stream: SendStream<Bytes>, mut content: Content) -> io::Result<bool> {
    if content == Content::Length(0) {
        return Ok(true);
    }
    loop {
        let sent = match reader.piece(&mut content).await? {
            Piece::Data(data) => push(&mut stream, data).await,
            Piece::End(trailers) => return Ok(finish(&mut stream, trailers).is_ok()),
        };
        if sent.is_err() {
            return Ok(false);
        }
    }
}

async fn download(
    mut answer: ResponseFuture,
    to: &mut OwnedWriteHalf,
    to_head: bool,
    is_last: bool,
    count: &AtomicUsize,
) -> io::Result<()> {
    while let Some(interim) = poll_fn(|cx| answer.poll_informational(cx)).await {
        let interim = interim.map_err(io::Error::other)?;
        to.write_all(&response_head(interim.status(), interim.headers())).await?;
    }
    let (mut head, body) = answer.await.map_err(io::Error::other)?.into_parts();
    count.fetch_add(1, Ordering::SeqCst);
    let is_empty = to_head || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let in_chunks = !is_empty && !head.headers.contains_key(CONTENT_LENGTH);
    if in_chunks {
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if is_last {
        head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    to.write_all(&response_head(head.status, &head.headers)).await?;
    write_content(body, to, in_chunks).await
}

fn response_head(status: StatusCode, fields: &HeaderMap) -> Vec<u8> {
    let start = format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default());
    [start.as_bytes(), &field_lines(fields), b"\r\n"].concat()
}
