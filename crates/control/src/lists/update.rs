//! One list brought up to date: fetched, put together, looked at.

use std::time::Duration;

use tamis_proxy::{Fetch, Fetched, Fetcher};
use tokio::time::timeout;

use super::archive::{Kept, Version};
use super::check::check;
use super::header::{Header, is_whole};
use super::parts::{PARTS, Piece, beside, pieces};
use super::patch::PatchPath;
use super::text::{TEXT_LIMIT, decoded, digest, shown, too_large};
use super::wish::{From, List};
use crate::hands::aside;
use crate::store::{Store, read_list_file};

/// How many patches are applied one after the other.
const PATCHES: usize = 32;

/// How long all of it may take: the other lists wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// There is nothing newer.
    Same(Tags),
    /// There is a newer version, which may be activated.
    Newer { version: Version, text: String, tags: Tags },
    /// Nothing changes, and why, as a clause.
    Failed(String),
}

/// What a server says of a text, to be asked with the next time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

/// The longest tag that is kept, in bytes.
const TAG_LIMIT: usize = 1024;

/// What came from where a list is.
struct Came {
    text: String,
    has_parts: bool,
    tags: Tags,
}

/// One list while it is brought up to date.
#[derive(Clone)]
struct Update {
    list: List,
    kept: Kept,
    /// A person asks for it, so what is here already is no reason against it.
    anew: bool,
    /// In milliseconds since 1970.
    now: u64,
}

/// Brings a list up to date. `anew`: a person asks for it.
pub(crate) async fn update(fetcher: &Fetcher, store: Store, list: List, kept: Kept, anew: bool, now: u64) -> Outcome {
    let update = Update { list, kept, anew, now };
    let outcome = timeout(PATIENCE, update.outcome(fetcher, &store)).await;
    outcome.unwrap_or_else(|_| Outcome::Failed(format!("it took more than {} minutes", PATIENCE.as_secs() / 60)))
}

impl Update {
    async fn outcome(&self, fetcher: &Fetcher, store: &Store) -> Outcome {
        if let Some(outcome) = self.by_patches(fetcher, store).await {
            return outcome;
        }
        let came = match self.came(fetcher).await {
            Ok(Some(came)) => came,
            Ok(None) => return Outcome::Same(self.tags()),
            Err(why) => return Outcome::Failed(why),
        };
        self.looked_at(came).await.unwrap_or_else(Outcome::Failed)
    }

    /// What is known of the version that is here.
    fn tags(&self) -> Tags {
        Tags { etag: self.kept.etag.clone(), last_modified: self.kept.last_modified.clone() }
    }

    /// What patches make of the version that is here; none where the whole list has to be fetched.
    async fn by_patches(&self, fetcher: &Fetcher, store: &Store) -> Option<Outcome> {
        if self.anew {
            return None;
        }
        let outcome = match self.patched(fetcher, store).await {
            Ok(Some(text)) => self.looked_at(Came { text, has_parts: false, tags: Tags::default() }).await,
            Ok(None) if self.kept.waits_for_patches(self.now) => Ok(Outcome::Same(self.tags())),
            Ok(None) => return None,
            Err(why) => Err(why),
        };
        // What patches made of it is no good: the whole list may be.
        outcome
            .inspect_err(|why| tracing::info!(id = self.list.id, why, "the patches of a filter list are of no use"))
            .ok()
    }

    /// The newest version that patches lead to; none where there is none yet.
    ///
    /// # Errors
    /// When one does not fit, as a clause.
    async fn patched(&self, fetcher: &Fetcher, store: &Store) -> Result<Option<String>, String> {
        let (From::Web { url, may_be_plain }, Some(current)) = (&self.list.from, self.kept.current()) else {
            return Ok(None);
        };
        if current.has_parts || current.from != *url {
            return Ok(None);
        }
        let (store, digest) = (store.clone(), current.digest.clone());
        let here = aside(move || store.read_version(&digest)).await.map_err(|broken| broken.to_string())?;
        let mut text = here.map_err(|error| error.to_string())?;
        let mut paths = Vec::new();
        while let Some(path) = PatchPath::of(&text, url) {
            if paths.contains(&path) {
                return Err("its patches lead in a circle".into());
            }
            if paths.len() == PATCHES {
                break;
            }
            let what =
                Fetch { url: path.url.clone(), may_be_plain: *may_be_plain, limit: TEXT_LIMIT, ..Fetch::default() };
            // Where the next one is not made yet, there is nothing.
            let Ok(Some((patch, _))) = fetched(fetcher, &what).await else { break };
            let (of, before) = (path.clone(), text.clone());
            match aside(move || of.apply(&before, &patch)).await.map_err(|broken| broken.to_string())?? {
                Some(next) => text = next,
                None => break,
            }
            paths.push(path);
        }
        if paths.is_empty() {
            return Ok(None);
        }
        aside(move || whole_and_alone(text)).await.map_err(|broken| broken.to_string())?.map(Some)
    }

