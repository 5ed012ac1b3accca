//! Building the fuzz targets, and running one of them. libFuzzer is linked in by a crate; neither a nightly compiler nor
//! cargo-fuzz is needed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::step::{self, Failure, Outcome};
use crate::tree::Tree;

/// The workspace of the targets.
const WORKSPACE: &str = "tests/fuzz";

/// What makes a program tell libFuzzer which way it took: LLVM's coverage counters and the operands of comparisons.
/// `cargo fuzz` gives the same.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// One input may take so long, in seconds; a machine may be very busy.
const HANG: u64 = 120;

/// What libFuzzer's last lines call the number of inputs.
const RUNS: &str = "stat::number_of_executed_units:";

/// The built targets.
pub struct Engine<'a> {
    tree: &'a Tree,
    programs: PathBuf,
}

/// What came of a target.
pub struct Ran {
    pub target: String,
    /// Inputs tried.
    pub runs: u64,
    /// Edges of the program that were taken.
    pub coverage: u64,
    pub took: Duration,
    /// The input that broke a rule, or the log where there is none.
    pub finding: Option<PathBuf>,
}

/// Whether the targets run on this system.
pub fn runs_here() -> bool {
    cfg!(target_os = "linux")
}

/// The names of all targets, one file each.
pub fn targets(tree: &Tree) -> Outcome<Vec<String>> {
    let folder = tree.path(WORKSPACE).join("targets");
    let files = std::fs::read_dir(&folder).map_err(|error| {
        Failure::new(format!("cannot list {}: {error}", folder.display()), "It is part of the repository.")
    })?;
    let mut names: Vec<String> =
        files.flatten().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

impl<'a> Engine<'a> {
    /// Builds every target, beside the other builds.
    pub fn build(tree: &'a Tree) -> Outcome<Self> {
        let host = host(tree)?;
        let built = tree.built_aside("fuzz");
        let mut command = tree.cargo(&["build", "--release", "--target", &host, "--manifest-path"]);
        command.arg(tree.path(WORKSPACE).join("Cargo.toml"));
        // Only with a target named do the flags stay away from build scripts, which have nobody to tell their way to.
        command.env("CARGO_TARGET_DIR", &built).env("RUSTFLAGS", INSTRUMENTATION);
        step::run(
            &mut command,
            "Read the compiler's message above; libFuzzer needs a C++ compiler (build-essential).",
        )?;
        Ok(Self { tree, programs: built.join(host).join("release") })
    }

    /// Runs one target on its seeds and then on what it makes up of them, for `each` in all.
    pub fn run(&self, target: &str, each: Duration, keep: bool) -> Outcome<Ran> {
        let folder = self.tree.leavings(&format!("fuzz/{target}"))?;
        let corpus =
            if keep { self.tree.built_aside("fuzz").join("corpus").join(target) } else { folder.join("corpus") };
        let log = folder.join("log");
        let mut command = self.tree.command(&self.programs.join(target).to_string_lossy());
        command
            .arg(format!("-max_total_time={}", each.as_secs()))
            .arg(format!("-timeout={HANG}"))
            .arg(format!("-artifact_prefix={}/", folder.display()))
            .args(["-print_final_stats=1", "-reload=0"])
            .arg(format!("-dict={}", self.words(target).display()))
            .args([&corpus, &self.tree.path(WORKSPACE).join("seeds").join(target)]);
        let output = std::fs::create_dir_all(&corpus).and_then(|()| File::create(&log)).map_err(|error| {
            Failure::new(format!("cannot write to {}: {error}", folder.display()), "Make room on the disk.")
        })?;
        let errors = output.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
        command.stdout(output).stderr(errors);
        let begun = Instant::now();
        let status = command.status().map_err(|error| step::not_started(&command, &error))?;
        let text = std::fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        Ok(Ran {
            target: target.to_owned(),
            runs: number_behind(&text, RUNS),
            coverage: number_behind(&text, " cov: "),
            took: begun.elapsed(),
            finding: (!status.success()).then(|| finding(&folder).unwrap_or(log)),
        })
    }

    /// The dictionary of a target: one of its own, or the words of HTTP.
    fn words(&self, target: &str) -> PathBuf {
        let dictionaries = self.tree.path(WORKSPACE).join("dictionaries");
        let own = dictionaries.join(target).with_extension("dict");
        if own.exists() { own } else { dictionaries.join("http.dict") }
    }
}

/// The last number in `text` that stands behind `mark`; zero where there is none.
fn number_behind(text: &str, mark: &str) -> u64 {
    let rest = text.rsplit(mark).next().filter(|rest| rest.len() < text.len()).unwrap_or_default();
    rest.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// The input that libFuzzer left behind when it stopped at one.
fn finding(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|file| file.path());
    files.into_iter().find(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        ["crash-", "timeout-", "oom-", "leak-"].iter().any(|kind| name.starts_with(kind))
    })
}

/// The compiler's own system, as it calls it.
fn host(tree: &Tree) -> Outcome<String> {
    let told = step::probe(tree.command("rustc").arg("-vV")).unwrap_or_default();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| {
        Failure::new("`rustc -vV` does not name its host", "Put the Rust compiler on the search path (PATH).")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_coverage_are_the_last_that_the_log_tells() {
        let log =
            "#2\tINITED cov: 3 ft: 4\n#9\tDONE   cov: 17 ft: 20 corp: 1/1b\nstat::number_of_executed_units: 912\n";
        assert_eq!(number_behind(log, RUNS), 912);
        assert_eq!(number_behind(log, " cov: "), 17);
        assert_eq!(number_behind("", RUNS), 0);
    }

    #[test]
    fn every_target_has_its_program_and_its_seeds() {
        let tree = Tree::find().unwrap();
        let workspace = tree.path(WORKSPACE);
        let manifest = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
        for target in targets(&tree).unwrap() {
            assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target} is not in Cargo.toml");
            assert!(workspace.join("seeds").join(&target).is_dir(), "{target} has no seeds");
        }
    }
}
