//! What the command line of `cargo xtask bench` asks for.

use std::path::PathBuf;

use super::scenario::{self, SCENARIOS, Setting};
use crate::step::{Failure, Outcome};

/// Short rounds, so that a machine that falters spoils one of them and not the figure.
const ROUNDS: usize = 7;

/// Options of `cargo xtask bench`.
#[derive(Debug, Default)]
pub struct Options {
    /// Keys of scenarios; all if empty.
    only: Vec<String>,
    /// Names of contenders; all if empty.
    peers: Vec<String>,
    /// How often each contender plays each scenario.
    pub rounds: usize,
    /// Builds of Tamis to compare, each under a name; the working tree's if empty.
    pub tamis: Vec<(String, PathBuf)>,
    /// Where everything that was measured is written.
    pub json: Option<PathBuf>,
    /// Whether a figure that is not reached is a failure.
    pub check: bool,
    /// Whether instructions are counted instead.
    pub callgrind: bool,
}

impl Options {
    /// Reads the options behind `bench`.
    pub fn parse(arguments: &[String]) -> Outcome<Self> {
        let mut options = Self { rounds: ROUNDS, ..Self::default() };
        let mut arguments = arguments.iter();
        while let Some(option) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| Failure::usage(format!("`bench` wants a value behind {option}")));
            match option.as_str() {
                "--only" => options.only = words(value()?),
                "--peers" => options.peers = words(value()?),
                "--rounds" => options.rounds = number(value()?)?,
                "--tamis" => options.tamis.push(build(value()?)),
                "--json" => options.json = Some(value()?.into()),
                "--callgrind" => options.callgrind = true,
                "--check" => options.check = true,
                unknown => return Err(Failure::usage(format!("`bench` has no option {unknown:?}"))),
            }
        }
        if let Some(unknown) = options.only.iter().find(|key| !scenario::keys().any(|known| known == key.as_str())) {
            let known: Vec<&str> = scenario::keys().collect();
            return Err(Failure::new(
                format!("there is no scenario named {unknown:?}"),
                format!("There are: {}.", known.join(" ")),
            ));
        }
        Ok(options)
    }

    /// Whether scenarios were chosen.
    pub fn chooses(&self) -> bool {
        !self.only.is_empty()
    }

    /// Whether a scenario is to be played.
    pub fn wants(&self, key: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == key)
    }

    /// Whether a scenario of this setting is to be played.
    pub fn wants_setting(&self, setting: Setting) -> bool {
        SCENARIOS.iter().any(|scenario| scenario.setting == setting && self.wants(scenario.key))
    }

    /// Whether a contender is to take part. Each build of Tamis goes by "tamis" too.
    pub fn invites(&self, name: &str, is_tamis: bool) -> bool {
        let invited = |wanted: &String| wanted == name || (is_tamis && wanted == "tamis");
        self.peers.is_empty() || self.peers.iter().any(invited)
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

fn number(text: &str) -> Outcome<usize> {
    text.parse()
        .ok()
        .filter(|rounds| *rounds > 0)
        .ok_or_else(|| Failure::usage(format!("{text:?} is not a number of rounds")))
}

/// NAME=PATH, or PATH alone.
fn build(text: &str) -> (String, PathBuf) {
    match text.split_once('=') {
        Some((name, path)) => (name.to_owned(), path.into()),
        None => ("tamis".to_owned(), text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Outcome<Options> {
        Options::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn two_builds_of_tamis_can_be_compared() {
        let options = parse(&["--tamis", "a=/old/tamis", "--tamis", "b=/new/tamis", "--peers", "tamis,relay"]).unwrap();
        assert_eq!(options.tamis, [("a".into(), "/old/tamis".into()), ("b".into(), "/new/tamis".into())]);
        assert!(options.invites("a", true) && options.invites("relay", false) && !options.invites("squid", false));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(parse(&["--only", "c32,nothing"]).is_err());
        assert!(parse(&["--rounds", "0"]).is_err());
        assert!(parse(&["--json"]).is_err());
        assert!(parse(&["--loud"]).is_err());
    }
}
