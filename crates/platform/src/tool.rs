//! Other programs, asked for something: given a time, their answers bounded.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How much of each of its two outputs is kept, in bytes; a program that prints more is not heard further.
const OUTPUT: u64 = 4 * 1024 * 1024;

/// How often is looked whether a program that says nothing more has ended.
const LOOK: Duration = Duration::from_millis(2);

/// What a program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    status: ExitStatus,
    /// What it printed.
    pub(crate) printed: String,
    /// What it complained of.
    pub(crate) complained: String,
}

impl Answer {
    /// Whether it ended well.
    pub(crate) fn is_good(&self) -> bool {
        self.status.success()
    }

    /// The number it ended with; none where it was ended.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Its complaint in one line, or that it made none.
    pub(crate) fn why(&self) -> String {
        let said: Vec<&str> = self.complained.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if said.is_empty() { format!("it ended with {} and said nothing", self.status) } else { said.join(" ") }
    }
}

/// Runs a program to its end with `input` on its standard input; no shell sees the arguments. What it says is in English.
///
/// # Errors
/// When it cannot be started, or has not ended after `limit`: then it is ended.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &Path,
    arguments: &[A],
    input: &[u8],
    limit: Duration,
) -> io::Result<Answer> {
    let end = Instant::now() + limit;
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C");
    // Those of an AppImage are for its own programs.
    command.env_remove("LD_LIBRARY_PATH").env_remove("LD_PRELOAD");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    feed(&mut child, input);
    let printed = listen(child.stdout.take());
    let complained = listen(child.stderr.take());
    let heard = hear(&printed, end).and_then(|printed| Ok((printed, hear(&complained, end)?)));
    let ended = heard.and_then(|heard| Ok((heard, wait(&mut child, end)?)));
    if ended.is_err() {
        // It may have ended in this moment; waiting for it leaves no zombie.
        drop(child.kill());
        drop(child.wait());
    }
    let ((printed, complained), status) = ended?;
    Ok(Answer { status, printed, complained })
}

/// A program that does not read it to its end has its reasons, and says them.
fn feed(child: &mut Child, input: &[u8]) {
    let Some(mut pipe) = child.stdin.take() else { return };
    let input = input.to_owned();
    // Aside, for a program may print much before it reads.
    thread::spawn(move || drop(pipe.write_all(&input)));
}

fn listen(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (to, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map(|pipe| pipe.take(OUTPUT).read_to_end(&mut bytes));
        if let Some(Err(error)) = read {
            tracing::debug!(%error, "a program's answer is cut short");
        }
        // Nobody listens any more where its time is over.
        drop(to.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    heard
}

fn hear(from: &Receiver<String>, end: Instant) -> io::Result<String> {
    from.recv_timeout(end.saturating_duration_since(Instant::now())).map_err(|_| too_long())
}

fn wait(child: &mut Child, end: Instant) -> io::Result<ExitStatus> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None if Instant::now() >= end => return Err(too_long()),
            None => thread::sleep(LOOK),
        }
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it did not end in time")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, input: &str, limit: Duration) -> io::Result<Answer> {
        run(Path::new("/bin/sh"), &["-c", script], input.as_bytes(), limit)
    }

    #[test]
    fn a_program_is_heard_to_its_end_and_no_longer_than_its_time() {
        let long = "x".repeat(300_000);
        let answer = sh("echo first; cat; echo no >&2; exit 3", &long, Duration::from_secs(20)).unwrap();
        assert_eq!((answer.printed.len(), answer.code(), answer.why().as_str()), (6 + long.len(), Some(3), "no"));
        let start = Instant::now();
        for script in ["exec sleep 60", "exec >&- 2>&-; exec sleep 60"] {
            let error = sh(script, "", Duration::from_millis(50)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{script}");
        }
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
