//! A bridge for tools that speak to a proxy without TLS, such as a suite of its own: what they ask for `http://ADDRESS:PORT/`
//! goes to Tamis as CONNECT, TLS and the same bytes with a target as origins get it, and behind Tamis the TLS is taken off
//! again before the tool's plain origin.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::browser::Browser;
use super::origin::Setup;
use super::translate::serve_origin;
use super::{Wire, carry, pair, runtime};
use crate::origin::Origin;
use crate::upstream;

/// The beginning of a target that goes through TLS; other requests reach Tamis as they are.
const PREFIX: &[u8] = b" http://127.0.0.1:";

/// A front for clients, before a proxy that is reached at `proxy`.
pub fn front(browser: Browser, proxy: SocketAddr) -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let addr = listener.local_addr().expect("the port");
    let browser = Arc::new(browser);
    // The threads end with the process.
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let browser = Arc::clone(&browser);
            std::thread::spawn(move || cross(&browser, proxy, adopt(client), Vec::new()));
        }
    });
    addr
}

/// A connection for the runtime.
pub(super) fn adopt(socket: std::net::TcpStream) -> TcpStream {
    socket.set_nonblocking(true).expect("a socket that does not block");
    let _runtime = runtime().enter();
    TcpStream::from_std(socket).expect("a socket of the runtime")
}

/// Reads where the first request goes, of which some was read already, and takes it and all that follows there.
pub(super) fn cross(browser: &Browser, proxy: SocketAddr, mut client: TcpStream, mut ahead: Vec<u8>) {
    let target = runtime().block_on(first_target(&mut client, &mut ahead));
    let tls = target.as_ref().map(|target| browser.connect(proxy, target));
    match tls {
        Some(Ok(tls)) => {
            let (ours, theirs) = pair();
            runtime().spawn(carry(tls, theirs));
            let prefix = [b" http://", target.unwrap_or_default().as_bytes()].concat();
            runtime().spawn(async move { shorten(client, adopt(ours), ahead, &prefix).await });
        }
        // Where there is no tunnel the client is told by a connection that ends.
        Some(Err(_)) => {}
        None => drop(runtime().spawn(async move {
            let Ok(mut straight) = TcpStream::connect(proxy).await else { return };
            if straight.write_all(&ahead).await.is_ok() {
                // However it ends, both are closed.
                drop(tokio::io::copy_bidirectional(&mut client, &mut straight).await);
            }
        })),
    }
}

/// The authority of the first request's target, where that is one for TLS.
async fn first_target(client: &mut TcpStream, ahead: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(at) = find(ahead, PREFIX) {
            let rest = &ahead[at + b" http://".len()..];
            if let Some(end) = rest.iter().position(|byte| matches!(byte, b'/' | b' ' | b'?' | b'\r' | b'\n')) {
                return String::from_utf8(rest[..end].to_vec()).ok();
            }
        }
        let line_is_over =
            ahead.iter().position(|byte| *byte == b'\n').is_some_and(|end| find(&ahead[..end], PREFIX).is_none());
        if line_is_over && !ahead.starts_with(b"\r\n") || ahead.len() > 64 * 1024 {
            return None;
        }
        if client.read_buf(ahead).await.ok()? == 0 {
            return None;
        }
    }
}

/// Carries both ways, and takes `prefix` out of what goes up wherever a path follows it.
async fn shorten(client: TcpStream, sealed: TcpStream, mut ahead: Vec<u8>, prefix: &[u8]) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_sealed, mut to_sealed) = sealed.into_split();
    let up = async {
        loop {
            let mut out = Vec::with_capacity(ahead.len());
            while let Some(at) = find(&ahead, prefix) {
                // Whether a path follows is not known yet.
                let Some(next) = ahead.get(at + prefix.len()) else { break };
                out.extend_from_slice(&ahead[..at]);
                out.extend_from_slice(if *next == b'/' { b" " } else { b" /" });
                ahead.drain(..at + prefix.len());
            }
            let kept =
                (0..=prefix.len().min(ahead.len())).rev().find(|kept| prefix.starts_with(&ahead[ahead.len() - kept..]));
            out.extend(ahead.drain(..ahead.len() - kept.unwrap_or(0)));
            to_sealed.write_all(&out).await?;
            if from_client.read_buf(&mut ahead).await? == 0 {
                to_sealed.write_all(&ahead).await?;
                return to_sealed.shutdown().await;
            }
        }
    };
    let down = async {
        tokio::io::copy(&mut from_sealed, &mut to_client).await?;
        to_client.shutdown().await
    };
    if tokio::try_join!(up, down).is_err() {
        let client = from_client.reunite(to_client).expect("two halves of one");
        // It fails where the connection is gone already.
        drop(client.set_zero_linger());
    }
}

/// What Tamis is to go through: it takes TLS off, and HTTP/2 where that is agreed on, and goes to the address that it is
/// asked for. It reports what is asked for over HTTP/2.
pub fn back(setup: &Setup) -> Origin {
    let acceptor = TlsAcceptor::from(Arc::new(setup.config()));
    Origin::start(move |talk| {
        let Some(head) = talk.client.try_head() else { return };
        let target = head.start().split(' ').nth(1).unwrap_or_default();
        let Ok(origin) = std::net::TcpStream::connect(upstream::address_of(target)) else {
            talk.client.send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
            return;
        };
        talk.client.send("HTTP/1.1 200 OK\r\n\r\n");
        let (tunnel, origin) = (adopt(talk.client.take()), adopt(origin));
        runtime().block_on(async {
            let Ok(tls) = acceptor.accept(Wire::over(tunnel)).await.map(TlsStream::from) else { return };
            if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
                // However it ends, the connection is closed.
                drop(serve_origin(talk, tls, origin).await);
            } else {
                carry(tls, origin).await;
            }
        });
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
