//! From the bytes of a list to its text.

use std::io::Read;

use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};

/// The largest list, in bytes, as it is read and as it is unpacked. The largest of the well-known ones have some ten megabytes.
pub(crate) const TEXT_LIMIT: usize = 20 << 20;

/// The first bytes of gzip (RFC 1952 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How many characters of a text by somebody else are shown.
const SHOWN: usize = 80;

/// How many pieces a packed list may be made of (RFC 1952 2.2): each costs as much as some thousand characters, also an empty one.
/// Programs that pack in pieces make them of 64 KiB and more.
const MEMBERS_LIMIT: usize = 1024;

/// One character in so many may be none: old lists have names in other encodings in their comments.
const CHARACTERS_PER_STRAY: usize = 1000;

/// The text of a list, which may be packed with gzip.
///
/// # Errors
/// As a clause, when it is larger than [`TEXT_LIMIT`], cannot be unpacked, or is no text.
pub(crate) fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    let bytes = if bytes.starts_with(&GZIP) { unpacked(&bytes)? } else { bytes };
    if bytes.len() > TEXT_LIMIT {
        return Err(too_large());
    }
    if bytes.contains(&0) {
        return Err("it is no text".into());
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => with_strays(error.as_bytes())?,
    };
    // What takes the place of a stray byte is longer than it.
    if text.len() > TEXT_LIMIT {
        return Err(too_large());
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// SHA-256 of a text, in hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is shown of a text that somebody else made.
pub(crate) fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(SHOWN).map(|it| if is_shown(it) { it } else { ' ' }).collect();
    if text.chars().nth(SHOWN).is_some() { format!("{beginning}…") } else { beginning }
}

/// Whether a character shows itself and nothing else: what commands a terminal or turns the direction of the text does not.
pub(super) fn is_shown(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !turns
}

/// Why a list beyond the limit is refused.
pub(crate) fn too_large() -> String {
    format!("it has more than {} MiB", TEXT_LIMIT >> 20)
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (mut unpacked, mut rest) = (Vec::new(), bytes);
    for _ in 0..MEMBERS_LIMIT {
        let mut member = GzDecoder::new(rest);
        let room = TEXT_LIMIT.saturating_sub(unpacked.len()) as u64 + 1;
        let read = (&mut member).take(room).read_to_end(&mut unpacked);
        read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
        rest = member.into_inner();
        if rest.is_empty() || unpacked.len() > TEXT_LIMIT {
            return Ok(unpacked);
        }
    }
    Err(format!("it is packed in more than {MEMBERS_LIMIT} pieces"))
}

fn with_strays(bytes: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(bytes);
    let strays = text.chars().filter(|character| *character == char::REPLACEMENT_CHARACTER).count();
    if strays > text.len() / CHARACTERS_PER_STRAY + 1 { Err("it is no text in UTF-8".into()) } else { Ok(text.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_list_is_read_plain_and_packed_with_a_mark_and_with_a_stray_byte() {
        let list = "! A list\n||ads.test^\n";
        assert_eq!(decoded(list.into()).unwrap(), list);
        assert_eq!(decoded(packed(list.as_bytes())).unwrap(), list);
        assert_eq!(decoded(packed(list.as_bytes()).repeat(3)).unwrap(), list.repeat(3));
        assert_eq!(decoded(format!("\u{feff}{list}").into()).unwrap(), list);
        let stray = [b"! M\xfcller\n".to_vec(), list.into()].concat();
        assert!(decoded(stray).unwrap().ends_with(list));
    }

    #[test]
    fn what_is_no_text_or_swells_is_refused() {
        let noise: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect();
        for (what, bytes) in [
            ("no text in UTF-8", noise),
            ("no text", b"||ads.test^\n\0".to_vec()),
            ("cannot be unpacked", packed(&[b'a'; 5000])[..30].to_vec()),
            ("more than 20 MiB", packed(&vec![b'a'; 1 << 20]).repeat(21)),
            ("more than 1024 pieces", packed(b"").repeat(1025)),
            ("more than 20 MiB", vec![b'a'; TEXT_LIMIT + 1]),
            ("more than 20 MiB", [vec![b'a'; TEXT_LIMIT - 1], vec![0xff]].concat()),
        ] {
            let why = decoded(bytes).unwrap_err();
            assert!(why.contains(what), "{why}");
        }
    }
}
