//! The only disk access: settings, the user's own rules, the journal of changes to the system's proxy setting, the authority and what was learned, each
//! written whole or not at all; and files of the user's own, which are only read.

mod authority;
mod files;
mod lists;
mod traces;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use crate::Paths;
use crate::journal::Journal;
use crate::learned_store::Rows;
use crate::settings::Settings;
use crate::unexpected_ends::UnexpectedEnds;
use files::{at, make_folder, make_private, read, remove, set_aside, sync_folder, unwritable, write_whole};

pub(crate) use authority::{AuthorityText, read_authority};
pub use files::StoreError;
pub(crate) use files::{is_open_to_others, malformed, read_rules, read_text};
pub use lists::read_list;
pub(crate) use lists::{open_text, read_list_file};

/// What a file that cannot be read is set aside as: its extension.
const SETTINGS_ASIDE: &str = "toml.unreadable";
const MY_RULES_ASIDE: &str = "txt.unreadable";
const JOURNAL_ASIDE: &str = "json.unreadable";
const LEARNED_ASIDE: &str = "json.unreadable";

/// The claim on the system's proxy setting. Given up when dropped, even where a child process that is just being started
/// holds a copy of the file.
#[derive(Debug)]
pub(crate) struct Claim(File);

impl Drop for Claim {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the claim on the system's proxy setting is kept until this process ends");
        }
    }
}

/// The files of one user.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    paths: Paths,
}

impl Store {
    pub(crate) fn new(paths: Paths) -> Self {
        Self { paths }
    }

    /// The saved settings; the defaults where none were saved.
    pub(crate) fn settings(&self) -> Result<Settings, StoreError> {
        let path = self.paths.settings();
        make_private(&path);
        self.settings_as_found()
    }

    /// The same, and the file stays as it is.
    pub(crate) fn settings_as_found(&self) -> Result<Settings, StoreError> {
        let path = self.paths.settings();
        let Some(text) = read(&path)? else { return Ok(Settings::default()) };
        Settings::from_toml(&text).map_err(|error| malformed(&path, error.to_string()))
    }

