//! The proxy settings of macOS, through Apple's own command `networksetup`: what is asked, what is told, what its answers
//! mean. Running it is in `macos.rs`.
//!
//! Each network service (Wi-Fi, Ethernet, a VPN) has a setting of its own, and only that of the primary service counts,
//! which changes when a cable is plugged in. So every enabled service is pointed here, each with its own notes, and one that
//! appears or is turned on later joins them.
//!
//! `networksetup` says "no such service" and ends well: whatever is written is read back.

mod answers;

use std::io;

use self::answers::{Endpoint, NamedServer};
use crate::former::{HTTP_PORT, SOCKS_PORT};
use crate::keyed::{self, DeadEnds, Store, Wanted, is_our_address};
use crate::{Error, FormerProxy, KeyNote, ManualProxies, Note, Restored, Server, ServerKind, State, SystemProxy, Way};

/// Apple's command.
const NETWORKSETUP: &str = "/usr/sbin/networksetup";

/// Tells by which interface traffic leaves.
const ROUTE: &str = "/sbin/route";

/// Runs one of the two programs and waits for its end.
pub(super) trait Runner: Send {
    /// What it prints.
    ///
    /// # Errors
    /// When it cannot be started, or ends badly: then with what it printed.
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<String>;
}

/// The setting of this Mac.
pub(super) struct MacOs<R> {
    runner: R,
}

/// A key of ours, taken apart: the address of a service's PAC file, or whether it is in force.
#[derive(Clone, Copy)]
enum Key<'a> {
    Address(&'a str),
    State(&'a str),
}

impl<'a> Key<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        match text.rsplit_once(' ')? {
            (service, "address") => Some(Self::Address(service)),
            (service, "state") => Some(Self::State(service)),
            _ => None,
        }
    }
}