    /// The text with all that it includes; none where it has not changed.
    async fn came(&self, fetcher: &Fetcher) -> Result<Option<Came>, String> {
        let (url, may_be_plain) = match &self.list.from {
            From::Web { url, may_be_plain } => (url, *may_be_plain),
            From::File(path) => {
                let path = path.clone();
                let text = aside(move || whole(read_list_file(&path).map_err(|error| error.to_string())?)).await;
                let text = text.map_err(|broken| broken.to_string())??;
                return Ok(Some(Came { text, has_parts: false, tags: Tags::default() }));
            }
        };
        let is_asked_again = !self.anew && self.kept.current().is_some();
        let Tags { etag, last_modified } = if is_asked_again { self.tags() } else { Tags::default() };
        let what = Fetch { url: url.clone(), may_be_plain, etag, last_modified, limit: TEXT_LIMIT };
        let (text, tags) = match fetched(fetcher, &what).await? {
            None if is_asked_again => return Ok(None),
            None => return Err("the server says that nothing is new, and nothing is here".into()),
            Some(came) => came,
        };
        let pieces =
            aside(move || whole(text).map(|text| pieces(&text))).await.map_err(|broken| broken.to_string())??;
        let has_parts = pieces.len() > 1;
        let text = put_together(fetcher, pieces, &what).await?;
        // That the first part is the same says nothing of the others: next time it is asked for without conditions.
        let tags = if has_parts { Tags::default() } else { tags };
        Ok(Some(Came { text, has_parts, tags }))
    }

    /// Looks at what came, aside.
    ///
    /// # Errors
    /// Why it is not to be activated, as a clause.
    async fn looked_at(&self, came: Came) -> Result<Outcome, String> {
        let update = self.clone();
        aside(move || update.take(came)).await.unwrap_or_else(|broken| Err(broken.to_string()))
    }

    fn take(self, came: Came) -> Result<Outcome, String> {
        let Self { list, kept, anew, now } = self;
        let Came { text, has_parts, tags } = came;
        let (digest, from) = (digest(&text), list.address());
        let is_here = kept.current().is_some_and(|current| current.digest == digest && current.from == from);
        if is_here || (!anew && kept.left.as_ref() == Some(&digest)) {
            return Ok(Outcome::Same(tags));
        }
        let checked = check(&text, list.trusted, kept.current().map(|current| current.rules))?;
        let header = Header::of(&text);
        let version = Version {
            digest,
            at: now,
            title: header.title,
            version: header.version,
            expires: header.expires.as_secs(),
            patched_after: header.patched_after.map(|period| period.as_secs()).filter(|_| !has_parts),
            rules: checked.rules,
            from,
            has_parts,
        };
        Ok(Outcome::Newer { version, text, tags })
    }
}

async fn fetched(fetcher: &Fetcher, what: &Fetch) -> Result<Option<(String, Tags)>, String> {
    match fetcher.fetch(what).await.map_err(|error| error.to_string())? {
        Fetched::NotModified => Ok(None),
        Fetched::Body { bytes, etag, last_modified } => {
            let text = aside(move || decoded(bytes)).await.map_err(|broken| broken.to_string())??;
            let kept = |tag: Option<String>| tag.filter(|tag| tag.len() <= TAG_LIMIT);
            Ok(Some((text, Tags { etag: kept(etag), last_modified: kept(last_modified) })))
        }
    }
}

/// A text as it came from one file.
///
/// # Errors
/// When it is not as its own checksum says.
fn whole(text: String) -> Result<String, String> {
    if is_whole(&text) { Ok(text) } else { Err("it is not as its own checksum says".into()) }
}

/// What patches made of a text. What they make it include was never fetched.
fn whole_and_alone(text: String) -> Result<String, String> {
    let text = whole(text)?;
    if pieces(&text).len() > 1 { Err("it includes other files now".into()) } else { Ok(text) }
}

/// Puts the parts in the places where they are named. Parts have no parts, and each counts once.
async fn put_together(fetcher: &Fetcher, pieces: Vec<Piece>, what: &Fetch) -> Result<String, String> {
    let mut put = vec![what.url.clone()];
    let mut together = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => together.push_str(&text),
            Piece::Part(name) => {
                let fails = |why: &str| format!("its part {}: {why}", shown(&name));
                let url = beside(&what.url, &name).ok_or_else(|| fails("this is no address"))?;
                if put.contains(&url) {
                    continue;
                }
                if put.len() > PARTS {
                    return Err(format!("it is made of more than {PARTS} parts"));
                }
                put.push(url.clone());
                let part = Fetch { url, may_be_plain: what.may_be_plain, limit: TEXT_LIMIT, ..Fetch::default() };
                let came = fetched(fetcher, &part).await.map_err(|why| fails(&why))?;
                let (text, _) =
                    came.ok_or_else(|| fails("the server says that nothing is new, and nothing is here"))?;
                let text = aside(move || whole(text)).await.map_err(|broken| broken.to_string())?;
                together.push_str(&text.map_err(|why| fails(&why))?);
                together.push('\n');
            }
        }
        if together.len() > TEXT_LIMIT {
            return Err(too_large());
        }
    }
    Ok(together)
}
