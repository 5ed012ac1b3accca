//! Resident memory of a process and its descendants, as the Linux kernel counts it.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::step::{Failure, Outcome};

/// How long RssAnon must stay the same until a program counts as settled.
const SETTLED: Duration = Duration::from_secs(2);
/// How long to wait for that.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is read meanwhile.
const SAMPLE: Duration = Duration::from_millis(100);

/// One process, in bytes.
#[derive(Clone, Default)]
pub struct Usage {
    pub name: String,
    pub rss: u64,
    pub rss_anon: u64,
    pub rss_file: u64,
}

/// Waits until the anonymous memory of `process` and its descendants stands still, then reads it: the process first.
pub fn settled(process: u32) -> Outcome<Vec<Usage>> {
    let deadline = Instant::now() + PATIENCE;
    let (mut last, mut since) = (None, Instant::now());
    loop {
        let usage = family(process)?;
        let anonymous: u64 = usage.iter().map(|one| one.rss_anon).sum();
        if last != Some(anonymous) {
            (last, since) = (Some(anonymous), Instant::now());
        } else if since.elapsed() >= SETTLED {
            return Ok(usage);
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(
                format!("memory of process {process} did not stand still for 2 s within {} s", PATIENCE.as_secs()),
                "Measure on a machine at rest; if it persists, the program allocates while idle, which is a fault.",
            ));
        }
        std::thread::sleep(SAMPLE);
    }
}

/// The process and all its descendants.
fn family(process: u32) -> Outcome<Vec<Usage>> {
    let parents = parents();
    let mut members = vec![process];
    let mut next = 0;
    while let Some(&parent) = members.get(next) {
        members.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(child, _)| *child));
        next += 1;
    }
    let own = usage(process).ok_or_else(|| {
        Failure::new(format!("cannot read /proc/{process}/status"), "The program has ended, or this is not Linux.")
    })?;
    // A child may end between the two looks; then it uses nothing.
    Ok(std::iter::once(own).chain(members.into_iter().skip(1).filter_map(usage)).collect())
}

/// Every process with its parent.
fn parents() -> BTreeMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name, in parentheses, may hold anything; behind it come the state and the parent.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((process, parent))
        })
        .collect()
}

fn usage(process: u32) -> Option<Usage> {
    parse(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn parse(status: &str) -> Option<Usage> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    // The kernel says kB and means 1024 bytes.
    let bytes = |name: &str| Some(field(name)?.strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024);
    Some(Usage {
        name: field("Name")?.to_owned(),
        rss: bytes("VmRSS")?,
        rss_anon: bytes("RssAnon")?,
        rss_file: bytes("RssFile")?,
    })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_numbers_are_read_as_bytes() {
        let status =
            "Name:\ttamis\nVmRSS:\t    9000 kB\nRssAnon:\t    1000 kB\nRssFile:\t    8000 kB\nRssShmem:\t 0 kB\n";
        let usage = parse(status).unwrap();
        assert_eq!((usage.name.as_str(), usage.rss, usage.rss_anon), ("tamis", 9_216_000, 1_024_000));
        assert!(parse("Name:\tkthread\n").is_none());
    }

    #[test]
    fn children_are_counted_in() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let names = loop {
            let names: Vec<String> = family(child.id()).unwrap().into_iter().map(|one| one.name).collect();
            if names.contains(&"sleep".to_owned()) || Instant::now() > deadline {
                break names;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let grandchild = parents().into_iter().find(|(_, of)| *of == child.id()).map(|(process, _)| process);
        child.kill().unwrap();
        child.wait().unwrap();
        crate::signals::ask_to_quit(grandchild.unwrap()).unwrap();
        assert_eq!(names, ["sh", "sleep"]);
    }
}
