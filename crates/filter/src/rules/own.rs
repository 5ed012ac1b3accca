//! *My rules*: the user's own rules as a profile by themselves.

use std::hash::Hasher;
use std::sync::Arc;

use super::engine::{Built, Engine, Source};
use super::lists::Lists;
use super::reader::Refusal;
use crate::standing::Standing;
use crate::{Card, Filter, Profile, Service};

/// The list of the user's own rules, and the profile that they are.
pub const ID: &str = "my-rules";

/// The user's rules: a profile, though none of the catalogue.
#[derive(Debug)]
pub struct Rules {
    lists: Arc<Lists>,
    count: usize,
    fingerprint: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self::parse("").rules
    }
}

/// What became of a text of rules.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The rules that are understood.
    pub rules: Rules,
    /// The first refused lines, at most [`REFUSALS_TOLD`](super::REFUSALS_TOLD).
    pub refused: Vec<Refusal>,
    /// How many lines are refused in all.
    pub refused_count: usize,
}

impl Rules {
    /// Reads a text of rules, one a line. A line that is not understood is refused and keeps no other from being in force.
    pub fn parse(text: &str) -> Parsed {
        let Built { engine, reports } = Engine::build(&[Source { list: ID, text, trusted: true }]);
        let report = reports.into_iter().next().unwrap_or_default();
        let count = report.network + report.cosmetic + report.scriptlets;
        let fingerprint = engine.fingerprint();
        let rules =
            Self { lists: Arc::new(Lists::new(Arc::new(engine), Arc::new(Standing::default()))), count, fingerprint };
        Parsed { rules, refused: report.refused, refused_count: report.refused_count }
    }

    /// The same rules, with what lasts while Tamis runs. Where lists come after them, those do what is said of pages.
    pub fn remembering(&self, standing: Arc<Standing>, before_lists: bool) -> Self {
        let lists = Lists::new(Arc::clone(self.engine()), standing);
        let lists = Arc::new(if before_lists { lists.without_pages() } else { lists });
        Self { lists, count: self.count, fingerprint: self.fingerprint }
    }

    /// The rules themselves.
    pub fn engine(&self) -> &Arc<Engine> {
        self.lists.engine()
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A number that tells this text of rules from another; the same in every version and on every machine.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

impl Profile for Rules {
    fn card(&self) -> Card {
        Card {
            id: ID,
            title: "My rules",
            summary: "The rules that you wrote",
            tag: "rules",
            service: Service::AnonymityFiltering,
            on_by_default: true,
        }
    }

    fn identify(&self, into: &mut dyn Hasher) {
        into.write_u64(self.fingerprint());
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Arc::clone(&self.lists).filter()
    }
}
