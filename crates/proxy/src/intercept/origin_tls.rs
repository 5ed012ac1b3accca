//! TLS to an origin, as strict as a browser's: what is not beyond doubt is left to the client to judge.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::Authority;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::open::bare_host;
use super::opener::Opener;
use super::tickets::Partition;
use super::{Trust, Untouched, ocsp, roots};
use crate::tunnel::End;

/// Begins TLS to an origin. `protocols` are offered to it; the stream tells which it took.
pub(super) async fn begin(
    opener: &Arc<Opener>,
    origin: End,
    name: &ServerName<'static>,
    protocols: &[Vec<u8>],
    partition: &Partition,
    limit: Duration,
) -> Result<TlsStream<End>, Untouched> {
    let platform = opener.verifier().await.map_err(Untouched::OwnFault)?;
    let judge = partition.judge(|| Judge::new(opener.interception().trust(), platform));
    let mut config = judge.config(opener.provider(), protocols)?;
    if judge.strict.may_resume() {
        config.resumption = Resumption::store(partition.sessions());
    }
    shake_hands(config, &judge, name, origin, limit).await
}

async fn shake_hands(
    config: ClientConfig,
    judge: &Judge,
    name: &ServerName<'static>,
    origin: End,
    limit: Duration,
) -> Result<TlsStream<End>, Untouched> {
    let handshake = TlsConnector::from(Arc::new(config)).connect(name.clone(), origin);
    let done = where_it_may_wait(limit, tokio::time::timeout(limit, handshake)).await?;
    if judge.has_been_asked() && !matches!(&done, Ok(Err(error)) if is_bad_certificate(error)) {
        return Err(Untouched::ClientCertificate);
    }
    match done {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(judge.strict.refusal().unwrap_or_else(|| Untouched::BadServer(error.to_string()))),
        Err(_) => Err(Untouched::BadServer(format!("no TLS within {} seconds", limit.as_secs()))),
    }
}

/// TLS for what Tamis asks for itself. No connection of it can be told from another by its origin.
#[derive(Debug)]
pub(crate) struct OwnTls {
    trust: Trust,
    provider: Arc<CryptoProvider>,
    platform: Arc<dyn ServerCertVerifier>,
}

impl OwnTls {
    /// Reads the system's roots, aside.
    pub(crate) async fn trusting(trust: Trust) -> Result<Self, Untouched> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (read, with) = (trust.clone(), Arc::clone(&provider));
        let made = tokio::task::spawn_blocking(move || roots::verifier(&read, with)).await;
        let made = made.unwrap_or_else(|error| Err(format!("reading the system's roots broke off: {error}")));
        Ok(Self { trust, provider, platform: made.map_err(Untouched::OwnFault)? })
    }

    /// Begins TLS to a server, over which HTTP/1.1 is spoken.
    pub(crate) async fn begin(
        &self,
        origin: End,
        authority: &Authority,
        limit: Duration,
    ) -> Result<TlsStream<End>, Untouched> {
        let name = ServerName::try_from(bare_host(authority).to_owned()).map_err(|_| Untouched::NameMismatch)?;
        let judge = Judge::new(self.trust.clone(), Arc::clone(&self.platform));
        let config = judge.config(Arc::clone(&self.provider), &[b"http/1.1".to_vec()])?;
        shake_hands(config, &judge, &name, origin, limit).await
    }
}

/// Handshakes with origins at a time where they are driven aside: names are looked up on such threads too.
static CHECKS: Semaphore = Semaphore::const_new(64);

/// The verifiers of Windows and macOS ask their system, and that may ask the network (revocation lists): the handshake is
/// driven from a thread on which that keeps nobody else waiting. Linux has its roots in memory.
async fn where_it_may_wait<F>(limit: Duration, handshake: F) -> Result<F::Output, Untouched>
where
    F: Future<Output: Send> + Send + 'static,
{
    if cfg!(target_os = "linux") {
        return Ok(handshake.await);
    }
    let place = tokio::time::timeout(limit, CHECKS.acquire()).await;
    let Ok(Ok(place)) = place else {
        return Err(Untouched::OwnFault("too many servers are being checked at the same time".into()));
    };
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || {
        let _until_it_is_done = place;
        runtime.block_on(handshake)
    });
    done.await.map_err(|error| Untouched::OwnFault(format!("the check of the server broke off: {error}")))
}

