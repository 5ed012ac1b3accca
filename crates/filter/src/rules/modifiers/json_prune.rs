//! `jsonprune=`: members that are taken out of JSON, named by a path (a part of RFC 9535).

use super::json_text;

/// How many segments a path may have; fewer than a number of 32 bits.
const SEGMENTS_LIMIT: usize = 16;

/// The path to what is taken out: `$.a.b[*]..c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) struct JsonPath(Box<[Segment]>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Member(Box<str>),
    Element(usize),
    /// `*`: every member or element.
    Each,
    /// `..`: what follows, at any depth.
    Below,
}

impl JsonPath {
    /// Reads a path. In rules `$` may stand behind a backslash.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let wrong = || format!("the path `{value}` of `jsonprune` is not understood");
        let mut rest = value.strip_prefix('\\').unwrap_or(value).strip_prefix('$').ok_or_else(wrong)?;
        let mut segments = Vec::new();
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("..") {
                segments.push(Segment::Below);
                rest = behind;
                if rest.starts_with('[') {
                    continue;
                }
            } else if let Some(behind) = rest.strip_prefix('.') {
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix('[') {
                let (inner, behind) = behind.split_once(']').ok_or_else(wrong)?;
                segments.push(in_brackets(inner).ok_or_else(wrong)?);
                rest = behind;
                continue;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end).filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
            segments.push(if name == "*" { Segment::Each } else { Segment::Member(name.into()) });
            rest = behind;
        }
        if segments.is_empty() || segments.len() > SEGMENTS_LIMIT {
            return Err(wrong());
        }
        Ok(Self(segments.into()))
    }

    /// A text of JSON without what the path names, and how much that was; none where it names nothing, or this is no JSON.
    /// What stays, stays to the octet.
    pub(in crate::rules) fn prune(&self, text: &[u8]) -> Option<(Vec<u8>, usize)> {
        json_text::without(text, &self.0)
    }
}

impl Segment {
    /// Whether it means the member of an object whose name is written like this, with its quotes.
    pub(super) fn fits_member(&self, written: &[u8]) -> bool {
        match self {
            Self::Member(name) if written.contains(&b'\\') => {
                serde_json::from_slice::<String>(written).is_ok_and(|read| *read == **name)
            }
            Self::Member(name) => {
                written.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) == Some(name.as_bytes())
            }
            Self::Each => true,
            Self::Element(_) | Self::Below => false,
        }
    }

    /// Whether it means the element of an array with this number.
    pub(super) fn fits_element(&self, index: usize) -> bool {
        match self {
            Self::Element(wanted) => *wanted == index,
            Self::Each => true,
            Self::Member(_) | Self::Below => false,
        }
    }
}

