//! Tests of [`Stream`]: the engine's own search over the whole body is the judge.

use std::sync::Arc;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::*;
use crate::rules::replace::{Substitution, translated};
use crate::{Chain, Pull};

/// A small generator of numbers (xorshift64), the same at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    /// A text of up to `limit` bytes made of some of `pieces`.
    fn text(&mut self, pieces: &[&[u8]], limit: usize) -> Vec<u8> {
        let mut text = Vec::new();
        let length = self.below(limit + 1);
        while text.len() < length {
            text.extend_from_slice(pieces[self.below(pieces.len())]);
        }
        text
    }
}

/// A rule under test, compiled once.
struct Rule {
    value: String,
    substitution: Arc<Substitution>,
    alphabet: Alphabet,
}

impl Rule {
    fn new(value: &str, alphabet: Alphabet) -> Self {
        Self { value: value.into(), substitution: Arc::new(Substitution::parse(value).unwrap()), alphabet }
    }

    fn ready(&self) -> Ready {
        match self.alphabet {
            Alphabet::Utf8 => Ready::utf8(Arc::clone(&self.substitution)),
            Alphabet::Bytes => Ready::bytes(Arc::clone(&self.substitution)).unwrap(),
        }
    }

    fn stream(&self) -> Stream {
        Stream::new(self.value.clone(), self.ready())
    }

    /// The rule at work in both ways: by automata, and as it really is made, which for a mere text is without them.
    fn chains(&self) -> [Chain; 2] {
        let ways: [Box<dyn BodyTransform>; 2] = [Box::new(self.stream()), self.ready().transform(self.value.clone())];
        ways.map(|way| {
            let mut chain = Chain::default();
            chain.push("my-rules", way);
            chain
        })
    }

    /// The body after the rule, sent in pieces of up to `most` bytes. Both ways, each with cuts of its own, come to the
    /// same body and records.
    fn streamed(&self, body: &[u8], most: usize, random: &mut Random) -> Vec<u8> {
        let [automata, real] = self.chains().map(|mut chain| {
            let mut at = 0;
            let pieces = std::iter::from_fn(|| {
                let from = at;
                at = (at + 1 + random.below(most)).min(body.len());
                (from < at).then(|| Bytes::copy_from_slice(&body[from..at]))
            });
            (chain.run(pieces).unwrap(), format!("{:?}", chain.take_changes().into_list()))
        });
        assert!(automata == real, "{}, pieces of up to {most}: {automata:?} and {real:?}", self.value);
        real.0
    }
}

/// The body after the rule as the engine finds matches when it sees all of it.
fn whole(from: &str, flags: &str, alphabet: Alphabet, body: &[u8]) -> Vec<u8> {
    let utf8 = alphabet == Alphabet::Utf8;
    let syntax = syntax::Config::new()
        .unicode(utf8)
        .utf8(false)
        .crlf(true)
        .multi_line(flags.contains('m'))
        .case_insensitive(flags.contains('i'));
    let expression = translated(from, false).unwrap();
    let engine =
        Regex::builder().configure(Regex::config().utf8_empty(utf8)).syntax(syntax).build(&expression).unwrap();
    let mut out = Vec::new();
    let mut last = 0;
    for found in engine.find_iter(body) {
        out.extend_from_slice(&body[last..found.start()]);
        out.extend([b"[", &body[found.range()], b"]"].concat());
        last = found.end();
    }
    out.extend_from_slice(&body[last..]);
    out
}

/// Expressions of every kind that makes streaming hard.
const EXPRESSIONS: &[&str] = &[
    "abc",
    "aab",
    "abab",
    "a",
    "a*",
    "b*?",
    "(?:)a?",
    "a+b",
    "a.*b",
    "a.*?b",
    "(?:ab|a)(?:c|bcd)?",
    "ab|abcd|bc",
    "^ab",
    "^a",
    "b$",
    "$",
    "^",
    "^$",
    r"\bab\b",
    r"\b",
    r"\B",
    r"a\b",
    r"\Bb",
    "[^a]",
    "[^a]*c",
    "a[^]*c",
    "a(?:.*b)?",
    "(?:a|b)*c",
    "a*b",
    "é",
    "é*",
    "é|a",
    "[^é]b",
    ".",
    "a{2,3}",
    r"c\s",
    "(?:a|ab)(?:c|bcd)(?:d*)",
    r"[^\n]*\n",
    "(a)(b)?",
    "(?:ab)*c",
    "(?:ab|cab)+c",
    "bc[^]*?ab",
];

