//! Lists that somebody made to be slow: they take no more than a plain list of their size, some times over, and what is judged by
//! them goes on being judged.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a test that measures looks at clocks")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use http::Method;
use tamis_filter::Destination;
use tamis_filter::rules::{Built, Context, EXPRESSION_LINES_LIMIT, Engine, LINE_LIMIT, Ruling, Source};

/// How large the lists are, in bytes. They are trusted: more is read of such a list.
const SIZE: usize = 512 << 10;

/// How many times as long as a plain list one may take. One that grows with the square of its size takes thousands of times as long.
const FACTOR: u32 = 16;

/// The processor time of this thread so far: a machine that has other things to do changes nothing. Where the system does not tell,
/// the time on the wall.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|time| time.parse().ok());
    nanoseconds.map_or_else(|| Instant::now().duration_since(*BEGIN), Duration::from_nanos)
}

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

fn built(text: &str) -> (Built, Duration) {
    let begun = processor_time();
    let built = Engine::build(&[Source { list: "hostile", text, trusted: true }]);
    (built, processor_time() - begun)
}

/// As many lines as it takes, numbered.
fn lines(line: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(SIZE);
    for number in 0.. {
        text.push_str(&line(number));
        text.push('\n');
        if text.len() >= SIZE {
            break;
        }
    }
    text
}

/// How long a plain list of the same size takes.
static PLAIN: LazyLock<Duration> = LazyLock::new(|| {
    (0..3).map(|_| built(&lines(|number| format!("||ads{number}.test^$third-party"))).1).max().unwrap_or_default()
});

#[track_caller]
fn assert_is_bounded(what: &str, text: &str) -> Built {
    let plain = *PLAIN;
    let (built, time) = built(text);
    assert!(time < plain * FACTOR, "{what} takes {time:?}, a plain list {plain:?}");
    built
}

/// As much of a line as is read, of a piece over and over.
fn long(begin: &str, piece: &str, end: &str) -> String {
    let times = (LINE_LIMIT - begin.len() - end.len()) / piece.len();
    format!("{begin}{}{end}", piece.repeat(times))
}

#[test]
fn chains_of_continued_lines_are_read_as_fast_as_lines() {
    for (what, first, next) in [
        ("a chain of short lines", "||a.test/ \\\n", "    b \\"),
        ("a chain of nothing", "||a.test/ \\\n", "     \\"),
        ("a chain of backslashes", "||a.test/ \\\n", "    \\ \\"),
        ("a chain of options", "||a.test/$domain=a.test \\\n", "    |b.test \\"),
    ] {
        assert_is_bounded(what, &format!("{first}{}", lines(|_| next.into())));
    }
    let long = long("    ", "b", " \\");
    assert_is_bounded("a chain of long lines", &format!("||a.test/ \\\n{}", lines(|_| long.clone())));
}

#[test]
fn taking_back_rules_by_the_hundred_thousand_takes_no_longer_than_adding_them() {
    for (what, line) in [
        ("others each", Box::new(|n| format!("||a{n}.test^$badfilter")) as Box<dyn Fn(usize) -> String>),
        ("of one pattern", Box::new(|n| format!("*$badfilter,domain=a{n}.test"))),
        ("and there", Box::new(|n| format!("||a{}.test^$script{}", n / 2, if n % 2 == 0 { ",badfilter" } else { "" }))),
        (
            "of one pattern and there",
            Box::new(|n| format!("/ads/*$domain=a{}.test{}", n / 2, if n % 2 == 0 { ",badfilter" } else { "" })),
        ),
        ("in comments", Box::new(|n| format!("! badfilter {n}"))),
        ("in rules of pages", Box::new(|n| format!("##.badfilter{n}"))),
    ] {
        assert_is_bounded(what, &lines(line));
    }
}

#[test]
fn a_line_of_nothing_but_signs_is_read_as_fast_as_any() {
    for (begin, piece, end) in [
        ("a", "$", ""),
        ("a", "$b", ""),
        ("a", "$b=", ""),
        ("a", "$domain=a", ""),
        ("a$domain=a", "$script,", "x"),
        ("/a", "/$script", "/"),
        ("/a", "$script,", "/$nonsense"),
        ("a$removeparam=/", "\\,", ""),
        ("a$removeparam=/", "$", "/"),
        ("a$replace=/", "$a,", "/b/"),
        ("a$", ",", ""),
        ("a$", "~", "script"),
        ("a$", "=", ""),
        ("", "#", ""),
        ("", "##", ""),
        ("", "a,", "##.ad"),
        ("a", "##^", ""),
        ("a.test##", ":has(", ".ad"),
        ("a.test##", ":not(.a)", ""),
        ("a.test##.a:has-text(/", "(", "/)"),
        ("a.test##+js(", "a,", ")"),
        ("a.test##", "\\", ""),
        ("||", "*", ""),
        ("", "|", ""),
        ("||", "a*", "^"),
        ("||", "^", ""),
        ("||", "xn--", ".test^"),
        ("||", "a.", "test^"),
        ("@@", "@", ""),
        ("[$", "domain=a,", "]##.ad"),
        ("", "0.0.0.0 ", "a.test"),
        ("||a.test^$header=x:/", "(a|b)*", "/"),
        ("||a.test^$cookie=/", "(a|b)*", "/"),
        ("||a.test^$uritransform=/", "(a)", "/b/"),
        ("||a.test^$urlskip=", "?a ", ""),
        ("||a.test^$csp=", "script-src 'none';", ""),
    ] {
        let line = long(begin, piece, end);
        assert_is_bounded(&format!("{begin}{piece}…{end}"), &lines(|_| line.clone()));
    }
}

