//! What was learned from clients that did not take our certificates, kept from one run to the next.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tamis_proxy::{Cause, LearnedException, Program, WaryProgram};

use crate::Paths;
use crate::store::{Store, StoreError};

/// The longest row that is kept, in bytes of its names: with it, all rows fit into a file that is read again.
const ROW: usize = 512;

/// The file of one user.
#[derive(Debug, Clone)]
pub struct LearnedStore {
    store: Store,
}

impl LearnedStore {
    /// That of the user whose files these are.
    pub fn new(paths: Paths) -> Self {
        Self { store: Store::new(paths) }
    }

    /// What an earlier run has learned, for [`Learned::new`](tamis_proxy::Learned::new), and why that is not all: what makes no
    /// sense is set aside, and nothing was learned then.
    pub fn load(&self) -> (Vec<LearnedException>, Vec<WaryProgram>, Option<StoreError>) {
        match self.store.learned() {
            Ok(rows) => {
                let exceptions = rows.exceptions.into_iter().map(Into::into).collect();
                (exceptions, rows.programs.into_iter().map(Into::into).collect(), None)
            }
            Err(error) => {
                let aside = if error.is_malformed() { self.store.set_learned_aside().err() } else { None };
                (Vec::new(), Vec::new(), Some(aside.unwrap_or(error)))
            }
        }
    }

    /// What is still left alone, for who only looks; nothing where it cannot be read.
    pub(crate) fn as_found(&self, now: SystemTime) -> (Vec<LearnedException>, Vec<WaryProgram>) {
        let rows = self.store.learned().unwrap_or_default();
        let exceptions = rows.exceptions.into_iter().filter(|row| row.expires > now).map(Into::into).collect();
        (exceptions, rows.programs.into_iter().filter(|row| row.expires > now).map(Into::into).collect())
    }

    /// Keeps these rows. Those of programs with a name or a place of exceeding length are learned anew in the next run.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be written; those kept before stay.
    pub fn save(&self, exceptions: &[LearnedException], wary: &[WaryProgram]) -> Result<(), StoreError> {
        let exceptions = exceptions
            .iter()
            .map(ExceptionRow::from)
            .filter(|row| row.host.len() + row.program.as_ref().map_or(0, ProgramRow::len) <= ROW);
        let programs = wary.iter().map(ProgramState::from);
        let programs = programs.filter(|row| row.program.as_ref().is_some_and(|program| program.len() <= ROW));
        self.store.save_learned(&Rows { exceptions: exceptions.collect(), programs: programs.collect() })
    }
}