    /// Saves the settings.
    pub(crate) fn save_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let path = self.paths.settings();
        let text = settings.to_toml().map_err(|error| unwritable(&path, &error))?;
        write_whole(&path, text.as_bytes())
    }

    /// Moves settings that cannot be read out of the way, so that saving does not lose them; where they are now.
    pub(crate) fn set_settings_aside(&self) -> Result<PathBuf, StoreError> {
        let path = self.paths.settings();
        set_aside(&path, SETTINGS_ASIDE)
    }

    /// The user's own rules; nothing where none were saved.
    pub(crate) fn my_rules(&self) -> Result<String, StoreError> {
        Ok(read(&self.paths.my_rules())?.unwrap_or_default())
    }

    /// Saves them.
    pub(crate) fn save_my_rules(&self, text: &str) -> Result<(), StoreError> {
        write_whole(&self.paths.my_rules(), text.as_bytes())
    }

    /// Moves rules that cannot be read out of the way, so that saving does not lose them.
    pub(crate) fn set_my_rules_aside(&self) -> Result<PathBuf, StoreError> {
        set_aside(&self.paths.my_rules(), MY_RULES_ASIDE)
    }

    /// Moves a journal that makes no sense out of the way; where it is now.
    pub(crate) fn set_journal_aside(&self) -> Result<PathBuf, StoreError> {
        set_aside(&self.paths.journal(), JOURNAL_ASIDE)
    }

    /// The journal of changes to the system's proxy setting, if there is one.
    pub(crate) fn journal(&self) -> Result<Option<Journal>, StoreError> {
        let path = self.paths.journal();
        let Some(text) = read(&path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| malformed(&path, error.to_string()))
    }

    /// Whether a process other than this one has changed the setting and is still at work.
    pub(crate) fn is_changed_by_another_at_work(&self) -> bool {
        matches!(self.journal(), Ok(Some(journal)) if journal.is_of_another_at_work())
    }

    /// Writes the journal; when this returns it survives a crash of the program and of the machine.
    pub(crate) fn save_journal(&self, journal: &Journal) -> Result<(), StoreError> {
        let path = self.paths.journal();
        let text = serde_json::to_vec_pretty(journal).map_err(|error| unwritable(&path, &error))?;
        write_whole(&path, &text)
    }

    /// Removes the journal once everything is put back.
    pub(crate) fn remove_journal(&self) -> Result<(), StoreError> {
        let path = self.paths.journal();
        remove(&path)?;
        sync_folder(&path)
    }

    /// The unexpected ends of late. What cannot be read tells of none.
    pub(crate) fn unexpected_ends(&self) -> UnexpectedEnds {
        let text = read(&self.paths.unexpected_ends()).ok().flatten();
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Writes them down.
    pub(crate) fn save_unexpected_ends(&self, ends: &UnexpectedEnds) -> Result<(), StoreError> {
        let path = self.paths.unexpected_ends();
        let text = serde_json::to_vec(ends).map_err(|error| unwritable(&path, &error))?;
        write_whole(&path, &text)
    }

    /// Forgets them.
    pub(crate) fn forget_unexpected_ends(&self) -> Result<(), StoreError> {
        remove(&self.paths.unexpected_ends()).map(drop)
    }

    /// What was learned, as it was written down.
    pub(crate) fn learned(&self) -> Result<Rows, StoreError> {
        let path = self.paths.learned();
        let Some(text) = read(&path)? else { return Ok(Rows::default()) };
        serde_json::from_str(&text).map_err(|error| malformed(&path, error.to_string()))
    }

    /// Writes it down.
    pub(crate) fn save_learned(&self, rows: &Rows) -> Result<(), StoreError> {
        let path = self.paths.learned();
        let text = serde_json::to_vec(rows).map_err(|error| unwritable(&path, &error))?;
        write_whole(&path, &text)
    }

    /// Moves what makes no sense out of the way; where it is now.
    pub(crate) fn set_learned_aside(&self) -> Result<PathBuf, StoreError> {
        set_aside(&self.paths.learned(), LEARNED_ASIDE)
    }

    /// Claims the system's proxy setting for this process until the claim is dropped or the process dies; none when
    /// another Tamis of this user holds it.
    pub(crate) fn claim_system_proxy(&self) -> Result<Option<Claim>, StoreError> {
        let path = self.paths.lock();
        make_folder(&path)?;
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at("opening", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Claim(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(at("locking", &path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tamis_platform::Note;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Paths::below(folder.path()));
        (folder, store)
    }

    #[test]
    fn settings_come_back_as_saved_and_keys_of_other_versions_are_kept() {
        let (_folder, store) = store();
        assert_eq!(store.settings().unwrap(), Settings::default());
        let mut settings = Settings { filtering: false, ..Settings::default() };
        settings.profiles.insert("strip-trackers".into(), false);
        settings.other.insert("of_another_version".into(), toml::Value::Integer(7));
        store.save_settings(&settings).unwrap();
        assert_eq!(store.settings().unwrap(), settings);
    }

    #[test]
    fn proxies_in_the_settings_are_kept_as_written_and_their_passwords_not_told() {
        let (_folder, store) = store();
        let path = store.paths.settings();
        make_folder(&path).unwrap();
        let upstream = "[[upstream]]\nhosts = [\"a.test\"]\nproxy = \"nonsense://u:secret@p.test:1\"\nmore = 7\n";
        fs::write(&path, upstream).unwrap();
        let settings = store.settings().unwrap();
        assert!(!format!("{settings:?}").contains("secret"));
        store.save_settings(&settings).unwrap();
        assert_eq!(store.settings().unwrap(), settings);
        let text = fs::read_to_string(&path).unwrap();
        assert!(upstream.lines().all(|line| text.contains(line)), "{text}");

        fs::write(&path, format!("filtering = true\n{upstream}proxy = \"http://u:secret@p.test:1\" x")).unwrap();
        let error = store.settings().unwrap_err().to_string();
        assert!(error.contains("line 6") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn unreadable_settings_are_refused_and_kept() {
        let (_folder, store) = store();
        let path = store.paths.settings();
        make_folder(&path).unwrap();
        for text in ["filtering = maybe", "filtering = 3", "version = 99"] {
            fs::write(&path, text).unwrap();
            store.settings().unwrap_err();
            let aside = store.set_settings_aside().unwrap();
            store.save_settings(&Settings::default()).unwrap();
            assert_eq!(fs::read_to_string(aside).unwrap(), text);
        }
    }

    #[test]
    fn the_journal_is_there_until_removed() {
        let (_folder, store) = store();
        assert_eq!(store.journal().unwrap(), None);
        let note = Note { backend: "test".into(), keys: Vec::new(), file: None };
        let journal = Journal::of_this_process(vec![note]);
        store.save_journal(&journal).unwrap();
        assert_eq!(store.journal().unwrap(), Some(journal));
        store.remove_journal().unwrap();
        store.remove_journal().unwrap();
        assert_eq!(store.journal().unwrap(), None);
    }

    #[test]
    fn the_system_proxy_is_claimed_by_one() {
        let (_folder, store) = store();
        let first = store.claim_system_proxy().unwrap();
        assert!(first.is_some());
        assert!(store.claim_system_proxy().unwrap().is_none());
        drop(first);
        assert!(store.claim_system_proxy().unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn only_this_user_reads_what_is_saved() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, store) = store();
        let mode = || fs::metadata(store.paths.settings()).unwrap().permissions().mode() & 0o777;
        store.save_settings(&Settings::default()).unwrap();
        assert_eq!(mode(), 0o600);
        // Nor what somebody wrote by hand, once it was read.
        fs::set_permissions(store.paths.settings(), fs::Permissions::from_mode(0o644)).unwrap();
        store.settings().unwrap();
        assert_eq!(mode(), 0o600);
    }
}
