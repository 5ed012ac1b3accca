//! Which page is behind a request that does not say so.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::recent::Recent;
use crate::Destination;
use crate::site::site;

/// How many programs are told apart, by what they call themselves.
const PROGRAMS: usize = 16;
/// Of each program: how many hosts of documents are known at least, ...
const DOCUMENTS: usize = 64;
/// ... how many hosts that style sheets came from, ...
const STYLES: usize = 64;
/// ... how many hosts that pages asked for anything, ...
const ASKED: usize = 256;
/// ... and how many pages that tell nobody who they are.
const SILENT: usize = 8;

/// What pages asked for lately, program by program.
#[derive(Debug)]
pub(crate) struct Pages {
    programs: Mutex<Recent<u64, Program>>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { programs: Mutex::new(Recent::new(PROGRAMS)) }
    }
}

impl Pages {
    /// Who is behind a request of this program, which is remembered.
    pub(crate) fn behind(&self, program: u64, seen: &Seen<'_>) -> Behind {
        self.with(program, |program| program.behind(seen))
    }

    /// A document of this host came with a `Referrer-Policy`.
    pub(crate) fn answered(&self, program: u64, host: &str, policy: &str) {
        // Of several the last one that a browser knows is in force (Referrer Policy 8.1); all browsers know these.
        let last = policy.rsplit(',').next().unwrap_or_default().trim();
        if last.eq_ignore_ascii_case("no-referrer") || last.eq_ignore_ascii_case("same-origin") {
            self.with(program, |program| program.is_silent(host));
        }
    }

    fn with<T>(&self, program: u64, work: impl FnOnce(&mut Program) -> T) -> T {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        if programs.get(&program).is_none() {
            programs.insert(program, Program::default());
        }
        match programs.get(&program) {
            Some(program) => work(program),
            None => work(&mut Program::default()),
        }
    }
}

/// What a request shows of where it comes from. Hosts in lower case.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    /// The host that it goes to.
    pub(crate) host: &'a str,
    pub(crate) destination: Destination,
    /// The host in `Origin`, if it is one.
    pub(crate) origin: Option<&'a str>,
    /// The host in `Referer`.
    pub(crate) referrer: Option<&'a str>,
    /// `Sec-Fetch-Site`.
    pub(crate) relation: Option<&'a str>,
}

/// Who is behind a request, as far as can be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Behind {
    /// The host of the page that asks.
    pub(crate) source: Option<String>,
    /// The host of the page with the address that a person sees.
    pub(crate) top: Option<String>,
}

/// What the pages in one program asked for.
#[derive(Debug)]
pub(crate) struct Program {
    /// Hosts of documents, each with the host of the page in whose tab it is shown.
    documents: Recent<String, String>,
    /// Hosts that style sheets came from, each with the host of the page that wanted it.
    styles: Recent<String, String>,
    /// Hosts with the host of the page that asked for something there last.
    asked: Recent<String, String>,
    /// Hosts of pages that let their requests say nothing of them, the last one last.
    silent: VecDeque<String>,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            documents: Recent::new(DOCUMENTS),
            styles: Recent::new(STYLES),
            asked: Recent::new(ASKED),
            silent: VecDeque::new(),
        }
    }
}

impl Program {
    pub(crate) fn behind(&mut self, seen: &Seen<'_>) -> Behind {
        if seen.destination == Destination::Page {
            // Over plain HTTP a frame looks the same, and nobody begins a visit in one.
            if seen.relation.is_some() || seen.referrer.is_none_or(|referrer| referrer == seen.host) {
                self.documents.insert(seen.host.to_owned(), seen.host.to_owned());
            }
            return Behind { source: Some(seen.host.to_owned()), top: Some(seen.host.to_owned()) };
        }
        let Some(source) = self.source(seen) else { return Behind::default() };
        self.asked.insert(seen.host.to_owned(), source.clone());
        if seen.destination == Destination::Style {
            self.styles.insert(seen.host.to_owned(), source.clone());
        }
        let top = self.documents.get(source.as_str()).cloned().unwrap_or_else(|| source.clone());
        if seen.destination == Destination::Frame && self.documents.get(seen.host).is_none_or(|top| top != seen.host) {
            self.documents.insert(seen.host.to_owned(), top.clone());
        }
        Behind { source: Some(source), top: Some(top) }
    }

