//! What a person chose for a site: one thing, though it is written in three places of the settings.
//!
//! `exceptions` names sites that this computer reaches without us, `[https] exceptions` those that are never opened, and
//! `[sites]` those whose pages are not filtered or have profiles of their own. A choice for a site takes its lines out of the
//! other places.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tamis_filter::{Card, SITES_LIMIT, registered_domain};
use tamis_proxy::HostPattern;
use toml::{Table, Value};
use ts_rs::TS;

use crate::exceptions::{self, INSTEAD_OF_EVERYTHING};
use crate::https_settings::{self, HostList};
use crate::settings::Settings;
use crate::snapshot::SiteView;
use crate::words;

/// In `[sites]`, in place of a list of profiles.
const OFF: &str = "off";

/// What becomes of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SiteChoice {
    /// It is filtered as all are.
    Filtered,
    /// Its pages are filtered by profiles of their own.
    Custom,
    /// Its TLS is never opened.
    TunnelOnly,
    /// Its pages are not filtered, nor what they ask for from anywhere.
    Off,
    /// This computer reaches it without us.
    LeftAlone,
}

impl SiteChoice {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Filtered, Self::Custom, Self::TunnelOnly, Self::Off, Self::LeftAlone];
}

/// What `[sites]` says of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Own {
    Off,
    Only(Vec<String>),
}

impl Own {
    /// What is written, or a clause about why it means nothing.
    fn read(site: &str, value: &Value) -> Result<Self, String> {
        let pattern = exceptions::pattern(site, INSTEAD_OF_EVERYTHING)?;
        if !pattern.names_one() {
            return Err("it is no site but a range of them".into());
        }
        match value {
            Value::String(text) if text == OFF => Ok(Self::Off),
            Value::Array(entries) => {
                let ids = entries.iter().map(|id| id.as_str().map(str::to_owned).ok_or(id));
                ids.collect::<Result<_, _>>().map(Self::Only).map_err(|id| format!("{id} is no name of a profile"))
            }
            other => Err(format!("{other} is neither \"{OFF}\" nor a list of profiles")),
        }
    }
}

/// The sites whose pages have profiles of their own, as [`SitePolicies`](tamis_filter::SitePolicies) names them, each with the
/// ids of these in their order of work, as far as they are there; and what is wrong with the others, a clause each.
pub(crate) fn read(table: &Table, profiles: &[Card]) -> (BTreeMap<String, Vec<&'static str>>, Vec<String>) {
    let (mut sites, mut faults) = (BTreeMap::new(), Vec::new());
    for (site, value) in table.iter().take(SITES_LIMIT) {
        match Own::read(site, value) {
            Ok(Own::Off) => drop(sites.insert(as_in_uri(site), Vec::new())),
            Ok(Own::Only(ids)) => {
                let chosen = profiles.iter().map(|profile| profile.id).filter(|id| ids.iter().any(|own| own == id));
                sites.insert(as_in_uri(site), chosen.collect());
            }
            Err(why) => faults.push(format!("`{site}`: {why}")),
        }
    }
    if table.len() > SITES_LIMIT {
        faults.push(format!("only the first {SITES_LIMIT} count"));
    }
    (sites, faults)
}

/// In lower case, without a dot at its end, an IPv6 address in brackets.
fn as_in_uri(site: &str) -> String {
    let host = name_of(site);
    if host.contains(':') { format!("[{host}]") } else { host }
}

/// A host as a name for people and for the settings.
fn name_of(host: &str) -> String {
    host.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

/// What a host belongs to, as a name for people and for the settings; none for what nothing can be chosen for.
pub(crate) fn site_of(host: &str) -> Option<String> {
    let host = name_of(host);
    exceptions::pattern(&host, INSTEAD_OF_EVERYTHING).ok()?;
    Some(registered_domain(&host).map_or_else(|| host.clone(), str::to_owned))
}

/// Makes a choice for a site, in place of what was chosen for it before. Pages with profiles of their own begin with those that
/// are `ticked`.
pub(crate) fn choose(settings: &mut Settings, site: &str, choice: SiteChoice, ticked: Vec<&'static str>) {
    put_line(&mut settings.exceptions, site, choice == SiteChoice::LeftAlone);
    https_settings::put_site(&mut settings.https, HostList::Exceptions, site, choice == SiteChoice::TunnelOnly);
    let kept = take_out(&mut settings.sites, site).filter(Value::is_array);
    let list = || Value::Array(ticked.into_iter().map(Value::from).collect());
    match choice {
        SiteChoice::Off => drop(settings.sites.insert(site.to_owned(), OFF.into())),
        SiteChoice::Custom => drop(settings.sites.insert(site.to_owned(), kept.unwrap_or_else(list))),
        SiteChoice::Filtered | SiteChoice::TunnelOnly | SiteChoice::LeftAlone => {}
    }
}

/// Ticks or unticks a profile of those that a site has of its own; nothing where it has none.
pub(crate) fn tick(settings: &mut Settings, site: &str, profile: &str, on: bool) {
    let Some((_, Value::Array(ids))) = settings.sites.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(site)) else {
        return;
    };
    ids.retain(|id| id.as_str() != Some(profile));
    if on {
        ids.push(profile.into());
    }
}

