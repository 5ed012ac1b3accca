//! The controller's dealings with the user's own rules: they are read, tried, saved, and put in force.

use std::path::PathBuf;
use std::sync::Arc;

use tamis_filter::rules::{self, Engine, LISTS_ID, Parsed, Rules, Source};
use tamis_filter::{Card, Profile};

use super::Controller;
use crate::hands::aside;
use crate::my_rules::{MY_RULES_LIMIT, MyRules, Question, RulesReport, RulesTrial, judged};
use crate::site_choices::{Choices, SiteChoice, site_of};
use crate::store::read_rules;
use crate::words::{self, rules as text};

impl Controller {
    /// At the start: what was written in the window before, and what the file says that was named for this run. Without that
    /// nothing starts.
    pub(super) async fn look_at_my_rules(&mut self) {
        let store = self.store.clone();
        let kept = match aside(move || store.my_rules().map(|text| (RulesReport::of(&text), text))).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(error)) => {
                self.my_rules_unreadable = true;
                self.report(words::my_rules_unreadable(&error));
                Default::default()
            }
            Err(broken) => return self.report(words::my_rules_unreadable(&broken)),
        };
        let file = match self.options.rules.clone() {
            Some(path) => match self.read_file_of_rules(path).await {
                Some(file) => Some(file),
                None => return,
            },
            None => None,
        };
        let (saved, text) = kept;
        self.take_up(MyRules { text: text.into(), saved, file, ..MyRules::default() }).await;
    }

    async fn read_file_of_rules(&mut self, path: PathBuf) -> Option<(PathBuf, Arc<str>, RulesReport)> {
        let file = path.clone();
        match aside(move || read_rules(&file).map(|text| (RulesReport::of(&text), text))).await {
            Ok(Ok((report, text))) => {
                if report.refused_count > 0 {
                    self.report(words::rules_refused(&path, &report));
                }
                Some((path, text.into(), report))
            }
            Ok(Err(error)) => {
                self.refuse_to_start(words::rules_unreadable(&path, &error));
                None
            }
            Err(broken) => {
                self.refuse_to_start(words::rules_unreadable(&path, &broken));
                None
            }
        }
    }

    /// Says what would become of a text. Nothing that is in force changes.
    pub(super) async fn try_rules(&mut self, ticket: u32, text: String) {
        let refusal = is_too_long(&text).then(words::my_rules_too_long);
        let report = match refusal {
            None => aside(move || RulesReport::of(&text)).await.unwrap_or_default(),
            Some(_) => RulesReport::default(),
        };
        self.my_rules.trial = Some(RulesTrial { ticket, report, refusal });
    }

    /// Says what becomes of a request by what is in force.
    pub(super) async fn try_address(&mut self, question: Question) {
        let ticket = question.ticket;
        let Some(context) = question.context() else {
            self.my_rules.address = Some(text::said(ticket, text::NO_ADDRESS.into()));
            return;
        };
        let page = context.top().and_then(site_of);
        let choice =
            page.as_deref().map(|page| Choices::of(&self.settings, &self.https.wish.exceptions).view(page).choice);
        if let (Some(page), Some(choice @ (SiteChoice::Off | SiteChoice::LeftAlone))) = (&page, choice) {
            let verdict = text::site_goes_its_way(page, words::sites::title(choice));
            self.my_rules.address = Some(text::said(ticket, verdict));
            return;
        }
        let ticked = self.ticked();
        let own = ticked.contains(&rules::ID).then(|| self.my_rules.all());
        let lists = ticked.contains(&LISTS_ID).then(|| self.lists.engine());
        let judged = aside(move || {
            let own = own.map(|text| Engine::build(&[Source { list: rules::ID, text: &text, trusted: true }]).engine);
            let engines: Vec<_> = own.map(Arc::new).into_iter().chain(lists).collect();
            judged(&engines, &context)
        });
        let Ok(judgement) = judged.await else { return };
        let lists = self.lists.view().lists;
        let title = |id: &str| match lists.iter().find(|list| list.id == id) {
            Some(list) => list.title.clone(),
            None if id == rules::ID => "My rules".into(),
            None => id.to_owned(),
        };
        self.my_rules.address = Some(text::address_trial(ticket, judgement, title));
    }

    /// Puts a text in force in place of the one before, and saves it.
    pub(super) async fn save_rules(&mut self, text: String) {
        if is_too_long(&text) {
            return self.report(words::my_rules_not_saved(&words::my_rules_too_long()));
        }
        let text: Arc<str> = text.into();
        let parsed = Arc::clone(&text);
        let Ok(saved) = aside(move || RulesReport::of(&parsed)).await else {
            return self.report(words::my_rules_not_saved(&crate::hands::Broken));
        };
        let MyRules { file, version, .. } = std::mem::take(&mut self.my_rules);
        self.take_up(MyRules { text: Arc::clone(&text), saved, file, version, ..MyRules::default() }).await;
        self.reconcile().await;
        let store = self.store.clone();
        let first = std::mem::take(&mut self.my_rules_unreadable);
        let written = aside(move || {
            if first {
                store.set_my_rules_aside()?;
            }
            store.save_my_rules(&text)
        });
        match written.await {
            Ok(Ok(())) => {
                self.settle("my-rules-not-saved");
                self.settle("my-rules-unreadable");
            }
            Ok(Err(error)) => {
                self.my_rules_unreadable = first;
                self.report(words::my_rules_not_saved(&error));
            }
            Err(broken) => self.report(words::my_rules_not_saved(&broken)),
        }
    }

    /// Makes the profile of rules, before all others: the user's own word comes first. It is there while there are rules.
    async fn take_up(&mut self, mut own: MyRules) {
        let all = own.all();
        let Ok(Parsed { rules, .. }) = aside(move || Rules::parse(&all)).await else {
            return self.report(words::my_rules_not_saved(&crate::hands::Broken));
        };
        own.version += 1;
        self.profiles.retain(|profile| profile.card().id != rules::ID);
        self.cards.retain(|card: &Card| card.id != rules::ID);
        self.own_rules = None;
        if !own.is_empty() {
            let rules = Arc::new(rules);
            self.cards.insert(0, rules.card());
            self.own_rules = Some(Arc::clone(&rules));
            self.profiles.insert(0, rules);
        }
        self.my_rules_out.send_replace(Arc::clone(&own.text));
        self.my_rules = own;
    }
}

fn is_too_long(text: &str) -> bool {
    text.len() > MY_RULES_LIMIT
}
