//! The sites that were seen last, so that a person can have one left alone.

use tamis_filter::registered_domain;
use tamis_proxy::{ExchangeRecord, HostPattern};

use crate::exceptions;
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

    /// The sites and what the exceptions say of them.
    pub(crate) fn views(&self, written: &[String]) -> Vec<SiteView> {
        let (exceptions, _) = exceptions::read(written);
        let view = |seen: &Seen| {
            let is_itself_written = written.iter().any(|line| is_for(line, &seen.name));
            let left_alone = HostPattern::any_means(&exceptions, &seen.name, 0);
            SiteView { name: seen.name.clone(), left_alone, fixed: left_alone && !is_itself_written }
        };
        self.seen.iter().map(view).collect()
    }
}

/// What a host belongs to, as a name for people and for the exceptions; none for what cannot be excepted.
fn site_of(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    exceptions::pattern(host, exceptions::INSTEAD_OF_EVERYTHING).ok()?;
    Some(registered_domain(host).unwrap_or(host).to_owned())
}

/// Leaves a site alone, or does not any more; other exceptions stay as they were written.
pub(crate) fn leave_alone(written: &mut Vec<String>, site: &str, on: bool) {
    match on {
        false => written.retain(|line| !is_for(line, site)),
        true if written.iter().any(|line| is_for(line, site)) => {}
        true => written.push(exception_for(site)),
    }
}

fn is_for(line: &str, site: &str) -> bool {
    line.eq_ignore_ascii_case(&exception_for(site))
}

/// A registered domain with all below it, for a page's parts come from many of its hosts; anything else by itself.
fn exception_for(site: &str) -> String {
    if registered_domain(site) == Some(site) { format!("*.{site}") } else { site.to_owned() }
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

    #[test]
    fn a_site_gets_a_line_of_its_own_and_gives_no_other_up() {
        let mut sites = Sites::default();
        for url in ["http://www.a.test/", "http://192.0.2.7/", "http://github.io/"] {
            sites.see(&record(url));
        }
        let mut written = vec!["192.0.2.0/24".to_owned(), "*.B.test".to_owned()];
        for site in ["a.test", "b.test", "github.io", "a.test"] {
            leave_alone(&mut written, site, true);
        }
        assert_eq!(written, ["192.0.2.0/24", "*.B.test", "*.a.test", "github.io"]);
        let view = |n: usize, written: &[String]| (sites.views(written)[n].left_alone, sites.views(written)[n].fixed);
        assert_eq!(
            (view(0, &written), view(1, &written), view(2, &written)),
            ((true, false), (true, true), (true, false))
        );
        for site in ["a.test", "b.test", "192.0.2.7", "github.io"] {
            leave_alone(&mut written, site, false);
        }
        assert_eq!(written, ["192.0.2.0/24"]);
        assert_eq!((view(0, &written), view(1, &written)), ((false, false), (true, true)));
    }
}
