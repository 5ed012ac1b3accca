//! Tests of [`Rewriter`], each with the page cut at random places.

use std::sync::atomic::{AtomicUsize, Ordering};

use lol_html::AsciiCompatibleEncoding;
use proptest::prelude::*;

use super::*;
use crate::Chain;
use crate::rules::HtmlRule;

const BLOCK: &str = "<style>B</style>";

fn utf8() -> PageEncoding {
    PageEncoding { encoding: AsciiCompatibleEncoding::utf_8(), by_meta: true, prescanned: false }
}

fn plan() -> Plan {
    Plan {
        encoding: utf8(),
        block: String::new(),
        removals: Removals::default(),
        at_end: None,
        nonce: "N".into(),
        demand: Demand { style: true, script: false },
        notes: Vec::new(),
    }
}

/// A plan that puts something behind the end of a page with the class `ad`.
fn asking() -> Plan {
    let at_end = |names: Names, _: &mut Output| {
        let hidden = names.into_lists().0.contains(&"ad".to_owned());
        if hidden { "<style>E</style>".to_owned() } else { String::new() }
    };
    Plan { at_end: Some(Box::new(at_end)), ..plan() }
}

fn rule(selector: &str, has_text: &[&str]) -> HtmlRule {
    let has_text = has_text.iter().map(|text| (*text).to_owned()).collect();
    HtmlRule { rule: format!("##^{selector}"), selector: selector.into(), has_text }
}

fn through(plan: Plan, page: &[u8], pieces: usize) -> Vec<u8> {
    let mut chain = Chain::default();
    chain.push("p", Box::new(Rewriter::new(plan)));
    chain.run(page.chunks(pieces.max(1)).map(Bytes::copy_from_slice)).unwrap()
}

/// What becomes of a page, however it is cut.
#[track_caller]
fn check(make: impl Fn() -> Plan, page: &str, expected: &str) {
    for pieces in [1, 2, 3, 5, 7, 64, usize::MAX] {
        let got = through(make(), page.as_bytes(), pieces);
        assert_eq!(String::from_utf8_lossy(&got), expected, "of {page} in pieces of {pieces}");
    }
}

#[track_caller]
fn blocked(before: &str, after: &str) {
    let make = || Plan { block: BLOCK.into(), ..plan() };
    check(make, &format!("{before}{after}"), &format!("{before}{BLOCK}{after}"));
}

#[test]
fn the_block_stands_before_the_first_element_that_could_run_or_load_something() {
    blocked("<!doctype html><html><head><meta charset=utf-8><title>a<b</title>", "<link rel=icon><script></script>");
    blocked("<!doctype html>\n<!-- <script> --><html>\n<head><base href=/>", "<script src=a></script></head>");
    blocked("<html><head><meta name=viewport>", "<meta http-equiv=refresh content=1><meta charset=utf-8>");
    blocked("<html><head></head>", "<body>x</body></html>");
    blocked("", "<div>a</div>");
    blocked("text ", "<p>a");
    blocked("<head>", "<svg><title/></svg>");
}

#[test]
fn a_page_without_such_an_element_has_it_at_the_end() {
    blocked("just text", "");
    blocked("<!doctype html><title>x</title>", "");
    check(|| Plan { block: BLOCK.into(), ..plan() }, "<title>open", "<title>open");
}

#[test]
fn a_charset_found_in_the_first_bytes_is_found_there_still() {
    let make = || Plan { encoding: PageEncoding { prescanned: true, ..utf8() }, block: BLOCK.into(), ..plan() };
    let late = "<html><script></script><meta charset=utf-8>";
    check(make, late, &late.replace("<script>", &format!("<meta charset=\"UTF-8\">{BLOCK}<script>")));
    let early = "<html><meta charset=utf-8><script></script>";
    check(make, early, &early.replace("<script>", &format!("{BLOCK}<script>")));
}

#[test]
fn what_classes_hide_stands_behind_the_end_but_never_within_open_text() {
    check(asking, "<p class='x ad'>a", "<p class='x ad'>a<style>E</style>");
    check(asking, "<p class=add>a</p>", "<p class=add>a</p>");
    check(asking, "<p class=ad><textarea>a", "<p class=ad><textarea>a");
    check(asking, "<p class=ad><script>a", "<p class=ad><script>a");
    check(asking, "<b class=ad></b><textarea>a</textarea>", "<b class=ad></b><textarea>a</textarea><style>E</style>");
}

