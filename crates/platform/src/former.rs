//! The proxy that the system used before it was pointed at us: whoever needs it to get out still needs it behind us.

use std::fmt;

use crate::keyed::{DeadEnds, Store, Wanted};
use crate::{Error, KeyNote, Note, State, Way, gvariant, keyed};

/// Ports of proxies whose setting names none, as browsers take them.
pub(crate) const HTTP_PORT: u16 = 80;
pub(crate) const SOCKS_PORT: u16 = 1080;

/// How the system sent its web traffic before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormerProxy {
    /// To proxies named in the setting.
    Manual(ManualProxies),
    /// Where an automatic configuration (PAC) of somebody else's said, or one that the network announces.
    Automatic,
}

/// Proxies named by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManualProxies {
    /// For `http` addresses; none where they are reached directly.
    pub http: Option<Server>,
    /// For `https` addresses; none where they are reached directly.
    pub https: Option<Server>,
    /// Hosts that are reached directly: `*.example.com` for a name and all below it, an address, a range of addresses
    /// (`10.0.0.0/8`); each perhaps with `:port`. As the user wrote them but for that: some may make no sense.
    pub direct: Vec<String>,
    /// Whether it is the other way round: only the hosts in `direct` go to the proxies. KDE can do so.
    pub reversed: bool,
}

impl ManualProxies {
    pub(crate) fn if_any(self) -> Option<FormerProxy> {
        (self.http.is_some() || self.https.is_some()).then_some(FormerProxy::Manual(self))
    }

    /// Every proxy that is named.
    pub(crate) fn servers(self) -> Vec<Server> {
        self.http.into_iter().chain(self.https).collect()
    }
}

/// One proxy named by hand.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// What it speaks.
    pub kind: ServerKind,
    /// As the user wrote it.
    pub host: String,
    /// From 1.
    pub port: u16,
    /// User name and password, where the setting has some. Not shown by `Debug`.
    pub user_and_password: Option<(String, String)>,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// HTTP, with CONNECT for `https`.
    Http,
    /// SOCKS; which version, no setting says. Version 5 is the usual one.
    Socks,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}:{}", self.kind, self.host, self.port)
    }
}

/// A settings system with the keys of GNOME's schema; strings stand in single quotes.
pub(crate) trait GnomeKeys: Store {
    /// What stands before the names of all keys. Groups of further keys follow it behind a dot.
    const SCHEMA: &'static str;
    /// The key that holds the PAC address.
    const ADDRESS: &'static str;
    /// The key that makes the address count when it says `'auto'`.
    const MODE: &'static str;

    /// What counts where the user has set nothing; none where nothing does.
    fn default_value(&self, key: &str) -> Result<Option<String>, Error>;
}

/// The two keys that point such a system at `pac_url`, an address without quotes and backslashes.
pub(crate) fn plan<S: GnomeKeys>(pac_url: &str) -> Vec<Wanted> {
    vec![Wanted::new(S::ADDRESS, format!("'{pac_url}'")), Wanted::new(S::MODE, "'auto'".to_owned())]
}

/// What stood there before, as `note` and the keys beside it tell; Tamis never changes those.
pub(crate) fn read<S: GnomeKeys>(store: &S, note: &Note) -> Result<Option<FormerProxy>, Error> {
    let noted = note.keys.iter().find(|key| key.key == S::MODE).and_then(|key| key.before.clone());
    let mode = match noted {
        Some(mode) => Some(mode),
        None => store.default_value(S::MODE)?,
    };
    Ok(match mode.and_then(|mode| gvariant::string(&mode)).as_deref() {
        Some("auto") => Some(FormerProxy::Automatic),
        Some("manual") => Keys(store).manual()?.if_any(),
        _ => None,
    })
}

