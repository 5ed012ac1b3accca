//! A running `tamis-desktop`.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use super::memory::{Memory, processes};
use super::session::{Program, Session, program};
use crate::client::Client;
use crate::origin::{Origin, get, response};
use crate::{DEADLINE, wait_for};

/// The program, killed when dropped.
#[derive(Debug)]
pub struct Shell {
    program: Program,
    /// Where its proxy listens.
    pub proxy: SocketAddr,
}

impl Shell {
    /// Starts it and waits until its proxy listens.
    pub fn start(session: &Session, arguments: &[&str]) -> Self {
        Self::start_with(session, arguments, |command| command)
    }

    /// The same, with something special about the command.
    pub fn start_with(session: &Session, arguments: &[&str], special: impl Fn(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(program());
        session.dress(&mut command);
        let mut child =
            special(&mut command).args(arguments).stdout(Stdio::piped()).spawn().expect("starting tamis-desktop");
        let output = child.stdout.take().expect("its output");
        let program = Program(child);
        Self { program, proxy: address_told(output) }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.program.0.id()
    }

    /// Ends it without a chance to tidy up.
    pub fn kill(mut self) {
        self.program.0.kill().expect("killing it");
        self.program.0.wait().expect("its end");
    }

    /// Waits for its end; its exit code.
    pub fn end(mut self) -> Option<i32> {
        end_of(&mut self.program.0)
    }

    /// Sends it a signal by name.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// Whether it has a child process of that name.
    pub fn has_child(&self, name: &str) -> bool {
        // The kernel cuts a name off at 15 bytes.
        processes().iter().any(|process| process.parent == self.id() && name.starts_with(&process.name))
    }

    /// What it and all its children occupy, once that no longer gets less.
    pub fn memory(&self) -> Memory {
        Memory::settled(self.id())
    }
}

/// Starts another one while one runs and waits for its end.
pub fn start_another(session: &Session, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    session.dress(&mut command);
    let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut other = Program(child.expect("starting tamis-desktop"));
    let code = end_of(&mut other.0);
    let read = |pipe: Option<&mut dyn Read>| {
        let mut bytes = Vec::new();
        pipe.map(|pipe| pipe.read_to_end(&mut bytes));
        bytes
    };
    let stdout = read(other.0.stdout.as_mut().map(|pipe| pipe as &mut dyn Read));
    let stderr = read(other.0.stderr.as_mut().map(|pipe| pipe as &mut dyn Read));
    let status = other.0.wait().expect("its state");
    assert_eq!(status.code(), code);
    Output { status, stdout, stderr }
}

fn end_of(child: &mut Child) -> Option<i32> {
    wait_for("tamis-desktop to end", || child.try_wait().expect("its state")).code()
}

/// Reads a program's output on and on, so that it never waits for us; the address of the proxy it tells.
pub fn address_told(output: impl Read + Send + 'static) -> SocketAddr {
    let (out, addresses) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("Proxy listening on ") {
                drop(out.send(address.to_owned()));
            }
        }
    });
    addresses.recv_timeout(DEADLINE).expect("\"Proxy listening on\"").parse().expect("an address")
}

/// The path and query that arrive at an origin when a client asks the proxy for `path` there.
#[track_caller]
pub fn arriving(proxy: SocketAddr, path: &str) -> String {
    let origin = Origin::answering(response(&[], "ok"));
    let request = get(&origin.url(path), &["Accept: */*", "Connection: close"]);
    let (head, body) = Client::connect(proxy).ask(request);
    assert_eq!((head.status(), body.as_slice()), (200, b"ok".as_slice()));
    let start = origin.heard();
    start.split(' ').nth(1).expect("a target").to_owned()
}

/// Whether anybody listens there.
pub fn listens(addr: SocketAddr) -> bool {
    TcpStream::connect(addr).is_ok()
}