#[test]
fn a_policy_in_the_page_lets_the_end_through() {
    check(
        asking,
        "<meta http-equiv=Content-Security-Policy content=\"default-src &#39;none&#39;\"><i class=ad>",
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'nonce-N'\"><i class=ad><style>E</style>",
    );
    let untouched =
        "<meta http-equiv=content-security-policy content=\"img-src *\"><meta http-equiv=x content='style-src a'>";
    check(asking, untouched, untouched);
}

#[test]
fn elements_are_taken_out_with_what_is_in_them() {
    let make = || Plan { removals: Removals::new(&[rule("div.ad > script[src]", &[]), rule("i", &[])]), ..plan() };
    check(
        make,
        "<div class=ad><script src=a>x<i></script>b</div><script src=a></script><i>c<i>d</i></i>e",
        "<div class=ad>b</div><script src=a></script>e",
    );
}

#[test]
fn elements_are_taken_out_by_their_text_and_the_block_stays() {
    let make = || {
        let rules = [rule("script", &["ads", "/push\\([0-9]+\\)/i"]), rule("p", &["secret"])];
        Plan { removals: Removals::new(&rules), block: BLOCK.into(), ..plan() }
    };
    check(
        make,
        "<script>ads.PUSH(1)</script>a<script>ads</script>b<p>c<b>sec</b>ret</p>d<p>e",
        &format!("{BLOCK}a<script>ads</script>bd<p>e"),
    );
}

#[test]
fn a_text_that_is_looked_at_stays_as_it_came_to_the_octet() {
    let make = |encoding| {
        let rules = [rule("p", &["nowhere"]), rule("script", &["ads"])];
        Plan { removals: Removals::new(&rules), encoding, ..plan() }
    };
    let cp1252 = encoding_rs::WINDOWS_1252;
    let single =
        PageEncoding { encoding: AsciiCompatibleEncoding::new(cp1252).unwrap(), by_meta: false, prescanned: false };
    let sjis = PageEncoding { encoding: AsciiCompatibleEncoding::new(encoding_rs::SHIFT_JIS).unwrap(), ..single };
    for encoding in [utf8(), single, sjis] {
        let text: Vec<u8> = (1..=255).filter(|byte| *byte != b'<').collect();
        let kept = [b"<p>", &*text, b"\xe3\x81<b>\xf0\x9f</b>\xed\xa0\x80</p><script>a\xff\x80", &*text, b"</script>"]
            .concat();
        let page = [&kept, &b"<script>\xe9 ads</script>"[..], &kept].concat();
        for pieces in [1, 2, 3, 7, 64, usize::MAX] {
            let got = through(make(encoding), &page, pieces);
            assert!(got == kept.repeat(2), "in {} by {pieces}: {got:?}", encoding.label());
        }
    }
}

#[test]
fn two_rules_about_one_element_have_a_say_each() {
    for texts in [["no", "/^secret$/"], ["/^secret$/", "no"], ["secret", "c"]] {
        let make = || Plan { removals: Removals::new(&texts.map(|text| rule("p", &[text]))), ..plan() };
        check(make, "a<p>secret</p>b<p>d</p>", "ab<p>d</p>");
    }
}

#[test]
fn many_elements_within_one_another_are_no_more_to_hold_than_one() {
    let removals = || Removals::new(&[rule("div", &["needle"])]);
    let bottom = |text: &str, depth: usize| "<div>".repeat(depth) + text + &"</div>".repeat(depth);
    let page = bottom(&"straw ".repeat(20_000), 500) + &bottom("needle", 1) + "end";
    let mut rewriter = Rewriter::new(Plan { removals: removals(), ..plan() });
    let mut out = Output::default();
    for chunk in page.as_bytes().chunks(16 * 1024) {
        rewriter.write(Bytes::copy_from_slice(chunk), &mut out).unwrap();
    }
    rewriter.end(&mut out).unwrap();
    let mut chain = Chain::default();
    chain.push("p", Box::new(Passing(out)));
    let expected = page.replace("<div>needle</div>", "");
    assert!(chain.run([]).unwrap() == expected.as_bytes());
}

#[test]
fn what_only_a_finished_page_could_tell_is_left_out_and_said() {
    let rules = [rule("a:has(b)", &[]), rule("a + b", &[]), rule("a", &["/(/"]), rule("b", &[])];
    let removals = Removals::new(&rules);
    let left_out: Vec<_> = removals.left_out.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(left_out, ["##^a:has(b)", "##^a + b", "##^a"]);
    assert_eq!(removals.rules.len(), 1);
}

