//! `[https]` of the settings: what of HTTPS is opened. What makes no sense is told and stays as it was written; what can be
//! read is in force, and where the level cannot be read nothing is opened.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tamis_proxy::HostPattern;
use toml::{Table, Value};

use crate::levels::{self, LEVEL};
use crate::{ExceptionView, HttpsLevel, builtin_exceptions, exceptions, site_choices, words};

const SELECTED: &str = "selected";
const EXCEPTIONS: &str = "exceptions";
const BUILT_IN_OFF: &str = "builtin_off";
const EXTRA_ROOTS: &str = "extra_roots";
const DISTRUST: &str = "distrust";

/// How many lines of each list count. Each is looked at for every tunnel.
pub(crate) const LINES: usize = 1024;

/// What is wished for, as far as it was understood; hosts as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HttpsWish {
    pub(crate) level: HttpsLevel,
    pub(crate) selected: Vec<String>,
    pub(crate) exceptions: Vec<String>,
    /// Categories and hosts of the built-in exceptions that are not in force.
    pub(crate) built_in_off: BTreeSet<String>,
    pub(crate) extra_roots: Vec<PathBuf>,
    /// A list of certificates that nobody is to trust, newer than the one that comes with Tamis.
    pub(crate) distrust: Option<PathBuf>,
}

/// Which of the two lists of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostList {
    /// Those that are opened at the level of chosen sites.
    Selected,
    /// Those that are never opened.
    Exceptions,
}

impl HostList {
    fn key(self) -> &'static str {
        match self {
            Self::Selected => SELECTED,
            Self::Exceptions => EXCEPTIONS,
        }
    }

    /// What a line means, or a clause about why it means nothing.
    fn pattern(self, line: &str) -> Result<HostPattern, String> {
        let instead_of_everything = match self {
            Self::Selected => "choose to open everything instead",
            Self::Exceptions => "choose to open nothing instead",
        };
        exceptions::pattern(line, instead_of_everything)
    }
}

/// What is written in `table`, and a sentence for each word in it that makes no sense.
pub(crate) fn read(table: &Table) -> (HttpsWish, Vec<String>) {
    let mut nonsense = Vec::new();
    let mut wish = HttpsWish::default();
    for (key, value) in table {
        match key.as_str() {
            LEVEL => match levels::read(value, HttpsLevel::named, "none of off, selected and all; nothing is opened") {
                Ok(level) => wish.level = level,
                Err(sentence) => nonsense.push(sentence),
            },
            SELECTED => wish.selected = texts(key, value, &mut nonsense),
            EXCEPTIONS => wish.exceptions = texts(key, value, &mut nonsense),
            BUILT_IN_OFF => wish.built_in_off = texts(key, value, &mut nonsense).into_iter().collect(),
            EXTRA_ROOTS => {
                wish.extra_roots = texts(key, value, &mut nonsense).into_iter().map(PathBuf::from).collect();
            }
            DISTRUST => match value.as_str() {
                Some(file) => wish.distrust = Some(PathBuf::from(file)).filter(|_| !file.is_empty()),
                None => nonsense.push(format!("{DISTRUST} = {value} is no path of a file.")),
            },
            _ => nonsense.push(format!("There is no key called {key}.")),
        }
    }
    for (list, written) in [(HostList::Selected, &wish.selected), (HostList::Exceptions, &wish.exceptions)] {
        for line in written {
            if let Err(why) = list.pattern(line) {
                nonsense.push(format!("{}: `{line}` does not count: {why}.", list.key()));
            }
        }
    }
    let all = builtin_exceptions::all();
    for name in &wish.built_in_off {
        if !all.iter().any(|entry| entry.pattern == name || entry.category.id() == name) {
            nonsense.push(format!("{BUILT_IN_OFF}: there is no built-in exception called `{name}`."));
        }
    }
    (wish, nonsense)
}

/// The hosts of a list, as far as its lines are understood.
pub(crate) fn patterns(written: &[String], list: HostList) -> Vec<HostPattern> {
    written.iter().filter_map(|line| list.pattern(line).ok()).collect()
}

/// Each line, with why it does not count.
pub(crate) fn views(written: &[String], list: HostList) -> Vec<ExceptionView> {
    let fault = |line: &str| list.pattern(line).err().map(|why| words::exception_fault(&why));
    written.iter().map(|line| ExceptionView { line: line.clone(), fault: fault(line) }).collect()
}

