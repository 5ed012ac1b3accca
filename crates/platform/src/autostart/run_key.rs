//! Windows' `Run` key: how a command line stands in it, and whether Windows would start it.

use crate::{Error, LoginCommand};

/// The longest command line that Windows starts at login, in UTF-16 units.
const LONGEST: usize = 260;

/// The value of the key. Programs take their command line apart by the rules of Microsoft's C library, and these words come
/// out as they went in.
///
/// # Errors
/// When the program's path is not absolute or not Unicode, or Windows would not start so long a line.
pub(super) fn command_line(command: &LoginCommand) -> Result<String, Error> {
    let refuse = |text: &str, why| Error::Command { text: text.to_owned(), why };
    let program = command
        .program
        .to_str()
        .ok_or_else(|| refuse(&command.program.to_string_lossy(), "its path is not Unicode"))?;
    if program.contains('"') {
        return Err(refuse(program, "there is a quote in its path"));
    }
    // Always quoted: of `C:\Program Files\x.exe`, Windows would first try `C:\Program.exe`.
    let mut line = format!("\"{program}\"");
    for word in &command.arguments {
        if word.contains('\0') {
            return Err(refuse(word, "it contains a NUL"));
        }
        line.push(' ');
        line.push_str(&quoted(word));
    }
    if line.encode_utf16().count() > LONGEST {
        return Err(refuse(&line, "Windows starts no command line of more than 260 characters at login"));
    }
    Ok(line)
}

/// One argument: as it is when nothing in it is special, else in double quotes. Backslashes count as such but before a
/// quote, where they are doubled.
fn quoted(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t', '\n', '\u{b}', '"']) {
        return word.to_owned();
    }
    let mut quoted = String::from('"');
    let mut backslashes = 0;
    for c in word.chars() {
        match c {
            '\\' => backslashes += 1,
            '"' => {
                quoted.push_str(&"\\".repeat(backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(c);
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted.push('"');
    quoted
}

/// Whether Windows would start what stands in the key: the user can switch it off in the Task Manager or the settings,
/// which keep a value of the same name elsewhere. The first byte of that is odd where it is off.
pub(super) fn would_start(command_line: Option<&str>, approved: Option<&[u8]>) -> bool {
    let is_switched_off = approved.and_then(|bytes| bytes.first()).is_some_and(|first| first & 1 == 1);
    command_line.is_some_and(|line| !line.trim().is_empty()) && !is_switched_off
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(program: &str, arguments: &[&str]) -> LoginCommand {
        LoginCommand { program: program.into(), arguments: arguments.iter().map(|&text| text.to_owned()).collect() }
    }

    /// Takes a command line apart as Microsoft documents for its C library: the program first, whose quotes just part it.
    fn as_a_program_reads(line: &str) -> Vec<String> {
        let (program, rest) = line.strip_prefix('"').unwrap().split_once('"').unwrap();
        let mut words = vec![program.to_owned()];
        let mut word: Option<String> = None;
        let (mut inside, mut backslashes) = (false, 0);
        for c in rest.chars() {
            if c == '\\' {
                backslashes += 1;
                continue;
            }
            let kept = if c == '"' { backslashes / 2 } else { backslashes };
            let is_quote = c == '"' && backslashes % 2 == 0;
            if kept > 0 {
                word.get_or_insert_default().push_str(&"\\".repeat(kept));
            }
            backslashes = 0;
            match c {
                '"' if is_quote => {
                    inside = !inside;
                    word.get_or_insert_default();
                }
                ' ' | '\t' if !inside => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        if backslashes > 0 {
            word.get_or_insert_default().push_str(&"\\".repeat(backslashes));
        }
        words.extend(word);
        words
    }

    #[test]
    fn every_word_comes_out_of_the_command_line_as_it_went_in() {
        let program = r"C:\Program Files\Tamis & Co\tamis.exe";
        let nasty =
            ["--hidden", "", " ", "a b", r#"""#, r"\", r"a\", r"a b\", r#"\""#, r#"a\\" b"#, "%PATH%", "é", "'"];
        for word in nasty {
            let line = command_line(&command(program, &[word, "last"])).unwrap();
            assert_eq!(as_a_program_reads(&line), [program, word, "last"], "{line}");
        }
        let line = command_line(&command(r"C:\t.exe", &["--hidden"])).unwrap();
        assert_eq!(line, r#""C:\t.exe" --hidden"#);
    }

    #[test]
    fn what_windows_would_not_start_is_refused_by_name() {
        for (program, argument) in [("C:\\a\"b.exe", ""), ("C:\\t.exe", "\0"), ("C:\\t.exe", &"x".repeat(LONGEST))] {
            let error = command_line(&command(program, &[argument])).unwrap_err();
            assert!(matches!(error, Error::Command { .. }), "{error}");
        }
    }

    #[test]
    fn an_entry_switched_off_in_the_task_manager_is_off() {
        let line = Some("\"C:\\t.exe\"");
        assert!(would_start(line, None) && would_start(line, Some(&[2, 0, 0])) && would_start(line, Some(&[])));
        assert!(!would_start(line, Some(&[3, 0, 0, 0, 1, 2, 3])));
        assert!(!would_start(None, None) && !would_start(Some(" "), Some(&[2])));
    }
}