/// What was said of a site, taken out, however its name was written.
fn take_out(table: &mut Table, site: &str) -> Option<Value> {
    let key = table.keys().find(|key| key.eq_ignore_ascii_case(site))?.clone();
    table.remove(&key)
}

/// Puts a site into a list as a line of its own, or takes that line out; others stay as they were written.
pub(crate) fn put_line(lines: &mut Vec<String>, site: &str, on: bool) {
    match on {
        false => lines.retain(|line| !is_for(line, site)),
        true if lines.iter().any(|line| is_for(line, site)) => {}
        true => lines.push(line_for(site)),
    }
}

fn is_for(line: &str, site: &str) -> bool {
    line.eq_ignore_ascii_case(&line_for(site))
}

/// A registered domain with all below it, for a page's parts come from many of its hosts; anything else by itself.
fn line_for(site: &str) -> String {
    if registered_domain(site) == Some(site) { format!("*.{site}") } else { site.to_owned() }
}

/// The site that a line is for, or the line itself.
fn site_for(line: &str) -> &str {
    line.strip_prefix("*.").filter(|rest| registered_domain(rest) == Some(rest)).unwrap_or(line)
}

/// The choices in force, read once for all sites that are shown.
pub(crate) struct Choices<'a> {
    settings: &'a Settings,
    never_opened: &'a [String],
    left_alone: Vec<HostPattern>,
    tunnels: Vec<HostPattern>,
}

impl<'a> Choices<'a> {
    /// Those of the settings; `never_opened` are the lines of `[https] exceptions` as far as they are texts.
    pub(crate) fn of(settings: &'a Settings, never_opened: &'a [String]) -> Self {
        let (left_alone, _) = exceptions::read(&settings.exceptions);
        let tunnels = https_settings::patterns(never_opened, HostList::Exceptions);
        Self { settings, never_opened, left_alone, tunnels }
    }

    /// What was chosen for a site. Where several places speak of it all of them count, and what is shown is first of all that
    /// it is left alone, and last that it is not opened.
    pub(crate) fn view(&self, name: &str) -> SiteView {
        let view = |choice, fixed| SiteView { name: name.into(), choice, profiles: Vec::new(), fixed, fault: None };
        let own_line = |lines: &[String]| lines.iter().any(|line| is_for(line, name));
        if HostPattern::any_means(&self.left_alone, name, 0) {
            return view(SiteChoice::LeftAlone, !own_line(&self.settings.exceptions));
        }
        let own = self.settings.sites.iter().find(|(key, _)| name_of(key) == name);
        match own.and_then(|(key, value)| Own::read(key, value).ok()) {
            Some(Own::Off) => view(SiteChoice::Off, false),
            Some(Own::Only(profiles)) => SiteView { profiles, ..view(SiteChoice::Custom, false) },
            None if HostPattern::any_means(&self.tunnels, name, 0) => {
                view(SiteChoice::TunnelOnly, !own_line(self.never_opened))
            }
            None => view(SiteChoice::Filtered, false),
        }
    }

    /// Everything that is written, a site or whatever else once, with why it does not count.
    pub(crate) fn all(&self) -> Vec<SiteView> {
        let mut views: Vec<SiteView> = Vec::new();
        let mut add = |view: SiteView| {
            if views.iter().all(|other| !other.name.eq_ignore_ascii_case(&view.name)) {
                views.push(view);
            }
        };
        let line = |choice, line: &str, fault| SiteView {
            name: site_for(line).into(),
            choice,
            profiles: Vec::new(),
            fixed: false,
            fault,
        };
        for view in exceptions::views(&self.settings.exceptions) {
            add(line(SiteChoice::LeftAlone, &view.line, view.fault));
        }
        for (index, (site, value)) in self.settings.sites.iter().enumerate() {
            let own = Own::read(site, value);
            let (choice, profiles) = match &own {
                Ok(Own::Only(ids)) => (SiteChoice::Custom, ids.clone()),
                Ok(Own::Off) | Err(_) => (SiteChoice::Off, Vec::new()),
            };
            let beyond = (index >= SITES_LIMIT).then(|| words::exception_beyond(SITES_LIMIT));
            let fault = own.err().map(|why| words::exception_fault(&why)).or(beyond);
            add(SiteView { name: site.clone(), choice, profiles, fixed: false, fault });
        }
        for view in https_settings::views(self.never_opened, HostList::Exceptions) {
            add(line(SiteChoice::TunnelOnly, &view.line, view.fault));
        }
        views
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::from_toml(text).unwrap()
    }

