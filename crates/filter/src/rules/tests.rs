//! Rules against requests: what is read, what is refused, and what fits.

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use std::sync::Arc;

use super::lists::REPLACEMENTS_PER_BODY;
use super::*;
use crate::{Changes, Fields, Pipeline, Profile, RequestHead, ResponseHead, Verdict};

/// All rules of a text, none of them refused.
#[track_caller]
fn rules(text: &str) -> Arc<Rules> {
    let parsed = Rules::parse(text);
    assert_eq!(parsed.refused, [], "{text}");
    Arc::new(parsed.rules)
}

/// `POST http://a.test/ sec-fetch-dest=image`: a method unless it is GET, an address, and fields.
fn request(line: &str) -> RequestHead {
    let mut words = line.split(' ').peekable();
    let method = words.next_if(|word| !word.contains(':')).map_or(Method::GET, |word| word.parse().unwrap());
    let target = words.next().unwrap().parse().unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        map.insert(http::HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
    }
    RequestHead { method, target, fields: Fields::from_wire(map) }
}

fn blocks(rules: &Arc<Rules>, line: &str) -> bool {
    let verdict = Arc::clone(rules).filter().request(&mut request(line), &mut Changes::default());
    matches!(verdict, Verdict::Answer(_))
}

/// What the rules block and what they let pass.
#[track_caller]
fn check(text: &str, blocked: &[&str], passed: &[&str]) {
    // Each by itself: what was seen before tells of pages.
    for line in blocked {
        assert!(blocks(&rules(text), line), "{text} does not block {line}");
    }
    for line in passed {
        assert!(!blocks(&rules(text), line), "{text} blocks {line}");
    }
}

#[test]
fn dots_in_the_brackets_of_an_address_part_no_names() {
    let literal = "http://[::ffff:192.0.2.1]/x";
    for text in ["||1^", "||1]", "||2.1]/", "||1^*x"] {
        check(text, &[], &[literal]);
    }
    check("*192.0.2.1]/x", &[literal], &[]);
}

#[test]
fn a_pattern_fits_where_its_anchors_stars_and_separators_do() {
    check(
        "||ads.test^",
        &["http://ads.test/x", "http://www.ads.test", "http://ADS.test:8080/", "http://ads.test./"],
        &["http://ads.test.evil/", "http://badads.test/", "http://a.test/?u=http://ads.test/"],
    );
    check("||ads.test/banner", &["http://x.ads.test/Banner1"], &["http://ads.test/a/banner"]);
    check("||ads.te", &["http://ads.test/", "http://x.ads.te/"], &["http://bads.test/"]);
    check("||ads.*/x^", &["http://ads.test/x", "http://ads.test/a/x?1"], &["http://ads.test/xy"]);
    check("|http://a.test/x", &["http://a.test/xy"], &["http://b.test/?http://a.test/x"]);
    check(".swf|", &["http://a.test/x.swf"], &["http://a.test/x.swf?1"]);
    // What looks like a host is one, whatever stands at its ends.
    check("swf|", &["http://a.swf/"], &["http://a.test/x.swf"]);
    check(
        "/banner/*/img^",
        &["http://a.test/banner/1/img?x", "http://a.test/banner/1/img"],
        &["http://a.test/banner/img"],
    );
    check("^ad^", &["http://a.test/ad/x", "http://a.test/x?ad=1"], &["http://a.test/add/", "http://a.test/x-ad"]);
    check("a*b*c|", &["http://x/a1b2bc"], &["http://x/acb"]);
    check("*$~document", &["http://x/"], &[]);
    check("/Ad", &["http://x/ad1"], &[]);
    check("/Ad$match-case", &["http://x/Ad1"], &["http://x/ad1"]);
    check("||X.test/Ad$match-case", &["http://x.test/Ad1"], &["http://x.test/ad1"]);
    check(
        r"/^http:\/\/[a-z]+\.test\/ad\d{2,3}$/",
        &["http://a.test/AD12"],
        &["http://a.test/ad1", "http://a.test/ad12/"],
    );
    check(r"/ad\d$/$script", &["http://a.test/ad1 sec-fetch-dest=script"], &["http://a.test/ad1 sec-fetch-dest=image"]);
    check("||127.0.0.1^", &["http://127.0.0.1:90/"], &["http://127.0.0.11/"]);
}

