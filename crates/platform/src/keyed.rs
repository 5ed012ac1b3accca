//! Note, change, put back: the rules every settings system with named keys shares, whatever holds the keys.
//!
//! Keys that belong together make a group: the address of the PAC file, and the mode that makes it count. They are
//! changed in that order and put back in the other, so that at no moment the mode points at an address that is not
//! there. A system that has a setting for each network connection has a group for each.

use crate::{Error, KeyNote, Note, PAC_PATH, Restored, Server, loopback};

/// A settings system with named keys; values are text in its own form. A key's name is that of its group, a space, and a
/// word: `org.gnome.system.proxy mode`.
pub(crate) trait Store {
    /// The name written into a [`Note`].
    const BACKEND: &'static str;
    /// Where the setting lives, in words the user knows.
    const PLACE: &'static str;

    /// What points the system at `pac_url`: the keys in the order of changing, each with its value then. Nothing is
    /// changed yet.
    fn plan(&self, pac_url: &str) -> Result<Vec<Wanted>, Error>;
    /// Whether a key of this name can stand in a plan.
    fn owns(key: &str) -> bool;
    /// What a mode is where `ours` stood in it for the sake of an address of ours alone; none for not set.
    fn off(_ours: &str) -> Option<String> {
        None
    }

    /// Whether there (still) is what the group is the setting of: a connection may go.
    fn is_there(&self, _group: &str) -> Result<bool, Error> {
        Ok(true)
    }

    /// Takes out of the keys of one group, the mode last, what leads to `dead_ends` alone.
    fn forget_dead_ends(&self, group: &mut [KeyNote], dead_ends: &DeadEnds<'_>) -> Result<(), Error>;

    /// Whether this user may change the key.
    fn is_writable(&self, key: &str) -> Result<bool, Error>;
    /// What the user (or a program for him) has set; none where the key stands at its default. Always read afresh.
    fn user_value(&self, key: &str) -> Result<Option<String>, Error>;
    /// Sets the key, and returns when the value is where everybody reads it (or was lost on the way).
    fn set(&self, key: &str, text: &str) -> Result<(), Error>;
    /// Takes the user's value away, and returns when that is so for everybody.
    fn reset(&self, key: &str) -> Result<(), Error>;
}

/// A key, and what it is to hold.
pub(crate) struct Wanted {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Wanted {
    pub(crate) fn new(key: &str, value: String) -> Self {
        Self { key: key.to_owned(), value }
    }
}

pub(crate) fn prepare<S: Store>(store: &S, pac_url: &str) -> Result<Note, Error> {
    if !is_our_address(pac_url) {
        return Err(Error::NotOurAddress(pac_url.to_owned()));
    }
    let keys = taken_note_of(store, pac_url, store.plan(pac_url)?)?;
    Ok(Note { backend: S::BACKEND.to_owned(), keys, file: None })
}

/// Of the groups that are not in `note`.
pub(crate) fn newcomers<S: Store>(store: &S, note: &Note) -> Result<Option<Note>, Error> {
    check_is_for::<S>(note)?;
    let Some(pac_url) = note.keys.iter().map(|key| unquoted(&key.ours)).find(|text| is_our_address(text)) else {
        return Ok(None);
    };
    let mut wanted = store.plan(pac_url)?;
    wanted.retain(|new| !note.keys.iter().any(|known| group(&known.key) == group(&new.key)));
    if wanted.is_empty() {
        return Ok(None);
    }
    let keys = taken_note_of(store, pac_url, wanted)?;
    Ok(Some(Note { backend: S::BACKEND.to_owned(), keys, file: None }))
}

fn taken_note_of<S: Store>(store: &S, pac_url: &str, wanted: Vec<Wanted>) -> Result<Vec<KeyNote>, Error> {
    let mut keys = Vec::new();
    for Wanted { key, value } in wanted {
        if !store.is_writable(&key)? {
            return Err(Error::Locked { place: S::PLACE, key });
        }
        let before = store.user_value(&key)?;
        keys.push(KeyNote { key, before, ours: value });
    }
    forget_leftovers::<S>(&mut keys);
    forget_dead_ends(store, &mut keys, pac_url)?;
    Ok(keys)
}

/// An address of an earlier run is not the user's wish, and neither is the mode that pointed at it.
fn forget_leftovers<S: Store>(keys: &mut [KeyNote]) {
    for keys in keys.chunk_by_mut(|one, next| group(&one.key) == group(&next.key)) {
        let leftover = |key: &KeyNote| key.before.as_deref().is_some_and(is_our_value);
        if !keys.iter().any(leftover) {
            continue;
        }
        for key in keys {
            if leftover(key) {
                key.before = None;
            } else if key.before.as_ref() == Some(&key.ours) {
                key.before = S::off(&key.ours);
            }
        }
    }
}

/// A mode that leads to a proxy of this computer which is ourselves, or where nobody listens, is nobody's wish either.
fn forget_dead_ends<S: Store>(store: &S, keys: &mut [KeyNote], pac_url: &str) -> Result<(), Error> {
    let dead_ends = DeadEnds { own: host_and_port(pac_url) };
    for keys in keys.chunk_by_mut(|one, next| group(&one.key) == group(&next.key)) {
        let before = keys.last().and_then(|mode| mode.before.clone());
        store.forget_dead_ends(keys, &dead_ends)?;
        if keys.last().is_some_and(|mode| mode.before != before) {
            tracing::info!(before, "the setting led to a proxy of this computer that nobody serves");
        }
    }
    Ok(())
}

/// Knows the ways on this computer that lead to ourselves or to nobody.
pub(crate) struct DeadEnds<'a> {
    own: Option<(&'a str, u16)>,
}

impl DeadEnds<'_> {
    /// Whether there are proxies, and all of them are dead ends.
    pub(crate) fn are_all<'s>(&self, servers: impl IntoIterator<Item = &'s Server>) -> bool {
        let mut servers = servers.into_iter().peekable();
        servers.peek().is_some() && servers.all(|server| self.is_one(&server.host, server.port))
    }

