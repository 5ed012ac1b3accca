//! End-to-end fields: hop-by-hop ones and those that Connection names stay behind, the others stay in order, and no filter
//! writes what frames or routes (RFC 9110 7.6.1).
#![no_main]

use http::header::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tamis_filter::Fields;

/// Written here again and not taken from the product: an oracle has its own opinion.
const HOP_BY_HOP: &str = "connection http2-settings keep-alive proxy-authenticate proxy-authentication-info \
    proxy-authorization proxy-connection te trailer trailers transfer-encoding upgrade";
const FRAMING: [&str; 2] = ["content-length", "host"];

type Lines = Vec<(String, Vec<u8>)>;

fuzz_target!(|input: &[u8]| {
    let wire = wire(input);
    let named = connection_options(&wire);
    let stays = |name: &str| {
        let hop_by_hop = HOP_BY_HOP.split_whitespace().any(|hop| hop == name);
        !hop_by_hop && (FRAMING.contains(&name) || !named.iter().any(|option| option == name.as_bytes()))
    };
    let want: Lines = lines(&wire).into_iter().filter(|(name, _)| stays(name)).collect();
    let fields = Fields::from_wire(wire.clone());
    assert_eq!(lines_of(&fields), want);

    // Taking off again takes nothing more, and what goes to the wire is what was there.
    let out = fields.clone().into_wire();
    assert_eq!(lines(&out), want);
    let _any_answer = fields.cache_directive("no-transform");

    for (name, _) in lines(&wire) {
        check_writing(&fields, &name);
    }
});

/// A filter writes and removes one field; all the others stay as they are.
fn check_writing(fields: &Fields, name: &str) {
    let header = HeaderName::try_from(name).expect("it came from a map");
    let (framing, hop_by_hop) = (FRAMING.contains(&name), HOP_BY_HOP.split_whitespace().any(|hop| hop == name));
    let others =
        |fields: &Fields| -> Lines { lines_of(fields).into_iter().filter(|(other, _)| other != name).collect() };
    let mut written = fields.clone();
    assert_eq!(written.set(header.clone(), HeaderValue::from_static("new")).is_err(), framing || hop_by_hop, "{name}");
    assert_eq!(others(&written), others(fields));
    let mut removed = fields.clone();
    match removed.remove(&header) {
        Err(_) => assert!(framing, "{name}"),
        Ok(was_there) => {
            assert_eq!(was_there, fields.has(&header));
            assert!(!removed.has(&header));
        }
    }
    assert_eq!(others(&removed), others(fields));
}

/// Reads lines `name: value` for a map; what is no field is left out.
fn wire(input: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in input.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(line[colon + 1..].trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    map
}

fn connection_options(wire: &HeaderMap) -> Vec<Vec<u8>> {
    let lines = wire.get_all("connection").iter().flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    lines.map(|option| option.trim_ascii().to_ascii_lowercase()).collect()
}

fn lines(map: &HeaderMap) -> Lines {
    map.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

fn lines_of(fields: &Fields) -> Lines {
    fields.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}
