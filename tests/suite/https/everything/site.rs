//! The sites that are visited: one origin under many names and one that speaks HTTP/2, which write down what they are asked.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Response;
use percent_encoding::percent_decode_str;
use tamis_filter::rules::stubs;
use tamis_tests::client::Head;
use tamis_tests::dice::Dice;
use tamis_tests::origin::{Talk, response};
use tamis_tests::tls::h2::{H2Origin, Message};
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::tls::pki::Pki;
use tamis_tests::websocket;

const HOSTS: [&str; 9] = [
    "www.site.test",
    "static.site.test",
    "other.test",
    "frame.test",
    "framed.test",
    "tracker.test",
    "cloaked.example",
    "excepted.example",
    "placed.example",
];

/// The host that is spoken with in HTTP/2.
const HTTP2_HOST: &str = "http2.test";

/// How that is written down.
pub(super) const HTTP2: &str = "HTTP/2";

/// What a page of ours is as a browser writes it down.
pub(super) const FRAME: &str = "<html><head><title>Frame</title></head><body><p class=\"news\">News</p><script>\
     (parent === self ? opener : top).postMessage({ path: location.pathname, search: location.search, \
     html: document.documentElement.outerHTML }, '*')</script></body></html>";

/// How long a large body is.
const LARGE: usize = 1 << 16;

/// What every answer says, and what hosts that are asked across origins let others see.
const FIELDS: [&str; 10] = [
    "Date: Mon, 02 Nov 2026 00:00:00 GMT",
    "X-Track: yes",
    "X-Mine: kept",
    "ETag: \"tag\"",
    "Last-Modified: Sun, 01 Nov 2026 00:00:00 GMT",
    "Cache-Control: no-store",
    "Timing-Allow-Origin: *",
    "Access-Control-Allow-Methods: *",
    "Access-Control-Allow-Headers: *",
    "Access-Control-Expose-Headers: *",
];

/// `METHOD host/path?query`, and the fields, with the body as the last one.
pub(super) type Asked = (String, Vec<String>);

