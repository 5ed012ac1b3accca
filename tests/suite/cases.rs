//! Conversations written down: `tests/cases/*.http`, one file a subject; each is played as it stands, and in TLS that is opened.
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

use tamis_tests::client::Client;
use tamis_tests::origin::Origin;
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::root;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Setup, TlsOrigin};

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
    let got = if case.origin_gets == "(nothing)" {
        if origin.is_silent() { "(nothing)".to_owned() } else { "(a request)".to_owned() }
    } else {
        let _start_line = origin.heard();
        origin.heard()
    };
    compare("origin gets", &case.origin_gets.replace("{origin}", authority), &got)
}

/// The final response, and interim ones before it.
fn response_of(client: &mut Client, to_head: bool) -> String {
    let head = client.head();
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
