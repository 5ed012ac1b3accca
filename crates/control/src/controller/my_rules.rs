//! The controller's dealings with the user's own rules: they are read, tried, saved, and put in force.

use std::path::PathBuf;
use std::sync::Arc;

use tamis_filter::rules::{self, Parsed, Rules};
use tamis_filter::{Card, Profile};

use super::Controller;
use crate::hands::aside;
use crate::my_rules::{MY_RULES_LIMIT, MyRules, RulesReport, RulesTrial};
use crate::store::read_rules;
use crate::words;

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
        let MyRules { file, version, address, .. } = std::mem::take(&mut self.my_rules);
        self.take_up(MyRules { text: Arc::clone(&text), saved, file, version, address, trial: None }).await;
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