pub(super) struct Site {
    origin: TlsOrigin,
    http2: TlsOrigin,
    /// Where hosts are reached that Tamis looks up by itself; none where it cannot.
    pub(super) port: Option<u16>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Names, or `*.test` for all that end so, and where they are.
pub(super) type Places = [(&'static str, String); 3];

impl Site {
    /// `pages` are whole documents by their paths, and by the port of hosts that are looked up, if there are any.
    pub(super) fn new(
        pki: &Pki,
        looked_up: bool,
        pages: impl Fn(&str, Option<u16>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        // Known before anything is asked.
        let known = Arc::new(OnceLock::new());
        let port = Arc::clone(&known);
        let origin = Setup::new(pki.leaf(&HOSTS)).start(move |talk| {
            let port = *port.wait();
            while let Some((head, body)) = talk.request() {
                let asked = written(&head, &body);
                let target = head.start().split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().unwrap().push(asked);
                match head.get("sec-websocket-key") {
                    Some(key) => return websocket::echo(&mut talk.client, key),
                    None => {
                        send(talk, &head, answer(&target, pages(target.split('?').next().unwrap_or_default(), port)))
                    }
                }
            }
        });
        let http2 = Setup::new(pki.leaf(&[HTTP2_HOST])).and_http2(over_http2(Arc::clone(&asked))).start(|_| {});
        let port = looked_up.then(|| origin.port());
        known.set(port).unwrap();
        Self { origin, http2, port, asked }
    }

    /// Where the hosts are, the first name that fits.
    pub(super) fn places(&self) -> Places {
        let here = self.origin.authority();
        [(HTTP2_HOST, self.http2.authority()), ("*.test", here.clone()), ("*.example", here)]
    }

    /// What was asked of it since this was asked last.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Which of these, as `host/path?query`, it was not asked for.
    pub(super) fn missing(&self, wanted: &[String]) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let addresses: HashSet<&str> = asked.iter().filter_map(|(line, _)| Some(line.split_once(' ')?.1)).collect();
        wanted.iter().filter(|wanted| !addresses.contains(wanted.as_str())).cloned().collect()
    }
}

/// Where `host:port` is.
pub(super) fn place_of(places: &Places, target: &str) -> String {
    let (host, _) = target.rsplit_once(':').expect("a port");
    let fits = |name: &str| name == host || name.strip_prefix('*').is_some_and(|end| host.ends_with(end));
    places.iter().find(|(name, _)| fits(name)).expect("a place").1.clone()
}

/// Answers as the other origin does, but for pages.
fn over_http2(asked: Arc<Mutex<Vec<Asked>>>) -> H2Origin {
    H2Origin::start(move |Message { head, body, .. }| {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let host = format!("host: {}", head.uri.host().unwrap_or_default());
        let fields = head.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let lines = [format!("{} {target} {HTTP2}", head.method), host].into_iter().chain(fields).collect();
        let request = Head { lines };
        asked.lock().unwrap().push(written(&request, &body));
        let (status, fields, body) = answer(target, None);
        assert_eq!(status, None, "{target}");
        let answer = all_fields(&request, &fields).into_iter().fold(Response::builder(), |answer, field| {
            let (name, value) = field.split_once(": ").unwrap();
            answer.header(name, value)
        });
        Message { head: answer.body(()).unwrap(), body: body.into(), trailers: None }
    })
}

/// A request, but for what is another one each time.
fn written(head: &Head, body: &[u8]) -> Asked {
    let mut start = head.start().split(' ');
    let [method, target, version] = [(); 3].map(|()| start.next().unwrap_or_default());
    let host = head.get("host").unwrap_or_default();
    let lowered = |line: &String| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        format!("{}: {}", name.to_ascii_lowercase(), value.trim())
    };
    let other =
        |line: &String| !["host:", "connection:", "sec-websocket-key:"].iter().any(|name| line.starts_with(name));
    let body = (!body.is_empty()).then(|| format!("body: {}", String::from_utf8_lossy(body)));
    let version = (version == HTTP2).then(|| version.to_owned());
    let fields = head.lines.iter().skip(1).map(lowered).filter(other).chain(body).chain(version).collect();
    (format!("{method} {host}{target}"), fields)
}

/// What an answer consists of: its start line where that is not 200, fields and content.
type Answer = (Option<&'static str>, Vec<String>, Vec<u8>);

fn answer(target: &str, page: Option<String>) -> Answer {
    let html = |text: String, field: Option<String>| {
        (None, ["Content-Type: text/html".to_owned()].into_iter().chain(field).collect(), text.into())
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (key, value) = query.split_once('=').unwrap_or_default();
    let value = percent_decode_str(value).decode_utf8_lossy();
    match (path, key) {
        _ if page.is_some() => {
            let field = match path {
                "/strict" => Some("Content-Security-Policy: default-src 'none'"),
                "/framed" => Some("Set-Cookie: track=yes; SameSite=None; Secure; Partitioned"),
                _ => None,
            };
            html(page.unwrap_or_default(), field.map(str::to_owned))
        }
        ("/send" | "/leave", _) => (Some("302 Found"), vec![format!("Location: {value}")], Vec::new()),
        ("/wrap", "frame") => html(format!("<!doctype html><iframe src='{value}'></iframe>"), None),
        ("/wrap", _) => {
            let name = value.split('/').skip(3).collect::<Vec<_>>().join("/");
            let path = name.split('?').next().unwrap_or_default();
            let tell = format!("top.postMessage({{ path: '/{path}', search: naturalWidth, html: '' }}, '*')");
            html(format!("<!doctype html><img src='{value}' onload=\"{tell}\">"), None)
        }
        ("/report", _) => {
            let policy = format!("Content-Security-Policy: frame-src 'none'; report-uri {value}");
            html("<!doctype html><iframe src=/never></iframe>".into(), Some(policy))
        }
        _ => resource(path)
            .map_or_else(|| html(format!("<!DOCTYPE html>{FRAME}"), None), |(fields, body)| (None, fields, body)),
    }
}

/// A part of a page, by its extension; none for a page.
pub(super) fn resource(path: &str) -> Option<(Vec<String>, Vec<u8>)> {
    let (name, extension) = path.strip_prefix('/')?.rsplit_once('.')?;
    let script = "text/javascript";
    let (media_type, body): (&str, Vec<u8>) = match extension {
        "svg" => {
            let part = "<rect id='part' width='7' height='7'/>";
            let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'>{part}</svg>");
            ("image/svg+xml", svg.into())
        }
        "js" => (script, format!("(globalThis.ran ||= []).push('{name}');").into()),
        "mjs" => (script, format!("(globalThis.ran ||= []).push('{name}'); export default 'imported';").into()),
        "wjs" => (script, b"postMessage('ran')".to_vec()),
        "sjs" => (script, b"onconnect = event => event.ports[0].postMessage('ran')".to_vec()),
        "css" => ("text/css", format!(":root {{ --{}: ran }}", name.replace('/', "-")).into()),
        "json" => ("application/json", br#"{"seven":7,"rest":[1]}"#.to_vec()),
        "webmanifest" => ("application/manifest+json", br#"{"name":"Everything"}"#.to_vec()),
        // Made for this: one glyph, a triangle.
        "ttf" => ("font/ttf", include_bytes!("font.ttf").to_vec()),
        "mp4" => ("video/mp4", stubs::answer("noop-1s.mp4")?.body.to_vec()),
        "wav" => ("audio/wav", sound()),
        "vtt" => ("text/vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nx\n".to_vec()),
        "es" => ("text/event-stream", b"data: seven\n\n".to_vec()),
        "wasm" => ("application/wasm", b"\0asm\x01\0\0\0".to_vec()),
        "bin" | "gz" => ("application/octet-stream", Dice::new(7).text(LARGE)),
        "page" | "cookies" => ("text/html", b"<!DOCTYPE html><title>Page</title><link rel=icon href=data:,>".to_vec()),
        "txt" | "csp" => ("text/plain", b"seven".to_vec()),
        _ => return None,
    };
    let mut fields = vec![format!("Content-Type: {media_type}")];
    match extension {
        "gz" => {
            let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
            coder.write_all(&body).unwrap();
            fields.push("Content-Encoding: gzip".into());
            return Some((fields, coder.finish().unwrap()));
        }
        "cookies" => fields.extend(["track", "keep"].map(|name| format!("Set-Cookie: {name}=yes; Path=/cookies"))),
        _ => {}
    }
    Some((fields, body))
}

/// Two seconds of silence: 8000 bytes each, PCM of 8 bits.
fn sound() -> Vec<u8> {
    let samples = [128; 16_000];
    let length = samples.len() as u32;
    let mut wav = [b"RIFF", &(36 + length).to_le_bytes()[..], b"WAVEfmt ", &16_u32.to_le_bytes()].concat();
    for (value, size) in [(1, 2), (1, 2), (8000_u32, 4), (8000, 4), (1, 2), (8, 2)] {
        wav.extend(&value.to_le_bytes()[..size]);
    }
    [&wav, &b"data"[..], &length.to_le_bytes(), &samples].concat()
}

/// What an answer says besides its length; `fields` are its own.
fn all_fields(request: &Head, fields: &[String]) -> Vec<String> {
    // Who may read it: any origin, by name, for some are asked with cookies.
    let origin = request.get("origin").unwrap_or("*");
    let open = format!("Access-Control-Allow-Origin: {origin}");
    FIELDS.into_iter().map(str::to_owned).chain(fields.iter().cloned()).chain([open]).collect()
}

fn send(talk: &mut Talk, head: &Head, (status, fields, body): Answer) {
    let fields = all_fields(head, &fields);
    let whole = response(&fields.iter().map(String::as_str).collect::<Vec<_>>(), &body);
    let whole = match status {
        Some(status) => [b"HTTP/1.1 ", status.as_bytes(), &whole["HTTP/1.1 200 OK".len()..]].concat(),
        None => whole,
    };
    let is_head = head.start().starts_with("HEAD ");
    // A browser that has seen enough hangs up.
    talk.client.try_send(if is_head { &whole[..whole.len() - body.len()] } else { &whole });
}
