//! Regular expressions as rules write them, which is JavaScript's way, in the words of our engine.
//!
//! What the engine reads differently is rewritten (`\<`, `[^]`, a lone `{`, `\d` beyond ASCII); what it cannot do is
//! refused, and so never half understood.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// `written` for the engine. With `dot_all`, a dot matches the end of a line too.
///
/// # Errors
/// What is not understood, for a person.
pub(crate) fn translated(written: &str, dot_all: bool) -> Result<String, String> {
    let mut rest = written.chars().peekable();
    let mut out = String::with_capacity(written.len() + 16);
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out)?,
            '[' => class(&mut rest, &mut out)?,
            '(' => group(&mut rest, &mut out)?,
            '.' => out.push_str(if dot_all { "(?s:.)" } else { "[^\\n\\r]" }),
            '{' if !is_count(rest.clone()) => out.push_str("\\{"),
            '}' | ']' if !closes_count(&out) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Whether what follows a `{` makes it a count of repetitions: `3}`, `3,}`, `3,5}`.
fn is_count(rest: Peekable<Chars>) -> bool {
    let text: String = rest.take_while(|c| *c != '}').take(16).collect();
    let (least, most) = text.split_once(',').unwrap_or((&text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// Whether a `}` at this place ends a count; every `{` that begins none was written as `\{`.
fn closes_count(out: &str) -> bool {
    out.rfind('{').is_some_and(|at| {
        let open = !out.get(..at).is_some_and(|before| before.ends_with('\\'));
        open && out.get(at + 1..).is_some_and(|count| count.chars().all(|c| c.is_ascii_digit() || c == ','))
    })
}

fn group(rest: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    out.push('(');
    if rest.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    out.push('?');
    match (rest.next(), rest.peek()) {
        (Some('='), _) | (Some('!'), _) | (Some('<'), Some('=' | '!')) => {
            Err("looking ahead or behind, `(?=…)` and the like, is not known".into())
        }
        (Some(c @ (':' | '<')), _) => {
            out.push(c);
            Ok(())
        }
        _ => Err("this kind of group, `(?…)`, is not known".into()),
    }
}

/// An escape outside of a class.
fn escape(rest: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    match rest.next() {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('b') => out.push_str("(?-u:\\b)"),
        Some('B') => out.push_str("(?-u:\\B)"),
        other => escaped_character(other, rest, out)?,
    }
    Ok(())
}

/// What an escape means inside of a class and outside alike.
fn escaped_character(escaped: Option<char>, rest: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    match escaped {
        None => return Err("it ends in a backslash".into()),
        Some(c @ ('s' | 'S' | 'n' | 'r' | 't' | 'f' | 'v')) => {
            out.push('\\');
            out.push(c);
        }
        Some('0') => out.push_str("\\x00"),
        Some('x') => code(rest, 2, out)?,
        Some('u') if rest.peek() == Some(&'{') => out.push_str("\\u"),
        Some('u') => code(rest, 4, out)?,
        Some(c) if c.is_ascii_digit() || c == 'k' => return Err("a reference back to a group is not known".into()),
        Some(c) if c.is_ascii_alphabetic() => return Err(format!("the escape `\\{c}` is not known")),
        Some(c @ ('<' | '>')) => out.push(c),
        Some(c) => {
            if c.is_ascii_punctuation() {
                out.push('\\');
            }
            out.push(c);
        }
    }
    Ok(())
}

/// A character by its number in `digits` hexadecimal digits.
fn code(rest: &mut Peekable<Chars>, digits: usize, out: &mut String) -> Result<(), String> {
    let hex: String = rest.by_ref().take(digits).collect();
    match u32::from_str_radix(&hex, 16) {
        Ok(number) if hex.len() == digits => {
            let _strings_take_all =
                if number < 0x80 { write!(out, "\\x{number:02X}") } else { write!(out, "\\u{{{number:X}}}") };
            Ok(())
        }
        _ => Err(format!("`\\x` and `\\u` need {digits} hexadecimal digits, not `{hex}`")),
    }
}

/// A class, after its `[`.
fn class(rest: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    let negated = rest.next_if_eq(&'^').is_some();
    if rest.next_if_eq(&']').is_some() {
        return if negated {
            out.push_str("(?s:.)");
            Ok(())
        } else {
            Err("the empty class `[]` matches nothing".into())
        };
    }
    out.push_str(if negated { "[^" } else { "[" });
    loop {
        match rest.next() {
            None => return Err("a `[` is not closed".into()),
            Some(']') => break,
            Some('\\') => match rest.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9A-Za-z_]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('b') => out.push_str("\\x08"),
                Some(c @ ('<' | '>')) => out.push(c),
                other => escaped_character(other, rest, out)?,
            },
            Some('-') if rest.peek() == Some(&'-') => return Err("write `-` within a class as `\\-`".into()),
            Some(c @ ('[' | '&' | '~' | '^')) => {
                out.push('\\');
                out.push(c);
            }
            Some(c) => out.push(c),
        }
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, ours: &str) {
        assert_eq!(translated(written, false).as_deref(), Ok(ours), "{written}");
    }

    #[test]
    fn what_the_engine_reads_differently_is_rewritten() {
        check(r"<script\>\/", r"<script>\/");
        check(r"a.c", r"a[^\n\r]c");
        check(r"[^]*?", r"(?s:.)*?");
        check(r"{\x22ad\u00e9{2,4}}", r"\{\x22ad\u{E9}{2,4}\}");
        check(r"{,5}]", r"\{,5\}\]");
        check(r"\d\W\b", r"[0-9][^0-9A-Za-z_](?-u:\b)");
        check(r"[[&~\w-z\b]", r"[\[\&\~[0-9A-Za-z_]-z\x08]");
        check(r"(a|(?:b)|(?<n>c))", r"(a|(?:b)|(?<n>c))");
        assert_eq!(translated("a.c", true).unwrap(), "a(?s:.)c");
    }

    #[test]
    fn what_it_cannot_do_is_refused() {
        for written in
            ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", "(?i)a", "[]", "[a--b]", "[a", r"\A", r"\x4", "a\\"]
        {
            assert!(translated(written, false).is_err(), "{written}");
        }
    }
}
