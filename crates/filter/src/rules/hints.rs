//! Lines that are understood and probably do not do what was meant.

use std::collections::HashMap;

use super::parse::{Line, line};
use super::reader::REFUSALS_TOLD;

/// Something to think about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The number of its line, from 1.
    pub line: usize,
    /// What, for a person, as a sentence.
    pub text: String,
}

/// The first hints about a text of rules, at most [`REFUSALS_TOLD`].
pub fn hints(text: &str) -> Vec<Hint> {
    let mut seen = HashMap::new();
    let hint = |(number, written): (usize, &str)| {
        let written = written.trim();
        let text = match line(written) {
            Line::Nothing => None,
            understood => match (seen.insert(written.to_owned(), number), understood) {
                (Some(first), _) => Some(format!("The same stands in line {first}.")),
                (None, Line::Network(rule)) => about(&rule),
                (None, _) => None,
            },
        };
        text.map(|text| Hint { line: number, text })
    };
    (1..).zip(text.lines()).filter_map(hint).take(REFUSALS_TOLD).collect()
}

fn about(rule: &str) -> Option<String> {
    let host = rule.trim_start_matches("@@").strip_prefix("||").and_then(|rest| rest.strip_suffix('^'));
    match host.filter(|host| !host.contains(['*', '/', '$'])) {
        Some(host) if psl::suffix_str(host) == Some(host) => Some(format!("That is every site below {host}.")),
        Some(_) if rule.starts_with("@@") => Some(
            "This lets requests to this host pass. What its pages load is let pass at Sites: choose Not filtered."
                .into(),
        ),
        _ if !rule.starts_with('/') && rule.split('$').next()?.contains(char::is_whitespace) => {
            Some("No address has a space in it, so this never fits.".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_probably_not_meant_is_told_with_its_line_and_nothing_else_is() {
        let text = "\
            ! ads.example.com\n||ads.example.com^\n||co.uk^\n@@||news.example.com^\n||ads.example.com^ \n/banner ads/\n\
            banner ads\n/banner-\n@@||a.test^$image\nads.example.net$script\n\n\n##.ad box\n|https://a.test/x\n\
            0.0.0.0 tracker.example # its host\n##.ad box";
        let told: Vec<(usize, String)> = hints(text).into_iter().map(|hint| (hint.line, hint.text)).collect();
        let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 7, 16], "{told:?}");
        assert!(told[0].1.contains("co.uk") && told[2].1.contains("line 2"), "{told:?}");
        assert_eq!(hints(&"x\n".repeat(REFUSALS_TOLD + 9)).len(), REFUSALS_TOLD);
    }
}