    fn never_opened(settings: &Settings) -> Vec<String> {
        https_settings::read(&settings.https).0.exceptions
    }

    #[test]
    fn the_settings_page_shows_no_site() {
        assert_eq!(crate::settings::page()["sites"], Value::Table(Table::new()));
    }

    #[test]
    fn a_site_has_one_choice_and_no_other_line_is_lost() {
        let mut settings = settings(
            "exceptions = ['192.0.2.0/24', '*.B.test']\n[https]\nexceptions = ['www.b.test', 7]\n[sites]\n'C.test' = 'off'",
        );
        let before = settings.clone();
        for site in ["a.test", "b.test", "c.test", "192.0.2.7", "github.io", "www.b.test"] {
            let sites = |settings: &Settings| settings.sites.len();
            let own_before = sites(&settings);
            for choice in SiteChoice::ALL {
                choose(&mut settings, site, choice, vec!["lighter-media"]);
                let never = never_opened(&settings);
                let view = Choices::of(&settings, &never).view(site);
                let of_range = site == "192.0.2.7" && choice != SiteChoice::LeftAlone;
                assert_eq!(view.choice, if of_range { SiteChoice::LeftAlone } else { choice }, "{site}");
                assert_eq!(view.fixed, of_range, "{site}");
                let all = Choices::of(&settings, &never).all();
                let rows = all.iter().filter(|row| row.name.eq_ignore_ascii_case(site));
                let rows: Vec<_> = rows.map(|row| row.choice).collect();
                assert_eq!(rows, if choice == SiteChoice::Filtered { vec![] } else { vec![choice] }, "{site}");
            }
            choose(&mut settings, site, SiteChoice::Filtered, Vec::new());
            assert!(sites(&settings) <= own_before);
        }
        assert_eq!(settings.exceptions, ["192.0.2.0/24"]);
        assert_eq!(settings.https["exceptions"], Value::Array(vec![Value::Integer(7)]));
        assert!(settings.sites.is_empty() && !before.sites.is_empty());
    }

    #[test]
    fn profiles_of_a_site_begin_with_those_ticked_and_are_ticked_one_by_one() {
        let mut settings = Settings::default();
        let ids = |settings: &Settings| Choices::of(settings, &[]).view("a.test").profiles;
        choose(&mut settings, "a.test", SiteChoice::Custom, vec!["strip-trackers"]);
        assert_eq!(ids(&settings), ["strip-trackers"]);
        tick(&mut settings, "a.test", "lighter-media", true);
        tick(&mut settings, "a.test", "strip-trackers", false);
        tick(&mut settings, "b.test", "strip-trackers", true);
        choose(&mut settings, "a.test", SiteChoice::Custom, vec!["strip-trackers"]);
        assert_eq!(ids(&settings), ["lighter-media"]);
        let cards: Vec<Card> = tamis_filter::profiles::catalogue().iter().map(|profile| profile.card()).collect();
        tick(&mut settings, "a.test", "strip-trackers", true);
        let (sites, faults) = read(&settings.sites, &cards);
        let order: Vec<&str> =
            cards.iter().map(|card| card.id).filter(|id| ["lighter-media", "strip-trackers"].contains(id)).collect();
        assert_eq!((sites["a.test"].clone(), faults), (order, Vec::new()));
    }

    #[test]
    fn what_is_not_understood_is_told_and_the_rest_counts() {
        let written = settings(
            "[sites]\n'news.test' = 'off'\n'*.b.test' = 'off'\n'192.0.2.0/24' = 'off'\n'c.test' = 'on'\n'd.test' = ['x', 7]
            'e.test' = ['no-such']\n'[2001:DB8::7]' = 'off'\n'nas' = []",
        );
        let cards: Vec<Card> = tamis_filter::profiles::catalogue().iter().map(|profile| profile.card()).collect();
        let (sites, faults) = read(&written.sites, &cards);
        let names: Vec<&str> = sites.keys().map(String::as_str).collect();
        assert_eq!(names, ["[2001:db8::7]", "e.test", "nas", "news.test"]);
        assert_eq!(faults.len(), 4, "{faults:?}");
        let faulty = Choices::of(&written, &[]).all().into_iter().filter(|view| view.fault.is_some()).count();
        assert_eq!(faulty, 4);
        let many = (0..=SITES_LIMIT).map(|n| (format!("s{n}.test"), OFF.into())).collect();
        let (sites, faults) = read(&many, &cards);
        assert_eq!((sites.len(), faults.len()), (SITES_LIMIT, 1));
    }
}
