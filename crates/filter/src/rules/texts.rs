//! Rules that are found by a text somewhere in an address: by four bytes of it, for which one look at each place is enough.

use super::table::Key;

/// So many bytes of a text are looked for.
const LENGTH: usize = 4;

/// Texts that nearly every address has, or that begin or end parts of many.
const COMMON: [&[u8]; 6] = [b"https://www.", b"http://www.", b".com/", b".net/", b".html?", b".php?"];

/// The keys of a text in lower case, but for those of what nearly every address has.
pub(super) fn telling(text: &[u8]) -> impl Iterator<Item = Key> {
    telling_parts(text).filter_map(key)
}

/// Those of letters, digits and signs that no address needs to write as `%xx`.
pub(super) fn letters(text: &[u8]) -> impl Iterator<Item = Key> {
    telling_parts(text).filter(|part| part.iter().copied().all(is_letter)).filter_map(key)
}

/// A letter, a digit, or a sign that need not be written as `%xx` (RFC 3986 2.3).
pub(super) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The keys at all places of an address in lower case.
pub(super) fn keys(address: &[u8]) -> impl Iterator<Item = Key> {
    address.windows(LENGTH).filter_map(key)
}

fn telling_parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_common = |part: &[u8]| COMMON.iter().any(|common| common.windows(LENGTH).any(|other| other == part));
    text.windows(LENGTH).filter(move |part| !is_common(part))
}

fn key(part: &[u8]) -> Option<Key> {
    part.first_chunk::<LENGTH>().map(|part| Key::text(*part))
}
