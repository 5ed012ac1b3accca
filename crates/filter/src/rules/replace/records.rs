//! What a rule records of its replacements.

use crate::Output;

/// How many of its replacements in one body a rule records.
const RECORDS: usize = 3;

/// The records of one rule in one body.
pub(super) struct Records {
    rule: String,
    replaced: usize,
}

impl Records {
    /// `rule` is what they show.
    pub(super) fn new(rule: String) -> Self {
        Self { rule, replaced: 0 }
    }

    /// One text has come in the place of another.
    pub(super) fn replaced(&mut self, before: &[u8], after: &[u8], out: &mut Output) {
        if self.replaced < RECORDS {
            self.replaced += 1;
            let [before, after] = [before, after].map(|text| Some(String::from_utf8_lossy(text).into_owned()));
            out.record(self.rule.clone(), "Text replaced", before, after);
        }
    }

    /// The rule does no more in this body.
    pub(super) fn stopped(&self, why: &str, out: &mut Output) {
        out.record(self.rule.clone(), format!("Rule stopped in the middle of this text: {why}"), None, None);
    }
}
