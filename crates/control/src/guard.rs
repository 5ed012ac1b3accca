//! The guard: a small process of its own that puts the system's proxy setting back when Tamis dies or hangs.
//!
//! It is started before the setting is changed, and reads from a pipe whose other end only Tamis holds. Whatever ends
//! Tamis closes that pipe, at once. A Tamis that hangs does not close it, so the guard also asks the proxy now and then
//! for its automatic configuration (PAC), as every browser does; the thread that has to answer is the one on which all
//! of Tamis lives. The guard decides nothing by itself: what it finds in the journal is put back, and where there is none
//! it leaves.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tamis_platform::{LoginCommand, Process};

use crate::ask::ask;
use crate::store::Store;
use crate::system_setting::SystemSetting;
use crate::{Hands, Paths};

/// How long a guard may take until it watches.
const READY: Duration = Duration::from_secs(5);

/// The pause between two questions to the proxy.
const PAUSE: Duration = Duration::from_secs(2);

/// How long the proxy may take for an answer. On loopback it takes a millisecond.
const ANSWER: Duration = Duration::from_secs(4);

/// How many questions in a row go unanswered until Tamis is taken to hang. With [`PAUSE`] and [`ANSWER`] that is known
/// after twelve seconds at most.
const MISSES: u32 = 2;

/// A guard that comes later than this to its own appointments is on a machine that gives nobody any time; what it has
/// not heard then says nothing about Tamis.
const OWN_DELAY: Duration = Duration::from_secs(1);

/// How long the end of a killed process may take. The system closes its files a little before it counts as gone.
const END: Duration = Duration::from_secs(2);

/// How often a guard tries to put the setting back, with [`PAUSE`] in between: for a minute and more.
const TRIES: u32 = 30;

/// `CREATE_NO_WINDOW` and `CREATE_NEW_PROCESS_GROUP` of Windows.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;
#[cfg(windows)]
const OWN_GROUP: u32 = 0x0000_0200;

/// What a guard is told, in one line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Charge {
    /// Whom it guards.
    pub(crate) whom: Process,
    /// Where that one listens.
    pub(crate) proxy: SocketAddr,
}

/// A guard at work, as the one who is guarded holds it. Dropping it lets the guard go.
#[derive(Debug)]
pub(crate) struct Guard {
    /// None only when dropped.
    child: Option<Child>,
    _line: ChildStdin,
}

impl Guard {
    /// Starts one, and returns when it watches.
    pub(crate) fn start(command: &LoginCommand, charge: &Charge) -> io::Result<Self> {
        let mut guard = Command::new(&command.program);
        // What ends everything in our console is not meant for it, nor does it show one of its own.
        #[cfg(windows)]
        std::os::windows::process::CommandExt::creation_flags(&mut guard, NO_WINDOW | OWN_GROUP);
        let mut child = guard
            .args(&command.arguments)
            // It keeps no folder and no terminal of ours busy.
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(mut line), Some(answer)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let told = serde_json::to_string(charge).map_err(io::Error::other).and_then(|text| writeln!(line, "{text}"));
        let guard = Self { child: Some(child), _line: line };
        told?;
        let (ready, is_ready) = mpsc::channel();
        thread::Builder::new().name("guard".into()).spawn(move || {
            // That nobody waits any more is no news.
            let _ = ready.send(BufReader::new(answer).read_line(&mut String::new()));
        })?;
        match is_ready.recv_timeout(READY) {
            Ok(Ok(1..)) => Ok(guard),
            Ok(Ok(0)) => Err(io::Error::other("it ended at once")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Whether it is still at work.
    pub(crate) fn watches(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // It leaves in its own time, once the line is closed; until somebody has looked, the system keeps its entry.
        let looked = thread::Builder::new().name("guard".into()).spawn(move || child.wait());
        if let Err(error) = looked {
            tracing::debug!(%error, "the guard's end is not looked after");
        }
    }
}

/// What the guard's process does, from beginning to end. `paths` are those of the one it guards.
///
/// # Errors
/// When it was not started by a Tamis, or could not put the setting back; the journal stays then.
pub fn guard(paths: &Paths) -> Result<(), String> {
    tamis_platform::stand_alone();
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| format!("reading whom to guard: {error}"))?;
    let charge: Charge =
        serde_json::from_str(&line).map_err(|_| "Tamis starts this by itself; it is of no use to anybody else")?;
    writeln!(io::stdout(), "watching").map_err(|error| format!("saying that it watches: {error}"))?;
    let hangs = watch(&charge).map_err(|error| format!("beginning to watch: {error}"))?;
    let mut setting = SystemSetting::new(Hands::native(), Store::new(paths.clone()));
    if hangs {
        // First the setting, for then everybody is online again. The journal stays as long as its maker is there, which
        // might wake up and write once more. Its listener has to go too: browsers that come to it would wait.
        if let Err(error) = setting.restore() {
            tracing::warn!(%error, "the setting of a Tamis that hangs is not put back yet");
        }
        charge.whom.kill().map_err(|error| format!("ending a Tamis that hangs: {error}"))?;
    }
    let deadline = Instant::now() + END;
    while charge.whom.is_running() == Some(true) && setting.is_changed_by(&charge.whom) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    put_back(&mut setting, &charge.whom)
}

/// Not given up at once: the next Tamis may be at it, and die, or the settings system be busy.
fn put_back(setting: &mut SystemSetting, whom: &Process) -> Result<(), String> {
    let mut outcome = setting.recover_from(whom);
    for _ in 1..TRIES {
        if !setting.is_changed_by(whom) {
            break;
        }
        thread::sleep(PAUSE);
        outcome = setting.recover_from(whom);
    }
    outcome.map(drop).map_err(|error| error.to_string())
}

/// Returns when the guarded process has closed its end of standard input (false) or hangs (true).
fn watch(charge: &Charge) -> io::Result<bool> {
    let (ended, end) = mpsc::channel();
    thread::Builder::new().stack_size(64 * 1024).spawn(move || {
        let mut nothing = [0; 16];
        while matches!(io::stdin().lock().read(&mut nothing), Ok(1..)) {}
        // The other end is there as long as the process is.
        let _ = ended.send(());
    })?;
    let mut misses = 0;
    loop {
        match end.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(false),
        }
        let asked = Instant::now();
        // Any answer will do.
        match ask(charge.proxy, ANSWER, |_| true) {
            Ok(_) => misses = 0,
            Err(_) if asked.elapsed() > ANSWER + OWN_DELAY => {}
            Err(_) => misses += 1,
        }
        if misses == MISSES {
            // Not where it died a moment ago.
            return Ok(end.try_recv() == Err(mpsc::TryRecvError::Empty));
        }
    }
}
