//! The command line of the desktop program, which is next to nothing.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Start in the tray alone, without the window. What start at login passes.
pub(crate) const HIDDEN: &str = "--hidden";

const HELP: &str = "\
Tamis, a fine-mesh sieve for web traffic, in the system tray.

Usage: tamis-desktop [--hidden]

  --hidden   Start in the tray alone, without the window
  --version  Say which version this is
  --help     Say this

Without a desktop: tamis serve
";

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) hidden: bool,
}

/// The program is not to start; it says this instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Said(String),
    Misunderstood(String),
}

impl Arguments {
    /// Reads the arguments behind the program's name.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, Answer> {
        let mut hidden = false;
        for argument in arguments {
            match argument.to_str() {
                Some(HIDDEN) => hidden = true,
                Some("--help" | "-h") => return Err(Answer::Said(HELP.into())),
                Some("--version" | "-V") => {
                    return Err(Answer::Said(format!("tamis-desktop {}\n", env!("CARGO_PKG_VERSION"))));
                }
                _ => {
                    let argument = argument.to_string_lossy();
                    return Err(Answer::Misunderstood(format!(
                        "tamis-desktop: there is no option {argument:?}; see tamis-desktop --help\n"
                    )));
                }
            }
        }
        Ok(Self { hidden })
    }
}

impl Answer {
    /// Says it. That nobody reads it is no reason to fail.
    pub(crate) fn give(self) -> ExitCode {
        #[cfg(windows)]
        tamis_control::notice::write_to_console_of_parent();
        match self {
            Self::Said(text) => {
                let _ = std::io::stdout().write_all(text.as_bytes());
                ExitCode::SUCCESS
            }
            Self::Misunderstood(text) => {
                let _ = std::io::stderr().write_all(text.as_bytes());
                ExitCode::from(2)
            }
        }
    }
}

/// Whether a second Tamis, whose command line this is, was started to stay in the background.
pub(crate) fn ask_to_stay_hidden(command_line: &[String]) -> bool {
    command_line.iter().skip(1).any(|argument| argument == HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, Answer> {
        Arguments::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn hidden_is_asked_for_and_not_assumed() {
        assert_eq!(parse(&[]), Ok(Arguments { hidden: false }));
        assert_eq!(parse(&["--hidden"]), Ok(Arguments { hidden: true }));
    }

    #[test]
    fn what_is_not_understood_is_refused_rather_than_ignored() {
        assert!(
            matches!(parse(&["--listen", "127.0.0.1:1"]), Err(Answer::Misunderstood(text)) if text.contains("--listen"))
        );
    }

    #[test]
    fn a_program_named_like_the_option_does_not_count() {
        assert!(!ask_to_stay_hidden(&["--hidden".into()]));
        assert!(ask_to_stay_hidden(&["tamis-desktop".into(), "--hidden".into()]));
    }
}
