//! What must hold for every head and every address, tried on random ones that are built from rules.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use proptest::prelude::*;
use proptest::sample::select;
use tamis_filter::profiles::catalogue;
use tamis_filter::{Changes, Fields, RequestHead, Verdict};

/// Hop-by-hop whatever `Connection` says (RFC 9110 7.6.1), framing, and end-to-end, as the oracle has them.
const HOP_BY_HOP: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "transfer-encoding", "upgrade"];
const FRAMING: &[&str] = &["content-length", "host"];
const END_TO_END: &[&str] = &["accept", "cache-control", "cookie", "via", "x-a", "x-b", "x-c"];

const TRACKING: &[&str] = &["gclid", "FBCLID", "utm_source", "Utm_", "msclkid", "mc_eid", "_hsenc"];
const KEPT: &[&str] = &["id", "q", "", "gclidx", "xutm_a", "utm", "page", "%67clid"];

fn any_name() -> impl Strategy<Value = &'static str> {
    prop_oneof![1 => select(HOP_BY_HOP), 1 => select(FRAMING), 4 => select(END_TO_END)]
}

/// Field lines; a `Connection` names fields of all kinds, in any case, with empty members between.
fn any_lines() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let named =
        proptest::collection::vec(prop_oneof![any_name().prop_map(str::to_uppercase), Just(String::new())], 0..4);
    let line = (any_name(), "[ -~]{0,12}", named).prop_map(|(name, value, named)| match name {
        "connection" => (name, named.join(", ")),
        _ => (name, value),
    });
    proptest::collection::vec(line, 0..12)
}

fn pairs<'a>(fields: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> Vec<(String, Vec<u8>)> {
    fields.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

/// A parameter, and whether it only tracks.
fn any_parameter() -> impl Strategy<Value = (String, bool)> {
    let value = || "(=[a-zA-Z0-9%+./:=-]{0,8})?";
    prop_oneof![
        (select(TRACKING), value()).prop_map(|(name, value)| (format!("{name}{value}"), true)),
        (select(KEPT), value()).prop_map(|(name, value)| (format!("{name}{value}"), false)),
        // Another way to separate parameters: nobody can tell where a value ends.
        (select(TRACKING), "=[;?]id=[0-9]").prop_map(|(name, value)| (format!("{name}{value}"), false)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_what_concerns_the_connection_stays_behind_rfc9110_7_6_1(lines in any_lines()) {
        let mut wire = HeaderMap::new();
        for (name, value) in &lines {
            wire.append(HeaderName::from_static(name), HeaderValue::try_from(value.as_str()).unwrap());
        }
        let named: Vec<String> = lines.iter().filter(|(name, _)| *name == "connection")
            .flat_map(|(_, value)| value.split(", ").map(str::to_lowercase)).collect();
        let stays = |name: &str| !HOP_BY_HOP.contains(&name)
            && (FRAMING.contains(&name) || !named.iter().any(|other| other == name));
        let want: Vec<_> = pairs(wire.iter()).into_iter().filter(|(name, _)| stays(name)).collect();
        prop_assert_eq!(pairs(Fields::from_wire(&wire).iter()), want);
    }

    #[test]
    fn of_an_address_only_tracking_parameters_go(
        host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}\\.test(:[1-9][0-9]{0,3})?",
        path in "(/[a-zA-Z0-9;=%._~-]{0,6}){1,3}",
        parameters in proptest::collection::vec(any_parameter(), 0..6),
    ) {
        let address = |parts: &[&str]| match parts {
            [] => format!("http://{host}{path}"),
            parts => format!("http://{host}{path}?{}", parts.join("&")),
        };
        let all: Vec<&str> = parameters.iter().map(|(text, _)| text.as_str()).collect();
        let kept: Vec<&str> = parameters.iter().filter(|(_, tracks)| !tracks).map(|(text, _)| text.as_str()).collect();
        let target: Uri = address(&all).parse().unwrap();
        let mut request = RequestHead { method: Method::GET, target, fields: Fields::default() };
        let mut changes = Changes::default();
        let profile = catalogue().into_iter().find(|profile| profile.card().id == "strip-trackers").unwrap();
        let verdict = profile.filter().request(&mut request, &mut changes);
        prop_assert!(matches!(verdict, Verdict::Forward));
        prop_assert_eq!(request.target.to_string(), address(&kept));
        prop_assert_eq!(changes.is_empty(), all == kept);
    }
}
