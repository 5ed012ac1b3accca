//! The sites that were seen last, so that a person can choose what becomes of one.

use tamis_proxy::ExchangeRecord;

use crate::site_choices::{Choices, site_of};
use crate::snapshot::{SITES_SEEN, SiteView};

/// At most [`SITES_SEEN`] sites. One that is there keeps its place, and a new one takes that of the site which was not seen
/// for longest: nothing moves beneath the pointer of somebody who is about to click.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    seen: Vec<Seen>,
    /// How many records were looked at.
    clock: u64,
}

#[derive(Debug)]
struct Seen {
    name: String,
    /// Which of its hosts was last seen, as it was written.
    host: String,
    last: u64,
}

impl Sites {
    /// Takes down where an exchange or a tunnel went, whatever became of it: one that failed may be why a site is to be
    /// left alone.
    pub(crate) fn see(&mut self, record: &ExchangeRecord) {
        let host = record.host();
        self.clock += 1;
        // Most come from where the ones before came from, and need not be looked up again.
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.host == host) {
            seen.last = self.clock;
            return;
        }
        let Some(name) = site_of(host) else { return };
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.name == name) {
            host.clone_into(&mut seen.host);
            seen.last = self.clock;
            return;
        }
        let seen = Seen { name, host: host.to_owned(), last: self.clock };
        if self.seen.len() < SITES_SEEN {
            self.seen.push(seen);
        } else if let Some(oldest) = self.seen.iter_mut().min_by_key(|seen| seen.last) {
            *oldest = seen;
        }
    }

    /// The sites and what was chosen for them.
    pub(crate) fn views(&self, choices: &Choices<'_>) -> Vec<SiteView> {
        self.seen.iter().map(|seen| choices.view(&seen.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use tamis_proxy::Ending;

    use super::*;

    fn record(url: &str) -> ExchangeRecord {
        ExchangeRecord {
            began: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            method: "GET".parse().unwrap(),
            url: url.into(),
            status: None,
            ending: Ending::Failed("x".into()),
            untouched: None,
            page: None,
            changes: Vec::new(),
            sent: 0,
            never_downloaded: 0,
        }
    }

    fn names(sites: &Sites) -> Vec<String> {
        sites.seen.iter().map(|seen| seen.name.clone()).collect()
    }

    #[test]
    fn hosts_of_one_site_are_one_and_what_is_no_host_is_none() {
        let mut sites = Sites::default();
        for url in ["http://www.a.co.uk/", "IMG.A.co.uk.:443", "[2001:DB8::7]:443", "http://nas/", "http://x y/", "/p"]
        {
            sites.see(&record(url));
        }
        assert_eq!(names(&sites), ["a.co.uk", "2001:db8::7", "nas"]);
    }

    #[test]
    fn a_site_keeps_its_place_and_the_one_not_seen_for_longest_makes_room() {
        let mut sites = Sites::default();
        let site = |n: usize| format!("s{n}.test");
        (0..SITES_SEEN).for_each(|n| sites.see(&record(&format!("http://{}/", site(n)))));
        sites.see(&record("http://www.s0.test/"));
        sites.see(&record("new.test:443"));
        let mut expected: Vec<_> = (0..SITES_SEEN).map(site).collect();
        expected[1] = "new.test".into();
        assert_eq!(names(&sites), expected);
    }
}
