//! TLS on both ends of what is measured: an infrastructure that lasts as long as the bench, and clients that see to it that
//! they are shown what they expect.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ParsedCertificate, ServerSessionMemoryCache, StoresServerSessions};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

/// How many hosts there are beside the origin's own addresses: each is an address of 127.1.0.0/16, so that a first visit
/// can be one.
pub const HOSTS: u16 = 4096;

/// How many sessions the origin remembers, of all hosts together.
const SESSIONS: usize = 4096;

/// A host that nobody has visited yet, by number.
#[must_use]
pub fn host(number: u16) -> Ipv4Addr {
    let [high, low] = (number % HOSTS).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// What the origin shows, by the address that it was reached at. All is made beforehand, so that a first visit costs the
/// origin what another does.
pub type Shown = HashMap<IpAddr, Arc<ServerConfig>>;

/// Makes the origin's infrastructure and an authority for the proxies, and writes what these are told into `folder`:
/// `root.pem`, `ca.pem`, `ca.key`, and both of the authority's in `mitmproxy-ca.pem`.
///
/// # Errors
/// That the folder cannot be written to, or nothing can be signed.
pub fn establish(folder: &Path, own: impl Iterator<Item = Ipv4Addr>) -> io::Result<Shown> {
    let root = authority("Origins of the bench")?;
    let proxies = authority("Proxies of the bench")?;
    let key = proxies.key().serialize_pem();
    for (name, text) in [
        ("root.pem", root.pem()),
        ("ca.pem", proxies.pem()),
        ("ca.key", key.clone()),
        ("mitmproxy-ca.pem", key + &proxies.pem()),
    ] {
        let file = folder.join(name);
        fs::write(&file, text)?;
        // As keys are to be; Tamis says so otherwise.
        fs::set_permissions(file, Permissions::from_mode(0o600))?;
    }
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let sessions = ServerSessionMemoryCache::new(SESSIONS);
    let shown = |host| Ok((IpAddr::V4(host), served(host, &key, &root, Arc::clone(&sessions) as _)?));
    own.chain((0..HOSTS).map(host)).map(shown).collect()
}

fn authority(name: &str) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)
}

fn served(
    host: Ipv4Addr,
    key: &KeyPair,
    root: &CertifiedIssuer<'static, KeyPair>,
    sessions: Arc<dyn StoresServerSessions>,
) -> io::Result<Arc<ServerConfig>> {
    let mut params = CertificateParams::new(vec![host.to_string()]).map_err(io::Error::other)?;
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = params.signed_by(key, root).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.with_no_client_auth();
    let mut config = config.with_single_cert(vec![leaf.der().clone()], key).map_err(io::Error::other)?;
    config.session_storage = sessions;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A client that speaks one protocol, trusts one root, and takes sessions up again where it `resumes`.
///
/// # Errors
/// That the root cannot be read.
pub fn client(root: &Path, protocol: &str, resumes: bool) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(root).map_err(io::Error::other)?;
    roots.add(certificate).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.dangerous();
    let judge = Judge { roots, provider: provider() };
    let mut config = config.with_custom_certificate_verifier(Arc::new(judge)).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    if !resumes {
        config.resumption = Resumption::disabled();
    }
    Ok(Arc::new(config))
}

/// Takes what its root has signed, for whatever name: not every peer writes addresses as addresses. So a proxy that does not
/// open what it should is found out all the same.
#[derive(Debug)]
struct Judge {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let leaf = ParsedCertificate::try_from(leaf)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&leaf, &self.roots, others, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, leaf, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
