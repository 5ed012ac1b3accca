//! *Quiet headers*: fields that say more of a person than a page needs are cut, or taken off.
//!
//! Each thing that is done is a row of [`ROWS`], with a switch of its own; a level is a choice of rows that many people have
//! in common, because whoever is quiet in a way of his own can be told by it. RFC 9110 7.7 lets a proxy edit such fields where
//! that is necessary for privacy. What is in pages themselves (`<meta http-equiv=accept-ch>`, `<a ping>`, `<link
//! rel=preconnect>`) is not touched here, and `Alt-Svc` is taken off by the proxy.

mod advertising;
mod agent;
mod ahead;
mod cookies;
mod edits;
mod hints;
mod lifetime;
mod notes;
mod others;
mod party;
mod referrer;
mod reports;
mod trail;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::HeaderName;

use self::edits::{Answered, Asked, Edits};
use self::party::Party;
use super::strip_trackers::is_tracker;
use crate::{
    Answer, Card, Changes, Destination, Fields, Filter, Profile, RequestHead, ResponseHead, Service, Standing, Verdict,
};

/// The profile's id.
pub const QUIET_HEADERS_ID: &str = "quiet-headers";

/// Every row, in the order of their work on requests; answers take the same order. Those that read who asks stand before
/// those that take that off.
pub const ROWS: &[QuietRow] = &[
    notes::PING,
    notes::BEACON,
    ahead::PREFETCH,
    ahead::PRECONNECT,
    reports::REPORTS,
    cookies::TRACKERS,
    cookies::THIRD_PARTIES,
    lifetime::THIRD_PARTIES,
    lifetime::ALL,
    others::ENTITY_TAGS,
    others::AUTHORIZATION,
    trail::FROM,
    trail::FORWARDED,
    trail::CLIENT_DATA,
    trail::APP_NAME,
    hints::BROWSER,
    hints::DEVICE,
    agent::USER_AGENT,
    agent::LANGUAGE,
    advertising::FIELDS,
    advertising::COUNTS,
    advertising::POLICY,
    advertising::GPC,
    advertising::DO_NOT_TRACK,
    referrer::ORIGIN_ONLY,
    referrer::NONE,
];

/// How much is kept quiet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuietLevel {
    /// What no site is known to need.
    #[default]
    Basic,
    /// What some sites need; each row says which.
    Strict,
}

impl QuietLevel {
    /// Every level, from the least.
    pub const ALL: [Self; 2] = [Self::Basic, Self::Strict];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Strict => "strict",
        }
    }

    /// The level with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// One thing that can be kept quiet.
#[derive(Debug)]
pub struct QuietRow {
    /// Stable, in kebab case; settings and commands name the row by it.
    pub id: &'static str,
    /// A few words; changes name the row by it.
    pub title: &'static str,
    /// One or two sentences: what it does, and what it may break.
    pub summary: &'static str,
    /// The first level that has it; none where it is only on when somebody switches it on.
    pub level: Option<QuietLevel>,
    /// Fields that it writes where there were none, in lower case. All else that it does makes a head shorter, or other.
    pub adds: &'static [&'static str],
    request: Work<fn(&mut Asked<'_>) -> Option<Answer>>,
    response: Work<fn(&mut Answered<'_>)>,
}

/// What calls a row up, and what it does then.
#[derive(Debug)]
enum Work<F> {
    /// It has nothing to do with this side.
    None,
    /// One of these fields, in lower case.
    On(&'static [&'static str], F),
    /// Every message.
    Always(F),
}

/// Which rows are on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuietChoice {
    /// Its rows are on.
    pub level: QuietLevel,
    /// Rows that are on or off whatever the level says, by their ids.
    pub switched: BTreeMap<String, bool>,
}

impl QuietChoice {
    /// Whether this row is on.
    pub fn has(&self, row: &QuietRow) -> bool {
        let by_level = row.level.is_some_and(|level| level <= self.level);
        self.switched.get(row.id).copied().unwrap_or(by_level)
    }
}

pub(super) fn profile() -> QuietHeaders {
    QuietHeaders::new(&QuietChoice::default(), is_tracker)
}

/// The profile, with a choice of rows.
pub struct QuietHeaders {
    request: Calls,
    response: Calls,
    /// Whether a host only tracks.
    tracker: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Knows which page is in whose tab.
    standing: Arc<Standing>,
}

impl QuietHeaders {
    /// A profile whose rows are these. `tracker` says of a host in lower case whether it only tracks.
    pub fn new(choice: &QuietChoice, tracker: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let (mut request, mut response) = (Calls::default(), Calls::default());
        for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| choice.has(row)) {
            request.add(number, &row.request);
            response.add(number, &row.response);
        }
        Self { request, response, tracker: Box::new(tracker), standing: Arc::default() }
    }

    /// The same, with a memory that outlasts it, if there is one: what a frame asks for is part of the page around it, which
    /// only earlier requests tell.
    pub fn remembering(self, standing: Option<Arc<Standing>>) -> Self {
        Self { standing: standing.unwrap_or(self.standing), ..self }
    }
}

