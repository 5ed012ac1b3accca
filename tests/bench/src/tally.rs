//! What a run of the load generator counts.

use std::fmt;
use std::time::Duration;

/// Counts and times of the exchanges that count.
#[derive(Debug, Default)]
pub struct Tally {
    /// From the beginning of each exchange to its end; a new connection or tunnel belongs to the exchange it was
    /// opened for.
    whole: Vec<Duration>,
    /// From the same beginning to the first byte of the body.
    first_byte: Vec<Duration>,
    /// What exchanges took of a client that was there beside those that are counted.
    beside: Vec<Duration>,
    /// Bytes of bodies, as they came in.
    pub bytes: u64,
    /// Exchanges that failed.
    errors: u64,
    first_error: Option<String>,
    /// Connections that were opened again because the proxy had closed them while they were idle.
    pub reopened: u64,
}

impl Tally {
    /// Counts an exchange.
    pub fn add(&mut self, whole: Duration, first_byte: Duration) {
        self.whole.push(whole);
        self.first_byte.push(first_byte);
    }

    /// Notes what an exchange took of a client beside those that are counted.
    pub fn add_beside(&mut self, whole: Duration) {
        self.beside.push(whole);
    }

    /// Counts a failure, and keeps what the first one was.
    pub fn failed(&mut self, error: &std::io::Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| error.to_string());
    }

    /// How many were counted.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.whole.len()
    }

    /// The whole tally, for one line that `xtask` reads.
    pub fn report(mut self, seconds: Duration, cpu: Duration) -> impl fmt::Display {
        self.whole.sort_unstable();
        self.first_byte.sort_unstable();
        self.beside.sort_unstable();
        format!(
            "requests={} bytes={} errors={} reopened={} seconds={} cpu_ns={} p50_ns={} p99_ns={} first_byte_ns={} beside_ns={} first_error={}",
            self.requests(),
            self.bytes,
            self.errors,
            self.reopened,
            seconds.as_secs_f64(),
            cpu.as_nanos(),
            at(&self.whole, 50).as_nanos(),
            at(&self.whole, 99).as_nanos(),
            at(&self.first_byte, 50).as_nanos(),
            at(&self.beside, 95).as_nanos(),
            self.first_error.unwrap_or_default()
        )
    }
}

/// The value that `percent` of the sorted ones do not exceed.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let millis = |range: std::ops::RangeInclusive<u64>| range.map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!(at(&millis(1..=100), 50), Duration::from_millis(50));
        assert_eq!(at(&millis(1..=100), 99), Duration::from_millis(99));
        assert_eq!(at(&millis(1..=3), 50), Duration::from_millis(2));
        assert_eq!(at(&[], 50), Duration::ZERO);
    }
}
