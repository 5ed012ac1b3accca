//! The rules that every message keeps which left the proxy, whatever came in.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::strict::{End, Head, Message, Reader, Trouble, trim};

/// Fields of one connection (RFC 9110 7.6.1), and those that our own proxy frames or routes with.
const HOP_BY_HOP: [&str; 12] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// Looks at all that came to the origin over one connection: requests that can be read in one way, each with a head as it
/// should be; the last one may break off where its client left.
///
/// # Panics
/// When a rule is broken.
pub fn check_requests(bytes: &[u8], origin: SocketAddr) {
    let mut reader = Reader::new(bytes);
    while !reader.rest().is_empty() {
        let head = reader.clone().request_head();
        match (head, reader.request()) {
            (_, Err(Trouble::Bad(why))) => panic!("the origin got {:?}: {why}", text(bytes)),
            (Ok(head), Ok(message)) => {
                check_request(&head, origin);
                check_trailers(&message);
            }
            (Ok(head), Err(Trouble::Short)) => return check_request(&head, origin),
            (Err(_), _) => return,
        }
    }
}

fn check_request(head: &Head, origin: SocketAddr) {
    let whole_server = head.method() == b"OPTIONS" && head.target() == b"*";
    assert!(head.target().starts_with(b"/") || whole_server, "not in origin-form: {head:?}");
    assert_eq!(text(&head.start[2]), "HTTP/1.1");
    let host = head.only("host").expect("one Host").map(text);
    assert_eq!(host, Some(origin.to_string()), "the Host is that of the target");
    let options = head.members("connection");
    for name in HOP_BY_HOP {
        let expected = match name {
            "transfer-encoding" => true,
            "connection" => options.iter().all(|option| matches!(&option[..], b"upgrade" | b"te")),
            "upgrade" => options.contains(&b"upgrade".to_vec()) && head.members(name) == [b"websocket"],
            "te" => options.contains(&b"te".to_vec()) && head.members(name) == [b"trailers"],
            "trailer" => head.has("transfer-encoding"),
            _ => false,
        };
        assert!(expected || !head.has(name), "{name} was passed on: {head:?}");
    }
    check_via(head);
}

/// Trailers were announced, and none of them is one that must come before the body (RFC 9110 6.5.1).
fn check_trailers(message: &Message) {
    let announced = message.head.members("trailer");
    for (name, _) in &message.trailers {
        let name = name.to_ascii_lowercase();
        assert!(announced.contains(&name), "a trailer that nobody announced: {message:?}");
        let needed_before = ["host", "content-length", "content-type", "cookie", "set-cookie", "authorization", "via"];
        let forbidden = HOP_BY_HOP.iter().chain(&needed_before).any(|other| other.as_bytes() == name);
        assert!(!forbidden, "a trailer that belongs before the body: {message:?}");
    }
}

fn check_via(head: &Head) {
    let last = head.members("via").pop().unwrap_or_default();
    assert!(
        matches!(&last[..], [b'1', b'.', b'0'..=b'9', b' ', b't', b'a', b'm', b'i', b's']),
        "Via does not end in our name: {head:?}"
    );
}

/// Compares the requests that the origin answered with those that the client sent, as far as the strict reader can read
/// these: each is one of the client's, in their order, and says the same.
///
/// # Panics
/// When the origin got something else.
pub fn check_same_requests(sent: &[u8], at_origin: &[Message]) {
    let mut reader = Reader::new(sent);
    'of_origin: for got in at_origin {
        loop {
            match reader.request() {
                Ok(asked) if says_the_same(&asked, got) => continue 'of_origin,
                Ok(_) => {}
                // What the strict reader does not read, the proxy may all the same, and the other rules hold.
                Err(Trouble::Bad(_)) => return,
                Err(Trouble::Short) => panic!("nobody sent {got:?} in {:?}", text(sent)),
            }
        }
    }
}

fn says_the_same(asked: &Message, got: &Message) -> bool {
    asked.head.method() == got.head.method()
        && path(&asked.head) == got.head.target()
        && asked.content == got.content
        && got.trailers.iter().all(|trailer| asked.trailers.iter().any(|sent| same_line(sent, trailer)))
        && end_to_end(&asked.head, false) == end_to_end(&got.head, true)
        // An expectation is for content to wait with, and HTTP/1.0 knows none (RFC 9110 10.1.1).
        && (asked.head.has("expect") || !got.head.has("expect"))
}

fn same_line(one: &(Vec<u8>, Vec<u8>), other: &(Vec<u8>, Vec<u8>)) -> bool {
    one.0.eq_ignore_ascii_case(&other.0) && one.1 == other.1
}

/// The path and query of an absolute-form target.
fn path(head: &Head) -> Vec<u8> {
    let behind_scheme = head.target().splitn(3, |&byte| byte == b'/').nth(2).unwrap_or_default();
    match behind_scheme.iter().position(|byte| matches!(byte, b'/' | b'?')) {
        Some(at) if behind_scheme[at] == b'/' => behind_scheme[at..].to_vec(),
        Some(at) => [b"/", &behind_scheme[at..]].concat(),
        None => b"/".to_vec(),
    }
}

