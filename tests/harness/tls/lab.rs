//! A Tamis that opens TLS, an infrastructure of the test's own above the origins, and clients that trust either.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use tamis_authority::{Authority, Distrust, Leaves};
use tamis_filter::Profile;
use tamis_proxy::{Config, Interception, Learned, Program, Programs, Scope};

use super::browser::{Browser, Refusal, Visit};
use super::pki::Pki;
use crate::origin::Origin;
use crate::proxy_box::ProxyBox;
use crate::upstream;

/// Everything that stands around a test of HTTPS.
#[derive(Debug)]
pub struct Lab {
    /// Who certifies the origins.
    pub pki: Pki,
    /// What Tamis signs with.
    pub leaves: Arc<Leaves>,
    /// What it has learned.
    pub learned: Arc<Learned>,
    /// Tamis.
    pub proxy: ProxyBox,
    /// Through which it reaches names that end in `.test`.
    pub upstream: Origin,
}

impl Lab {
    /// Opens everything, without profiles.
    pub fn start() -> Self {
        Self::with(&[], |_| {})
    }

    /// Opens everything with these profiles, set up otherwise.
    pub fn with(profiles: &[&str], adjust: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        Self::around(adjust, |adjust| ProxyBox::with(profiles, adjust))
    }

    /// Opens everything, with rules of the user and these profiles.
    pub fn with_rules(rules: &str, profiles: &[&str]) -> Self {
        Self::with_rules_and(rules, profiles, |_| {})
    }

    /// The same, set up otherwise.
    pub fn with_rules_and(rules: &str, profiles: &[&str], adjust: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        Self::around(adjust, |adjust| ProxyBox::with_rules_and(rules, profiles, adjust))
    }

    /// Opens everything, with profiles of the test's own.
    pub fn with_profiles(profiles: Vec<Arc<dyn Profile>>) -> Self {
        Self::around(|_| {}, |adjust| ProxyBox::with_profiles(profiles, adjust))
    }

    fn around(
        adjust: impl FnOnce(&mut Config) + Send + 'static,
        start: impl FnOnce(Box<dyn FnOnce(&mut Config) + Send>) -> ProxyBox,
    ) -> Self {
        let pki = Pki::default();
        let authority = Authority::create(SystemTime::now()).expect("an authority");
        let leaves = Arc::new(Leaves::new(Arc::new(authority)).expect("leaves"));
        let learned = Arc::new(Learned::default());
        let known = Arc::clone(&learned);
        let proxy = start(Box::new(move |config| {
            config.learned = known;
            config.programs = Arc::new(ByAddress);
            adjust(config);
        }));
        let upstream = upstream::http_proxy();
        proxy.set_routes(&[("*.test", &format!("http://{}", upstream.authority()))]);
        let lab = Self { pki, leaves, learned, proxy, upstream };
        lab.open(|_| {});
        lab
    }

    /// Opens everything from now on, but for what `adjust` changes.
    pub fn open(&self, adjust: impl FnOnce(&mut Interception)) {
        let mut interception = Interception {
            scope: Scope::All,
            exceptions: Vec::new(),
            leaves: Arc::clone(&self.leaves),
            distrust: Arc::new(Distrust::default()),
            extra_roots: vec![self.pki.root()],
        };
        adjust(&mut interception);
        self.proxy.set_interception(Some(interception));
    }

    /// The certificate of Tamis' authority.
    pub fn authority(&self) -> CertificateDer<'static> {
        self.leaves.authority().certificate().clone()
    }

    /// A browser whose user has installed Tamis' authority; beside it, it trusts what the origins are certified by.
    pub fn browser(&self) -> Browser {
        Browser::trusting(&[self.authority(), self.pki.root()])
    }

    /// A program that knows nothing of Tamis' authority.
    pub fn stranger(&self) -> Browser {
        Browser::trusting(&[self.pki.root()])
    }

    /// Visits `host:port` with a browser.
    ///
    /// # Errors
    /// [`Refusal`] where nothing comes of it.
    pub fn visit(&self, browser: &Browser, target: &str) -> Result<Visit, Box<Refusal>> {
        browser.visit(self.proxy.addr, target)
    }

    /// Whether this chain is one by Tamis.
    pub fn is_ours(&self, chain: &[CertificateDer<'static>]) -> bool {
        chain.first().is_some_and(|leaf| self.leaves.authority().has_issued(leaf))
    }
}

/// Programs by the address of their end: 127.0.0.2 is one, 127.0.0.3 another, and that of 127.0.0.1 is not known.
#[derive(Debug)]
struct ByAddress;

impl Programs for ByAddress {
    fn behind(&self, client: SocketAddr, _: SocketAddr) -> Option<Program> {
        let IpAddr::V4(address) = client.ip() else { return None };
        let number = address.octets()[3];
        (number > 1).then(|| program(number))
    }
}

/// The program that comes from 127.0.0.`number`.
pub fn program(number: u8) -> Program {
    Program { name: format!("program-{number}"), path: format!("/opt/program-{number}") }
}
