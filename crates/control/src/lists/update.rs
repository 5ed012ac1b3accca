//! One list brought up to date: fetched, looked at, put on the disk.

use sha2::{Digest, Sha256};
use tamis_proxy::{Fetch, Fetched, Fetcher};

use super::archive::{Kept, Version};
use super::check::check;
use super::header::Header;
use super::patch::PatchPath;
use super::text::{TEXT_LIMIT, decoded, too_large};
use super::wish::{From, List};
use crate::hands::aside;
use crate::store::{Store, read_list};

/// How many other files a list may be made of (`!#include`).
const PARTS: usize = 64;

/// How many patches are applied one after the other.
const PATCHES: usize = 32;

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// There is nothing newer.
    Same { etag: Option<String>, last_modified: Option<String> },
    /// A newer version is on the disk.
    Newer { version: Version, etag: Option<String>, last_modified: Option<String> },
    /// Nothing changes, and why, as a clause.
    Failed(String),
}

/// What came from where a list is.
struct Came {
    text: String,
    etag: Option<String>,
    last_modified: Option<String>,
}

/// Brings a list up to date. `anew`: a person asks for it, so what is here already is no reason against it.
pub(crate) async fn update(fetcher: &Fetcher, store: Store, list: List, kept: Kept, anew: bool, now: u64) -> Outcome {
    if !anew {
        match by_patches(fetcher, &store, &list, &kept).await {
            Ok(Some(text)) => {
                let (to_take, of, before) = (store.clone(), list.clone(), kept.clone());
                match aside(move || take(&to_take, &of, &before, &text, anew, now)).await {
                    Ok(Ok(Some(version))) => return Outcome::Newer { version, etag: None, last_modified: None },
                    // What patches made of it is no good: the whole list may be.
                    other => tracing::info!(id = list.id, ?other, "the patches of a filter list are of no use"),
                }
            }
            Ok(None) if kept.waits_for_patches(now) => {
                return Outcome::Same { etag: kept.etag, last_modified: kept.last_modified };
            }
            Ok(None) => {}
            Err(why) => tracing::info!(id = list.id, why, "a patch of a filter list is of no use"),
        }
    }
    let came = match came_from(fetcher, &list, &kept, anew).await {
        Ok(Some(came)) => came,
        Ok(None) => return Outcome::Same { etag: kept.etag, last_modified: kept.last_modified },
        Err(why) => return Outcome::Failed(why),
    };
    let Came { text, etag, last_modified } = came;
    let looked_at = aside(move || take(&store, &list, &kept, &text, anew, now)).await;
    match looked_at {
        Ok(Ok(Some(version))) => Outcome::Newer { version, etag, last_modified },
        Ok(Ok(None)) => Outcome::Same { etag, last_modified },
        Ok(Err(why)) => Outcome::Failed(why),
        Err(broken) => Outcome::Failed(broken.to_string()),
    }
}

/// The text with all that it includes; none where it has not changed.
async fn came_from(fetcher: &Fetcher, list: &List, kept: &Kept, anew: bool) -> Result<Option<Came>, String> {
    let (url, may_be_plain) = match &list.from {
        From::Web { url, may_be_plain } => (url, *may_be_plain),
        From::File(path) => {
            let path = path.clone();
            let text = aside(move || read_list(&path)).await.map_err(|broken| broken.to_string())?;
            let text = text.map_err(|error| error.to_string())?;
            return Ok(Some(Came { text, etag: None, last_modified: None }));
        }
    };
    let is_asked_again = !anew && kept.current().is_some();
    let condition = |value: &Option<String>| value.clone().filter(|_| is_asked_again);
    let what = Fetch {
        url: url.clone(),
        may_be_plain,
        etag: condition(&kept.etag),
        last_modified: condition(&kept.last_modified),
        limit: TEXT_LIMIT,
    };
    let (mut text, etag, last_modified) = match fetched(fetcher, &what).await? {
        None if is_asked_again => return Ok(None),
        None => return Err("the server says that nothing is new, and nothing is here".into()),
        Some(came) => came,
    };
    if !includes(&text) {
        return Ok(Some(Came { text, etag, last_modified }));
    }
    text = with_parts(fetcher, text, &what).await?;
    // That the first part is the same says nothing of the others: next time it is asked for without conditions.
    Ok(Some(Came { text, etag: None, last_modified: None }))
}

