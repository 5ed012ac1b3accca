//! What a decision costs, with real lists and over real requests: `cargo bench -p tamis-filter --bench decisions`.
//!
//! Behind `--`: `--requests FILE` (JSON lines with `url`, `source` and `type`) and the files of lists, plain or packed with
//! gzip, judged one set after the other: the first two lists, the first three, and so on. Without them it takes what lies
//! beside the project, and says so where nothing does. With `--check` it fails where a decision takes too long.

#![expect(clippy::disallowed_types, reason = "what is measured reads files, filters do not")]

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http::Method;
use serde_json::Value;
use tamis_filter::Destination;
use tamis_filter::rules::{Context, Engine, Source};

/// A decision may take so long at the 99th percentile.
const LIMIT: Duration = Duration::from_micros(25);

/// Every request is judged so often, all others between; the quickest counts, which nothing else on the machine got into.
const ROUNDS: usize = 3;

/// What lies beside the project, most asked for first.
const BESIDE: [&str; 5] = [
    "easylist.txt.gz",
    "easyprivacy.txt.gz",
    "ublock-preprocessed.txt.gz",
    "adguard-trackparam.txt.gz",
    "removeparam-legit-url-shortener.txt.gz",
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("decisions: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let (mut check, mut requests, mut lists) = (false, None, Vec::new());
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--check" => check = true,
            "--requests" => requests = arguments.next().map(PathBuf::from),
            _ => lists.push(PathBuf::from(argument)),
        }
    }
    if requests.is_none() {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        if !beside.exists() {
            println!("skipped: no requests are named, and none lie beside this clone");
            return Ok(true);
        }
        requests = Some(beside.join("requests-dev.jsonl.gz"));
        lists = BESIDE.iter().map(|name| beside.join(name)).collect();
    }
    let requests = requests_in(&requests.unwrap_or_default())?;
    let texts = lists.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    println!("{} requests, each told in µs of one processor", requests.len());
    println!("{:>5} {:>8} {:>6} {:>6} {:>6} {:>6} {:>6}", "lists", "rules", "mean", "50", "95", "99", "most");
    let mut good = true;
    for count in 2.min(texts.len())..=texts.len() {
        good &= judge(texts.get(..count).unwrap_or_default(), &requests) || !check;
    }
    Ok(good)
}

/// Judges all requests by some lists and says what that takes; whether it is short enough.
fn judge(texts: &[String], requests: &[Asked]) -> bool {
    let sources: Vec<_> = texts.iter().map(|text| Source { list: "list", text, trusted: true }).collect();
    let built = Engine::build(&sources);
    let rules: usize = built.reports.iter().map(|report| report.network + report.cosmetic + report.scriptlets).sum();
    let mut times = vec![Duration::MAX; requests.len()];
    for _ in 0..ROUNDS {
        for (asked, quickest) in requests.iter().zip(&mut times) {
            let begin = processor_time();
            if let Some(context) = asked.context() {
                std::hint::black_box(built.engine.judge(&context));
            }
            *quickest = (*quickest).min(processor_time().saturating_sub(begin));
        }
    }
    let mean = times.iter().sum::<Duration>() / u32::try_from(times.len().max(1)).unwrap_or(u32::MAX);
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let shown = [mean, at(50), at(95), at(99), times.last().copied().unwrap_or_default()];
    let shown: Vec<_> = shown.iter().map(|time| format!("{:6.1}", time.as_secs_f64() * 1e6)).collect();
    println!("{:>5} {rules:>8} {}", texts.len(), shown.join(" "));
    at(99) <= LIMIT
}

/// One request of the file.
struct Asked {
    url: String,
    source: Option<String>,
    destination: Destination,
}

impl Asked {
    fn context(&self) -> Option<Context> {
        Context::named(&self.url, self.source.as_deref(), self.destination, Method::GET)
    }
}

fn requests_in(path: &Path) -> Result<Vec<Asked>, Box<dyn Error>> {
    let mut requests = Vec::new();
    for line in text(path)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let said = |name: &str| line.get(name).and_then(Value::as_str);
        let destination = match said("type").unwrap_or_default() {
            "main_frame" => Destination::Page,
            "sub_frame" => Destination::Frame,
            "image" => Destination::Image,
            "script" => Destination::Script,
            "stylesheet" => Destination::Style,
            "font" => Destination::Font,
            "media" => Destination::Media,
            "xmlhttprequest" => Destination::Fetch,
            "object" => Destination::Object,
            "ping" => Destination::Ping,
            "websocket" => Destination::WebSocket,
            _ => Destination::Other,
        };
        let url = said("url").unwrap_or_default().to_owned();
        requests.push(Asked { url, source: said("source").map(str::to_owned), destination });
    }
    Ok(requests)
}

fn text(path: &Path) -> Result<String, Box<dyn Error>> {
    let read = |file: &mut dyn Read| {
        let mut text = String::new();
        file.read_to_string(&mut text).map(|_| text)
    };
    let mut file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if packed { read(&mut MultiGzDecoder::new(file))? } else { read(&mut file)? })
}

/// What this thread has had of a processor: others at work on the machine count for nothing.
#[cfg(unix)]
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or_default(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Where it cannot be asked for: the time that passes.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    static BEGIN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGIN.elapsed()
}