#[test]
fn any_cut_gives_what_the_engine_finds_in_the_whole() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let pieces: &[&[u8]] =
        &[b"a", b"b", b"c", b"ab", b"abc", b"D", b"A", "é".as_bytes(), b" ", b"\n", b"\r\n", b"\xc3", b"\xff"];
    let flags_of = |from: &&str| if from.contains(['^', '$']) { vec!["", "m"] } else { vec!["", "i"] };
    let cases = EXPRESSIONS.iter().flat_map(|from| flags_of(from).into_iter().map(move |flags| (from, flags)));
    for ((from, flags), alphabet) in
        cases.flat_map(|case| [Alphabet::Utf8, Alphabet::Bytes].map(|alphabet| (case, alphabet)))
    {
        if alphabet == Alphabet::Bytes && !from.is_ascii() {
            continue;
        }
        let rule = Rule::new(&format!("/{from}/[$&]/{flags}"), alphabet);
        for _ in 0..20 {
            let body = random.text(pieces, 40);
            let want = whole(from, flags, alphabet, &body).escape_ascii().to_string();
            for most in [1, 3, 50] {
                let got = rule.streamed(&body, most, &mut random).escape_ascii().to_string();
                assert_eq!(got, want, "{} on {}, pieces of up to {most}", rule.value, body.escape_ascii());
            }
        }
    }
}

#[test]
fn a_text_is_found_without_automata_as_with_them() {
    let mut random = Random(0x51ed_270b_9f0a_3d21);
    for from in ["a", "aa", "aab", "abab", "aabaa", "abaababa", "abacabadabacaba", "é", r"\u00e9a", r"a\.b", "[b][a]"]
    {
        let rule = Rule::new(&format!("/{from}/[$&]/"), Alphabet::Utf8);
        assert!(rule.substitution.literal.is_some(), "{from}");
        for _ in 0..100 {
            let body = random.text(&[b"a", b"b", b"ab", b"abac", b"abadabac", "é".as_bytes(), b"\xc3", b".b"], 200);
            let want = whole(from, "", Alphabet::Utf8, &body);
            for most in [1, 3, 20, 200] {
                assert!(rule.streamed(&body, most, &mut random) == want, "{from} on {}", body.escape_ascii());
            }
        }
    }
    for value in ["/ab/x/i", "/(a)b/$1/", "/a|b/x/", "/^a/x/", r"/\bab/x/", "/a*/x/"] {
        assert!(Substitution::parse(value).unwrap().literal.is_none(), "{value}");
    }
}

/// What skips ahead sees the text within before the one around it, wherever the rest of that is still to come: behind the
/// end of a piece, or behind a place where old beginnings are given up.
#[test]
fn a_text_within_another_does_not_win_while_that_is_still_coming() {
    let span = usize::try_from(SPAN).unwrap();
    for (from, flags, body) in [
        ("bcb|abcba", "", "--abcba-bcb-abcb"),
        ("abcba|bcb", "i", "--ABCBA-bcb-abcb"),
        ("aab|baaba|abaabaab", "", "--abaabaab-abaaba"),
        ("(?:cab|bcabc+)a?", "", "--bcabcca-bcab"),
        (r"\b(?:bab|ababa)", "m", "--ababa babab abab"),
    ] {
        let rule = Rule::new(&format!("/{from}/[$&]/{flags}"), Alphabet::Utf8);
        assert!(rule.ready().automata().prefilter.is_some(), "{from} is found without skipping");
        let check = |body: &[u8], cut: usize| {
            let pieces = [&body[..cut], &body[cut..]].map(Bytes::copy_from_slice);
            let [mut chain, _] = rule.chains();
            let (got, want) = (chain.run(pieces).unwrap(), whole(from, flags, Alphabet::Utf8, body));
            let shown = body.trim_ascii_start().escape_ascii();
            assert!(got == want, "{} on {} bytes, {shown}, cut at {cut}", rule.value, body.len());
        };
        for cut in 0..=body.len() {
            check(body.as_bytes(), cut);
            let behind_space = [" ".repeat(span - cut).as_bytes(), body.as_bytes()].concat();
            check(&behind_space, behind_space.len());
        }
    }
}