#[test]
fn a_tag_that_is_too_long_ends_the_work_and_the_page_stays_whole() {
    let tag = format!("<img src=\"{}\"><p class=ad>", "x".repeat(2 * TAG_LIMIT));
    let page = format!("<html><body class=ad>{tag}<script></script>");
    let got = through(Plan { block: BLOCK.into(), ..asking() }, page.as_bytes(), 16 * 1024);
    let expected = page.replacen("<body", &format!("{BLOCK}<body"), 1) + "<style>E</style>";
    assert!(got == expected.as_bytes(), "{} bytes", got.len());
}

#[test]
fn what_came_is_passed_on_at_once_but_for_an_open_tag() {
    let mut rewriter = Rewriter::new(Plan { block: BLOCK.into(), ..asking() });
    let mut out = Output::default();
    rewriter.write(Bytes::from_static(b"<html><body>Hello <b"), &mut out).unwrap();
    let mut chain = Chain::default();
    chain.push("p", Box::new(Passing(out)));
    assert_eq!(chain.run([]).unwrap(), format!("<html>{BLOCK}<body>Hello ").as_bytes());
}

/// Writes what another wrote.
struct Passing(Output);

impl BodyTransform for Passing {
    fn write(&mut self, _: Bytes, _: &mut Output) -> Result<Flow, TransformError> {
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        std::mem::swap(&mut self.0, out);
        Ok(())
    }
}

/// Something that might stand in a page, or in what somebody took for one.
fn any_part() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "<div class=\"x y\" id=z>",
        "</div>",
        "<script>if (a < b && c) '</p>'</script>",
        "<!-- <p class=ad> -->",
        "<textarea>",
        "</textarea>",
        "<svg><path d='M0'/></svg>",
        "<![CDATA[x]]>",
        "<select><xmp>",
        "</xmp>",
        "<p",
        " class=q",
        ">",
        "<",
        "&amp;",
        "<table><tr><td>",
        "<meta charset=windows-1252>",
        "<plaintext>",
        "<!doctype html>",
        "<math><mi>",
        "<template>",
        "</",
        "<?xml?>",
        "\0",
        "\u{2028}",
    ]);
    prop_oneof![
        6 => known.prop_map(|text: &str| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ]
}

/// Something that rules look for, or what it is in.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let known =
        vec!["<p>", "</p>", "</p>", "<div>", "</div>", "</div>", "</td>", "red", "b", "ra", "d", "<b>", "</b>", "re"];
    proptest::sample::select(known).prop_map(|text: &str| text.as_bytes().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_that_nothing_concerns_stays_byte_for_byte(
        parts in proptest::collection::vec(any_part(), 0..40),
        pieces in 1..80_usize,
    ) {
        let page = parts.concat();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let at_end = move |_: Names, _: &mut Output| {
            counter.fetch_add(1, Ordering::Relaxed);
            String::new()
        };
        let texts = ["script", "div", "p, textarea", "td"].map(|selector| rule(selector, &["nowhere"]));
        let removals = Removals::new(&[&[rule("video", &[])], &texts[..]].concat());
        let plan = Plan { at_end: Some(Box::new(at_end)), removals, ..plan() };
        let got = through(plan, &page, pieces);
        prop_assert_eq!(got, page);
        prop_assert!(asked.load(Ordering::Relaxed) <= 1);
    }

    #[test]
    fn what_goes_by_its_text_does_not_hang_on_how_the_page_is_cut(
        parts in proptest::collection::vec(prop_oneof![2 => any_part(), 1 => any_text()], 0..40),
        pieces in 1..80_usize,
    ) {
        let page = parts.concat();
        let make = || {
            let rules = [rule("p", &["red"]), rule("div", &["/r[ae]d/"]), rule("script, td", &["a"]), rule("p", &["/^b/"])];
            Plan { removals: Removals::new(&[&rules[..], &[rule("b", &[])]].concat()), ..plan() }
        };
        let whole = through(make(), &page, usize::MAX);
        prop_assert_eq!(through(make(), &page, pieces), whole);
    }

    #[test]
    fn a_page_with_a_block_is_the_page_and_the_block(
        parts in proptest::collection::vec(any_part(), 0..40),
        pieces in 1..80_usize,
    ) {
        let page = parts.concat();
        let whole = through(Plan { block: BLOCK.into(), ..plan() }, &page, usize::MAX);
        prop_assert_eq!(through(Plan { block: BLOCK.into(), ..plan() }, &page, pieces), whole.clone());
        let at = whole.windows(BLOCK.len()).position(|window| window == BLOCK.as_bytes()).unwrap();
        prop_assert_eq!([&whole[..at], &whole[at + BLOCK.len()..]].concat(), page);
    }
}