#[test]
fn types_are_what_the_request_says_and_what_is_unknown_meets_no_wish() {
    let script = "http://a.test/ad sec-fetch-dest=script";
    let page = "http://a.test/ad sec-fetch-dest=document";
    let unknown = "http://a.test/ad";
    check("/ad$script,css", &[script, "http://a.test/ad.css"], &[page, unknown]);
    check("/ad$~script", &[unknown], &[script, page]);
    check("/ad$xhr,~script", &["http://a.test/ad sec-fetch-dest=empty"], &[script, unknown]);
    // A word in an address takes no page away, a host or a type by name does.
    check("/ad", &[script, unknown], &[page]);
    check("/ad$all", &[script, unknown, page], &[]);
    check("/ad$doc", &[page], &[script, unknown]);
    check("||a.test^", &[script, page], &[]);
    check("||a.test^$~document", &[script], &[page]);
    for (option, fields) in [
        ("image", "accept=image/png"),
        ("font", "sec-fetch-dest=font"),
        ("media", "sec-fetch-dest=video"),
        ("subdocument", "sec-fetch-dest=iframe"),
        ("frame", "sec-fetch-dest=iframe"),
        ("object", "sec-fetch-dest=embed"),
        ("ping", "ping-to=x"),
        ("websocket", "sec-websocket-key=x"),
        ("other", "sec-fetch-dest=report"),
    ] {
        check(&format!("/ad${option}"), &[&format!("{unknown} {fields}")], &[script, unknown]);
    }
}

#[test]
fn parties_and_sources_come_from_what_the_browser_says_of_the_page() {
    let from = |page: &str| format!("http://cdn.a.co.uk/ad referer=http://{page}/");
    check(
        "/ad$3p",
        &[&from("b.co.uk"), "http://a.test/ad sec-fetch-site=cross-site"],
        &[&from("www.a.co.uk"), "http://a.test/ad"],
    );
    check(
        "/ad$1p",
        &[&from("www.a.co.uk"), "http://a.test/ad sec-fetch-site=same-site"],
        &[&from("b.co.uk"), "http://a.test/ad"],
    );
    check("/ad$~third-party", &[&from("a.co.uk")], &[&from("b.co.uk")]);
    check(
        "||127.0.0.1^$3p",
        &["http://127.0.0.1/ referer=http://9.0.0.1/"],
        &["http://127.0.0.1/ referer=http://127.0.0.1/"],
    );
    check(
        "/ad$domain=b.test|~x.b.test",
        &[&from("b.test"), &from("y.b.test")],
        &[&from("x.b.test"), &from("c.test"), "http://a.test/ad"],
    );
    check("/ad$from=~b.test", &[&from("c.test"), "http://a.test/ad"], &[&from("b.test")]);
    check(
        "/ad$domain=shop.*",
        &[&from("shop.co.uk"), &from("www.shop.test")],
        &[&from("shop.evil.test"), &from("ashop.test")],
    );
    check("/ad$domain=b.test", &["POST http://a.test/ad origin=http://b.test"], &["POST http://a.test/ad origin=null"]);
    check(
        "/ad$doc,domain=a.test",
        &["http://a.test/ad sec-fetch-dest=document"],
        &["http://b.test/ad sec-fetch-dest=document"],
    );
}

#[test]
fn exceptions_go_before_blocking_and_important_before_exceptions() {
    check("||a.test^\n@@||a.test/ok", &["http://a.test/x"], &["http://a.test/ok1"]);
    check("/ad$important\n@@||a.test^", &["http://a.test/ad"], &["http://a.test/x"]);
    check("/ad$method=post|put", &["POST http://a.test/ad"], &["http://a.test/ad"]);
    check("/ad$method=~get", &["POST http://a.test/ad", "PROPFIND http://a.test/ad"], &["http://a.test/ad"]);
    check(
        "||a.test^$3p,script\n||b.test^\n||a.test^$script,badfilter,third-party",
        &["http://b.test/"],
        &["http://a.test/x.js sec-fetch-site=cross-site"],
    );
}

