//! Trust stores, for real: databases made and judged by NSS's own tools, and a system's store below a folder of the test's.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::crypto::aws_lc_rs;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection};
use tamis_authority::{Authority, Leaves};
use tamis_platform::trust::{Certificate, Places, Rights, State, TrustError, TrustStore, Verdict, trust_stores};

const HOST: &str = "trust.test";
const PREFIX: &str = "Tamis on this computer ";

/// A user with a home, a system around him, an authority, and a server that shows a leaf of it.
struct Stage {
    home: tempfile::TempDir,
    certificate: Certificate,
    server: SocketAddr,
}

impl Stage {
    /// None, with a line that says so, where the machine has no tools of NSS.
    fn set() -> Option<Self> {
        let path = Places::of_this_user().path;
        if !["certutil", "tstclnt"].iter().all(|tool| path.iter().any(|folder| folder.join(tool).exists())) {
            println!("skipped: no certutil and tstclnt (Debian's libnss3-tools)");
            return None;
        }
        let authority = Arc::new(Authority::create(SystemTime::now()).unwrap());
        let leaves = Leaves::new(Arc::clone(&authority)).unwrap();
        let leaf = leaves.of(&HOST.try_into().unwrap(), SystemTime::now()).unwrap();
        let home = tempfile::tempdir().unwrap();
        Some(Self { home, certificate: certificate(&authority), server: serve(&leaf) })
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn places(&self) -> Places {
        Places::under(self.home(), &self.home().join("root"), Places::of_this_user().path)
    }

    fn stores(&self) -> Vec<Box<dyn TrustStore>> {
        trust_stores(&self.places())
    }

    fn profiles(&self, names: &[&str]) {
        let folder = self.home().join(".mozilla/firefox");
        let sections = names.iter().enumerate().map(|(number, name)| {
            fs::create_dir_all(folder.join(name)).unwrap();
            format!("[Profile{number}]\nName={name}\nIsRelative=1\nPath={name}\n")
        });
        let list: Vec<String> = sections.collect();
        fs::write(folder.join("profiles.ini"), list.join("\n")).unwrap();
    }

    fn profile(&self, name: &str) -> PathBuf {
        self.home().join(".mozilla/firefox").join(name)
    }

    fn is_trusted_by(&self, store: &dyn TrustStore) -> bool {
        match store.verify(self.server, HOST).unwrap() {
            Verdict::Trusted => true,
            Verdict::Refused(_) => false,
        }
    }

    /// There, and its own verifier agrees; or neither.
    fn assert_is(&self, store: &dyn TrustStore, state: State) {
        assert_eq!(store.state(&self.certificate), Ok(state), "{store:?}");
        assert_eq!(self.is_trusted_by(store), state == State::Installed, "{store:?}");
    }
}

fn certificate(authority: &Authority) -> Certificate {
    Certificate {
        der: authority.certificate().to_vec(),
        pem: authority.certificate_pem().to_owned(),
        name: format!("{PREFIX}{}", &authority.fingerprint().to_string().replace(':', "")[..8]),
        fingerprint: authority.fingerprint().0,
    }
}

/// Shakes hands with everybody who comes.
fn serve(leaf: &CertifiedKey) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf.clone()))));
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

fn certutil(folder: &Path, arguments: &[&str]) {
    let database = format!("sql:{}", folder.display());
    let mut command = Command::new("certutil");
    command.args(arguments).args(["-d", &database]).stdin(Stdio::null());
    assert!(command.output().unwrap().status.success(), "certutil {arguments:?}");
}

fn new_database(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    certutil(folder, &["-N", "--empty-password"]);
}

/// With the certificate in a file.
fn put(folder: &Path, certificate: &Certificate, name: &str, trust: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, &certificate.der).unwrap();
    certutil(folder, &["-A", "-n", name, "-t", trust, "-i", file.path().to_str().unwrap()]);
}

