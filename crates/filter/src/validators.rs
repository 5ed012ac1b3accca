//! Entity tags of bodies that we changed: `"x"` becomes `W/"x;t=9a3f"`, and the way back.
//!
//! What we make of a representation is another one (RFC 9110 8.8.3), so the origin's tag is not its tag. A weak tag of
//! its own keeps the client's cache working: the tag comes back in `If-None-Match`, goes up as the origin's, and "not
//! modified" comes down with the tag that the client knows. The four digits are a [`Fingerprint`] of the profiles in
//! force; once others are, the condition is dropped and the whole is fetched. No tag of ours ever gets to an origin.
//!
//! The letter tells which tag to restore, `t` for `"x"` and `w` for `W/"x"`: comparison is weak there (RFC 9110
//! 13.1.2), yet some servers compare to the letter.

use std::hash::Hasher;
use std::sync::Arc;

use http::header::{ETAG, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{Method, StatusCode};

use crate::{Fields, Profile, RequestHead, ResponseHead};

/// The longest tag of an origin that is marked, in bytes; a longer one is dropped with the body it named. Real ones
/// have some 10 to 70.
const TAG_LIMIT: usize = 1024;

/// How many tags of ours one request may carry; further ones are dropped, which costs a download. Browsers send one.
const TAGS_LIMIT: usize = 64;

/// What a pipeline is made of, in sixteen bits: which profiles, of which version of Tamis, with which data. The same
/// choice gives the same fingerprint at every start.
///
/// Sixteen bits are enough to notice a change (one in 65536 is missed, and mends itself with the next edit of the page),
/// and too few to tell users apart: a page's own scripts can read its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u16);

impl Fingerprint {
    pub(crate) fn of(profiles: &[Arc<dyn Profile>]) -> Self {
        let mut hash = Fnv::default();
        hash.write(env!("CARGO_PKG_VERSION").as_bytes());
        for profile in profiles {
            hash.write(b"\0");
            hash.write(profile.card().id.as_bytes());
            hash.write(b"\0");
            profile.identify(&mut hash);
        }
        let [a, b, c, d, e, f, g, h] = hash.finish().to_be_bytes();
        Self(u16::from_be_bytes([a ^ c ^ e ^ g, b ^ d ^ f ^ h]))
    }

    /// Puts our tag in place of the origin's. One that cannot be marked is no tag of the changed body and goes.
    pub(crate) fn mark(self, fields: &mut Fields) {
        let Some(tag) = fields.get(ETAG) else { return };
        // Neither is refused: an entity tag frames and routes nothing.
        let _done = match self.marked(tag.as_bytes()) {
            Some(ours) => fields.set(ETAG, ours).is_ok(),
            None => fields.remove(&ETAG).is_ok(),
        };
    }

    fn marked(self, tag: &[u8]) -> Option<HeaderValue> {
        let Tag { weak, opaque } = Tag::parse(tag).filter(|_| tag.len() <= TAG_LIMIT)?;
        let suffix = format!(";{}={:04x}\"", if weak { 'w' } else { 't' }, self.0);
        HeaderValue::from_bytes(&[b"W/\"", opaque, suffix.as_bytes()].concat()).ok()
    }
}

/// FNV-1a, 64 bits: small, and the same in every build, unlike the standard library's hashers.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// An entity tag (RFC 9110 8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    opaque: &'a [u8],
}

impl<'a> Tag<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        let (weak, quoted) = text.strip_prefix(b"W/").map_or((false, text), |quoted| (true, quoted));
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        // A byte from %x80 up is obs-text, which a tag may have.
        let well_formed = opaque.iter().all(|&byte| byte > b' ' && byte != b'"' && byte != 0x7f);
        well_formed.then_some(Self { weak, opaque })
    }

    /// The tag that this one of ours was made from, and by which pipeline; none when it is not ours. All of ours are weak:
    /// an origin's strong tag is never taken for one, however it ends.
    fn origin(&self) -> Option<(Self, Fingerprint)> {
        if !self.weak {
            return None;
        }
        let (opaque, suffix) = self.opaque.split_at_checked(self.opaque.len().checked_sub(7)?)?;
        let (weak, digits) = match suffix {
            [b';', b't', b'=', digits @ ..] => (false, digits),
            [b';', b'w', b'=', digits @ ..] => (true, digits),
            _ => return None,
        };
        let written_by_us = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = std::str::from_utf8(digits).ok().filter(|_| written_by_us)?;
        Some((Self { weak, opaque }, Fingerprint(u16::from_str_radix(digits, 16).ok()?)))
    }

    fn text(&self) -> Vec<u8> {
        let weak: &[u8] = if self.weak { b"W/" } else { b"" };
        [weak, b"\"", self.opaque, b"\""].concat()
    }
}

