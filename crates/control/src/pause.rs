//! Filtering rests for a while, and comes back by itself.

use std::num::NonZeroU16;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use ts_rs::TS;

use crate::snapshot::PauseView;

const MINUTE: Duration = Duration::from_secs(60);

/// How long filtering is to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PauseLength {
    /// So many seconds, at most eighteen hours.
    Seconds(NonZeroU16),
    /// Until the program is started anew.
    UntilRestart,
}

impl PauseLength {
    /// So many minutes, one at least and eighteen hours at most.
    pub(crate) const fn minutes(minutes: u16) -> Self {
        Self::Seconds(NonZeroU16::MIN.saturating_add(minutes.saturating_mul(60).saturating_sub(1)))
    }
}

/// A pause that has begun. Never saved: a start is the end of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    end: Option<End>,
}

/// The end by two clocks, and what comes first counts. The one stands still while the computer sleeps; the other jumps
/// when somebody sets it.
#[derive(Debug, Clone, Copy)]
struct End {
    by_wall_clock: SystemTime,
    by_steady_clock: Instant,
}

impl Pause {
    pub(crate) fn begin(length: PauseLength, now: Now) -> Self {
        let end = match length {
            PauseLength::UntilRestart => None,
            PauseLength::Seconds(seconds) => {
                let length = Duration::from_secs(seconds.get().into());
                Some(End { by_wall_clock: now.wall_clock + length, by_steady_clock: now.steady_clock + length })
            }
        };
        Self { end }
    }

    pub(crate) fn is_over(&self, now: Now) -> bool {
        self.left(now).is_some_and(|left| left.is_zero())
    }

    /// When to look again: the pause is over, or fewer minutes of it are left. That is a minute at most, so a computer that
    /// slept through the end of it soon notices.
    pub(crate) fn look_again(&self, now: Now) -> Option<Instant> {
        let left = self.left(now)?;
        let minutes_more = MINUTE * u32::try_from(self.minutes_left(now)?.saturating_sub(1)).unwrap_or_default();
        Some(now.steady_clock + left.saturating_sub(minutes_more))
    }

    pub(crate) fn view(&self, now: Now) -> PauseView {
        let until = self.left(now).map(|left| {
            let until = (now.wall_clock + left).duration_since(UNIX_EPOCH).unwrap_or_default();
            // The two clocks do not agree to the last digit.
            (until + Duration::from_millis(500)).as_secs() * 1000
        });
        PauseView { until, minutes_left: self.minutes_left(now) }
    }

    /// Begun ones count.
    fn minutes_left(&self, now: Now) -> Option<u64> {
        self.left(now).map(|left| left.as_millis().div_ceil(MINUTE.as_millis())).and_then(|left| left.try_into().ok())
    }

    fn left(&self, now: Now) -> Option<Duration> {
        let end = self.end?;
        let by_wall_clock = end.by_wall_clock.duration_since(now.wall_clock).unwrap_or_default();
        Some(by_wall_clock.min(end.by_steady_clock.saturating_duration_since(now.steady_clock)))
    }
}

/// This moment by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    wall_clock: SystemTime,
    steady_clock: Instant,
}

impl Now {
    pub(crate) fn is() -> Self {
        Self { wall_clock: SystemTime::now(), steady_clock: Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begin: Now, wall_clock: u64, steady_clock: u64) -> Now {
        Now {
            wall_clock: begin.wall_clock + Duration::from_secs(wall_clock),
            steady_clock: begin.steady_clock + Duration::from_secs(steady_clock),
        }
    }

    #[test]
    fn minutes_are_counted_down_to_the_end_and_each_is_looked_at() {
        let begin = Now::is();
        let pause = Pause::begin(PauseLength::Seconds(NonZeroU16::new(150).unwrap()), begin);
        for (passed, minutes, look_in) in [(0, 3, 30), (29, 3, 1), (30, 2, 60), (31, 2, 59), (149, 1, 1), (150, 0, 0)] {
            let now = after(begin, passed, passed);
            assert_eq!(pause.view(now).minutes_left, Some(minutes), "after {passed} s");
            assert_eq!(
                pause.look_again(now),
                Some(now.steady_clock + Duration::from_secs(look_in)),
                "after {passed} s"
            );
            assert_eq!(pause.is_over(now), passed == 150, "after {passed} s");
        }
    }

    #[test]
    fn neither_sleep_nor_a_clock_that_is_set_back_makes_a_pause_longer() {
        let begin = Now::is();
        let pause = Pause::begin(PauseLength::Seconds(NonZeroU16::new(300).unwrap()), begin);
        assert!(pause.is_over(after(begin, 301, 2)), "slept through");
        assert!(pause.is_over(after(begin, 0, 301)), "the clock was set back");
        assert_eq!(pause.view(after(begin, 0, 250)).minutes_left, Some(1));
    }

    #[test]
    fn a_pause_until_the_next_start_has_no_end_here() {
        let begin = Now::is();
        let pause = Pause::begin(PauseLength::UntilRestart, begin);
        let later = after(begin, 1_000_000, 1_000_000);
        assert!(!pause.is_over(later) && pause.look_again(later).is_none());
        assert_eq!(pause.view(later), PauseView { until: None, minutes_left: None });
    }
}