    /// The page that asks.
    fn source(&mut self, seen: &Seen<'_>) -> Option<String> {
        match (seen.origin, seen.referrer) {
            (Some(origin), None) => {
                self.is_silent(origin);
                Some(origin.to_owned())
            }
            (Some(origin), Some(_)) => Some(origin.to_owned()),
            (None, Some(referrer)) => self.page_of(referrer, seen),
            (None, None) => self.page_unsaid(seen),
        }
    }

    /// `Referer` names what asks: a page, or a style sheet of some page.
    fn page_of(&mut self, referrer: &str, seen: &Seen<'_>) -> Option<String> {
        if referrer != seen.host {
            self.silent.retain(|host| host != referrer);
        }
        let same_site = site(referrer) == site(seen.host);
        let is_contradicted = seen.relation.is_some_and(|relation| (relation == "cross-site") == same_site);
        let may_be_style =
            is_contradicted || matches!(seen.destination, Destination::Image | Destination::Font | Destination::Style);
        if !may_be_style || self.documents.get(referrer).is_some() {
            return Some(referrer.to_owned());
        }
        if let Some(page) = self.styles.get(referrer) {
            return Some(page.clone());
        }
        if is_contradicted { self.page_unsaid(seen) } else { Some(referrer.to_owned()) }
    }

    /// Nothing names the page: it is one that is known to say nothing of itself, within what `Sec-Fetch-Site` allows, or the
    /// one that asked for this host before.
    fn page_unsaid(&mut self, seen: &Seen<'_>) -> Option<String> {
        // Every other page names itself to its own host.
        let asks_itself = match seen.relation {
            Some(relation) => relation == "same-origin",
            None => self.documents.get(seen.host).is_some(),
        };
        if asks_itself {
            self.is_silent(seen.host);
        }
        let own = site(seen.host);
        let asked = self.asked.get(seen.host).cloned();
        let silent = |fits: &dyn Fn(&str) -> bool| self.silent.iter().rev().find(|host| fits(site(host))).cloned();
        match seen.relation {
            Some("same-origin" | "none") => Some(seen.host.to_owned()),
            Some("same-site") => {
                let known = silent(&|site| site == own).or_else(|| asked.filter(|page| site(page) == own));
                Some(known.unwrap_or_else(|| own.to_owned()))
            }
            Some(_) => silent(&|site| site != own).or_else(|| asked.filter(|page| site(page) != own)),
            None => silent(&|site| site == own).or_else(|| silent(&|_| true)).or(asked),
        }
    }

