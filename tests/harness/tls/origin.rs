//! An origin that speaks TLS: it stands before a plain one of this harness, whose script sees what was inside.

use std::net::SocketAddr;
use std::sync::mpsc;

use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::h2::H2Origin;
use super::hello::Hello;
use super::pki::Identity;
use super::{Wire, carry, provider, runtime};
use crate::DEADLINE;
use crate::origin::{Origin, Talk};

/// A listening origin. What each client said and what was agreed on is read with [`TlsOrigin::met`].
#[derive(Debug)]
pub struct TlsOrigin {
    /// What its script is told over HTTP/1, and reports.
    pub http1: Origin,
    addr: SocketAddr,
    meetings: mpsc::Receiver<Meeting>,
}

/// How a connection began.
#[derive(Debug)]
pub struct Meeting {
    /// What the client said first, if that was TLS.
    pub hello: Option<Hello>,
    /// The first bytes, as they came.
    pub bytes: Vec<u8>,
    /// The certificates that the client showed.
    pub client: Vec<CertificateDer<'static>>,
    /// What came of it: an error in words.
    pub agreed: Result<Agreed, String>,
}

/// What both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// By number, see [`super::hello`].
    pub version: u16,
    /// By number.
    pub suite: u16,
    /// The group of the key exchange by number; 0 where there was none.
    pub group: u16,
    /// The protocol inside.
    pub protocol: Option<String>,
    /// Whether an earlier session was taken up again.
    pub resumed: bool,
    /// What both ends of one connection know and nobody between them: RFC 9266's `tls-exporter`.
    pub binding: [u8; 32],
}

impl Agreed {
    pub(super) fn of(tls: &TlsStream<Wire>) -> Self {
        let (label, context) = (b"EXPORTER-Channel-Binding", Some(&[][..]));
        let binding = match tls {
            TlsStream::Client(client) => client.get_ref().1.export_keying_material([0; 32], label, context),
            TlsStream::Server(server) => server.get_ref().1.export_keying_material([0; 32], label, context),
        };
        let connection = tls.get_ref().1;
        Self {
            binding: binding.expect("a connection whose handshake is over"),
            version: connection.protocol_version().map_or(0, u16::from),
            suite: connection.negotiated_cipher_suite().map_or(0, |suite| u16::from(suite.suite())),
            group: connection.negotiated_key_exchange_group().map_or(0, |group| u16::from(group.name())),
            protocol: connection.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }
}

/// How an origin of TLS is set up.
#[derive(Debug)]
pub struct Setup {
    /// What it shows.
    pub identity: Identity,
    /// The protocols that it speaks, best first; none for no ALPN at all.
    pub protocols: Vec<&'static str>,
    /// The versions of TLS.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// Who certifies its clients, where it wants them to show certificates.
    pub clients: Option<CertificateDer<'static>>,
    /// Whether it serves those who show none all the same.
    pub clients_may: bool,
    /// What answers over HTTP/2.
    pub http2: Option<H2Origin>,
    /// Where it listens.
    pub at: &'static str,
}

impl Setup {
    /// HTTP/1.1 over TLS 1.2 and 1.3.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            protocols: vec!["http/1.1"],
            versions: rustls::ALL_VERSIONS.to_vec(),
            clients: None,
            clients_may: false,
            http2: None,
            at: "127.0.0.1:0",
        }
    }

    /// Speaks HTTP/2 too, and rather.
    pub fn and_http2(self, http2: H2Origin) -> Self {
        Self { protocols: vec!["h2", "http/1.1"], http2: Some(http2), ..self }
    }

    /// Speaks these protocols, best first.
    pub fn speaking(self, protocols: &[&'static str]) -> Self {
        Self { protocols: protocols.to_vec(), ..self }
    }

    /// Asks clients for a certificate by this authority, and takes none without.
    pub fn asking_clients(self, authority: CertificateDer<'static>) -> Self {
        Self { clients: Some(authority), ..self }
    }

    /// Listens, with this script for HTTP/1.
    pub fn start(self, script: impl Fn(&mut Talk) + Send + Sync + 'static) -> TlsOrigin {
        TlsOrigin::before(Origin::start(script), self)
    }

    pub(super) fn config(&self) -> ServerConfig {
        let Identity { chain, key, staple } = self.identity.clone();
        let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&self.versions);
        let config = config.expect("versions");
        let config = match &self.clients {
            None => config.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.clone()).expect("an authority");
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
                let verifier = if self.clients_may { verifier.allow_unauthenticated() } else { verifier };
                config.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let mut config = config.with_single_cert_with_ocsp(chain, key, staple).expect("an identity");
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config
    }
}

impl TlsOrigin {
    /// A good one of HTTP/1.1 that answers every request with the same bytes.
    pub fn answering(identity: Identity, answer: impl Into<Vec<u8>>) -> Self {
        Self::before(Origin::answering(answer), Setup::new(identity))
    }

    /// TLS before an origin that has none.
    pub fn before(http1: Origin, setup: Setup) -> Self {
        let acceptor = TlsAcceptor::from(std::sync::Arc::new(setup.config()));
        let listener = std::net::TcpListener::bind(setup.at).expect("a free port");
        let addr = listener.local_addr().expect("the port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let (tell, meetings) = mpsc::channel();
        let (plain, http2) = (http1.authority(), setup.http2.map(|origin| origin.addr));
        runtime().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket of the runtime");
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, tell, plain) = (acceptor.clone(), tell.clone(), plain.clone());
                tokio::spawn(async move {
                    let Some(tls) = meet(&acceptor, socket, &tell).await else { return };
                    let behind = match http2 {
                        Some(http2) if tls.get_ref().1.alpn_protocol() == Some(b"h2") => http2.to_string(),
                        _ => plain,
                    };
                    carry(tls, TcpStream::connect(behind).await.expect("the origin behind")).await;
                });
            }
        });
        Self { http1, addr, meetings }
    }

    /// Where it listens, as `host:port`.
    pub fn authority(&self) -> String {
        self.addr.to_string()
    }

    /// The same port under another name; those that end in `.test` are this computer to the proxies of [`crate::upstream`].
    pub fn named(&self, host: &str) -> String {
        format!("{host}:{}", self.addr.port())
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// How its next connection began.
    #[track_caller]
    pub fn met(&self) -> Meeting {
        self.meetings.recv_timeout(DEADLINE).expect("a client of the origin")
    }

    /// How every connection so far began that was not asked about.
    pub fn meetings(&self) -> Vec<Meeting> {
        self.meetings.try_iter().collect()
    }
}

/// Shakes hands, and reports how that went.
async fn meet(acceptor: &TlsAcceptor, socket: TcpStream, tell: &mpsc::Sender<Meeting>) -> Option<TlsStream<Wire>> {
    let accepted = acceptor.accept(Wire::over(socket)).into_fallible().await.map(TlsStream::from);
    let meeting = match &accepted {
        Ok(tls) => {
            let (wire, connection) = tls.get_ref();
            let client = connection.peer_certificates().unwrap_or_default();
            let client = client.iter().map(|certificate| certificate.clone().into_owned()).collect();
            Meeting { hello: Hello::read(&wire.heard), bytes: wire.heard.clone(), client, agreed: Ok(Agreed::of(tls)) }
        }
        Err((error, wire)) => {
            let (bytes, agreed) = (wire.heard.clone(), Err(error.to_string()));
            Meeting { hello: Hello::read(&bytes), bytes, client: Vec::new(), agreed }
        }
    };
    // A test that has already ended is not interested any more.
    drop(tell.send(meeting));
    accepted.ok()
}