/// The file. Keys of later versions are passed over.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rows {
    exceptions: Vec<ExceptionRow>,
    programs: Vec<ProgramState>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ExceptionRow {
    program: Option<ProgramRow>,
    host: String,
    #[serde(with = "CauseRow")]
    cause: Cause,
    #[serde(with = "seconds")]
    first_seen: SystemTime,
    #[serde(with = "seconds")]
    expires: SystemTime,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProgramState {
    program: Option<ProgramRow>,
    #[serde(with = "seconds")]
    first_seen: SystemTime,
    #[serde(with = "seconds")]
    expires: SystemTime,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProgramRow {
    name: String,
    path: String,
}

impl ProgramRow {
    fn len(&self) -> usize {
        self.name.len() + self.path.len()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Cause", rename_all = "kebab-case")]
enum CauseRow {
    Alert,
    SilentCloses,
    NotHttp,
    ClientCertificate,
}

impl From<&LearnedException> for ExceptionRow {
    fn from(row: &LearnedException) -> Self {
        let LearnedException { program, host, cause, first_seen, expires } = row.clone();
        Self { program: program.map(Into::into), host, cause, first_seen, expires }
    }
}

impl From<ExceptionRow> for LearnedException {
    fn from(row: ExceptionRow) -> Self {
        let ExceptionRow { program, host, cause, first_seen, expires } = row;
        Self { program: program.map(Into::into), host, cause, first_seen, expires }
    }
}

impl From<&WaryProgram> for ProgramState {
    fn from(row: &WaryProgram) -> Self {
        Self { program: row.program.clone().map(Into::into), first_seen: row.first_seen, expires: row.expires }
    }
}

impl From<ProgramState> for WaryProgram {
    fn from(row: ProgramState) -> Self {
        Self { program: row.program.map(Into::into), first_seen: row.first_seen, expires: row.expires }
    }
}

impl From<Program> for ProgramRow {
    fn from(Program { name, path }: Program) -> Self {
        Self { name, path }
    }
}

impl From<ProgramRow> for Program {
    fn from(ProgramRow { name, path }: ProgramRow) -> Self {
        Self { name, path }
    }
}

/// Times as seconds since 1970.
mod seconds {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::{Deserialize, Duration, SystemTime, UNIX_EPOCH};

    pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let seconds = Duration::from_secs(u64::deserialize(deserializer)?);
        UNIX_EPOCH.checked_add(seconds).ok_or_else(|| D::Error::custom("a time that no clock shows"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn store() -> (tempfile::TempDir, Paths, LearnedStore) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        (folder, paths.clone(), LearnedStore::new(paths))
    }

    fn rows(path: &str) -> (Vec<LearnedException>, Vec<WaryProgram>) {
        let program = Some(Program { name: "curl".into(), path: path.into() });
        let row = |program: &Option<Program>, cause| LearnedException {
            program: program.clone(),
            host: "a.test".into(),
            cause,
            first_seen: at(1000),
            expires: at(2000),
        };
        let exceptions = vec![
            row(&None, Cause::Alert),
            row(&program, Cause::SilentCloses),
            row(&program, Cause::NotHttp),
            row(&program, Cause::ClientCertificate),
        ];
        (exceptions, vec![WaryProgram { program, first_seen: at(3), expires: at(4) }])
    }

    #[test]
    fn rows_come_back_as_saved_but_for_those_that_are_too_long() {
        let (_folder, _, store) = store();
        assert!(matches!(store.load(), (exceptions, wary, None) if exceptions.is_empty() && wary.is_empty()));
        let (exceptions, wary) = rows("C:\\Programs\\\"curl\" \u{e9}.exe");
        store.save(&exceptions, &wary).unwrap();
        let loaded = store.load();
        assert_eq!((loaded.0, loaded.1), (exceptions, wary));
        let (exceptions, wary) = rows(&"/x".repeat(ROW));
        store.save(&exceptions, &wary).unwrap();
        let loaded = store.load();
        assert_eq!((loaded.0.len(), loaded.1.len()), (1, 0));
        // As many as there are at most, with names as long as may be: what is written is read again.
        let (exceptions, wary) = rows(&"\\".repeat(ROW - 10));
        store.save(&vec![exceptions[1].clone(); 512], &vec![wary[0].clone(); 64]).unwrap();
        assert_eq!((store.load().0.len(), store.load().1.len()), (512, 64));
    }

    #[test]
    fn what_makes_no_sense_is_told_and_set_aside() {
        let (_folder, paths, store) = store();
        let (exceptions, wary) = rows("/usr/bin/curl");
        store.save(&exceptions, &wary).unwrap();
        let text = fs::read_to_string(paths.learned()).unwrap();
        let mut broken: Vec<String> = (0..text.len()).step_by(9).map(|end| text[..end].to_owned()).collect();
        broken.push(text.replace("alert", "alarm"));
        broken.push(text.replacen("1000", &u64::MAX.to_string(), 1));
        broken.push(text.replacen("1000", "-1", 1));
        for broken in broken {
            fs::write(paths.learned(), &broken).unwrap();
            let (exceptions, wary, error) = store.load();
            assert!(exceptions.is_empty() && wary.is_empty() && error.is_some(), "{broken}");
            assert_eq!(fs::read_to_string(paths.learned().with_extension("json.unreadable")).unwrap(), broken);
            assert!(store.load().2.is_none());
        }
        let more = text.replacen("\"host\"", "\"of_a_later_version\":7,\"host\"", 1);
        fs::write(paths.learned(), more).unwrap();
        assert_eq!(store.load().0, exceptions);
    }
}
