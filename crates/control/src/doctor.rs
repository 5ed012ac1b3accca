//! What is set on this computer, by whom, and what is wrong with it: for the day when something does not work.
//!
//! Everything is only read, and nothing is asked but ports of this computer. What cannot be read is a finding like others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tamis_platform::{State, Way, environment, firefox, open_files};

use crate::ask::ask;
use crate::company::Company;
use crate::my_rules::RulesReport;
use crate::settings::Settings;
use crate::store::{Store, read_rules};
use crate::words::{self, doctor as text};
use crate::{Hands, Paths, Problem, access, exceptions, limits, quiet_settings, site_choices};

/// How long a port of this computer may take for an answer. On loopback it takes a millisecond.
const PATIENCE: Duration = Duration::from_secs(2);

/// What facts about the places of the system's setting are about.
const PLACES: &str = "The system's proxy setting";

/// With fewer open files than this a browser with many tabs is refused connections.
const ENOUGH_FILES: u64 = 4096;

/// What has been found.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// What is, in the order in which it is to be read.
    pub facts: Vec<Fact>,
    /// What is wrong, each with a remedy; empty when all is well.
    pub problems: Vec<Problem>,
}

/// One thing that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about; facts about the same follow each other.
    pub about: &'static str,
    /// The fact.
    pub says: String,
}

/// Whose a proxy setting is, and whether it leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Nobodys,
    /// It leads to a Tamis that answers.
    Tamis,
    /// Somebody listens at our address and says nothing.
    SilentTamis,
    /// Nobody listens at our address any more, or somebody else.
    GoneTamis,
    /// It leads to this computer only, and nobody listens there.
    DeadEnd,
    Others,
}

/// Looks at everything; at the `rules` too, a file of the user's own, where one is named.
pub fn diagnose(paths: &Paths, rules: Option<&Path>) -> Diagnosis {
    let (store, hands, company) = (Store::new(paths.clone()), Hands::native(), Company::look());
    let mut diagnosis = Diagnosis::default();
    let used = diagnosis.look_at_places(&store, &hands);
    diagnosis.look_at_journal(&store, company.as_ref(), used);
    diagnosis.look_at_company(company.as_ref());
    diagnosis.look_at_login(&hands);
    let settings = diagnosis.look_at_settings(&store, paths);
    diagnosis.look_at_https(paths, &settings);
    diagnosis.look_at_port(settings.listen);
    diagnosis.look_at_rules(rules);
    diagnosis.look_at_open_files();
    diagnosis.look_beside(used == Some(Whose::Tamis));
    diagnosis
}

impl Diagnosis {
    pub(crate) fn fact(&mut self, about: &'static str, says: impl Into<String>) {
        self.facts.push(Fact { about, says: says.into() });
    }

    /// Tells what of the settings makes no sense.
    pub(crate) fn tell_nonsense(&mut self, nonsense: &[String], words: fn(&[String]) -> Problem) {
        self.problems.extend((!nonsense.is_empty()).then(|| words(nonsense)));
    }

    /// Every place of the system's setting; whose it is, as the first place says that is ours, or else the first.
    fn look_at_places(&mut self, store: &Store, hands: &Hands) -> Option<Whose> {
        let has_journal = !matches!(store.journal(), Ok(None));
        let mut first = None;
        let mut ours = None;
        for hand in &hands.system_proxy {
            let place = hand.place();
            match hand.states() {
                Ok(states) if states.is_empty() => self.fact(PLACES, text::place_empty(place)),
                Ok(states) => {
                    let of_others = self.problems.len();
                    for state in states {
                        let whose = self.look_at_place(&text::share(place, &state), &state, has_journal, of_others);
                        first = first.or(Some(whose));
                        ours = ours.or(state.way.is_ours().then_some(whose));
                    }
                }
                Err(error) => {
                    self.fact(PLACES, text::place_unread(place));
                    self.problems.push(text::place_unreadable(place, &error));
                }
            }
        }
        if hands.system_proxy.is_empty() {
            self.fact(PLACES, text::NO_PLACE);
        }
        ours.or(first)
    }

