use super::*;

fn command(program: &str, arguments: &[&str]) -> LoginCommand {
    LoginCommand { program: program.into(), arguments: arguments.iter().map(|&text| text.to_owned()).collect() }
}

/// The file names in a directory.
fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect()
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
fn set_writes_remove_removes_and_nothing_else_is_left() {
    let home = tempfile::tempdir().unwrap();
    let entry = Entry { directory: home.path().join("config/autostart"), kind: TAMIS };
    assert!(!entry.is_on().unwrap());
    entry.remove().unwrap();

    entry.set(&command("/usr/bin/tamis", &["one"])).unwrap();
    entry.set(&command("/usr/bin/tamis", &["two"])).unwrap();
    assert!(entry.is_on().unwrap());
    assert!(fs::read_to_string(entry.path()).unwrap().contains("Exec=/usr/bin/tamis two\n"));
    assert_eq!(names(&entry.directory), [TAMIS.file_name]);

    entry.remove().unwrap();
    assert!(!entry.is_on().unwrap());
    assert!(names(&entry.directory).is_empty());
}

#[test]
fn a_write_that_fails_leaves_the_old_entry_and_no_remains() {
    let home = tempfile::tempdir().unwrap();
    let entry = Entry { directory: home.path().to_owned(), kind: TAMIS };
    fs::create_dir(entry.path()).unwrap();
    fs::write(entry.path().join("in the way"), "").unwrap();
    let error = entry.set(&command("/usr/bin/tamis", &[])).unwrap_err();
    assert!(error.to_string().contains("tamis.desktop"), "{error}");
    assert_eq!(names(home.path()), [TAMIS.file_name]);
}

#[test]
fn a_file_of_boundless_length_is_an_error_not_an_entry() {
    let home = tempfile::tempdir().unwrap();
    let entry = Entry { directory: home.path().to_owned(), kind: TAMIS };
    File::create(entry.path()).unwrap().set_len(MAX_ENTRY + 1).unwrap();
    assert!(matches!(entry.is_on(), Err(Error::File { doing: "read", .. })));
}
