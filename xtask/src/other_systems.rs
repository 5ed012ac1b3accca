//! Windows and macOS, from Linux: the tests of what differs there, run under Wine, and a type check for macOS.
//!
//! Debian packages a second Rust together with the sources of the standard library, which is built here for both systems;
//! rustup's own toolchain has it for Linux alone. Where these packages cannot be had the steps are passed over.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::Sandbox;
use crate::screen::Screen;
use crate::setup::{self, Need};
use crate::step::{self, Failure, Outcome};
use crate::tree::Tree;
use crate::ui;

const WINDOWS: &str = "x86_64-pc-windows-gnu";
const MACOS: &str = "aarch64-apple-darwin";

/// The build directory for both.
const BUILT: &str = "other-systems";

/// The packaged tools, by path: rustup's come first on the search path.
const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const MINGW: &str = "x86_64-w64-mingw32-gcc";
const WINE: &str = "/usr/lib/wine/wine64";
const WINESERVER: &str = "/usr/lib/wine/wineserver64";

/// What the crates that touch the system are called; the others are the same everywhere.
const TESTED: [&str; 5] = ["tamis-platform", "tamis-proxy", "tamis-control", "tamis-cli", "tamis-desktop"];

/// Rust's standard library takes random numbers from this library, which Debian's Wine does not have.
const RANDOM: &str = "\
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, (ULONG)length); }
";

/// A compiler for a check, in which nothing is linked: it says what it is and makes nothing.
const NO_COMPILER: &str = "\
#!/bin/sh
for word; do [ \"$word\" = -E ] && exec cc \"$@\"; done
exit 0
";

/// An archiver to go with it.
const NO_ARCHIVER: &str = "#!/bin/sh\nexec ar crs \"$2\"\n";

/// Builds the tests for Windows and runs them in a Wine of their own.
pub fn windows(tree: &Tree) -> Outcome<Option<String>> {
    if let Some(note) = missing() {
        return Ok(Some(note));
    }
    ui::install_packages(tree)?;
    ui::build_if_older(tree)?;
    let wine = Wine::start()?;
    let mut command = cargo(tree, "test", WINDOWS);
    // Cargo shows programs the way to libraries beside them as this system has it; this is the way under Wine.
    let beside = tree.built_aside(BUILT).join(WINDOWS).join("debug");
    command.env("WINEPATH", format!("Z:{}", beside.display()).replace('/', "\\"));
    command.args(["--no-fail-fast", "--tests"]).args(TESTED.iter().flat_map(|package| ["-p", package]));
    command.arg("--config").arg(format!("target.{WINDOWS}.linker={MINGW:?}"));
    command.arg("--config").arg(format!("target.{WINDOWS}.runner={:?}", wine.runner()));
    step::run(&mut command, "Mend what the failed test above names; it ran under Wine.")?;
    Ok(None)
}

/// Checks the types of both programs for macOS, where nothing can be run.
pub fn macos(tree: &Tree) -> Outcome<Option<String>> {
    if let Some(note) = missing() {
        return Ok(Some(note));
    }
    ui::install_packages(tree)?;
    ui::build_if_older(tree)?;
    let tools = tree.leavings("macos-tools")?;
    let mut command = cargo(tree, "check", MACOS);
    for (variables, name, text) in [
        (["CC_aarch64_apple_darwin", "CXX_aarch64_apple_darwin"].as_slice(), "cc", NO_COMPILER),
        (["AR_aarch64_apple_darwin"].as_slice(), "ar", NO_ARCHIVER),
    ] {
        let path = tools.join(name);
        script(&path, text)?;
        variables.iter().for_each(|variable| {
            command.env(variable, &path);
        });
    }
    step::run(command.args(["-p", "tamis-cli", "-p", "tamis-desktop"]), "Mend what the compiler names above.")?;
    Ok(Some("types only".into()))
}

/// What keeps these steps from being taken, for the table.
fn missing() -> Option<String> {
    if !cfg!(target_os = "linux") || !step::on_path("apt-get") {
        return Some("skipped: the Rust for other systems comes from Debian's packages".into());
    }
    match setup::system_packages(Need::OtherSystems) {
        Ok(_) => None,
        Err(failure) => {
            println!("{failure}");
            Some("skipped: its packages cannot be had here, see above".into())
        }
    }
}

/// The packaged Cargo, with a build directory for both systems; they share what runs while building.
fn cargo(tree: &Tree, subcommand: &str, target: &str) -> Command {
    // Nightly's door is open for the standard library's sake, and for turning warnings of our own crates into errors.
    let options = ["--locked", "-Zbuild-std=std,panic_abort,test", "-Zwarnings", "--config", "build.warnings='deny'"];
    let mut command = tree.cargo_at(CARGO, &[subcommand]);
    command.args(options).args(["--target", target]);
    command.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", tree.built_aside(BUILT));
    command
}

fn script(path: &Path, text: &str) -> Outcome {
    let written = std::fs::write(path, text).and_then(|()| make_executable(path));
    written.map_err(|error| {
        Failure::new(format!("cannot write {}: {error}", path.display()), "Make room, and let yourself write there.")
    })
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let _windows_asks_for_no_such_thing = path;
    Ok(())
}

/// A Windows of its own, registry, home and screen included; gone with the value.
struct Wine {
    sandbox: Sandbox,
    /// Without one Wine has no tray.
    screen: Screen,
}

impl Wine {
    fn start() -> Outcome<Self> {
        let wine = Self { sandbox: Sandbox::new()?, screen: Screen::start()? };
        step::run(wine.command(WINE).args(["wineboot", "--init"]), "See what Wine says above.")?;
        // The tests are to find a system at rest.
        wine.end();
        let source = wine.sandbox.file("random.c", RANDOM)?;
        let library = wine.prefix().join("drive_c/windows/system32/bcryptprimitives.dll");
        let mut compiler = Command::new(MINGW);
        compiler.arg("-shared").arg("-o").arg(library).arg(source).arg("-ladvapi32");
        step::run(&mut compiler, "See what the compiler says above.")?;
        Ok(wine)
    }

    fn prefix(&self) -> PathBuf {
        self.sandbox.path("wine")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.sandbox.apply(&mut command);
        command.env("DISPLAY", self.screen.display());
        // Neither of the two parts that Wine would ask to download is needed.
        command.env("WINEPREFIX", self.prefix()).env("WINEDEBUG", "-all").env("WINEDLLOVERRIDES", "mscoree,mshtml=");
        command
    }

    /// The command line that a program's path is put behind.
    fn runner(&self) -> Vec<String> {
        let command = self.command(WINE);
        let mut words = vec!["env".to_owned()];
        let variables = || command.get_envs().map(|(name, value)| (name.to_string_lossy(), value));
        // `env` takes options only before the first variable.
        words.extend(variables().filter(|(_, value)| value.is_none()).map(|(name, _)| format!("--unset={name}")));
        let set = variables().filter_map(|(name, value)| Some(format!("{name}={}", value?.to_string_lossy())));
        words.extend(set);
        words.push(WINE.to_owned());
        words
    }

    /// Ends what runs in this Wine; its registry is written before.
    fn end(&self) {
        for option in ["--kill", "--wait"] {
            drop(self.command(WINESERVER).arg(option).status());
        }
    }
}

impl Drop for Wine {
    /// What still runs would keep its directory from going.
    fn drop(&mut self) {
        self.end();
    }
}
