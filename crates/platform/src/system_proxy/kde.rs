//! KDE Plasma 5 and 6: the group `Proxy Settings` of `kioslaverc`, which KDE's own programs and, under KDE, Chromium read.
//!
//! The file is edited here rather than by KDE's tool, which may be missing, answers "done" where nothing was written, and
//! sorts the whole file anew.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::kioslaverc::{form, locks, string, with, without};
use super::{folders, gio, kconfig_lock, plain_file};
use crate::former::{self, with_names_below};
use crate::keyed::{self, DeadEnds, Store, Wanted};
use crate::{
    Error, FileNote, FormerProxy, KeyNote, ManualProxies, Note, Restored, Server, ServerKind, State, SystemProxy, Way,
};

/// How long KDE's programs are waited for while they are told; a bus that works takes some milliseconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// The key that holds the PAC address.
const ADDRESS: &str = "kioslaverc ProxyConfigScript";

/// The key that makes the address count when it says 2.
const MODE: &str = "kioslaverc ProxyType";

/// The proxy setting in `kioslaverc`. Nothing is kept between two calls, so each sees what is there now.
pub(super) struct Kde {
    file: PathBuf,
    /// The files of the system, the most important first: defaults, and locks.
    of_the_system: Vec<PathBuf>,
}

impl Kde {
    /// Finds the setting, or says why there is none. Changes nothing.
    pub(super) fn find() -> Result<Self, &'static str> {
        let file = folders::config().ok_or("there is no home to look for it in")?.join("kioslaverc");
        let folders = folders::config_of_the_system();
        Ok(Self { file, of_the_system: folders.iter().map(|folder| folder.join("kioslaverc")).collect() })
    }

    /// The text of the user's file; empty where there is none.
    fn text(&self) -> Result<String, Error> {
        Ok(plain_file::read(&self.file).map_err(|source| self.failed("read", source))?.unwrap_or_default())
    }

    fn write(&self, text: &str) -> Result<(), Error> {
        plain_file::replace(&self.file, text).map_err(|source| self.failed("write", source))
    }

    /// Removes what a process was killed while writing beside the file, and its lock.
    pub(super) fn remove_abandoned(&self) -> Vec<PathBuf> {
        // Where a symbolic link leads, for that is where the file is written.
        let file = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let half_written = file.parent().map(|folder| crate::remove_abandoned(folder, "kioslaverc.tamis-", ""));
        half_written.unwrap_or_default().into_iter().chain(kconfig_lock::remove_abandoned(&self.file)).collect()
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> Error {
        Error::File { doing, path: self.file.clone(), source }
    }

    /// A file that the user may not write is as good as locked; to put another in its place would go round that.
    fn is_read_only(&self) -> bool {
        fs::metadata(&self.file).is_ok_and(|file| file.permissions().readonly())
    }

    /// The system's files that can be read. One that cannot is passed over, as KDE's programs do.
    fn texts_of_the_system(&self) -> impl Iterator<Item = String> {
        self.of_the_system.iter().filter_map(|file| plain_file::read(file).ok().flatten())
    }

    /// What counts where the user has set nothing.
    fn default_value(&self, name: &str) -> Option<String> {
        self.texts_of_the_system().find_map(|text| form(&text, name))
    }

    /// What counts for a key beside the two.
    fn counts(&self, name: &str) -> Result<Option<String>, Error> {
        let form = form(&self.text()?, name).or_else(|| self.default_value(name));
        Ok(form.and_then(|form| string(&form)).filter(|value| !value.is_empty()))
    }

    /// Each kind of address has a proxy of its own; SOCKS takes what has none. `find` makes the address of a proxy, or a
    /// list of hosts, out of what is written.
    fn manual(&self, find: impl Fn(String) -> Option<String>) -> Result<ManualProxies, Error> {
        let server =
            |name, kind| Ok::<_, Error>(self.counts(name)?.and_then(&find).and_then(|text| server(&text, kind)));
        let socks = server("socksProxy", ServerKind::Socks)?;
        let direct = self.counts("NoProxyFor")?.and_then(&find).unwrap_or_default();
        let hosts = direct.split([',', ' ', '\t']).filter(|host| !host.is_empty());
        Ok(ManualProxies {
            http: server("httpProxy", ServerKind::Http)?.or_else(|| socks.clone()),
            https: server("httpsProxy", ServerKind::Http)?.or(socks),
            direct: hosts.map(with_names_below).collect(),
            reversed: self.counts("ReversedException")?.is_some_and(|text| text == "true" || text == "1"),
        })
    }
}