#[test]
fn a_tunnel_is_refused_only_where_all_that_is_in_it_would_be() {
    let refused = |text: &str| {
        let authority = Authority::from_static("www.Ads.test:443");
        let mut changes = Changes::default();
        let verdict = rules(text).filter().tunnel(&authority, &mut changes);
        assert_eq!(matches!(verdict, Verdict::Answer(_)), !changes.is_empty());
        !changes.is_empty()
    };
    assert!(refused("||ads.test^"));
    assert!(refused("||www.ads.test^$important\n@@||ads.test^"));
    for text in [
        "||ads.test/x",
        "||ads.test^$script",
        "||ads.test^$3p",
        "||ads.test^$domain=a.test",
        "||ads.test^\n@@||www.ads.test/ok$script",
    ] {
        assert!(!refused(text), "{text}");
    }
}

/// The body of an answer of this type after the rules.
fn body(text: &str, line: &str, content_type: &'static str, body: &'static str) -> String {
    let pipeline = Pipeline::new(vec![rules(text)]);
    let (mut run, mut request) = (pipeline.run(), request(line));
    assert!(matches!(run.request(&mut request), Verdict::Forward));
    let mut map = HeaderMap::new();
    map.insert("content-type", HeaderValue::from_static(content_type));
    map.insert("etag", HeaderValue::from_static("\"1\""));
    let mut response = ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) };
    let Some(mut opening) = run.wants_body(&request, &response) else { return body.into() };
    opening.feed(&Bytes::from(body));
    opening.end();
    let chain = run.body(&request, &mut response, opening);
    assert_eq!(chain.is_none(), response.fields.text("etag") == Some("\"1\""), "only an unchanged body keeps its tag");
    let Some(mut chain) = chain else { return body.into() };
    let out = chain.run([body.into()]).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn replace_rules_work_on_text_one_after_the_other_unless_an_exception_keeps_it() {
    let url = "http://a.test/x accept=text/html";
    let html = |text: &str| body(text, url, "text/html", "one two, one");
    assert_eq!(html("||a.test^$replace=/one/two/"), "two two, two");
    assert_eq!(html("||a.test^$replace=/one/two/\n*$replace=/two/2/"), "2 2, 2");
    assert_eq!(html(r"||a.test^$replace=/(\w+) two\, (\w+)/\$2\/$1/i,doc"), "one/one");
    assert_eq!(html("||a.test^$replace=/two, /,/,doc"), "one ,one");
    assert_eq!(html("||b.test^$replace=/one/two/"), "one two, one");
    assert_eq!(html("*$replace=/one/1/\n*$replace=/two/2/\n@@||a.test^$replace"), "one two, one");
    assert_eq!(html("*$replace=/one/1/\n*$replace=/two/2/\n@@||a.test^$replace=/two/2/"), "1 two, 1");
    assert_eq!(html("*$replace=/one/1/,important\n@@||a.test^$replace"), "1 two, 1");
    assert_eq!(html("*$replace=/three/3/"), "one two, one");
    // Neither blocking nor an exception from it.
    assert_eq!(html("||a.test^$replace=/one/1/\n@@||a.test^"), "1 two, 1");
    for content_type in ["text/plain;charset=iso-8859-1", "application/json", "image/svg+xml", "application/ld+json"] {
        assert_eq!(body("*$replace=/one/1/", url, content_type, "one"), "1", "{content_type}");
    }
    for content_type in
        ["image/png", "application/octet-stream", "text/html;charset=shift_jis", "text/html;charset=utf-16"]
    {
        assert_eq!(body("*$replace=/one/1/", url, content_type, "one"), "one", "{content_type}");
    }
    assert_eq!(body("*$replace=/one/é/", url, "text/plain;charset=iso-8859-1", "one"), "one");
    // What an integrity attribute may cover.
    assert_eq!(body("*$replace=/one/1/", "http://a.test/x.js", "text/javascript", "one"), "one");
}

