//! `[quiet-headers]` of the settings: how much *Quiet headers* does. What makes no sense is told and stays as it was written;
//! what can be read is in force.

use tamis_filter::profiles::{QUIET_ROWS, QuietChoice, QuietLevel};
use toml::{Table, Value};

use crate::levels::{self, LEVEL};

const ROWS: &str = "rows";

/// What is written in `table`, and a sentence for each word in it that makes no sense.
pub(crate) fn read(table: &Table) -> (QuietChoice, Vec<String>) {
    let (mut choice, mut nonsense) = (QuietChoice::default(), Vec::new());
    for (key, value) in table {
        match (key.as_str(), value) {
            (LEVEL, value) => {
                match levels::read(value, QuietLevel::named, "neither basic nor strict; basic is in force") {
                    Ok(level) => choice.level = level,
                    Err(sentence) => nonsense.push(sentence),
                }
            }
            (ROWS, Value::Table(rows)) => read_rows(rows, &mut choice, &mut nonsense),
            (ROWS, value) => {
                nonsense.push(format!("{ROWS} = {value} is no table such as {{ gpc = true }}; none of it counts."));
            }
            _ => nonsense.push(format!("There is no key called {key}.")),
        }
    }
    (choice, nonsense)
}

fn read_rows(rows: &Table, choice: &mut QuietChoice, nonsense: &mut Vec<String>) {
    for (id, value) in rows {
        match value.as_bool() {
            _ if !is_row(id) => nonsense.push(format!("{ROWS}: there is no row called {id}.")),
            Some(on) => {
                choice.switched.insert(id.clone(), on);
            }
            None => nonsense.push(format!("{ROWS}: {id} = {value} is neither true nor false.")),
        }
    }
}

/// Whether there is a row of this id.
pub(crate) fn is_row(id: &str) -> bool {
    QUIET_ROWS.iter().any(|row| row.id == id)
}

/// Switches a row. Where the level says the same, nothing is left to be written down.
pub(crate) fn set_row(table: &mut Table, id: &str, on: bool) {
    let level = QuietChoice { level: read(table).0.level, ..QuietChoice::default() };
    let by_level = QUIET_ROWS.iter().any(|row| row.id == id && level.has(row));
    if !matches!(table.get(ROWS), Some(Value::Table(_))) {
        // What is no table holds no switches.
        table.insert(ROWS.into(), Value::Table(Table::new()));
    }
    let Some(Value::Table(rows)) = table.get_mut(ROWS) else { return };
    if on == by_level {
        rows.remove(id);
    } else {
        rows.insert(id.into(), Value::Boolean(on));
    }
    if rows.is_empty() {
        table.remove(ROWS);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn the_settings_page_shows_every_key_with_its_default() {
        let page = crate::settings::page();
        let shown = page["quiet-headers"].as_table().unwrap();
        assert_eq!(read(shown), (QuietChoice::default(), Vec::new()));
        assert_eq!(shown.keys().collect::<Vec<_>>(), [LEVEL, ROWS]);
    }

    #[test]
    fn the_page_about_it_lists_every_row_with_its_level() {
        let page = include_str!("../../../docs/quiet-headers.md");
        let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let rows = QUIET_ROWS.iter().map(|row| {
            let from = row.level.map_or("its switch alone", QuietLevel::name);
            format!("| `{}` | {} | {from} |", row.id, row.title)
        });
        assert_eq!(listed, rows.collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_understood_is_told_and_the_rest_counts() {
        for (text, names) in [
            ("level = 'most'", "level = \"most\""),
            ("level = 2", "level = 2"),
            ("levle = 'strict'", "levle"),
            ("rows.no-such = true", "no-such"),
            ("rows.ping = 'no'", "ping = \"no\""),
        ] {
            let (choice, nonsense) = read(&table(&format!("{text}\nrows.gpc = true")));
            assert!(nonsense.len() == 1 && nonsense[0].contains(names), "{text}: {nonsense:?}");
            let switched = BTreeMap::from([("gpc".to_owned(), true)]);
            assert_eq!(choice, QuietChoice { level: QuietLevel::Basic, switched }, "{text}");
        }
        let (choice, nonsense) = read(&table("rows = 7\nlevel = 'strict'"));
        assert_eq!((choice.level, nonsense.len()), (QuietLevel::Strict, 1));
    }

    #[test]
    fn a_switch_is_written_down_while_the_level_says_otherwise_and_nothing_else_is_lost() {
        let mut written = table("level = 'basic'\nother = 1\nrows.of-another-version = true");
        set_row(&mut written, "gpc", true);
        set_row(&mut written, "ping", false);
        set_row(&mut written, "reports", true);
        levels::write(&mut written, QuietLevel::Strict.name());
        assert_eq!(
            written,
            table("level = 'strict'\nother = 1\nrows = { of-another-version = true, gpc = true, ping = false }")
        );
        set_row(&mut written, "gpc", true);
        set_row(&mut written, "ping", true);
        assert_eq!(written, table("level = 'strict'\nother = 1\nrows = { of-another-version = true }"));
        let mut broken = table("rows = 7");
        set_row(&mut broken, "ping", false);
        assert_eq!(broken, table("rows.ping = false"));
        set_row(&mut broken, "ping", true);
        assert_eq!(broken, Table::new());
    }
}
