//! `tamis check`: what filter lists want of a request.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use tamis_control::{Checked, Checker, Question};

/// Arguments of `tamis check`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["url", "batch"])))]
pub(crate) struct Check {
    /// The address that is asked for.
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The page that asks for it. Without it, it is a page that somebody opens.
    #[arg(long, value_name = "URL", conflicts_with = "batch")]
    source: Option<String>,
    /// What it is for: main_frame, sub_frame, script, image, stylesheet, font, media, object, ping, websocket,
    /// xmlhttprequest, other. Without it, what the address lets on.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "batch")]
    kind: Option<String>,
    /// The method of the request.
    #[arg(long, value_name = "METHOD", conflicts_with = "batch")]
    method: Option<String>,
    /// A list in adblock syntax or a hosts file, plain or packed with gzip; give it as often as there are lists. Exactly these
    /// are asked then; without any, those that are chosen in Tamis. My rules are not among them.
    #[arg(long, value_name = "FILE")]
    list: Vec<PathBuf>,
    /// Requests, one on each line: {"id", "url", "source", "type"} in JSON. The answers come in the same order, one for each
    /// line that is not empty.
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
}

impl Check {
    pub(crate) fn run(self) -> Result<(), String> {
        let checker =
            if self.list.is_empty() { Checker::of_user(&crate::paths()?) } else { Checker::of_files(&self.list) };
        let checker = checker.map_err(|error| error.to_string())?;
        match (self.batch, self.url) {
            (Some(file), _) => batch(&checker, &file),
            (None, Some(url)) => {
                let Self { source, kind, method, .. } = self;
                one(&checker, &Question { url, source, kind, method, ..Question::default() })
            }
            (None, None) => Ok(()),
        }
    }
}

fn batch(checker: &Checker, file: &std::path::Path) -> Result<(), String> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let done = checker.ask_all(file, &mut out).map_err(|error| error.to_string())?;
    out.flush().map_err(|error| format!("writing the answers: {error}"))?;
    match done.faults {
        0 => Ok(()),
        1 => Err("one line could not be judged; its answer says why".into()),
        many => Err(format!("{many} lines could not be judged; their answers say why")),
    }
}

fn one(checker: &Checker, question: &Question) -> Result<(), String> {
    let checked = checker.ask(question).map_err(|why| why.to_string())?;
    // That nobody reads it is no fault.
    let _nobody_reads = std::io::stdout().write_all(in_words(&checked).as_bytes());
    Ok(())
}

fn in_words(checked: &Checked) -> String {
    let verdict = match checked.verdict {
        "allow" if checked.strict => "stopped, with a page from which you can go on",
        "allow" => "allowed",
        "block" => "blocked",
        _ => "allowed by an exception",
    };
    let mut text = format!("{verdict}\n");
    let lines = [
        ("rule", &checked.rule),
        ("list", &checked.list),
        ("answered with", &checked.stub),
        ("goes to", &checked.rewrite),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            let _never_fails = writeln!(text, "  {name}: {value}");
        }
    }
    text
}
