//! An origin's bytes on their way to a client, and what becomes of them.

use tamis_filter::profiles::catalogue;

use crate::bench::{self, Origin, Script};
use crate::strict::{End, Message, Reader, Reading, Trouble};
use crate::{forwarded, split};

/// How the client asks, and how the origin ends.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    method: Method,
    is_10: bool,
    /// Every profile is in force; otherwise none.
    filtered: bool,
    /// How the origin's connection ends.
    end: End,
    /// The client takes trailers.
    trailers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Head,
    Post,
    WebSocket,
}

impl Asked {
    /// The request that a byte stands for.
    pub fn of(byte: u8) -> Self {
        let method = [Method::Get, Method::Head, Method::Post, Method::WebSocket][usize::from(byte & 3)];
        let end = if byte & 16 == 0 { End::Closed } else { End::Reset };
        Self { method, is_10: byte & 4 != 0, filtered: byte & 8 != 0, end, trailers: byte & 32 != 0 }
    }

    fn request(self) -> Vec<u8> {
        let method = match self.method {
            Method::Get | Method::WebSocket => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
        };
        let version = if self.is_10 { "1.0" } else { "1.1" };
        let fields = match self.method {
            Method::Get if self.trailers => "TE: trailers\r\nConnection: TE\r\n\r\n",
            Method::Get | Method::Head => "Accept: image/*\r\n\r\n",
            Method::Post => "Content-Length: 3\r\n\r\nabc",
            Method::WebSocket => {
                "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Version: 13\r\n\r\n"
            }
        };
        format!("{method} http://{{o}}/ HTTP/{version}\r\nHost: {{o}}\r\n{fields}").into_bytes()
    }
}

/// Lets an origin say `answer`, cut by `recipe`, and looks at what the client gets.
///
/// # Panics
/// When a rule is broken.
pub fn check(asked: Asked, recipe: u8, answer: &[u8]) {
    let request = asked.request();
    let heard = bench::play(&Script {
        profiles: if asked.filtered { catalogue() } else { Vec::new() },
        ..Script::of(vec![&request], Origin::Says(split::chunks(recipe, answer), asked.end))
    });
    let to_head = asked.method == Method::Head;
    let changed_protocol = asked.method == Method::WebSocket && heard.at_client.starts_with(b"HTTP/1.1 101 ");
    if changed_protocol {
        return check_protocol_change(&heard.at_client, answer);
    }
    let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| Some(to_head));
    let finals = answers.whole.iter().filter(|message| message.head.status() >= 200);
    assert!(finals.clone().count() <= 1, "two answers to one request: {answers:?}");
    let Some(got) = finals.last() else { return };
    if !forwarded::is_relayed(&got.head) {
        return;
    }
    match final_response(answer, to_head, asked.end) {
        Ok(sent) => compare(asked, &sent, got),
        // A reset takes along what the proxy has not read yet, but never makes a message whole.
        Err(Trouble::Short) => {
            panic!("a message that broke off became whole: {got:?} {:?} {:?}", heard.end, heard.records)
        }
        // The proxy may read what the strict reader does not.
        Err(Trouble::Bad(_)) => {}
    }
}

fn compare(asked: Asked, sent: &Message, got: &Message) {
    assert_eq!(sent.head.status(), got.head.status());
    let edited = asked.filtered && (sent.content != got.content || sent.head.has("content-encoding"));
    if !edited {
        assert_eq!(sent.content, got.content);
    } else if sent.content != got.content {
        check_edit(sent, got);
    }
}

/// A body that profiles changed, and a head that says no more than is true of it.
fn check_edit(sent: &Message, got: &Message) {
    if !sent.head.has("content-encoding") {
        let cut = got.content.split_last().map(|(_, cut)| cut).unwrap_or_default();
        assert!(sent.content.starts_with(cut), "{:?} became {:?}", sent.content, got.content);
    }
    for name in ["last-modified", "content-encoding", "content-md5", "digest", "content-digest", "repr-digest"] {
        assert!(!got.head.has(name), "{name} is not true any more: {:?}", got.head);
    }
    let tags = |message: &Message| message.head.all("etag").map(<[u8]>::to_vec).collect::<Vec<_>>();
    assert!(tags(got).iter().all(|tag| !tags(sent).contains(tag)), "RFC 9110 8.8.3: {:?}", got.head);
}

/// The final response in an origin's bytes.
fn final_response(bytes: &[u8], to_head: bool, end: End) -> Reading<Message> {
    let mut reader = Reader::new(bytes);
    loop {
        let message = reader.response(to_head, end)?;
        if message.head.status() >= 200 || message.head.status() == 101 {
            return Ok(message);
        }
    }
}

/// Behind the 101 everything passes as it is.
fn check_protocol_change(at_client: &[u8], answer: &[u8]) {
    let mut reader = Reader::new(at_client);
    let head = reader.response_head().expect("a head that can be read");
    assert_eq!(head.members("upgrade"), [b"websocket"]);
    assert!(answer.ends_with(reader.rest()), "{:?} behind a 101", forwarded::text(reader.rest()));
}
