//! Pages under filter lists and rules of the user, as a client gets them.

use std::sync::Arc;

use tamis_filter::rules::{Engine, Lists, Rules, Source};
use tamis_filter::{Profile, Standing};
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

/// The profiles of a list, and of rules of the user before it.
fn profiles(list: &str, own: &str) -> Vec<Arc<dyn Profile>> {
    let own = Rules::parse(own);
    assert!(own.refused.is_empty(), "{:?}", own.refused);
    let built = Engine::build(&[Source { list: "list", text: list, trusted: true }]);
    assert!(built.reports[0].refused.is_empty(), "{:?}", built.reports[0].refused);
    let standing = || Arc::new(Standing::new("key".into(), Box::new(|_| {})));
    let lists = Lists::new(Arc::new(built.engine), standing()).after(Arc::clone(own.rules.engine()));
    vec![Arc::new(own.rules.remembering(standing(), true)), Arc::new(lists)]
}

/// What a page comes to, each time it is asked for.
fn pages<const TIMES: usize>(list: &str, own: &str, page: &str) -> [String; TIMES] {
    let origin = Origin::answering(response(&["Content-Type: text/html"], page));
    let url = origin.url("/");
    // Another Tamis each time: neither its memory nor its sets are those of the one before.
    std::array::from_fn(|_| {
        let proxy = ProxyBox::with_profiles(profiles(list, own), |_| {});
        let (_, body) = proxy.client().ask(get(&url, &["Accept: text/html"]));
        String::from_utf8(body).unwrap()
    })
}

/// The places of these texts, none of which may be missing.
#[track_caller]
fn places(page: &str, texts: &[&str]) -> Vec<usize> {
    texts.iter().map(|text| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"))).collect()
}

#[test]
fn the_scriptlets_of_a_page_are_called_in_the_order_of_the_lists_and_each_once() {
    let list = "127.0.0.1##+js(set, b, true)\n*##+js(aopr, a)\n127.0.0.1##+js(nowebrtc)\n\
                127.0.0.1,a.test##+js(set-constant.js, b, true)\nb.test##+js(set, c, true)\n127.0.0.1##+js(aeld, d)\n";
    let [first, others @ ..] = pages::<6>(list, "127.0.0.1##+js(aopr, own)\n", "<p>x");
    let calls = [
        "setConstant(\"b\", \"true\")",
        "abortOnPropertyRead(\"a\")",
        "try {\nnowebrtc()",
        "preventAddEventListener(\"d\")",
        "abortOnPropertyRead(\"own\")",
    ];
    assert!(places(&first, &calls).is_sorted(), "{first}");
    assert!(!first.contains("(\"c\"") && first.matches("setConstant(\"b\"").count() == 1, "{first}");
    let told = |page: &str| page.replace(&nonce(page), "");
    assert!(others.iter().all(|other| told(other) == told(&first)), "the same page is another one each time");
}

/// What lets our elements through is another one each time.
fn nonce(page: &str) -> String {
    page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

#[test]
fn an_exception_of_the_users_own_wins_over_every_rule_of_a_list_about_pages() {
    const PAGE: &str = "<p class='plain generic'>x<i id=gone>y</i></p>";
    let list = "127.0.0.1##.plain\n##.generic\n##div[data-ad]\n127.0.0.1##.styled:style(color: red)\n\
                127.0.0.1##.card:has-text(/^ad/i)\n127.0.0.1##.up > b:upward(1)\n127.0.0.1##.gone:remove()\n\
                127.0.0.1##+js(set, a, true)\n127.0.0.1##+js(aopr, b)\n127.0.0.1##^#gone\n";
    let all = [
        ".plain{display",
        ".generic{display",
        "div[data-ad]{display",
        ".styled{color: red}",
        "\"has-text\",\"arg\":\"/^ad/i\"",
        "\"upward\",\"arg\":\"1\"",
        "\"type\":\"remove\"",
        "setConstant(\"a\"",
        "abortOnPropertyRead(\"b\"",
    ];
    let [without] = pages(list, "", PAGE);
    places(&without, &all);
    assert!(!without.contains("id=gone"), "{without}");
    for (own, switched_off) in [
        ("127.0.0.1#@#.plain", &[0][..]),
        ("#@#.plain", &[0]),
        ("#@#.generic", &[1]),
        ("127.0.0.1#@#.generic", &[1]),
        ("*#@#div[data-ad]", &[2]),
        ("127.0.0.1#@#.styled:style(color: red)", &[3]),
        ("127.0.0.1#@$#.styled { color: red }", &[3]),
        ("127.0.0.1#@#.card:has-text(/^ad/i)", &[4]),
        ("127.0.0.1#@?#.card:-abp-contains(/^ad/i)", &[4]),
        ("#@#.card:has-text(/^ad/i)", &[4]),
        ("127.0.0.1#@#.up>b:upward(1)", &[5]),
        ("127.0.0.1#@#.gone:remove()", &[6]),
        ("127.0.0.1#@#+js(set-constant, a, true)", &[7]),
        ("127.0.0.1#@#+js(abort-on-property-read.js,  b )", &[8]),
        ("#@#+js(set, 'a', \"true\")", &[7]),
        ("127.0.0.1#@%#//scriptlet('set', 'a', 'true')", &[7]),
        ("127.0.0.1#@#+js()", &[7, 8]),
        ("#@#+js()", &[7, 8]),
        ("@@||127.0.0.1^$generichide", &[1, 2]),
        ("@@||127.0.0.1^$specifichide", &[0, 3, 4, 5, 6]),
        ("@@||127.0.0.1^$elemhide", &[0, 1, 2, 3, 4, 5, 6]),
        // Of others, or from other rules.
        ("a.test#@#+js()", &[]),
        ("127.0.0.1#@#+js(set, a, false)", &[]),
        ("127.0.0.1#@#.card:has-text(/^other/i)", &[]),
    ] {
        let [page] = pages(list, own, PAGE);
        let off: Vec<usize> = (0..all.len()).filter(|at| !page.contains(all[*at])).collect();
        assert_eq!(off, switched_off, "{own}: {page}");
    }
    let [kept] = pages(list, "127.0.0.1#@#^#gone", PAGE);
    assert!(kept.contains("id=gone"), "{kept}");
    let [alone] = pages("", "127.0.0.1##+js(aopr, mine)\n127.0.0.1##.mine\n", PAGE);
    places(&alone, &["abortOnPropertyRead(\"mine\")", ".mine{display"]);
}