/// What such a setting says now.
pub(crate) fn state<S: GnomeKeys>(store: &S) -> Result<State, Error> {
    let set = |key| -> Result<_, Error> { Ok(store.user_value(key)?.and_then(|text| gvariant::string(&text))) };
    let counts = |key| -> Result<String, Error> {
        let text = match set(key)? {
            Some(text) => Some(text),
            None => store.default_value(key)?.and_then(|text| gvariant::string(&text)),
        };
        Ok(text.unwrap_or_default())
    };
    let way = match counts(S::MODE)?.as_str() {
        "auto" => Way::Automatic(counts(S::ADDRESS)?),
        "manual" => Way::Manual(servers(store)?),
        _ => Way::Direct,
    };
    Ok(State { connection: None, way, names_us: set(S::ADDRESS)?.as_deref().is_some_and(keyed::is_our_address) })
}

/// A mode that leads to dead ends is forgotten; what stands beside it stays as it is.
pub(crate) fn forget_dead_ends<S: GnomeKeys>(
    store: &S,
    group: &mut [KeyNote],
    dead_ends: &DeadEnds<'_>,
) -> Result<(), Error> {
    let before = |name: &str| group.iter().find(|key| key.key == name).and_then(|key| key.before.as_deref());
    let is_dead_end = match before(S::MODE) {
        Some("'manual'") => dead_ends.are_all(&servers(store)?),
        Some("'auto'") => before(S::ADDRESS).and_then(gvariant::string).is_some_and(|url| dead_ends.serve(&url)),
        _ => false,
    };
    for key in group.iter_mut().filter(|key| is_dead_end && key.key == S::MODE) {
        key.before = None;
    }
    Ok(())
}

/// Every proxy that is named by hand, whether or not the mode makes it count.
pub(crate) fn servers<S: GnomeKeys>(store: &S) -> Result<Vec<Server>, Error> {
    Ok(Keys(store).manual()?.servers())
}

/// The keys of a proxy setting of GNOME's kind. A group of them follows the schema's name behind a dot.
struct Keys<'a, S>(&'a S);

impl<S: GnomeKeys> Keys<'_, S> {
    /// Each kind of address has a proxy of its own; SOCKS takes what has none. `use-same-proxy`, which is set by default,
    /// lets the HTTP proxy serve `https` too where none is named for it.
    fn manual(&self) -> Result<ManualProxies, Error> {
        let socks = self.server("socks", ServerKind::Socks, SOCKS_PORT)?;
        let http = self.server("http", ServerKind::Http, HTTP_PORT)?;
        let http = http.map(|server| self.with_password(server)).transpose()?;
        let for_all = if self.is_true("", "use-same-proxy")? { http.clone() } else { None };
        let https = self.server("https", ServerKind::Http, HTTP_PORT)?;
        let direct = self.value("", "ignore-hosts")?.and_then(|text| gvariant::strings(&text)).unwrap_or_default();
        Ok(ManualProxies {
            http: http.or_else(|| socks.clone()),
            https: https.or(for_all).or(socks),
            direct: direct.iter().map(|host| with_names_below(host)).collect(),
            reversed: false,
        })
    }

    fn server(&self, group: &str, kind: ServerKind, usual_port: u16) -> Result<Option<Server>, Error> {
        let host = self.text(group, "host")?;
        let host = host.trim();
        if host.is_empty() {
            return Ok(None);
        }
        let port = self.value(group, "port")?.and_then(|text| text.parse().ok()).filter(|port| *port != 0);
        let port = port.unwrap_or(usual_port);
        Ok(Some(Server { kind, host: host.to_owned(), port, user_and_password: None }))
    }

    fn with_password(&self, server: Server) -> Result<Server, Error> {
        if !self.is_true("http", "use-authentication")? {
            return Ok(server);
        }
        let user = self.text("http", "authentication-user")?;
        let password = self.text("http", "authentication-password")?;
        Ok(Server { user_and_password: (!user.is_empty()).then_some((user, password)), ..server })
    }

    fn is_true(&self, group: &str, name: &str) -> Result<bool, Error> {
        Ok(self.value(group, name)?.as_deref() == Some("true"))
    }

    fn text(&self, group: &str, name: &str) -> Result<String, Error> {
        Ok(self.value(group, name)?.and_then(|text| gvariant::string(&text)).unwrap_or_default())
    }

    /// What counts: the user's value, else the default of the system or its administrator.
    fn value(&self, group: &str, name: &str) -> Result<Option<String>, Error> {
        let dot = if group.is_empty() { "" } else { "." };
        let key = format!("{}{dot}{group} {name}", S::SCHEMA);
        match self.0.user_value(&key)? {
            Some(value) => Ok(Some(value)),
            None => self.0.default_value(&key),
        }
    }
}

