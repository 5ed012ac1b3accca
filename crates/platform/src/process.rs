//! Who a process is: more than its number, which the system gives away again.

use serde::{Deserialize, Serialize};

/// One process of one boot of one machine, as it can be written down and found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// When it started, in the system's own measure; none where the system does not tell.
    pub started: Option<u64>,
    /// Names the boot; empty where `started` counts from no boot, none where the system does not tell.
    pub boot: Option<String>,
    /// Whose it is; none where users have no numbers.
    pub user: Option<u32>,
}

impl Process {
    /// The one that asks.
    pub fn this() -> Self {
        let id = std::process::id();
        Self { id, started: look(id).map(|seen| seen.started), boot: boot(), user: user() }
    }

    /// The one that has this number now, if one has; none also where the system does not tell.
    pub fn of_number(id: u32) -> Option<Self> {
        let seen = look(id).filter(|seen| seen.works)?;
        Some(Self { id, started: Some(seen.started), boot: boot(), user: user() })
    }

    /// Whether it is still at work; none where this system offers no way to know for certain. One that was killed and
    /// that its parent has not looked after yet is not.
    pub fn is_running(&self) -> Option<bool> {
        let (started, boot) = (self.started?, self.boot.as_deref()?);
        Some(crate::process::boot()? == boot && look(self.id).is_some_and(|seen| seen.works && seen.started == started))
    }

    /// Whether it belongs, or belonged, to the user who asks.
    pub fn is_of_this_user(&self) -> bool {
        self.user == user()
    }

    /// Ends it at once if it is still at work, whatever it is doing. Where the system cannot tell, whoever has its number
    /// now is ended: so this is for somebody who knows otherwise that it is there.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&self) -> std::io::Result<()> {
        if self.is_running() == Some(false) { Ok(()) } else { kill(self.id) }
    }
}

/// Whether certainly no process has this number.
pub(crate) fn is_free(id: u32) -> bool {
    #[cfg(any(target_os = "linux", windows))]
    return look(id).is_none_or(|seen| !seen.works);
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        let id = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
        id.is_none_or(|id| rustix::process::test_kill_process(id) == Err(rustix::io::Errno::SRCH))
    }
}

/// Makes this process, the guard, one that outlives whoever started it: it leaves the session and the process group, is
/// deaf to the signals by which sessions and services end, and has a name that `killall tamis` does not mean. It ends
/// when it is done. Where one of these cannot be had it does without.
pub fn stand_alone() {
    #[cfg(unix)]
    {
        use std::sync::atomic::AtomicBool;

        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

        // A flag that nobody reads: the signal is taken, and that is all.
        static HEARD: AtomicBool = AtomicBool::new(false);
        if let Err(error) = rustix::process::setsid() {
            tracing::debug!(%error, "the guard stays in the session of the one it guards");
        }
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            if let Err(error) = signal_hook::flag::register(signal, &HEARD) {
                tracing::debug!(%error, signal, "the guard can be ended by a signal");
            }
        }
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::set_name(c"tamis-guard") {
        tracing::debug!(%error, "the guard has the name of its program");
    }
}

/// What the system says about a process of this number.
struct Seen {
    started: u64,
    works: bool,
}

#[cfg(target_os = "linux")]
fn look(id: u32) -> Option<Seen> {
    parse(&std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// A process that this user may not look at counts as none: what is looked for is one of his own.
#[cfg(windows)]
fn look(id: u32) -> Option<Seen> {
    crate::win32::process(id).map(|(started, works)| Seen { started, works })
}

#[cfg(not(any(target_os = "linux", windows)))]
fn look(_: u32) -> Option<Seen> {
    None
}

/// Reads a line of `/proc/PID/stat` (proc_pid_stat(5)): the state is its third field, the start its twenty-second. The
/// second is the program's name, which may contain anything.
#[cfg(any(target_os = "linux", test))]
fn parse(line: &str) -> Option<Seen> {
    let (_, rest) = line.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let works = !matches!(fields.next()?, "Z" | "X" | "x");
    Some(Seen { started: fields.nth(18)?.parse().ok()?, works })
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// Windows counts from the year 1601.
#[cfg(windows)]
fn boot() -> Option<String> {
    Some(String::new())
}

#[cfg(not(any(target_os = "linux", windows)))]
fn boot() -> Option<String> {
    None
}

#[cfg(unix)]
fn user() -> Option<u32> {
    Some(rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn user() -> Option<u32> {
    None
}

#[cfg(unix)]
fn kill(id: u32) -> std::io::Result<()> {
    let id = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    let id = id.ok_or(std::io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process(id, rustix::process::Signal::KILL)?)
}

#[cfg(windows)]
fn kill(id: u32) -> std::io::Result<()> {
    crate::win32::end_process(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_any_name_is_read_and_a_dead_one_does_not_work() {
        let line = |state: &str| format!("7 (a) S 1 (b) {state} 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 99 0");
        for (state, works) in [("S", true), ("R", true), ("T", true), ("Z", false), ("X", false)] {
            let seen = parse(&line(state)).unwrap();
            assert_eq!((seen.started, seen.works), (4711, works), "{state}");
        }
        assert!(parse("7 (a) S 1").is_none() && parse("").is_none());
    }

    #[cfg(any(target_os = "linux", windows))]
    #[test]
    fn a_process_is_not_taken_for_another_of_its_number_nor_for_one_of_another_boot() {
        let this = Process::this();
        assert_eq!(this.is_running(), Some(true));
        assert!(this.is_of_this_user());
        let earlier = Process { started: this.started.map(|at| at - 1), ..this.clone() };
        let other_boot = Process { boot: Some("another".into()), ..this.clone() };
        assert_eq!((earlier.is_running(), other_boot.is_running()), (Some(false), Some(false)));
        // So neither is killed in its place.
        earlier.kill().unwrap();
        other_boot.kill().unwrap();
        assert_eq!(Process { started: None, ..this }.is_running(), None);
    }

    #[cfg(any(target_os = "linux", windows))]
    #[test]
    fn a_killed_process_is_not_running_even_before_its_parent_has_looked() {
        let mut child = long_lived();
        let process = Process { id: child.id(), started: look(child.id()).map(|seen| seen.started), ..Process::this() };
        assert_eq!(process.is_running(), Some(true));
        process.kill().unwrap();
        while process.is_running() == Some(true) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(process.is_running(), Some(false));
    }

    /// A program that does not end by itself within the test.
    #[cfg(any(target_os = "linux", windows))]
    fn long_lived() -> std::process::Child {
        let mut command = std::process::Command::new(if cfg!(windows) { "cmd" } else { "sleep" });
        command.args(if cfg!(windows) { ["/c", "pause"] } else { ["60", "0"] });
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap()
    }
}
