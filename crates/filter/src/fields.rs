//! The end-to-end fields of a message, and the only door through which a filter can touch them.
//!
//! A [`Fields`] never contains a hop-by-hop field, and refuses to be given one, nor anything that decides framing or
//! routing. So no profile, however wrong, can desynchronise a connection.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Fields that concern one connection only: RFC 2616 13.5.1, RFC 9110 7.6.1, and `HTTP2-Settings` of RFC 7540 3.2.1.
///
/// `Trailer` is here because the proxy announces by itself the trailers that it relays.
///
/// This and [`is_framing`] are asked for each field of each message, so they compare in place.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authentication-info"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "trailers"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Fields that the proxy alone writes: they frame or route the message (RFC 9112 6, RFC 9110 7.2).
fn is_framing(name: &HeaderName) -> bool {
    matches!(name.as_str(), "content-length" | "host")
}

/// Room for what the proxy adds to a message's fields, so that the map need not grow: `Host`, `Via`, framing.
const ROOM: usize = 4;

/// The proxy's own field refused a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a filter may not write the field `{0}`: it concerns one connection, or frames or routes the message")]
pub struct RefusedField(pub HeaderName);

/// End-to-end fields. Values of one name keep their order, which is all that RFC 9110 5.3 asks for; different names stand
/// in the order in which each came first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    map: HeaderMap,
}

/// What becomes of one line of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// It stays as it is.
    Kept,
    /// This stands in its place.
    Written(HeaderValue),
    /// It goes.
    Dropped,
}

impl Fields {
    /// Takes a message's fields off the wire: hop-by-hop fields stay behind, and with them every field that a
    /// `Connection` line names (RFC 9110 7.6.1, RFC 2616 14.10).
    ///
    /// `Host` and `Content-Length` stay even where `Connection` names them: dropping them at a peer's word would let it
    /// change what the message means.
    pub fn from_wire(wire: HeaderMap) -> Self {
        let stays_behind = hop_by_hop(&wire);
        let Some(sound) = wire.keys().position(&stays_behind) else { return Self { map: wire } };
        let mut map = HeaderMap::with_capacity(wire.len() + ROOM);
        let (mut current, mut names) = (None, 0);
        // A name comes with the first of its values only.
        for (name, value) in wire {
            if let Some(name) = name {
                names += 1;
                // Those before the first that stays behind have been asked.
                current = (names <= sound || (names > sound + 1 && !stays_behind(&name))).then_some(name);
            }
            if let Some(name) = &current {
                map.append(name.clone(), value);
            }
        }
        Self { map }
    }

    /// The fields for the wire; the proxy adds what concerns the next connection.
    pub fn into_wire(self) -> HeaderMap {
        self.map
    }

    /// The first value of `name`.
    pub fn get(&self, name: impl http::header::AsHeaderName) -> Option<&HeaderValue> {
        self.map.get(name)
    }