fn is_bad_certificate(error: &io::Error) -> bool {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    matches!(rustls, Some(Error::InvalidCertificate(_)))
}

/// Who judges an origin for one partition. Always the same: rustls takes no session up again under another verifier.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    strict: Arc<Strict>,
    asked: Arc<AskedForCertificate>,
}

impl Judge {
    fn new(trust: Trust, platform: Arc<dyn ServerCertVerifier>) -> Self {
        let (refusal, has_proved, good_until) = (Mutex::default(), AtomicBool::new(false), AtomicI64::new(i64::MAX));
        let strict = Arc::new(Strict { trust, platform, refusal, has_proved, good_until });
        Self { strict, asked: Arc::default() }
    }

    /// TLS as it judges, which takes no session up again.
    fn config(&self, provider: Arc<CryptoProvider>, protocols: &[Vec<u8>]) -> Result<ClientConfig, Untouched> {
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Untouched::BadServer(error.to_string()))?;
        let verified = builder.dangerous().with_custom_certificate_verifier(Arc::clone(&self.strict) as _);
        let mut config = verified.with_client_cert_resolver(Arc::clone(&self.asked) as _);
        config.alpn_protocols = protocols.to_vec();
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// Whether the origin, and not somebody in its place, asked for a certificate of the client: whoever asks does so before
    /// he has shown one that is good, and that it is his.
    fn has_been_asked(&self) -> bool {
        self.asked.0.load(Ordering::Relaxed) && self.strict.has_proved.load(Ordering::Relaxed)
    }
}

/// The system's verifier, and what we know beside it.
#[derive(Debug)]
struct Strict {
    trust: Trust,
    platform: Arc<dyn ServerCertVerifier>,
    /// Why it said no, where that is not the system's word.
    refusal: Mutex<Option<Untouched>>,
    /// A certificate was good, and shown by who has its key.
    has_proved: AtomicBool,
    /// When the certificate ends that was good last, in seconds since 1970.
    good_until: AtomicI64,
}

impl Strict {
    fn refusal(&self) -> Option<Untouched> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn proves(&self, signature: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        signature.inspect(|_| self.has_proved.store(true, Ordering::Relaxed))
    }

    /// Whether a session may be taken up again: nobody looks at the certificate then, and it may have ended.
    fn may_resume(&self) -> bool {
        let now = i64::try_from(UnixTime::now().as_secs()).unwrap_or(i64::MAX);
        now <= self.good_until.load(Ordering::Relaxed)
    }

    fn refuse(&self, why: Untouched, error: CertificateError) -> Error {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        Error::InvalidCertificate(error)
    }
}

impl ServerCertVerifier for Strict {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = &self.trust;
        let chain = || std::iter::once(end_entity).chain(intermediates);
        // What we sign is for clients of ours: at a server it would be somebody who has our key, or ourselves in a circle.
        let is_ours = |certificate| trust.authority.as_ref().is_some_and(|authority| authority.has_issued(certificate));
        if chain().any(is_ours) {
            let why = Untouched::BadServer("its certificate is by our own authority".into());
            return Err(self.refuse(why, CertificateError::UnknownIssuer));
        }
        if trust.distrust.names(chain()).is_some() {
            return Err(self.refuse(Untouched::Distrusted, CertificateError::ApplicationVerificationFailure));
        }
        let parsed = x509_parser::parse_x509_certificate(end_entity).ok().map(|(_, parsed)| parsed);
        if parsed.as_ref().is_some_and(|parsed| ocsp::says_revoked(ocsp_response, parsed.raw_serial())) {
            return Err(self.refuse(Untouched::Revoked, CertificateError::Revoked));
        }
        let verified = self.platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        if let Some(parsed) = parsed {
            self.good_until.store(parsed.validity().not_after.timestamp(), Ordering::Relaxed);
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proves(self.platform.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proves(self.platform.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

/// Whether the origin asked for a certificate of the client, which only the client has.
#[derive(Debug, Default)]
struct AskedForCertificate(AtomicBool);

impl ResolvesClientCert for AskedForCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}
