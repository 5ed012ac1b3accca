//! The lines of a list that count: `!#if` is decided, and lines that are continued are one.

use std::borrow::Cow;

use super::reader::LINE_LIMIT;

/// How deep `!#if` may stand within `!#if`.
const DEPTH_LIMIT: usize = 16;

/// One line, or why a directive is refused.
pub(super) type Numbered<'a> = (usize, Result<Cow<'a, str>, String>);

/// The lines of a list as [`Engine::build`](super::Engine::build) reads them, each with its number from 1: `!#if` is decided, and
/// lines that are continued are one. A directive that makes no sense has the reason in place of the line.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, Result<Cow<'_, str>, String>)> {
    Lines::of(text)
}

/// The lines of a list, each with its number from 1; a line that is continued has the number of its first part.
pub(super) struct Lines<'a> {
    rest: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'a>>>,
    /// For each open `!#if`: whether its lines count, and whether those before `!#else` did.
    open: Vec<Branch>,
    /// `!#if` within too many others: how many are open beyond the limit.
    too_deep: usize,
}

#[derive(Clone, Copy)]
struct Branch {
    outer: bool,
    condition: bool,
    /// The condition was understood; where it was not, neither branch counts.
    known: bool,
}

impl Branch {
    fn counts(self) -> bool {
        self.outer && self.known && self.condition
    }
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest: text.lines().enumerate().peekable(), open: Vec::new(), too_deep: 0 }
    }

    fn in_force(&self) -> bool {
        self.too_deep == 0 && self.open.last().is_none_or(|branch| branch.counts())
    }

    /// Takes a directive (without `!#`).
    fn directive(&mut self, directive: &str) -> Result<(), String> {
        let (name, rest) = directive.split_once(char::is_whitespace).unwrap_or((directive, ""));
        match name {
            "if" => self.begin(rest),
            "else" => {
                if let Some(branch) = self.open.last_mut().filter(|_| self.too_deep == 0) {
                    branch.condition = !branch.condition;
                }
                Ok(())
            }
            "endif" => {
                match self.too_deep.checked_sub(1) {
                    Some(left) => self.too_deep = left,
                    None => drop(self.open.pop()),
                }
                Ok(())
            }
            "include" if self.in_force() => Err(format!("the list it includes, `{}`, is not there", rest.trim())),
            // Remarks to other programs (`!#safari_cb_affinity`), and what does not count.
            _ => Ok(()),
        }
    }

    fn begin(&mut self, condition: &str) -> Result<(), String> {
        if self.open.len() == DEPTH_LIMIT {
            self.too_deep += 1;
            return Err(format!("`!#if` stands within more than {DEPTH_LIMIT} others"));
        }
        let outer = self.in_force();
        let decided = holds(condition);
        self.open.push(Branch { outer, condition: decided.unwrap_or(false), known: decided.is_some() });
        decided.map(|_| ()).ok_or_else(|| format!("the condition `{}` is not understood", condition.trim()))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Numbered<'a>;

    fn next(&mut self) -> Option<Numbered<'a>> {
        loop {
            let (number, line) = self.rest.next()?;
            let number = number + 1;
            if let Some(directive) = line.trim().strip_prefix("!#") {
                if let Err(why) = self.directive(directive) {
                    return Some((number, Err(why)));
                }
                continue;
            }
            let mut whole = Cow::Borrowed(line.trim());
            while whole.ends_with(" \\") && whole.len() <= LINE_LIMIT {
                let Some((_, next)) = self.rest.next_if(|(_, next)| next.starts_with("    ")) else { break };
                let joined = whole.to_mut();
                joined.truncate(joined.len() - 2);
                joined.push_str(next.trim());
            }
            if self.in_force() {
                return Some((number, Ok(whole)));
            }
        }
    }
}

/// What lists may ask about who reads them, and is so here. What is not named is not so: which browser asks is not known.
///
/// `ext_ublock`: rules are understood as uBlock Origin does. Pages are changed before they get to the browser
/// (`cap_html_filtering`), style sheets are put into them (`cap_user_stylesheet`), names are resolved here (`cap_ipaddress`).
const SO: [&str; 5] = ["ext_ublock", "cap_html_filtering", "cap_ipaddress", "cap_user_stylesheet", "true"];

/// Whether a condition of `!#if` holds: names with `!`, `&&`, `||` and brackets. None where it is not well-formed.
fn holds(condition: &str) -> Option<bool> {
    let mut rest = condition.trim();
    let value = either(&mut rest, 0)?;
    rest.is_empty().then_some(value)
}

fn either(rest: &mut &str, depth: usize) -> Option<bool> {
    let mut value = both(rest, depth)?;
    while taken(rest, "||") {
        value |= both(rest, depth)?;
    }
    Some(value)
}

fn both(rest: &mut &str, depth: usize) -> Option<bool> {
    let mut value = single(rest, depth)?;
    while taken(rest, "&&") {
        value &= single(rest, depth)?;
    }
    Some(value)
}

fn single(rest: &mut &str, depth: usize) -> Option<bool> {
    if depth > DEPTH_LIMIT {
        return None;
    }
    if taken(rest, "!") {
        return Some(!single(rest, depth + 1)?);
    }
    if taken(rest, "(") {
        let value = either(rest, depth + 1)?;
        return taken(rest, ")").then_some(value);
    }
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let (name, behind) = rest.split_at_checked(length).filter(|_| length > 0)?;
    *rest = behind.trim_start();
    Some(SO.contains(&name))
}

fn taken(rest: &mut &str, sign: &str) -> bool {
    let Some(behind) = rest.strip_prefix(sign) else { return false };
    *rest = behind.trim_start();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        Lines::of(text).map(|(number, line)| format!("{number} {}", line.map_or_else(|why| why, Cow::into))).collect()
    }

    #[test]
    fn conditions_are_about_what_this_program_can_do() {
        for (condition, expected) in [
            ("ext_ublock", Some(true)),
            (" cap_html_filtering && !env_mobile ", Some(true)),
            ("env_firefox || (ext_ublock && !ext_ubol)", Some(true)),
            ("!(ext_ublock)", Some(false)),
            ("adguard", Some(false)),
            ("", None),
            ("a &&", None),
            ("(a", None),
            ("a b", None),
        ] {
            assert_eq!(holds(condition), expected, "{condition}");
        }
        assert_eq!(holds(&"(".repeat(100_000)), None);
    }

    #[test]
    fn only_the_lines_of_branches_that_hold_count_and_keep_their_numbers() {
        let text = "a\n!#if ext_ublock\nb\n!#if env_mobile\nc\n!#else\nd\n!#endif\n!#else\ne\n!#endif\nf";
        assert_eq!(lines(text), ["1 a", "3 b", "7 d", "12 f"]);
        let odd = "!#if (\na\n!#else\nb\n!#endif\n!#endif\nc\n!#include x.txt";
        let expected =
            ["1 the condition `(` is not understood", "7 c", "8 the list it includes, `x.txt`, is not there"];
        assert_eq!(lines(odd), expected);
        let deep = format!("{}x\n{}y", "!#if true\n".repeat(20), "!#endif\n".repeat(20));
        assert_eq!(lines(&deep).iter().filter(|line| !line.contains("more than")).count(), 1, "only `y` counts");
    }

    #[test]
    fn a_continued_line_is_one() {
        assert_eq!(lines("a \\\n    b \\\n    c\nd \\\ne"), ["1 abc", "4 d \\", "5 e"]);
    }
}
