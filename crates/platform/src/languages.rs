//! The languages that a person reads.

/// How many are asked for.
const LIMIT: usize = 8;

/// As the system names them, the preferred one first: `de-AT`, `en`.
pub fn languages() -> Vec<String> {
    sys_locale::get_locales().take(LIMIT).collect()
}
