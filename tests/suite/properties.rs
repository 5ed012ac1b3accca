//! Well-formed exchanges in random pieces: they arrive as they were sent, in a form that can be read in one way only.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use tamis_tests::client::Client;
use tamis_tests::forwarded;
use tamis_tests::origin::Origin;
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::strict::{End, Reader, Trouble};

/// How a body's end is told.
#[derive(Debug, Clone)]
enum Framing {
    Length,
    /// Chunks of these sizes, the last one of what is left.
    Chunks(Vec<usize>),
    /// The end of the connection; for responses.
    Close,
}

fn any_framing() -> impl Strategy<Value = Framing> {
    prop_oneof![
        Just(Framing::Length),
        proptest::collection::vec(1..40_usize, 0..5).prop_map(Framing::Chunks),
        Just(Framing::Close),
    ]
}

/// Lines that are passed on, and some that are not.
fn any_fields() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => ("X-[A-C]", "[!-~]([ !-~]{0,10}[!-~])?").prop_map(|(name, value)| format!("{name}:{value}\r\n")),
        1 => "X-[a-c]: \t[!-~]{0,5} ".prop_map(|line| line + "\r\n"),
        1 => select(&["Connection: x-a\r\n", "Connection: keep-alive, X-B\r\n", "Keep-Alive: timeout=5\r\n", "TE: gzip\r\n"])
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
}

fn any_path() -> impl Strategy<Value = String> {
    "(/[a-zA-Z0-9!$%&'()*+,;=:@._~|\"-]{0,6}){1,3}(\\?[a-zA-Z0-9!$&'()*+,;=:@/?._~-]{0,8})?"
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..120)
}

fn any_cuts() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 0..6)
}

/// Frames a body: the fields that say so, and the bytes.
fn framed(body: &[u8], framing: &Framing) -> (String, Vec<u8>) {
    match framing {
        Framing::Length => (format!("Content-Length: {}\r\n", body.len()), body.to_vec()),
        Framing::Close => (String::new(), body.to_vec()),
        Framing::Chunks(sizes) => {
            let (mut bytes, mut rest) = (Vec::new(), body);
            let mut sizes = sizes.iter().copied();
            while !rest.is_empty() {
                let (chunk, behind) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
                bytes.extend(format!("{:x};ext=1\r\n", chunk.len()).into_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
                rest = behind;
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            ("Transfer-Encoding: chunked\r\n".into(), bytes)
        }
    }
}

/// Sends `bytes` cut at these places.
fn send_cut(client: &mut Client, bytes: &[u8], cuts: &[Index]) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut from = 0;
    for to in cuts.into_iter().chain([bytes.len()]) {
        client.send(&bytes[from..to]);
        from = to;
    }
}

/// Tries random values.
fn check<S: Strategy>(values: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&values, test).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_request_in_any_pieces_arrives_as_one_that_can_be_read_in_one_way_rfc9112_11_2() {
    let proxy = ProxyBox::start(&[]);
    // Says back what it heard, and closes.
    let origin = Origin::start(|talk| {
        let mut heard = Vec::new();
        while matches!(Reader::new(&heard).request(), Err(Trouble::Short)) {
            heard.extend(talk.client.exactly(1));
        }
        talk.client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", heard.len()));
        talk.client.send(heard);
    });
    let methods = select(&["GET", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"]);
    check((methods, any_path(), any_fields(), any_body(), any_framing(), any_cuts()), |values| {
        let (method, path, fields, body, framing, cuts) = values;
        // Without a length and without chunks there is no body (RFC 9112 6.3).
        let (framing, body) = match framing {
            Framing::Close => (String::new(), Vec::new()),
            framing => framed(&body, &framing),
        };
        let authority = origin.authority();
        let line = format!("{method} http://{authority}{path} HTTP/1.1\r\nHost: {authority}\r\n");
        let sent = [line.as_bytes(), fields.as_bytes(), framing.as_bytes(), b"\r\n", &body].concat();
        let mut client = proxy.client();
        send_cut(&mut client, &sent, &cuts);
        let head = client.head();
        prop_assert_eq!(head.status(), 200);
        let heard = client.body(&head).0;
        forwarded::check_requests(&heard, authority.parse().unwrap());
        let arrived = Reader::new(&heard).request().unwrap();
        forwarded::check_same_requests(&sent, &[arrived]);
        Ok(())
    });
}

#[test]
fn an_answer_in_any_pieces_arrives_whole_and_can_be_read_in_one_way_rfc9112_6_3() {
    let proxy = ProxyBox::start(&["strip-trackers", "lighter-media"]);
    check((select(&["1.0", "1.1"]), any_fields(), any_body(), any_framing(), any_cuts()), |values| {
        let (version, fields, body, framing, cuts) = values;
        let (length, bytes) = framed(&body, &framing);
        let answer = [format!("HTTP/1.1 200 OK\r\n{fields}{length}\r\n").as_bytes(), &bytes].concat();
        let origin = Origin::start(move |talk| {
            talk.request();
            send_cut(&mut talk.client, &answer, &cuts);
        });
        let authority = origin.authority();
        let mut client = proxy.client();
        client
            .send(format!("GET http://{authority}/ HTTP/{version}\r\nHost: {authority}\r\nConnection: close\r\n\r\n"));
        let answers = forwarded::check_responses(&client.to_end(), End::Closed, &|_| Some(false));
        prop_assert_eq!(answers.whole.len(), 1);
        prop_assert_eq!(&answers.whole[0].content, &body);
        Ok(())
    });
}
