//! A handshake with a TLS server, for the sake of what a verifier says of its certificate.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;

use super::{TrustError, Verdict, reach};

/// Shakes hands with `server` as `host`, with `verifier` as the judge.
pub(super) fn verify(
    server: SocketAddr,
    host: &str,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<Verdict, TrustError> {
    let failed = |why: String| TrustError::Failed { doing: "shake hands with", place: server.to_string(), why };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| failed(error.to_string()))?;
    let mut socket = reach::connect(server).map_err(|error| failed(error.to_string()))?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut socket) {
            return match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(rustls::Error::InvalidCertificate(why)) => Ok(Verdict::Refused(why.to_string())),
                _ => Err(failed(error.to_string())),
            };
        }
    }
    Ok(Verdict::Trusted)
}
