//! `jsonprune=`: members that are taken out of JSON, named by a path (a part of RFC 9535).

use serde_json::Value;

/// How many segments a path may have.
const SEGMENTS_LIMIT: usize = 16;

/// How many of them may be `..`: with each, what has to be looked through is as many times as much as the value is deep.
const ANYWHERE_LIMIT: usize = 2;

/// The path to what is taken out: `$.a.b[*]..c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) struct JsonPath(Box<[Segment]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
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
        let anywhere = segments.iter().filter(|segment| **segment == Segment::Below).count();
        if segments.is_empty() || segments.len() > SEGMENTS_LIMIT || anywhere > ANYWHERE_LIMIT {
            return Err(wrong());
        }
        Ok(Self(segments.into()))
    }

    /// Takes what the path names out of a value, and says how much that was.
    pub(in crate::rules) fn prune(&self, value: &mut Value) -> usize {
        prune(&self.0, value)
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

fn prune(path: &[Segment], value: &mut Value) -> usize {
    let Some((first, rest)) = path.split_first() else { return 0 };
    if *first == Segment::Below {
        let here = prune(rest, value);
        return here + each(value).map(|value| prune(path, value)).sum::<usize>();
    }
    if rest.is_empty() {
        return remove(first, value);
    }
    match first {
        Segment::Member(name) => value.get_mut(&**name).map_or(0, |value| prune(rest, value)),
        Segment::Element(at) => value.get_mut(*at).map_or(0, |value| prune(rest, value)),
        Segment::Each | Segment::Below => each(value).map(|value| prune(rest, value)).sum(),
    }
}

fn remove(last: &Segment, value: &mut Value) -> usize {
    match (last, value) {
        (Segment::Member(name), Value::Object(members)) => usize::from(members.remove(&**name).is_some()),
        (Segment::Element(at), Value::Array(elements)) if *at < elements.len() => {
            elements.remove(*at);
            1
        }
        (Segment::Each, Value::Object(members)) => std::mem::take(members).len(),
        (Segment::Each, Value::Array(elements)) => std::mem::take(elements).len(),
        _ => 0,
    }
}

fn each(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(elements) => Box::new(elements.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, before: &str, after: &str) {
        let mut value: Value = serde_json::from_str(before).unwrap();
        JsonPath::parse(path).unwrap().prune(&mut value);
        assert_eq!(value.to_string(), after, "{path}");
    }

    #[test]
    fn what_a_path_names_is_taken_out_and_nothing_else() {
        check("$.ads", r#"{"ads":1,"a":{"ads":2}}"#, r#"{"a":{"ads":2}}"#);
        check(r"\$..ads", r#"{"ads":1,"a":[{"ads":2,"b":3}]}"#, r#"{"a":[{"b":3}]}"#);
        check("$.items[*].ad", r#"{"items":[{"ad":1},{"b":2}]}"#, r#"{"items":[{},{"b":2}]}"#);
        check("$['a b'].*", r#"{"a b":{"c":1}}"#, r#"{"a b":{}}"#);
        check("$.list[0]", r#"{"list":[1,2]}"#, r#"{"list":[2]}"#);
        check("$.x.y", r#"{"x":1}"#, r#"{"x":1}"#);
        for wrong in ["ads", "$", "$.", "$[", "$[x]", "$.a..", "$[?(@.x)]", "$..a..b..c"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }
}
