//! The page that a person meets in place of one that a rule stops, and the ways on from there.
//!
//! Its buttons post to addresses on the stopped site itself, which are answered here and never get there. Each has a token
//! made of the run's secret and the host: who is on another site cannot name it, and who learned that of one host knows
//! nothing of another's. To everybody else such an address is one like any other.

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use sha2::{Digest, Sha256};

use crate::nothing::escaped;
use crate::rules::ID;
use crate::rules::engine::Hit;
use crate::standing::{Standing, Wish};
use crate::{Answer, RequestHead};

/// Where our own addresses are on a site (RFC 8615).
const PLACE: &str = "/.well-known/";

/// How much of an address or a rule is shown, in characters.
const SHOWN: usize = 300;

/// Not stored, not framed (a click is to be meant), no script, nothing of it in a `Referer`, and nobody's who opened it in a
/// window of his (HTML 7.1.3): a page of the same host that was opened once could read it there. Over plain HTTP such a page
/// can ask for it like a browser, and allow its own site; other sites cannot.
const FIELDS: [(HeaderName, HeaderValue); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

const STYLE: &str = include_str!("block_page.css");

/// When a page is stopped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// Before it is asked for.
    Before,
    /// When its answer came.
    After,
}

impl Moment {
    /// What the origin knows, for a person.
    fn told(self) -> &'static str {
        match self {
            Self::Before => "the request did not get there",
            Self::After => "nothing of what the site answered got here",
        }
    }
}

/// The page in place of `target`, which `hit` stops.
pub(super) fn page(standing: &Standing, target: &Uri, hit: &Hit, moment: Moment) -> Answer {
    let host = target.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let token = token(standing, &host);
    let path = escaped(target.path_and_query().map_or("/", |path| path.as_str()));
    let (host, address) = (escaped(&host), escaped(&shown(&target.to_string())));
    let (rule, list) = (escaped(&shown(&hit.rule)), escaped(if hit.list == ID { "My rules" } else { &hit.list }));
    let told = moment.told();
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>Tamis stopped {host}</title><style>{STYLE}</style></head><body><main>\
         <p class=\"brand\">{SIEVE}Tamis</p>\
         <h1>This page was stopped</h1>\
         <p class=\"lead\">A rule stops this page of <b>{host}</b>. Tamis answers in its place, so {told}.</p>\
         <dl><div><dt>Address</dt><dd>{address}</dd></div><div><dt>Rule</dt><dd>{rule}</dd></div>\
         <div><dt>List</dt><dd class=\"word\">{list}</dd></div></dl>\
         <div class=\"ways\">\
         <form method=\"post\" action=\"{PLACE}{token}/open{path}\"><button class=\"go\">Open it once</button>\
         <p>The lists stay as they are.</p></form>\
         <form method=\"post\" action=\"{PLACE}{token}/allow{path}\"><button>Allow this site</button>\
         <p>No filtering here, until you change that in Tamis.</p></form>\
         </div></main></body></html>\n"
    );
    let mut answer = Answer::new(StatusCode::FORBIDDEN, Some("text/html; charset=utf-8"), page);
    for (name, value) in FIELDS {
        // None of these is refused.
        let _ = answer.fields.set(name, value);
    }
    answer
}

/// The answer to a request for one of our own addresses, after which the wish is granted; none where it is the site's.
pub(super) fn own_answer(standing: &Standing, request: &RequestHead) -> Option<Answer> {
    let address = request.target.path_and_query()?.as_str();
    let (shown, rest) = address.strip_prefix(PLACE)?.split_once('/')?;
    let host = request.host().trim_end_matches('.').to_owned();
    if standing.secret().is_empty() || shown.len() != TOKEN || shown != token(standing, &host) {
        return None;
    }
    let (wish, path) = rest.split_at(rest.find('/')?);
    if is_meant(request) {
        match wish {
            "open" => standing.passes().give(&host),
            "allow" => {
                // What it takes to turn filtering off may come after the page is asked for again.
                standing.passes().give(&host);
                standing.tell(Wish::AllowSite { host });
            }
            _ => {}
        }
    }
    // Back to where it began, whatever came of it; with GET (RFC 9110 15.4.4).
    let (scheme, authority) = (request.target.scheme_str()?, request.target.authority()?);
    let location = HeaderValue::try_from(format!("{scheme}://{authority}{path}")).ok()?;
    let mut answer = Answer::new(StatusCode::SEE_OTHER, None, Bytes::new());
    answer.fields.set(LOCATION, location).ok()?;
    answer.fields.set(REFERRER_POLICY, HeaderValue::from_static("no-referrer")).ok()?;
    Some(answer)
}

/// A button was pressed, on our own page as far as the browser says so.
fn is_meant(request: &RequestHead) -> bool {
    let from = request.fields.text("sec-fetch-site");
    request.method == Method::POST && from.is_none_or(|from| from == "same-origin")
}

/// Letters and digits of a token.
const TOKEN: usize = 32;

/// What names our addresses on this host, in this run.
fn token(standing: &Standing, host: &str) -> String {
    let digest = Sha256::new().chain_update(standing.secret()).chain_update([0]).chain_update(host).finalize();
    digest.iter().take(TOKEN / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// As much of a long text as is worth reading.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

const SIEVE: &str = "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\"><rect x=\"1\" y=\"1\" width=\"30\" height=\"30\" rx=\"7\" \
    class=\"plate\"/><g class=\"sieve\"><circle cx=\"10.6\" cy=\"8.6\" r=\"1.45\"/><circle cx=\"16\" cy=\"6.9\" r=\"1.45\"/>\
    <circle cx=\"21.4\" cy=\"8.6\" r=\"1.45\"/><path d=\"M7 12.6h18a1 1 0 0 1 1 1a10 10 0 0 1-20 0a1 1 0 0 1 1-1z\"/></g>\
    <g class=\"plate\"><circle cx=\"11.2\" cy=\"16.2\" r=\"1.3\"/><circle cx=\"16\" cy=\"16.2\" r=\"1.3\"/>\
    <circle cx=\"20.8\" cy=\"16.2\" r=\"1.3\"/><circle cx=\"13.6\" cy=\"19.8\" r=\"1.3\"/>\
    <circle cx=\"18.4\" cy=\"19.8\" r=\"1.3\"/></g></svg>";
