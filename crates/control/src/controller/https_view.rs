//! How what the controller has of opened HTTPS is shown.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use tamis_proxy::{LearnedException, WaryProgram};

use super::https_state::Https;
use crate::authority_store::AuthorityState;
use crate::builtin_exceptions::{self, Builtin, Category};
use crate::https::{AuthorityView, BuiltInHostView, BuiltInView, HttpsView, LearnedView, WaryProgramView};
use crate::https_settings::{self, HostList};
use crate::words::https as text;
use crate::{AuthorityStanding, HttpsLevel, Paths};

impl Https {
    /// As it is shown; `actual`: what is opened.
    pub(super) fn view(&self, actual: HttpsLevel, paths: &Paths) -> HttpsView {
        let (learned, wary) = self.learned.rows(SystemTime::now());
        let standing = self.standing();
        let (headline, detail) = text::state_sentences(&self.wish, actual, self.can_open());
        HttpsView {
            headline,
            detail,
            wanted: self.wish.level,
            actual,
            levels: text::levels(),
            selected: https_settings::views(&self.wish.selected, HostList::Selected),
            authority: self.authority_view(&paths.authority_key()),
            stores: self.stores.clone(),
            busy: self.running.as_ref().map(|(job, _)| text::busy(job).to_owned()),
            done: self.done.clone(),
            built_in: Category::ALL.map(|category| self.built_in_view(category)).into(),
            learned: learned.iter().map(learned_view).collect(),
            wary: wary.iter().map(|wary| wary_view(wary, standing)).collect(),
        }
    }

    fn built_in_view(&self, category: Category) -> BuiltInView {
        let off = &self.wish.built_in_off;
        let entries = builtin_exceptions::all().iter().filter(|entry| entry.category == category);
        let host = |entry: &Builtin| BuiltInHostView { host: entry.pattern.into(), on: !off.contains(entry.pattern) };
        BuiltInView {
            id: category.id().into(),
            title: text::category(category).into(),
            on: !off.contains(category.id()),
            hosts: entries.map(host).collect(),
        }
    }

    fn authority_view(&self, key: &Path) -> AuthorityView {
        let authority = match &self.authority {
            AuthorityState::Ready(it) | AuthorityState::Due(it) | AuthorityState::Expired(it) => Some(it),
            AuthorityState::None | AuthorityState::Broken(_) => None,
        };
        AuthorityView {
            state: self.standing(),
            name: authority.map(|authority| authority.name()),
            fingerprint: authority.map(|authority| authority.fingerprint().to_string()),
            valid_until: authority.map(|authority| millis(authority.not_after())),
            key_kept: authority.filter(|_| !self.of_this_run).map(|_| text::key_kept(key)),
            other_devices: self.can_open().then(|| text::OTHER_DEVICES.into()),
            fault: self.fault().map(|why| text::broken_here(&why)),
            consent: text::consent(),
        }
    }
}

fn learned_view(row: &LearnedException) -> LearnedView {
    LearnedView {
        program: row.program.as_ref().map(|program| program.name.clone()),
        path: row.program.as_ref().map(|program| program.path.clone()),
        host: row.host.clone(),
        cause: text::cause(row.cause).into(),
        first_seen: millis(row.first_seen),
        expires: millis(row.expires),
    }
}

fn wary_view(wary: &WaryProgram, authority: AuthorityStanding) -> WaryProgramView {
    WaryProgramView {
        program: wary.program.as_ref().map(|program| program.name.clone()),
        path: wary.program.as_ref().map(|program| program.path.clone()),
        fix: text::fix(wary, authority),
        first_seen: millis(wary.first_seen),
        expires: millis(wary.expires),
    }
}

/// Since 1970.
fn millis(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or_default()
}