fn program(folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_certificate_is_in_every_database_after_install_and_in_none_after_remove() {
    let Some(stage) = Stage::set() else { return };
    new_database(&stage.home().join(".local/share/pki/nssdb"));
    new_database(&stage.home().join(".pki/nssdb"));
    stage.profiles(&["new", "used"]);
    new_database(&stage.profile("used"));
    let stores = stage.stores();
    assert_eq!(stores.len(), 4);
    for store in &stores {
        stage.assert_is(store.as_ref(), State::Absent);
        // Once more does no harm, neither here nor there.
        for _ in 0..2 {
            store.install(&stage.certificate, Rights::Own).unwrap();
            stage.assert_is(store.as_ref(), State::Installed);
        }
        assert!(matches!(store.verify(stage.server, "other.test"), Ok(Verdict::Refused(_))));
        assert_eq!(store.remove(&stage.certificate, Rights::Own), Ok(1));
        stage.assert_is(store.as_ref(), State::Absent);
        assert_eq!(store.remove(&stage.certificate, Rights::Own), Ok(0));
    }
}

#[test]
fn a_user_without_any_database_gets_one_and_only_he_may_read_it() {
    let Some(stage) = Stage::set() else { return };
    let stores = stage.stores();
    assert_eq!(stores.len(), 1);
    assert_eq!(stores[0].state(&stage.certificate), Ok(State::Absent));
    assert!(!stage.home().join(".pki").exists(), "who only looks changes nothing");
    stores[0].install(&stage.certificate, Rights::Own).unwrap();
    stage.assert_is(stores[0].as_ref(), State::Installed);
    let mode = stage.home().join(".pki/nssdb").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_certificate_is_known_by_its_bytes_whatever_somebody_called_it() {
    let Some(stage) = Stage::set() else { return };
    let folder = stage.home().join(".pki/nssdb");
    new_database(&folder);
    put(&folder, &stage.certificate, "put there by hand", "CT,C,C");
    let stores = stage.stores();
    stage.assert_is(stores[0].as_ref(), State::Installed);
    assert_eq!(stores[0].remove(&stage.certificate, Rights::Own), Ok(1));
    stage.assert_is(stores[0].as_ref(), State::Absent);
}

/// One that names the same subject as others do, with a key of its own.
fn namesake(stage: &Stage) -> Certificate {
    let [key, file] = ["namesake.key", "namesake.der"].map(|name| stage.home().join(name));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-outform", "der"]);
    command.args(["-subj", "/CN=Namesake", "-keyout"]).arg(key).arg("-out").arg(&file);
    assert!(command.output().unwrap().status.success(), "openssl makes no certificate");
    Certificate { der: fs::read(file).unwrap(), name: "Namesake".into(), ..stage.certificate.clone() }
}

#[test]
fn of_two_certificates_of_one_name_the_other_stays() {
    let Some(stage) = Stage::set() else { return };
    let folder = stage.home().join(".pki/nssdb");
    new_database(&folder);
    let [one, other] = [(); 2].map(|()| namesake(&stage));
    let stores = stage.stores();
    for (gone, left) in [(&one, &other), (&other, &one)] {
        stores[0].install(&one, Rights::Own).unwrap();
        stores[0].install(&other, Rights::Own).unwrap();
        assert_eq!(stores[0].remove(gone, Rights::Own), Ok(1));
        assert_eq!([gone, left].map(|each| stores[0].state(each)), [Ok(State::Absent), Ok(State::Installed)]);
    }
}

#[test]
fn trust_that_was_taken_away_is_seen_and_comes_back() {
    let Some(stage) = Stage::set() else { return };
    let stores = stage.stores();
    stores[0].install(&stage.certificate, Rights::Own).unwrap();
    certutil(&stage.home().join(".pki/nssdb"), &["-M", "-n", &stage.certificate.name, "-t", ",,"]);
    stage.assert_is(stores[0].as_ref(), State::Untrusted);
    stores[0].install(&stage.certificate, Rights::Own).unwrap();
    stage.assert_is(stores[0].as_ref(), State::Installed);
}

#[test]
fn what_earlier_installations_left_goes_by_its_name_and_what_others_put_there_stays() {
    let Some(stage) = Stage::set() else { return };
    let folder = stage.home().join(".pki/nssdb");
    new_database(&folder);
    let [older, oldest, foreign] = [(); 3].map(|()| certificate(&Authority::create(SystemTime::now()).unwrap()));
    put(&folder, &older, &older.name, "C,,");
    put(&folder, &oldest, &oldest.name, ",,");
    put(&folder, &foreign, "Company", "C,,");
    let stores = stage.stores();
    stores[0].install(&stage.certificate, Rights::Own).unwrap();
    assert_eq!(stores[0].remove_all_of(PREFIX, Rights::Own), Ok(3));
    assert_eq!(stores[0].remove_all_of(PREFIX, Rights::Own), Ok(0));
    let left = [&stage.certificate, &older, &oldest, &foreign].map(|each| stores[0].state(each).unwrap());
    assert_eq!(left, [State::Absent, State::Absent, State::Absent, State::Installed]);
}

#[test]
fn a_database_that_fails_says_why_and_keeps_no_other_from_its_work() {
    let Some(stage) = Stage::set() else { return };
    stage.profiles(&["locked", "damaged", "fine"]);
    let [locked, damaged] = ["locked", "damaged"].map(|name| stage.profile(name));
    let password = stage.home().join("password");
    fs::write(&password, "primary password\n").unwrap();
    certutil(&locked, &["-N", "-f", password.to_str().unwrap()]);
    fs::write(damaged.join("cert9.db"), "no database").unwrap();
    fs::write(damaged.join("key4.db"), "no database").unwrap();
    let stores = stage.stores();
    let installed: Vec<_> = stores.iter().map(|store| store.install(&stage.certificate, Rights::Own)).collect();
    let [Ok(()), Err(TrustError::Locked(at)), Err(TrustError::Damaged { place, .. }), Ok(())] = &installed[..] else {
        unreachable!("{installed:?}")
    };
    assert_eq!((at, place), (&locked, &damaged));
    // Without its trust the certificate had gone in.
    assert_eq!(stores[1].state(&stage.certificate), Ok(State::Absent));
    assert_eq!(fs::read_to_string(damaged.join("cert9.db")).unwrap(), "no database");
    assert!(matches!(stores[2].state(&stage.certificate), Err(TrustError::Damaged { .. })));
    assert!(matches!(stores[2].verify(stage.server, HOST), Err(TrustError::Damaged { .. })));
    stage.assert_is(stores[3].as_ref(), State::Installed);
}

#[test]
fn a_database_that_may_not_be_written_says_so() {
    let Some(stage) = Stage::set() else { return };
    let folder = stage.home().join(".pki/nssdb");
    new_database(&folder);
    for (place, mode) in [(stage.home(), 0o755), (&folder, 0o555)] {
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
    }
    for file in fs::read_dir(&folder).unwrap() {
        fs::set_permissions(file.unwrap().path(), fs::Permissions::from_mode(0o444)).unwrap();
    }
    let mut places = stage.places();
    // An administrator may write everywhere, so his tests have the tool run as nobody.
    let tools = stage.home().join("tools");
    program(&tools, "certutil", r#"exec setpriv --reuid=65534 --clear-groups /usr/bin/certutil "$@""#);
    if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        places.path.insert(0, tools);
    }
    let stores = trust_stores(&places);
    assert_eq!(stores[0].install(&stage.certificate, Rights::Own), Err(TrustError::ReadOnly(folder)));
    assert_eq!(stores[0].state(&stage.certificate), Ok(State::Absent));
}

#[test]
fn without_the_tools_there_is_an_error_and_never_a_yes() {
    let Some(stage) = Stage::set() else { return };
    stage.stores()[0].install(&stage.certificate, Rights::Own).unwrap();
    let stores = trust_stores(&Places { path: Vec::new(), ..stage.places() });
    let missing = |error: &TrustError| matches!(error, TrustError::ToolMissing { .. });
    assert!(stores[0].state(&stage.certificate).is_err_and(|error| missing(&error)));
    assert!(stores[0].install(&stage.certificate, Rights::Own).is_err_and(|error| missing(&error)));
    assert!(stores[0].remove(&stage.certificate, Rights::Own).is_err_and(|error| missing(&error)));
    let error = stores[0].verify(stage.server, HOST).unwrap_err();
    assert!(missing(&error) && error.to_string().contains("libnss3-tools"), "{error}");
}

/// A Debian below a folder, whose own program makes the file of certificates.
fn debian(stage: &Stage) -> Option<Places> {
    let real = Path::new("/usr/sbin/update-ca-certificates");
    if !real.exists() {
        println!("skipped: this is no Debian");
        return None;
    }
    let mut places = stage.places();
    let root = places.root.display().to_string();
    for folder in ["usr/local/share/ca-certificates", "etc/ssl/certs", "etc/hooks", "usr/share/ca-certificates"] {
        fs::create_dir_all(places.root.join(folder)).unwrap();
    }
    let other = certificate(&Authority::create(SystemTime::now()).unwrap());
    fs::write(places.root.join("usr/share/ca-certificates/distribution.crt"), other.pem).unwrap();
    fs::write(places.root.join("etc/ca-certificates.conf"), "distribution.crt\n").unwrap();
    let script = format!(
        "exec {} --etccertsdir {root}/etc/ssl/certs --localcertsdir {root}/usr/local/share/ca-certificates \
         --certsdir {root}/usr/share/ca-certificates --certsconf {root}/etc/ca-certificates.conf --hooksdir {root}/etc/hooks \"$@\"",
        real.display()
    );
    let tools = stage.home().join("tools");
    program(&tools, "update-ca-certificates", &script);
    places.path.insert(0, tools);
    Some(places)
}

#[test]
fn the_system_believes_what_its_own_program_put_into_the_file_that_programs_read() {
    let Some(stage) = Stage::set() else { return };
    let Some(places) = debian(&stage) else { return };
    let stores = trust_stores(&places);
    let system = stores.last().unwrap().as_ref();
    stage.assert_is(system, State::Absent);
    for _ in 0..2 {
        system.install(&stage.certificate, Rights::Own).unwrap();
        stage.assert_is(system, State::Installed);
    }
    assert_eq!(system.remove(&stage.certificate, Rights::Own), Ok(1));
    stage.assert_is(system, State::Absent);
    assert_eq!(system.remove(&stage.certificate, Rights::Own), Ok(0));
    system.install(&stage.certificate, Rights::Own).unwrap();
    assert_eq!(system.remove_all_of(PREFIX, Rights::Own), Ok(1));
    stage.assert_is(system, State::Absent);
    let left = fs::read_dir(places.root.join("etc/ssl/certs")).unwrap();
    let names: Vec<_> = left.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("tamis")), "{names:?}");
}