#[test]
fn expressions_that_look_around_by_the_thousand_are_refused_in_no_time() {
    for piece in [
        "(?=",
        "(?=a)",
        "(?!",
        "(?!a)",
        "(?<=a)",
        "(",
        "(?:",
        "[",
        "a{9}",
        "(a*)*",
        "a|",
        "\\p{L}",
        "[^\\p{L}]{99}",
        "(?i)",
    ] {
        for (begin, end) in [
            ("/", "/"),
            ("||a.test^$replace=/", "/b/"),
            ("a.test##.a:has-text(/", "/)"),
            ("||a.test^$removeparam=/", "/"),
            ("||a.test^$domain=/", "/"),
        ] {
            let line = long(begin, piece, end);
            assert_is_bounded(&format!("{begin}{piece}…{end}"), &lines(|_| line.clone()));
        }
    }
}

#[test]
fn expressions_beyond_those_that_a_list_may_have_are_not_even_read() {
    for (begin, end) in
        [("/", "/"), ("||a.test^$replace=/", "/b/"), ("||a.test^$removeparam=/", "/"), ("/ads/$domain=/", "/")]
    {
        let text = |count: usize| (0..count).map(|n| format!("{begin}{n}(a|b|c){{1,20}}{end}\n")).collect::<String>();
        let (_, most) = built(&text(EXPRESSION_LINES_LIMIT));
        let (built, time) = built(&text(4 * EXPRESSION_LINES_LIMIT));
        assert!(time < most * 2 + *PLAIN, "{begin}: {time:?} for four times as many, {most:?} for all that count");
        assert!(built.reports[0].network <= EXPRESSION_LINES_LIMIT, "{begin}");
    }
}

#[test]
fn paths_into_json_with_many_ways_are_refused() {
    for piece in ["..", "..a", "..*", "[*]", "*.", "..a[*]", "[?(@.", "|$"] {
        for option in ["jsonprune=\\$", "jsonprune=$", "xmlprune=/", "json-prune="] {
            let line = long(&format!("||a.test^${option}"), piece, "a");
            assert_is_bounded(&format!("{option}{piece}…"), &lines(|_| line.clone()));
            let line = format!("||a.test^${option}{}a", piece.repeat(3));
            assert_is_bounded(&line, &lines(|n| format!("{line}{n}")));
        }
    }
}

#[test]
fn thousands_of_sites_in_a_line_are_read_as_fast_as_any() {
    for option in ["domain", "to", "denyallow", "from", "method", "ipaddress"] {
        let sites: String = (0..100_000).map(|n| format!("a{n}.test|")).collect();
        let line = format!("*${option}={sites}b.test");
        let built = assert_is_bounded(option, &lines(|_| line.clone()));
        assert_eq!(built.reports[0].network, 0, "{option}: it is longer than a line may be");
        let line = line[..LINE_LIMIT - 100].to_owned();
        assert_is_bounded(option, &lines(|_| line.clone()));
    }
}

#[test]
fn conditions_within_conditions_are_read_as_fast_as_lines() {
    let nested = lines(|_| "!#if ext_ublock".into());
    let built = assert_is_bounded(
        "nested",
        &format!("{nested}||a.test^\n{}||b.test^", nested.replace("!#if ext_ublock", "!#endif")),
    );
    assert_eq!(built.reports[0].network, 1, "what is too deep does not count, and what is behind it does");
    for piece in ["(", "!", "a||", "a&&", "(a)&&", "ext_ublock"] {
        let line = long("!#if ", piece, "a");
        assert_is_bounded(piece, &lines(|_| line.clone()));
    }
}

#[test]
fn rules_by_the_hundred_thousand_that_share_one_word_are_read_as_fast_as_any() {
    for line in [
        (|n| format!("/ads/*{n}x")) as fn(usize) -> String,
        |n| format!("/ads/$domain=a{n}.test"),
        |n| format!("/ads/*{n}x$method=get"),
        |n| format!("https*{n}x"),
        |n| format!("||example.com^*{n}x$method=get"),
        |n| format!("@@/ads/*{n}x"),
        |n| format!("/ads/*{n}x$removeparam=a"),
        |n| format!("##.ad[a{n}]"),
        |n| format!("ads.test##.ad{n}"),
    ] {
        assert_is_bounded(&line(7), &lines(line));
    }
}

#[test]
fn a_text_that_a_thousand_rules_look_for_costs_no_more_where_an_address_repeats_it() {
    for piece in ["qzqz", "/qzqz"] {
        let rules: Vec<String> = (0..1_000).map(|number| format!("*{piece}*$to=~a{number}.test")).collect();
        let (built, _) = built(&rules.join("\n"));
        assert_eq!(built.reports[0].network, rules.len());
        let judged = |address: String| {
            let request = Context::named(&address, None, Destination::Image, Method::GET).expect("an address");
            // The system counts by ticks of some milliseconds: several times, and one tick more.
            let begun = processor_time();
            for _ in 0..32 {
                assert!(matches!(built.engine.judge(&request).ruling, Ruling::Block(_)));
            }
            processor_time() - begun + Duration::from_millis(10)
        };
        let once = judged(format!("https://x.test/{piece}{}", "a".repeat(60_000)));
        let often = judged(format!("https://x.test/{}", piece.repeat(60_000 / piece.len())));
        assert!(often < once * FACTOR, "{piece}: {often:?} for {once:?}");
    }
}
