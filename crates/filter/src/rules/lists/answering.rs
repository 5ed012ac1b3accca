//! What becomes of a request: sent, answered here, or sent elsewhere.

use http::header::ORIGIN;
use http::uri::Authority;
use http::{Method, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::block_page::{self, Moment};
use super::{LISTS_ID, Lists, TITLE};
use crate::nothing::{escaped, explaining_page, is_program, is_service_worker, lent, nothing};
use crate::rewriting::{self, LEFT_AS_IT_IS};
use crate::rules::context::Context;
use crate::rules::engine::{Hit, Judgement, Ruling};
use crate::rules::{ID, stubs};
use crate::site::site;
use crate::{Answer, Changes, Destination, Part, RequestHead, ResponseHead, Verdict};

/// What cannot stand in a fragment as it is (URL 1.3).
const FRAGMENT: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// Decides about a tunnel, of which only host and port are known.
pub(super) fn tunnel(lists: &Lists, authority: &Authority, changes: &mut Changes) -> Verdict {
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    tunnel_judged(&lists.judge_tunnel(&host), authority, changes)
}

/// Refuses a tunnel that rules stop.
pub(super) fn tunnel_judged(ruling: &Ruling, authority: &Authority, changes: &mut Changes) -> Verdict {
    let (Ruling::Block(hit) | Ruling::StrictBlock(hit)) = ruling else { return Verdict::Forward };
    sign(changes, hit);
    let (before, after) = (Some(authority.to_string()), Some("403".into()));
    changes.add(Part::Answer, hit.rule.clone(), what("Tunnel refused", hit), before, after);
    let why = format!("The rule <code>{}</code> stops it.", escaped(&hit.rule));
    Verdict::Answer(explaining_page(TITLE, &why))
}

/// Answers a request for an address of our own on somebody else's site.
pub(super) fn own_answer(lists: &Lists, request: &RequestHead) -> Option<Answer> {
    block_page::own_answer(&lists.standing, request)
}

/// Does what the rules want of a request. A client that `stays` is sent nowhere else.
pub(super) fn request(
    lists: &Lists,
    judgement: &Judgement,
    context: &Context,
    stays: bool,
    request: &mut RequestHead,
    changes: &mut Changes,
) -> Verdict {
    let rewrite = judgement.rewrite.as_ref().and_then(|(to, hits)| Some((Way::to(lists, context, request, to)?, hits)));
    if let Ruling::Block(hit) | Ruling::StrictBlock(hit) = &judgement.ruling
        && !has_pass(lists, context)
    {
        // A link that leads through a stopped host to a page elsewhere is followed there at once, by the client: what is stopped
        // is never sent.
        let is_link = |way: &Way| {
            is_page(context, request) && way.redirect.is_some() && way.to.host() != request.target.host() && !stays
        };
        return match rewrite.filter(|(way, _)| is_link(way)) {
            Some((way, hits)) => rewritten(request, way, hits, changes),
            None => stopped(lists, hit, judgement.stub.as_ref(), (context, request), Moment::Before, changes),
        };
    }
    match rewrite {
        Some((Way { redirect: Some(_), .. }, hits)) if stays => {
            record_rewrite(hits, LEFT_AS_IT_IS, request.target.to_string(), None, changes);
            Verdict::Forward
        }
        Some((way, hits)) => rewritten(request, way, hits, changes),
        None => Verdict::Forward,
    }
}

/// Whether a person wanted to see the page all the same, or this is a part of a page that was opened so, from its own site.
fn has_pass(lists: &Lists, context: &Context) -> bool {
    let passes = lists.standing.passes();
    if context.destination == Destination::Page {
        return passes.opens(context.host());
    }
    context.source.as_deref().is_some_and(|page| site(page) == site(context.host()) && passes.is_open(page))
}

/// Stops a request that was let pass before its host was looked up.
pub(super) fn resolved(
    lists: &Lists,
    judgement: &Judgement,
    context: &Context,
    request: &RequestHead,
    changes: &mut Changes,
) -> Verdict {
    match &judgement.ruling {
        Ruling::Block(hit) | Ruling::StrictBlock(hit) if !has_pass(lists, context) => {
            stopped(lists, hit, judgement.stub.as_ref(), (context, request), Moment::Before, changes)
        }
        _ => Verdict::Forward,
    }
}

/// Answers in place of the origin.
fn stopped(
    lists: &Lists,
    hit: &Hit,
    stub: Option<&(String, Hit)>,
    (context, request): (&Context, &RequestHead),
    moment: Moment,
    changes: &mut Changes,
) -> Verdict {
    let (answer, hit) = if is_page(context, request) {
        (block_page::page(&lists.standing, &request.target, hit, moment), hit)
    } else {
        stub_or_nothing(stub, hit, context, request)
    };
    sign(changes, hit);
    let (before, after) = (request.target.to_string(), answer.status.as_str().to_owned());
    changes.add(Part::Answer, hit.rule.clone(), what("Request answered here", hit), Some(before), Some(after));
    Verdict::Answer(answer)
}

/// The stub that a rule names, or else the right kind of nothing, and the rule that speaks for it.
fn stub_or_nothing<'a>(
    stub: Option<&'a (String, Hit)>,
    hit: &'a Hit,
    context: &Context,
    request: &RequestHead,
) -> (Answer, &'a Hit) {
    // A stand-in would stay with the site in place of its own worker.
    let of_browsers = stub.filter(|_| !is_program(request) && !is_service_worker(request));
    let named = of_browsers.and_then(|(name, hit)| Some((lent(request, stubs::answer(name)?), hit)));
    named.unwrap_or_else(|| (nothing(request, context.destination), hit))
}

