//! Strings out of GVariant's text form, in which settings are read.

/// The string that `text` is: in single quotes, or in double ones where a single one is in it.
pub(crate) fn string(text: &str) -> Option<String> {
    let (string, rest) = one(text.trim())?;
    rest.is_empty().then_some(string)
}

/// The strings of the array that `text` is; an empty one may carry its type.
pub(crate) fn strings(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let text = text.strip_prefix("@as").unwrap_or(text).trim_start();
    let mut rest = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut strings = Vec::new();
    while !rest.is_empty() {
        let (string, behind) = one(rest)?;
        strings.push(string);
        let behind = behind.trim_start();
        rest = match behind.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
    Some(strings)
}

/// The string at the beginning of `text`, and what stands behind it.
fn one(text: &str) -> Option<(String, &str)> {
    let mut characters = text.chars();
    let quote = characters.next().filter(|first| matches!(first, '\'' | '"'))?;
    let mut string = String::new();
    loop {
        match characters.next()? {
            found if found == quote => return Some((string, characters.as_str())),
            '\\' => string.push(match characters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\u{7}',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'v' => '\u{b}',
                'u' => code(&mut characters, 4)?,
                'U' => code(&mut characters, 8)?,
                other => other,
            }),
            found => string.push(found),
        }
    }
}

fn code(characters: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text: String = characters.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&text, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_glib_prints_them() {
        for (text, want) in [
            ("''", Some("")),
            ("'proxy.test'", Some("proxy.test")),
            (r#""it's""#, Some("it's")),
            (r#"'a\'b\\c\"d\n\u00e9'"#, Some("a'b\\c\"d\né")),
            ("'open", None),
            ("'a' 'b'", None),
            ("3128", None),
            ("", None),
        ] {
            assert_eq!(string(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn arrays_of_strings_are_read_as_glib_prints_them() {
        assert_eq!(strings("@as []"), Some(vec![]));
        assert_eq!(strings("['a', \"it's, [b]\"]"), Some(vec!["a".into(), "it's, [b]".into()]));
        for text in ["", "['a' 'b']", "['a'", "[1]", "['a]"] {
            assert_eq!(strings(text), None, "{text}");
        }
    }
}
