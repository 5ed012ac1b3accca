//! Which program is behind a connection, asked about real sockets of real processes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tamis_platform::programs::Programs;

/// For the process that a test starts: where it connects to.
const CONNECT: &str = "TAMIS_TEST_CONNECT";

fn this_program() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

/// A connection, with what keeps it open.
fn connection(at: &str) -> (TcpListener, TcpStream) {
    let listener = TcpListener::bind(at).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener, client)
}

/// Not a test of its own: what another test starts this program for. It holds its connection until it is ended.
#[test]
fn child() {
    let Ok(address) = std::env::var(CONNECT) else { return };
    let _connection = TcpStream::connect(address).unwrap();
    loop {
        std::thread::park();
    }
}

/// This very program once more, connected to the listener; and the address it comes from.
fn another(listener: &TcpListener) -> (Child, TcpStream, SocketAddr) {
    let mut command = Command::new(this_program());
    command.args(["--exact", "child"]).env(CONNECT, listener.local_addr().unwrap().to_string());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let (connection, address) = listener.accept().unwrap();
    (child, connection, address)
}

#[test]
fn a_connection_of_our_own_is_known_by_both_addresses() {
    let programs = Programs::default();
    for at in ["127.0.0.1:0", "[::1]:0"] {
        let (listener, client) = connection(at);
        let (client_at, proxy_at) = (client.local_addr().unwrap(), listener.local_addr().unwrap());
        let found = programs.behind(client_at, proxy_at).unwrap();
        assert_eq!((found.pid, found.path.as_str()), (std::process::id(), this_program().as_str()));
        assert!(found.path.ends_with(&found.name) && !found.name.contains('/'), "{found:?}");
        // No connection goes from here to a place where nobody is.
        let other = SocketAddr::new(proxy_at.ip(), client_at.port());
        assert_eq!(programs.behind(client_at, other), None);
        assert_eq!(programs.behind(proxy_at, proxy_at), None, "who listens there is not connected");
    }
}

#[test]
fn an_ipv4_connection_through_an_ipv6_socket_is_found_by_either_form_of_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{}", proxy.port()).parse().unwrap();
    let client = TcpStream::connect(mapped).unwrap();
    let from = client.local_addr().unwrap();
    assert!(from.is_ipv6());
    let plain = SocketAddr::new(from.ip().to_canonical(), from.port());
    for (client, proxy) in [(from, mapped), (plain, proxy), (from, proxy), (plain, mapped)] {
        assert_eq!(Programs::default().behind(client, proxy).map(|found| found.pid), Some(std::process::id()));
    }
}

#[test]
fn a_connection_of_another_process_is_its_own_and_nobodys_once_it_is_gone() {
    let programs = Programs::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    // The second is one that was not there when the first was found.
    for _ in 0..2 {
        let (mut child, connection, address) = another(&listener);
        for _ in 0..2 {
            let found = programs.behind(address, proxy).unwrap();
            assert_eq!((found.pid, found.path.as_str()), (child.id(), this_program().as_str()));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(programs.behind(address, proxy), None);
        drop(connection);
    }
}

#[test]
fn a_script_is_the_program_that_runs_it() {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return println!("skipped: no python3");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.py");
    let text = format!(
        "import os, socket, sys\ns = socket.create_connection(('127.0.0.1', {}))\nprint(os.path.realpath('/proc/self/exe'), flush=True)\n\
         sys.stdin.read()\n",
        proxy.port()
    );
    std::fs::write(&script, text).unwrap();
    let mut child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (_connection, address) = listener.accept().unwrap();
    let found = Programs::default().behind(address, proxy).unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(found.path, String::from_utf8(output.stdout).unwrap().trim());
    assert!(found.name.starts_with("python"), "{found:?}");
}

/// A program that is replaced while it runs, by an update for instance, keeps its name.
#[test]
fn a_program_whose_file_is_gone_keeps_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy of this program");
    std::fs::copy(this_program(), &copy).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    let mut command = Command::new(&copy);
    command.args(["--exact", "child"]).env(CONNECT, proxy.to_string()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let (_connection, address) = listener.accept().unwrap();
    std::fs::remove_file(&copy).unwrap();
    let found = Programs::default().behind(address, proxy).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((found.path.as_str(), found.name.as_str()), (copy.to_str().unwrap(), "copy of this program"));
}