    /// Whether the PAC file at `url` comes from a dead end.
    pub(crate) fn serve(&self, url: &str) -> bool {
        host_and_port(url).is_some_and(|(host, port)| self.is_one(host, port))
    }

    fn is_one(&self, host: &str, port: u16) -> bool {
        let is_own = self.own.is_some_and(|(own, at)| {
            let same = |address| loopback::addresses(own).contains(address);
            at == port && loopback::addresses(host).iter().any(same)
        });
        is_own || loopback::is_dead(host, port)
    }
}

/// What stands before the last word of a key's name.
pub(crate) fn group(key: &str) -> &str {
    key.rsplit_once(' ').map_or(key, |(group, _)| group)
}

pub(crate) fn apply<S: Store>(store: &S, note: &Note) -> Result<(), Error> {
    check_is_for::<S>(note)?;
    note.keys.iter().try_for_each(|key| write(store, &key.key, Some(&key.ours)))
}

pub(crate) fn holds<S: Store>(store: &S, note: &Note) -> Result<bool, Error> {
    check_is_for::<S>(note)?;
    for key in &note.keys {
        if store.user_value(&key.key)?.as_ref() != Some(&key.ours) && store.is_there(group(&key.key))? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) fn restore<S: Store>(store: &S, note: &Note) -> Result<Restored, Error> {
    check_is_for::<S>(note)?;
    let mut restored = Restored::default();
    let mut failures = Vec::new();
    for (index, key) in note.keys.iter().enumerate().rev() {
        match restore_key(store, key, note.keys.get(..index).unwrap_or_default()) {
            Ok(Outcome::AsBefore) => {}
            Ok(Outcome::PutBack) => restored.put_back.push(key.key.clone()),
            Ok(Outcome::Kept) => restored.kept.push(key.key.clone()),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(restored) } else { Err(Error::PartlyRestored { place: S::PLACE, restored, failures }) }
}

enum Outcome {
    AsBefore,
    PutBack,
    Kept,
}

/// Of the keys that were `changed_earlier`, this one leans on those of its group.
///
/// Between the look and the write somebody may still change the key; no settings system offers a way to exclude that.
fn restore_key<S: Store>(store: &S, key: &KeyNote, changed_earlier: &[KeyNote]) -> Result<Outcome, Error> {
    let now = store.user_value(&key.key)?;
    if now == key.before {
        return Ok(Outcome::AsBefore);
    }
    if !is_ours(key, now.as_deref()) {
        return Ok(Outcome::Kept);
    }
    for ground in changed_earlier.iter().filter(|ground| group(&ground.key) == group(&key.key)) {
        let found = store.user_value(&ground.key)?;
        if found != ground.before && !is_ours(ground, found.as_deref()) {
            return Ok(Outcome::Kept);
        }
    }
    write(store, &key.key, key.before.as_deref())?;
    Ok(Outcome::PutBack)
}

/// A leftover address counts too: a crash between the note and the first write leaves it where it was.
fn is_ours(key: &KeyNote, value: Option<&str>) -> bool {
    value.is_some_and(|text| text == key.ours || is_our_value(text))
}

/// Writes and looks: a settings system without its service takes a value, says yes, and forgets it.
fn write<S: Store>(store: &S, key: &str, value: Option<&str>) -> Result<(), Error> {
    match value {
        Some(text) => store.set(key, text)?,
        None => store.reset(key)?,
    }
    let found = store.user_value(key)?;
    if found.as_deref() == value {
        return Ok(());
    }
    Err(Error::NotHeld { place: S::PLACE, key: key.to_owned(), wanted: value.map(str::to_owned), found })
}

/// A note comes from a file: nothing is written to a key that is none of the store's.
fn check_is_for<S: Store>(note: &Note) -> Result<(), Error> {
    if note.backend != S::BACKEND {
        return Err(Error::ForeignNote { place: S::PLACE, found: note.backend.clone() });
    }
    match note.keys.iter().find(|key| !S::owns(&key.key)) {
        Some(key) => Err(Error::ForeignNote { place: S::PLACE, found: format!("{} ({})", note.backend, key.key) }),
        None => Ok(()),
    }
}

fn is_our_value(text: &str) -> bool {
    is_our_address(unquoted(text))
}

/// Some systems write text in single quotes.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text)
}

/// Whether this is an `http` address on a loopback host, on any port, with the path [`PAC_PATH`] and perhaps a query.
pub(crate) fn is_our_address(url: &str) -> bool {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"\\".contains(&byte));
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_at_checked(rest.find(['/', '?', '#'])?));
    let is_our_path = path.is_some_and(|(_, path)| path.split(['?', '#']).next() == Some(PAC_PATH));
    plain && is_our_path && host_and_port(url).is_some_and(|(host, _)| !loopback::addresses(host).is_empty())
}

/// Of an `http` address; a user name before the host makes the host one that nobody knows.
pub(crate) fn host_and_port(url: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().filter(|_| scheme.eq_ignore_ascii_case("http"))?;
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok()?)),
        _ => Some((authority, 80)),
    }
}

#[cfg(test)]
#[path = "keyed_tests.rs"]
mod tests;
