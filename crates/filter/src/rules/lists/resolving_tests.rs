//! What becomes of requests and tunnels once their host was looked up, where lists and the user's own rules work together.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method};

use crate::rules::{Engine, Lists, Rules, Source};
use crate::{Fields, Pipeline, RequestHead, Resolved, Run, Standing, Verdict};

const HOST: &str = "metrics.site.test";
const RESOLVED: Resolved<'_> =
    Resolved { canonical: Some("x.tracker.test"), addresses: &[IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))] };

/// The lists' rules and the user's own, as they are in force.
fn run(lists: &str, own: &str) -> Run {
    let own = Arc::new(Rules::parse(own).rules);
    let built = Engine::build(&[Source { list: "easylist", text: lists, trusted: true }]);
    assert_eq!(built.reports[0].refused, [], "{lists}");
    let lists = Lists::new(Arc::new(built.engine), Arc::new(Standing::default())).after(Arc::clone(own.engine()));
    Pipeline::new(vec![own, Arc::new(lists)]).run()
}

/// The rule that stops a script from a host of the page's site, once it is known what that stands for, and with what.
fn stopped(lists: &str, own: &str) -> Option<(String, usize)> {
    let mut run = run(lists, own);
    let mut fields = HeaderMap::new();
    fields.insert("sec-fetch-dest", HeaderValue::from_static("script"));
    fields.insert("referer", HeaderValue::from_static("https://www.site.test/"));
    let target = format!("https://{HOST}/a.js").parse().unwrap();
    let mut request = RequestHead { method: Method::GET, target, fields: Fields::from_wire(fields) };
    assert!(matches!(run.request(&mut request), Verdict::Forward), "{lists} {own}");
    match run.resolved(&request, &RESOLVED) {
        Verdict::Answer(answer) => Some((run.into_changes().into_list()[0].rule.to_string(), answer.body.len())),
        Verdict::Forward => None,
    }
}

/// The rule that refuses a tunnel to that host.
fn refused(lists: &str, own: &str) -> Option<String> {
    let authority = Authority::from_static("Metrics.Site.test:443");
    let mut run = run(lists, own);
    assert!(matches!(run.tunnel(&authority), Verdict::Forward), "{lists} {own}");
    match run.tunnel_resolved(&authority, &RESOLVED) {
        Verdict::Answer(_) => Some(run.into_changes().into_list()[0].rule.to_string()),
        Verdict::Forward => None,
    }
}

const BLOCK: &str = "||tracker.test^";
const IMPORTANT: &str = "||tracker.test^$important";

#[test]
fn what_the_user_excepts_by_either_name_is_excepted_once_its_host_was_looked_up() {
    for block in [BLOCK, IMPORTANT] {
        for own in [
            "@@||tracker.test^",
            "@@||x.tracker.test^",
            "@@||metrics.site.test^",
            "@@||metrics.site.test^$cname",
            "@@*$cname",
        ] {
            assert_eq!(stopped(block, own), None, "{block} {own}");
            assert_eq!(refused(block, own), None, "{block} {own}");
        }
        for own in ["", "@@||other.test^", "@@||tracker.test^$domain=other.test", "@@||other.test^$cname"] {
            assert_eq!(stopped(block, own).map(|(rule, _)| rule).as_deref(), Some(block), "{own}");
            assert_eq!(refused(block, own).as_deref(), Some(block), "{own}");
        }
    }
}

#[test]
fn what_lists_except_goes_before_blocks_of_the_canonical_name_and_important_ones_before_that() {
    for exception in ["@@||tracker.test^", "@@||metrics.site.test^$cname"] {
        assert_eq!(stopped(&format!("{BLOCK}\n{exception}"), ""), None, "{exception}");
        assert_eq!(refused(&format!("{BLOCK}\n{exception}"), ""), None, "{exception}");
        let lists = format!("{IMPORTANT}\n{exception}");
        assert_eq!(stopped(&lists, "").map(|(rule, _)| rule).as_deref(), Some(IMPORTANT), "{exception}");
        assert_eq!(refused(&lists, "").as_deref(), Some(IMPORTANT), "{exception}");
    }
    // What a rule is against by its own name, and an exception lets pass, is not asked about any more.
    let lists = format!("{IMPORTANT}\n||metrics.site.test^\n@@||metrics.site.test^");
    assert_eq!((stopped(&lists, ""), refused(&lists, "")), (None, None));
}

#[test]
fn a_tunnel_in_which_an_exception_may_concern_anything_is_not_refused_by_its_canonical_name() {
    for exception in [
        "@@||metrics.site.test^$cname,script",
        "@@||metrics.site.test/a^$cname",
        "@@||metrics.site.test^$script",
        "@@||tracker.test/a",
    ] {
        assert_eq!(refused(&format!("{BLOCK}\n{exception}"), ""), None, "{exception}");
        assert_eq!(refused(BLOCK, exception), None, "{exception}");
    }
    let elsewhere = "@@||metrics.site.test^$cname,domain=other.test";
    assert_eq!(refused(&format!("{BLOCK}\n{elsewhere}"), "").as_deref(), Some(BLOCK));
}

#[test]
fn blocks_of_the_users_count_against_canonical_names_whatever_lists_except() {
    for (lists, own) in [("@@||tracker.test^", IMPORTANT), ("@@||metrics.site.test^$cname", BLOCK)] {
        assert_eq!(stopped(lists, own).map(|(rule, _)| rule).as_deref(), Some(own), "{lists}");
        assert_eq!(refused(lists, own).as_deref(), Some(own), "{lists}");
    }
}

#[test]
fn what_is_stopped_by_its_canonical_name_gets_the_stub_that_rules_name_for_that() {
    let redirect = "||tracker.test^$script,redirect=noopjs";
    let (rule, length) = stopped(redirect, "").expect("a stop");
    assert!(rule == redirect && length > 0, "{rule}: {length}");
    assert_eq!(stopped(redirect, "@@||tracker.test^$redirect"), None);
    let (_, length) = stopped(&format!("{BLOCK}\n{redirect}"), "@@||tracker.test^$redirect").expect("a stop");
    assert_eq!(length, 0);
}
