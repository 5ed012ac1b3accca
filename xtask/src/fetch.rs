//! A page on a loopback port, and fetching it through the proxy: proof that works without a network.

use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::step::{Failure, Outcome};

/// How long one side of an exchange may keep silent.
const SILENCE: Duration = Duration::from_secs(10);
/// The largest request head that the page's server reads, and the largest answer that the fetch reads, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;
const ANSWER_LIMIT: u64 = 1024 * 1024;
/// The sentence by which the page is known again.
pub const MARK: &str = "This page came through Tamis.";

/// A page that this process serves on a loopback port until it ends.
pub struct Page {
    address: SocketAddr,
}

impl Page {
    /// Starts to serve; one connection at a time.
    pub fn serve() -> Outcome<Self> {
        let failed = |error| {
            Failure::new(
                format!("cannot serve a page on a loopback port: {error}"),
                "Allow this program to listen on 127.0.0.1.",
            )
        };
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that goes away early misses the page, and nobody else does.
                drop(answer(connection));
            }
        });
        Ok(Self { address })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    connection.set_read_timeout(Some(SILENCE))?;
    connection.set_write_timeout(Some(SILENCE))?;
    let mut head: Vec<u8> = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < HEAD_LIMIT {
        let count = connection.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        head.extend(chunk.iter().take(count));
    }
    if head.starts_with(b"GET /party.gif ") {
        return moving_picture(connection);
    }
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>It works</title>\n\
         <p>{MARK}</p>\n<p>It is served by xtask on this computer while Tamis runs, so no network is needed to see it.</p>\n</html>\n"
    );
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A GIF of very many frames, for the README's picture: with *Lighter media* most of it is never asked for.
fn moving_picture(mut connection: TcpStream) -> std::io::Result<()> {
    const FRAMES: usize = 600_000;
    const SCREEN: &[u8] = b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x01\x02\x03\x04\x05\x06";
    const FRAME: &[u8] = b"!\xf9\x04\x00\x0a\x00\x00\x00,\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x44\x02\x05\x00";
    let length = SCREEN.len() + FRAMES * FRAME.len() + 1;
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    connection.write_all(SCREEN)?;
    let many = FRAME.repeat(1000);
    for _ in 0..FRAMES / 1000 {
        connection.write_all(&many)?;
    }
    connection.write_all(b";")
}

/// What came back through the proxy.
#[derive(Debug)]
pub struct Fetched {
    url: String,
    status: u16,
    /// The length of the body, in bytes.
    length: usize,
    via: String,
}

impl fmt::Display for Fetched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, status, length, via } = self;
        write!(formatter, "Fetched {url} through the proxy: {status}, {length} bytes, Via: {via}")
    }
}

/// Fetches our page through the proxy at `proxy`. Anything but the page, by way of a proxy, is a failure.
pub fn page_through(proxy: &str, page: &Page) -> Outcome<Fetched> {
    let url = page.url();
    let answer = request(proxy, &url)?;
    let wrong = |what: &str| {
        let first = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        Failure::new(
            format!("fetching {url} through the proxy at {proxy}: {what} (the answer begins {first:?})"),
            "Tamis listens, but does not pass this page on. Its messages above say why.",
        )
    };
    let split =
        answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(|| wrong("no HTTP answer came"))?;
    let (head, body) = answer.split_at(split);
    let body = body.get(4..).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let via = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("via"));
    match (status, via) {
        (Some(200), Some((_, via))) if String::from_utf8_lossy(body).contains(MARK) => {
            Ok(Fetched { url: url.clone(), status: 200, length: body.len(), via: via.trim().to_owned() })
        }
        (Some(200), Some(_)) => Err(wrong("the answer is not the page")),
        (Some(200), None) => Err(wrong("the answer has no Via field, so no proxy passed it on")),
        _ => Err(wrong("the answer is not 200")),
    }
}

/// Sends one GET through the proxy; the whole answer, head and body. HTTP/1.0, so that the body comes as it is and ends
/// with the connection.
pub fn request(proxy: &str, url: &str) -> Outcome<Vec<u8>> {
    let exchange = || -> std::io::Result<Vec<u8>> {
        let address: SocketAddr = proxy.parse().map_err(std::io::Error::other)?;
        let mut connection = TcpStream::connect_timeout(&address, SILENCE)?;
        connection.set_read_timeout(Some(SILENCE))?;
        connection.set_write_timeout(Some(SILENCE))?;
        let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        write!(connection, "GET {url} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: xtask\r\nAccept: */*\r\n\r\n")?;
        let mut answer = Vec::new();
        connection.take(ANSWER_LIMIT).read_to_end(&mut answer)?;
        Ok(answer)
    };
    exchange().map_err(|error| {
        Failure::new(
            format!("fetching {url} through the proxy at {proxy}: {error}"),
            "Tamis says that it listens there, yet no exchange came about. Its messages above say why.",
        )
    })
}

/// The command line with which a person can see the same.
pub fn curl_line(proxy: &str, url: &str) -> String {
    // curl obeys these variables even with -x, and would go round the proxy.
    let exempt =
        ["no_proxy", "NO_PROXY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let noproxy = if exempt { "--noproxy '' " } else { "" };
    format!("curl -i {noproxy}-x http://{proxy} {url}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_no_proxy_passed_on_is_refused() {
        let page = Page::serve().unwrap();
        // The page's own server takes any request line, so it can stand where the proxy should be.
        let failure = page_through(&page.address.to_string(), &page).unwrap_err().to_string();
        assert!(failure.contains("no Via field"), "{failure}");
    }

    #[test]
    fn a_proxy_that_is_not_there_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let failure = page_through(&address, &Page::serve().unwrap()).unwrap_err().to_string();
        assert!(failure.contains(&address), "{failure}");
    }
}
