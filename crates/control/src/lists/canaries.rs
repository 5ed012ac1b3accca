//! Ordinary requests and pages that no list is to stop, to send elsewhere or to hide.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderValue, SERVER};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Deserialize;
use tamis_filter::rules::{Context, Engine, Hit, Judgement, PageRules, Ruling};
use tamis_filter::{Destination, Fields, Resolved, ResponseHead};

use super::hiding::{hides, hides_all};
use super::text::shown;

/// How long it may take to judge one of them, on the wall; by well-known lists it takes some hundredths of a millisecond, so that a
/// slow machine has its time too. Programs that are built for debugging are slower.
const SLOW: Duration = Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 10 });

/// In how many attempts one has to be judged within that time: a machine that has something else to do is no fault of the list. With
/// sixty-four busy programs on two cores one attempt in seven hundred takes longer, and hardly ever two in a row.
const ATTEMPTS: usize = 8;

/// Requests that no list is to stop, nor to send elsewhere: the address, the page that asks, and what for.
const CANARIES: &[(&str, Option<&str>, Destination)] = &[
    ("https://en.wikipedia.org/wiki/Sieve", None, Destination::Page),
    ("https://www.debian.org/", None, Destination::Page),
    ("https://www.rfc-editor.org/rfc/rfc9110.html", None, Destination::Page),
    ("https://www.bbc.co.uk/news", None, Destination::Page),
    ("https://www.spiegel.de/", None, Destination::Page),
    ("https://www.lemonde.fr/", None, Destination::Page),
    ("https://www.nhk.or.jp/", None, Destination::Page),
    ("https://www.google.com/search?q=sieve", None, Destination::Page),
    ("https://github.com/", None, Destination::Page),
    ("https://www.php.net/manual/en/", None, Destination::Page),
    ("http://example.com/", None, Destination::Page),
    ("http://tamis.internal/", None, Destination::Page),
    ("http://192.168.1.1/", None, Destination::Page),
    ("https://parts.example.net/app.js", Some("https://www.example.org/"), Destination::Script),
    ("https://parts.example.net/app.css", Some("https://www.example.org/"), Destination::Style),
    ("https://parts.example.net/text.woff2", Some("https://www.example.org/"), Destination::Font),
    ("https://parts.example.net/data.json", Some("https://www.example.org/"), Destination::Fetch),
    ("https://parts.example.net/frame.html", Some("https://www.example.org/"), Destination::Frame),
    ("https://parts.example.net/film.mp4", Some("https://www.example.org/"), Destination::Media),
    (
        "https://en.wikipedia.org/static/images/project-logos/enwiki.png",
        Some("https://en.wikipedia.org/"),
        Destination::Image,
    ),
    (
        "https://upload.wikimedia.org/wikipedia/commons/a/a9/Example.jpg",
        Some("https://en.wikipedia.org/"),
        Destination::Image,
    ),
    ("https://www.debian.org/debian.css", Some("https://www.debian.org/"), Destination::Style),
    ("https://www.example.org/app.js", Some("https://www.example.org/"), Destination::Script),
    ("https://api.github.com/users", Some("https://github.com/"), Destination::Fetch),
    ("https://www.example.net/clip.mp4", Some("https://www.example.net/"), Destination::Media),
    ("https://www.example.net/body.woff2", Some("https://www.example.net/"), Destination::Font),
];

/// Where the hosts of all of them are, as far as rules about addresses are concerned, and what one of them is called there.
const RESOLVED: Resolved<'_> = Resolved {
    canonical: Some("edge.parts.example.net"),
    addresses: &[
        IpAddr::V4(Ipv4Addr::new(192, 0, 43, 8)),
        IpAddr::V6(Ipv6Addr::new(0x2620, 0, 0x2830, 0x200, 0, 0, 0xb, 9)),
    ],
};

