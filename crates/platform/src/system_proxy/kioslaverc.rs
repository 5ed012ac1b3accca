//! KDE's `kioslaverc` as text: one group of it read by KConfig's rules, and single lines changed with all others left
//! byte for byte.
//!
//! The text form of a value has the options of its key, so that it can be put back as it was: `[$e]=file://$HOME/a.pac`,
//! or `[$d]` where the value from the system's files is taken away too. Without options it is the value alone, `2`, unless
//! that would look like the others: then `=` stands before it.

use std::ops::Range;

/// The header of the group.
const HEADER: &str = "[Proxy Settings]";

/// The text form of the key; none where the file does not have it. The last line counts.
pub(super) fn form(text: &str, name: &str) -> Option<String> {
    let lines = Lines::of(text);
    let line = lines.with_name(name).last()?;
    Some(match line.value {
        Some(value) if line.options.is_empty() && !has_parts(value) => value.to_owned(),
        Some(value) => format!("{}={value}", line.options),
        None => line.options.to_owned(),
    })
}

/// The string that a text form stands for; none where the value is taken away.
pub(super) fn string(form: &str) -> Option<String> {
    let (options, value) = if has_parts(form) { form.split_once('=')? } else { ("", form) };
    (!has(options, 'd')).then(|| unescaped(value.trim()))
}

fn has_parts(form: &str) -> bool {
    form.starts_with(['[', '='])
}

/// Whether the file forbids others that are read later (the user's, after the system's) to change the key, and KDE's own
/// programs to write it: `[$i]` behind the key, behind its group, or on a line of its own before.
pub(super) fn locks(text: &str, name: &str) -> bool {
    let lines = Lines::of(text);
    lines.group_is_locked || lines.with_name(name).any(|line| has(line.options, 'i'))
}

/// The text with the key at `form`.
pub(super) fn with(text: &str, name: &str, form: &str) -> String {
    let text = &ended(text);
    let lines = Lines::of(text);
    let line = format!("{name}{}{form}\n", if has_parts(form) { "" } else { "=" });
    let place = lines.with_name(name).last().map(|found| found.place.clone());
    match place.or_else(|| lines.end_of_group.map(|end| end..end)) {
        Some(place) => replaced(text, &place, &line),
        None if text.is_empty() => format!("{HEADER}\n{line}"),
        None => format!("{text}\n{HEADER}\n{line}"),
    }
}

/// The text without the key.
pub(super) fn without(text: &str, name: &str) -> String {
    let lines = Lines::of(text);
    let places: Vec<_> = lines.with_name(name).map(|line| &line.place).collect();
    places.into_iter().rev().fold(text.to_owned(), |text, place| replaced(&text, place, ""))
}

/// The lines of the group, and what is to be known about it.
#[derive(Default)]
struct Lines<'a> {
    lines: Vec<Line<'a>>,
    group_is_locked: bool,
    /// Where a new line of it goes, in bytes: behind its last line that is not empty.
    end_of_group: Option<usize>,
}

struct Line<'a> {
    /// In bytes, with its end.
    place: Range<usize>,
    name: &'a str,
    /// In brackets, for instance `[$e]`; mostly empty.
    options: &'a str,
    /// None where it is taken away.
    value: Option<&'a str>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let mut found = Self::default();
        let (mut end, mut inside, mut file_is_locked) = (0, false, false);
        for whole in text.split_inclusive('\n') {
            let place = end..end + whole.len();
            end = place.end;
            let line = whole.trim();
            if line == "[$i]" {
                (inside, file_is_locked) = (false, true);
            } else if line.starts_with('[') {
                let behind = line.strip_prefix(HEADER);
                inside = behind.is_some_and(|behind| behind == "[$i]" || !behind.starts_with('['));
                found.group_is_locked |= inside && (file_is_locked || behind == Some("[$i]"));
            } else if inside {
                found.lines.extend(Line::of(line, place));
            }
            if inside && !line.is_empty() {
                found.end_of_group = Some(end);
            }
        }
        found.group_is_locked |= file_is_locked;
        found
    }

    fn with_name(&self, name: &str) -> impl Iterator<Item = &Line<'a>> {
        self.lines.iter().filter(move |line| line.name == name)
    }
}

impl<'a> Line<'a> {
    /// None for a comment, a line without a value, and a key in another language.
    fn of(line: &'a str, place: Range<usize>) -> Option<Self> {
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key.trim_end(), Some(value.trim_start())),
            None => (line, None),
        };
        let (name, options) = key.split_at(key.find('[').unwrap_or(key.len()));
        let value = value.filter(|_| !has(options, 'd'));
        let means_something = value.is_some() || has(options, 'd');
        let is_for_all = options.is_empty() || options.starts_with("[$");
        let is_key = !line.starts_with('#') && means_something && is_for_all;
        is_key.then(|| Self { place, name: name.trim_end(), options, value })
    }
}

fn has(options: &str, option: char) -> bool {
    options.split('[').filter_map(|one| one.strip_prefix('$')).any(|one| one.contains(option))
}

fn replaced(text: &str, place: &Range<usize>, line: &str) -> String {
    let (before, after) = (text.get(..place.start), text.get(place.end..));
    [before.unwrap_or_default(), line, after.unwrap_or_default()].concat()
}

/// With an end to its last line: Chromium overlooks a line that has none.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    [text, end].concat()
}

fn unescaped(value: &str) -> String {
    let mut string = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            string.push(byte);
            continue;
        }
        match rest.next() {
            Some(b's') => string.push(b' '),
            Some(b't') => string.push(b'\t'),
            Some(b'n') => string.push(b'\n'),
            Some(b'r') => string.push(b'\r'),
            Some(b'x') => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or_default()).to_digit(16));
                let [Some(high), Some(low)] = digits else { continue };
                string.extend(u8::try_from(high * 16 + low));
            }
            Some(other) => string.push(other),
            None => string.push(byte),
        }
    }
    String::from_utf8_lossy(&string).into_owned()
}

#[cfg(test)]
#[path = "kioslaverc_tests.rs"]
mod tests;
