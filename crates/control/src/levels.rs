//! One level out of few, as tables of the settings have it under `level`.

use toml::{Table, Value};

/// Its key.
pub(crate) const LEVEL: &str = "level";

/// The level that is written; else a sentence that says what it is instead.
pub(crate) fn read<L>(written: &Value, named: fn(&str) -> Option<L>, instead: &str) -> Result<L, String> {
    written.as_str().and_then(named).ok_or_else(|| format!("{LEVEL} = {written} is {instead}."))
}

/// Writes it down by its name.
pub(crate) fn write(table: &mut Table, name: &str) {
    table.insert(LEVEL.into(), Value::String(name.into()));
}
