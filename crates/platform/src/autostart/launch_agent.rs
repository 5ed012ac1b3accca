//! A launch agent of macOS: its property list, and what `launchctl` says of it.

use crate::{Error, LoginCommand};

/// One agent of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Its name for macOS; the file is named after it.
    pub(super) label: &'static str,
    /// The file in `~/Library/LaunchAgents`.
    pub(super) file_name: &'static str,
}

/// Starts Tamis.
pub(super) const TAMIS: Kind = Kind { label: "app.tamis.login", file_name: "app.tamis.login.plist" };

/// Puts the system's proxy setting back after a crash.
pub(super) const RESTORE: Kind = Kind { label: "app.tamis.restore", file_name: "app.tamis.restore.plist" };

/// The property list by which macOS runs the command once, when this user logs in.
///
/// # Errors
/// When the program's path is not absolute, or a word cannot stand in XML.
pub(super) fn property_list(command: &LoginCommand, kind: Kind) -> Result<String, Error> {
    let refuse = |text: &str, why| Error::Command { text: text.to_owned(), why };
    let program =
        command.program.to_str().ok_or_else(|| refuse(&command.program.to_string_lossy(), "its path is not UTF-8"))?;
    if !program.starts_with('/') {
        return Err(refuse(program, "its path is not absolute"));
    }
    let (mut words, label) = (String::new(), kind.label);
    for word in std::iter::once(program).chain(command.arguments.iter().map(String::as_str)) {
        if word.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')) {
            return Err(refuse(word, "it contains a character that a property list cannot carry"));
        }
        words.push_str(&format!("        <string>{}</string>\n", escaped(word)));
    }
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{label}</string>
    <key>ProgramArguments</key>
    <array>
{words}    </array>
    <key>RunAtLoad</key>
    <true/>
    <key>ProcessType</key>
    <string>Interactive</string>
</dict>
</plist>
"#
    ))
}

fn escaped(word: &str) -> String {
    word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether `launchctl print-disabled` says that the user has switched the agent off. Older systems write `true` where newer
/// ones write `disabled`.
pub(super) fn is_switched_off(answer: &str, kind: Kind) -> bool {
    let name = format!("\"{}\"", kind.label);
    let mut states =
        answer.lines().filter_map(|line| line.trim().split_once("=>")).filter(|(label, _)| label.trim() == name);
    states.next_back().is_some_and(|(_, state)| matches!(state.trim(), "disabled" | "true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(program: &str, arguments: &[&str]) -> LoginCommand {
        LoginCommand { program: program.into(), arguments: arguments.iter().map(|&text| text.to_owned()).collect() }
    }

    #[test]
    fn every_word_is_escaped_and_stands_alone() {
        let list =
            property_list(&command("/Applications/R&D <1>/tamis", &["--hidden", "a b", "\"'", ""]), TAMIS).unwrap();
        let words: Vec<&str> = list.lines().map(str::trim).filter(|line| line.starts_with("<string>")).collect();
        assert_eq!(
            words,
            [
                "<string>app.tamis.login</string>",
                "<string>/Applications/R&amp;D &lt;1&gt;/tamis</string>",
                "<string>--hidden</string>",
                "<string>a b</string>",
                "<string>\"'</string>",
                "<string></string>",
                "<string>Interactive</string>",
            ]
        );
        for kind in [TAMIS, RESTORE] {
            assert_eq!(kind.file_name, format!("{}.plist", kind.label));
        }
    }

    #[test]
    fn a_command_that_cannot_be_written_is_refused_by_name() {
        for (program, argument) in [("tamis", ""), ("/t\n", ""), ("/t", "\0"), ("/t", "\u{ffff}")] {
            let error = property_list(&command(program, &[argument]), TAMIS).unwrap_err();
            assert!(matches!(error, Error::Command { .. }), "{error}");
        }
    }

    #[test]
    fn an_agent_switched_off_in_the_system_settings_is_off() {
        let answer = |state: &str| {
            format!(
                "\tdisabled services = {{\n\t\t\"com.apple.x\" => disabled\n\t\t\"app.tamis.login\" => {state}\n\t}}\n"
            )
        };
        assert!(is_switched_off(&answer("disabled"), TAMIS) && is_switched_off(&answer("true"), TAMIS));
        assert!(
            !is_switched_off(&answer("enabled"), TAMIS)
                && !is_switched_off(&answer("false"), TAMIS)
                && !is_switched_off("", TAMIS)
        );
    }
}
