//! Conversations written down: `tests/cases/*.http`, one file a subject; each is played as it stands, in TLS that is
//! opened, and there in HTTP/2.
//!
//! A file holds cases. A case begins with `=== what it shows`, may say `profiles: a, b` and, in lines `rule: â¦`, rules of
//! the user, and has four parts of raw lines: `>>> client` and `<<< origin gets`, `>>> origin` and `<<< client gets`.
//! `{origin}` stands for the origin's authority, `{proxy}` for ours; an expected line that ends in `*` matches any line
//! that begins so; `(nothing)` says that the origin is not asked. Head lines are compared in order, to the letter.
//!
//! Content is sent as it stands, but for `↵` at the end of a line, which makes that line end in CRLF: so chunks, trailers
//! and further messages are written. What is got is shown without its chunks; trailers follow under `(trailers)`, and
//! interim responses stand before the final one.

use std::fs;

use tamis_filter::profiles::QUIET_ROWS;
use tamis_tests::client::Client;
use tamis_tests::origin::Origin;
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::root;
use tamis_tests::tls::bridge;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::tls::translate::Front;

#[derive(Clone)]
struct Case {
    title: String,
    profiles: Vec<String>,
    rules: Vec<String>,
    client: String,
    origin_gets: String,
    origin: String,
    client_gets: String,
}

/// Cases that say nothing of requests in TLS, by the beginning of their titles, and why.
const NOT_IN_TLS: [(&str, &str); 4] = [
    ("The target's host overrules Host", "only absolute-form names a host beside Host"),
    ("A target without a path asks for the root", "only absolute-form has no path"),
    ("OPTIONS * asks the proxy itself", "within TLS to an origin it is the origin that is asked"),
    ("A tracker host is never asked", "it would be asked over a connection of its own"),
];

#[test]
fn every_written_conversation_goes_as_written() {
    play_all(|case| Some(play(case)));
}

#[test]
fn every_written_conversation_goes_as_written_in_tls_that_is_opened() {
    let left_out = |case: &Case| NOT_IN_TLS.iter().any(|(title, _)| case.title.starts_with(title));
    play_all(|case| (!left_out(case)).then(|| play_in_tls(case)));
}

/// Cases that say nothing of HTTP/2, by the beginning of their titles, and why.
const NOT_IN_HTTP2: [(&str, &str); 24] = [
    ("A WebSocket to another site", "such an upgrade is HTTP/1's (RFC 8441)"),
    ("A WebSocket that a rule stops", "such an upgrade is HTTP/1's (RFC 8441)"),
    ("A type that only the answer tells", "what we answer after the origin did names our own version"),
    ("Fields that Connection names, and all hop-by-hop", "such fields are malformed in HTTP/2 (RFC 9113 8.2.2)"),
    ("Connection cannot name away", "HTTP/2 has no Connection"),
    ("Our Via stands behind", "versions of HTTP/1"),
    ("Values of one name keep their order", "HTTP/2 has no words behind the status"),
    ("TRACE that may not go further", "HTTP/2 has no user and password in its targets (RFC 9113 8.3.1)"),
    ("Interim responses are no answer", "where an origin breaks off, the back's reset may overtake them"),
    ("A client of HTTP/1.0 gets none", "versions of HTTP/1"),
    ("HTTP/1.0 knows", "versions of HTTP/1"),
    ("A folded", "lines of HTTP/1"),
    ("Whitespace before the colon", "lines of HTTP/1"),
    ("The same length on two lines", "a second length is malformed for the back"),
    ("The end of an HTTP/1.0 answer", "versions of HTTP/1"),
    ("Announced trailers reach", "trailers need no announcement (RFC 9113 8.1)"),
    ("A client that does not ask for trailers", "trailers need no announcement (RFC 9113 8.1)"),
    ("Trailers that nobody announced", "trailers need no announcement (RFC 9113 8.1)"),
    ("Trailers of a request go on", "some of these are malformed in HTTP/2 (RFC 9113 8.2.2)"),
    ("An offer of WebSocket", "HTTP/2 has no Upgrade (RFC 9113 8.6)"),
    ("A refusal names what it demands", "HTTP/2 has no Upgrade (RFC 9113 8.6)"),
    ("What we cannot upgrade to", "HTTP/2 has no Upgrade (RFC 9113 8.6)"),
    ("A switch", "HTTP/2 has no Upgrade (RFC 9113 8.6)"),
    ("The subprotocol", "HTTP/2 has no Upgrade (RFC 9113 8.6)"),
];

#[test]
fn every_written_conversation_goes_as_written_in_http2_that_is_opened() {
    let left_out = NOT_IN_TLS.iter().chain(&NOT_IN_HTTP2);
    play_all(|case| (!left_out.clone().any(|(title, _)| case.title.starts_with(title))).then(|| play_in_http2(case)));
}

