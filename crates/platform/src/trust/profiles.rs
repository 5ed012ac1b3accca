//! Where browsers and mail programs of this user keep their databases: their own folders, and those of snaps and flatpaks.

use std::fs;
use std::path::{Path, PathBuf};

use super::Places;

/// Flatpaks that keep a database of Chromium's kind, below `.var/app`: if they have none yet, they get one.
const FLATPAKS: [&str; 6] = [
    "com.google.Chrome",
    "com.brave.Browser",
    "com.microsoft.Edge",
    "com.vivaldi.Vivaldi",
    "io.github.ungoogled_software.ungoogled_chromium",
    "org.chromium.Chromium",
];

/// Snaps of that kind, below `snap`.
const SNAPS: [&str; 4] = ["brave", "chromium", "opera", "vivaldi"];

/// Programs of Mozilla's kind: where below a home they keep `profiles.ini`, and what they are called.
const MOZILLAS: [(&str, &str); 9] = [
    (".mozilla/firefox", "Firefox"),
    (".config/mozilla/firefox", "Firefox"),
    (".thunderbird", "Thunderbird"),
    (".librewolf", "LibreWolf"),
    (".config/librewolf/librewolf", "LibreWolf"),
    (".waterfox", "Waterfox"),
    (".floorp", "Floorp"),
    (".zen", "Zen"),
    (".mozilla/seamonkey", "SeaMonkey"),
];

/// How many entries of a folder, and how many profiles of a program, are looked at.
const ENTRIES: usize = 128;

/// A folder with a database, or where one belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// For people.
    pub(super) name: String,
    /// The one that holds `cert9.db`.
    pub(super) folder: PathBuf,
}

/// All of this user: those of Chromium's kind first, then profile by profile.
pub(super) fn databases(places: &Places) -> Vec<Found> {
    let Some(home) = &places.home else { return Vec::new() };
    let homes = sandboxes(home);
    let mut all = chromiums(places, home);
    all.extend(homes.iter().filter_map(Sandbox::chromium));
    all.extend(mozillas(home, places.config.as_deref(), ""));
    all.extend(homes.iter().flat_map(|sandbox| mozillas(&sandbox.home, None, &sandbox.kind)));
    let mut seen = std::collections::HashSet::new();
    all.retain(|found| seen.insert(found.folder.clone()));
    all
}

/// The databases that every Chromium outside a sandbox reads. Its older versions know the first place alone; newer ones
/// take the others only where the first is not there. So those that are there are all used, and if none is, the first.
fn chromiums(places: &Places, home: &Path) -> Vec<Found> {
    let data = places.data.iter().map(|data| data.join("pki/nssdb"));
    let folders: Vec<PathBuf> = [home.join(".pki/nssdb")].into_iter().chain(data).collect();
    let mut there: Vec<PathBuf> = folders.iter().filter(|folder| folder.join("cert9.db").exists()).cloned().collect();
    if there.is_empty() {
        there.extend(folders.into_iter().next());
    }
    there
        .into_iter()
        .map(|folder| Found { name: format!("Chromium and its relatives ({})", folder.display()), folder })
        .collect()
}

/// A home that a snap or a flatpak has for itself.
struct Sandbox {
    /// What packs it: `Snap chromium`.
    kind: String,
    home: PathBuf,
    /// Whether it is known to be of Chromium's kind.
    is_chromium: bool,
}

impl Sandbox {
    /// Its database of Chromium's kind: the one that is there, or the place for one.
    fn chromium(&self) -> Option<Found> {
        let places = [".pki/nssdb", ".local/share/pki/nssdb", "data/pki/nssdb"].map(|place| self.home.join(place));
        let there = places.iter().find(|folder| folder.join("cert9.db").exists());
        let folder = there.or_else(|| places.first().filter(|_| self.is_chromium))?.clone();
        Some(Found { name: self.kind.clone(), folder })
    }
}

fn sandboxes(home: &Path) -> Vec<Sandbox> {
    let flatpaks = names(&home.join(".var/app")).into_iter().map(|name| Sandbox {
        home: home.join(".var/app").join(&name),
        is_chromium: FLATPAKS.contains(&name.as_str()),
        kind: format!("Flatpak {name}"),
    });
    let snaps = names(&home.join("snap")).into_iter().flat_map(|name| {
        let of = |part: &str, is_chromium| Sandbox {
            home: home.join("snap").join(&name).join(part),
            is_chromium,
            kind: format!("Snap {name}"),
        };
        [of("current", SNAPS.contains(&name.as_str())), of("common", false)]
    });
    flatpaks.chain(snaps).filter(|sandbox| sandbox.home.is_dir()).collect()
}

