//! WinINET's proxy setting of this user, which Windows itself, Edge, Chrome, Firefox and most programs follow: what is
//! read and written where. The registry itself is in `windows.rs`.
//!
//! Each connection has a setting of its own: `DefaultConnectionSettings` is the LAN's, each dial-up and VPN connection has
//! one under its name, and `SavedLegacySettings` is a copy that Windows compares with. Beside them stands the LAN's
//! address once more as plain text, `AutoConfigURL`, for programs that look there.
//!
//! The registry is written rather than WinINET asked, everywhere and not only where the session ends: at that time WinINET
//! says yes and keeps nothing. WinINET is then told to read it again.
//!
//! A proxy named by hand stays beside our address: where the PAC file cannot be had any more, Windows takes that one.
//! Automatic detection would come before our address, so it is off for as long as ours is in force.

mod connection;
mod former;

use std::io;

use self::connection::{ADDRESS, Connection, DETECT, DIRECT, PROXY};
use crate::keyed::{self, DeadEnds, Store, Wanted, is_our_address};
use crate::{Error, FormerProxy, KeyNote, Note, Restored, State, SystemProxy, Way};

/// The connection of the LAN, Wi-Fi included, which every user has.
const LAN: &str = "DefaultConnectionSettings";

/// What Windows compares with the LAN's setting; no connection.
const COPY: &str = "SavedLegacySettings";

/// The LAN's address as plain text. The word before it only makes it a group of its own.
const PLAIN_ADDRESS: &str = "Plain AutoConfigURL";

/// That text's name in the registry.
const PLAIN_ADDRESS_VALUE: &str = "AutoConfigURL";

/// What of the registry is needed. Names and values in it are known to this user's programs; all are bounded by the
/// registry itself.
pub(super) trait Registry: Send {
    /// A text directly below `Internet Settings`.
    fn text(&self, name: &str) -> io::Result<Option<String>>;
    /// Sets such a text, or removes it.
    fn set_text(&self, name: &str, text: Option<&str>) -> io::Result<()>;
    /// A number there.
    fn number(&self, name: &str) -> io::Result<Option<u32>>;
    /// A value below `Internet Settings\Connections`.
    fn connection(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// Sets such a value, or removes it.
    fn set_connection(&self, name: &str, bytes: Option<&[u8]>) -> io::Result<()>;
    /// The names of all of them and of the dial-up and VPN connections that have none yet.
    fn connections(&self) -> io::Result<Vec<String>>;
    /// Whether an administrator keeps this setting for himself.
    fn is_closed_by_policy(&self) -> io::Result<bool>;
    /// Makes changes last through a power cut, and tells running programs of them.
    fn announce(&self);
}

/// The setting in a registry.
pub(super) struct WinInet<R> {
    registry: R,
}

/// A key of ours, taken apart.
#[derive(Clone, Copy)]
enum Key<'a> {
    PlainAddress,
    Address(&'a str),
    Flags(&'a str),
}

impl<'a> Key<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if text == PLAIN_ADDRESS {
            return Some(Self::PlainAddress);
        }
        match text.rsplit_once(' ')? {
            (connection, "address") => Some(Self::Address(connection)),
            (connection, "flags") => Some(Self::Flags(connection)),
            _ => None,
        }
    }
}

impl<R: Registry> WinInet<R> {
    pub(super) fn new(registry: R) -> Self {
        Self { registry }
    }

    /// A connection's setting, an empty one where it has none.
    fn connection(&self, name: &str) -> Result<Connection, Error> {
        match self.registry.connection(name).map_err(failed("read", name))? {
            None => Ok(Connection::empty()),
            Some(bytes) => Connection::read(&bytes)
                .ok_or_else(|| failed("read", name)(io::Error::other("Windows keeps it in a form that is not known"))),
        }
    }

