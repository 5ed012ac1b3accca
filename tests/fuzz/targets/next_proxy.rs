//! Another proxy on the way, HTTP or SOCKS5: whatever it says, a client gets its tunnel only if that proxy granted one, and
//! through it what stands behind the grant, and nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::bench::{self, Origin, Script};
use tamis_fuzz::strict::{End, Reader, Trouble};
use tamis_fuzz::{forwarded, split};

const TUNNEL: &[u8] = b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\nhello";
const REQUEST: &[u8] = b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let (kind, input) = split::recipe(input);
    let (recipe, said) = split::recipe(input);
    let has = |bit: u8| kind & bit != 0;
    let (is_socks, has_login, is_tunnel) = (has(1), has(2), !has(4));
    let end = if has(8) { End::Reset } else { End::Closed };
    let through = match (is_socks, has_login) {
        (false, false) => "http://",
        (false, true) => "http://user:pass@",
        (true, false) => "socks5://",
        (true, true) => "socks5://user:pass@",
    };
    let pieces = split::chunks(recipe, said);
    let origin = if is_socks { Origin::Blurts(pieces, end) } else { Origin::Says(pieces, end) };
    let client = if is_tunnel { TUNNEL } else { REQUEST };
    let heard = bench::play(&Script { through: Some(through), ..Script::of(vec![client], origin) });

    let granted = is_tunnel && heard.at_client.starts_with(b"HTTP/1.1 200 ");
    if !granted {
        let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| Some(false));
        return forwarded::check_own_pages(&answers);
    }
    let mut reader = Reader::new(&heard.at_client);
    let head = reader.response_head().expect("a head that can be read");
    assert!(!head.has("content-length") && !head.has("transfer-encoding"), "RFC 9110 9.3.6: {head:?}");
    let behind = if is_socks { behind_socks(said, has_login) } else { behind_http(said) };
    match behind {
        Ok(behind) => assert!(behind.starts_with(reader.rest()), "{:?}", forwarded::text(reader.rest())),
        Err(Trouble::Short) => panic!("a tunnel of half a grant: {said:?}"),
        // It may be read less strictly, but not for a refusal.
        Err(Trouble::Bad(why)) => assert_ne!(why, REFUSED, "{said:?}"),
    }
});

const REFUSED: &str = "refused";

/// What stands behind the head of a 2xx answer.
fn behind_http(said: &[u8]) -> Result<&[u8], Trouble> {
    let mut reader = Reader::new(said);
    loop {
        match reader.response_head()?.status() {
            200..300 => return Ok(reader.rest()),
            100 | 102..200 => {}
            _ => return Err(Trouble::Bad(REFUSED)),
        }
    }
}

/// What stands behind a SOCKS5 reply that grants the connection (RFC 1928 3 and 6, RFC 1929 2).
fn behind_socks(said: &[u8], has_login: bool) -> Result<&[u8], Trouble> {
    let take = |bytes: &'_ [u8], count: usize| if bytes.len() < count { Err(Trouble::Short) } else { Ok(count) };
    let refused = |granted: bool| if granted { Ok(()) } else { Err(Trouble::Bad(REFUSED)) };
    let mut rest = &said[take(said, 2)?..];
    refused(said[0] == 5 && (said[1] == 0 || (has_login && said[1] == 2)))?;
    if said[1] == 2 {
        take(rest, 2)?;
        refused(rest[0] == 1 && rest[1] == 0)?;
        rest = &rest[2..];
    }
    take(rest, 5)?;
    refused(rest[0] == 5 && rest[1] == 0 && rest[2] == 0)?;
    let address = match rest[3] {
        1 => 4,
        3 => 1 + usize::from(rest[4]),
        4 => 16,
        _ => return Err(Trouble::Bad(REFUSED)),
    };
    let length = 4 + address + 2;
    take(rest, length)?;
    Ok(&rest[length..])
}