#[test]
fn a_host_with_a_dot_at_its_end_gets_all_that_fits_it_either_way_and_once() {
    let pipeline = Pipeline::new(vec![rules(
        "||a.test^$csp=img-src 'none'\n|http://a.test./$csp=font-src 'none'\n/x$csp=media-src 'none'\n||a.test^$removeheader=server",
    )]);
    let mut policies = Vec::new();
    for url in ["http://a.test/x", "http://a.test./x"] {
        let (mut run, mut request) = (pipeline.run(), request(&format!("{url} sec-fetch-dest=document")));
        assert!(matches!(run.request(&mut request), Verdict::Forward));
        let mut map = HeaderMap::new();
        map.insert("server", HeaderValue::from_static("x"));
        let mut response = ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) };
        assert!(matches!(run.response(&request, &mut response), Verdict::Forward));
        assert_eq!(response.fields.text("server"), None, "{url}");
        policies.push(response.fields.text("content-security-policy").map(str::to_owned).unwrap_or_default());
    }
    assert_eq!(policies[0], "img-src 'none', media-src 'none'");
    assert_eq!(policies[1], "img-src 'none', font-src 'none', media-src 'none'");

    // What is taken off an address leaves its host as it was sent, which is another one to browsers.
    for (text, to) in [
        ("||a.test^$removeparam=y", "http://a.test./x.js?z=1"),
        ("||a.test^$removeparam=y\n|http://a.test./$removeparam=z", "http://a.test./x.js"),
        ("||a.test^$uritransform=/x/w/", "http://a.test./w.js?y=1&z=1"),
    ] {
        let mut asked = request("http://a.test./x.js?y=1&z=1 sec-fetch-dest=script");
        let verdict = rules(text).filter().request(&mut asked, &mut Changes::default());
        assert!(matches!(verdict, Verdict::Forward), "{text}");
        assert_eq!(asked.target.to_string(), to, "{text}");
    }
}

#[test]
fn only_so_many_rules_work_on_one_body() {
    let text: Vec<String> = (0..REPLACEMENTS_PER_BODY + 1).map(|n| format!("*$replace=/a{n}z/-/")).collect();
    let names: Vec<String> = (0..REPLACEMENTS_PER_BODY + 1).map(|n| format!("a{n}z")).collect();
    let after = body(&text.join("\n"), "http://a.test/", "text/html", names.concat().leak());
    assert_eq!(after, format!("{}a{REPLACEMENTS_PER_BODY}z", "-".repeat(REPLACEMENTS_PER_BODY)));
}

#[test]
fn a_line_is_a_rule_a_remark_or_refused_whole() {
    for remark in ["", "  ", "! x", "[Adblock Plus 2.0]", "# x", "#x", "####", "\u{feff}! x"] {
        let parsed = Rules::parse(remark);
        assert_eq!((parsed.rules.len(), parsed.refused_count), (0, 0), "{remark}");
    }
    for (line, reason) in [
        ("||a.test^$foo=x", "the option `foo=x` is not known"),
        ("||a.test^$popup", "a window that opens by itself"),
        ("||a.test^$webrtc", "the option `webrtc` cannot be kept by a proxy"),
        ("||a.test^$script=1", "the option `script=1` cannot be kept by a proxy"),
        ("||a.test^$domain=", "the option `domain=` has no value"),
        ("||a.test^$domain=|b.test", "`` in `domain=` is not a host"),
        ("*$removeparam=", "the option `removeparam=` has no value"),
        ("||a.test^$domain=a.test,domain=b.test", "the option `domain` is there twice"),
        ("||a.test^$domain=/(/", "its regular expression cannot be used"),
        ("||a.test^$method=get|brew", "`method=` does not know `brew`"),
        ("||a.test^$denyallow=b.test", "`denyallow` says nothing without `domain`"),
        ("||a.test^$header=", "the option `header=` has no value"),
        ("||a.test^$header=:x", "`header=` names no field"),
        ("||a.test^$ipaddress=x", "`x` in `ipaddress=` is no address"),
        ("||a.test^$cname", "`cname` says something in exceptions only"),
        ("||a.test^$csp=report-uri /x", "its directives send reports"),
        ("||a.test^$csp", "its option needs a value"),
        ("||a.test^$removeheader=host", "protects the page or the person"),
        ("||a.test^$urlskip=x", "`urlskip` does not know the step `x`"),
        ("||a.test^$removeparam=x,csp=y", "two options that each say what to do"),
        ("||a.test^$script,~script", "its options leave no type of request"),
        ("@@||a.test^$important", "an exception cannot be `important`"),
        ("*", "it would fit nearly every address"),
        ("a.test##^x:has-text(a) b", "nothing may follow `:has-text()`"),
        ("a.test##^responseheader(host)", "protects the page or the person"),
        ("a.test#$#abort-on-x y", "snippets of other programs"),
        ("a.test#%#alert(1)", "scripts in rules are not run"),
        ("a.test$$script[x=\"y\"]", "rules of AdGuard that change the text of a page"),
        ("[$path=/x]a.test##.ad", "rules of AdGuard with `[$…]`"),
        ("||a.test/ x", "an address has no spaces"),
        ("||^", "names no host"),
        ("/(/", "its regular expression cannot be used: unclosed group"),
        ("*$replace=/(/x/", "the regular expression of `replace` cannot be used"),
        ("*$replace=/a{99999}{9999}/x/", "the regular expression of `replace` cannot be used"),
        ("*$replace=//x/", "nothing to search for"),
        ("*$replace=/a/", "`replace` is written as `replace=/FROM/TO/`"),
        ("*$replace=a", "`replace` is written as `replace=/FROM/TO/`"),
        ("*$replace=/a/b/x", "does not know the flag `x`"),
        ("*$replace=/a/$1/", "there is no group 1"),
        ("@@*$replace=/(/x/", "the regular expression of `replace` cannot be used"),
        ("!#include x.txt", "the list it includes, `x.txt`, is not there"),
    ] {
        let parsed = Rules::parse(&format!("! first\n{line}\n||b.test^"));
        assert_eq!((parsed.rules.len(), parsed.refused_count), (1, 1), "{line}");
        assert_eq!(parsed.refused[0].line, 2, "{line}");
        assert!(parsed.refused[0].reason.contains(reason), "{line}: {}", parsed.refused[0].reason);
    }
}

