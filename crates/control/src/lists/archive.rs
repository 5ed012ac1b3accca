//! What is known of lists that were fetched: which versions are kept, and when the next look is due.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many versions of a list are kept, the one in force included.
pub(crate) const VERSIONS: usize = 3;

/// In seconds.
const DAY: u64 = 24 * 3600;

/// A look that is due later than this, in milliseconds, was planned by a clock that was wrong: no list is good for so long.
const FURTHEST: u64 = 40 * DAY * 1000;

/// How long it takes at least from one look to the next where the version that came is lost, in milliseconds.
const LOST_PAUSE: u64 = 60 * 1000;

/// When it is tried again after so many failures in a row; after more, as after the last.
const RETRIES: [Duration; 6] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(DAY),
];

/// All lists that were ever asked for, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Archive {
    #[serde(default)]
    pub(crate) lists: BTreeMap<String, Kept>,
}

/// What is known of one list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// Newest first; the first is to be in force.
    pub(crate) versions: Vec<Version>,
    /// The text that a person went back from: it does not come back by itself.
    pub(crate) left: Option<String>,
    /// What the server says of the text that was fetched last.
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// When it was last looked for with success, in milliseconds since 1970.
    pub(crate) looked_at: Option<u64>,
    /// When it is to be looked for again, likewise.
    pub(crate) due: u64,
    /// How often that failed since.
    pub(crate) failures: usize,
    /// Why, as a clause.
    pub(crate) fault: Option<String>,
}

/// One version of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// SHA-256 of the text, in hexadecimal digits; names its file.
    pub(crate) digest: String,
    /// When it came, in milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) title: Option<String>,
    pub(crate) version: Option<String>,
    /// How long it is good for, in seconds.
    pub(crate) expires: u64,
    /// After how many a patch for it is looked for.
    #[serde(default)]
    pub(crate) patched_after: Option<u64>,
    /// Lines that are no comments.
    pub(crate) rules: usize,
    /// The address, or the file, that it came from. What was fetched from elsewhere has a text, tags and patches of its own.
    #[serde(default)]
    pub(crate) from: String,
    /// It was put together from several files: a patch is for one.
    #[serde(default)]
    pub(crate) has_parts: bool,
}

impl Version {
    /// Whether nobody on the way could change it.
    pub(crate) fn came_sealed(&self) -> bool {
        self.from.starts_with("https://")
    }
}

impl Kept {
    /// The version that is to be in force.
    pub(crate) fn current(&self) -> Option<&Version> {
        self.versions.first()
    }

    /// A newer version is here, or the same again. `jitter` is a share of what it is good for, out of 256.
    pub(crate) fn take(&mut self, version: Option<Version>, now: u64, jitter: u8) {
        if let Some(version) = version {
            self.versions.retain(|kept| kept.digest != version.digest);
            self.versions.insert(0, version);
            self.versions.truncate(VERSIONS);
            self.left = None;
        }
        let good_for = self.current().map_or(DAY, |version| version.patched_after.unwrap_or(version.expires));
        // Up to a tenth more, so that not everybody comes at once.
        let spread = good_for / 10 / 256 * u64::from(jitter);
        self.due = now.saturating_add(good_for.saturating_add(spread).saturating_mul(1000));
        (self.looked_at, self.failures, self.fault) = (Some(now), 0, None);
    }

    /// Whether it is time to look for a newer version.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.due <= now || self.due - now > FURTHEST
    }

    /// It is to come from here now. What is known of what another server says helps nobody, and it is looked for at once.
    pub(crate) fn is_to_come_from(&mut self, address: &str, now: u64) {
        if self.current().is_some_and(|current| current.from != address) {
            (self.etag, self.last_modified) = (None, None);
            if self.failures == 0 {
                self.due = self.due.min(now);
            }
        }
    }

    /// Whether only a patch is looked for, since the version itself is good for longer.
    pub(crate) fn waits_for_patches(&self, now: u64) -> bool {
        self.current().is_some_and(|current| {
            let age = now.checked_sub(current.at);
            current.patched_after.is_some() && age.is_some_and(|age| age / 1000 < current.expires)
        })
    }

    /// This version cannot be read any more: the one before takes its place until it is fetched again. `why` is a clause.
    pub(crate) fn lose(&mut self, digest: &str, why: String) {
        let was_current = self.current().is_some_and(|current| current.digest == digest);
        self.versions.retain(|version| version.digest != digest);
        if was_current {
            (self.etag, self.last_modified) = (None, None);
            self.due = self.looked_at.map_or(0, |at| at.saturating_add(LOST_PAUSE));
            self.fault = Some(why);
        }
    }

    /// Nothing came of it.
    pub(crate) fn fail(&mut self, why: String, now: u64) {
        let wait = RETRIES.get(self.failures).or(RETRIES.last()).copied().unwrap_or_default();
        self.failures += 1;
        self.due = now.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(FURTHEST));
        self.fault = Some(why);
    }

    /// Goes back to the version before, if there is one.
    pub(crate) fn roll_back(&mut self) {
        if self.versions.len() > 1 {
            self.left = Some(self.versions.remove(0).digest);
        }
    }
}

