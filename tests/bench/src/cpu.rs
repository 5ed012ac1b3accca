//! CPU time of a process and its descendants, as the Linux kernel counts it.

use std::fs;
use std::time::Duration;

/// The processes whose time is added up: one and its descendants at the moment of the look.
#[derive(Debug)]
pub struct Tree {
    processes: Vec<u32>,
}

impl Tree {
    /// Looks the descendants of `process` up.
    #[must_use]
    pub fn of(process: u32) -> Self {
        let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let process = entry.file_name().to_str()?.parse().ok()?;
                Some((process, parent(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
            })
            .collect();
        let mut processes = vec![process];
        let mut next = 0;
        while let Some(&known) = processes.get(next) {
            processes.extend(parents.iter().filter(|(_, parent)| *parent == known).map(|(child, _)| *child));
            next += 1;
        }
        Self { processes }
    }

    /// What they have used since their start.
    #[must_use]
    pub fn used(&self) -> Used {
        let mut used = Used::default();
        for process in &self.processes {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            used.by_ticks += ticks(&stat).unwrap_or(0);
            for thread in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
                let schedstat = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
                used.by_threads += nanoseconds(&schedstat).unwrap_or(0);
            }
        }
        used
    }
}

/// CPU time in both of the kernel's books.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// Clock ticks (10 ms) of the processes, threads that have ended included.
    by_ticks: u64,
    /// Nanoseconds of those threads that live.
    by_threads: u64,
}

impl Used {
    /// The time between an earlier look and this one: to the nanosecond, unless so much is missing that threads must
    /// have ended in between; then to the tick.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        self.with_tick_length(earlier, 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
    }

    fn with_tick_length(&self, earlier: &Self, tick: u64) -> Duration {
        let coarse = self.by_ticks.saturating_sub(earlier.by_ticks) * tick;
        let fine = self.by_threads.saturating_sub(earlier.by_threads);
        // User and system time are cut off to whole ticks on their own, so the books differ by up to two.
        Duration::from_nanos(if coarse > fine + 2 * tick { coarse } else { fine })
    }
}

/// The fields of a `stat` file behind the name, which stands in parentheses and may hold anything.
fn behind_the_name(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace())
}

fn parent(stat: &str) -> Option<u32> {
    behind_the_name(stat)?.nth(1)?.parse().ok()
}

/// User and system time together.
fn ticks(stat: &str) -> Option<u64> {
    let mut times = behind_the_name(stat)?.skip(11);
    let (user, system): (u64, u64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    Some(user + system)
}

/// Time on a CPU, the first of three numbers.
fn nanoseconds(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: u64 = 10_000_000;

    #[test]
    fn the_kernels_numbers_are_read() {
        let stat = "7 (a ) b) S 3 7 7 0 -1 4194560 1 2 3 4 578 120 8 9 20 0 13 0 25 51970048 4784";
        assert_eq!((parent(stat), ticks(stat)), (Some(3), Some(698)));
        assert_eq!(nanoseconds("194670408 14380880 671\n"), Some(194_670_408));
        assert_eq!((ticks("nonsense"), nanoseconds("")), (None, None));
    }

    #[test]
    fn the_fine_book_counts_until_threads_have_ended() {
        let before = Used { by_ticks: 100, by_threads: 1_000_000_000 };
        let after = Used { by_ticks: 102, by_threads: 1_012_345_678 };
        assert_eq!(after.with_tick_length(&before, TICK), Duration::from_nanos(12_345_678));
        let threads_gone = Used { by_ticks: 150, by_threads: 900_000_000 };
        assert_eq!(threads_gone.with_tick_length(&before, TICK), Duration::from_millis(500));
    }

    #[test]
    fn a_process_that_works_is_seen_to_work() {
        let tree = Tree::of(std::process::id());
        let before = tree.used();
        while tree.used().since(&before) < Duration::from_millis(5) {}
    }
}
