//! What is asked of the setting where no Tamis runs that could be asked: from a terminal, and at the next login.

use super::{Restoration, RestoreError, SystemSetting};
use crate::store::Store;
use crate::{Hands, Paths};

/// Puts the system's proxy setting back as the journal of this user says, whether or not a Tamis is running. One that is
/// notices and leaves the setting alone from then on. A person has looked after it: unexpected ends are forgotten.
///
/// # Errors
/// [`RestoreError`] when it could not be put back whole; the journal stays.
pub fn restore_system_proxy(paths: &Paths) -> Result<Restoration, RestoreError> {
    let store = Store::new(paths.clone());
    let restoration = SystemSetting::new(Hands::native(), store.clone()).restore()?;
    store.forget_unexpected_ends()?;
    Ok(restoration)
}

/// For where there was no journal to put anything back from: takes an address of ours out of the system's proxy setting if
/// it is in force and no Tamis serves it any more. The keys that are now as though nobody had set them; what they were
/// before is not known.
///
/// # Errors
/// [`RestoreError`] when a place could not be read or changed; the others are.
pub fn take_dead_address_out(paths: &Paths) -> Result<Vec<String>, RestoreError> {
    SystemSetting::new(Hands::native(), Store::new(paths.clone())).take_dead_address_out()
}

/// Puts it back as [`restore_system_proxy`] does, unless a Tamis of this user is running and looks after the setting itself: for the next login.
///
/// # Errors
/// As [`restore_system_proxy`].
pub fn recover_system_proxy(paths: &Paths) -> Result<Restoration, RestoreError> {
    SystemSetting::new(Hands::native(), Store::new(paths.clone())).recover()
}

/// Whether a running Tamis of this user looks after the system's proxy setting. Where that cannot be found out: no.
pub fn system_proxy_is_looked_after(paths: &Paths) -> bool {
    matches!(Store::new(paths.clone()).claim_system_proxy(), Ok(None))
}
