//! A long-lived program of ours: started, listened to, and stopped so that it can put things back.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::signals;
use crate::step::{self, Failure, LOOK, Outcome};

/// How long a program may take until it says that it is ready. A debug build on a busy machine needs some seconds.
const READY: Duration = Duration::from_secs(60);
/// How long a program may take to quit: it drains its connections and restores settings.
const QUIT: Duration = Duration::from_secs(20);
/// The longest line of a program that is still read as one.
const LINE_LIMIT: u64 = 64 * 1024;

/// The start of the line that names the proxy's address.
pub const PROXY: &str = "Proxy listening on ";
/// The start of the line that names the control page, token included.
pub const CONTROL: &str = "Control page: ";

/// The starts of the lines that are waited for.
pub type Announcements = &'static [&'static str];
/// What both programs of the product announce.
pub const TAMIS: Announcements = &[PROXY, CONTROL];
/// For a program whose first line is what is waited for.
pub const ANY_LINE: Announcements = &[""];

/// What becomes of the program's standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Shown as our own.
    Shown,
    /// Read, but not shown: it may hold a token.
    Hidden,
}

/// A running program. Dropped, it is asked to quit, and made to if it does not.
pub struct Program {
    name: String,
    child: Child,
    lines: Receiver<String>,
    /// What was told before somebody asked for it.
    told: Vec<String>,
    reaped: bool,
    started: Instant,
}

impl Program {
    /// Starts it. Its standard output is read for lines that start with one of `announcements`; its standard error is
    /// ours.
    pub fn start(name: &str, command: &mut Command, output: Output, announcements: Announcements) -> Outcome<Self> {
        step::show(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().map_err(|error| step::not_started(command, &error))?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || pump(stdout, output, announcements, &sender));
        }
        Ok(Self { name: name.to_owned(), child, lines, told: Vec::new(), reaped: false, started })
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Waits for the line that starts with `prefix`; the word that follows there.
    pub fn wait_for(&mut self, prefix: &str) -> Outcome<String> {
        self.wait_for_unless(prefix, &|| false)
    }

    /// The same, given up as soon as `unless` says so.
    pub fn wait_for_unless(&mut self, prefix: &str, unless: &dyn Fn() -> bool) -> Outcome<String> {
        if let Some(rest) = self.told.iter().find_map(|line| line.strip_prefix(prefix)) {
            return Ok(first_word(rest));
        }
        let deadline = Instant::now() + READY;
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => {
                    let rest = line.strip_prefix(prefix).map(first_word);
                    self.told.push(line);
                    if let Some(rest) = rest {
                        return Ok(rest);
                    }
                }
                Err(RecvTimeoutError::Timeout) if unless() => {
                    return Err(Failure::new(
                        format!("stopped before {} was ready", self.name),
                        "Start again when you want it.",
                    ));
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => return Err(self.silent(prefix)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended_early(prefix)),
            }
        }
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Outcome<Option<ExitStatus>> {
        let status = self.child.try_wait().map_err(|error| {
            Failure::new(format!("cannot look at {} (process {}): {error}", self.name, self.id()), "Stop it by hand.")
        })?;
        self.reaped |= status.is_some();
        Ok(status)
    }

    /// Asks it to quit and waits until it has. Not to quit in time, or to end with an error, is a failure.
    pub fn stop(mut self) -> Outcome {
        if let Some(status) = self.ended()? {
            return Err(self.ended_by_itself(status));
        }
        signals::ask_to_quit(self.id())?;
        match self.wait(QUIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Failure::new(
                format!("{} was asked to quit (SIGTERM) and ended with {status}", self.name),
                "It should end with status 0 after putting the settings back. Read its messages above.",
            )),
            None => Err(Failure::new(
                format!("{} did not quit within {} s of SIGTERM", self.name, QUIT.as_secs()),
                "It was made to end. Run `tamis restore` if a proxy setting was left behind.",
            )),
        }
    }

    /// The failure of having ended while it was needed.
    pub fn ended_by_itself(&self, status: ExitStatus) -> Failure {
        Failure::new(format!("{} ended by itself with {status}", self.name), "Read its messages above.")
    }

    fn wait(&mut self, patience: Duration) -> Outcome<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn silent(&self, prefix: &str) -> Failure {
        Failure::new(
            format!("{} runs, but did not print \"{}\" within {} s", self.name, prefix.trim_end(), READY.as_secs()),
            "Read its messages above. If filtering is switched off in its settings, switch it on.",
        )
    }

    fn ended_early(&mut self, prefix: &str) -> Failure {
        let how = match self.wait(QUIT) {
            Ok(Some(status)) => format!("ended with {status}"),
            _ => "closed its output".to_owned(),
        };
        Failure::new(
            format!("{} {how} before it printed \"{}\"", self.name, prefix.trim_end()),
            "Read its messages above. A Tamis that runs already, or another program on the same port, is the usual reason; \
             `-- --listen 127.0.0.1:0` takes a free port.",
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        let asked = signals::ask_to_quit(self.id());
        if asked.is_ok() && matches!(self.wait(QUIT), Ok(Some(_))) {
            return;
        }
        // Both can only fail for a process that has ended meanwhile.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Reads lines to the end, so that the program never waits for us, and passes them on while somebody listens.
fn pump(stdout: impl Read, output: Output, announcements: Announcements, sender: &Sender<String>) {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if output == Output::Shown {
            step::say(&text);
        }
        // Only announcements are kept; nobody drains the rest while the program runs for days.
        if announcements.iter().any(|prefix| text.starts_with(prefix)) {
            drop(sender.send(text));
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::start("script", Command::new("sh").args(["-c", script]), Output::Hidden, TAMIS).unwrap()
    }

    #[test]
    fn announcements_are_found_in_any_order() {
        let mut program =
            shell("echo 'Control page: http://c/'; echo noise; echo 'Proxy listening on 127.0.0.1:7'; exec sleep 60");
        assert_eq!(program.wait_for(PROXY).unwrap(), "127.0.0.1:7");
        assert_eq!(program.wait_for(CONTROL).unwrap(), "http://c/");
    }

    #[test]
    fn a_program_that_ends_before_it_is_ready_is_a_failure() {
        let failure = shell("exit 3").wait_for(PROXY).unwrap_err().to_string();
        assert!(failure.contains("ended with exit status: 3 before"), "{failure}");
    }

    #[test]
    fn an_orderly_end_is_waited_for_and_a_disorderly_one_is_told() {
        let orderly = "trap 'exit 0' TERM; echo 'Proxy listening on x'; while :; do sleep 0.01; done";
        let mut program = shell(orderly);
        program.wait_for(PROXY).unwrap();
        program.stop().unwrap();

        let mut program = shell(&orderly.replace("exit 0", "exit 4"));
        program.wait_for(PROXY).unwrap();
        let failure = program.stop().unwrap_err().to_string();
        assert!(failure.contains("exit status: 4"), "{failure}");
    }
}