impl Profile for QuietHeaders {
    fn card(&self) -> Card {
        Card {
            id: QUIET_HEADERS_ID,
            title: "Quiet headers",
            summary: "Less said of you in every request",
            tag: "headers",
            service: Service::AnonymityFiltering,
            on_by_default: true,
        }
    }

    // It has no part in `identify`: bodies stay as they are, and an entity tag that tells one choice of rows from another
    // would tell people by it.

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Quietener { profile: self, party: Party::default() })
    }
}

/// The rows that are called up by what is in a head, as bits: number 0 of [`ROWS`] is the lowest.
#[derive(Debug, Default)]
struct Calls {
    always: u64,
    /// The names that call rows up, by their length: every field of every head is looked up here.
    by_length: Vec<Vec<(&'static str, u64)>>,
}

impl Calls {
    fn add<F>(&mut self, number: usize, work: &Work<F>) {
        let bit = 1 << number;
        match work {
            Work::None => {}
            Work::Always(_) => self.always |= bit,
            Work::On(names, _) => names.iter().for_each(|name| self.add_name(name, bit)),
        }
    }

    fn add_name(&mut self, name: &'static str, bit: u64) {
        if self.by_length.len() <= name.len() {
            self.by_length.resize(name.len() + 1, Vec::new());
        }
        let Some(names) = self.by_length.get_mut(name.len()) else { return };
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, bits)) => *bits |= bit,
            None => names.push((name, bit)),
        }
    }

    /// The rows for a message with these fields.
    fn of(&self, fields: &Fields) -> impl Iterator<Item = &'static QuietRow> + use<> {
        Self::rows(self.always | self.named_by(fields))
    }

    /// The rows that these fields call up.
    fn of_fields(&self, fields: &Fields) -> impl Iterator<Item = &'static QuietRow> + use<> {
        Self::rows(self.named_by(fields))
    }

    fn named_by(&self, fields: &Fields) -> u64 {
        fields.iter().fold(0, |bits, (name, _)| bits | self.of_name(name))
    }

    fn rows(named: u64) -> impl Iterator<Item = &'static QuietRow> {
        ROWS.iter().enumerate().filter(move |(number, _)| named >> number & 1 == 1).map(|(_, row)| row)
    }

    fn of_name(&self, name: &HeaderName) -> u64 {
        let name = name.as_str();
        let names = self.by_length.get(name.len()).map_or(&[][..], Vec::as_slice);
        names.iter().find(|(known, _)| *known == name).map_or(0, |(_, bits)| *bits)
    }
}

/// The profile at work on one exchange.
struct Quietener {
    profile: Arc<QuietHeaders>,
    party: Party,
}

impl Quietener {
    /// Shows the head of an answer to some rows.
    fn answer(
        &mut self,
        rows: impl Iterator<Item = &'static QuietRow>,
        request: &RequestHead,
        response: &mut ResponseHead,
        changes: &mut Changes,
    ) {
        for row in rows {
            let (Work::On(_, edit) | Work::Always(edit)) = &row.response else { continue };
            let edits = Edits { row, changes };
            let QuietHeaders { tracker, standing, .. } = &*self.profile;
            edit(&mut Answered { request, response, party: &mut self.party, standing, tracker: &**tracker, edits });
        }
    }
}

impl Filter for Quietener {
    fn request(&mut self, request: &mut RequestHead, changes: &mut Changes) -> Verdict {
        let QuietHeaders { tracker, standing, .. } = &*self.profile;
        if matches!(request.destination(), Destination::Page | Destination::Frame) {
            // What it asks for later is part of it, or of the page around it.
            self.party.of(request, standing);
        }
        for row in self.profile.request.of(&request.fields) {
            let (Work::On(_, edit) | Work::Always(edit)) = &row.request else { continue };
            let edits = Edits { row, changes };
            let mut asked = Asked { request, party: &mut self.party, standing, tracker: &**tracker, edits };
            if let Some(answer) = edit(&mut asked) {
                return Verdict::Answer(answer);
            }
        }
        Verdict::Forward
    }

    fn interim(&mut self, request: &RequestHead, response: &mut ResponseHead, changes: &mut Changes) {
        // What is put into every answer waits for the final one.
        self.answer(self.profile.response.of_fields(&response.fields), request, response, changes);
    }

    fn response(&mut self, request: &RequestHead, response: &mut ResponseHead, changes: &mut Changes) -> Verdict {
        self.answer(self.profile.response.of(&response.fields), request, response, changes);
        Verdict::Forward
    }
}

#[cfg(test)]
mod tests;
