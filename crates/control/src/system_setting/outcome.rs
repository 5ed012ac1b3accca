//! What comes of what is done with the setting: done, done in part, or why not.

use tamis_platform::FormerProxy;

use crate::store::StoreError;

/// Why the system could not be pointed here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PointError {
    #[error("no setting that Tamis knows")]
    Unsupported,
    #[error("another Tamis of this user looks after it")]
    Claimed,
    #[error("first putting back what an earlier Tamis changed: {0}")]
    Leftover(RestoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No place took it. All are as before.
    #[error("{}", told(.0))]
    Refused(Vec<tamis_platform::Error>),
    /// No place took it, and what was changed could not be put back.
    #[error("{}; then, putting it back: {restore}", told(.refused))]
    HalfDone { refused: Vec<tamis_platform::Error>, restore: RestoreError },
}

/// Why the system's proxy setting could not be put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Our journal says what to put back, but this system offers no way to do it.
    #[error("a note says that Tamis changed it, but the settings system it was changed in cannot be found")]
    Unsupported,
    /// Another user's Tamis has changed another user's setting, although the journal is found here: `HOME` is theirs.
    #[error("the note was made by a Tamis of another user; run `tamis restore` as that user")]
    OfAnotherUser,
    /// The journal could not be read or removed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused.
    #[error(transparent)]
    System(#[from] tamis_platform::Error),
    /// Several places could not be put back.
    #[error("{}", told(.0))]
    Several(Vec<RestoreError>),
}

impl RestoreError {
    pub(super) fn all(mut failures: Vec<Self>) -> Self {
        match failures.pop() {
            Some(only) if failures.is_empty() => only,
            last => Self::Several(failures.into_iter().chain(last).collect()),
        }
    }
}

fn told(errors: &[impl ToString]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What became of an attempt to put the system's proxy setting back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restoration {
    /// There is no journal: nothing of ours is set.
    NothingToDo,
    /// Done.
    Done {
        /// Keys that hold their value from before again.
        put_back: Vec<String>,
        /// Keys that somebody else had changed and that were left alone.
        kept: Vec<String>,
    },
}

/// What taking note has told.
#[derive(Debug)]
pub(crate) struct Noted {
    /// How traffic went before: as the first place says that can be pointed here.
    pub(crate) former: Option<FormerProxy>,
    /// Places that will not be pointed here, and why.
    pub(crate) refused: Vec<tamis_platform::Error>,
}

/// What pointing the system here has come to.
#[derive(Debug, Default)]
pub(crate) struct Pointed {
    /// Places that were not pointed here, and why.
    pub(crate) refused: Vec<tamis_platform::Error>,
    /// What could not be set up for the case that Tamis is killed, and why.
    pub(crate) unguarded: Vec<String>,
}

/// What a look at the setting in force has shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is as we set it, or is not ours to look after.
    AsSet,
    /// It is, but connections that have appeared since could not be pointed here, and why.
    Incomplete(Vec<String>),
    /// Somebody has changed it, so we let go of it; keys that are not as before us either.
    LetGo(Vec<String>),
}