    /// What is wrong with several connections of one place in the same way is said once: of the first, behind the problems
    /// `of_others`.
    fn look_at_place(&mut self, place: &str, state: &State, has_journal: bool, of_others: usize) -> Whose {
        let whose = whose(&state.way);
        self.fact(PLACES, text::place(place, &state.way, whose));
        let is_left_over = state.names_us && !state.way.is_ours() && !has_journal;
        let problem = match whose {
            Whose::GoneTamis => Some(text::stale(place)),
            Whose::SilentTamis => Some(text::silent(place)),
            Whose::DeadEnd => Some(text::dead_end(place, &state.way)),
            _ if is_left_over => Some(text::leftover(place)),
            _ => None,
        };
        let is_said = |problem: &Problem| self.problems.iter().skip(of_others).any(|said| said.id == problem.id);
        self.problems.extend(problem.filter(|problem| !is_said(problem)).into_iter().collect::<Vec<_>>());
        whose
    }

    /// What the setting was before, who changed it, and who looks after it.
    fn look_at_journal(&mut self, store: &Store, company: Option<&Company>, used: Option<Whose>) {
        const ABOUT: &str = "The note of what it was before";
        match store.journal() {
            Ok(None) => self.fact(ABOUT, text::NO_JOURNAL),
            Ok(Some(journal)) => {
                let runs = journal.made_by.is_running();
                self.fact(ABOUT, text::journal(&journal.made_by, runs));
                for note in &journal.notes {
                    for key in &note.keys {
                        self.fact(ABOUT, text::noted(&key.key, key.before.as_deref()));
                    }
                }
                if !journal.made_by.is_of_this_user() {
                    self.problems.push(text::journal_of_another_user(&journal.made_by));
                } else if runs == Some(false) && used != Some(Whose::GoneTamis) {
                    self.problems.push(text::left_behind(&journal.made_by));
                } else if runs == Some(true) && company.is_some_and(|company| company.guards.is_empty()) {
                    self.problems.push(words::system_proxy_unguarded(&[text::NO_GUARD.to_owned()]));
                }
            }
            Err(error) => {
                self.fact(ABOUT, text::JOURNAL_UNREAD);
                self.problems.push(text::journal_unreadable(&error));
            }
        }
        if store.unexpected_ends().are_too_many(SystemTime::now()) {
            self.problems.push(words::system_proxy_held_back());
        }
    }

    fn look_at_company(&mut self, company: Option<&Company>) {
        const ABOUT: &str = "At work";
        let Some(company) = company else { return self.fact(ABOUT, text::COMPANY_UNKNOWN) };
        for (process, listens) in &company.tamis {
            self.fact(ABOUT, text::at_work(process.id, listens));
        }
        for guard in &company.guards {
            self.fact(ABOUT, text::guard_at_work(guard.id));
        }
        if company.tamis.is_empty() && company.guards.is_empty() {
            self.fact(ABOUT, text::NOBODY_AT_WORK);
        }
    }

    fn look_at_login(&mut self, hands: &Hands) {
        const ABOUT: &str = "At login";
        let entries = [(&hands.autostart, text::LOGIN_START), (&hands.restore_at_login, text::LOGIN_RESTORE)];
        for (entry, [on, off]) in entries {
            match entry.as_ref().map(|entry| entry.is_on()) {
                Some(Ok(is_on)) => self.fact(ABOUT, if is_on { on } else { off }),
                Some(Err(error)) => self.problems.push(text::login_entry_unreadable(&error)),
                None => {}
            }
        }
    }

    /// The settings, or the defaults that count where they cannot be read.
    fn look_at_settings(&mut self, store: &Store, paths: &Paths) -> Settings {
        const ABOUT: &str = "Settings";
        let path = paths.settings();
        let settings = match store.settings_as_found() {
            Ok(settings) => settings,
            Err(error) => {
                self.fact(ABOUT, text::settings_unread(&path));
                self.problems.push(text::settings_unreadable(&error));
                return Settings::default();
            }
        };
        self.fact(ABOUT, text::settings_read(&path, path.exists()));
        self.problems.extend(settings.upstream.rules().1);
        self.problems.extend(exceptions::read(&settings.exceptions).1);
        let (_, faults) = site_choices::read(&settings.sites, &[]);
        self.tell_nonsense(&faults, words::sites_nonsense);
        self.tell_nonsense(&limits::read(&settings.limits).1, words::limits_nonsense);
        self.tell_nonsense(&quiet_settings::read(&settings.quiet_headers).1, words::quiet_nonsense);
        let access = access::read(&settings.access, settings.listen).err();
        self.problems.extend(access.map(|why| words::access_refused(&why)));
        settings
    }

