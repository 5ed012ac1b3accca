//! TLS to a client, with a certificate that our authority signs.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use rustls::{AlertDescription, ServerConfig, SignatureScheme, SupportedCipherSuite};
use rustls_pki_types::ServerName;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::client_hello::ClientHello;
use super::opener::Opener;
use super::tickets::Partition;
use crate::tunnel::End;

/// Whether what we would answer can be what this client takes: else it is left to its origin.
pub(super) fn can_answer(opener: &Opener, hello: &ClientHello) -> bool {
    // That of our leaves.
    const OURS: SignatureScheme = SignatureScheme::ECDSA_NISTP256_SHA256;
    let provider = opener.provider();
    // Before TLS 1.3 the suite says by what the server signs (RFC 5246 A.5).
    let is_for = |suite: &SupportedCipherSuite| match suite {
        SupportedCipherSuite::Tls13(_) => hello.speaks(0x0304),
        SupportedCipherSuite::Tls12(suite) => {
            hello.speaks(0x0303) && !hello.speaks(0x0304) && suite.sign.contains(&OURS)
        }
    };
    let is_offered = |suite: &SupportedCipherSuite| hello.cipher_suites.contains(&suite.suite().into());
    hello.signature_schemes.contains(&OURS.into())
        && provider.cipher_suites.iter().any(|suite| is_for(suite) && is_offered(suite))
        && provider.kx_groups.iter().any(|group| hello.groups.contains(&group.name().into()))
}

/// What we are to this client: a leaf for `name`, the one protocol that its origin took, sessions of its partition.
pub(super) fn config(
    opener: &Opener,
    name: &ServerName<'_>,
    protocol: Option<Vec<u8>>,
    partition: &Partition,
) -> Result<Arc<ServerConfig>, String> {
    let leaf = opener.interception().leaves.of(name, SystemTime::now()).map_err(|error| error.to_string())?;
    let builder = ServerConfig::builder_with_provider(opener.provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?.with_no_client_auth();
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf)));
    config.alpn_protocols = protocol.into_iter().collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = opener.tickets(partition);
    Ok(Arc::new(config))
}

/// Answers the client's handshake.
pub(super) async fn begin(client: End, config: Arc<ServerConfig>, limit: Duration) -> io::Result<TlsStream<End>> {
    let handshake = TlsAcceptor::from(config).accept(client);
    tokio::time::timeout(limit, handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Whether a client said that it does not take our certificate.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        rustls,
        Some(rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
                | AlertDescription::DecryptError
        ))
    )
}
