use super::*;

fn command(program: &str, arguments: &[&str]) -> LoginCommand {
    LoginCommand { program: program.into(), arguments: arguments.iter().map(|&text| text.to_owned()).collect() }
}

/// Reads an `Exec` value back as the specification says a session does: string escapes, then words, then field codes.
fn as_a_session_reads(exec: &str) -> Vec<String> {
    let mut unescaped = String::new();
    let mut rest = exec.chars();
    while let Some(c) = rest.next() {
        unescaped.push(if c == '\\' { rest.next().filter(|c| *c == '\\').expect("only \\\\ is written") } else { c });
    }
    let mut words = vec![String::new()];
    let mut rest = unescaped.chars().peekable();
    let mut inside = false;
    while let Some(c) = rest.next() {
        let word = words.last_mut().unwrap();
        match c {
            '"' => inside = !inside,
            ' ' if !inside => words.push(String::new()),
            '\\' if inside => word.push(rest.next().unwrap()),
            '%' => word.push(rest.next().filter(|c| *c == '%').expect("no field code is written")),
            '$' | '`' | '\\' => panic!("{c} outside of quotes or without a backslash in {exec}"),
            _ => word.push(c),
        }
    }
    words
}

#[test]
fn a_plain_command_is_written_plainly() {
    assert_eq!(exec(&command("/usr/bin/tamis", &["serve", "--at-login"])).unwrap(), "/usr/bin/tamis serve --at-login");
}

#[test]
fn each_special_character_is_written_as_the_specification_has_it() {
    for (word, written) in [
        ("a b", r#""a b""#),
        (r#"a"b"#, r#""a\\"b""#),
        (r"a\b", r#""a\\\\b""#),
        ("a$b", r#""a\\$b""#),
        ("a`b", r#""a\\`b""#),
        ("100%", "100%%"),
        ("", r#""""#),
        ("~", r#""~""#),
    ] {
        assert_eq!(exec(&command("/t", &[word])).unwrap(), format!("/t {written}"));
    }
}

#[test]
fn every_word_comes_out_of_the_session_as_it_went_in() {
    let nasty = [
        "", " ", "a b", "'", "\"", "\\", "\\\\", "\\n", "$HOME", "`id`", "%f", "%%", "&& rm", "; |", "~", "#", "*",
        "?", "<>", "--x=y", "é", "\"$\\`%",
    ];
    let exec = exec(&command("/opt/My Apps/$1 \"Tamis\"/tamis", &nasty)).unwrap();
    let mut expected = vec!["/opt/My Apps/$1 \"Tamis\"/tamis"];
    expected.extend(nasty);
    assert_eq!(as_a_session_reads(&exec), expected, "{exec}");
}

#[test]
fn a_command_that_cannot_be_written_is_refused_by_name() {
    for (program, argument) in
        [("tamis", "x"), ("/a=b/tamis", "x"), ("/100%/tamis", "x"), ("/t", "two\nlines"), ("/t\n", "x"), ("/t", "\0")]
    {
        let error = exec(&command(program, &[argument])).unwrap_err();
        assert!(matches!(error, Error::Command { .. }), "{program:?} {argument:?}: {error}");
    }
}

#[test]
fn an_entry_switched_off_in_the_desktops_own_settings_is_off() {
    let written = entry(&command("/usr/bin/tamis", &[]), TAMIS).unwrap();
    assert!(would_start(&written));
    assert!(!would_start(&format!("{written}Hidden=true\n")));
    assert!(!would_start(&written.replace("enabled=true", "enabled = false")));
    assert!(would_start(&format!("{written}Hidden=false\n[Desktop Action Off]\nHidden=true\n")));
    assert!(!would_start("") && !would_start("[Desktop Entry]\nName=Tamis\n") && !would_start("Exec=/usr/bin/tamis\n"));
}

#[test]
fn an_entry_is_on_from_set_to_remove() {
    let home = tempfile::tempdir().unwrap();
    let entry = Entry { file: EntryFile::new(home.path().join("config/autostart"), TAMIS.file_name), kind: TAMIS };
    assert!(!entry.is_on().unwrap());
    entry.set(&command("/usr/bin/tamis", &["--hidden"])).unwrap();
    assert!(entry.is_on().unwrap());
    assert!(home.path().join("config/autostart/tamis.desktop").exists());
    entry.remove().unwrap();
    assert!(!entry.is_on().unwrap());
}