/// The text form of a state, which is also how `networksetup` wants it.
fn in_words(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

impl<R: Runner> MacOs<R> {
    pub(super) fn new(runner: R) -> Self {
        Self { runner }
    }

    fn ask(&self, doing: &'static str, about: &str, arguments: &[&str]) -> Result<String, Error> {
        let failed = |why: String| Error::Setting { place: PLACE, doing, key: about.to_owned(), why };
        let answer = self.runner.run(NETWORKSETUP, arguments).map_err(|error| failed(error.to_string()))?;
        match answers::complaint(&answer) {
            Some(why) => Err(failed(why.to_owned())),
            None => Ok(answer),
        }
    }

    /// A service's PAC address; none where there is no such service any more.
    fn endpoint(&self, service: &str) -> Result<Option<Endpoint>, Error> {
        let arguments = ["-getautoproxyurl", service];
        let failed = |why: String| Error::Setting { place: PLACE, doing: "read", key: service.to_owned(), why };
        let answer = self.runner.run(NETWORKSETUP, &arguments).or_else(|error| {
            // Some versions end badly here, others well.
            if answers::is_no_service(&error.to_string()) {
                Ok(error.to_string())
            } else {
                Err(failed(error.to_string()))
            }
        })?;
        if answers::is_no_service(&answer) {
            return Ok(None);
        }
        let found = answers::endpoint(&answer);
        found.map(Some).ok_or_else(|| failed(format!("networksetup answered {:?}", answer.trim())))
    }

    /// `networksetup` turns an address on as soon as it is set. That is fine for ours; behind another one the state that was
    /// there is set again.
    fn set_address(&self, key: &str, service: &str, address: &str) -> Result<(), Error> {
        let was_on = self.endpoint(service)?.is_some_and(|found| found.enabled);
        self.ask("set", key, &["-setautoproxyurl", service, address])?;
        if was_on || is_our_address(address) { Ok(()) } else { self.set_state(key, service, in_words(false)) }
    }

    /// Not every version may take an empty address; see [`MacOs::does_no_harm`].
    fn clear_address(&self, key: &str, service: &str) -> Result<(), Error> {
        self.set_address(key, service, "").or_else(|error| {
            tracing::info!(%error, "our address stays, turned off");
            Ok(())
        })
    }

    /// Whether all that failed is that an address of ours is still there, turned off: that is as good as none.
    fn does_no_harm(&self, failure: &Error) -> bool {
        let Error::NotHeld { key, wanted: None, .. } = failure else { return false };
        let Some(Key::Address(service)) = Key::parse(key) else { return false };
        matches!(self.endpoint(service), Ok(Some(Endpoint { enabled: false, .. })))
    }

    fn set_state(&self, key: &str, service: &str, state: &str) -> Result<(), Error> {
        self.ask("set", key, &["-setautoproxystate", service, state]).map(drop)
    }

    /// Those that are turned on.
    fn services(&self) -> Result<Vec<String>, Error> {
        Ok(answers::services(&self.ask("read", "services", &["-listallnetworkservices"])?))
    }

    /// None where there is no such service any more.
    fn state_of(&self, service: String) -> Result<Option<State>, Error> {
        let Some(Endpoint { address, enabled }) = self.endpoint(&service)? else { return Ok(None) };
        let names_us = address.as_deref().is_some_and(is_our_address);
        let way = match address {
            Some(address) if enabled => Way::Automatic(address),
            _ if self.detects(&service)? => Way::Automatic(String::new()),
            _ => match self.named(&service)?.servers() {
                none if none.is_empty() => Way::Direct,
                servers => Way::Manual(servers),
            },
        };
        Ok(Some(State { connection: Some(service), way, names_us }))
    }

    /// Whether the network is asked for a configuration.
    fn detects(&self, service: &str) -> Result<bool, Error> {
        Ok(answers::is_on(&self.ask("read", service, &["-getproxyautodiscovery", service])?))
    }

    /// The proxies that are named by hand and in force, without the hosts that are reached directly.
    fn named(&self, service: &str) -> Result<ManualProxies, Error> {
        let socks = self.server(service, "-getsocksfirewallproxy", ServerKind::Socks)?;
        let http = self.server(service, "-getwebproxy", ServerKind::Http)?.or_else(|| socks.clone());
        let https = self.server(service, "-getsecurewebproxy", ServerKind::Http)?.or(socks);
        Ok(ManualProxies { http, https, ..ManualProxies::default() })
    }

    /// The enabled service by which traffic leaves, else the first one.
    fn primary_service(&self) -> Result<Option<String>, Error> {
        let services = self.services()?;
        let order = self.ask("read", "services", &["-listnetworkserviceorder"])?;
        // Without a network there is no such route, and `route` ends badly.
        let route = self.runner.run(ROUTE, &["-n", "get", "default"]).unwrap_or_default();
        let primary = answers::interface(&route).and_then(|interface| answers::service_of(&order, interface));
        Ok(primary
            .filter(|name| services.iter().any(|service| service == name))
            .map(str::to_owned)
            .or(services.into_iter().next()))
    }

    fn server(&self, service: &str, question: &str, kind: ServerKind) -> Result<Option<Server>, Error> {
        let usual_port = if kind == ServerKind::Socks { SOCKS_PORT } else { HTTP_PORT };
        let found = answers::server(&self.ask("read", service, &[question, service])?);
        Ok(found.map(|NamedServer { host, port }| {
            let port = if port == 0 { usual_port } else { port };
            // A password is in the keychain, and not ours to take from there.
            Server { kind, host, port, user_and_password: None }
        }))
    }
}

const PLACE: &str = "macOS network settings";

/// The name of this hand in a note.
pub(super) const BACKEND: &str = "networksetup";

impl<R: Runner> Store for MacOs<R> {
    const BACKEND: &'static str = BACKEND;
    const PLACE: &'static str = PLACE;

    fn plan(&self, pac_url: &str) -> Result<Vec<Wanted>, Error> {
        let services = self.services()?;
        if services.is_empty() {
            let why = "this Mac has no network service that is turned on".to_owned();
            return Err(Error::Setting { place: PLACE, doing: "read", key: "services".to_owned(), why });
        }
        let of_service =
            |service: &String| [(format!("{service} address"), pac_url), (format!("{service} state"), in_words(true))];
        Ok(services.iter().flat_map(of_service).map(|(key, value)| Wanted::new(&key, value.to_owned())).collect())
    }

    fn owns(key: &str) -> bool {
        Key::parse(key).is_some()
    }

    fn off(_ours: &str) -> Option<String> {
        Some(in_words(false).to_owned())
    }

    fn is_there(&self, group: &str) -> Result<bool, Error> {
        Ok(self.endpoint(group)?.is_some())
    }

    /// An address only: proxies named by hand have switches of their own, which we do not touch.
    fn forget_dead_ends(&self, group: &mut [KeyNote], dead_ends: &DeadEnds<'_>) -> Result<(), Error> {
        if let [address, state] = group
            && state.before.as_deref() == Some(in_words(true))
            && address.before.as_deref().is_some_and(|url| dead_ends.serve(url))
        {
            state.before = Some(in_words(false).to_owned());
        }
        Ok(())
    }

    /// Whether a password is asked for is known only when it is tried; then nothing is changed.
    fn is_writable(&self, _key: &str) -> Result<bool, Error> {
        Ok(true)
    }

    fn user_value(&self, key: &str) -> Result<Option<String>, Error> {
        match Key::parse(key) {
            None => Ok(None),
            Some(Key::Address(service)) => Ok(self.endpoint(service)?.and_then(|found| found.address)),
            Some(Key::State(service)) => Ok(self.endpoint(service)?.map(|found| in_words(found.enabled).to_owned())),
        }
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        match Key::parse(key) {
            Some(Key::Address(service)) => self.set_address(key, service, text),
            Some(Key::State(service)) => self.set_state(key, service, text),
            None => Ok(()),
        }
    }

    fn reset(&self, key: &str) -> Result<(), Error> {
        match Key::parse(key) {
            Some(Key::Address(service)) => self.clear_address(key, service),
            Some(Key::State(service)) => self.set_state(key, service, in_words(false)),
            None => Ok(()),
        }
    }
}

impl<R: Runner> SystemProxy for MacOs<R> {
    fn place(&self) -> &'static str {
        PLACE
    }

    /// That of the service by which traffic leaves now comes first.
    fn states(&self) -> Result<Vec<State>, Error> {
        let primary = self.primary_service()?;
        let mut services = self.services()?;
        services.sort_by_key(|service| Some(service) != primary.as_ref());
        let states = services.into_iter().map(|service| self.state_of(service).transpose());
        states.flatten().collect()
    }

    fn prepare(&self, pac_url: &str) -> Result<Note, Error> {
        keyed::prepare(self, pac_url)
    }

    /// That of the service by which traffic leaves now.
    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error> {
        let Some(service) = self.primary_service()? else { return Ok(None) };
        let state = format!("{service} state");
        let noted = note.keys.iter().find(|key| key.key == state).and_then(|key| key.before.as_deref());
        if noted == Some(in_words(true)) || self.detects(&service)? {
            return Ok(Some(FormerProxy::Automatic));
        }
        let mut manual = self.named(&service)?;
        if manual != ManualProxies::default() {
            manual.direct = answers::bypassed(&self.ask("read", &service, &["-getproxybypassdomains", &service])?);
        }
        Ok(manual.if_any())
    }

    fn apply(&self, note: &Note) -> Result<(), Error> {
        keyed::apply(self, note)
    }

    fn holds(&self, note: &Note) -> Result<bool, Error> {
        keyed::holds(self, note)
    }

    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error> {
        keyed::newcomers(self, note)
    }

    fn restore(&self, note: &Note) -> Result<Restored, Error> {
        match keyed::restore(self, note) {
            Err(Error::PartlyRestored { restored, failures, .. })
                if failures.iter().all(|failure| self.does_no_harm(failure)) =>
            {
                Ok(restored)
            }
            done => done,
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
