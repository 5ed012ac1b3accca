//! The settings file: any bytes are read or refused; what was read is saved and read as the same again, and nothing of it
//! is lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_control::Settings;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(settings) = Settings::from_toml(text) else { return };
    let saved = settings.to_toml().expect("what was read can be written");
    let again = Settings::from_toml(&saved).unwrap_or_else(|why| panic!("{why} in {saved}"));
    assert_eq!(settings.to_toml(), again.to_toml());
    let before: toml::Table = text.parse().expect("settings are TOML");
    let after: toml::Table = saved.parse().expect("saved settings are TOML");
    for key in before.keys() {
        assert!(after.contains_key(key), "{key} was lost: {saved}");
    }
    for (key, value) in &settings.other {
        assert!(same(value, &after[key]), "{key} was {value:?} and is {:?}", after[key]);
    }
});

/// Equality that knows a not-a-number again.
fn same(one: &toml::Value, other: &toml::Value) -> bool {
    format!("{one:?}") == format!("{other:?}")
}
