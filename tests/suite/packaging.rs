//! What a package's removal runs, with real programs: for a user of whom something was left, and for one at work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tamis_tests::{built, root};

/// In a list of users that has one, with a home in `folder`: uses Tamis as `how` says, then runs the script as dpkg and rpm
/// do, and tells what is set after each.
const SCRIPT: &str = r#"
set -e
folder=$1 how=$2 script=$3 argument=$4
mount --bind $folder/passwd /etc/passwd
export TAMIS_FOLDER=$folder/bin
as_user() {
    env -i HOME=$folder/home PATH=$folder/bin:/usr/bin:/bin XDG_CURRENT_DESKTOP=GNOME dbus-run-session -- sh -c "$1" 2>/dev/null
}
told() { echo "$1: $(as_user 'gsettings get org.gnome.system.proxy mode')"; }
serve='tamis serve --system-proxy --listen 127.0.0.1:0 >$HOME/log & until grep -q listening $HOME/log; do sleep 0.05; done'
kill_all='for process in /proc/[0-9]*; do
    case $(readlink $process/exe) in */bin/tamis) kill -9 ${process##*/} ;; esac
done'
if [ $how = killed ]; then
    as_user "$serve; $kill_all"
    sh $script upgrade && told upgrade
    sh $script 1 && told 1
elif [ $how = trusted ]; then
    as_user "tamis ca create && tamis ca install --store chromium"
    sh $script upgrade && as_user "tamis ca verify --store chromium"
else
    as_user "$serve; wait" &
    until grep -q listening $folder/home/log 2>/dev/null; do sleep 0.05; done
fi
sh $script $argument && told $argument
wait
"#;

/// What is said, and what is left in the user's home; none where this cannot be tried.
fn removed(folder: &Path, how: &str, argument: &str) -> Option<String> {
    let tamis = folder.join("bin/tamis");
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::create_dir_all(folder.join("home")).unwrap();
    fs::copy(built("tamis"), &tamis).unwrap();
    fs::set_permissions(&tamis, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("passwd"), format!("root:x:0:0::{}:/bin/sh\n", folder.join("home").display())).unwrap();
    let can = "mount --bind /etc/passwd /etc/passwd && command -v dbus-run-session runuser gsettings >/dev/null";
    // A process that is left over ends with the namespace.
    let namespace = ["--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"];
    if !Command::new("unshare").args(namespace).arg(can).output().is_ok_and(|tried| tried.status.success()) {
        println!("skipped: this needs an administrator, dbus-run-session, runuser and gsettings");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(namespace).args([SCRIPT, "sh"]).arg(folder).arg(how);
    command.arg(root().join("src-tauri/packaging/before-removal.sh")).arg(argument);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for trace in [".local/state/tamis", ".local/share/tamis", ".config/autostart/tamis-restore.desktop"] {
        assert!(!folder.join("home").join(trace).exists(), "{trace}: {said}");
    }
    Some(said.into_owned())
}

#[test]
fn the_removal_of_the_package_puts_back_what_a_killed_tamis_left_and_an_upgrade_touches_nothing() {
    for argument in ["remove", "0"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(said) = removed(folder.path(), "killed", argument) else { return };
        assert!(said.contains("upgrade: 'auto'") && said.contains("1: 'auto'"), "{said}");
        assert!(said.contains(&format!("{argument}: 'none'")), "{said}");
    }
}

#[test]
fn the_removal_of_the_package_ends_a_tamis_at_work_which_puts_the_setting_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = removed(folder.path(), "at-work", "remove") else { return };
    assert!(said.contains("remove: 'none'") && !said.contains("not everything"), "{said}");
}

#[test]
fn the_removal_of_the_package_leaves_no_certificate_where_one_was_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = removed(folder.path(), "trusted", "remove") else { return };
    let (before, removal) =
        said.split_once("The certificate of Tamis is taken out of").unwrap_or_else(|| panic!("{said}"));
    assert!(before.matches("it is trusted").count() == 2 && removal.contains("Chromium"), "{said}");
}