#[test]
fn a_long_body_comes_out_the_same_however_it_was_cut() {
    let mut random = Random(7);
    let (long, longer) = ("x".repeat(30_000), "y".repeat(80_000));
    let pieces: &[&[u8]] = &[b"a", b"b", b"ab\n", b"c ", long.as_bytes(), longer.as_bytes(), b"z"];
    for from in ["a[^]*?b", "a[^]*b", "b[^]*z", "a(?:[^]*z)?", "x+", "[^]+", "a[^]*?c|b[^]*?a", "^[^]*a"] {
        let rule = Rule::new(&format!("/{from}/<$&>/"), Alphabet::Bytes);
        let body: Vec<u8> = (0..4).flat_map(|_| random.text(pieces, 100_000)).collect();
        let want = rule.streamed(&body, 2 * body.len(), &mut random);
        for most in [200_000, 5_000] {
            assert!(rule.streamed(&body, most, &mut random) == want, "{from}, pieces of up to {most}");
        }
    }
}

#[test]
fn a_match_as_long_as_the_span_is_found_wherever_it_lies() {
    let mut random = Random(3);
    let length = usize::try_from(SPAN).unwrap();
    let found = ["<".to_owned(), "m".repeat(length - 2), ">".to_owned()].concat();
    let rules = ["/<[^]*?>/!/", "/<m*>/!/"].map(|value| Rule::new(value, Alphabet::Utf8));
    for before in [0, 1, 1000, length - 1, length, length + 1, 2 * length - 1] {
        let body = ["-".repeat(before), found.clone(), "-".repeat(10)].concat();
        let want = ["-".repeat(before), "!".to_owned(), "-".repeat(10)].concat();
        for rule in &rules {
            let got = rule.streamed(body.as_bytes(), 20_000, &mut random);
            assert!(got == want.as_bytes(), "{} behind {before} bytes", rule.value);
        }
    }
}

#[test]
fn nothing_is_held_back_that_no_match_can_begin_in() {
    for (value, dripped, held) in [
        ("/needle/x/", "hay hay nee", "nee"),
        ("/needle/x/", "hay neeneedl", "needl"),
        ("/needle/x/i", "hay neeNeedl", "Needl"),
        ("/<b>.*?<\\/b>/x/", "text <b> text\n more < text <", "<"),
        ("/<b>.*?<\\/b>/x/", "text <b> text", "<b> text"),
        (r"/\bad\b/x/", "a bad ad", "ad"),
        ("/a*b/x/", "caaa", "aaa"),
        ("/\"ads\":\\[[^\\]]*\\]/x/", "{\"a\":1, \"ads\":[1,", "\"ads\":[1,"),
    ] {
        for mut chain in Rule::new(value, Alphabet::Utf8).chains() {
            let mut out = Vec::new();
            for byte in dripped.bytes() {
                chain.feed(vec![byte].into());
                while let Pull::Piece(piece) = chain.pull().unwrap() {
                    out.extend(piece);
                }
            }
            assert_eq!(String::from_utf8_lossy(&out), dripped.strip_suffix(held).unwrap(), "{value}");
        }
    }
}

#[test]
fn what_is_held_back_is_bounded_and_hard_work_comes_to_an_end() {
    let mut random = Random(11);
    let body = "a".repeat(150_000);
    for value in ["/a[^]*z/x/", "/a(?:[^]*z)?/b/", "/[^]*?z/x/", "/a+/b/"] {
        let rule = Rule::new(value, Alphabet::Bytes);
        let mut stream = rule.stream();
        let mut out = Output::default();
        for piece in body.as_bytes().chunks(10_000) {
            stream.write(Bytes::copy_from_slice(piece), &mut out).unwrap();
            assert!(stream.held.len() as u64 <= 2 * SPAN, "{value}");
            assert!(stream.steps <= (WORK + 3) * (stream.farthest + SPAN), "{value}");
        }
        let want = rule.streamed(body.as_bytes(), body.len(), &mut random);
        assert!(rule.streamed(body.as_bytes(), 9_000, &mut random) == want, "{value}");
    }
}

#[test]
fn replacements_name_groups_and_a_few_are_recorded() {
    let [mut chain, _] = Rule::new("/(\\w+)=(\\w*)/\\$2<-$1/i", Alphabet::Utf8).chains();
    let out = chain.run([Bytes::from_static(b"a=1 b= c=3 d"), Bytes::from_static(b"=4 e")]).unwrap();
    assert_eq!(String::from_utf8_lossy(&out), "1<-a <-b 3<-c 4<-d e");
    let changes = chain.take_changes().into_list();
    let texts: Vec<_> = changes.iter().map(|c| (c.before.as_deref().unwrap(), c.after.as_deref().unwrap())).collect();
    assert_eq!(texts, [("a=1", "1<-a"), ("b=", "<-b"), ("c=3", "3<-c")]);
}
