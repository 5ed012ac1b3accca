//! The roots of the user who runs this: to be run as a user made for it, or under Wine in a prefix of its own.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustls::crypto::aws_lc_rs;
use rustls::sign::SingleCertAndKey;
use rustls::{ServerConfig, ServerConnection};
use tamis_authority::{Authority, Leaves};
use tamis_platform::trust::{Certificate, Places, Rights, State, TrustStore, Verdict, trust_stores};
use winreg::RegKey;
use winreg::enums::HKEY_CURRENT_USER;

const HOST: &str = "trust.test";
const PREFIX: &str = "Tamis on this computer ";

/// There is one store: tests take turns, and each takes out what it put there.
struct Turn {
    store: Box<dyn TrustStore>,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self { store: trust_stores(&Places::of_this_user()).pop().unwrap(), _turn: turn }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.store.remove_all_of(PREFIX, Rights::Own));
    }
}

/// Wine adds to the store, but neither takes out of it nor asks it in a process that has asked before.
fn is_wine() -> bool {
    let found = RegKey::predef(HKEY_CURRENT_USER).open_subkey(r"Software\Wine").is_ok();
    if found {
        println!("skipped from here on: Wine keeps what it is told to delete");
    }
    found
}

fn certificate(authority: &Authority) -> Certificate {
    Certificate {
        der: authority.certificate().to_vec(),
        pem: authority.certificate_pem().to_owned(),
        name: PREFIX.to_owned(),
        fingerprint: authority.fingerprint().0,
    }
}

fn new() -> Certificate {
    certificate(&Authority::create(SystemTime::now()).unwrap())
}

/// Shakes hands with everybody who comes, with a leaf of the authority.
fn serve(authority: Authority) -> SocketAddr {
    let leaves = Leaves::new(Arc::new(authority)).unwrap();
    let mut leaf = leaves.of(&HOST.try_into().unwrap(), SystemTime::now()).unwrap().as_ref().clone();
    // Wine finds no fault with a chain that ends too early.
    leaf.cert.push(leaves.authority().certificate().clone());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut socket).is_ok() {}
        }
    });
    address
}

#[test]
fn a_certificate_is_there_after_install_and_not_after_remove() {
    let turn = Turn::take();
    let certificate = new();
    assert_eq!(turn.store.state(&certificate), Ok(State::Absent));
    for _ in 0..2 {
        turn.store.install(&certificate, Rights::Own).unwrap();
        assert_eq!(turn.store.state(&certificate), Ok(State::Installed));
    }
    if is_wine() {
        return assert!(turn.store.remove(&certificate, Rights::Own).is_err(), "it is still there, and that is said");
    }
    assert_eq!(turn.store.remove(&certificate, Rights::Own), Ok(1));
    assert_eq!(turn.store.state(&certificate), Ok(State::Absent));
    assert_eq!(turn.store.remove(&certificate, Rights::Own), Ok(0));
}

#[test]
fn what_earlier_installations_left_goes_by_its_name() {
    let turn = Turn::take();
    let [older, current] = [(); 2].map(|()| new());
    turn.store.install(&older, Rights::Own).unwrap();
    turn.store.install(&current, Rights::Own).unwrap();
    assert_eq!(turn.store.remove_all_of("Tamis of nobody", Rights::Own), Ok(0));
    if is_wine() {
        return;
    }
    assert_eq!(turn.store.remove_all_of(PREFIX, Rights::Own), Ok(2));
    assert_eq!([&older, &current].map(|each| turn.store.state(each).unwrap()), [State::Absent; 2]);
}

#[test]
fn windows_itself_says_whether_it_trusts() {
    let turn = Turn::take();
    let authority = Authority::create(SystemTime::now()).unwrap();
    let certificate = certificate(&authority);
    let server = serve(authority);
    let trusts = |host| turn.store.verify(server, host).unwrap() == Verdict::Trusted;
    assert!(!trusts(HOST));
    if is_wine() {
        return;
    }
    turn.store.install(&certificate, Rights::Own).unwrap();
    assert!(trusts(HOST) && !trusts("other.test"));
    turn.store.remove(&certificate, Rights::Own).unwrap();
    assert!(!trusts(HOST));
}
