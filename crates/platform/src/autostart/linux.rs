//! XDG autostart: a desktop entry in the user's autostart directory.

use std::env;
use std::path::PathBuf;

use super::entry_file::EntryFile;
use crate::{Autostart, Error, LoginCommand};

/// What makes an entry ours, and what the desktop is told about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    file_name: &'static str,
    /// Lines that only this kind has.
    more: &'static str,
}

/// Starts Tamis.
pub(super) const TAMIS: Kind = Kind { file_name: "tamis.desktop", more: "Name=Tamis\nComment=Filtering web proxy\n" };

/// Puts the system's proxy setting back after a crash. Nothing that a user would want to see in a list.
pub(super) const RESTORE: Kind = Kind {
    file_name: "tamis-restore.desktop",
    more: "Name=Tamis: put the proxy setting back\nComment=After a crash; goes away by itself\nNoDisplay=true\n",
};

/// A login entry in one autostart directory.
pub(super) struct Entry {
    file: EntryFile,
    kind: Kind,
}

impl Entry {
    /// The one the session looks at. An `XDG_CONFIG_HOME` that is not absolute counts as not set, as its
    /// specification says.
    pub(super) fn of_this_user(kind: Kind) -> Option<Self> {
        let config = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let config =
            config.or_else(|| env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".config")))?;
        Some(Self { file: EntryFile::new(config.join("autostart"), kind.file_name), kind })
    }

    pub(super) fn remove_abandoned(&self) -> Vec<PathBuf> {
        self.file.remove_abandoned()
    }
}

impl Autostart for Entry {
    fn is_on(&self) -> Result<bool, Error> {
        Ok(self.file.read()?.is_some_and(|content| would_start(&content)))
    }

    fn set(&self, command: &LoginCommand) -> Result<(), Error> {
        self.file.replace(&entry(command, self.kind)?)
    }

    fn remove(&self) -> Result<(), Error> {
        self.file.remove()
    }
}

/// Whether a session that reads this would start it: the user can switch an entry off in his desktop's own settings,
/// which write one of two keys into it.
fn would_start(content: &str) -> bool {
    let value = |key: &str| {
        let lines = content.lines().map(str::trim);
        let group =
            lines.skip_while(|line| *line != "[Desktop Entry]").skip(1).take_while(|line| !line.starts_with('['));
        let values = group.filter_map(|line| line.split_once('=')).filter(|(name, _)| name.trim_end() == key);
        values.map(|(_, value)| value.trim_start()).last()
    };
    value("Exec").is_some_and(|exec| !exec.is_empty())
        && value("Hidden") != Some("true")
        && value("X-GNOME-Autostart-enabled") != Some("false")
}

fn entry(command: &LoginCommand, kind: Kind) -> Result<String, Error> {
    let (exec, more) = (exec(command)?, kind.more);
    Ok(format!(
        "[Desktop Entry]\nType=Application\n{more}Exec={exec}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
    ))
}

/// The `Exec` line's value. Two layers, as the Desktop Entry specification has them: each word is quoted for the
/// command line, and then the whole is escaped as a string value.
fn exec(command: &LoginCommand) -> Result<String, Error> {
    let refuse = |text: &str, why| Error::Command { text: text.to_owned(), why };
    let program = command.program.to_str().ok_or_else(|| {
        refuse(&command.program.to_string_lossy(), "its path is not UTF-8, which a desktop entry has to be")
    })?;
    if !command.program.is_absolute() {
        return Err(refuse(program, "its path is not absolute"));
    }
    if program.contains('=') {
        return Err(refuse(program, "a desktop entry cannot carry a program path with an equals sign"));
    }
    // The specification would have it doubled, but GLib, and so GNOME, looks for a program of the doubled name.
    if program.contains('%') {
        return Err(refuse(program, "GNOME finds no program with a percent sign in its path"));
    }
    let mut words = Vec::new();
    for word in std::iter::once(program).chain(command.arguments.iter().map(String::as_str)) {
        if word.chars().any(char::is_control) {
            return Err(refuse(word, "it contains a control character"));
        }
        words.push(quoted(word));
    }
    Ok(words.join(" ").replace('\\', r"\\"))
}

/// One word of the command line: as it is when nothing in it is special, else in double quotes.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,+@%".contains(c);
    let word = word.replace('%', "%%");
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    let mut quoted = String::from('"');
    for c in word.chars() {
        if matches!(c, '"' | '`' | '$' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[path = "linux_tests.rs"]
mod tests;
