//! *Strip trackers*: tracking parameters leave the address, and hosts that only track are answered here.

use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, PathAndQuery};

use crate::nothing::{empty_answer, escaped, explaining_page};
use crate::rewriting::{self, Circles, LEFT_AS_IT_IS, redirect};
use crate::{
    Card, Changes, Destination, Filter, Part, Profile, RequestHead, ResponseHead, Service, Verdict,
};
use crate::site::host;

const TITLE: &str = "Strip trackers";

/// Query parameters that only tell a site which click or mailing brought the visitor.
const PARAMETERS: &[&str] = &[
    "__hsfp", "__hssc", "__hstc", "_branch_match_id", "_branch_referrer", "_hsenc", "_hsmi", "_openstat", "dclid",
    "fb_action_ids", "fb_action_types", "fb_source", "fbclid", "gad_campaignid", "gad_source", "gbraid", "gclid",
    "gclsrc", "hsctatracking", "igsh", "igshid", "irclickid", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok",
    "ml_subscriber", "ml_subscriber_hash", "msclkid", "oly_anon_id", "oly_enc_id", "rb_clickid", "s_kwcid", "srsltid",
    "ttclid", "twclid", "vero_conv", "vero_id", "wbraid", "wickedid", "yclid", "ysclid",
];

/// Families of such parameters.
const PARAMETER_PREFIXES: &[&str] = &["utm_"];

/// Hosts whose only service is to count, measure or profile visitors, or to carry advertisements that do; their
/// subdomains count too. Hosts that pages need in order to work do not belong here, nor the sites of the firms behind
/// them, where people go on purpose.
const TRACKER_HOSTS: &[&str] = &[
    "2mdn.net", "2o7.net", "adform.net", "adnxs.com", "adsrvr.org", "amazon-adsystem.com", "amplify.outbrain.com",
    "api-js.mixpanel.com", "api.mixpanel.com", "api.segment.io", "bat.bing.com", "bidder.criteo.com",
    "bidswitch.net", "bluekai.com", "c.statcounter.com", "casalemedia.com", "cdn.luckyorange.com",
    "cdn.mouseflow.com", "cdn.mxpnl.com", "cdn.segment.com", "cdn.taboola.com", "chartbeat.net", "clarity.ms",
    "clicktale.net", "criteo.net", "crwdcntrl.net", "demdex.net", "dis.criteo.com", "doubleclick.net",
    "edge.fullstory.com", "everesttech.net", "exelator.com", "google-analytics.com", "googleadservices.com",
    "googlesyndication.com", "gum.criteo.com", "heapanalytics.com", "hotjar.io", "in.hotjar.com", "krxd.net",
    "log.outbrain.com", "mathtag.com", "moatads.com", "o2.mouseflow.com", "omtrdc.net", "openx.net",
    "p1.parsely.com", "pixel.parsely.com", "pubmatic.com", "quantcount.com", "quantserve.com", "rec.smartlook.com",
    "rlcdn.com", "rs.fullstory.com", "rubiconproject.com", "scorecardresearch.com", "script.crazyegg.com",
    "script.hotjar.com", "secure.statcounter.com", "sharethrough.com", "smartadserver.com", "sslwidget.criteo.com",
    "static.chartbeat.com", "static.hotjar.com", "tapad.com", "tr.outbrain.com", "trc.taboola.com",
    "vars.hotjar.com", "web-sdk.smartlook.com", "widget.criteo.com", "widgets.outbrain.com", "yieldmo.com",
    "zemanta.com",
];

pub(super) fn profile() -> StripTrackers {
    StripTrackers::default()
}

/// The profile.
#[derive(Default)]
pub(super) struct StripTrackers {
    circles: Circles,
}

impl Profile for StripTrackers {
    fn card(&self) -> Card {
        Card {
            id: "strip-trackers",
            title: TITLE,
            summary: "No click ids, no tracker hosts",
            tag: "trackers",
            service: Service::AnonymityFiltering,
            on_by_default: true,
        }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Stripper { profile: self, stays: false })
    }
}

struct Stripper {
    profile: Arc<StripTrackers>,
    /// The client is not sent elsewhere.
    stays: bool,
}