    fn connections_beside_the_lan(&self) -> Result<Vec<String>, Error> {
        let mut names = self.registry.connections().map_err(failed("read", "Connections"))?;
        names.retain(|name| name != LAN);
        Ok(names)
    }

    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        self.registry.text(name).map_err(failed("read", name))
    }

    /// Programs that know no more than plain values set these alone.
    fn plain_proxies(&self) -> Result<Option<FormerProxy>, Error> {
        if self.registry.number("ProxyEnable").map_err(failed("read", "ProxyEnable"))? != Some(1) {
            return Ok(None);
        }
        let text = |name| self.text(name).map(Option::unwrap_or_default);
        Ok(former::read(&text("ProxyServer")?, &text("ProxyOverride")?))
    }

    /// Where the LAN has no value of its own, Windows makes one of the plain ones.
    fn state_of_the_lan(&self) -> Result<State, Error> {
        let (setting, plain) = (self.connection(LAN)?, self.text(PLAIN_ADDRESS_VALUE)?.unwrap_or_default());
        let way = match self.plain_proxies()? {
            _ if setting.flags != 0 => way(&setting),
            _ if !plain.is_empty() => Way::Automatic(plain.clone()),
            Some(FormerProxy::Manual(manual)) => Way::Manual(manual.servers()),
            _ => Way::Direct,
        };
        let copy = self.connection(COPY).map(|copy| copy.address()).unwrap_or_default();
        let names_us = [plain, setting.address(), copy].iter().any(|url| is_our_address(url));
        Ok(State { connection: None, way, names_us })
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Connection)) -> Result<(), Error> {
        let mut connection = self.connection(name)?;
        change(&mut connection);
        self.registry.set_connection(name, connection.changed().as_deref()).map_err(failed("set", name))
    }

    /// None takes the value away.
    fn write(&self, key: &str, text: Option<&str>) -> Result<(), Error> {
        match Key::parse(key) {
            None => Err(failed("set", key)(io::Error::other("not a key of this setting"))),
            Some(Key::PlainAddress) => self.registry.set_text(PLAIN_ADDRESS_VALUE, text).map_err(failed("set", key)),
            Some(Key::Address(name)) => self.change(name, |to| to.set_address(text.unwrap_or_default())),
            Some(Key::Flags(name)) => {
                let flags = text.map_or(Ok(0), str::parse).map_err(|_| failed("set", key)(not_flags()))?;
                self.change(name, |to| to.flags = flags)
            }
        }
    }
}

fn failed<'a>(doing: &'static str, key: &'a str) -> impl FnOnce(io::Error) -> Error + 'a {
    move |error| Error::Setting { place: PLACE, doing, key: key.to_owned(), why: error.to_string() }
}

fn not_flags() -> io::Error {
    io::Error::other("its value is not a number")
}

/// The first of its ways that leads somewhere for certain: automatic detection would come before the others, but hardly a
/// network answers.
fn way(setting: &Connection) -> Way {
    if setting.flags & ADDRESS != 0 {
        return Way::Automatic(setting.address());
    }
    match former::read(&setting.proxies(), &setting.direct()) {
        Some(FormerProxy::Manual(manual)) if setting.flags & PROXY != 0 => Way::Manual(manual.servers()),
        _ if setting.flags & DETECT != 0 => Way::Automatic(String::new()),
        _ => Way::Direct,
    }
}

/// The flags while our address is in force, where it was these before.
fn flags_of_ours(before: u32) -> String {
    (before & PROXY | DIRECT | ADDRESS).to_string()
}

const PLACE: &str = "Windows' internet options";

/// The name of this hand in a note.
pub(super) const BACKEND: &str = "wininet";

impl<R: Registry> Store for WinInet<R> {
    const BACKEND: &'static str = BACKEND;
    const PLACE: &'static str = PLACE;

    fn plan(&self, pac_url: &str) -> Result<Vec<Wanted>, Error> {
        let mut plan = vec![Wanted::new(PLAIN_ADDRESS, pac_url.to_owned())];
        let others = self.connections_beside_the_lan()?;
        for name in std::iter::once(LAN).chain(others.iter().map(String::as_str)) {
            let before = match self.connection(name) {
                Ok(connection) => connection.flags,
                Err(error) if name == LAN => return Err(error),
                Err(error) => {
                    tracing::info!(%error, "this connection keeps its own proxy setting");
                    continue;
                }
            };
            plan.push(Wanted::new(&format!("{name} address"), pac_url.to_owned()));
            plan.push(Wanted::new(&format!("{name} flags"), flags_of_ours(before)));
        }
        Ok(plan)
    }

    fn owns(key: &str) -> bool {
        Key::parse(key).is_some()
    }

    /// As Windows has it from the start: the network is asked.
    fn off(ours: &str) -> Option<String> {
        ours.parse::<u32>().ok().map(|flags| (flags & !ADDRESS | DETECT).to_string())
    }

