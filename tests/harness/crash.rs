//! A `tamis` that dies before a given change to the file system, whichever of its threads makes it: ptrace(2).
//!
//! The desktop's settings (in GSettings' plain file), the journal, the login entry: all that Tamis changes outside of
//! itself here are files, so what lies between two such changes is one and the same to everybody else.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::built;
use crate::serve_box::Home;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was killed before the change asked for.
    Struck,
    /// It made fewer changes than that, and left with this exit code.
    Ended(i32),
}

/// Runs `tamis` and kills it before its `nth` change to the file system, counted from 1. With `until`, it is asked to
/// end (SIGTERM) when it has printed a line that begins so. `first` gets its id at the last moment of its life, while
/// nothing of it moves.
///
/// # Panics
/// When this system does not let a process trace its child.
pub fn strike(
    home: &Home,
    arguments: &[&str],
    until: Option<&'static str>,
    nth: usize,
    first: impl FnOnce(u32),
) -> Fate {
    let mut child = start_stopped(home, arguments);
    let main = Pid::from_raw(child.id().try_into().expect("an id"));
    if let Some(until) = until {
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.starts_with(until) {
                    // It fails only where it was struck meanwhile.
                    let _ = kill(main, Signal::SIGTERM);
                }
            }
        });
    }
    let fate = follow(main, nth, first);
    // It is looked after already; this makes the handle know.
    drop(child.wait());
    fate
}

/// A group of its own, so that its threads can be waited for and nobody else's children are.
fn start_stopped(home: &Home, arguments: &[&str]) -> Child {
    let mut command = Command::new("sh");
    home.dress(&mut command);
    command.args(["-c", "kill -STOP $$; exec \"$@\"", "sh"]).arg(built("tamis")).args(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0).spawn().expect("starting sh");
    let id = Pid::from_raw(child.id().try_into().expect("an id"));
    waitpid(id, Some(WaitPidFlag::WUNTRACED)).expect("its stop");
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
    ptrace::seize(id, options).expect("tracing a child");
    ptrace::interrupt(id).expect("stopping it");
    kill(id, Signal::SIGCONT).expect("waking it");
    child
}

fn follow(main: Pid, nth: usize, first: impl FnOnce(u32)) -> Fate {
    let group = Pid::from_raw(-main.as_raw());
    let mut inside = HashSet::new();
    let mut changes = 0;
    loop {
        let (thread, signal) = match waitpid(group, Some(WaitPidFlag::__WALL)).expect("what it does") {
            WaitStatus::Exited(id, code) if id == main => return Fate::Ended(code),
            WaitStatus::Signaled(id, ..) if id == main => return Fate::Struck,
            WaitStatus::PtraceSyscall(thread) => {
                // Every other stop is at the end of the call.
                if !inside.remove(&thread) {
                    inside.insert(thread);
                    changes += usize::from(is_change(thread));
                }
                if changes == nth {
                    break;
                }
                (thread, None)
            }
            WaitStatus::Stopped(thread, Signal::SIGSTOP | Signal::SIGTRAP) => (thread, None),
            WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
            WaitStatus::PtraceEvent(thread, ..) => (thread, None),
            _ => continue,
        };
        match ptrace::syscall(thread, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("resuming it: {error}"),
        }
    }
    first(main.as_raw().unsigned_abs());
    kill(main, Signal::SIGKILL).expect("killing it");
    while !matches!(waitpid(group, Some(WaitPidFlag::__WALL)), Ok(WaitStatus::Signaled(id, ..)) if id == main) {}
    Fate::Struck
}

/// Whether the call that the thread is about to make changes the file system, or makes a change durable.
fn is_change(thread: Pid) -> bool {
    let Ok(registers) = ptrace::getregs(thread) else { return false };
    let creates = |flags: u64| flags & (nix::libc::O_CREAT | nix::libc::O_TRUNC).unsigned_abs() as u64 != 0;
    match i64::try_from(registers.orig_rax).unwrap_or_default() {
        nix::libc::SYS_write | nix::libc::SYS_pwrite64 | nix::libc::SYS_writev => is_file(thread, registers.rdi),
        nix::libc::SYS_open => creates(registers.rsi),
        nix::libc::SYS_openat => creates(registers.rdx),
        nix::libc::SYS_rename
        | nix::libc::SYS_renameat
        | nix::libc::SYS_renameat2
        | nix::libc::SYS_link
        | nix::libc::SYS_linkat
        | nix::libc::SYS_unlink
        | nix::libc::SYS_unlinkat
        | nix::libc::SYS_mkdir
        | nix::libc::SYS_mkdirat
        | nix::libc::SYS_chmod
        | nix::libc::SYS_fchmod
        | nix::libc::SYS_ftruncate
        | nix::libc::SYS_fallocate
        | nix::libc::SYS_fsync
        | nix::libc::SYS_fdatasync
        | nix::libc::SYS_flock => true,
        _ => false,
    }
}

fn is_file(thread: Pid, descriptor: u64) -> bool {
    let target = fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).unwrap_or_default();
    target.starts_with("/") && !target.starts_with("/dev") && !target.starts_with("/proc")
}
