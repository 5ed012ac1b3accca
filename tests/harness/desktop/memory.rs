//! What a program and its children occupy, as Linux counts it.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::DEADLINE;

/// After so long without getting less it is taken to have settled.
const SETTLED: Duration = Duration::from_secs(1);

/// How often it is read meanwhile.
const SAMPLE: Duration = Duration::from_millis(50);

/// Bytes. A page that several processes share counts in part for each (proc(5), "smaps_rollup", `Pss`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub whole: u64,
    /// Without pages of files, such as the programs' own: what those count for changes with who else has them open.
    pub without_files: u64,
}

impl Memory {
    /// The least that is seen until it has been that for a while.
    pub(super) fn settled(program: u32) -> Self {
        let end = Instant::now() + DEADLINE;
        let (mut least, mut since) = (Self::of_family(program), Instant::now());
        while since.elapsed() < SETTLED && Instant::now() < end {
            thread::sleep(SAMPLE);
            let now = Self::of_family(program);
            if now.without_files < least.without_files {
                (least, since) = (now, Instant::now());
            }
        }
        least
    }

    fn of_family(program: u32) -> Self {
        let rollups = family(program).into_iter();
        // One that has just ended occupies nothing.
        let rollups = rollups.filter_map(|id| fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok());
        rollups.fold(Self { whole: 0, without_files: 0 }, |sum, rollup| {
            let bytes = |key: &str| {
                let line = rollup.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
                line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
            };
            let without_files = sum.without_files + bytes("Pss_Anon:") + bytes("Pss_Shmem:");
            Self { whole: sum.whole + bytes("Pss:"), without_files }
        })
    }
}

/// The program and all that it has started.
fn family(program: u32) -> Vec<u32> {
    let processes = processes();
    let mut members = vec![program];
    let mut next = 0;
    while let Some(&parent) = members.get(next) {
        members.extend(processes.iter().filter(|process| process.parent == parent).map(|process| process.id));
        next += 1;
    }
    members
}

/// A process.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) id: u32,
    pub(super) parent: u32,
    /// Its name, cut off at 15 bytes.
    pub(super) name: String,
}

/// All there are.
pub(super) fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| read_stat(&fs::read_to_string(entry.path().join("stat")).ok()?)).collect()
}

/// proc(5): "ID (NAME) STATE PARENT ...", and a name may hold anything.
fn read_stat(stat: &str) -> Option<Process> {
    let (front, back) = stat.rsplit_once(") ")?;
    let (id, name) = front.split_once(" (")?;
    Some(Process { id: id.parse().ok()?, parent: back.split(' ').nth(1)?.parse().ok()?, name: name.to_owned() })
}