    /// The first value of `name`, where it is visible ASCII.
    pub fn text(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.map.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every value of `name`, in order.
    pub fn all(&self, name: impl http::header::AsHeaderName) -> impl Iterator<Item = &HeaderValue> {
        self.map.get_all(name).iter()
    }

    /// Whether there is a field `name`.
    pub fn has(&self, name: impl http::header::AsHeaderName) -> bool {
        self.map.contains_key(name)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.map.iter()
    }

    /// Puts `value` in place of all values of `name`.
    ///
    /// # Errors
    /// [`RefusedField`] when `name` is hop-by-hop or decides framing or routing.
    pub fn set(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), RefusedField> {
        if is_hop_by_hop(&name) || is_framing(&name) {
            return Err(RefusedField(name));
        }
        self.map.insert(name, value);
        Ok(())
    }

    /// Drops the length of a body that is changed; how long it gets nobody knows yet.
    pub(crate) fn drop_length(&mut self) {
        self.take_out(&http::header::CONTENT_LENGTH);
    }

    /// Removes every value of `name`, keeping the order of the others; true where there was one.
    ///
    /// # Errors
    /// [`RefusedField`] when `name` decides framing or routing.
    pub fn remove(&mut self, name: &HeaderName) -> Result<bool, RefusedField> {
        if is_framing(name) {
            return Err(RefusedField(name.clone()));
        }
        Ok(self.take_out(name))
    }

    fn take_out(&mut self, name: &HeaderName) -> bool {
        self.rewrite(name, |_| Line::Dropped)
    }

    /// Lets `edit` decide about each line of `name` by itself, keeping the order of all others; true where a line is
    /// another one now.
    ///
    /// # Errors
    /// [`RefusedField`] when `name` is hop-by-hop or decides framing or routing.
    pub fn edit(&mut self, name: &HeaderName, edit: impl FnMut(&HeaderValue) -> Line) -> Result<bool, RefusedField> {
        if is_hop_by_hop(name) || is_framing(name) {
            return Err(RefusedField(name.clone()));
        }
        Ok(self.rewrite(name, edit))
    }

    fn rewrite(&mut self, name: &HeaderName, edit: impl FnMut(&HeaderValue) -> Line) -> bool {
        let lines: Vec<Line> = self.map.get_all(name).iter().map(edit).collect();
        if lines.iter().all(|line| *line == Line::Kept) {
            return false;
        }
        let mut lines = lines.into_iter();
        // `HeaderMap::remove` moves the last entry into the gap, which would change the order of what is left.
        let mut rest = HeaderMap::with_capacity(self.map.len() + ROOM);
        for (other, value) in &self.map {
            let edited = if other == name { lines.next() } else { None };
            match edited.unwrap_or(Line::Kept) {
                Line::Kept => rest.append(other.clone(), value.clone()),
                Line::Written(value) => rest.append(other.clone(), value),
                Line::Dropped => false,
            };
        }
        self.map = rest;
        true
    }

    /// Whether a `Cache-Control` line carries the directive `name` (RFC 9111 5.2: names are case-insensitive; what
    /// stands in a quoted string is no directive).
    pub fn cache_directive(&self, name: &str) -> bool {
        self.map.get_all(http::header::CACHE_CONTROL).iter().any(|line| {
            list_members(line.as_bytes()).any(|member| {
                let directive = member.split(|&b| b == b'=').next().unwrap_or_default();
                directive.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
            })
        })
    }
}

/// Which fields of a message on the wire concern its connection only: those that always do, and those that its
/// `Connection` lines name, but never `Host` and `Content-Length`.
pub fn hop_by_hop(wire: &HeaderMap) -> impl Fn(&HeaderName) -> bool + use<> {
    // Most say `keep-alive`, which stays behind anyhow.
    let named: Vec<String> = tokens(wire, &http::header::CONNECTION)
        .filter(|name| !name.eq_ignore_ascii_case(b"keep-alive"))
        .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
        .collect();
    move |name| is_hop_by_hop(name) || (named.iter().any(|other| other == name.as_str()) && !is_framing(name))
}

/// The members of all lines of a field that lists tokens (RFC 9110 5.6.1); empty ones do not count. Quotes mean nothing
/// between tokens: a stray one hides no member behind it.
pub fn tokens<'a>(wire: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    wire.get_all(name)
        .iter()
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

/// Whether a field that lists tokens has this one, in any case.
pub fn has_token(wire: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(wire, name).any(|found| found.eq_ignore_ascii_case(token.as_bytes()))
}

/// The members of a comma-separated list, commas within quoted strings left alone (RFC 9110 5.6.1, 5.6.4).
fn list_members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |&byte| {
        match (quoted, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, false, b'"') => quoted = !quoted,
            _ => {}
        }
        byte == b',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    fn names(fields: &Fields) -> Vec<&str> {
        fields.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn hop_by_hop_fields_and_those_connection_names_stay_behind_rfc9110_7_6_1() {
        let fields = Fields::from_wire(wire(&[
            ("connection", "keep-alive, \"rubbish,, X-One"),
            ("x-one", "1"),
            ("a", "1"),
            ("connection", "x-two"),
            ("x-two", "2"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("b", "2"),
        ]));
        assert_eq!(names(&fields), ["a", "b"]);
    }

    #[test]
    fn connection_cannot_name_away_host_or_length() {
        let fields = Fields::from_wire(wire(&[
            ("host", "a.test"),
            ("content-length", "3"),
            ("connection", "host, content-length"),
        ]));
        assert_eq!(names(&fields), ["host", "content-length"]);
    }

    #[test]
    fn framing_routing_and_hop_by_hop_fields_cannot_be_written() {
        let mut fields = Fields::default();
        for name in ["content-length", "host", "transfer-encoding", "connection", "upgrade"] {
            let name = HeaderName::from_static(name);
            assert_eq!(fields.set(name.clone(), HeaderValue::from_static("1")), Err(RefusedField(name)));
        }
        assert!(fields.remove(&http::header::CONTENT_LENGTH).is_err());
        assert!(fields.edit(&http::header::HOST, |_| Line::Dropped).is_err());
    }

    #[test]
    fn removing_a_field_keeps_the_order_of_the_others() {
        let mut fields = Fields::from_wire(wire(&[("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("d", "5")]));
        assert_eq!(fields.remove(&HeaderName::from_static("b")), Ok(true));
        assert_eq!(names(&fields), ["a", "a", "c", "d"]);
    }

    #[test]
    fn each_line_of_a_field_is_edited_by_itself_and_in_its_place() {
        let mut fields = Fields::from_wire(wire(&[("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"), ("c", "5")]));
        let edited = fields.edit(&HeaderName::from_static("a"), |line| match line.as_bytes() {
            b"1" => Line::Dropped,
            b"3" => Line::Written(HeaderValue::from_static("x")),
            _ => Line::Kept,
        });
        assert_eq!(edited, Ok(true));
        let lines: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(lines, [("a", "x"), ("a", "4"), ("b", "2"), ("c", "5")]);
        assert_eq!(fields.edit(&HeaderName::from_static("a"), |_| Line::Kept), Ok(false));
    }

    #[test]
    fn no_transform_is_found_in_any_case_and_line_but_not_in_quotes_rfc9111_5_2() {
        let has =
            |lines: &[(&'static str, &'static str)]| Fields::from_wire(wire(lines)).cache_directive("no-transform");
        assert!(has(&[("cache-control", "public"), ("cache-control", "max-age=1 , No-Transform")]));
        assert!(!has(&[("cache-control", "x=\"a, no-transform\", no-transformx")]));
        assert!(!has(&[("cache-control", "x=\"\\\", no-transform\"")]));
    }
}
