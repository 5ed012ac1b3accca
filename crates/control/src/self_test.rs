//! Asking our own proxy as a browser would: does it answer, does a page come through, is its configuration served?

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tamis_platform::PAC_PATH;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long each question may take. On loopback an answer takes a millisecond, but a computer may be busy with other things,
/// and a wrong cross would send a person looking for a fault that there is not.
const PATIENCE: Duration = Duration::from_secs(10);

/// So much of an answer is read at most, in bytes; a configuration names every exception.
const ANSWER_LIMIT: u64 = 64 * 1024;

/// What the page says. It asks proxies to leave it as it is.
const PAGE: &str = "This page came through Tamis.";

/// What the proxy said to each question: its answer, or why there is none.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) pac: io::Result<String>,
    pub(crate) page: io::Result<String>,
    /// The address of the page, which no person has asked for.
    pub(crate) page_url: Option<String>,
}

/// Asks the proxy that listens there.
pub(crate) async fn ask(proxy: SocketAddr) -> Answers {
    let origin = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let page_url =
        origin.as_ref().ok().and_then(|origin| origin.local_addr().ok()).map(|addr| format!("http://{addr}/"));
    let page = async {
        let (origin, url) = (origin?, page_url.as_deref().unwrap_or_default());
        tokio::select! {
            answer = question(proxy, url) => answer,
            // Serving ends only where it cannot go on.
            error = serve(&origin) => Err(error),
        }
    };
    let (pac, page) = tokio::join!(question(proxy, PAC_PATH), page);
    Answers { pac, page, page_url }
}

/// Whether an answer is the automatic configuration.
pub(crate) fn is_pac(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ") && answer.contains("FindProxyForURL")
}

/// Whether an answer is the test page.
pub(crate) fn is_page(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(PAGE)
}

/// Whether an answer asks for the proxy's password (RFC 9110, 15.5.8).
pub(crate) fn asks_for_password(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 407 ")
}

async fn question(proxy: SocketAddr, target: &str) -> io::Result<String> {
    let exchange = async {
        let host = target.strip_prefix("http://").map_or_else(|| proxy.to_string(), |rest| rest.replace('/', ""));
        let mut stream = TcpStream::connect(proxy).await?;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_LIMIT).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Serves the page to whoever asks; only the proxy knows where.
async fn serve(origin: &TcpListener) -> io::Error {
    loop {
        let answered = match origin.accept().await {
            Ok((stream, _)) => answer(stream).await,
            Err(error) => return error,
        };
        // The proxy may have given up; its answer says so.
        drop(answered);
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    // The request has no body, so its first bytes are a reason to answer.
    let mut request = [0; 4096];
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    let length = PAGE.len();
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store, no-transform\r\nConnection: close";
    stream.write_all(format!("{head}\r\nContent-Length: {length}\r\n\r\n{PAGE}").as_bytes()).await?;
    stream.shutdown().await
}