impl Filter for Stripper {
    fn tunnel(&mut self, authority: &Authority, changes: &mut Changes) -> Verdict {
        let Some(tracker) = tracker_host(authority.host()) else { return Verdict::Forward };
        let what = "Tunnel to a tracker refused";
        changes.add(Part::Answer, format!("host {tracker}"), what, Some(authority.to_string()), Some("403".into()));
        Verdict::Answer(explaining_page(TITLE, &why(authority.host())))
    }

    fn stay(&mut self) {
        self.stays = true;
    }

    fn request(&mut self, request: &mut RequestHead, changes: &mut Changes) -> Verdict {
        if let Some(tracker) = host(&request.target).and_then(tracker_host) {
            let answer = empty_answer(request, request.destination(), TITLE, &why(&request.host()));
            let (before, after) = (request.target.to_string(), answer.status.as_str().to_owned());
            let what = "Tracker answered here";
            changes.add(Part::Answer, format!("host {tracker}"), what, Some(before), Some(after));
            return Verdict::Answer(answer);
        }
        let Some(cleaned) = clean(&request.target).filter(|_| rewriting::is_free(request)) else {
            return Verdict::Forward;
        };
        let destination = request.destination();
        if self.profile.circles.insists(request, destination, &cleaned.target) {
            return Verdict::Forward;
        }
        let is_page = destination == Destination::Page;
        let rule = format!("query parameter {}", cleaned.removed.join(", "));
        let before = Some(request.target.to_string());
        if is_page && self.stays {
            changes.add(Part::Target, rule, LEFT_AS_IT_IS, before, None);
            return Verdict::Forward;
        }
        let what = match cleaned.removed.len() {
            1 => "Tracking parameter removed".into(),
            many => format!("{many} tracking parameters removed"),
        };
        let after = cleaned.target.to_string();
        changes.add(Part::Target, rule, what, before, Some(after.clone()));
        // A page is redirected, so that the address bar, bookmarks and scripts see the clean address too.
        if is_page && let Some(redirect) = redirect(&after)
        {
            return Verdict::Answer(redirect);
        }
        request.target = cleaned.target;
        Verdict::Forward
    }

    fn response(&mut self, request: &RequestHead, response: &mut ResponseHead, _: &mut Changes) -> Verdict {
        if let Some(location) = rewriting::location(request, response.status, &response.fields)
            && let Some(cleaned) = clean(&location)
        {
            self.profile.circles.redirected(&request.target, &location, &cleaned.target);
        }
        Verdict::Forward
    }
}

/// Whether `host`, or one that it lies below, only counts, measures or profiles visitors.
pub fn is_tracker(host: &str) -> bool {
    tracker_host(host).is_some()
}

/// The entry of [`TRACKER_HOSTS`] that `host` is or lies below.
fn tracker_host(host: &str) -> Option<&'static str> {
    let host = host.trim_end_matches('.');
    // No tracker is an address; and most hosts come in lower case.
    if host.ends_with(|last: char| last.is_ascii_digit() || last == ']') {
        return None;
    }
    let lower = host.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| host.to_ascii_lowercase());
    let mut rest = lower.as_deref().unwrap_or(host);
    loop {
        if let Ok(at) = TRACKER_HOSTS.binary_search(&rest) {
            return TRACKER_HOSTS.get(at).copied();
        }
        rest = rest.split_once('.')?.1;
    }
}

struct Cleaned {
    target: Uri,
    removed: Vec<String>,
}

/// The target without tracking parameters, every other octet kept; `None` where there is nothing to remove.
fn clean(target: &Uri) -> Option<Cleaned> {
    let query = target.query()?;
    let parts: Vec<&str> = query.split('&').collect();
    // Where a site separates parameters in another way, what looks like a value may hold others.
    let one_parameter = |part: &str| !part.contains([';', '?']);
    let (tracking, kept): (Vec<&str>, Vec<&str>) =
        parts.into_iter().partition(|part| one_parameter(part) && is_tracking(&name_of(part)));
    if tracking.is_empty() || rewriting::has_signature(query) {
        return None;
    }
    let path = target.path();
    let path_and_query =
        if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    let mut parts = target.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    let mut removed: Vec<String> = tracking.iter().map(|part| name_of(part)).collect();
    removed.dedup();
    Some(Cleaned { target: Uri::from_parts(parts).ok()?, removed })
}