/// The texts of a list, at most [`LINES`].
fn texts(key: &str, value: &Value, nonsense: &mut Vec<String>) -> Vec<String> {
    let Some(entries) = value.as_array() else {
        nonsense.push(format!("{key} is no list of texts; none of it counts."));
        return Vec::new();
    };
    if entries.len() > LINES {
        nonsense.push(format!("Of {key} only the first {LINES} count."));
    }
    let mut texts = Vec::new();
    for entry in entries.iter().take(LINES) {
        match entry.as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => nonsense.push(format!("{key}: {entry} is no text and does not count.")),
        }
    }
    texts
}

/// Adds a site to a list as a line of its own, or takes that line out.
pub(crate) fn put_site(table: &mut Table, list: HostList, site: &str, on: bool) {
    edit(table, list.key(), |lines| site_choices::put_line(lines, site, on));
}

/// Takes one line out of a list.
pub(crate) fn remove_line(table: &mut Table, list: HostList, line: &str) {
    edit(table, list.key(), |lines| lines.retain(|written| written != line));
}

/// Puts a category or a host of the built-in exceptions in force, or out of it.
pub(crate) fn switch_built_in(table: &mut Table, name: &str, on: bool) {
    edit(table, BUILT_IN_OFF, |lines| {
        lines.retain(|written| written != name);
        if !on {
            lines.push(name.to_owned());
        }
    });
}

/// Edits the texts of a list. Entries that are none stay, and what is no list becomes the first entry of one.
fn edit(table: &mut Table, key: &str, change: impl FnOnce(&mut Vec<String>)) {
    let entries = match table.remove(key) {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(other) => vec![other],
    };
    let (texts, mut entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(Value::is_str);
    let mut lines = texts.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    change(&mut lines);
    entries.splice(0..0, lines.into_iter().map(Value::String));
    if !entries.is_empty() {
        table.insert(key.into(), Value::Array(entries));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn the_settings_page_shows_every_key_with_its_default() {
        let page = crate::settings::page();
        let shown = page["https"].as_table().unwrap();
        assert_eq!(read(shown), (HttpsWish::default(), Vec::new()));
        assert_eq!(shown.len(), 6);
    }

    #[test]
    fn what_is_not_understood_is_told_and_the_rest_counts() {
        for (text, names) in [
            ("level = 'most'", "level = \"most\""),
            ("level = 2", "level = 2"),
            ("selected = 'a.test'", "selected"),
            ("exceptions = ['a.test', 7]", "exceptions: 7"),
            ("exceptions = ['x y']", "`x y`"),
            ("selected = ['*']", "choose to open everything"),
            ("exceptions = ['a.test:443']", "a port cannot be named"),
            ("levle = 'all'", "levle"),
            ("distrust = 7", "distrust = 7"),
        ] {
            let (wish, nonsense) = read(&table(&format!("{text}\nbuiltin_off = ['health']")));
            assert!(nonsense.len() == 1 && nonsense[0].contains(names), "{text}: {nonsense:?}");
            assert_eq!(
                (wish.level, wish.built_in_off),
                (HttpsLevel::Off, BTreeSet::from(["health".to_owned()])),
                "{text}"
            );
        }
        let many = format!("exceptions = [{}]", "'a.test', ".repeat(LINES + 1));
        let (wish, nonsense) = read(&table(&many));
        assert_eq!((wish.exceptions.len(), nonsense.len()), (LINES, 1));
    }

    #[test]
    fn an_edit_loses_nothing_that_somebody_wrote() {
        let mut written = table("level = 'most'\nselected = 'a.test'\nexceptions = [7, 'B.test']\nother = 1");
        put_site(&mut written, HostList::Selected, "shop.example", true);
        put_site(&mut written, HostList::Exceptions, "b.test", false);
        put_site(&mut written, HostList::Exceptions, "192.0.2.7", true);
        remove_line(&mut written, HostList::Exceptions, "B.test");
        switch_built_in(&mut written, "health", false);
        switch_built_in(&mut written, "finance", false);
        switch_built_in(&mut written, "health", true);
        let expected = "level = 'most'\nselected = ['a.test', '*.shop.example']\nexceptions = ['192.0.2.7', 7]
            other = 1\nbuiltin_off = ['finance']";
        assert_eq!(written, table(expected));
        levels::write(&mut written, HttpsLevel::Selected.name());
        assert_eq!(read(&written).0.level, HttpsLevel::Selected);
    }
}