#[test]
fn every_row_of_quiet_headers_is_shown_before_and_after() {
    let shown = fs::read_to_string(root().join("tests/cases/quiet_headers_rows.http")).unwrap();
    let named: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("profiles: quiet-headers=")).collect();
    for row in QUIET_ROWS {
        assert!(named.contains(&row.id), "no conversation shows {}", row.id);
    }
}

fn play_all(play: impl Fn(&Case) -> Option<Result<(), String>>) {
    let mut files: Vec<_> =
        fs::read_dir(root().join("tests/cases")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files {
        for case in parse(&fs::read_to_string(&file).unwrap()) {
            let Some(played) = play(&case) else { continue };
            count += 1;
            if let Err(difference) = played {
                failures.push(format!("{}: {}\n{difference}", file.file_name().unwrap().display(), case.title));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases differ:\n\n{}", failures.len(), failures.join("\n\n"));
    assert!(count > 0, "there are no cases");
}

fn parse(text: &str) -> Vec<Case> {
    text.split("=== ").skip(1).map(parse_case).collect()
}

fn parse_case(text: &str) -> Case {
    let part = |from: &str| {
        let (_, rest) = text.split_once(&format!("{from}\n")).unwrap_or_else(|| panic!("no `{from}` in {text}"));
        let end = rest.find("\n>>> ").into_iter().chain(rest.find("\n<<< ")).min().unwrap_or(rest.len());
        rest[..end].trim_end_matches('\n').to_owned()
    };
    let profiles = text.lines().find_map(|line| line.strip_prefix("profiles: ")).unwrap_or_default();
    Case {
        title: text.lines().next().unwrap_or_default().to_owned(),
        profiles: profiles.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect(),
        rules: text.lines().filter_map(|line| line.strip_prefix("rule: ").map(str::to_owned)).collect(),
        client: part(">>> client"),
        origin_gets: part("<<< origin gets"),
        origin: part(">>> origin"),
        client_gets: part("<<< client gets"),
    }
}

fn play(case: &Case) -> Result<(), String> {
    let profiles: Vec<&str> = case.profiles.iter().map(String::as_str).collect();
    let proxy = if case.rules.is_empty() {
        ProxyBox::start(&profiles)
    } else {
        ProxyBox::with_rules(&case.rules.join("\n"), &profiles)
    };
    let origin = origin_of(case);
    let authority = origin.authority();
    let said = case.client.replace("{origin}", &authority).replace("{proxy}", &proxy.addr.to_string());
    compare_both(case, &authority, &said, &mut proxy.client(), &origin)
}

/// The same with TLS around both sides, where the origin is asked by a path alone (RFC 9112 3.2.1).
fn play_in_tls(case: &Case) -> Result<(), String> {
    let profiles: Vec<&str> = case.profiles.iter().map(String::as_str).collect();
    let lab = Lab::with_rules(&case.rules.join("\n"), &profiles);
    let origin = TlsOrigin::before(origin_of(case), Setup::new(lab.pki.leaf(&["127.0.0.1"])));
    let authority = origin.authority();
    let mut visit = lab.visit(&lab.browser(), &authority).map_err(|refusal| format!("{refusal:?}"))?;
    assert!(lab.is_ours(&visit.shown.chain), "{} was not opened", case.title);
    let said = in_origin_form(&case.client).replace("{origin}", &authority);
    let case = &Case { client_gets: case.client_gets.replace("http://", "https://"), ..case.clone() };
    compare_both(case, &authority, &said, &mut visit.client, &origin.http1)
}

/// The same with HTTP/2 on both sides, into which it is translated and out of which it comes again.
fn play_in_http2(case: &Case) -> Result<(), String> {
    let profiles: Vec<&str> = case.profiles.iter().map(String::as_str).collect();
    let lab = Lab::with_rules(&case.rules.join("\n"), &profiles);
    let back = bridge::back(&Setup::new(lab.pki.leaf(&["127.0.0.1"])).speaking(&["h2"]));
    lab.proxy.set_routes(&[("127.0.0.1", &format!("http://{}", back.authority()))]);
    let front = Front::start(&lab.authority(), lab.proxy.addr);
    let origin = origin_of(case);
    let authority = origin.authority();
    let said = case.client.replace("{origin}", &authority);
    let case = &Case { client_gets: case.client_gets.replace("http://", "https://"), ..case.clone() };
    let in_version_2 = |text: String| text.replace("via: 1.1 tamis", "via: 2.0 tamis");
    let expected = |text: &str| in_version_2(as_in_http2(&text.replace("{origin}", &authority)));
    let mut client = Client::connect(front.addr);
    client.send(wire(&said));
    let got = as_in_http2(&response_of(&mut client, case.client.starts_with("HEAD ")));
    // Answers that came in no version, for Tamis made them, name either.
    let got = if case.origin_gets == "(nothing)" { in_version_2(got) } else { got };
    compare("client gets", &expected(&case.client_gets), &got)?;
    if front.exchanges() != 1 {
        return Err("it did not go over HTTP/2".to_owned());
    }
    let got = heard_by(&origin, case);
    compare("origin gets", &expected(&case.origin_gets), &as_in_http2(&got))
}

/// Heads as HTTP/2 can say them: names in lower case, in any order, without what is about a connection of HTTP/1.
fn as_in_http2(message: &str) -> String {
    let about_connections = ["connection: ", "transfer-encoding: ", "keep-alive: "];
    let head = |head: &str| {
        let mut lines: Vec<String> = head
            .lines()
            .map(|line| match line.split_once(':') {
                Some((name, value)) => format!("{}: {}", name.to_ascii_lowercase(), value.trim_start()),
                None => line.to_owned(),
            })
            .filter(|line| !about_connections.iter().any(|name| line.starts_with(name)))
            .collect();
        lines.sort();
        lines.join("\n")
    };
    message.split("\n\n").map(head).collect::<Vec<_>>().join("\n\n")
}

/// The same request as it is sent to an origin; one that has no path asks for the root.
fn in_origin_form(said: &str) -> String {
    let absolute =
        said.split_once(" http://").and_then(|(method, rest)| Some((method, rest.split_once("{origin}")?.1)));
    match absolute {
        Some((method, path)) if path.starts_with('/') => format!("{method} {path}"),
        Some((method, path)) => format!("{method} /{path}"),
        None => said.to_owned(),
    }
}

/// An origin that takes one request and gives the answer.
fn origin_of(case: &Case) -> Origin {
    let answer = wire(&case.origin);
    Origin::start(move |talk| {
        if let Some((head, body)) = talk.request() {
            talk.tell(message(&head.lines, &body, talk.client.trailers()));
            talk.client.send(&answer);
        }
    })
}

fn compare_both(case: &Case, authority: &str, said: &str, client: &mut Client, origin: &Origin) -> Result<(), String> {
    client.send(wire(said));
    let got = response_of(client, case.client.starts_with("HEAD "));
    compare("client gets", &case.client_gets.replace("{origin}", authority), &got)?;
    compare("origin gets", &case.origin_gets.replace("{origin}", authority), &heard_by(origin, case))
}

fn heard_by(origin: &Origin, case: &Case) -> String {
    if case.origin_gets == "(nothing)" {
        return if origin.is_silent() { "(nothing)" } else { "(a request)" }.to_owned();
    }
    let _start_line = origin.heard();
    origin.heard()
}

/// The final response, and interim ones before it.
fn response_of(client: &mut Client, to_head: bool) -> String {
    let Some(head) = client.try_head() else { return "(no answer)".to_owned() };
    if matches!(head.status(), 100 | 102..=199) {
        return head.lines.join("\n") + "\n\n" + &response_of(client, to_head);
    }
    let (body, complete) = if to_head { (Vec::new(), true) } else { client.body(&head) };
    message(&head.lines, &body, client.trailers()) + if complete { "" } else { "\n(cut off)" }
}

/// The lines as they go over the wire: heads end their lines in CRLF, and content begins after the empty line.
fn wire(text: &str) -> Vec<u8> {
    let (head, content) = text.split_once("\n\n").unwrap_or((text, ""));
    let content = content.replace("↵\n", "\r\n").replace('↵', "\r\n");
    format!("{}\r\n\r\n{content}", head.replace('\n', "\r\n")).into_bytes()
}

fn message(lines: &[String], body: &[u8], trailers: &[String]) -> String {
    let mut text = lines.join("\n");
    if !body.is_empty() {
        text += &format!("\n\n{}", String::from_utf8_lossy(body));
    }
    if !trailers.is_empty() {
        text += &format!("\n\n(trailers)\n{}", trailers.join("\n"));
    }
    text
}

fn compare(what: &str, expected: &str, got: &str) -> Result<(), String> {
    let matches = |(expected, got): (&str, &str)| match expected.strip_suffix('*') {
        Some(beginning) => got.starts_with(beginning),
        None => expected == got,
    };
    let same = expected.lines().count() == got.lines().count() && expected.lines().zip(got.lines()).all(matches);
    if same { Ok(()) } else { Err(format!("--- {what}, expected:\n{expected}\n--- but:\n{got}")) }
}
