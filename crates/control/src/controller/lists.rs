//! The controller's dealings with filter lists: what is chosen, what is fetched and built of it, what is put in force.

use tamis_filter::Wish;
use tamis_filter::rules::{ID, LISTS_ID};

use super::Controller;
use super::lists_state::{Event, Had};
use crate::hands::{Broken, aside};
use crate::lists::{List, Outcome, Rebuilt, choose, choose_all, put_own, read};
use crate::site_choices::{Choices, site_of};
use crate::snapshot::Phase;
use crate::store::StoreError;
use crate::words::lists as text;
use crate::{Command, SiteChoice};

impl Controller {
    /// At the start: takes up what was fetched before. What was named for this run is built before anything is served, for
    /// more would pass than was asked for.
    pub(super) async fn look_at_lists(&mut self) {
        self.read_lists();
        let store = self.store.clone();
        let look = move || Had { archive: store.archive(), locales: tamis_platform::languages() };
        let had = match aside(look).await {
            Ok(had) => had,
            Err(broken) => return self.refuse_to_start(text::not_built(&broken)),
        };
        let files = self.options.lists.clone();
        let is_named = !files.is_empty();
        if let Err(error) = self.lists.begin(files, had) {
            return self.refuse_to_start(text::no_secret(&error));
        }
        self.lists.begin_building(&self.store);
        while is_named && self.lists.is_building() {
            let event = self.lists.event().await;
            self.deal_with_lists(event).await;
        }
    }

    /// Reads what the settings say.
    fn read_lists(&mut self) {
        let (wish, nonsense) = read(&self.settings.lists);
        self.lists.wish = wish;
        self.tell_nonsense(&nonsense, text::nonsense);
    }

    /// Takes down what a command asks for, of those that are about lists; whether it is one of them.
    pub(super) fn wish_lists(&mut self, command: &Command) -> bool {
        let table = &mut self.settings.lists;
        match command {
            Command::ChooseList { id, on } => choose(table, id, *on),
            Command::ChooseLists { ids } => choose_all(table, ids),
            Command::AddList { address } => match List::own(address.trim()) {
                Ok(list) => {
                    put_own(table, &list.id, true);
                    self.settle("list-not-added");
                }
                // What is no list would have no row in which it could be taken out again.
                Err(why) => self.report(text::not_added(address.trim(), &why)),
            },
            Command::RemoveList { address } => put_own(table, address, false),
            Command::UpdateLists { id } => self.lists.ask_for(id.clone()),
            Command::RollBackList { id } => {
                if let Some(kept) = self.lists.archive.lists.get_mut(id) {
                    kept.roll_back();
                }
            }
            Command::ShowRefusedLines { id } => self.lists.refused_of.clone_from(id),
            _ => return false,
        }
        self.read_lists();
        self.lists.heed_wish();
        true
    }

    /// Begins what has to be done for what is wished for.
    pub(super) async fn follow_lists(&mut self) {
        if self.phase == Phase::Stopped {
            return;
        }
        if self.lists.is_unsaved() {
            self.save_lists().await;
        }
        self.lists.begin_building(&self.store);
        let (proxy, trust) = (self.proxy.as_ref(), self.https.trust());
        self.lists.begin_update(&self.store, || proxy.map(|proxy| proxy.fetcher(trust)));
        self.settle("lists-missing");
        let missing = self.lists.missing();
        if !missing.is_empty() {
            self.report(text::missing(&missing));
        }
    }

    /// Deals with what came of itself.
    pub(super) async fn deal_with_lists(&mut self, event: Event) {
        match event {
            Event::Wish(Wish::AllowSite { host }) => self.allow_site(&host).await,
            Event::Look => self.follow_lists().await,
            Event::Built(built) => self.take_up_lists(built).await,
            Event::Updated(outcome) => {
                let outcome = self.keep(outcome).await;
                self.lists.take_outcome(outcome);
                self.follow_lists().await;
            }
        }
    }

    async fn take_up_lists(&mut self, rebuilt: Option<Result<Box<Rebuilt>, StoreError>>) {
        match rebuilt {
            Some(Ok(rebuilt)) => {
                self.settle("lists-not-built");
                let unreadable = self.lists.take_up(Some(rebuilt));
                self.settle("lists-unreadable-now");
                if !unreadable.is_empty() {
                    self.report(text::unreadable_now(&unreadable));
                }
                self.put_lists();
            }
            Some(Err(error)) => {
                self.lists.take_up(None);
                match self.phase {
                    Phase::Starting => self.refuse_to_start(text::unreadable(&error)),
                    Phase::Running | Phase::Stopped => self.report(text::not_built(&error)),
                }
            }
            None => {
                self.lists.take_up(None);
                self.report(text::not_built(&Broken));
            }
        }
        if self.phase == Phase::Running {
            self.follow_lists().await;
            self.reconcile().await;
        }
    }

    /// Puts the profile of the lists in its place: behind the user's own rules, before the catalogue.
    fn put_lists(&mut self) {
        self.profiles.retain(|profile| profile.card().id != LISTS_ID);
        self.cards.retain(|card| card.id != LISTS_ID);
        if let Some(profile) = self.lists.profile(None) {
            let place = self.cards.iter().take_while(|card| card.id == ID).count();
            self.cards.insert(place, profile.card());
            self.profiles.insert(place, profile);
        }
    }

    /// Puts the text of a newer version on the disk. Only the controller writes there, so that nothing is taken for a remnant that
    /// is just about to be named.
    async fn keep(&self, outcome: Option<Outcome>) -> Option<Outcome> {
        let Some(Outcome::Newer { version, text, tags }) = outcome else { return outcome };
        let (store, digest) = (self.store.clone(), version.digest.clone());
        let kept = aside(move || store.save_list(&digest, &text).map(|()| text)).await;
        Some(match kept {
            Ok(Ok(text)) => Outcome::Newer { version, text, tags },
            Ok(Err(error)) => Outcome::Failed(error.to_string()),
            Err(broken) => Outcome::Failed(broken.to_string()),
        })
    }

    /// Writes down what is known of lists that were fetched, and removes what is not known of.
    async fn save_lists(&mut self) {
        let (store, archive, is_building) = (self.store.clone(), self.lists.archive.clone(), self.lists.is_building());
        let save = move || {
            store.save_archive(&archive)?;
            // Somebody reads them.
            if is_building { Ok(()) } else { store.remove_unnamed_versions(&archive) }
        };
        match aside(save).await {
            Ok(Ok(())) => {
                self.lists.are_saved(is_building);
                self.settle("lists-not-saved");
            }
            Ok(Err(error)) => self.report(text::not_saved(&error)),
            Err(broken) => self.report(text::not_saved(&broken)),
        }
    }

    /// Somebody asked on a page of ours that the site of this host be let pass.
    async fn allow_site(&mut self, host: &str) {
        let Some(site) = site_of(host) else { return };
        // What a person chose that leaves more alone stays as it is; they have a pass for the page.
        let now = Choices::of(&self.settings, &self.https.wish.exceptions).view(&site).choice;
        if matches!(now, SiteChoice::TunnelOnly | SiteChoice::LeftAlone) {
            return;
        }
        let before = self.settings.clone();
        self.wish(Command::SetSite { site, choice: SiteChoice::Off });
        self.fulfil(&before).await;
    }
}