fn name_of(parameter: &str) -> String {
    parameter.split('=').next().unwrap_or_default().to_ascii_lowercase()
}

fn is_tracking(name: &str) -> bool {
    PARAMETERS.binary_search(&name).is_ok() || PARAMETER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// For a person who meets a tracker's address in a tab.
fn why(host: &str) -> String {
    format!("{} is a host that only tracks or advertises.", escaped(host))
}

#[cfg(test)]
mod tests {
    use http::header::{self, HeaderValue};
    use http::{Method, StatusCode};

    use super::*;
    use crate::Fields;

    fn request(method: Method, target: &str, accept: &'static str) -> RequestHead {
        let mut map = http::HeaderMap::new();
        map.insert(header::ACCEPT, HeaderValue::from_static(accept));
        RequestHead { method, target: target.parse().unwrap(), fields: Fields::from_wire(map) }
    }

    /// Runs a sub-resource request through the profile and compares the target that is sent.
    #[track_caller]
    fn check(before: &str, after: &str) {
        let mut request = request(Method::GET, before, "*/*");
        let mut changes = Changes::default();
        let verdict = Arc::new(profile()).filter().request(&mut request, &mut changes);
        assert!(matches!(verdict, Verdict::Forward));
        assert_eq!(request.target.to_string(), after);
        assert_eq!(changes.is_empty(), before == after, "a change is recorded exactly when there is one");
    }

    #[test]
    fn tracking_parameters_go_and_everything_else_stays_to_the_octet() {
        check("http://a.test/p?utm_source=x&id=1", "http://a.test/p?id=1");
        check("http://a.test/p?id=1&gclid=abc", "http://a.test/p?id=1");
        check("http://a.test/p?fbclid=abc", "http://a.test/p");
        check("http://a.test/?q=a%20b+c&&x&FBCLID=1&y=", "http://a.test/?q=a%20b+c&&x&y=");
        check("http://a.test/p?gclidx=1&mygclid=2", "http://a.test/p?gclidx=1&mygclid=2");
        check("http://a.test/gclid=1", "http://a.test/gclid=1");
        check("http://a.test/p?", "http://a.test/p?");
        // Other separators: nothing that may be something else is taken away.
        check("http://a.test/?utm_source=x;id=5", "http://a.test/?utm_source=x;id=5");
        check("http://a.test/?utm_source=1?b=2&gclid=3", "http://a.test/?utm_source=1?b=2");
    }

    #[test]
    fn signed_addresses_are_left_alone() {
        check("http://a.test/p?utm_source=x&X-Amz-Signature=1", "http://a.test/p?utm_source=x&X-Amz-Signature=1");
        check("http://a.test/p?gclid=1&oauth_signature=x", "http://a.test/p?gclid=1&oauth_signature=x");
        for (name, value) in [("authorization", "AWS4-HMAC-SHA256 Credential=x"), ("signature-input", "sig1=()")] {
            let mut map = http::HeaderMap::new();
            map.insert(name, HeaderValue::from_static(value));
            let target = "http://a.test/?gclid=1".parse().unwrap();
            let mut request = RequestHead { method: Method::GET, target, fields: Fields::from_wire(map) };
            let _ = Arc::new(profile()).filter().request(&mut request, &mut Changes::default());
            assert_eq!(request.target, "http://a.test/?gclid=1", "{name}");
        }
    }

    #[test]
    fn a_post_is_never_rewritten() {
        let mut request = request(Method::POST, "http://a.test/?gclid=1", "text/html");
        let mut changes = Changes::default();
        assert!(matches!(Arc::new(profile()).filter().request(&mut request, &mut changes), Verdict::Forward));
        assert_eq!(request.target, "http://a.test/?gclid=1");
        assert!(changes.is_empty());
    }

    #[test]
    fn a_page_is_redirected_to_its_clean_address() {
        let mut request = request(Method::GET, "http://a.test/p?gclid=1&id=2", "text/html,*/*");
        let verdict = Arc::new(profile()).filter().request(&mut request, &mut Changes::default());
        let Verdict::Answer(answer) = verdict else { panic!("not answered") };
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(answer.fields.text(header::LOCATION), Some("http://a.test/p?id=2"));
    }

    fn redirecting(location: &str) -> ResponseHead {
        let mut map = http::HeaderMap::new();
        map.insert(header::LOCATION, HeaderValue::try_from(location).unwrap());
        ResponseHead { status: StatusCode::FOUND, fields: Fields::from_wire(map) }
    }

    /// What becomes of a request for `target` after `from` was redirected to `location`, `rounds` times.
    fn after_redirects(from: &str, location: &str, rounds: usize, target: &str) -> String {
        let profile = Arc::new(profile());
        for _ in 0..rounds {
            let from = request(Method::GET, from, "*/*");
            let _ = Arc::clone(&profile).filter().response(&from, &mut redirecting(location), &mut Changes::default());
        }
        let mut request = request(Method::GET, target, "*/*");
        let _ = profile.filter().request(&mut request, &mut Changes::default());
        request.target.to_string()
    }

    #[test]
    fn a_site_that_insists_on_its_parameters_gets_them_and_nobody_goes_round_in_circles() {
        let target = "http://a.test/x/p?gclid=1";
        for location in
            ["/x/p?gclid=1", "p?gclid=1", "?gclid=1", "//a.test/x/p?gclid=1", "http://A.test:80/x/p?gclid=1#top"]
        {
            assert_eq!(after_redirects("http://a.test/x/p", location, 1, target), target, "{location}");
        }
        let secure = "https://a.test/p?gclid=1";
        for location in ["/p?gclid=1", "//a.test:443/p?gclid=1"] {
            assert_eq!(after_redirects("https://a.test/p", location, 1, secure), secure, "{location}");
        }
        // With a detour in between it takes some rounds to see the circle.
        assert_eq!(after_redirects("http://a.test/start", "/x/p?gclid=1", 2, target), "http://a.test/x/p");
        assert_eq!(after_redirects("http://a.test/start", "/x/p?gclid=1", 3, target), target);
    }

    #[test]
    fn a_redirect_to_a_tracking_address_elsewhere_is_cleaned() {
        let shop = "http://shop.test/?utm_source=x&id=1";
        assert_eq!(after_redirects("http://short.test/abc", shop, 1, shop), "http://shop.test/?id=1");
    }

    #[test]
    fn tracker_hosts_and_their_subdomains_are_answered_here_others_are_not() {
        for host in ["hotjar.io", "static.hotjar.io", "HOTJAR.io."] {
            assert_eq!(tracker_host(host), Some("hotjar.io"), "{host}");
        }
        // The site on which its customers look at what was measured.
        assert_eq!(tracker_host("insights.hotjar.com"), None);
        assert_eq!(tracker_host("nothotjar.io"), None);
        assert_eq!(tracker_host("com"), None);
    }

    #[test]
    fn each_kind_of_request_gets_its_own_kind_of_nothing() {
        let answered = |accept| {
            let mut request = request(Method::GET, "http://hotjar.io/x", accept);
            match Arc::new(profile()).filter().request(&mut request, &mut Changes::default()) {
                Verdict::Answer(answer) => (answer.status.as_u16(), answer.body.len()),
                Verdict::Forward => panic!("forwarded"),
            }
        };
        assert_eq!(answered("image/webp,*/*"), (200, 43));
        assert_eq!(answered("text/css,*/*"), (200, 0));
        assert_eq!(answered("*/*"), (204, 0));
        assert_eq!(answered("text/html").0, 403);
    }

    #[test]
    fn a_tunnel_to_a_tracker_is_refused() {
        let mut changes = Changes::default();
        let authority = Authority::from_static("www.google-analytics.com:443");
        let verdict = Arc::new(profile()).filter().tunnel(&authority, &mut changes);
        assert!(matches!(verdict, Verdict::Answer(answer) if answer.status == StatusCode::FORBIDDEN));
        assert_eq!(changes.list().len(), 1);
    }

    #[test]
    fn the_lists_are_sorted_as_binary_search_needs_them() {
        assert!(TRACKER_HOSTS.is_sorted());
        assert!(PARAMETERS.is_sorted());
    }
}
