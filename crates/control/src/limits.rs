//! `[limits]` of the settings: the bounds of the proxy. A value that makes no sense is told, and the default used.

use std::ops::RangeInclusive;
use std::time::Duration;

use tamis_proxy::Limits;

/// One limit as it may be written.
struct Key {
    name: &'static str,
    field: fn(&mut Limits) -> Field<'_>,
    /// Values that make sense: numbers, bytes or seconds.
    sense: RangeInclusive<f64>,
}

enum Field<'a> {
    /// A whole number: of things, or of bytes.
    Number(&'a mut usize),
    /// Seconds, also parts of one.
    Time(&'a mut Duration),
}

const fn key(name: &'static str, field: fn(&mut Limits) -> Field<'_>, sense: RangeInclusive<f64>) -> Key {
    Key { name, field, sense }
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
const MIB: f64 = 1024.0 * 1024.0;
/// More than any machine has sockets for.
const MANY: f64 = 1_000_000.0;

/// Every limit, in the order of [`Limits`].
const KEYS: [Key; 23] = [
    key("connections", |limits| Field::Number(&mut limits.connections), 1.0..=MANY),
    key("connections_from_others", |limits| Field::Number(&mut limits.connections_from_others), 1.0..=MANY),
    key("wrong_password", |limits| Field::Time(&mut limits.wrong_password), 0.0..=MINUTE),
    key("request_head", |limits| Field::Time(&mut limits.request_head), 1.0..=HOUR),
    // RFC 9112, 3, recommends to support 8000 bytes; the parser's bound is 65534.
    key("target_bytes", |limits| Field::Number(&mut limits.target_bytes), 8000.0..=65534.0),
    key("head_bytes", |limits| Field::Number(&mut limits.head_bytes), 8192.0..=16.0 * MIB),
    key("fields", |limits| Field::Number(&mut limits.fields), 32.0..=10_000.0),
    key("buffer_bytes", |limits| Field::Number(&mut limits.buffer_bytes), 8192.0..=16.0 * MIB),
    key("http2_streams", |limits| Field::Number(&mut limits.http2_streams), 1.0..=10_000.0),
    // RFC 9113 6.9.2 and 6.9.1: what every connection begins with, and the largest.
    key("http2_stream_bytes", |limits| Field::Number(&mut limits.http2_stream_bytes), 65535.0..=2_147_483_647.0),
    key(
        "http2_connection_bytes",
        |limits| Field::Number(&mut limits.http2_connection_bytes),
        65535.0..=2_147_483_647.0,
    ),
    key("requests_per_origin", |limits| Field::Number(&mut limits.requests_per_origin), 1.0..=MANY),
    key("origin_wait", |limits| Field::Time(&mut limits.origin_wait), 0.0..=HOUR),
    key("connect", |limits| Field::Time(&mut limits.connect), 1.0..=HOUR),
    key("response_head", |limits| Field::Time(&mut limits.response_head), 1.0..=DAY),
    key("continue_wait", |limits| Field::Time(&mut limits.continue_wait), 0.0..=MINUTE),
    key("body_silence", |limits| Field::Time(&mut limits.body_silence), 1.0..=DAY),
    key("prefix_wait", |limits| Field::Time(&mut limits.prefix_wait), 0.0..=MINUTE),
    key("tunnel_silence", |limits| Field::Time(&mut limits.tunnel_silence), 1.0..=7.0 * DAY),
    key("idle_upstream_per_origin", |limits| Field::Number(&mut limits.idle_upstream_per_origin), 0.0..=1000.0),
    key("idle_upstream", |limits| Field::Time(&mut limits.idle_upstream), 1.0..=HOUR),
    key("leave", |limits| Field::Time(&mut limits.leave), 0.0..=MINUTE),
    key("drain", |limits| Field::Time(&mut limits.drain), 0.0..=MINUTE),
];

/// The limits that are written in `table`, and a sentence for each word in it that makes no sense.
pub(crate) fn read(table: &toml::Table) -> (Limits, Vec<String>) {
    let mut limits = Limits::default();
    let mut nonsense = Vec::new();
    for (name, value) in table {
        match KEYS.iter().find(|key| key.name == name) {
            Some(key) => nonsense.extend(key.set(&mut limits, value).err()),
            None => nonsense.push(format!("There is no limit called {name}.")),
        }
    }
    (limits, nonsense)
}

impl Key {
    fn set(&self, limits: &mut Limits, value: &toml::Value) -> Result<(), String> {
        let Self { name, sense, .. } = self;
        let given = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        let given = given.filter(|given| sense.contains(given));
        match (self.field)(limits) {
            Field::Number(field) => match given.filter(|given| given.fract() == 0.0) {
                Some(given) => *field = given as usize,
                None => {
                    return Err(format!(
                        "{name} = {value} is no whole number from {} to {}; {field} is in force.",
                        sense.start(),
                        sense.end()
                    ));
                }
            },
            Field::Time(field) => match given {
                Some(given) => *field = Duration::from_secs_f64(given),
                None => {
                    return Err(format!(
                        "{name} = {value} is no time from {} to {} seconds; {} seconds are in force.",
                        sense.start(),
                        sense.end(),
                        field.as_secs_f64()
                    ));
                }
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_page_shows_every_limit_with_its_default() {
        let page = crate::settings::page();
        let shown = page["limits"].as_table().unwrap();
        let mut names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        names.sort_unstable();
        assert_eq!(shown.keys().collect::<Vec<_>>(), names);
        assert_eq!(read(shown), (Limits::default(), Vec::new()));
    }

    #[test]
    fn every_key_sets_a_limit_of_its_own_and_every_limit_has_a_key() {
        let mut seen = vec![format!("{:?}", Limits::default())];
        for key in &KEYS {
            let table = [(key.name.to_owned(), toml::Value::Float(*key.sense.start()))].into_iter().collect();
            let (limits, nonsense) = read(&table);
            assert!(nonsense.is_empty(), "{nonsense:?}");
            let limits = format!("{limits:?}");
            assert!(!seen.contains(&limits), "{} sets nothing of its own", key.name);
            seen.push(limits);
        }
        let fields = format!("{:?}", Limits::default()).matches(": ").count();
        assert_eq!(KEYS.len(), fields);
    }

    #[test]
    fn nonsense_is_told_with_key_and_range_and_the_default_is_used() {
        for text in
            ["connections = 0", "connections = 'many'", "connections = 1.5", "connections = 1e12", "connect = -1"]
                .into_iter()
                .chain([
                    "connect = nan",
                    "connect = inf",
                    "tunnel_silence = 1e300",
                    "buffer_bytes = 100",
                    "conections = 5",
                ])
        {
            let (limits, nonsense) = read(&text.parse().unwrap());
            assert_eq!((limits, nonsense.len()), (Limits::default(), 1), "{text}");
            assert!(nonsense[0].contains(text.split(' ').next().unwrap()), "{nonsense:?}");
        }
        let (limits, nonsense) = read(&"connections = 0\nconnect = 2.5".parse().unwrap());
        assert_eq!(nonsense, ["connections = 0 is no whole number from 1 to 1000000; 16384 is in force."]);
        assert_eq!(limits.connect, Duration::from_millis(2500));
    }
}
