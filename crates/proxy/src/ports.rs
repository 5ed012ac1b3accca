//! Sets of ports.

use std::fmt;
use std::num::ParseIntError;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A set of ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports {
    /// In the order in which they were given.
    ranges: Vec<RangeInclusive<u16>>,
    /// A bit for each port: every request asks.
    bits: Box<[u64]>,
}

/// Ports in one piece of [`Ports::bits`].
const PIECE: usize = u64::BITS as usize;

/// A range of ports as text: `443`, or `1024-65535`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRange(RangeInclusive<u16>);

/// The text is no range of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no port from 1 to 65535 and no range such as `1024-65535`")]
pub struct BadPort(String);

impl Ports {
    /// The set of these ports, neighbours as one range.
    pub fn of(ports: &[u16]) -> Self {
        let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
        for &port in ports {
            match ranges.last_mut() {
                Some(last) if last.end().checked_add(1) == Some(port) => *last = *last.start()..=port,
                _ => ranges.push(port..=port),
            }
        }
        Self::new(ranges)
    }

    fn new(ranges: Vec<RangeInclusive<u16>>) -> Self {
        let mut bits = vec![0; (usize::from(u16::MAX) + 1) / PIECE].into_boxed_slice();
        for port in ranges.iter().cloned().flatten().map(usize::from) {
            if let Some(piece) = bits.get_mut(port / PIECE) {
                *piece |= 1 << (port % PIECE);
            }
        }
        Self { ranges, bits }
    }

    /// The same set and these ports.
    pub fn and(mut self, range: RangeInclusive<u16>) -> Self {
        self.ranges.push(range);
        Self::new(self.ranges)
    }

    /// Whether `port` is in the set.
    pub fn contain(&self, port: u16) -> bool {
        let port = usize::from(port);
        self.bits.get(port / PIECE).is_some_and(|piece| piece >> (port % PIECE) & 1 == 1)
    }

    /// Each range as text, as [`PortRange`] reads it.
    pub fn texts(&self) -> Vec<String> {
        self.ranges
            .iter()
            .map(|range| match (range.start(), range.end()) {
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first}-{last}"),
            })
            .collect()
    }
}

impl FromIterator<PortRange> for Ports {
    fn from_iter<I: IntoIterator<Item = PortRange>>(ranges: I) -> Self {
        Self::new(ranges.into_iter().map(|PortRange(range)| range).collect())
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ranges.is_empty() { f.write_str("none") } else { f.write_str(&self.texts().join(", ")) }
    }
}

impl FromStr for PortRange {
    type Err = BadPort;

    fn from_str(text: &str) -> Result<Self, BadPort> {
        let bad = || BadPort(text.to_owned());
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = || Ok::<_, ParseIntError>(first.trim().parse()?..=last.trim().parse()?);
        let range = range().map_err(|_| bad())?;
        if range.is_empty() || range.contains(&0) { Err(bad()) } else { Ok(Self(range)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_as_it_is_written_and_nonsense_is_refused() {
        let ports: Ports = ["443", "1024-1030", " 22 "].iter().map(|text| text.parse::<PortRange>().unwrap()).collect();
        assert_eq!(ports.to_string(), "443, 1024-1030, 22");
        for (port, within) in [(22, true), (23, false), (443, true), (1024, true), (1030, true), (1031, false)] {
            assert_eq!(ports.contain(port), within, "{port}");
        }
        assert_eq!(Ports::of(&[22, 80, 81, 82]).and(90..=99).texts(), ["22", "80-82", "90-99"]);
        for text in ["", "0", "0-9", "65536", "9-8", "https", "1-2-3", "-5", "443,8443"] {
            text.parse::<PortRange>().unwrap_err();
        }
    }
}
