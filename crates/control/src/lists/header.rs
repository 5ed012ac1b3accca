//! What a list says of itself in its first lines, and what it contains, as far as that is seen without reading the rules.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use md5::{Digest, Md5};

use super::text::is_shown;

/// How many lines are looked through for what a list says of itself.
const LINES: usize = 100;

/// How long a title or a version may be, in characters; more is left out.
const VALUE_LIMIT: usize = 80;

/// When a list is fetched again that does not say.
const USUAL: Duration = Duration::from_secs(4 * DAY);
const SOONEST: Duration = Duration::from_secs(HOUR);
const LATEST: Duration = Duration::from_secs(30 * DAY);

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// What a list says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) title: Option<String>,
    pub(crate) version: Option<String>,
    /// How long it is good for.
    pub(crate) expires: Duration,
    /// When a patch for it is looked for, where it offers some.
    pub(crate) patched_after: Option<Duration>,
}

impl Header {
    pub(crate) fn of(text: &str) -> Self {
        let shown = |it: &str| it.chars().filter(|it| is_shown(*it)).take(VALUE_LIMIT).collect::<String>();
        // What shows nothing says nothing.
        let value = |key| said(text, key).map(shown).filter(|it| !it.trim().is_empty());
        Self {
            title: value("title"),
            version: value("version").or_else(|| value("last modified")),
            expires: said(text, "expires").and_then(period).unwrap_or(USUAL).clamp(SOONEST, LATEST),
            patched_after: said(text, "diff-path")
                .and_then(|_| said(text, "diff-expires"))
                .and_then(period)
                .map(|period| period.clamp(SOONEST, LATEST)),
        }
    }
}

/// The value of `! Key: value` or, in a hosts file, `# Key: value`.
pub(super) fn said<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().take(LINES).find_map(|line| {
        let (name, value) = line.strip_prefix(['!', '#'])?.split_once(':')?;
        let value = value.trim();
        (name.trim().eq_ignore_ascii_case(key) && !value.is_empty()).then_some(value)
    })
}

/// `4 days (update frequency)`, `12 hours`, `1d`.
fn period(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let seconds = match unit.trim_start().to_ascii_lowercase() {
        hours if hours.starts_with('h') => HOUR,
        days if days.is_empty() || days.starts_with('d') => DAY,
        _ => return None,
    };
    Some(Duration::from_secs(number.saturating_mul(seconds)))
}

/// Whether the list is as its checksum says, where it has one: MD5 in base64 over all but the line that tells it, with every
/// run of line ends as one line feed (as Adblock Plus writes it).
pub(crate) fn is_whole(text: &str) -> bool {
    let is_checksum = |line: &&str| {
        let key = line.trim_start().strip_prefix('!').map(|key| key.trim_start().to_ascii_lowercase());
        key.is_some_and(|key| key.starts_with("checksum:"))
    };
    let Some(line) = text.lines().take(LINES).find(is_checksum) else { return true };
    let told = line.split_once(':').map_or("", |(_, value)| value.trim()).trim_end_matches('=');
    let mut sum = Md5::new();
    let mut taken_out = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        if content.is_empty() || (!taken_out && is_checksum(&content)) {
            taken_out |= !content.is_empty();
            continue;
        }
        sum.update(content);
        if line.ends_with('\n') {
            sum.update("\n");
        }
    }
    STANDARD_NO_PAD.encode(sum.finalize()) == told
}

/// How many lines are no comments.
pub(crate) fn rules(text: &str) -> usize {
    text.lines().filter(|line| is_rule(line.trim())).count()
}

fn is_rule(line: &str) -> bool {
    match line.as_bytes() {
        [] | [b'!' | b'[', ..] => false,
        [b'#', next @ ..] => matches!(next.first(), Some(b'#' | b'@' | b'?' | b'$' | b'%')),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_says_of_itself_is_read_within_bounds() {
        let header =
            Header::of("[Adblock Plus 2.0]\n! Title: Mine\n! version: 7\n! Expires: 12 hours (or so)\n||a.test^\n");
        assert_eq!((header.title.as_deref(), header.version.as_deref()), (Some("Mine"), Some("7")));
        assert_eq!(header.expires, Duration::from_secs(12 * HOUR));
        let header = Header::of("! Title: Easy\u{202e}tsiL\u{1b}[2J\n");
        assert_eq!(header.title.as_deref(), Some("EasytsiL[2J"), "nothing that turns the line of the window around");
        assert_eq!(Header::of("! Version: \u{11}\n! Title: \u{202e} \n").version, None);
        for (said, hours) in [
            ("4 days (update frequency)", 96),
            ("1d", 24),
            ("2", 48),
            ("0 hours", 1),
            ("99999999999999999999 days", 96),
            ("999999999 days", 720),
            ("soon", 96),
            ("-1 days", 96),
            ("1000000000000000000000000000000 days", 96),
        ] {
            let header = Header::of(&format!("! Expires: {said}\n"));
            assert_eq!(header.expires, Duration::from_secs(hours * HOUR), "{said}");
        }
    }

    #[test]
    fn a_list_that_is_not_as_its_checksum_says_is_seen() {
        // printf '! Title: x\n||a.test^\n||b.test^\n' | openssl md5 -binary | base64
        let sum = "RxxSmJcGDo/U36eLs9rjlw";
        for text in [
            format!("! Checksum: {sum}\n! Title: x\n||a.test^\n||b.test^\n"),
            format!("! Title: x\r\n!  checksum: {sum}==\r\n\r\n||a.test^\r\n\n||b.test^\r\n"),
        ] {
            assert!(is_whole(&text), "{text}");
            assert!(!is_whole(&text.replace("||b", "||c")), "{text}");
        }
        assert!(is_whole("||a.test^\n! Checksums are said elsewhere\n"));
    }

    #[test]
    fn comments_are_no_rules_and_hiding_is() {
        let text = "[Adblock]\n! comment\n# of a hosts file\n#\n\n##.ad\n#@#.ad\n#?#x\n||a.test^\n0.0.0.0 b.test\n";
        assert_eq!(rules(text), 5);
    }
}