fn in_brackets(inner: &str) -> Option<Segment> {
    if inner == "*" {
        return Some(Segment::Each);
    }
    let quoted = |mark| inner.strip_prefix(mark)?.strip_suffix(mark);
    match quoted('\'').or_else(|| quoted('"')) {
        Some(name) => Some(Segment::Member(name.into())),
        None => inner.parse().ok().map(Segment::Element),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn pruned(path: &str, before: &[u8]) -> Option<(Vec<u8>, usize)> {
        JsonPath::parse(path).unwrap().prune(before)
    }

    #[track_caller]
    fn check(path: &str, before: &str, after: &str) {
        let got =
            pruned(path, before.as_bytes()).map_or(before.to_owned(), |(text, _)| String::from_utf8(text).unwrap());
        assert_eq!(got, after, "{path} of {before}");
    }

    #[test]
    fn what_a_path_names_is_taken_out_and_nothing_else() {
        check("$.ads", r#"{"ads":1,"a":{"ads":2}}"#, r#"{"a":{"ads":2}}"#);
        check(r"\$..ads", r#"{"ads":1,"a":[{"ads":2,"b":3}]}"#, r#"{"a":[{"b":3}]}"#);
        check("$.items[*].ad", r#"{"items":[{"ad":1},{"b":2}]}"#, r#"{"items":[{},{"b":2}]}"#);
        check("$['a b'].*", r#"{"a b":{"c":1}}"#, r#"{"a b":{}}"#);
        check("$.list[0]", r#"{"list":[1,2]}"#, r#"{"list":[2]}"#);
        check("$.x.y", r#"{"x":1}"#, r#"{"x":1}"#);
        check("$..a..b..c", r#"{"a":{"x":{"b":[{"c":1,"d":2}]}},"c":3}"#, r#"{"a":{"x":{"b":[{"d":2}]}},"c":3}"#);
        check("$..a..a", r#"{"a":{"a":{"a":1}}}"#, r#"{"a":{}}"#);
        for wrong in ["ads", "$", "$.", "$[", "$[x]", "$.a..", "$[?(@.x)]"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stays_is_as_it_was_written_to_the_octet() {
        let odd = r#" {"z":12345678901234567890123 , "a" : 1.0,"b":-0,"c":1e400,"d":"\u00e9\/\ud800", "e":[ ] }"#;
        let with = odd.replace(r#""b":"#, "\"ad\" :\t[1, {\"x\":[]}] ,\n\"b\":");
        check("$.ad", &with, &odd.replace("1.0,\"b\"", "1.0 ,\n\"b\""));
        check("$.z", odd, &odd.replace(r#""z":12345678901234567890123 , "#, ""));
        check("$.e", odd, &odd.replace(r#", "e":[ ]"#, ""));
        check("$.*", "\u{feff}{ \"a\" : 1 , \"b\" : 2 }\n", "\u{feff}{  }\n");
        check("$[1]", "[ 1 , 2 , 3 ]", "[ 1 , 3 ]");
        check("$[*].x", r#"[{"x":1,"y":2,"x":3},{"y":1,"x":2,"x":3,"z":4}]"#, r#"[{"y":2},{"y":1,"z":4}]"#);
        check("$.a.b", r#"{"a":{"b":1},"a":{"b":2,"c":3}}"#, r#"{"a":{},"a":{"c":3}}"#);
        assert_eq!(pruned("$.b", b"{\"a\":\"\xff\xc3\",\"b\":1}"), Some((b"{\"a\":\"\xff\xc3\"}".to_vec(), 1)));
    }

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        check("$.a/é", r#"{"\u0061\/\u00E9":1,"b":2}"#, r#"{"b":2}"#);
        check("$.\u{1f600}", r#"{"\ud83d\ude00":1}"#, "{}");
        check("$.a", r#"{"\ud800a":1}"#, r#"{"\ud800a":1}"#);
        check("$.ab", r#"{"a\u0062c":1,"ab":2}"#, r#"{"a\u0062c":1}"#);
    }

    #[test]
    fn what_is_no_json_or_too_deep_stays_as_it_is() {
        for text in [
            "",
            " ",
            "{",
            r#"{"a":1"#,
            r#"{"a":1,}"#,
            r#"{"a":1}}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":+1}"#,
            r#"{"a":1e}"#,
            r#"{"a":tru}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12g4"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{"a":1} x"#,
            r#"{'a':1}"#,
            r#"[1 2]"#,
            "{\"a\":\u{a0}1}",
            r#")]}'{"a":1}"#,
            r#"{"a":NaN}"#,
            r#"{"a":"#,
        ] {
            assert_eq!(pruned("$..a", text.as_bytes()), None, "{text}");
        }
        let deep = |depth: usize| "[".repeat(depth) + r#"{"a":1}"# + &"]".repeat(depth);
        assert!(pruned("$..a", deep(255).as_bytes()).is_some());
        assert_eq!(pruned("$..a", deep(256).as_bytes()), None);
        assert_eq!(pruned("$..a", "[".repeat(1 << 20).as_bytes()), None);
    }

    /// What is left of a value, by the words of the path.
    fn expected(path: &[Segment], value: &Value) -> Value {
        let goes = |name: Result<&str, usize>| match (&path[0], name) {
            (Segment::Member(wanted), Ok(name)) => **wanted == *name,
            (Segment::Element(wanted), Err(index)) => *wanted == index,
            (wanted, _) => *wanted == Segment::Each,
        };
        if path[0] == Segment::Below {
            let here = expected(&path[1..], value);
            return match here {
                Value::Object(members) => members.into_iter().map(|(name, it)| (name, expected(path, &it))).collect(),
                Value::Array(elements) => elements.iter().map(|it| expected(path, it)).collect(),
                other => other,
            };
        }
        let kept = |name: Result<&str, usize>, it: &Value| match goes(name) {
            true if path.len() == 1 => None,
            true => Some(expected(&path[1..], it)),
            false => Some(it.clone()),
        };
        match value {
            Value::Object(members) => {
                members.iter().filter_map(|(name, it)| Some((name.clone(), kept(Ok(name), it)?))).collect()
            }
            Value::Array(elements) => elements.iter().enumerate().filter_map(|(at, it)| kept(Err(at), it)).collect(),
            other => other.clone(),
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), "[a\"\\\\é]{0,3}".prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-c]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_the_path_does_not_name(value in any_value(), pretty in any::<bool>(), path in prop::sample::select(vec![
            "$.a", "$..a", "$[0]", "$..[0]", "$..a[1]", "$.a..b", "$..a..b", "$.*", "$.a.*", "$..*.c", "$..[1]..a",
        ])) {
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
            let path = JsonPath::parse(path).unwrap();
            let left = path.prune(&text).map_or(text, |(left, _)| left);
            let read: Value = serde_json::from_slice(&left).unwrap();
            prop_assert_eq!(read, expected(&path.0, &value));
        }

        #[test]
        fn no_text_is_too_odd(text in r#"[\[\]{}:,"\\au0-9.+ \-]{0,40}"#) {
            let ours = JsonPath::parse("$..*").unwrap().prune(text.as_bytes());
            let theirs = serde_json::from_str::<Value>(&text);
            prop_assert!(ours.is_none() || theirs.is_ok());
        }
    }
}
