//! Taking every trace of Tamis off this user's account: before it is uninstalled, or when it is broken.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tamis_platform::{Autostart, Process, Restored};

use crate::company::Company;
use crate::store::Store;
use crate::system_setting::SystemSetting;
use crate::words::cleanup as text;
use crate::{Certificates, Hands, Paths};

/// How long a guard may take to see that it has nothing left to guard: it looks every two seconds.
const GUARD_LEAVES: Duration = Duration::from_secs(4);

/// What became of a clean-up.
#[derive(Debug, Default)]
pub struct Cleanup {
    /// What was removed or put back, a sentence each.
    pub done: Vec<String>,
    /// What could not be, and what to do about it; empty when all is gone.
    pub failures: Vec<String>,
}

/// Puts the system's proxy setting back, takes our address out of it, and removes the journal, the login entries, the
/// guard, and the certificate, out of every trust store and with its key; with `also_settings`, what the user ticked, too. What fails keeps nothing else from being removed, but for the
/// journal: it stays while there is something to put back. While a Tamis is at work nothing is touched.
pub fn cleanup(paths: &Paths, also_settings: bool) -> Cleanup {
    let mut cleanup = Cleanup::default();
    let store = Store::new(paths.clone());
    let company = Company::look().unwrap_or_default();
    let at_work: Vec<u32> = company.tamis.iter().map(|(process, _)| process.id).collect();
    if !at_work.is_empty() {
        cleanup.failures.push(text::at_work(&at_work));
        return cleanup;
    }
    let before: Vec<PathBuf> = store.traces(also_settings).into_iter().filter(|path| path.exists()).collect();
    let had_journal_aside = store.journal_aside().exists();
    let mut hands = Hands::native();
    let autostart = hands.autostart.take();
    let restores_at_login = hands.restore_at_login.as_ref().is_some_and(|entry| matches!(entry.is_on(), Ok(true)));
    match SystemSetting::new(hands, store.clone()).clear() {
        Ok(Some(cleared)) => cleanup.tell_setting(&cleared, restores_at_login),
        Ok(None) => {
            // One that this system does not tell us about.
            cleanup.failures.push(text::at_work(&[]));
            return cleanup;
        }
        Err(error) => {
            cleanup.failures.push(text::setting_not_put_back(&error));
            cleanup.remove_login_start(autostart);
            cleanup.remove_certificate(paths);
            return cleanup;
        }
    }
    cleanup.remove_login_start(autostart);
    cleanup.remove_certificate(paths);
    cleanup.let_guards_go(&company.guards);
    cleanup.done.extend(store.remove_abandoned().iter().map(|path| text::removed(path)));
    if let Err(error) = store.remove_traces(also_settings) {
        cleanup.failures.push(text::not_removed(&error));
    }
    cleanup.done.extend(before.iter().filter(|path| !path.exists()).map(|path| text::removed(path)));
    if !had_journal_aside && store.journal_aside().exists() {
        cleanup.done.push(text::journal_aside(&store.journal_aside()));
    }
    cleanup
}

impl Cleanup {
    fn tell_setting(&mut self, cleared: &Restored, restored_at_login: bool) {
        self.done.extend(cleared.put_back.iter().map(|key| text::put_back(key)));
        self.done.extend(cleared.kept.iter().map(|key| text::kept(key)));
        self.done.extend(restored_at_login.then(|| text::LOGIN_RESTORE_REMOVED.to_owned()));
    }

    fn remove_login_start(&mut self, entry: Option<Box<dyn Autostart>>) {
        let Some(entry) = entry else { return };
        // Removed also where it is there and switched off.
        let was_on = entry.is_on();
        match entry.remove() {
            Ok(()) => self.done.extend(matches!(was_on, Ok(true)).then(|| text::LOGIN_START_REMOVED.to_owned())),
            Err(error) => self.failures.push(text::login_start_not_removed(&error)),
        }
    }

    /// Out of every trust store, with its key.
    fn remove_certificate(&mut self, paths: &Paths) {
        match Certificates::native(paths, false).delete() {
            Ok(outcomes) => {
                let (failed, well): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.failed);
                self.done
                    .extend(well.iter().filter(|outcome| outcome.taken).map(|it| text::certificate_taken(&it.store)));
                self.failures.extend(failed.iter().map(|it| text::certificate_stays(&it.store, &it.says)));
            }
            Err(error) => self.failures.push(error.to_string()),
        }
    }

    /// Those of a Tamis that died go by themselves once nothing is to be put back; one that does not is ended.
    fn let_guards_go(&mut self, guards: &[Process]) {
        let deadline = Instant::now() + GUARD_LEAVES;
        for guard in guards {
            while guard.is_running() == Some(true) && Instant::now() < deadline {
                sleep(Duration::from_millis(10));
            }
            match guard.kill() {
                Ok(()) => self.done.push(text::guard_gone(guard.id)),
                Err(error) => self.failures.push(text::guard_stays(guard.id, &error)),
            }
        }
    }
}
