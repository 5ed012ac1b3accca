//! Firefox's own proxy setting, profile by profile. It is only read: Firefox writes its file anew when it ends.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::{Server, ServerKind, Way};

/// Where profiles are, below the home directory: of distributions, snap, flatpak, the newest versions, macOS and Windows.
const FOLDERS: [&str; 6] = [
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".config/mozilla/firefox",
    "Library/Application Support/Firefox/Profiles",
    "AppData/Roaming/Mozilla/Firefox/Profiles",
];

/// How many entries of such a folder are looked at.
const ENTRIES: usize = 64;

/// The largest file of preferences that is read, in bytes. Long-used ones have a hundred thousand.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// A profile whose proxy setting is not that of the system.
#[derive(Debug)]
pub struct Profile {
    /// Its folder.
    pub folder: PathBuf,
    /// Where it sends web traffic, or why that could not be read.
    pub way: io::Result<Way>,
}

/// The profiles of this user that do not follow the system's setting, and those that cannot be read.
pub fn profiles_of_their_own() -> Vec<Profile> {
    let Some(home) = env::home_dir().filter(|home| home.is_absolute()) else { return Vec::new() };
    let folders = FOLDERS.iter().filter_map(|folder| fs::read_dir(home.join(folder)).ok());
    let profiles = folders.flat_map(|folder| folder.take(ENTRIES).flatten().map(|entry| entry.path()));
    profiles.filter_map(|folder| Some(Profile { way: own_way(&folder).transpose()?, folder })).collect()
}

/// None where the system's setting counts, or where there is no profile.
fn own_way(folder: &Path) -> io::Result<Option<Way>> {
    let file = match File::open(folder.join("prefs.js")) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT).read_to_end(&mut bytes)?;
    Ok(way(&String::from_utf8_lossy(&bytes)))
}

/// What preferences say. What does not stand in them has Firefox's default, which is the system's setting (5).
fn way(preferences: &str) -> Option<Way> {
    let value = |name: &str| {
        let lines = preferences.lines().filter_map(|line| line.trim().strip_prefix("user_pref(\"")?.strip_suffix(");"));
        let values = lines.filter_map(|line| line.split_once("\",")).filter(|(found, _)| *found == name);
        values.map(|(_, value)| value.trim()).next_back()
    };
    let text = |name: &str| value(name).and_then(|text| text.strip_prefix('"')?.strip_suffix('"')).unwrap_or_default();
    let server = |name: &str, kind: ServerKind| {
        let host = text(&format!("network.proxy.{name}")).to_owned();
        let port = value(&format!("network.proxy.{name}_port"))?.parse().ok().filter(|port| *port != 0)?;
        (!host.is_empty()).then_some(Server { kind, host, port, user_and_password: None })
    };
    match value("network.proxy.type")? {
        "0" => Some(Way::Direct),
        "1" => {
            let all = [("http", ServerKind::Http), ("ssl", ServerKind::Http), ("socks", ServerKind::Socks)];
            let servers: Vec<_> = all.into_iter().filter_map(|(name, kind)| server(name, kind)).collect();
            Some(if servers.is_empty() { Way::Direct } else { Way::Manual(servers) })
        }
        "2" => Some(Way::Automatic(text("network.proxy.autoconfig_url").to_owned())),
        "4" => Some(Way::Automatic(String::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_of_its_own_is_known_by_its_type() {
        let pref = |name: &str, value: &str| format!("user_pref(\"network.proxy.{name}\", {value});\n");
        let manual = pref("http", "\"proxy.test\"") + &pref("http_port", "3128") + &pref("ssl", "\"\"");
        let server = Server { kind: ServerKind::Http, host: "proxy.test".into(), port: 3128, user_and_password: None };
        let url = pref("autoconfig_url", "\"http://p.test/a.pac\"");
        for (kind, more, want) in [
            ("0", "", Some(Way::Direct)),
            ("1", manual.as_str(), Some(Way::Manual(vec![server]))),
            ("1", "", Some(Way::Direct)),
            ("2", url.as_str(), Some(Way::Automatic("http://p.test/a.pac".into()))),
            ("4", url.as_str(), Some(Way::Automatic(String::new()))),
            ("5", manual.as_str(), None),
            ("nonsense", manual.as_str(), None),
        ] {
            assert_eq!(way(&format!("// Mozilla\n\n{}{more}", pref("type", kind))), want, "{kind}");
        }
        assert_eq!(way(&manual), None);
    }
}
