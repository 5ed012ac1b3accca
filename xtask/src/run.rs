//! `cargo xtask run`: install what is missing, build, start Tamis, prove that it works, keep it running.

use std::process::Command;

use crate::fetch::{self, Page};
use crate::program::{self, Output, Program};
use crate::sandbox::Sandbox;
use crate::setup::{self, Need};
use crate::signals::{self, StopWish};
use crate::step::{self, Failure, LOOK, Outcome};
use crate::tree::{Binary, Profile, Tree};
use crate::ui;

/// What the command line asks for.
pub struct Options {
    binary: Binary,
    profile: Profile,
    hidden: bool,
    once: bool,
    passed_on: Vec<String>,
}

impl Options {
    /// Reads the options behind `run`.
    pub fn parse(options: &[String]) -> Outcome<Self> {
        let (mut headless, mut hidden, mut once, mut profile) = (false, false, false, Profile::Debug);
        let mut options = options.iter();
        for option in options.by_ref() {
            match option.as_str() {
                "--headless" => headless = true,
                "--hidden" => hidden = true,
                "--once" => once = true,
                "--release" => profile = Profile::Release,
                "--" => break,
                unknown => return Err(Failure::usage(format!("`run` has no option {unknown:?}"))),
            }
        }
        let passed_on = options.cloned().collect();
        let binary = if headless || !has_display() { Binary::Headless } else { Binary::Desktop };
        if hidden && binary == Binary::Headless {
            return Err(Failure::usage(
                "--hidden is for the tray program, and there is no display here (or --headless was given)",
            ));
        }
        Ok(Self { binary, profile, hidden, once, passed_on })
    }
}

/// Whether a tray program can show itself. Only on systems with X11 or Wayland can there be none.
fn has_display() -> bool {
    cfg!(any(windows, target_os = "macos"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The whole command.
pub fn run(tree: &Tree, options: &Options) -> Outcome {
    match options.binary {
        Binary::Desktop => println!("{}", setup::system_packages(Need::Desktop)?),
        Binary::Headless => println!("Starting without a tray icon (no display, or --headless)."),
    }
    ui::install_packages(tree)?;
    ui::build_if_older(tree)?;
    tree.build(&[options.binary], options.profile)?;

    let mut command = tree.command(&tree.binary(options.binary, options.profile).to_string_lossy());
    match options.binary {
        Binary::Headless => command.arg("serve"),
        Binary::Desktop => command.args(options.hidden.then_some("--hidden")),
    };
    command.args(&options.passed_on);
    signals::shield(&mut command);

    let wish = StopWish::listen()?;
    let page = Page::serve()?;
    let mut program = Program::start(options.binary.name(), &mut command, Output::Shown, program::TAMIS)?;
    let line = prove(&mut program, &page, &|| wish.take())?;
    if options.once {
        run_curl_line(&line)?;
        program.stop()?;
        println!("\nTamis stopped orderly.");
        return Ok(());
    }
    println!("Tamis runs until you press Ctrl-C or choose Quit.");
    keep(program, &wish)
}

/// The same proof as `run --headless --once`, of a Tamis that is built already and in a home of its own.
pub fn prove_headless(tree: &Tree) -> Outcome {
    let sandbox = Sandbox::new()?;
    let page = Page::serve()?;
    let mut command = tree.command(&tree.binary(Binary::Headless, Profile::Debug).to_string_lossy());
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    sandbox.apply(&mut command);
    let mut program = Program::start(Binary::Headless.name(), &mut command, Output::Shown, program::TAMIS)?;
    let line = prove(&mut program, &page, &|| false)?;
    run_curl_line(&line)?;
    program.stop()
}

/// Fetches our page through the program and tells about it; the curl line that does the same.
fn prove(program: &mut Program, page: &Page, unless: &dyn Fn() -> bool) -> Outcome<String> {
    let proxy = program.wait_for_unless(program::PROXY, unless)?;
    let fetched = fetch::page_through(&proxy, page)?;
    let line = fetch::curl_line(&proxy, &page.url());
    println!("\n{fetched}");
    println!("xtask serves that page itself, on this computer, as long as it runs. See it again with");
    println!("\n    {line}\n");
    Ok(line)
}

/// Runs the printed line, where there is a curl, to see that it does what we say.
fn run_curl_line(line: &str) -> Outcome {
    if !step::on_path("curl") {
        println!("There is no curl here, so the line above was not tried.");
        return Ok(());
    }
    let output = step::probe(Command::new("sh").args(["-c", &format!("{line} --silent --max-time 20")]));
    match output {
        Some(text) if text.contains(fetch::MARK) => {
            println!("The line above was tried, and it works.");
            Ok(())
        }
        _ => {
            Err(Failure::new(format!("`{line}` did not bring the page"), "Run `tamis serve` and try the line by hand."))
        }
    }
}

/// Waits until the program has ended, passing on every wish to stop.
fn keep(mut program: Program, wish: &StopWish) -> Outcome {
    let mut wished = false;
    loop {
        if let Some(status) = program.ended()? {
            return if status.success() { Ok(()) } else { Err(program.ended_by_itself(status)) };
        }
        if wish.take() {
            if !wished {
                step::say("\nStopping Tamis; it puts the settings back first.");
            }
            wished = true;
            signals::ask_to_quit(program.id())?;
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Outcome<Options> {
        Options::parse(&options.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn everything_behind_two_dashes_is_passed_on() {
        let options = parse(&["--headless", "--once", "--", "--listen", "127.0.0.1:0", "--release"]).unwrap();
        assert!(options.once && options.binary == Binary::Headless && options.profile == Profile::Debug);
        assert_eq!(options.passed_on, ["--listen", "127.0.0.1:0", "--release"]);
    }

    #[test]
    fn an_unknown_option_is_refused_rather_than_ignored() {
        assert!(parse(&["--heedless"]).is_err());
    }

    #[test]
    fn hidden_and_headless_exclude_each_other() {
        assert!(parse(&["--headless", "--hidden"]).is_err());
    }
}
