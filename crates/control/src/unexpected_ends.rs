//! When a Tamis that had the system's proxy setting pointed at itself ended without putting it back: who puts it back in
//! its place writes that down. After too many such ends in a short time the next start leaves the setting alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// How many are too many.
pub(crate) const TOO_MANY: usize = 2;

/// Within what time.
pub(crate) const WITHIN: Duration = Duration::from_secs(5 * 60);

/// The latest of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnexpectedEnds {
    /// In seconds since 1970.
    at: Vec<u64>,
}

impl UnexpectedEnds {
    /// With one more, and without those that do not count any more.
    pub(crate) fn and_one(mut self, now: SystemTime) -> Self {
        let now = seconds(now);
        self.at.retain(|at| counts(*at, now));
        self.at.push(now);
        // More need not be known.
        let surplus = self.at.len().saturating_sub(TOO_MANY);
        self.at.drain(..surplus);
        self
    }

    pub(crate) fn are_too_many(&self, now: SystemTime) -> bool {
        self.at.iter().filter(|at| counts(**at, seconds(now))).count() >= TOO_MANY
    }
}

/// One in the future was written down by a clock that was wrong.
fn counts(at: u64, now: u64) -> bool {
    now.checked_sub(at).is_some_and(|ago| ago < WITHIN.as_secs())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_of_the_last_minutes_count_and_no_more_are_kept_than_are_needed() {
        let at = |minute: u64| UNIX_EPOCH + Duration::from_secs(60 * minute);
        let mut ends = UnexpectedEnds::default().and_one(at(100));
        assert!(!ends.are_too_many(at(100)));
        ends = ends.and_one(at(104));
        assert!(ends.are_too_many(at(104)));
        assert!(!ends.are_too_many(at(105)) && !ends.are_too_many(at(50)));
        for _ in 0..100 {
            ends = ends.and_one(at(106));
        }
        assert_eq!(ends.at.len(), TOO_MANY);
        assert!(ends.are_too_many(at(110)) && !ends.are_too_many(at(111)));
    }
}