    fn is_silent(&mut self, host: &str) {
        self.silent.retain(|known| known != host);
        if self.silent.len() == SILENT {
            self.silent.pop_front();
        }
        self.silent.push_back(host.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: u64 = 1;

    /// `host destination origin referrer relation`, with `-` for nothing; who is behind, and whose tab it is in.
    #[track_caller]
    fn check(pages: &Pages, line: &str, expected: &str) {
        let words: Vec<Option<&str>> = line.split(' ').map(|word| (word != "-").then_some(word)).collect();
        let destination = match words[1].unwrap() {
            "page" => Destination::Page,
            "frame" => Destination::Frame,
            "style" => Destination::Style,
            "image" => Destination::Image,
            _ => Destination::Script,
        };
        let (origin, referrer, relation) = (words[2], words[3], words[4]);
        let seen = Seen { host: words[0].unwrap(), destination, origin, referrer, relation };
        let behind = pages.behind(HTTPS, &seen);
        let told = |host: Option<String>| host.unwrap_or("-".into());
        assert_eq!(format!("{} {}", told(behind.source), told(behind.top)), expected, "{line}");
    }

    #[test]
    fn a_page_is_named_by_origin_then_by_referer_and_else_known_by_what_was_asked_before() {
        let pages = Pages::default();
        check(&pages, "a.test page - - none", "a.test a.test");
        check(&pages, "cdn.test script - a.test cross-site", "a.test a.test");
        check(&pages, "cdn.test script b.test a.test cross-site", "b.test b.test");
        check(&pages, "cdn.test script - - -", "b.test b.test");
        check(&pages, "new.test script - - cross-site", "- -");
        check(&pages, "new.test script - - -", "- -");
    }

    #[test]
    fn the_relation_to_an_unnamed_page_is_never_contradicted() {
        let pages = Pages::default();
        check(&pages, "cdn.a.test script - - same-site", "a.test a.test");
        check(&pages, "www.a.test script - - same-origin", "www.a.test www.a.test");
        check(&pages, "cdn.a.test script www.a.test - same-site", "www.a.test www.a.test");
        check(&pages, "cdn.a.test script - - same-site", "www.a.test www.a.test");
        check(&pages, "cdn.a.test script - - cross-site", "- -");
        check(&pages, "img.a.test script - - same-site", "www.a.test www.a.test");
        // It was seen to tell others nothing of itself.
        check(&pages, "x.test script - - cross-site", "www.a.test www.a.test");
    }

    #[test]
    fn what_a_style_sheet_asks_for_is_asked_by_its_page() {
        let pages = Pages::default();
        check(&pages, "a.test page - - none", "a.test a.test");
        check(&pages, "cdn.test style - a.test cross-site", "a.test a.test");
        check(&pages, "cdn.test image - cdn.test cross-site", "a.test a.test");
        check(&pages, "img.test image - cdn.test cross-site", "a.test a.test");
        check(&pages, "img.test image - cdn.test -", "a.test a.test");
        check(&pages, "a.test image - cdn.test same-origin", "a.test a.test");
        check(&pages, "img.test script - other.test cross-site", "other.test other.test");
        // What may be a frame is no page for sure.
        check(&pages, "cdn.test page - a.test -", "cdn.test cdn.test");
        check(&pages, "img.test image - cdn.test -", "a.test a.test");
        // A page of that host asks for itself.
        check(&pages, "cdn.test page - - none", "cdn.test cdn.test");
        check(&pages, "img.test image - cdn.test cross-site", "cdn.test cdn.test");
    }

    #[test]
    fn pages_that_tell_nothing_of_themselves_are_behind_what_comes_from_nowhere() {
        let pages = Pages::default();
        pages.answered(HTTPS, "a.test", "origin, no-referrer");
        pages.answered(HTTPS, "b.test", "no-referrer, origin");
        check(&pages, "cdn.test script - - -", "a.test a.test");
        check(&pages, "cdn.test script - - cross-site", "a.test a.test");
        check(&pages, "new.test script - a.test -", "a.test a.test");
        check(&pages, "other.test script - - -", "- -");
        let someone_else =
            Seen { host: "cdn.test", destination: Destination::Image, origin: None, referrer: None, relation: None };
        assert_eq!(pages.behind(2, &someone_else), Behind::default());
    }

    #[test]
    fn a_frame_is_in_the_tab_of_the_page_around_it() {
        let pages = Pages::default();
        check(&pages, "a.test page - - none", "a.test a.test");
        check(&pages, "ads.test frame - a.test cross-site", "a.test a.test");
        check(&pages, "inner.test frame - ads.test cross-site", "ads.test a.test");
        check(&pages, "cdn.test image - inner.test cross-site", "inner.test a.test");
        // Where it is also a page of its own, that counts.
        check(&pages, "ads.test page - - none", "ads.test ads.test");
        check(&pages, "ads.test frame - a.test cross-site", "a.test a.test");
        check(&pages, "cdn.test image - ads.test cross-site", "ads.test ads.test");
    }
}
