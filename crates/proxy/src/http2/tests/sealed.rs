//! HTTP/2 where it is agreed on: in TLS (RFC 9113 3.2) that was opened.

use std::time::SystemTime;

use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::ServerName;
use tamis_authority::{Authority as Issuer, Distrust, Leaves};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::{Ending, Interception, Scope};

/// Who signs certificates.
fn issuer() -> Arc<Leaves> {
    Arc::new(Leaves::new(Arc::new(Issuer::create(SystemTime::now()).unwrap())).unwrap())
}

impl Proxied {
    /// Opens all HTTPS of sites that `sites` signs for; returns who signs for us.
    fn open_all(&self, sites: &Leaves) -> Arc<Leaves> {
        let leaves = issuer();
        self.proxy.set_interception(Some(Interception {
            scope: Scope::All,
            exceptions: Vec::new(),
            leaves: Arc::clone(&leaves),
            distrust: Arc::new(Distrust::default()),
            extra_roots: vec![sites.authority().certificate().clone()],
        }));
        leaves
    }

    /// A client's TLS in a tunnel to there.
    async fn tls(&self, to: SocketAddr, trusted: &Leaves, protocols: &[&str]) -> TlsStream<TcpStream> {
        let mut tunnel = Http1(TcpStream::connect(self.proxy.addr()).await.unwrap());
        tunnel.write(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")).await;
        assert!(tunnel.head().await.starts_with("http/1.1 200 "));
        let mut roots = RootCertStore::empty();
        roots.add(trusted.authority().certificate().clone()).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::IpAddress(to.ip().into());
        in_time(TlsConnector::from(Arc::new(config)).connect(name, tunnel.0)).await.unwrap()
    }
}

impl Origin {
    /// Speaks TLS, and these protocols in it, with whoever comes.
    fn sealed(&self, sites: &Leaves, protocols: &[&str]) -> TlsAcceptor {
        let leaf = sites.of(&ServerName::IpAddress(self.addr.ip().into()), SystemTime::now()).unwrap();
        let resolver = Arc::new(SingleCertAndKey::from(leaf));
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    async fn accept(&self, acceptor: &TlsAcceptor) -> tokio_rustls::server::TlsStream<TcpStream> {
        let (socket, _) = in_time(self.listener.accept()).await.unwrap();
        in_time(acceptor.accept(socket)).await.unwrap()
    }
}

#[tokio::test]
async fn http2_is_spoken_on_both_sides_where_both_agree_rfc9113_3_2() {
    let (mut proxied, origin, sites) = (Proxied::usual().await, Origin::start().await, issuer());
    let ours = proxied.open_all(&sites);
    let acceptor = origin.sealed(&sites, &["h2", "http/1.1"]);
    let (server, client) = tokio::join!(
        async { h2::server::handshake(origin.accept(&acceptor).await).await.unwrap() },
        proxied.tls(origin.addr, &ours, &["h2", "http/1.1"]),
    );
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, conversation) = h2::client::handshake(client).await.unwrap();
    tokio::spawn(conversation);
    let serve = async {
        let mut server = server;
        while let Some(Ok((request, mut respond))) = server.accept().await {
            assert_eq!(*request.uri(), *format!("https://{}{}", origin.addr, request.uri().path()));
            let mut stream = respond.send_response(ok(), false).unwrap();
            stream.send_data(Bytes::from(request.uri().path().to_owned()), true).unwrap();
        }
    };
    let ask = async |path: &'static str| {
        let mut client = client.clone().ready().await.unwrap();
        let uri = format!("https://{}{path}", origin.addr);
        let request = Request::get(uri).version(Version::HTTP_2).body(()).unwrap();
        let mut body = client.send_request(request, true).unwrap().0.await.unwrap().into_body();
        assert_eq!(body_of(&mut body).await.unwrap(), path.as_bytes());
    };
    tokio::select! {
        ((), (), ()) = in_time(async { tokio::join!(ask("/a"), ask("/b"), ask("/c")) }) => {}
        () = serve => panic!("the origin's connection ended"),
    }
    for _ in 0..3 {
        let record = proxied.record().await;
        assert!(record.url.starts_with(&format!("https://{}/", origin.addr)), "{}", record.url);
        assert_eq!(record.ending, Ending::Complete);
    }
}

#[tokio::test]
async fn a_client_gets_the_protocol_that_its_origin_took_rfc7301_3_2() {
    for (offered, spoken, taken) in [
        (&["h2", "http/1.1"][..], &["http/1.1"][..], "http/1.1"),
        // For a WebSocket.
        (&["http/1.1"], &["h2", "http/1.1"], "http/1.1"),
        (&["h2"], &["h2"], "h2"),
    ] {
        let (proxied, origin, sites) = (Proxied::usual().await, Origin::start().await, issuer());
        let ours = proxied.open_all(&sites);
        let acceptor = origin.sealed(&sites, spoken);
        let (server, client) = tokio::join!(origin.accept(&acceptor), proxied.tls(origin.addr, &ours, offered));
        assert_eq!(server.get_ref().1.alpn_protocol(), Some(taken.as_bytes()));
        assert_eq!(client.get_ref().1.alpn_protocol(), Some(taken.as_bytes()));
    }
}