/// In order, for a list that stays the same.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(ENTRIES).flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn mozillas(home: &Path, config: Option<&Path>, packed: &str) -> Vec<Found> {
    let folder = |place: &str| match (place.strip_prefix(".config/"), config) {
        (Some(below), Some(config)) => config.join(below),
        _ => home.join(place),
    };
    let all = MOZILLAS.iter().flat_map(|(place, program)| {
        let folder = folder(place);
        let list = fs::read_to_string(folder.join("profiles.ini")).unwrap_or_default();
        profiles(&list).into_iter().map(move |(name, path)| (*program, name, folder.join(path)))
    });
    let there = all.filter(|(_, _, folder)| folder.is_dir());
    let packed = if packed.is_empty() { String::new() } else { format!(" ({packed})") };
    there.map(|(program, name, folder)| Found { name: format!("{program}{packed}, profile {name}"), folder }).collect()
}

/// The profiles of a `profiles.ini`: their names, and their folders from where it lies. Such a path is whole where
/// `IsRelative=0`, and then joining changes nothing of it.
fn profiles(text: &str) -> Vec<(String, PathBuf)> {
    let sections = text.split("\n[").filter(|section| section.trim_start_matches('[').starts_with("Profile"));
    let value = |section: &str, key: &str| {
        let mut lines = section.lines().filter_map(|line| line.trim().split_once('='));
        lines.find_map(|(name, value)| (name == key).then(|| value.to_owned()))
    };
    let all = sections.filter_map(|section| {
        let path = value(section, "Path")?;
        Some((value(section, "Name").unwrap_or_else(|| path.clone()), path.into()))
    });
    all.take(ENTRIES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(home: &Path, databases: &[&str]) {
        for folder in databases {
            fs::create_dir_all(home.join(folder)).unwrap();
            fs::write(home.join(folder).join("cert9.db"), "").unwrap();
        }
    }

    fn found(home: &Path) -> Vec<String> {
        let all = databases(&Places::under(home, home, Vec::new()));
        all.iter().map(|found| found.folder.strip_prefix(home).unwrap().display().to_string()).collect()
    }

    #[test]
    fn every_database_of_chromium_that_is_there_is_used_and_the_old_place_where_none_is() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        assert_eq!(found(home), [".pki/nssdb"]);
        there(home, &[".local/share/pki/nssdb"]);
        assert_eq!(found(home), [".local/share/pki/nssdb"]);
        there(home, &[".pki/nssdb"]);
        assert_eq!(found(home), [".pki/nssdb", ".local/share/pki/nssdb"]);
    }

    #[test]
    fn homes_of_snaps_and_flatpaks_are_known() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        there(home, &[".pki/nssdb", "snap/chromium/current/.pki/nssdb", ".var/app/org.app/data/pki/nssdb"]);
        for folder in
            [".var/app/com.google.Chrome", ".var/app/org.gimp.GIMP", "snap/brave/current", "snap/hello/current"]
        {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        let want = [
            ".pki/nssdb",
            ".var/app/com.google.Chrome/.pki/nssdb",
            ".var/app/org.app/data/pki/nssdb",
            "snap/brave/current/.pki/nssdb",
            "snap/chromium/current/.pki/nssdb",
        ];
        assert_eq!(found(home), want);
    }

    #[test]
    fn profiles_are_those_that_the_list_of_the_program_names() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let elsewhere = home.join("elsewhere");
        let list = format!(
            "[Install4F96D1932A9F858E]\nDefault=one.default\nLocked=1\n\n[Profile1]\nName=work\nIsRelative=0\nPath={}\n\n\
             [Profile0]\nName=default\nIsRelative=1\nPath=Profiles/one.default\nDefault=1\n\n[General]\nVersion=2\n\n\
             [Profile2]\nName=gone\nIsRelative=1\nPath=gone\n",
            elsewhere.display()
        );
        fs::create_dir_all(&elsewhere).unwrap();
        for place in [".mozilla/firefox", ".librewolf", "snap/firefox/common/.mozilla/firefox"] {
            fs::create_dir_all(home.join(place).join("Profiles/one.default")).unwrap();
            fs::write(home.join(place).join("profiles.ini"), &list).unwrap();
        }
        let all = databases(&Places::under(home, home, Vec::new()));
        let names: Vec<_> = all.iter().skip(1).map(|found| found.name.as_str()).collect();
        let want = [
            "Firefox, profile work",
            "Firefox, profile default",
            "LibreWolf, profile default",
            "Firefox (Snap firefox), profile default",
        ];
        assert_eq!(names, want);
    }
}
