//! Running programs with their command line shown, and failing in sentences.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a state is looked at that nobody tells us about.
pub const LOOK: Duration = Duration::from_millis(25);

/// What went wrong, and what to do about it; two sentences for a person.
#[derive(Debug)]
pub struct Failure {
    what: String,
    remedy: String,
}

/// What a chore comes to.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// `what` without, `remedy` with a full stop at its end.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    /// The command line was not understood.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(what, "`cargo xtask help` lists the commands and their options.")
    }

    /// The same failure, told as part of something larger.
    pub fn within(self, whole: &str) -> Self {
        Self { what: format!("{whole}: {}", self.what), remedy: self.remedy }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.\n       {}", self.what, self.remedy)
    }
}

/// Prints a line even where nobody reads any more: a closed terminal must not keep us from stopping Tamis orderly, as
/// the panic of `println!` would.
pub fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Shows the command line, runs it with our own output, and fails with `remedy` unless it ends well.
pub fn run(command: &mut Command, remedy: &str) -> Outcome {
    let line = show(command);
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{line}` ended with {status}"), remedy)) }
}

/// Runs a probe without a word; its standard output if it ends well.
pub fn probe(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program without a word; whether it ended well in time. After `patience` it is made to end.
pub fn try_for(command: &mut Command, patience: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                drop(child.kill());
                drop(child.wait());
                return false;
            }
        }
    }
}

/// Whether a program of this name is on the search path.
pub fn on_path(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|directory| {
        directory.join(program).is_file()
            || directory.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)).is_file()
    })
}

/// Prints the command line that is about to run and returns it. What stands behind `#token=` is nobody's business.
pub fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| {
        let argument = argument.to_string_lossy();
        match argument.split_once("#token=") {
            Some((before, _)) => format!("{before}#token=..."),
            None => argument.into_owned(),
        }
    }));
    if let Some(program) = words.first_mut() {
        // `/usr/lib/.../cargo` reads better as `cargo`.
        if let Some((_, name)) = program.rsplit_once('/') {
            *program = name.to_owned();
        }
    }
    let line = words.join(" ");
    println!("$ {line}");
    line
}

/// A program that could not even be started.
pub fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy();
    Failure::new(
        format!("cannot start {program}: {error}"),
        format!("Install {program}, or put it on the search path (PATH)."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_line_hides_the_token() {
        let line =
            show(Command::new("/usr/bin/node").args(["run.mjs", "--control", "http://127.0.0.1:9/#token=s3cret"]));
        assert_eq!(line, "node run.mjs --control http://127.0.0.1:9/#token=...");
    }

    #[test]
    fn a_program_that_ends_badly_is_a_failure_with_its_remedy() {
        let failure = run(Command::new("false").stdin(Stdio::null()), "Do better.").unwrap_err().to_string();
        assert!(failure.contains("`false` ended with exit status: 1"), "{failure}");
        assert!(failure.ends_with("Do better."), "{failure}");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let failure = run(&mut Command::new("no-such-program-here"), "").unwrap_err().to_string();
        assert!(failure.contains("cannot start no-such-program-here"), "{failure}");
    }

    #[test]
    fn the_search_path_is_searched() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-here"));
    }
}
