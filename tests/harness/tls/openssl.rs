//! openssl's own server and client, for what rustls does not do: versions, suites and keys that nobody should speak.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::pki::Identity;
use crate::upstream;

/// Lets openssl do what it was made to refuse.
pub const ANYTHING: [&str; 2] = ["-cipher", "ALL:eNULL:@SECLEVEL=0"];

/// A running `openssl s_server`, which answers requests over HTTP/1.0 with a page about the connection.
#[derive(Debug)]
pub struct OpensslServer {
    child: Child,
    port: u16,
}

impl OpensslServer {
    /// Starts it with this identity, whose files go into `folder`, and further arguments.
    pub fn start(identity: &Identity, folder: &Path, further: &[&str]) -> Self {
        let (chain, key) = identity.write(folder);
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert"])
            .arg(&chain)
            .arg("-cert_chain")
            .arg(&chain)
            .arg("-key")
            .arg(&key)
            .args(further)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl (Debian: openssl)");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let listening = lines.find_map(|line| line.ok()?.strip_prefix("ACCEPT ").map(str::to_owned));
        let listening: SocketAddr = listening.expect("a server of openssl").parse().expect("an address");
        // What it says later has to go somewhere, or it stops.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: listening.port() }
    }

    /// Its port under a name.
    pub fn named(&self, host: &str) -> String {
        format!("{host}:{}", self.port)
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What `openssl s_client` was shown through a proxy, or straight, and what it was answered.
#[derive(Debug)]
pub struct Answer {
    /// The leaf; none where no certificate was shown.
    pub certificate: Option<CertificateDer<'static>>,
    /// What came over the connection, and what openssl says about it.
    pub text: String,
}

/// Asks a server for `/`, through the proxy where there is one.
pub fn ask(proxy: Option<SocketAddr>, target: &str, further: &[&str]) -> Answer {
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    let mut command = Command::new("openssl");
    command.args(["s_client", "-ign_eof", "-servername", host]);
    match proxy {
        Some(proxy) => command.args(["-proxy", &proxy.to_string(), "-connect", target]),
        None => command.args(["-connect", &upstream::address_of(target)]),
    };
    let mut child = command
        .args(further)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl (Debian: openssl)");
    let request = format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
    // A client that could not connect has ended already.
    drop(child.stdin.take().expect("its input").write_all(request.as_bytes()));
    let output = child.wait_with_output().expect("its output");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Answer { certificate: CertificateDer::from_pem_slice(text.as_bytes()).ok(), text }
}