/// How a request gets to another address.
struct Way {
    to: Uri,
    /// The same as it is told to the client, with the fragment that no request has.
    address: String,
    /// Sends the client there, which sees the address then; none where the request goes there silently.
    redirect: Option<Answer>,
}

impl Way {
    /// The way to an address: to one of the web that is another one, where nothing signs this one, and whose site does not send
    /// back. None where there is none that may be taken.
    ///
    /// Who sees the address is told of it, so that the address bar, bookmarks and scripts have the clean one; the parts of a
    /// page go there silently. To another host only the client itself can go; and not for what a script asks across origins,
    /// which would get there without the name of its page (Fetch 4.4). A frame may name an origin too, where it had cookies
    /// of its own once (Storage Access Headers), but needs nobody's leave.
    fn to(lists: &Lists, context: &Context, request: &RequestHead, written: &str) -> Option<Self> {
        let (before_fragment, fragment) = written.split_once('#').map_or((written, None), |(to, at)| (to, Some(at)));
        let to: Uri = before_fragment.parse().ok()?;
        let is_web =
            matches!(to.scheme_str(), Some("http" | "https")) && to.host().is_some_and(|host| !host.is_empty());
        let another = is_web && to != request.target && rewriting::is_free(request);
        let insists = || lists.standing.circles().insists(request, context.destination, &to);
        if !another || request.fields.has("sec-websocket-key") || insists() {
            return None;
        }
        let same_origin = to.scheme() == request.target.scheme() && to.authority() == request.target.authority();
        let is_seen =
            matches!(context.destination, Destination::Page | Destination::Frame) && request.method == Method::GET;
        let navigates = request.fields.text("sec-fetch-mode") == Some("navigate");
        let asks_across = request.fields.has(ORIGIN) && !navigates;
        let fragment = fragment.map(|fragment| format!("#{}", utf8_percent_encode(fragment, FRAGMENT)));
        let address = format!("{to}{}", fragment.unwrap_or_default());
        let redirect = match (is_seen || !same_origin) && !asks_across {
            true => rewriting::redirect(&address),
            false => None,
        };
        (same_origin || redirect.is_some()).then_some(Self { to, address, redirect })
    }
}

/// Sends a request elsewhere.
fn rewritten(request: &mut RequestHead, way: Way, hits: &[Hit], changes: &mut Changes) -> Verdict {
    record_rewrite(hits, "Address rewritten", request.target.to_string(), Some(way.address), changes);
    match way.redirect {
        Some(answer) => Verdict::Answer(answer),
        None => {
            request.target = way.to;
            Verdict::Forward
        }
    }
}

fn record_rewrite(hits: &[Hit], happened: &str, before: String, after: Option<String>, changes: &mut Changes) {
    let rules: Vec<&str> = hits.iter().map(|hit| hit.rule.as_str()).collect();
    if let Some(hit) = hits.first() {
        sign(changes, hit);
        changes.add(Part::Target, rules.join("\n"), what(happened, hit), Some(before), after);
    }
}

/// Puts the right kind of nothing in place of an answer that a rule about answers stops.
pub(super) fn stopped_late(
    lists: &Lists,
    hit: &Hit,
    context: &Context,
    request: &RequestHead,
    changes: &mut Changes,
) -> Verdict {
    if has_pass(lists, context) {
        return Verdict::Forward;
    }
    stopped(lists, hit, None, (context, request), Moment::After, changes)
}

/// Looks at an answer for what the request did not tell: what it is, and whether its site goes round in circles.
pub(super) fn response(
    lists: &Lists,
    judgement: &mut Judgement,
    context: &mut Context,
    (request, response): (&RequestHead, &ResponseHead),
    changes: &mut Changes,
) -> Verdict {
    note_circles(lists, context, request, response);
    let told = response.media_type().and_then(|media_type| Destination::of_media_type(&media_type));
    if context.destination != Destination::Unknown {
        return Verdict::Forward;
    }
    let Some(told) = told else { return Verdict::Forward };
    *context = context.wanted_for(told);
    *judgement = lists.judge(context);
    match &judgement.ruling {
        Ruling::Block(hit) if !has_pass(lists, context) => {
            stopped(lists, hit, judgement.stub.as_ref(), (context, request), Moment::After, changes)
        }
        _ => Verdict::Forward,
    }
}

/// A site sends on to an address that would be rewritten.
fn note_circles(lists: &Lists, context: &Context, request: &RequestHead, response: &ResponseHead) {
    if let Some(location) = rewriting::location(request, response.status, &response.fields)
        && let Some((to, _)) = lists.judge(&context.redirected(&location)).rewrite
        && let Ok(to) = to.parse()
    {
        lists.standing.circles().redirected(&request.target, &location, &to);
    }
}

/// Whether a person sees the answer in a tab.
fn is_page(context: &Context, request: &RequestHead) -> bool {
    context.destination == Destination::Page && request.method != Method::OPTIONS
}

/// Changes are the profile's whose list the rule is of.
pub(super) fn sign(changes: &mut Changes, hit: &Hit) {
    changes.sign(if hit.list == ID { ID } else { LISTS_ID });
}

/// What happened, and by which list; the user's own rules speak for themselves.
pub(super) fn what(happened: &str, hit: &Hit) -> String {
    if hit.list == ID { happened.to_owned() } else { format!("{happened}, by {}", hit.list) }
}

#[cfg(test)]
#[path = "answering_tests.rs"]
mod tests;