/// In GNOME's list and KDE's `example.com`, `.example.com` and `*.example.com` mean the same: the name and all below it.
pub(crate) fn with_names_below(host: &str) -> String {
    let host = host.trim();
    let bare = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')).unwrap_or(host);
    let is_name =
        !bare.contains(['/', '[', '*']) && bare.matches(':').count() < 2 && bare.contains(char::is_alphabetic);
    if is_name { format!("*.{bare}") } else { bare.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    const MANUAL: [(&str, &str); 5] = [
        ("memory.http host", "'proxy.corp.test'"),
        ("memory.http port", "3128"),
        ("memory use-same-proxy", "true"),
        (
            "memory ignore-hosts",
            "['localhost', '.corp.test', '*.b.test:81', '10.0.0.0/8', '::1', '192.0.2.1', '[::1]:81']",
        ),
        ("memory autoconfig-url", "'http://pac.test/'"),
    ];

    fn former(mode: Option<&str>, more: &[(&str, &str)]) -> Option<FormerProxy> {
        let memory = Memory::new();
        for (key, text) in MANUAL.iter().chain(more) {
            memory.change(key, Some(text));
        }
        let key = KeyNote { key: Memory::MODE.into(), before: mode.map(str::to_owned), ours: "'auto'".into() };
        read(&memory, &Note { backend: "memory".into(), keys: vec![key], file: None }).unwrap()
    }

    fn manual(more: &[(&str, &str)]) -> ManualProxies {
        match former(Some("'manual'"), more) {
            Some(FormerProxy::Manual(manual)) => manual,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_before_is_known_by_its_mode() {
        assert_eq!(former(None, &[]), None);
        assert_eq!(former(Some("'none'"), &[]), None);
        assert_eq!(former(Some("'auto'"), &[]), Some(FormerProxy::Automatic));
        assert_eq!(former(Some("'manual'"), &[("memory.http host", "''")]), None);
    }

    #[test]
    fn each_kind_of_address_has_its_proxy() {
        let shown = |server: Option<Server>| format!("{:?}", server.unwrap());
        let of = |more: &[(&str, &str)]| manual(more);
        assert_eq!(shown(of(&[]).http), "Http proxy.corp.test:3128");
        assert_eq!(shown(of(&[]).https), "Http proxy.corp.test:3128");
        assert_eq!(of(&[("memory use-same-proxy", "false")]).https, None);
        let https = [("memory.https host", "' s.test '"), ("memory.https port", "0")];
        assert_eq!(shown(of(&https).https), "Http s.test:80");
        let socks = [("memory.socks host", "'k.test'"), ("memory.http host", "''")];
        assert_eq!(shown(of(&socks).http), "Socks k.test:1080");
        assert_eq!(shown(of(&socks).https), "Socks k.test:1080");
    }

    #[test]
    fn a_password_counts_where_the_setting_says_so_and_is_not_shown() {
        let mut keys =
            vec![("memory.http authentication-user", "'al'"), ("memory.http authentication-password", "\"it's\"")];
        assert_eq!(manual(&keys).http.unwrap().user_and_password, None);
        keys.push(("memory.http use-authentication", "true"));
        let manual = manual(&keys);
        assert_eq!(manual.http.clone().unwrap().user_and_password, Some(("al".into(), "it's".into())));
        assert!(!format!("{manual:?}").contains("it's"));
    }

    #[test]
    fn hosts_reached_directly_are_names_with_all_below_and_addresses_as_they_are() {
        let want = ["*.localhost", "*.corp.test", "*.b.test:81", "10.0.0.0/8", "::1", "192.0.2.1", "[::1]:81"];
        assert_eq!(manual(&[]).direct, want);
    }
}
