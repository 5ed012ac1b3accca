//! A proxy in this process, without a controller: for tests of what goes over the wire.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tamis_filter::profiles::{
    QUIET_HEADERS_ID, QUIET_ROWS, QuietChoice, QuietHeaders, QuietLevel, catalogue, is_tracker,
};
use tamis_filter::rules::{Parsed, Rules};
use tamis_filter::{Pipeline, Profile};
use tamis_proxy::{
    Access, Config, ExchangeRecord, Fetch, FetchError, Fetched, Interception, Limits, Proxy, Routes, Rule, Traffic,
    Trust,
};
use tokio::sync::oneshot;

use crate::DEADLINE;
use crate::client::Client;

/// What is to be done with the running proxy, on its own thread.
type Order = Box<dyn FnOnce(&Proxy) + Send>;

/// Stops when dropped.
#[derive(Debug)]
pub struct ProxyBox {
    /// Where it listens.
    pub addr: SocketAddr,
    records: mpsc::Receiver<ExchangeRecord>,
    orders: tokio::sync::mpsc::Sender<(Order, mpsc::Sender<()>)>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProxyBox {
    /// A proxy with the profiles named and the usual limits.
    pub fn start(profiles: &[&str]) -> Self {
        Self::with_limits(profiles, Limits::default())
    }

    /// A proxy with limits of its own.
    pub fn with_limits(profiles: &[&str], limits: Limits) -> Self {
        Self::with(profiles, |config| config.limits = limits)
    }

    /// A proxy with rules of the user, all of them understood, and the profiles named.
    pub fn with_rules(rules: &str, profiles: &[&str]) -> Self {
        Self::with_rules_and(rules, profiles, |_| {})
    }

    /// The same, not set up as usual.
    pub fn with_rules_and(rules: &str, profiles: &[&str], adjust: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        let Parsed { rules, refused, .. } = Rules::parse(rules);
        assert!(refused.is_empty(), "{refused:?}");
        let rules: Arc<dyn Profile> = Arc::new(rules);
        Self::with_pipeline(Pipeline::new(std::iter::once(rules).chain(chosen(profiles)).collect()), adjust)
    }

    /// A proxy with these profiles.
    pub fn with_profiles(profiles: Vec<Arc<dyn Profile>>, adjust: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        Self::with_pipeline(Pipeline::new(profiles), adjust)
    }

    /// A proxy that is not set up as usual.
    pub fn with(profiles: &[&str], adjust: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        Self::with_pipeline(Pipeline::new(chosen(profiles).collect()), adjust)
    }

    fn with_pipeline(pipeline: Pipeline, adjust: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        let (addr_out, addr_in) = mpsc::channel();
        let (records_out, records) = mpsc::channel();
        let (orders, mut given) = tokio::sync::mpsc::channel::<(Order, mpsc::Sender<()>)>(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let (records, mut finished) = tokio::sync::mpsc::channel(1024);
                let listen = SocketAddr::from(([127, 0, 0, 1], 0));
                let pac_path = tamis_platform::PAC_PATH;
                let (access, routes, limits) = (Access::default(), Routes::default(), Limits::default());
                let refused_targets = Vec::new();
                let mut config = Config {
                    listen,
                    pipeline,
                    access,
                    routes,
                    limits,
                    pac_path,
                    refused_targets,
                    learned: Arc::default(),
                    programs: Arc::new(()),
                    resolver: Arc::new(()),
                    records,
                };
                adjust(&mut config);
                let proxy = Proxy::start(config).await.expect("a listening proxy");
                addr_out.send(proxy.addr_here()).expect("a waiting test");
                let forward = async {
                    while let Some(record) = finished.recv().await {
                        drop(records_out.send(record));
                    }
                };
                let obey = async {
                    while let Some((order, done)) = given.recv().await {
                        order(&proxy);
                        done.send(()).expect("a waiting test");
                    }
                };
                tokio::select! {
                    _ = stopped => {}
                    () = forward => {}
                    () = obey => {}
                }
                proxy.shutdown().await;
            });
        });
        let addr = addr_in.recv_timeout(DEADLINE).expect("a listening proxy");
        Self { addr, records, orders, stop: Some(stop), thread: Some(thread) }
    }

    /// A proxy without profiles that takes these ways: hosts (spaces between), and the route to them.
    pub fn with_routes(routes: &[(&str, &str)]) -> Self {
        let proxy = Self::start(&[]);
        proxy.set_routes(routes);
        proxy
    }

    /// Takes other ways from now on.
    pub fn set_routes(&self, routes: &[(&str, &str)]) {
        let rule = |(hosts, route): &(&str, &str)| Rule {
            hosts: hosts.split(' ').map(|host| host.parse().expect("a pattern")).collect(),
            traffic: Traffic::All,
            route: route.parse().expect("a route"),
        };
        let routes = Routes::new(routes.iter().map(rule).collect());
        self.order(|proxy| proxy.set_routes(routes));
    }

    /// Opens this of HTTPS from now on.
    pub fn set_interception(&self, interception: Option<Interception>) {
        self.order(|proxy| proxy.set_interception(interception));
    }

    /// Fetches with what the proxy offers its owner.
    ///
    /// # Errors
    /// As [`tamis_proxy::Fetcher::fetch`].
    pub fn fetch(&self, trust: Trust, what: &Fetch) -> Result<Fetched, FetchError> {
        let (out, fetcher) = mpsc::channel();
        self.order(move |proxy| drop(out.send(proxy.fetcher(trust))));
        let fetcher = fetcher.recv_timeout(DEADLINE).expect("a fetcher");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(fetcher.fetch(what))
    }

    fn order(&self, order: impl FnOnce(&Proxy) + Send + 'static) {
        let (done, is_done) = mpsc::channel();
        self.orders.blocking_send((Box::new(order), done)).expect("a running proxy");
        is_done.recv_timeout(DEADLINE).expect("an order that is carried out");
    }

    /// A client connected to it.
    pub fn client(&self) -> Client {
        Client::connect(self.addr)
    }

    /// The next finished exchange.
    #[track_caller]
    pub fn record(&self) -> ExchangeRecord {
        self.records.recv_timeout(DEADLINE).expect("a finished exchange")
    }

    /// Shuts it down in good order.
    pub fn stop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ended_already = stop.send(());
            thread.join().expect("a proxy that ends well");
        }
    }
}

