//! Tests of what is made of the rules for a page.

use http::HeaderName;

use super::*;
use crate::rules::Engine;
use crate::rules::Source;
use crate::rules::page::HtmlRule;
use crate::{Fields, Pipeline, Pull, Standing, Verdict};

fn fields(lines: &[(&'static str, &'static str)]) -> Fields {
    let line =
        |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    Fields::from_wire(lines.iter().map(line).collect())
}

fn request(lines: &[(&'static str, &'static str)]) -> RequestHead {
    RequestHead { method: Method::GET, target: Uri::from_static("https://a.test/x?y"), fields: fields(lines) }
}

fn page(lines: &[(&'static str, &'static str)]) -> ResponseHead {
    let lines = [&[("content-type", "text/html; charset=utf-8")], lines].concat();
    ResponseHead { status: StatusCode::OK, fields: fields(&lines) }
}

fn lists() -> Lists {
    Lists::new(Arc::default(), Arc::new(Standing::new("k".into(), Box::new(|_| {}))))
}

fn everything() -> PageRules {
    PageRules {
        hide: vec![".specific".into()],
        style: vec![(".styled".into(), "color:red".into())],
        procedural: vec![r#"{"selector":[{"type":"css-selector","arg":"p"},{"type":"has-text","arg":"x"}]}"#.into()],
        script: "scriptlet()".into(),
        html: vec![HtmlRule { rule: "##^i".into(), selector: "i".into(), has_text: Vec::new() }],
        ..PageRules::default()
    }
}

/// What becomes of a page under these rules, the policy that stands in its head, and what is told.
fn under(rules: PageRules, head: &ResponseHead, text: &'static str) -> (String, Option<HeaderValue>, Vec<String>) {
    let (lists, rules, request) = (lists(), Arc::new(rules), request(&[]));
    let prefix = Prefix { bytes: Bytes::from_static(text.as_bytes()), complete: false };
    let work = Work { lists: &lists, rules: &rules, request: &request, response: head, prefix: &prefix };
    let Some((rewriter, policies)) = work.begin("N".into()) else { return (text.into(), None, Vec::new()) };
    let mut chain = Chain::default();
    chain.push(LISTS_ID, Box::new(rewriter));
    let body = chain.run([prefix.bytes.clone()]).unwrap();
    assert_eq!(chain.pull(), Ok(Pull::Over));
    let told = chain.take_changes().into_list().into_iter().map(|change| format!("{}: {}", change.rule, change.what));
    (String::from_utf8(body).unwrap(), policies, told.collect())
}

#[test]
fn everything_is_put_in_before_the_pages_own_scripts_scriptlets_first() {
    let (body, policies, told) = under(everything(), &page(&[]), "<html><body><i>x</i>");
    let at = |text: &str| body.find(text).unwrap_or_else(|| panic!("no {text} in {body}"));
    assert!(
        at("<style nonce=\"N\">@layer tamis{.specific{display:none!important}.styled{color:red}}</style>")
            > at("<html>")
    );
    assert!(
        at("scriptlet()") > at("</style>")
            && at("procedural([") > at("scriptlet()")
            && at("survey(\"/") > at("procedural([")
    );
    assert!(at("<body>") > at("survey(\"/") && body.ends_with("<body>"));
    assert_eq!(policies, None);
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told.contains(&"hiding rules: 2 rules hide parts of the page".into()), "{told:?}");
}

#[test]
fn where_no_script_may_run_there_are_styles_and_removals_only() {
    let head = page(&[("content-security-policy", "sandbox; default-src 'none'")]);
    let (body, policies, _) = under(everything(), &head, "<i>x</i><p>");
    assert!(
        !body.contains("<script") && body.starts_with("<style nonce=\"N\">") && body.ends_with("</style><p>"),
        "{body}"
    );
    assert_eq!(policies.unwrap(), "sandbox; default-src 'none'; style-src 'nonce-N'");
}

#[test]
fn where_the_page_may_not_ask_its_origin_it_does_not() {
    let rules = || PageRules { script: String::new(), procedural: Vec::new(), ..everything() };
    let asks = |policy| under(rules(), &page(&[("content-security-policy", policy)]), "<p>").0.contains("survey(");
    assert!(asks("default-src 'self'"));
    assert!(!asks("default-src 'none'"));
    let no_generic = PageRules { no_generic: true, ..rules() };
    assert!(!under(no_generic, &page(&[]), "<p>").0.contains("survey("));
}

#[test]
fn a_page_that_nothing_concerns_is_not_begun_or_comes_out_the_same() {
    let nothing = PageRules { no_generic: true, ..PageRules::default() };
    assert_eq!(under(nothing.clone(), &page(&[]), "<p class=x>"), ("<p class=x>".into(), None, Vec::new()));
    let unusable = PageRules { hide: vec!["a{}b".into()], procedural: vec!["x".into()], ..nothing };
    assert_eq!(under(unusable, &page(&[]), "<p class=x>").0, "<p class=x>");
    assert_eq!(under(PageRules::default(), &page(&[]), "<p class=x>").0, "<p class=x>");
}