/// What became of the conditions of one request.
#[derive(Debug, Default)]
pub(crate) struct Translation {
    /// The opaque part of each restored tag, and the whole of ours as the client wrote it.
    restored: Vec<(Vec<u8>, HeaderValue)>,
}

impl Translation {
    /// Puts the conditions of `request` in the origin's words.
    pub(crate) fn of(request: &mut RequestHead, current: Fingerprint) -> Self {
        let mut translation = Self::default();
        // Almost every request ends here, after three look-ups.
        if request.fields.has(IF_NONE_MATCH) {
            translation.if_none_match(request, current);
        }
        if request.fields.has(IF_MATCH) {
            if_match(&mut request.fields);
        }
        if request.fields.has(IF_RANGE) {
            if_range(&mut request.fields);
        }
        translation
    }

    /// `If-None-Match` asks whether a copy is still good (RFC 9110 13.1.2): it is if the origin's representation is the
    /// same and we would make the same of it. Before a change (any method but GET and HEAD) it asks about the origin's
    /// representation alone.
    fn if_none_match(&mut self, request: &mut RequestHead, current: Fingerprint) {
        let is_about_a_copy = matches!(request.method, Method::GET | Method::HEAD);
        let all_gone = rewrite_tags(&mut request.fields, &IF_NONE_MATCH, |ours, origin, made_by| {
            let good = !is_about_a_copy || (made_by == current && self.restored.len() < TAGS_LIMIT);
            if good && is_about_a_copy {
                self.restored.push((origin.opaque.to_vec(), HeaderValue::from_bytes(ours).ok()?));
            }
            good.then(|| origin.text())
        });
        if all_gone {
            // Beside If-None-Match it had no say (RFC 9110 13.1.3), and must not get it now.
            let _was_there = request.fields.remove(&IF_MODIFIED_SINCE);
        }
    }

    /// Gives "not modified" the tag by which the client knows its copy, so that its cache finds it (RFC 9111 4.3.4);
    /// true where it did.
    pub(crate) fn name_copy(&self, response: &mut ResponseHead) -> bool {
        if self.restored.is_empty() || response.status != StatusCode::NOT_MODIFIED {
            return false;
        }
        let copy = response.fields.get(ETAG).and_then(|tag| Tag::parse(tag.as_bytes())).and_then(|tag| {
            self.restored.iter().find(|(opaque, _)| opaque == tag.opaque).map(|(_, ours)| ours.clone())
        });
        copy.is_some_and(|ours| response.fields.set(ETAG, ours).is_ok())
    }
}

/// `If-Match` guards against lost updates and compares strongly (RFC 9110 13.1.1): a copy of ours must never overwrite
/// the original, so the tag goes up weak, which matches nothing, and the condition stays.
fn if_match(fields: &mut Fields) {
    rewrite_tags(fields, &IF_MATCH, |_, origin, _| Some(Tag { weak: true, ..origin }.text()));
}

/// `If-Range` compares strongly (RFC 9110 13.1.5), so a tag of ours never matches, and then the whole is sent as if no
/// range had been asked for. That is said here, for a lenient origin would send a part that fits no copy of ours.
fn if_range(fields: &mut Fields) {
    let is_ours = fields.get(IF_RANGE).and_then(|tag| Tag::parse(tag.as_bytes())).is_some_and(|t| t.origin().is_some());
    if is_ours {
        let _were_there = (fields.remove(&IF_RANGE), fields.remove(&RANGE));
    }
}