/// The profiles with these ids, in catalogue order; `quiet-headers=strict` means that profile at that level, and
/// `quiet-headers=from` that row of it alone, for which every origin here only tracks.
fn chosen(ids: &[&str]) -> impl Iterator<Item = Arc<dyn Profile>> {
    let part =
        |profile: &Arc<dyn Profile>| ids.iter().find_map(|id| id.strip_prefix(profile.card().id)?.strip_prefix('='));
    let chosen = |profile: Arc<dyn Profile>| -> Option<Arc<dyn Profile>> {
        let Some(part) = part(&profile) else { return ids.contains(&profile.card().id).then_some(profile) };
        assert_eq!(profile.card().id, QUIET_HEADERS_ID, "only this profile has levels and rows");
        if let Some(level) = QuietLevel::named(part) {
            return Some(Arc::new(QuietHeaders::new(&QuietChoice { level, ..QuietChoice::default() }, is_tracker)));
        }
        assert!(QUIET_ROWS.iter().any(|row| row.id == part), "there is no row {part}");
        let switched = QUIET_ROWS.iter().map(|row| (row.id.to_owned(), row.id == part)).collect();
        let choice = QuietChoice { level: QuietLevel::default(), switched };
        Some(Arc::new(QuietHeaders::new(&choice, |host| is_tracker(host) || host == "127.0.0.1")))
    };
    catalogue().into_iter().filter_map(chosen).collect::<Vec<_>>().into_iter()
}

impl Drop for ProxyBox {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.stop();
        }
    }
}
