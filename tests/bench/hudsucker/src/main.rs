//! hudsucker as its own example sets it up: default features, an authority by rcgen, no filter. What differs is where it
//! listens and whom it trusts, as the bench's origin is certified by nobody else.
//!
//! Arguments: the authority's certificate and its key, and the root that origins are certified by, all in PEM.

use std::error::Error;
use std::fs;

use hudsucker::Proxy;
use hudsucker::certificate_authority::RcgenAuthority;
use hudsucker::rcgen::{Issuer, KeyPair};
use hudsucker::rustls::crypto::aws_lc_rs;
use hudsucker::rustls::pki_types::CertificateDer;
use hudsucker::rustls::pki_types::pem::PemObject;
use hudsucker::rustls::{ClientConfig, RootCertStore};
use hyper_rustls::HttpsConnectorBuilder;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("give the authority's certificate, its key, and the origins' root");
    let (certificate, key, root) = (fs::read_to_string(next()?)?, fs::read_to_string(next()?)?, next()?);
    let issuer = Issuer::from_ca_cert_pem(&certificate, KeyPair::from_pem(&key)?)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root)?)?;
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into());
    let config = config.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Proxy listening on {}", listener.local_addr()?);
    let proxy = Proxy::builder()
        .with_listener(listener)
        .with_ca(RcgenAuthority::new(issuer, 1_000, aws_lc_rs::default_provider()))
        .with_http_connector(
            HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build(),
        )
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .build()?;
    Ok(proxy.start().await?)
}
