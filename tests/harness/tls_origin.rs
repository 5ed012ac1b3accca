//! An origin behind TLS, with a leaf of an authority.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use rustls::crypto::aws_lc_rs;
use rustls::sign::SingleCertAndKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tamis_authority::{Authority, Leaves};

/// It answers whatever it is asked with one page, to as many as come.
#[derive(Debug)]
pub struct TlsOrigin {
    /// Where it listens.
    pub address: SocketAddr,
    host: String,
}

impl TlsOrigin {
    /// One that is `host` by the word of `authority`, and says `page`.
    pub fn start(authority: &Arc<Authority>, host: &str, page: &'static str) -> Self {
        let leaves = Leaves::new(Arc::clone(authority)).expect("a key");
        let name = host.to_owned().try_into().expect("a host's name");
        let leaf = leaves.of(&name, SystemTime::now()).expect("a leaf");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let config = Arc::new(config.with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf.as_ref().clone()))));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                thread::spawn(move || answer(client, config, page));
            }
        });
        Self { address, host: host.to_owned() }
    }

    /// An address of its web.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}:{}{path}", self.host, self.address.port())
    }
}

/// Who does not trust it leaves; that is no fault.
fn answer(client: TcpStream, config: Arc<ServerConfig>, page: &str) {
    let Ok(connection) = ServerConnection::new(config) else { return };
    let mut client = StreamOwned::new(connection, client);
    let mut head = Vec::new();
    let mut bytes = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut bytes) {
            Ok(length) if length > 0 => head.extend_from_slice(&bytes[..length]),
            _ => return,
        }
    }
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
    );
    if client.write_all(answer.as_bytes()).is_ok() {
        client.conn.send_close_notify();
        drop(client.flush());
    }
}