/// What a variable that a key names says. Programs have had theirs since they were started, as we have.
fn of_the_environment(variable: String) -> Option<String> {
    std::env::var(variable).ok()
}

/// The key as the file has it: its name in a note is one word.
fn name(key: &str) -> &'static str {
    if key == ADDRESS { "Proxy Config Script" } else { "ProxyType" }
}

/// Of `http://host port`, which KDE writes, or `http://user:password@host:port`.
fn server(text: &str, kind: ServerKind) -> Option<Server> {
    let (scheme, rest) = text.trim().split_once("://").unwrap_or(("", text.trim()));
    let kind = if scheme.starts_with("socks") { ServerKind::Socks } else { kind };
    let usual_port = if kind == ServerKind::Socks { former::SOCKS_PORT } else { former::HTTP_PORT };
    let rest = rest.trim_start_matches('/').trim_end_matches('/');
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let (host, port) = match place.rsplit_once([' ', ':']) {
        // The end of an IPv6 address is no port.
        Some((host, _)) if host.contains(':') && !host.ends_with(']') && !place.contains(' ') => (place, None),
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    };
    let port = port.and_then(|port| port.parse().ok()).filter(|port| *port != 0).unwrap_or(usual_port);
    let user_and_password = login.map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        (decoded(user), decoded(password))
    });
    (!host.is_empty()).then(|| Server { kind, host: host.to_owned(), port, user_and_password })
}

/// Without the percent-encoding that an address has (RFC 3986 2.1).
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let rest = byte.and(part.get(2..)).unwrap_or(part);
        bytes.push(byte.unwrap_or(b'%'));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Has KDE's programs read the file again: those at work, and the service that runs the script for all of them. They
/// would go on with the old setting otherwise; Chromium watches the file by itself.
fn tell_programs() {
    let (done, heard) = mpsc::channel();
    let telling = thread::Builder::new().name("tamis-kio".into()).spawn(move || {
        // Nobody waits any more where this fails.
        let _ = done.send(gio::load().map_err(str::to_owned).and_then(|gio| {
            let bus = gio.session_bus()?;
            bus.emit(c"/KIO/Scheduler", c"org.kde.KIO.Scheduler", c"reparseSlaveConfiguration", c"('',)")?;
            for service in [c"org.kde.kded5", c"org.kde.kded6"] {
                bus.tell(service, c"/modules/proxyscout", c"org.kde.KPAC.ProxyScout", c"reset");
            }
            bus.flush()
        }));
    });
    let told = match telling {
        Ok(_) => heard.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("the session bus does not answer".to_owned())),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = told {
        tracing::info!(why, "KDE's programs were not told to read their proxy setting again");
    }
}

impl Store for Kde {
    const BACKEND: &'static str = "kde";
    const PLACE: &'static str = "KDE settings";

    fn plan(&self, pac_url: &str) -> Result<Vec<Wanted>, Error> {
        Ok(vec![Wanted::new(ADDRESS, pac_url.to_owned()), Wanted::new(MODE, "2".to_owned())])
    }

    fn owns(key: &str) -> bool {
        key == ADDRESS || key == MODE
    }

    /// A mode that leads to dead ends is forgotten; what stands beside it stays as it is.
    fn forget_dead_ends(&self, group: &mut [KeyNote], dead_ends: &DeadEnds<'_>) -> Result<(), Error> {
        let before = |name: &str| {
            group.iter().find(|key| key.key == name).and_then(|key| key.before.as_deref()).and_then(string)
        };
        let is_dead_end = match before(MODE).as_deref() {
            Some("1") => {
                let manual = self.manual(Some)?;
                dead_ends.are_all(manual.http.iter().chain(&manual.https))
            }
            Some("2") => before(ADDRESS).is_some_and(|url| dead_ends.serve(&url)),
            _ => false,
        };
        for key in group.iter_mut().filter(|key| is_dead_end && key.key == MODE) {
            key.before = None;
        }
        Ok(())
    }

    fn is_writable(&self, key: &str) -> Result<bool, Error> {
        let locked = locks(&self.text()?, name(key)) || self.texts_of_the_system().any(|text| locks(&text, name(key)));
        Ok(!locked && !self.is_read_only())
    }

    fn user_value(&self, key: &str) -> Result<Option<String>, Error> {
        Ok(form(&self.text()?, name(key)))
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        if text.contains('\n') {
            return Err(self.failed("write", io::Error::other("a value of several lines")));
        }
        let _lock = kconfig_lock::hold(&self.file);
        self.write(&with(&self.text()?, name(key), text))
    }

