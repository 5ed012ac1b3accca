//! Other files that a list is made of (`!#include`).

use http::Uri;

/// How many other files a list may be made of.
pub(super) const PARTS: usize = 64;

/// A piece of a list that is made of several files.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Lines of its own.
    Text(String),
    /// The name of a part.
    Part(String),
}

/// The pieces that a list is made of; one, all of the text, where it includes nothing.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let (mut pieces, mut lines) = (Vec::new(), String::new());
    for line in text.split_inclusive('\n') {
        match part(line.trim_end()) {
            Some(name) => {
                pieces.push(Piece::Text(std::mem::take(&mut lines)));
                pieces.push(Piece::Part(name.into()));
            }
            None => lines.push_str(line),
        }
    }
    pieces.push(Piece::Text(lines));
    pieces
}

/// The name of another part of the list that stands in this line.
fn part(line: &str) -> Option<&str> {
    let name = line.strip_prefix("!#include")?.trim();
    (!name.contains("..") && is_below(name)).then_some(name)
}

/// Whether a name is of something beside a list, or below it: nothing of anybody else becomes a part of it (as uBlock Origin has
/// it). Neither is what a server may read as another name.
pub(super) fn is_below(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('/') && !name.contains([':', '\\', '%', '?'])
}

/// The address of what is beside a list; none where there cannot be such a thing.
pub(super) fn beside(url: &str, name: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    let (folder, _) = url.path().rsplit_once('/')?;
    Some(format!("{}://{}{folder}/{name}", url.scheme_str()?, url.authority()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_beside_a_list_becomes_a_part_of_it() {
        assert_eq!(part("!#include filters-2026.txt"), Some("filters-2026.txt"));
        assert_eq!(part("!#include more/a.txt"), Some("more/a.txt"));
        for line in [
            "!#include ",
            "!#include https://b.test/l",
            "!#include ../l",
            "!#include a/../../l",
            "!#include %2e%2e/l",
            "!#include \\\\b.test\\l",
            "!#include /l",
            "!#include //b.test/l",
            "||a.test^",
            "! include a",
        ] {
            assert_eq!(part(line), None, "{line}");
        }
    }

    #[test]
    fn a_part_is_on_the_server_of_the_list() {
        for (url, address) in [
            ("https://a.test/lists/l.txt?x=/y/#/z", "https://a.test/lists/b.test/p"),
            ("https://a.test:8443/", "https://a.test:8443/b.test/p"),
            ("https://a.test", "https://a.test/b.test/p"),
        ] {
            assert_eq!(beside(url, "b.test/p").as_deref(), Some(address), "{url}");
        }
    }

    #[test]
    fn a_list_of_one_file_stays_as_it_is_and_another_falls_into_pieces() {
        let text = "! x\r\n||a.test^\n!#include ../p\n||b.test^";
        let (lines, part) = (|it: &str| Piece::Text(it.into()), |it: &str| Piece::Part(it.into()));
        assert_eq!(pieces(text), [lines(text)]);
        assert_eq!(
            pieces("a\n!#include p\r\n!#include q\nb"),
            [lines("a\n"), part("p"), lines(""), part("q"), lines("b")]
        );
    }
}