#[test]
fn a_comma_within_the_expression_of_a_field_is_of_the_expression() {
    let rules = Rules::parse(r"/^https:\/\/[a-z]+\.test\//$script,header=via:/, 1\.1 a$/,match-case");
    assert_eq!((rules.rules.len(), rules.refused_count), (1, 0));
    let own = Rules::parse(r"||a.test^$header=via:/[,]b/,script,nonsense");
    assert!(own.refused[0].reason.contains("nonsense"), "{}", own.refused[0].reason);
}

#[test]
fn the_text_its_lines_and_its_rules_are_bounded() {
    let refused = |text: &str| Rules::parse(text).refused.iter().map(|r| r.reason.clone()).collect::<Vec<_>>();
    assert!(refused(&format!("||a.test/{}", "x".repeat(LINE_LIMIT)))[0].contains("longer than"));
    assert!(refused(&format!("!{}\n||a.test^", "x".repeat(TEXT_LIMIT)))[0].contains("beyond the first 32 MiB"));
    assert!(refused(&"/x[0-9]/\n".repeat(UNSORTED_LIMIT + 1))[0].contains("slow down every request"));
    let remarks = "! /x/$replace=/a/b/\n".repeat(EXPRESSION_LINES_LIMIT);
    assert_eq!(refused(&format!("{remarks}*$replace=/a/b/")), [""; 0]);
    let numbered = |begin: &str, end: &str, count| (0..count).map(|n| format!("{begin}{n}{end}\n")).collect::<String>();
    for (begin, end) in [("||a.test/x", ""), ("/ads/*x", "x$method=get"), ("*$script,domain=a.test,to=~", ".test")] {
        let why = refused(&numbered(begin, end, CROWD_LIMIT + 1));
        assert!(why.len() == 1 && why[0].contains("with the same host, word or page"), "{begin}: {why:?}");
    }
    assert!(refused(&numbered("_x", "x", TEXTS_LIMIT + 1))[0].contains("slow down every request"));
    let many = Rules::parse(&numbered("||a", ".test^$removeparam=/x/", EXPRESSION_LINES_LIMIT + 200));
    assert!(many.refused[0].reason.contains("lines with regular expressions"));
    assert_eq!(
        (many.rules.len(), many.refused_count, many.refused.len()),
        (EXPRESSION_LINES_LIMIT, 200, REFUSALS_TOLD)
    );
    let wide = Rules::parse(&"*$replace=/[^a]{100}|[^b]{100}/x/i\n".repeat(256));
    assert!(wide.refused[0].reason.contains("take more than 64 MiB"), "{}", wide.refused[0].reason);
}

#[test]
fn the_fingerprint_is_that_of_the_text() {
    assert_eq!(Rules::parse("a").rules.fingerprint(), Rules::parse("a").rules.fingerprint());
    assert_ne!(Rules::parse("||a.test^").rules.fingerprint(), Rules::parse("||b.test^").rules.fingerprint());
}