/// Replaces each tag of ours in the list `name` by what `translate` makes of it (as the client wrote it, the origin's
/// tag, who made it), and drops it where that is nothing. A list without one stays as it is, to the letter. True when
/// nothing was left and the field is gone.
fn rewrite_tags(
    fields: &mut Fields,
    name: &HeaderName,
    mut translate: impl FnMut(&[u8], Tag<'_>, Fingerprint) -> Option<Vec<u8>>,
) -> bool {
    let mut found = false;
    let mut members: Vec<Vec<u8>> = Vec::new();
    for line in fields.all(name) {
        for member in tag_list(line.as_bytes()).map(<[u8]>::trim_ascii).filter(|member| !member.is_empty()) {
            match Tag::parse(member).and_then(|tag| tag.origin()) {
                None => members.push(member.to_vec()),
                Some((origin, made_by)) => {
                    found = true;
                    members.extend(translate(member, origin, made_by));
                }
            }
        }
    }
    if !found {
        return false;
    }
    // Neither is refused: conditions frame and route nothing.
    match HeaderValue::from_bytes(&members.join(b", ".as_slice())) {
        Ok(list) if !members.is_empty() => {
            let _set = fields.set(name.clone(), list);
            false
        }
        _ => {
            let _was_there = fields.remove(name);
            true
        }
    }
}

/// The members of a list of entity tags: a comma may stand within a tag, and a backslash there escapes nothing.
fn tag_list(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |&byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderMap, IF_UNMODIFIED_SINCE};

    use super::*;
    use crate::{Card, Filter, Pipeline, Run, Service};

    /// A profile with data of its own.
    struct Rules(&'static str, &'static str);
    struct Nothing;
    impl Filter for Nothing {}
    impl Profile for Rules {
        fn card(&self) -> Card {
            let service = Service::MediaTypeTransformation;
            Card { id: self.0, title: "", summary: "", tag: "", service, on_by_default: false }
        }
        fn identify(&self, into: &mut dyn Hasher) {
            into.write(self.1.as_bytes());
        }
        fn filter(self: Arc<Self>) -> Box<dyn Filter> {
            Box::new(Nothing)
        }
    }

    fn fingerprint(profiles: &[(&'static str, &'static str)]) -> Fingerprint {
        let profiles = profiles.iter().map(|&(id, data)| Arc::new(Rules(id, data)) as Arc<dyn Profile>);
        Pipeline::new(profiles.collect()).fingerprint()
    }

    const NOW: Fingerprint = Fingerprint(0xab12);

    fn request(method: Method, lines: &[(HeaderName, &str)]) -> RequestHead {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        RequestHead { method, target: http::Uri::from_static("http://a.test/"), fields: Fields::from_wire(map) }
    }

    /// What `If-None-Match` says to the origin.
    fn goes_up(method: Method, lines: &[&str]) -> Vec<String> {
        let lines: Vec<_> = lines.iter().map(|&line| (IF_NONE_MATCH, line)).collect();
        let mut request = request(method, &lines);
        Translation::of(&mut request, NOW);
        request.fields.all(IF_NONE_MATCH).map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    fn marked(tag: &str) -> Option<String> {
        NOW.marked(tag.as_bytes()).map(|tag| tag.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_fingerprint_changes_with_the_choice_and_its_data_and_with_nothing_else() {
        let of = fingerprint;
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("a", "1"), ("b", "2")]));
        let all = [of(&[]), of(&[("a", "")]), of(&[("a", "1")]), of(&[("b", "1")]), of(&[("a", "1"), ("b", "")])];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{all:?}");
        }
        // A known value of FNV-1a: it is the same in every build.
        let mut hash = Fnv::default();
        hash.write(b"foobar");
        assert_eq!(hash.finish(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_changed_body_gets_a_weak_tag_of_ours_rfc9110_8_8_3() {
        assert_eq!(marked("\"x\"").as_deref(), Some("W/\"x;t=ab12\""));
        assert_eq!(marked("W/\"x\"").as_deref(), Some("W/\"x;w=ab12\""));
        assert_eq!(marked("\"\"").as_deref(), Some("W/\";t=ab12\""));
        // Tamis behind Tamis: each takes off its own.
        assert_eq!(marked("W/\"x;t=0000\"").as_deref(), Some("W/\"x;t=0000;w=ab12\""));
    }

    #[test]
    fn a_tag_that_cannot_be_marked_is_no_tag_of_the_changed_body() {
        for malformed in ["x", "\"x", "'x'", "w/\"x\"", "\"a\"b\"", "\"a b\"", "", "\""] {
            assert_eq!(marked(malformed), None, "{malformed}");
        }
        let (fits, too_long) = (TAG_LIMIT - 2, TAG_LIMIT - 1);
        assert!(marked(&format!("\"{}\"", "x".repeat(fits))).is_some());
        assert!(marked(&format!("\"{}\"", "x".repeat(too_long))).is_none());
    }

    #[test]
    fn tags_of_ours_go_up_as_the_origins_or_not_at_all_rfc9110_13_1_2() {
        assert_eq!(goes_up(Method::GET, &["W/\"x;t=ab12\""]), ["\"x\""]);
        assert_eq!(goes_up(Method::HEAD, &["W/\"x;w=ab12\""]), ["W/\"x\""]);
        assert_eq!(
            goes_up(Method::GET, &["W/\"a,b;t=ab12\" , W/\"y\"", "\"c\\\", W/\"z;t=0000\""]),
            ["\"a,b\", W/\"y\", \"c\\\""]
        );
        assert_eq!(goes_up(Method::GET, &["W/\"x;t=ab13\", W/\"y;w=0000\""]), [""; 0]);
        // Before a change it is the origin's representation that is asked about.
        assert_eq!(goes_up(Method::PUT, &["W/\"x;t=0000\""]), ["\"x\""]);
    }

    #[test]
    fn what_is_no_tag_of_ours_passes_to_the_letter() {
        let nearly = "W/\"x;t=AB12\",W/\"x;t=ab1\" ,\"x;u=ab12\",\"t=ab12\"";
        for line in ["*", "\"x\" ,W/\"y\"", "\"x;t=ab12\"", "x;t=ab12", "W/\"x;t=ab12", nearly, ",,\"x\"", ""] {
            assert_eq!(goes_up(Method::GET, &[line]), [line]);
        }
    }

    #[test]
    fn a_dropped_condition_does_not_leave_the_date_in_charge_rfc9110_13_1_3() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let mut dropped = request(Method::GET, &[(IF_NONE_MATCH, "W/\"x;t=0000\""), (IF_MODIFIED_SINCE, date)]);
        Translation::of(&mut dropped, NOW);
        assert_eq!(dropped.fields.iter().count(), 0);
        let mut kept = request(Method::GET, &[(IF_NONE_MATCH, "W/\"x;t=ab12\""), (IF_MODIFIED_SINCE, date)]);
        Translation::of(&mut kept, NOW);
        assert_eq!(kept.fields.text(IF_MODIFIED_SINCE), Some(date));
    }

    #[test]
    fn a_copy_of_ours_cannot_overwrite_the_original_rfc9110_13_1_1() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let lines = [(IF_MATCH, "W/\"x;t=ab12\", \"y\", W/\"z;w=0000\""), (IF_UNMODIFIED_SINCE, date)];
        let mut request = request(Method::PUT, &lines);
        Translation::of(&mut request, NOW);
        assert_eq!(request.fields.text(IF_MATCH), Some("W/\"x\", \"y\", W/\"z\""));
        assert_eq!(request.fields.text(IF_UNMODIFIED_SINCE), Some(date));
    }

    #[test]
    fn a_range_of_a_copy_of_ours_is_asked_for_whole_rfc9110_13_1_5() {
        let ours = [(RANGE, "bytes=5-"), (IF_RANGE, "W/\"x;t=ab12\"")];
        let mut asked = request(Method::GET, &ours);
        Translation::of(&mut asked, NOW);
        assert_eq!(asked.fields.iter().count(), 0);
        for theirs in ["\"x\"", "W/\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            let mut asked = request(Method::GET, &[(RANGE, "bytes=5-"), (IF_RANGE, theirs)]);
            Translation::of(&mut asked, NOW);
            assert_eq!((asked.fields.text(RANGE), asked.fields.text(IF_RANGE)), (Some("bytes=5-"), Some(theirs)));
        }
    }

    /// Asks with `If-None-Match: asked` and is answered 304 with `ETag: answered`; the tag that the client gets.
    fn comes_down(run: &mut Run, asked: &str, answered: &str) -> String {
        let mut request = request(Method::GET, &[(IF_NONE_MATCH, asked)]);
        let _ = run.request(&mut request);
        let mut map = HeaderMap::new();
        map.insert(ETAG, HeaderValue::from_str(answered).unwrap());
        let mut response = ResponseHead { status: StatusCode::NOT_MODIFIED, fields: Fields::from_wire(map) };
        let _ = run.response(&request, &mut response);
        response.fields.text(ETAG).unwrap().to_owned()
    }

    #[test]
    fn not_modified_names_the_copy_that_the_client_has_rfc9111_4_3_4() {
        let pipeline = Pipeline::default();
        let mut run = pipeline.run();
        let ours = |tag: &str| pipeline.fingerprint().marked(tag.as_bytes()).unwrap().to_str().unwrap().to_owned();
        let (x, weak_y) = (ours("\"x\""), ours("W/\"y\""));
        let both = format!("{x}, {weak_y}, \"z\"");
        assert_eq!(comes_down(&mut run, &both, "\"x\""), x);
        assert_eq!(comes_down(&mut run, &both, "W/\"y\""), weak_y);
        // Weak comparison, either way.
        assert_eq!(comes_down(&mut run, &both, "W/\"x\""), x);
        assert_eq!(comes_down(&mut run, &both, "\"z\""), "\"z\"");
        assert_eq!(comes_down(&mut run, "\"x\"", "\"x\""), "\"x\"");
    }
}
