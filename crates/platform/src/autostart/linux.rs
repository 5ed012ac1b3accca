//! XDG autostart: a desktop entry in the user's autostart directory.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

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

/// A desktop entry longer than this (bytes) is nobody's.
const MAX_ENTRY: u64 = 64 * 1024;

/// A login entry in one autostart directory.
pub(super) struct Entry {
    directory: PathBuf,
    kind: Kind,
}

impl Entry {
    /// The one the session looks at. An `XDG_CONFIG_HOME` that is not absolute counts as not set, as its
    /// specification says.
    pub(super) fn of_this_user(kind: Kind) -> Option<Self> {
        let config = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let config =
            config.or_else(|| env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".config")))?;
        Some(Self { directory: config.join("autostart"), kind })
    }

    fn path(&self) -> PathBuf {
        self.directory.join(self.kind.file_name)
    }

    pub(super) fn remove_abandoned(&self) -> Vec<PathBuf> {
        crate::remove_abandoned(&self.directory, &format!(".{}.", self.kind.file_name), "")
    }

    /// A reader finds the old entry or the new one, whole; so does one after a power cut.
    fn replace(&self, content: &str) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let temporary = self.directory.join(format!(".{}.{}", self.kind.file_name, process::id()));
        let written = write_new(&temporary, content).and_then(|()| fs::rename(&temporary, self.path()));
        if written.is_err() {
            // What failed is told below; that its remains could not be removed either would add nothing.
            let _ = fs::remove_file(&temporary);
        }
        written.and_then(|()| File::open(&self.directory)?.sync_all())
    }
}

fn write_new(path: &Path, content: &str) -> io::Result<()> {
    // One of the same name was left by a process of the same id that died in between.
    remove_if_there(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Autostart for Entry {
    fn is_on(&self) -> Result<bool, Error> {
        let path = self.path();
        let read = |file: File| -> io::Result<String> {
            let mut bytes = Vec::new();
            file.take(MAX_ENTRY + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > MAX_ENTRY {
                return Err(io::Error::new(ErrorKind::InvalidData, "too long for a desktop entry"));
            }
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        match File::open(&path).and_then(read) {
            Ok(content) => Ok(would_start(&content)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::File { doing: "read", path, source }),
        }
    }

    fn set(&self, command: &LoginCommand) -> Result<(), Error> {
        let content = entry(command, self.kind)?;
        self.replace(&content).map_err(|source| Error::File { doing: "write", path: self.path(), source })
    }

    fn remove(&self) -> Result<(), Error> {
        remove_if_there(&self.path()).map_err(|source| Error::File { doing: "remove", path: self.path(), source })
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
