//! How what the controller has of filter lists is shown.

use tamis_filter::rules::{Refusal, Report};

use super::lists_state::ListsState;
use crate::lists::{
    CATALOGUE, Known, List, ListState, ListView, ListsView, ListsWish, RefusedLineView, RefusedView, RuleCountsView,
    Version, known, shown,
};
use crate::words::lists as text;

impl ListsState {
    /// As it is shown.
    pub(super) fn view(&self) -> ListsView {
        let refused = self.refused_of.as_ref().and_then(|id| {
            let report = self.report(id)?;
            let line = |refusal: &Refusal| RefusedLineView { line: refusal.line, reason: shown(&refusal.reason) };
            Some(RefusedView { list: id.clone(), lines: report.refused.iter().map(line).collect() })
        });
        let of_the_catalogue = CATALOGUE.iter().map(|known| self.of_the_catalogue(known));
        let of_the_user = self.wish.own.iter().map(|address| self.of_the_user(address));
        ListsView {
            summary: text::in_force(&self.in_force.reports, |id| self.title_of(id)),
            building: self.building.is_some(),
            rules: self.in_force.reports.iter().map(counts).fold(RuleCountsView::default(), |sum, more| {
                RuleCountsView {
                    network: sum.network + more.network,
                    cosmetic: sum.cosmetic + more.cosmetic,
                    scriptlets: sum.scriptlets + more.scriptlets,
                }
            }),
            lists: of_the_catalogue.chain(of_the_user).collect(),
            refused,
        }
    }

    /// What a list is called: in the catalogue, or by itself.
    pub(super) fn title_of(&self, id: &str) -> String {
        let said = || self.archive.lists.get(id)?.current()?.title.clone();
        known(id).map(|known| known.title.to_owned()).or_else(said).unwrap_or_else(|| id.to_owned())
    }

    fn report(&self, id: &str) -> Option<&Report> {
        self.in_force.reports.iter().find(|report| report.list == id)
    }

    fn of_the_catalogue(&self, known: &Known) -> ListView {
        let list = self.wish.of_the_catalogue(known);
        ListView {
            title: known.title.into(),
            homepage: Some(known.homepage.into()),
            licence: Some(known.licence.into()),
            address: list.address(),
            suggested: known.is_for(&self.locales),
            warning: list.is_plain().then(|| text::plain_mirror(known.trusted)),
            ..self.of_any(known.id)
        }
    }

    fn of_the_user(&self, address: &str) -> ListView {
        let is_plain = List::own(address).is_ok_and(|list| list.is_plain());
        ListView { warning: is_plain.then(|| text::PLAIN.into()), ..self.of_any(address) }
    }

    fn of_any(&self, id: &str) -> ListView {
        let kept = self.archive.lists.get(id);
        let current = kept.and_then(|kept| kept.current());
        let wanted = self.wish.wants(id);
        let report = self.report(id).filter(|_| wanted);
        let not_built = wanted && report.is_none() && self.is_not_built(id);
        let is_next = current.is_some_and(|current| self.is_next(id, &current.digest));
        let is_updating = self.updating.as_ref().is_some_and(|(updating, _)| updating == id);
        let said = |value: fn(&Version) -> &Option<String>| current.and_then(|it| value(it).clone());
        ListView {
            id: id.into(),
            title: self.title_of(id),
            kind: ListsWish::kind(id),
            homepage: None,
            licence: None,
            address: id.into(),
            suggested: false,
            wanted,
            state: match (wanted, is_updating, report.is_some(), current.is_some()) {
                (false, ..) => ListState::Off,
                (true, true, ..) => ListState::Updating,
                (true, false, false, true) if not_built => ListState::NotInForce,
                (true, false, _, true) if is_next => ListState::Building,
                (true, false, true, _) => ListState::InForce,
                (true, false, false, true) => ListState::Building,
                (true, false, false, false) => ListState::Waiting,
            },
            version: said(|version| &version.version),
            rules: report.map(counts),
            refused: report.map_or(0, |report| report.refused_count),
            updated: current.map(|current| current.at),
            next: kept.filter(|_| wanted).map(|kept| kept.due),
            fault: match kept.filter(|_| wanted).and_then(|kept| kept.fault.as_deref()) {
                Some(fault) => Some(text::fault(fault)),
                None => not_built.then(|| text::NOT_BUILT.into()),
            },
            warning: None,
            can_roll_back: kept.is_some_and(|kept| kept.versions.len() > 1),
        }
    }
}

fn counts(report: &Report) -> RuleCountsView {
    RuleCountsView { network: report.network, cosmetic: report.cosmetic, scriptlets: report.scriptlets }
}