#[test]
fn what_looks_like_a_host_is_one_and_other_words_are_texts() {
    check(
        "|both.test|\n192.0.2.10",
        &["http://a.both.test/x", "http://192.0.2.10/"],
        &["http://x.test/both.test", "http://x.test/192.0.2.10"],
    );
    check("w_x\n192.0.2", &["http://x.test/aw_xb", "http://192.0.2.7/"], &["http://x.test/w"]);
}

#[test]
fn what_looks_like_a_host_is_a_text_where_its_options_ask_for_more_than_types_and_parties() {
    let judged = |text: &str| {
        let engine = Engine::build(&[Source { list: "l", text, trusted: true }]).engine;
        let context = Context::named("http://a.test/x/lib.js", Some("b.test"), crate::Destination::Script, Method::GET);
        engine.judge(&context.unwrap()).ruling
    };
    assert!(matches!(judged("/x/*\n@@lib.js$script,domain=b.test"), Ruling::Exception(_)));
    assert!(matches!(judged("lib.js$important"), Ruling::Block(_)));
    assert!(matches!(judged("lib.js$~image"), Ruling::Block(_)));
    assert_eq!(judged("lib.js$script,3p"), Ruling::Allow);
}

#[test]
fn a_pattern_may_be_about_a_literal_in_brackets() {
    check("||[2001:db8::7]^", &["http://[2001:db8::7]/a", "http://[2001:db8::7]:81/"], &["http://[2001:db8::70]/"]);
    check(
        "||[2001:db8::7]/a*c",
        &["http://[2001:db8::7]/abc"],
        &["http://[2001:db8::7]/ab", "http://x.test/[2001:db8::7]/ac"],
    );
}

#[test]
fn a_rule_about_addresses_decides_at_once_where_the_host_is_one() {
    let judged = |url: &str| {
        let engine = Engine::build(&[Source {
            list: "l",
            text: "*$ipaddress=2001:db8::7\n/x$ipaddress=192.0.2.8,header=a",
            trusted: true,
        }])
        .engine;
        let context = Context::named(url, None, crate::Destination::Image, Method::GET).unwrap();
        matches!(engine.judge(&context).ruling, Ruling::Block(_))
    };
    assert!(judged("http://[2001:db8::7]/"));
    assert!(!judged("http://a.test/") && !judged("http://192.0.2.8/x"));
}

#[test]
fn what_waits_for_an_answer_rewrites_no_request() {
    let text =
        "*$removeparam=a,header=x\n*$removeparam=b,ipaddress=192.0.2.7\n*$removeparam=c\n@@*$removeparam=c,header=x";
    let engine = Engine::build(&[Source { list: "l", text, trusted: true }]).engine;
    let context = Context::named("http://a.test/?a=1&b=2&c=3", None, crate::Destination::Page, Method::GET).unwrap();
    assert_eq!(engine.judge(&context).rewrite.map(|(address, _)| address).as_deref(), Some("http://a.test/?a=1&b=2"));
}

#[test]
fn a_parameter_is_found_by_letters_in_it_also_where_they_are_hidden() {
    let text = "$removeparam=/affcid/\n$removeparam=/^ref=blog/\n$removeparam=/^ds_/";
    let engine = Engine::build(&[Source { list: "list", text, trusted: true }]).engine;
    let rewritten = |query: &str| {
        let url = format!("http://a.test/?k=1&{query}");
        let context = Context::named(&url, None, crate::Destination::Page, Method::GET).unwrap();
        engine.judge(&context).rewrite.map(|(address, _)| address)
    };
    for query in ["xaffcid=1", "x=%61ffcid", "ref=blog.test", "ref=%62log", "ds_a=1"] {
        assert_eq!(rewritten(query).as_deref(), Some("http://a.test/?k=1"), "{query}");
    }
    for query in ["x=affci", "%72ef=blog", "x=ref=blog", "x=ds_"] {
        assert_eq!(rewritten(query), None, "{query}");
    }
}

#[test]
fn a_parameter_without_a_value_is_found_by_an_expression_that_asks_for_its_sign() {
    let engine = Engine::build(&[Source { list: "l", text: "*$removeparam=/^click=.*$/i", trusted: true }]).engine;
    let context = Context::named("http://a.test/?CLICK&b=2", None, crate::Destination::Page, Method::GET).unwrap();
    assert_eq!(engine.judge(&context).rewrite.map(|(address, _)| address).as_deref(), Some("http://a.test/?b=2"));
}