/// Looks what becomes of them.
///
/// # Errors
/// What would happen to one of them, as a clause.
pub(super) fn live(engine: &Engine) -> Result<(), String> {
    for (url, page, destination) in CANARIES {
        let Some(request) = Context::named(url, *page, *destination, Method::GET) else { continue };
        let judgement =
            done_within(SLOW, || engine.judge(&request)).ok_or("its rules take too long to judge a request by")?;
        let tunnel = url.parse::<Uri>().ok().and_then(|url| Some(engine.judge_tunnel(None, url.host()?)));
        let stopped = tunnel.and_then(stops).or_else(|| stopped(engine, &request, &judgement, *destination));
        if let Some(hit) = stopped {
            return Err(format!("the rule {} would stop {url}", shown(&hit.rule)));
        }
        if let Some((to, _)) = judgement.rewrite {
            return Err(format!("it would send {url} to {}", shown(&to)));
        }
        if *destination == Destination::Page
            && let Some(rule) = hidden(&engine.page(&request))
        {
            return Err(format!("the rule {} would hide a whole page, as {url}", shown(&rule)));
        }
    }
    Ok(())
}

/// Does something until it is done once within `limit`; nothing where it takes longer each time.
fn done_within<T>(limit: Duration, mut work: impl FnMut() -> T) -> Option<T> {
    (0..ATTEMPTS).find_map(|_| {
        let begun = Instant::now();
        let done = work();
        (begun.elapsed() <= limit).then_some(done)
    })
}

/// What stops a request: as it is sent, as soon as its host was looked up, or by its answer.
fn stopped(engine: &Engine, request: &Context, judgement: &Judgement, destination: Destination) -> Option<Hit> {
    stops(judgement.ruling.clone())
        .or_else(|| stops(engine.judge_resolved(None, request, &RESOLVED).ruling))
        .or_else(|| stops(engine.judge_answer(None, request, judgement, &answer(destination))))
}

fn stops(ruling: Ruling) -> Option<Hit> {
    match ruling {
        Ruling::Block(hit) | Ruling::StrictBlock(hit) => Some(hit),
        Ruling::Allow | Ruling::Exception(_) => None,
    }
}

/// An answer as servers give it.
fn answer(destination: Destination) -> ResponseHead {
    let media_type = match destination {
        Destination::Page | Destination::Frame => "text/html; charset=utf-8",
        Destination::Script => "text/javascript",
        Destination::Style => "text/css",
        Destination::Image => "image/png",
        Destination::Media => "video/mp4",
        Destination::Font => "font/woff2",
        _ => "application/json",
    };
    let fields = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "max-age=300"),
        (DATE, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (SERVER, "nginx"),
    ];
    let fields = fields.map(|(name, value)| (name, HeaderValue::from_static(value)));
    ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(HeaderMap::from_iter(fields)) }
}

/// The selector that hides all of a page, or takes it out of it.
fn hidden(page: &PageRules) -> Option<String> {
    let hidden = page.hide.iter().find(|selector| hides_all(selector));
    let styled = || page.style.iter().find(|(selector, style)| hides(style) && hides_all(selector)).map(|(it, _)| it);
    let taken_out = || page.html.iter().find(|rule| rule.has_text.is_empty() && hides_all(&rule.selector));
    let procedural = || page.procedural.iter().find(|rule| takes_all_out(rule));
    let of_css = hidden.or_else(styled).or_else(|| taken_out().map(|rule| &rule.rule));
    of_css.or_else(procedural).cloned()
}

/// Whether a rule beyond CSS ([`PageRules::procedural`]) hides all of a page, or takes it out, whatever is in it.
fn takes_all_out(rule: &str) -> bool {
    #[derive(Deserialize)]
    struct Rule {
        selector: Vec<Step>,
        action: Option<Step>,
    }
    #[derive(Deserialize)]
    struct Step {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        arg: serde_json::Value,
    }
    let Ok(Rule { selector, action }) = serde_json::from_str(rule) else { return false };
    let goes = action.is_none_or(|action| action.kind == "remove" || action.arg.as_str().is_some_and(hides));
    let [step] = selector.as_slice() else { return false };
    goes && step.kind == "css-selector" && step.arg.as_str().is_some_and(hides_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(20);

    /// As a machine takes that does something else in between.
    fn long() {
        let begun = Instant::now();
        while begun.elapsed() <= LIMIT {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_machine_that_was_busy_a_few_times_is_no_fault_of_a_list() {
        for busy in 0..ATTEMPTS / 2 {
            let mut attempts = 0;
            let done = done_within(LIMIT, || {
                attempts += 1;
                if attempts <= busy {
                    long();
                }
            });
            assert!(done.is_some(), "busy {busy} times");
        }
    }

    #[test]
    fn what_takes_long_each_time_is() {
        assert_eq!(done_within(LIMIT, long), None);
    }
}