/// The newest version that patches lead to; none where there is none yet.
///
/// # Errors
/// When one does not fit, as a clause.
async fn by_patches(fetcher: &Fetcher, store: &Store, list: &List, kept: &Kept) -> Result<Option<String>, String> {
    let (From::Web { url, may_be_plain }, Some(current)) = (&list.from, kept.current()) else { return Ok(None) };
    let file = store.version(&current.digest);
    let here = aside(move || read_list(&file)).await.map_err(|broken| broken.to_string())?;
    let mut text = here.map_err(|error| error.to_string())?;
    let mut is_patched = false;
    for _ in 0..PATCHES {
        let Some(path) = PatchPath::of(&text, url) else { break };
        let what = Fetch { url: path.url.clone(), may_be_plain: *may_be_plain, limit: TEXT_LIMIT, ..Fetch::default() };
        // Where the next one is not made yet, there is nothing.
        let Ok(Some((patch, ..))) = fetched(fetcher, &what).await else { break };
        match path.apply(&text, &patch)? {
            Some(next) if next.len() <= TEXT_LIMIT && next != text => (text, is_patched) = (next, true),
            _ => break,
        }
    }
    Ok(is_patched.then_some(text))
}

async fn fetched(fetcher: &Fetcher, what: &Fetch) -> Result<Option<(String, Option<String>, Option<String>)>, String> {
    match fetcher.fetch(what).await.map_err(|error| error.to_string())? {
        Fetched::NotModified => Ok(None),
        Fetched::Body { bytes, etag, last_modified } => {
            let text = aside(move || decoded(bytes)).await.map_err(|broken| broken.to_string())??;
            Ok(Some((text, etag, last_modified)))
        }
    }
}

/// The name of another part of the list that stands in this line.
fn part(line: &str) -> Option<&str> {
    let name = line.strip_prefix("!#include")?.trim();
    // Beside the list, or below it: nothing of anybody else becomes a part of it (as uBlock Origin has it).
    let is_beside = !name.is_empty() && !name.contains("..") && !name.contains(':') && !name.starts_with('/');
    is_beside.then_some(name)
}

fn includes(text: &str) -> bool {
    text.lines().any(|line| part(line).is_some())
}

/// Puts the parts in the places where they are named. Parts have no parts.
async fn with_parts(fetcher: &Fetcher, text: String, what: &Fetch) -> Result<String, String> {
    let folder =
        what.url.split(['?', '#']).next().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
    let mut whole = String::with_capacity(text.len());
    let mut parts = 0;
    for line in text.split_inclusive('\n') {
        let Some(name) = part(line.trim_end()) else {
            whole.push_str(line);
            continue;
        };
        parts += 1;
        if parts > PARTS {
            return Err(format!("it is made of more than {PARTS} parts"));
        }
        let url = format!("{folder}/{name}");
        let part = Fetch { url, may_be_plain: what.may_be_plain, limit: TEXT_LIMIT, ..Fetch::default() };
        let came = fetched(fetcher, &part).await.map_err(|why| format!("its part {name}: {why}"))?;
        whole.push_str(&came.map(|(text, ..)| text).unwrap_or_default());
        whole.push('\n');
        if whole.len() > TEXT_LIMIT {
            return Err(too_large());
        }
    }
    Ok(whole)
}

/// Looks at a text, and puts it on the disk where it may be activated; none where it is the one of before.
fn take(store: &Store, list: &List, kept: &Kept, text: &str, anew: bool, now: u64) -> Result<Option<Version>, String> {
    let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let is_here = kept.current().is_some_and(|current| current.digest == digest);
    if is_here || (!anew && kept.left.as_ref() == Some(&digest)) {
        return Ok(None);
    }
    let checked = check(text, list.trusted, kept.current().map(|current| current.rules))?;
    store.save_list(&digest, text).map_err(|error| error.to_string())?;
    let header = Header::of(text);
    let expires = header.expires.as_secs();
    Ok(Some(Version {
        digest,
        at: now,
        title: header.title,
        version: header.version,
        expires,
        patched_after: header.patched_after.map(|period| period.as_secs()),
        rules: checked.rules,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_beside_a_list_becomes_a_part_of_it() {
        assert_eq!(part("!#include filters-2026.txt"), Some("filters-2026.txt"));
        assert_eq!(part("!#include more/a.txt"), Some("more/a.txt"));
        for line in
            ["!#include ", "!#include https://b.test/l", "!#include ../l", "!#include /l", "||a.test^", "! include a"]
        {
            assert_eq!(part(line), None, "{line}");
        }
    }
}