impl Archive {
    /// The files that are of use.
    pub(crate) fn digests(&self) -> impl Iterator<Item = &str> {
        self.lists.values().flat_map(|kept| &kept.versions).map(|version| version.digest.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(digest: &str) -> Version {
        Version {
            digest: digest.into(),
            at: 0,
            title: None,
            version: None,
            expires: 1000,
            patched_after: None,
            rules: 1,
            from: "https://a.test/l".into(),
            has_parts: false,
        }
    }

    fn digests(kept: &Kept) -> Vec<&str> {
        kept.versions.iter().map(|version| version.digest.as_str()).collect()
    }

    #[test]
    fn three_versions_are_kept_and_the_one_gone_back_from_is_remembered() {
        let mut kept = Kept::default();
        ["a", "b", "c", "d"].into_iter().for_each(|digest| kept.take(Some(version(digest)), 0, 0));
        assert_eq!(digests(&kept), ["d", "c", "b"]);
        kept.roll_back();
        assert_eq!((digests(&kept), kept.left.as_deref()), (vec!["c", "b"], Some("d")));
        kept.roll_back();
        kept.roll_back();
        assert_eq!((digests(&kept), kept.left.as_deref()), (vec!["b"], Some("c")), "the last one stays");
        kept.take(Some(version("e")), 0, 0);
        assert_eq!((digests(&kept), kept.left.as_deref()), (vec!["e", "b"], None));
    }

    #[test]
    fn the_next_look_is_when_the_list_expires_and_sooner_after_a_failure_and_never_in_a_hurry() {
        let mut kept = Kept::default();
        kept.take(Some(version("a")), 5, 0);
        assert_eq!(kept.due, 1_000_005);
        kept.take(None, 5, 255);
        assert!((1_000_005..=1_100_005).contains(&kept.due), "{}", kept.due);
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                kept.fail("x".into(), 0);
                kept.due / 60_000
            })
            .collect();
        assert_eq!(waits, [1, 5, 30, 120, 360, 1440, 1440, 1440]);
        kept.take(None, 0, 0);
        assert_eq!((kept.failures, kept.fault), (0, None));
    }

    #[test]
    fn a_clock_that_was_wrong_stops_nothing_for_years() {
        let mut kept = Kept::default();
        let (then, now) = (4_000_000_000_000, 1_800_000_000_000);
        kept.take(Some(Version { patched_after: Some(1000), at: then, ..version("a") }), then, 0);
        assert!(!kept.is_due(then) && kept.is_due(then + 1_000_000) && kept.waits_for_patches(then));
        assert!(kept.is_due(now) && !kept.waits_for_patches(now));
        // Nor does a file that says what no list may.
        kept.take(Some(Version { expires: u64::MAX, at: now, ..version("b") }), now, 255);
        assert!(kept.is_due(now));
    }

    #[test]
    fn only_the_version_that_is_lost_goes_and_it_is_asked_for_as_if_nothing_were_here() {
        let mut kept = Kept { etag: Some("1".into()), ..Kept::default() };
        ["a", "b", "c"].into_iter().for_each(|digest| kept.take(Some(version(digest)), 5, 0));
        kept.lose("a", "x".into());
        assert_eq!((digests(&kept), kept.fault.as_deref(), kept.etag.is_some()), (vec!["c", "b"], None, true));
        kept.lose("c", "it cannot be read".into());
        assert_eq!((digests(&kept), kept.fault.as_deref(), &kept.etag), (vec!["b"], Some("it cannot be read"), &None));
        assert_eq!(kept.due, 60_005, "soon, and not again and again");
        kept.lose("c", "y".into());
        assert_eq!(kept.fault.as_deref(), Some("it cannot be read"));
    }

    #[test]
    fn what_comes_from_elsewhere_now_is_looked_for_at_once_and_without_the_tags_of_before() {
        let mut kept = Kept { etag: Some("1".into()), ..Kept::default() };
        kept.take(Some(version("a")), 5, 0);
        kept.is_to_come_from("https://a.test/l", 10);
        assert_eq!((kept.etag.as_deref(), kept.is_due(10)), (Some("1"), false));
        kept.is_to_come_from("https://b.test/l", 10);
        assert_eq!((&kept.etag, kept.is_due(10)), (&None, true));
        // A failure waits as ever.
        kept.fail("x".into(), 10);
        kept.is_to_come_from("https://b.test/l", 10);
        assert!(!kept.is_due(10));
    }
}
