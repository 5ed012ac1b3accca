//! What has happened: counts of the last hour and the latest changes, from the proxy's records.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use tamis_filter::{Card, Part};
use tamis_proxy::{Ending, ExchangeRecord};

use crate::site_choices::site_of;
use crate::snapshot::{ChangeView, FIGURES_MINUTES, Figures, Minute, RECENT_CHANGES};

/// Counts and changes. Holds at most [`FIGURES_MINUTES`] minutes and [`RECENT_CHANGES`] changes.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// The latest minute in which something happened.
    newest: Counts,
    /// Those before it, oldest first.
    older: VecDeque<Counts>,
    recent: VecDeque<ChangeView>,
    next_id: u64,
}

#[derive(Debug, Default)]
struct Counts {
    /// Minutes since 1970.
    minute: u64,
    changed: u64,
    untouched: u64,
    failed: u64,
    never_downloaded: u64,
}

impl Activity {
    /// Counts one finished exchange. `cards` name the profiles' tags.
    pub(crate) fn add(&mut self, record: ExchangeRecord, cards: &[Card]) {
        let ended = record.began + record.took;
        let counts = self.counts_at(minute_of(ended));
        match record.ending {
            Ending::Failed(_) => counts.failed += 1,
            _ if !record.changes.is_empty() => counts.changed += 1,
            // The client left before there was an answer: nothing passed.
            Ending::ClientLeft if record.status.is_none() => {}
            Ending::Complete | Ending::ClientLeft => counts.untouched += 1,
        }
        counts.never_downloaded += record.never_downloaded;

        let at = u64::try_from(since_1970(ended).as_millis()).unwrap_or(u64::MAX);
        let site = match record.changes.is_empty() {
            true => None,
            false => site_of(record.page.as_deref().unwrap_or(record.host())),
        };
        let url = record.url.strip_prefix("http://").unwrap_or(&record.url);
        for change in record.changes {
            let tag = cards.iter().find(|card| card.id == change.profile).map_or(change.profile, |card| card.tag);
            self.next_id += 1;
            self.recent.truncate(RECENT_CHANGES - 1);
            self.recent.push_front(ChangeView {
                id: self.next_id,
                at,
                url: url.to_owned(),
                site: site.clone(),
                profile: change.profile.to_owned(),
                tag: tag.to_owned(),
                rule: change.rule.into_owned(),
                part: part_name(change.part).to_owned(),
                what: change.what.into_owned(),
                before: change.before,
                after: change.after,
            });
        }
    }

    /// The latest changes, newest first.
    pub(crate) fn recent(&self) -> Vec<ChangeView> {
        self.recent.iter().cloned().collect()
    }

    /// The figures of the hour that ends `now`.
    pub(crate) fn figures(&self, now: SystemTime) -> Figures {
        let last = minute_of(now);
        let first = last.saturating_sub(FIGURES_MINUTES as u64 - 1);
        let mut figures = Figures { last_minute: last * 60, ..Figures::default() };
        for minute in first..=last {
            let counts = self.older.iter().chain([&self.newest]).find(|counts| counts.minute == minute);
            let (changed, untouched) = counts.map_or((0, 0), |counts| (counts.changed, counts.untouched));
            figures.minutes.push(Minute { changed, untouched });
            figures.changed += changed;
            figures.untouched += untouched;
            figures.failed += counts.map_or(0, |counts| counts.failed);
            figures.never_downloaded_bytes += counts.map_or(0, |counts| counts.never_downloaded);
        }
        figures
    }

    /// Whether figures change merely because time passes.
    pub(crate) fn fades(&self, now: SystemTime) -> bool {
        let first = minute_of(now).saturating_sub(FIGURES_MINUTES as u64);
        self.newest.minute >= first
    }

    /// The counts to which an exchange that ended in `minute` belongs. Records come in the order of their ends; where
    /// the clock was set back they count for the newest minute.
    fn counts_at(&mut self, minute: u64) -> &mut Counts {
        if self.newest.minute < minute {
            if self.older.len() == FIGURES_MINUTES - 1 {
                self.older.pop_front();
            }
            let older = std::mem::replace(&mut self.newest, Counts { minute, ..Counts::default() });
            self.older.push_back(older);
        }
        &mut self.newest
    }
}

/// The part's name in the contract.
fn part_name(part: Part) -> &'static str {
    match part {
        Part::Target => "target",
        Part::Field => "field",
        Part::Body => "body",
        Part::Answer => "answer",
    }
}

fn minute_of(time: SystemTime) -> u64 {
    since_1970(time).as_secs() / 60
}

/// A clock before 1970 counts as 1970.
fn since_1970(time: SystemTime) -> std::time::Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tamis_filter::Change;

    use super::*;

    fn record(minute: u64, changes: usize, ending: Ending) -> ExchangeRecord {
        let change =
            Change { profile: "p", rule: "r".into(), part: Part::Target, what: "w".into(), before: None, after: None };
        ExchangeRecord {
            began: UNIX_EPOCH + Duration::from_secs(minute * 60),
            took: Duration::from_secs(1),
            method: "GET".parse().unwrap(),
            url: "http://a.test/".into(),
            status: "200".parse().ok(),
            ending,
            untouched: None,
            page: None,
            changes: vec![change; changes],
            sent: 0,
            never_downloaded: 10,
        }
    }

    fn at(minute: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(minute * 60 + 30)
    }

    #[test]
    fn an_exchange_counts_once_as_changed_failed_or_untouched() {
        let mut activity = Activity::default();
        activity.add(record(100, 2, Ending::Complete), &[]);
        activity.add(record(100, 0, Ending::Complete), &[]);
        activity.add(record(100, 0, Ending::ClientLeft), &[]);
        activity.add(record(101, 0, Ending::Failed("x".into())), &[]);
        let figures = activity.figures(at(101));
        assert_eq!((figures.changed, figures.untouched, figures.failed), (1, 2, 1));
        assert_eq!(figures.never_downloaded_bytes, 40);
        assert_eq!(figures.minutes.len(), FIGURES_MINUTES);
        assert_eq!(figures.minutes[58], Minute { changed: 1, untouched: 2 });
        assert_eq!(activity.recent().len(), 2);
    }

    #[test]
    fn an_exchange_that_failed_or_never_began_did_not_pass() {
        let mut activity = Activity::default();
        activity.add(record(100, 1, Ending::Failed("x".into())), &[]);
        activity.add(ExchangeRecord { status: None, ..record(100, 0, Ending::ClientLeft) }, &[]);
        let figures = activity.figures(at(100));
        assert_eq!((figures.changed, figures.untouched, figures.failed), (0, 0, 1));
    }

    #[test]
    fn counts_older_than_an_hour_are_gone_and_memory_is_bounded() {
        let mut activity = Activity::default();
        for minute in 0..200 {
            activity.add(record(minute, 1, Ending::Complete), &[]);
        }
        assert_eq!(activity.older.len() + 1, FIGURES_MINUTES);
        assert_eq!(activity.recent.len(), RECENT_CHANGES);
        assert_eq!(activity.figures(at(199)).changed, FIGURES_MINUTES as u64);
        assert_eq!(activity.figures(at(199 + 59)).changed, 1);
        assert_eq!(activity.figures(at(199 + 60)).changed, 0);
        assert!(activity.fades(at(199 + 60)));
        assert!(!activity.fades(at(199 + 61)));
    }
}