    /// The LAN's cannot go.
    fn is_there(&self, group: &str) -> Result<bool, Error> {
        let is_the_lans = group == LAN || group == keyed::group(PLAIN_ADDRESS);
        Ok(is_the_lans || self.connections_beside_the_lan()?.iter().any(|name| name == group))
    }

    /// Of two ways, an address and a proxy, each may be one; what is no way out is none beside our address either.
    fn forget_dead_ends(&self, group: &mut [KeyNote], dead_ends: &DeadEnds<'_>) -> Result<(), Error> {
        let [address, mode] = group else { return Ok(()) };
        let Some(Key::Flags(name)) = Key::parse(&mode.key) else { return Ok(()) };
        let Some(before) = mode.before.as_deref().and_then(|text| text.parse::<u32>().ok()) else { return Ok(()) };
        let mut living = before;
        if before & ADDRESS != 0 && address.before.as_deref().is_some_and(|url| dead_ends.serve(url)) {
            living &= !ADDRESS;
        }
        let connection = self.connection(name)?;
        if before & PROXY != 0
            && let Some(FormerProxy::Manual(manual)) = former::read(&connection.proxies(), &connection.direct())
            && dead_ends.are_all(manual.http.iter().chain(&manual.https))
        {
            living &= !PROXY;
        }
        if living != before {
            mode.before = Some(living.to_string());
            mode.ours = flags_of_ours(living);
        }
        Ok(())
    }

    fn is_writable(&self, key: &str) -> Result<bool, Error> {
        self.registry.is_closed_by_policy().map(|closed| !closed).map_err(failed("read", key))
    }

    fn user_value(&self, key: &str) -> Result<Option<String>, Error> {
        match Key::parse(key) {
            None => Ok(None),
            Some(Key::PlainAddress) => self.text(PLAIN_ADDRESS_VALUE),
            Some(Key::Address(name)) => Ok(Some(self.connection(name)?.address()).filter(|text| !text.is_empty())),
            Some(Key::Flags(name)) => {
                Ok(Some(self.connection(name)?.flags).filter(|flags| *flags != 0).map(|flags| flags.to_string()))
            }
        }
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        self.write(key, Some(text))
    }

    fn reset(&self, key: &str) -> Result<(), Error> {
        self.write(key, None)
    }
}

impl<R: Registry> SystemProxy for WinInet<R> {
    fn place(&self) -> &'static str {
        PLACE
    }

    /// The LAN's first. A connection whose setting is of a form that is not known is left out, as it is when the system is
    /// pointed here.
    fn states(&self) -> Result<Vec<State>, Error> {
        let mut states = vec![self.state_of_the_lan()?];
        for name in self.connections_beside_the_lan()?.into_iter().filter(|name| name != COPY) {
            let Ok(setting) = self.connection(&name) else { continue };
            let names_us = is_our_address(&setting.address());
            states.push(State { connection: Some(name), way: way(&setting), names_us });
        }
        Ok(states)
    }

    fn prepare(&self, pac_url: &str) -> Result<Note, Error> {
        keyed::prepare(self, pac_url)
    }

    /// That of the LAN: which connection leads out changes by the hour. Automatic detection alone is no proxy: it is on
    /// from the start, and hardly a network answers.
    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error> {
        let noted = note.keys.iter().find(|key| matches!(Key::parse(&key.key), Some(Key::Flags(LAN))));
        let flags = noted.and_then(|key| key.before.as_deref()).and_then(|text| text.parse::<u32>().ok());
        match flags {
            Some(flags) if flags & ADDRESS != 0 => Ok(Some(FormerProxy::Automatic)),
            Some(flags) if flags & PROXY != 0 => {
                let connection = self.connection(LAN)?;
                Ok(former::read(&connection.proxies(), &connection.direct()))
            }
            Some(_) => Ok(None),
            None => self.plain_proxies(),
        }
    }

    fn apply(&self, note: &Note) -> Result<(), Error> {
        let applied = keyed::apply(self, note);
        self.registry.announce();
        applied
    }

    fn holds(&self, note: &Note) -> Result<bool, Error> {
        keyed::holds(self, note)
    }

    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error> {
        keyed::newcomers(self, note)
    }

    fn restore(&self, note: &Note) -> Result<Restored, Error> {
        let restored = keyed::restore(self, note);
        self.registry.announce();
        restored
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
