//! Chance that can be repeated: for chunk borders, and for content nobody thought of.

use bytes::Bytes;

/// A small generator (xorshift, 64 bits). The same seed gives the same throws.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice for one test; `seed` must not be 0.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }

    /// Words that a compressor can work with, and some noise that it cannot.
    pub fn text(&mut self, length: usize) -> Vec<u8> {
        let words = [b"<p class=note>".as_slice(), b"Tamis ", b"sieves ", b"what flows ", b"</p>\n", b"0123456789"];
        let mut text = Vec::with_capacity(length + 16);
        while text.len() < length {
            match self.below(8) {
                0 => text.extend((0..self.below(64)).map(|_| self.below(256) as u8).collect::<Vec<_>>()),
                word => text.extend_from_slice(words[word % words.len()]),
            }
        }
        text.truncate(length);
        text
    }

    /// `whole` cut at random places: now byte by byte, now in large pieces.
    pub fn cut(&mut self, whole: &[u8]) -> Vec<Bytes> {
        let longest = [1, 2, 7, 100, 5_000, whole.len().max(1)][self.below(6)];
        let mut rest = Bytes::copy_from_slice(whole);
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let length = 1 + self.below(longest.min(rest.len()));
            pieces.push(rest.split_to(length.min(rest.len())));
        }
        pieces
    }
}
