//! A small public key infrastructure of the test's own: a root, an authority below it, and certificates of every sort.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// A root, and an authority that it has certified, which signs leaves.
#[derive(Debug)]
pub struct Pki {
    folder: TempDir,
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// What a server shows of itself, and the key that goes with it.
#[derive(Debug)]
pub struct Identity {
    /// The leaf first; without the root.
    pub chain: Vec<CertificateDer<'static>>,
    /// PKCS #8.
    pub key: PrivateKeyDer<'static>,
    /// A stapled OCSP response (RFC 6066 8); empty for none.
    pub staple: Vec<u8>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key(), staple: self.staple.clone() }
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::named("Tamis tests")
    }
}

impl Pki {
    /// One whose authorities have this in their names.
    pub fn named(name: &str) -> Self {
        let key = || KeyPair::generate().expect("a key");
        let root = CertifiedIssuer::self_signed(authority(&format!("{name} root")), key()).expect("a root");
        let intermediate = CertifiedIssuer::signed_by(authority(&format!("{name} intermediate")), key(), &root);
        let intermediate = intermediate.expect("an intermediate");
        let folder = tempfile::tempdir().expect("a folder");
        for (file, text) in [
            ("root.pem", root.pem()),
            ("intermediate.pem", intermediate.pem()),
            ("intermediate.key", intermediate.key().serialize_pem()),
        ] {
            fs::write(folder.path().join(file), text).expect("writing a certificate");
        }
        Self { folder, root, intermediate }
    }

    /// What has to be trusted.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The same as a file in PEM.
    pub fn root_file(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// What stands between root and leaves.
    pub fn intermediate(&self) -> CertificateDer<'static> {
        self.intermediate.der().clone()
    }

    /// Where what it writes is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A good certificate for these names and addresses.
    pub fn leaf(&self, names: &[&str]) -> Identity {
        self.issue(names, |_| {})
    }

    /// One that is good but for what `spoil` does to it.
    pub fn issue(&self, names: &[&str], spoil: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (leaf, key) = signed(&self.intermediate, names, spoil);
        Identity { chain: vec![leaf, self.intermediate()], key, staple: Vec::new() }
    }

    /// A good certificate by another authority below the same root, which `spoil` has spoilt.
    pub fn below(&self, names: &[&str], spoil: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = authority("Tamis tests spoilt intermediate");
        spoil(&mut params);
        let middle = CertifiedIssuer::signed_by(params, KeyPair::generate().expect("a key"), &self.root);
        let middle = middle.expect("an intermediate");
        let (leaf, key) = signed(&middle, names, |_| {});
        Identity { chain: vec![leaf, middle.der().clone()], key, staple: Vec::new() }
    }

    /// A certificate that nobody has signed but its own key.
    pub fn self_signed(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let leaf = server(names).self_signed(&key).expect("a certificate");
        Identity { chain: vec![leaf.der().clone()], key: pkcs8(&key), staple: Vec::new() }
    }

    /// A certificate that openssl makes, for what rcgen does not: `key` as for `-newkey`, `digest` as `-sha1`.
    pub fn by_openssl(&self, name: &str, key: &str, digest: &str) -> Identity {
        let [key_file, leaf_file] = ["leaf.key", "leaf.pem"].map(|file| self.folder.path().join(file));
        openssl(
            Command::new("openssl")
                .current_dir(self.folder.path())
                .args(["req", "-x509", "-CA", "intermediate.pem", "-CAkey", "intermediate.key", "-nodes", digest])
                .args(["-newkey", key, "-days", "30", "-subj", "/CN=openssl", "-keyout"])
                .arg(&key_file)
                .arg("-out")
                .arg(&leaf_file)
                .args(["-addext", &format!("subjectAltName=DNS:{name}")])
                .args(["-addext", "basicConstraints=critical,CA:false", "-addext", "extendedKeyUsage=serverAuth"]),
        );
        let leaf = CertificateDer::from_pem_file(&leaf_file).expect("a certificate of openssl");
        let key = PrivateKeyDer::from_pem_file(&key_file).expect("a key of openssl");
        Identity { chain: vec![leaf, self.intermediate()], key, staple: Vec::new() }
    }

    /// The same identity with a stapled answer of its issuer, which says that it is in order, or revoked (RFC 6960).
    pub fn stapled(&self, identity: Identity, revoked: bool) -> Identity {
        let file = |name: &str| self.folder.path().join(name);
        let (_, leaf) = x509_parser::parse_x509_certificate(&identity.chain[0]).expect("a certificate");
        let serial: String = leaf.raw_serial().iter().map(|byte| format!("{byte:02X}")).collect();
        let (status, since) = if revoked { ("R", "260101000000Z") } else { ("V", "") };
        // The data base of `openssl ca`: status, expiry, revocation, serial number, file, name.
        let serial = serial.trim_start_matches("00");
        fs::write(file("index.txt"), format!("{status}\t491231235959Z\t{since}\t{serial}\tunknown\t/CN=x\n")).unwrap();
        fs::write(file("stapled.pem"), pem(&identity.chain[..1])).expect("writing a certificate");
        openssl(
            Command::new("openssl")
                .current_dir(self.folder.path())
                .args(["ocsp", "-index", "index.txt", "-rsigner", "intermediate.pem", "-rkey", "intermediate.key"])
                .args(["-CA", "intermediate.pem", "-issuer", "intermediate.pem", "-cert", "stapled.pem"])
                .args(["-ndays", "7", "-respout", "staple.der"]),
        );
        Identity { staple: fs::read(file("staple.der")).expect("a response"), ..identity }
    }
}

impl Identity {
    /// The leaf.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// Shows only the leaf, and leaves the way to the root to whoever looks at it.
    pub fn alone(mut self) -> Self {
        self.chain.truncate(1);
        self
    }

    /// Signs another certificate with this one's key, whether it may or not.
    pub fn sign(&self, names: &[&str]) -> Self {
        let key = KeyPair::try_from(&self.key).expect("a key that signs");
        let issuer = rcgen::Issuer::from_ca_cert_der(self.certificate(), key).expect("an issuer");
        let (leaf, key) = signed(&issuer, names, |_| {});
        Self { chain: [vec![leaf], self.chain.clone()].concat(), key, staple: Vec::new() }
    }

    /// Writes chain and key in PEM for openssl; their files.
    pub fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (chain, key) = (folder.join("shown.pem"), folder.join("shown.key"));
        fs::write(&chain, pem(&self.chain)).expect("writing a chain");
        fs::write(&key, armoured("PRIVATE KEY", self.key.secret_der())).expect("writing a key");
        (chain, key)
    }
}

/// What an authority's certificate says.
fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    now_for(&mut params, Duration::days(365));
    params
}

/// What a good server's certificate says.
fn server(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    now_for(&mut params, Duration::days(30));
    params
}

/// Valid from yesterday for so long.
fn now_for(params: &mut CertificateParams, long: Duration) {
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = params.not_before + long;
}

/// A name with nothing but a common name in it.
pub fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn signed(
    issuer: &rcgen::Issuer<'_, KeyPair>,
    names: &[&str],
    spoil: impl FnOnce(&mut CertificateParams),
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = server(names);
    spoil(&mut params);
    (params.signed_by(&key, issuer).expect("a certificate").der().clone(), pkcs8(&key))
}

fn pkcs8(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

fn pem(chain: &[CertificateDer<'_>]) -> String {
    chain.iter().map(|certificate| armoured("CERTIFICATE", certificate)).collect()
}

fn armoured(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn openssl(command: &mut Command) {
    let output = command.output().expect("openssl (Debian: openssl)");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