#[test]
fn only_what_is_shown_as_a_page_is_wanted() {
    let (lists, html) = (lists(), page(&[]));
    let browser = request(&[("sec-fetch-dest", "document")]);
    assert_eq!(wants(&lists, &browser, &html), Some(BEGINNING));
    assert_eq!(wants(&lists, &request(&[("accept", "*/*;q=0.8,text/html")]), &html), Some(BEGINNING));
    assert_eq!(wants(&lists, &request(&[("sec-fetch-dest", "iframe")]), &html), Some(BEGINNING));
    assert_eq!(wants(&lists, &request(&[("sec-fetch-dest", "empty"), ("accept", "text/html")]), &html), None);
    assert_eq!(wants(&lists, &request(&[("accept", "*/*")]), &html), None);
    let xhtml = ResponseHead { status: StatusCode::OK, fields: fields(&[("content-type", "application/xhtml+xml")]) };
    assert_eq!(wants(&lists, &browser, &xhtml), None);
    assert_eq!(super::wants(&lists.without_pages(), &browser, &html), None);
}

#[test]
fn only_pages_of_the_origin_are_told_what_is_hidden_and_every_such_question_ends_here() {
    let lists = lists();
    let secret = lists.standing.secret_of("https://a.test");
    let asked = |address: &str, lines: &[(&'static str, &'static str)]| {
        let request = RequestHead { method: Method::GET, target: address.parse().unwrap(), fields: fields(lines) };
        survey(&lists, &request).map(|answer| answer.status.as_u16())
    };
    let ours = format!("https://a.test:443/{secret}?c=a,b&i=c");
    assert_eq!(asked(&ours, &[]), Some(200));
    assert_eq!(asked(&ours, &[("sec-fetch-site", "same-origin"), ("origin", "https://a.test")]), Some(200));
    assert_eq!(asked(&ours, &[("sec-fetch-site", "cross-site")]), Some(403));
    assert_eq!(asked(&ours, &[("origin", "https://b.test")]), Some(403));
    assert_eq!(asked(&format!("https://b.test/{secret}"), &[]), None);
    assert_eq!(asked(&format!("http://a.test/{secret}"), &[]), None);
    assert_eq!(asked(&format!("https://a.test/{}", lists.standing.secret()), &[]), None);
    assert_eq!(asked("https://a.test/", &[]), None);
}

#[test]
fn names_come_as_they_were_sent() {
    let (classes, ids) = super::asked("c=a,b%2Cc,%C3%A9,%,%4&i=");
    assert_eq!(classes, ["a", "b,c", "é", "%", "%4"]);
    assert!(ids.is_empty());
}

#[test]
fn a_page_with_other_policies_cannot_be_asked_about_again() {
    let mut head = page(&[("content-security-policy", "a"), ("content-security-policy", "b"), ("etag", "\"x\"")]);
    let mut changes = Changes::signed_by(LISTS_ID);
    admit(HeaderValue::from_static("c"), &mut head, &mut changes);
    let lines: Vec<_> = head.fields.all(CONTENT_SECURITY_POLICY).collect();
    assert_eq!(lines, ["c"]);
    assert!(!head.fields.has(ETAG));
    assert_eq!(changes.list()[0].before.as_deref(), Some("a, b"));
}

/// What a page becomes on its whole way under a list, and its head.
fn on_its_way(list: &str, head: &[(&'static str, &'static str)], text: &'static str) -> (Option<String>, ResponseHead) {
    let engine = Engine::build(&[Source { list: "l", text: list, trusted: false }]).engine;
    let standing = Standing::new("k".into(), Box::new(|_| {}));
    let mut run = Pipeline::new(vec![Arc::new(Lists::new(Arc::new(engine), Arc::new(standing)))]).run();
    let (mut request, mut response) = (request(&[("sec-fetch-dest", "document")]), page(head));
    assert!(matches!(run.request(&mut request), Verdict::Forward));
    assert!(matches!(run.response(&request, &mut response), Verdict::Forward));
    let mut opening = run.wants_body(&request, &response).unwrap();
    opening.feed(&Bytes::from_static(text.as_bytes()));
    opening.end();
    let chain = run.body(&request, &mut response, opening);
    let body = chain.map(|mut chain| chain.run([Bytes::from_static(text.as_bytes())]).unwrap());
    (body.map(|body| String::from_utf8(body).unwrap()), response)
}

#[test]
fn what_a_class_hides_is_hidden_behind_the_end_and_the_policy_lets_it_through() {
    let head = [("content-security-policy", "style-src 'self'"), ("etag", "\"x\""), ("content-length", "9")];
    let (body, head) = on_its_way("##.ad\n", &head, "<p class=ad>");
    let policy = head.fields.text("content-security-policy").unwrap().to_owned();
    let nonce = policy.strip_prefix("style-src 'self' 'nonce-").and_then(|rest| rest.strip_suffix('\'')).unwrap();
    let style = format!("<p class=ad><style nonce=\"{nonce}\">@layer tamis{{.ad{{display:none!important}}}}</style>");
    assert!(body.as_ref().is_some_and(|body| body.starts_with(&style)), "{body:?}");
    assert!(!head.fields.has("etag") && !head.fields.has("content-length"));
}

#[test]
fn a_page_that_is_known_not_to_change_keeps_its_head() {
    let lines = [("content-security-policy", "style-src 'self'"), ("etag", "\"x\""), ("content-length", "9")];
    for list in ["##.ad\n", "other.test##.x\n", "a.test##^video\n", "##.x\n@@||a.test^$generichide\n"] {
        let (body, head) = on_its_way(list, &lines, "<p class=x>");
        assert_eq!((body, head.fields), (None, page(&lines).fields), "{list}");
    }
}
