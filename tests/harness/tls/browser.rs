//! A client that goes through Tamis by CONNECT and puts TLS around what it says there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};

use super::h2::{H2Client, inside};
use super::origin::Agreed;
use super::pki::Identity;
use super::{Wire, carry, pair, provider, runtime};
use crate::client::Client;

/// A program with roots that it trusts, and sessions that it takes up again.
#[derive(Debug)]
pub struct Browser {
    config: ClientConfig,
    seen: Arc<Seen>,
    from: Option<IpAddr>,
    name: Option<&'static str>,
}

/// A connection that TLS was agreed on for.
#[derive(Debug)]
pub struct Visit {
    /// What is said inside.
    pub client: Client,
    /// What it was shown.
    pub shown: Shown,
    /// What was agreed on.
    pub agreed: Agreed,
}

/// What a server showed of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// A stapled OCSP response; empty for none.
    pub staple: Vec<u8>,
}

/// Why there was no visit.
#[derive(Debug)]
pub struct Refusal {
    /// The answer to CONNECT; 0 where none came.
    pub status: u16,
    /// What was shown before it failed.
    pub shown: Shown,
    /// In rustls' words.
    pub error: String,
}

impl Browser {
    /// One that trusts these, takes TLS 1.2 and 1.3 and offers HTTP/1.1.
    pub fn trusting(roots: &[CertificateDer<'static>]) -> Self {
        Self::with_versions(roots, rustls::ALL_VERSIONS)
    }

    /// The same for other versions.
    pub fn with_versions(roots: &[CertificateDer<'static>], versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root.clone()).expect("a root");
        }
        let judge = (!store.is_empty()).then(|| {
            WebPkiServerVerifier::builder_with_provider(store.into(), provider()).build().expect("a verifier")
        });
        let seen = Arc::new(Seen { judge, shown: Mutex::default() });
        let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions);
        let config = config.expect("versions").dangerous().with_custom_certificate_verifier(Arc::clone(&seen) as _);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { config, seen, from: None, name: None }
    }

    /// One that takes whatever it is shown, to see what that is.
    pub fn curious() -> Self {
        Self::trusting(&[])
    }

    /// Offers these protocols, best first; no ALPN at all for none.
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        self.config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    /// Shows this certificate to servers that ask for one.
    pub fn showing(mut self, identity: Identity) -> Self {
        let key = provider().key_provider.load_private_key(identity.key).expect("a key");
        let shown = rustls::sign::CertifiedKey::new(identity.chain, key);
        self.config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(shown));
        self
    }

    /// Asks for this name in TLS, whatever it connects to.
    pub fn asking_for(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Does not say in TLS which name it wants.
    pub fn nameless(mut self) -> Self {
        self.config.enable_sni = false;
        self
    }

    /// Comes from this address of this computer, by which tests tell programs apart.
    pub fn from(self, from: impl Into<IpAddr>) -> Self {
        Self { from: Some(from.into()), ..self }
    }

    /// Visits `host:port` through the proxy.
    ///
    /// # Errors
    /// [`Refusal`] where the proxy makes no tunnel, or no TLS comes about in it.
    pub fn visit(&self, proxy: SocketAddr, target: &str) -> Result<Visit, Box<Refusal>> {
        let tls = self.connect(proxy, target)?;
        let (shown, agreed) = (self.shown(&tls), Agreed::of(&tls));
        let (ours, theirs) = pair();
        runtime().spawn(carry(tls, theirs));
        Ok(Visit { client: Client::over(ours), shown, agreed })
    }

    /// Visits `host:port` through the proxy and speaks HTTP/2 there.
    ///
    /// # Errors
    /// [`Refusal`] where the proxy makes no tunnel, or no HTTP/2 comes about in it.
    pub fn visit_h2(&self, proxy: SocketAddr, target: &str) -> Result<(H2Client, Shown, Agreed), Box<Refusal>> {
        let tls = self.connect(proxy, target)?;
        let (shown, agreed) = (self.shown(&tls), Agreed::of(&tls));
        if agreed.protocol.as_deref() != Some("h2") {
            let error = format!("{:?} was agreed on", agreed.protocol);
            return Err(Box::new(Refusal { status: 200, shown, error }));
        }
        let (ours, theirs) = inside();
        runtime().spawn(carry(tls, theirs));
        let client = runtime().block_on(H2Client::over(ours));
        let refused =
            |error: h2::Error| Box::new(Refusal { status: 200, shown: shown.clone(), error: error.to_string() });
        Ok((client.map_err(refused)?, shown, agreed))
    }

    pub(super) fn connect(&self, proxy: SocketAddr, target: &str) -> Result<TlsStream<Wire>, Box<Refusal>> {
        self.seen.forget();
        let tunnel = self.tunnel(proxy, target)?.into_inner();
        tunnel.set_nonblocking(true).expect("a socket that does not block");
        let host = target.rsplit_once(':').map_or(target, |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(self.name.unwrap_or(host).to_owned()).expect("a name for TLS");
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        let refused =
            |error: io::Error| Box::new(Refusal { status: 200, shown: self.seen.now(), error: error.to_string() });
        runtime().block_on(async {
            let tunnel = TcpStream::from_std(tunnel).expect("a socket of the runtime");
            let tls = connector.connect(name, Wire::over(tunnel)).await.map_err(refused)?;
            Ok(tls.into())
        })
    }

    /// Only a tunnel, for what is not TLS or not well made.
    ///
    /// # Errors
    /// [`Refusal`] where the proxy makes none.
    pub fn tunnel(&self, proxy: SocketAddr, target: &str) -> Result<Client, Box<Refusal>> {
        let mut client = match self.from {
            Some(from) => Client::connect_from(from, proxy),
            None => Client::connect(proxy),
        };
        let asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        let status = client.send(asked).try_head().map_or(0, |head| head.status());
        if status != 200 {
            return Err(Box::new(Refusal { status, shown: Shown::default(), error: "no tunnel".into() }));
        }
        Ok(client)
    }

    fn shown(&self, tls: &TlsStream<Wire>) -> Shown {
        // A session that was taken up again shows nothing anew; it remembers.
        let chain = tls.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
        Shown { chain, staple: self.seen.now().staple }
    }
}

/// Judges as any program does, or not at all, and keeps what was shown.
#[derive(Debug)]
struct Seen {
    judge: Option<Arc<WebPkiServerVerifier>>,
    shown: Mutex<Shown>,
}

impl Seen {
    fn now(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, shown: Shown) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    fn forget(&self) {
        self.keep(Shown::default());
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        staple: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(others).map(|certificate| certificate.clone().into_owned()).collect();
        self.keep(Shown { chain, staple: staple.to_vec() });
        match &self.judge {
            Some(judge) => judge.verify_server_cert(leaf, others, name, staple, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, leaf, signature, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, leaf, signature, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
