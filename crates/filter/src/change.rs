//! What a filter did, as a record a person can read: who, by which rule, what, and the text before and after.

use std::borrow::Cow;

/// The longest `before` or `after` text kept, in bytes; longer ones are cut and end in an ellipsis.
pub const CHANGE_TEXT_LIMIT: usize = 1024;

/// How many changes one exchange may record. Further ones still happen; only their records are dropped.
pub const CHANGES_PER_EXCHANGE: usize = 64;

/// The part of the message that an edit touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The request target.
    Target,
    /// A field of the request or response head.
    Field,
    /// The content.
    Body,
    /// The whole answer: the origin was not asked.
    Answer,
}

/// One edit that a profile made to an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Id of the profile that made the edit.
    pub profile: &'static str,
    /// The rule within the profile, in its own words, for instance `query parameter gclid`.
    pub rule: Cow<'static, str>,
    /// The part of the message that was touched.
    pub part: Part,
    /// What happened, as a short sentence for a person.
    pub what: Cow<'static, str>,
    /// The text before the edit, cut to [`CHANGE_TEXT_LIMIT`].
    pub before: Option<String>,
    /// The text after the edit, cut to [`CHANGE_TEXT_LIMIT`].
    pub after: Option<String>,
}

/// The changes that one exchange gathers, each signed with the profile at work.
#[derive(Debug, Default)]
pub struct Changes {
    profile: &'static str,
    list: Vec<Change>,
}

impl Changes {
    /// An empty list whose changes will be signed by `profile`.
    pub fn signed_by(profile: &'static str) -> Self {
        Self { profile, ..Self::default() }
    }

    /// Records one edit. `before` and `after` are cut to [`CHANGE_TEXT_LIMIT`].
    pub fn add(
        &mut self,
        part: Part,
        rule: impl Into<Cow<'static, str>>,
        what: impl Into<Cow<'static, str>>,
        before: Option<String>,
        after: Option<String>,
    ) {
        if self.list.len() == CHANGES_PER_EXCHANGE {
            return;
        }
        self.list.push(Change {
            profile: self.profile,
            rule: rule.into(),
            part,
            what: what.into(),
            before: before.map(cut),
            after: after.map(cut),
        });
    }

    /// From here on, changes are signed by `profile`.
    pub(crate) fn sign(&mut self, profile: &'static str) {
        self.profile = profile;
    }

    /// Takes over the changes of `other`, as far as there is room.
    pub fn append(&mut self, other: Changes) {
        let room = CHANGES_PER_EXCHANGE - self.list.len();
        self.list.extend(other.list.into_iter().take(room));
    }

    /// The changes so far, taken out; the signature stays.
    pub(crate) fn take(&mut self) -> Changes {
        let profile = self.profile;
        std::mem::replace(self, Self::signed_by(profile))
    }

    /// The changes so far, oldest first.
    pub fn list(&self) -> &[Change] {
        &self.list
    }

    /// The changes, oldest first.
    pub fn into_list(self) -> Vec<Change> {
        self.list
    }

    /// True when nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

fn cut(mut text: String) -> String {
    if text.len() > CHANGE_TEXT_LIMIT {
        let end = (0..=CHANGE_TEXT_LIMIT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let mut changes = Changes::signed_by("p");
        changes.add(Part::Target, "r", "w", Some("é".repeat(CHANGE_TEXT_LIMIT)), None);
        let before = changes.list()[0].before.as_deref().unwrap();
        assert!(before.len() <= CHANGE_TEXT_LIMIT + '…'.len_utf8());
        assert!(before.ends_with("é…"));
    }

    #[test]
    fn changes_beyond_the_limit_are_not_kept() {
        let mut changes = Changes::signed_by("p");
        for _ in 0..CHANGES_PER_EXCHANGE + 3 {
            changes.add(Part::Target, "r", "w", None, None);
        }
        let mut all = Changes::default();
        all.append(changes);
        all.add(Part::Target, "r", "w", None, None);
        assert_eq!(all.list().len(), CHANGES_PER_EXCHANGE);
    }
}