    fn reset(&self, key: &str) -> Result<(), Error> {
        let _lock = kconfig_lock::hold(&self.file);
        self.write(&without(&self.text()?, name(key)))
    }
}

impl SystemProxy for Kde {
    fn place(&self) -> &'static str {
        Self::PLACE
    }

    /// KIO's `KProtocolManager::ProxyType`: 1 by hand, 2 a script, 3 a script that the network announces, 4 the
    /// environment variables that the keys name.
    fn states(&self) -> Result<Vec<State>, Error> {
        let way = match self.counts("ProxyType")?.as_deref() {
            Some("1") => Way::Manual(self.manual(Some)?.servers()),
            Some("2") => Way::Automatic(self.counts(name(ADDRESS))?.unwrap_or_default()),
            Some("3") => Way::Automatic(String::new()),
            Some("4") => Way::Manual(self.manual(of_the_environment)?.servers()),
            _ => Way::Direct,
        };
        let set = form(&self.text()?, name(ADDRESS)).and_then(|form| string(&form));
        Ok(vec![State { connection: None, way, names_us: set.as_deref().is_some_and(keyed::is_our_address) }])
    }

    fn prepare(&self, pac_url: &str) -> Result<Note, Error> {
        let file = FileNote { text: plain_file::read(&self.file).map_err(|source| self.failed("read", source))? };
        Ok(Note { file: Some(file), ..keyed::prepare(self, pac_url)? })
    }

    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error> {
        let noted = note.keys.iter().find(|key| key.key == MODE).and_then(|key| key.before.clone());
        let mode = noted.or_else(|| self.default_value(name(MODE))).and_then(|form| string(&form));
        Ok(match mode.as_deref() {
            Some("1") => self.manual(Some)?.if_any(),
            Some("2" | "3") => Some(FormerProxy::Automatic),
            Some("4") => self.manual(of_the_environment)?.if_any(),
            _ => None,
        })
    }

    fn apply(&self, note: &Note) -> Result<(), Error> {
        keyed::apply(self, note)?;
        tell_programs();
        Ok(())
    }

    fn holds(&self, note: &Note) -> Result<bool, Error> {
        keyed::holds(self, note)
    }

    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error> {
        keyed::newcomers(self, note)
    }

    /// Where there was no file an empty one stays: Chromium notices when the file is replaced, not when it goes.
    fn restore(&self, note: &Note) -> Result<Restored, Error> {
        let restored = keyed::restore(self, note);
        if let (Ok(_), Some(file)) = (&restored, &note.file) {
            let _lock = kconfig_lock::hold(&self.file);
            plain_file::tidy(&self.file, &FileNote { text: Some(file.text.clone().unwrap_or_default()) });
        }
        if !matches!(&restored, Ok(restored) if restored.put_back.is_empty()) {
            tell_programs();
        }
        restored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_as_kde_writes_it_and_as_people_do() {
        for (text, want) in [
            ("http://proxy.corp.test 3128", "Http proxy.corp.test:3128 None"),
            ("http://al:secret@proxy.corp.test:3128/", "Http proxy.corp.test:3128 Some(\"al\", \"secret\")"),
            ("http://a%40b:50%%zé%C3%A9@p.test 80", "Http p.test:80 Some(\"a@b\", \"50%%zéé\")"),
            ("proxy.corp.test", "Http proxy.corp.test:80 None"),
            ("http://[2001:db8::1]:3128", "Http [2001:db8::1]:3128 None"),
            ("http://2001:db8::1 3128", "Http 2001:db8::1:3128 None"),
            ("http://2001:db8::1", "Http 2001:db8::1:80 None"),
            ("http://proxy.corp.test x", "Http proxy.corp.test:80 None"),
            ("socks://socks.corp.test 1081", "Socks socks.corp.test:1081 None"),
            ("socks5://socks.corp.test", "Socks socks.corp.test:1080 None"),
        ] {
            let found = server(text, ServerKind::Http).unwrap();
            let login = found.user_and_password.as_ref();
            let login = login.map_or("None".to_owned(), |(user, password)| format!("Some({user:?}, {password:?})"));
            assert_eq!(format!("{found:?} {login}"), want, "{text}");
        }
        for nothing in ["", "http://", "//:", "http:// 3128"] {
            assert!(server(nothing, ServerKind::Http).is_none(), "{nothing}");
        }
    }
}
