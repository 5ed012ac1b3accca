//! Whether a text that was fetched may take the place of a list: what is broken or would break everything changes nothing.

use tamis_filter::rules::{Engine, Source, lines};

use super::canaries::live;
use super::header;
use super::hiding::hides_all;

/// The longest line, in bytes. The longest rules of the well-known lists have some ten thousand.
const LINE_LIMIT: usize = 64 << 10;

/// How many lines may go by before one looks like a list's.
const FIRST_LINES: usize = 200;

/// How much an expression may unfold to before it is a trap: the states that its counted repetitions multiply to.
const UNFOLDED_LIMIT: usize = 10_000;

/// What a pattern is made of that fits every address.
const EVERYTHING: &[u8] = b"*|^/.";

/// What may be activated.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Lines that are no comments.
    pub(crate) rules: usize,
}

/// Looks at a text; `former` has so many rules. To be called aside.
///
/// # Errors
/// Why it is not to be activated, as a clause.
pub(crate) fn check(text: &str, trusted: bool, former: Option<usize>) -> Result<Checked, String> {
    looks_like_a_list(text)?;
    let rules = header::rules(text);
    match former {
        _ if rules == 0 => return Err("there is no rule in it".into()),
        Some(former) if rules < former.div_ceil(2) => {
            return Err(format!("it has {rules} rules, less than half of the {former} before"));
        }
        _ => {}
    }
    lines_are_harmless(text)?;
    let built = Engine::build(&[Source { list: "", text, trusted }]);
    if built.reports.iter().any(|report| report.crowded > 0) {
        return Err("requests would have to be compared with too many of its rules".into());
    }
    live(&built.engine)?;
    Ok(Checked { rules })
}

fn looks_like_a_list(text: &str) -> Result<(), String> {
    let start = text.trim_start().get(..1).unwrap_or_default();
    if start == "<" {
        return Err("it is a web page, not a list".into());
    }
    if !text.lines().take(FIRST_LINES).any(|line| is_of_a_list(line.trim())) {
        return Err("it does not look like a filter list".into());
    }
    Ok(())
}

fn is_of_a_list(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let is_of_a_hosts_file =
        words.next().is_some_and(|word| word.parse::<std::net::IpAddr>().is_ok()) && words.next().is_some();
    let begins =
        ["[Adblock", "[uBlock", "! ", "# ", "||", "@@||", "##", "!#if"].iter().any(|begin| line.starts_with(begin));
    begins || is_of_a_hosts_file
}

fn lines_are_harmless(text: &str) -> Result<(), String> {
    // Line by line as they are read when they are put in force: one that is continued is one.
    for (number, line) in lines(text) {
        let Ok(line) = &line else { continue };
        if line.len() > LINE_LIMIT {
            return Err(format!("line {number} has more than {} KiB", LINE_LIMIT >> 10));
        }
        if hidden_everywhere(line).is_some_and(hides_all) {
            return Err(format!("line {number} would hide every page"));
        }
        if !line.is_empty() && line.bytes().all(|byte| EVERYTHING.contains(&byte)) {
            return Err(format!("line {number} would stop everything"));
        }
        if unfolded(line) > UNFOLDED_LIMIT {
            return Err(format!("the expression in line {number} takes too much to read"));
        }
    }
    Ok(())
}

/// The selector of a rule that hides something on every site, or on all but some. The library asks about one that begins with a class
/// or an id only where that is on a page, so that pages alone do not show it.
fn hidden_everywhere(line: &str) -> Option<&str> {
    let (sites, selector) = line.split_once("##")?;
    let is_everywhere = sites.split(',').all(|site| matches!(site.trim(), "" | "*") || site.trim().starts_with('~'));
    is_everywhere.then(|| selector.strip_prefix('^').unwrap_or(selector))
}