    /// Who has the port that Tamis wants.
    fn look_at_port(&mut self, wish: SocketAddr) {
        let here = if wish.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { wish.ip() };
        if here.is_loopback() && wish.port() != 0 {
            self.fact("The port in the settings", text::port(wish, answer_at(SocketAddr::new(here, wish.port()))));
        }
    }

    fn look_at_rules(&mut self, file: Option<&Path>) {
        const ABOUT: &str = "Rules";
        let Some(file) = file else { return };
        match read_rules(file) {
            Ok(rules) => {
                let report = RulesReport::of(&rules);
                self.fact(ABOUT, words::rules_of(report.rules, file));
                self.problems.extend((report.refused_count > 0).then(|| words::rules_refused(file, &report)));
            }
            Err(error) => self.problems.push(words::rules_unreadable(file, &error)),
        }
    }

    fn look_at_open_files(&mut self) {
        let Some(limit) = open_files::highest_limit() else { return };
        self.fact("Open files", text::open_files(limit));
        self.problems.extend((limit < ENOUGH_FILES).then(|| text::few_open_files(limit)));
    }

    /// What programs follow beside the system's setting. That it leads past Tamis is wrong only where Tamis `is_used`.
    fn look_beside(&mut self, is_used: bool) {
        const ABOUT: &str = "Beside the system's setting";
        for variable in environment::variables() {
            let Some(way) = &variable.way else {
                self.problems.push(text::variable_nonsense(variable.name));
                continue;
            };
            let whose = whose(way);
            self.fact(ABOUT, text::place(variable.name, way, whose));
            self.problems.extend((whose == Whose::DeadEnd).then(|| text::variable_dead(variable.name, way)));
            self.problems
                .extend((is_used && whose == Whose::Others).then(|| text::variable_past_us(variable.name, way)));
        }
        for profile in firefox::profiles_of_their_own() {
            let name = text::firefox(&profile.folder);
            match &profile.way {
                Ok(way) => {
                    let whose = whose(way);
                    self.fact(ABOUT, text::place(&name, way, whose));
                    let dead = matches!(whose, Whose::DeadEnd | Whose::GoneTamis);
                    self.problems.extend(dead.then(|| text::firefox_dead(&name, way)));
                    let past_us = is_used && matches!(whose, Whose::Others | Whose::Nobodys);
                    self.problems.extend(past_us.then(|| text::firefox_past_us(&name, way)));
                }
                Err(error) => self.fact(ABOUT, text::firefox_unread(&name, error)),
            }
        }
    }
}

/// Whose it is, asking the ports of this computer that it leads to.
pub(crate) fn whose(way: &Way) -> Whose {
    if matches!(way, Way::Direct) || *way == Way::Automatic(String::new()) {
        return Whose::Nobodys;
    }
    if way.is_dead() {
        return if way.is_ours() { Whose::GoneTamis } else { Whose::DeadEnd };
    }
    let answers: Vec<Answer> = way.on_this_computer().into_iter().map(answer_at).collect();
    match way.is_ours() {
        _ if answers.contains(&Answer::Tamis) => Whose::Tamis,
        true if answers.contains(&Answer::Silence) => Whose::SilentTamis,
        true => Whose::GoneTamis,
        false => Whose::Others,
    }
}

/// Who is at a port of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Tamis,
    Somebody,
    Silence,
    Nobody,
}

fn answer_at(address: SocketAddr) -> Answer {
    let whole_head = |answer: &[u8]| answer.windows(4).any(|four| four == b"\r\n\r\n");
    match ask(address, PATIENCE, whole_head) {
        // Whoever serves an automatic configuration at our path.
        Ok(answer) if String::from_utf8_lossy(&answer).contains("application/x-ns-proxy-autoconfig") => Answer::Tamis,
        Ok(_) => Answer::Somebody,
        Err(error) => match error.kind() {
            std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Answer::Silence,
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::AddrNotAvailable => Answer::Nobody,
            _ => Answer::Somebody,
        },
    }
}
