//! The way out of a page that is rewritten, where what may have to be taken out can be held.

use super::reading::NESTED_LIMIT;

/// How much is held at most, in bytes: an element that is longer stays in the page.
pub(super) const HOLD_LIMIT: usize = 256 * 1024;

/// Names a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold(u64);

/// What was written and not taken yet, and behind it what is held.
#[derive(Debug, Default)]
pub(super) struct Gate {
    out: Vec<u8>,
    held: Vec<u8>,
    /// Where in `held` each begins, the outermost first.
    holds: Vec<(Hold, usize)>,
    given: u64,
}

impl Gate {
    /// What comes next in the page.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.holds.is_empty() {
            self.out.extend_from_slice(bytes);
            return;
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() > HOLD_LIMIT {
            self.release_all();
        }
    }

    /// Something of ours, which no hold concerns: it comes out before what is held.
    pub(super) fn insert(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// From here on the page is held; none where too many hold it already.
    pub(super) fn hold(&mut self) -> Option<Hold> {
        if self.holds.len() == NESTED_LIMIT {
            return None;
        }
        self.given += 1;
        let hold = Hold(self.given);
        self.holds.push((hold, self.held.len()));
        Some(hold)
    }

    /// The hold is over, and with it those that began later in the page; with `drop`, what was held since it began is gone. False
    /// where it was over already, for want of room.
    pub(super) fn end(&mut self, hold: Hold, drop: bool) -> bool {
        let Some(at) = self.holds.iter().rposition(|(open, _)| *open == hold) else { return false };
        let (_, start) = self.holds.remove(at);
        if drop {
            self.held.truncate(start);
        }
        // Another rule may hold the same element: it has a word of its own to say, unless that is gone.
        self.holds.retain(|(_, other)| *other < start || *other == start && !drop);
        if self.holds.is_empty() {
            self.release_all();
        }
        true
    }

    /// Holds nothing any more.
    pub(super) fn release_all(&mut self) {
        self.holds.clear();
        self.out.append(&mut self.held);
    }

    /// What may go on its way.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_within_what_is_kept_is_gone_and_nothing_else() {
        let mut gate = Gate::default();
        gate.write(b"a");
        let outer = gate.hold().unwrap();
        gate.write(b"b");
        let inner = gate.hold().unwrap();
        gate.write(b"c");
        let lost = gate.hold().unwrap();
        gate.insert("!");
        assert!(gate.end(inner, true));
        assert!(!gate.end(lost, true));
        gate.write(b"d");
        assert_eq!(gate.take(), b"a!");
        assert!(gate.end(outer, false));
        assert_eq!(gate.take(), b"bd");
    }

    #[test]
    fn what_is_too_much_to_hold_stays() {
        let mut gate = Gate::default();
        let hold = gate.hold().unwrap();
        gate.write(&vec![b'x'; HOLD_LIMIT]);
        assert!(gate.take().is_empty());
        gate.write(b"y");
        assert!(!gate.end(hold, true));
        assert_eq!(gate.take().len(), HOLD_LIMIT + 1);
    }
}