/// How many states the expression of a rule (`/…/`, `/…/$options`) unfolds to by its counted repetitions; an estimate from
/// above. Nothing for other lines.
fn unfolded(line: &str) -> usize {
    let pattern = line.strip_prefix("@@").unwrap_or(line);
    let Some(expression) = pattern.strip_prefix('/').and_then(|rest| Some(rest.rsplit_once('/')?.0)) else { return 0 };
    if !expression.contains('{') {
        return 0;
    }
    // The states of each open group, the innermost last, and of the piece that a repetition would be of.
    let (mut groups, mut last, mut in_class) = (vec![0_usize], 0_usize, false);
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        let states = match character {
            _ if in_class => {
                in_class = character != ']';
                if character == '\\' {
                    characters.next();
                }
                continue;
            }
            '(' => {
                groups.push(0);
                continue;
            }
            ')' => {
                last = if groups.len() > 1 { groups.pop().unwrap_or_default() } else { 0 };
                last
            }
            '{' => {
                let counts: String = characters.by_ref().take_while(|character| *character != '}').collect();
                let most = counts.split(',').filter_map(|count| count.trim().parse::<usize>().ok()).max();
                // The first is counted already.
                last.saturating_mul(most.unwrap_or(1).saturating_sub(1))
            }
            _ => {
                in_class = character == '[';
                if character == '\\' {
                    characters.next();
                }
                last = 1;
                last
            }
        };
        if let Some(sum) = groups.last_mut() {
            *sum = sum.saturating_add(states);
        }
    }
    groups.into_iter().fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "! Title: A list\n||ads.test^\n##.ad\n";

    #[test]
    fn a_list_of_any_kind_may_be_activated() {
        for text in [
            GOOD,
            "[Adblock Plus 2.0]\n||ads.test^$third-party\n",
            "# A hosts file\n127.0.0.1 localhost\n0.0.0.0 ads.test\n",
            "127.0.0.1\tads.test\n",
            "||ads.test^\n",
            "! Title: x\n/^https?:\\/\\/[0-9a-f]{8,12}\\.(ads|b{2}){1,3}[.]test\\/[)(]{3}/$script\n",
        ] {
            check(text, false, None).unwrap_or_else(|why| panic!("{text}: {why}"));
        }
        assert_eq!(check(GOOD, false, Some(4)).unwrap().rules, 2);
    }

    #[test]
    fn well_known_lists_may_be_activated() {
        // Data for measuring, which does not come with the source.
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
        let lists = ["easylist", "easyprivacy", "ublock-raw", "adguard-trackparam", "peter-lowe-serverlist"];
        for list in lists {
            let Ok(bytes) = std::fs::read(format!("{folder}/{list}.txt.gz")) else {
                println!("skipped: there is no {list} in {folder}");
                continue;
            };
            let text = crate::lists::decoded(bytes).unwrap();
            check(&text, true, None).unwrap_or_else(|why| panic!("{list}: {why}"));
        }
    }

    #[test]
    fn what_would_stop_move_or_hide_what_everybody_needs_is_not() {
        for (rule, why) in [
            ("*", "would stop everything"),
            ("/./", "would stop everything"),
            ("||org^", "would stop https://"),
            ("*$all", "would stop https://"),
            ("*$script", "would stop https://"),
            ("|https:$image,redirect=1x1.gif", "would stop https://"),
            ("||wikipedia.org^$document", "would stop https://"),
            ("/^https:/", "would stop https://"),
            ("*$removeparam", "would send https://"),
            ("##body", "would hide every page"),
            ("##^html", "would hide every page"),
            ("##bo \\\n    dy", "would hide every page"),
            ("* \\\n    *", "would stop everything"),
            ("*##.ad, body", "would hide every page"),
            ("~a.test##html", "would hide every page"),
            ("###ad, body:not(.x)", "would hide every page"),
            ("en.wikipedia.org##body:style(display: none !important)", "would hide a whole page"),
            ("en.wikipedia.org##body:remove()", "would hide a whole page"),
            ("en.wikipedia.org##div", "would hide a whole page"),
            ("*$ipaddress=/./", "would stop https://"),
            ("*$header=content-type", "would stop https://"),
            ("||debian.org^$doc", "would stop https://"),
        ] {
            let said = check(&format!("{GOOD}{rule}\n"), true, None).map(|_| ()).err().unwrap_or_default();
            assert!(said.contains(why), "{rule}: {said}");
        }
    }

    #[test]
    fn rules_that_every_request_would_have_to_be_compared_with_are_not_put_in_force() {
        let many: String = (0..400_000).map(|n| format!("/static/*{n}x$method=get\n")).collect();
        let said = check(&format!("{GOOD}{many}"), false, None).map(|_| ()).err().unwrap_or_default();
        assert!(said.contains("too many of its rules"), "{said}");
        // As many that are about hosts slow nothing down.
        let many: String = (0..100_000).map(|n| format!("||ads{n}.test^$method=get\n")).collect();
        check(&format!("{GOOD}{many}"), false, None).unwrap();
    }

    #[test]
    fn an_expression_is_a_trap_when_its_repetitions_multiply() {
        for (line, states) in [
            ("/a{5}b{3}/", 8),
            ("/(ab){10}c/$script", 21),
            ("@@/((a{10}){10}){10}/", 1000),
            ("/[a-z{9}]{4}\\{x{2}/", 7),
            ("/(a{2,}|b){3,5}", 0),
            ("/a/b{9}/", 11),
            ("||a.test^{9}", 0),
        ] {
            assert_eq!(unfolded(line), states, "{line}");
        }
        check(&format!("{GOOD}/((a{{50}}){{50}}){{50}}/\n"), false, None).unwrap_err();
    }
}