/// End-to-end fields by lower-case name, without those that the proxy itself writes.
fn end_to_end(head: &Head, forwarded: bool) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let named = head.members("connection");
    let mut fields: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in &head.fields {
        let name = name.to_ascii_lowercase();
        let written_by_proxy = [&b"host"[..], b"content-length", b"expect", b"max-forwards"].contains(&&name[..]);
        let hop_by_hop = HOP_BY_HOP.iter().any(|hop| hop.as_bytes() == name) || named.contains(&name);
        if !written_by_proxy && !hop_by_hop {
            fields.entry(name).or_default().push(trim(value).to_vec());
        }
    }
    if forwarded && let Some(via) = fields.get_mut(&b"via"[..]) {
        via.pop();
        if via.is_empty() {
            fields.remove(&b"via"[..]);
        }
    }
    fields
}

/// What a client got.
#[derive(Debug)]
pub struct Answers {
    /// Whole responses, interim ones too.
    pub whole: Vec<Message>,
    /// The head of one that broke off.
    pub broken: Option<Head>,
}

/// Looks at all that came to a client: responses that can be read in one way, of which the last may break off.
///
/// `head_asked` says of the nth final response whether it answers a HEAD; none where that cannot be told, and then both are
/// tried.
///
/// # Panics
/// When a rule is broken.
pub fn check_responses(bytes: &[u8], end: End, head_asked: &dyn Fn(usize) -> Option<bool>) -> Answers {
    let answers = read_responses(Reader::new(bytes), end, 0, head_asked)
        .unwrap_or_else(|why| panic!("the client got {:?}: {why}", text(bytes)));
    answers.whole.iter().map(|message| &message.head).chain(&answers.broken).for_each(check_response);
    answers.whole.iter().for_each(check_trailers);
    answers
}

fn read_responses(
    mut reader: Reader,
    end: End,
    number: usize,
    head_asked: &dyn Fn(usize) -> Option<bool>,
) -> Result<Answers, &'static str> {
    if reader.rest().is_empty() {
        return Ok(Answers { whole: Vec::new(), broken: None });
    }
    let head = match reader.clone().response_head() {
        Ok(head) => head,
        Err(Trouble::Short) => return Ok(Answers { whole: Vec::new(), broken: None }),
        Err(Trouble::Bad(why)) => return Err(why),
    };
    let next = number + usize::from(head.status() >= 200 || head.status() == 101);
    let ways: &[bool] = match head_asked(number) {
        Some(true) => &[true],
        Some(false) => &[false],
        None => &[false, true],
    };
    let mut why_not = "";
    for &to_head in ways {
        let start = reader.clone();
        let read = match reader.response(to_head, end) {
            Ok(message) => read_responses(reader.clone(), end, next, head_asked).map(|mut answers| {
                answers.whole.insert(0, message);
                answers
            }),
            Err(Trouble::Short) => Ok(Answers { whole: Vec::new(), broken: Some(head.clone()) }),
            Err(Trouble::Bad(why)) => Err(why),
        };
        match read {
            Ok(answers) => return Ok(answers),
            Err(why) => (why_not, reader) = (why, start),
        }
    }
    Err(why_not)
}

fn check_response(head: &Head) {
    let status = head.status();
    assert!(matches!(&head.start[0][..], b"HTTP/1.1" | b"HTTP/1.0"), "not our version: {head:?}");
    for name in HOP_BY_HOP {
        let expected = match name {
            "transfer-encoding" => true,
            "connection" => {
                head.members(name).iter().all(|option| matches!(&option[..], b"close" | b"keep-alive")) || status == 101
            }
            "upgrade" => status == 101,
            "trailer" => head.has("transfer-encoding"),
            "proxy-authenticate" => status == 407 && !is_relayed(head),
            _ => false,
        };
        assert!(expected || !head.has(name), "{name} was passed on: {head:?}");
    }
    if status < 200 || status == 204 {
        assert!(!head.has("transfer-encoding"), "RFC 9112 6.1: {head:?}");
        assert!(!head.has("content-length"), "RFC 9110 8.6: {head:?}");
    }
    if head.has("x-origin") {
        check_via(head);
    }
}

/// Looks at the pages that the proxy writes itself: nothing that a stranger wrote has become markup.
///
/// # Panics
/// When something has.
pub fn check_own_pages(answers: &Answers) {
    for page in &answers.whole {
        if page.head.only("content-type") != Ok(Some(b"text/html; charset=utf-8")) {
            continue;
        }
        let mut content = text(&page.content);
        for tag in [
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>",
            "</title><h1>",
            "</h1>",
            "<p>",
            "</p>",
            "</html>",
        ] {
            content = content.replace(tag, "");
        }
        assert!(!content.contains('<'), "markup in a page of ours: {content}");
    }
}

/// Bytes as readable text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a response came from the origin, and not from the proxy itself, whose own pages have no `Via`.
pub fn is_relayed(head: &Head) -> bool {
    head.has("via")
}
