//! The proxies that Debian carries: configured to do what Tamis does and no more, in a directory of their own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::Programs;
use super::contender::Kind;
use crate::program::Program;
use crate::sandbox::Sandbox;
use crate::step::{self, Failure, LOOK, Outcome};
use crate::tree::Tree;

/// How long a peer may take until it listens.
const READY: Duration = Duration::from_secs(20);

/// How a peer is started, and where it will listen.
pub fn command(kind: &Kind, origin: &str, programs: &Programs, sandbox: &Sandbox) -> Outcome<(Command, SocketAddr)> {
    let port = free_port()?;
    let command = match kind {
        Kind::Relay => haproxy(port, origin, sandbox)?,
        Kind::Squid => squid(port, sandbox)?,
        Kind::Tinyproxy => tinyproxy(port, sandbox)?,
        Kind::TrafficServer => trafficserver(port, sandbox)?,
        Kind::Mitmproxy => mitmproxy(port, programs, sandbox)?,
        filtering => privoxy(port, *filtering == Kind::PrivoxyFiltering, sandbox)?,
    };
    Ok((command, SocketAddr::from(([127, 0, 0, 1], port))))
}

/// Waits until a peer listens.
pub fn wait(name: &str, program: &mut Program, address: SocketAddr) -> Outcome<String> {
    let deadline = Instant::now() + READY;
    while TcpStream::connect(address).is_err() {
        if let Some(status) = program.ended()? {
            return Err(program.ended_by_itself(status));
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(
                format!("{name} does not listen on {address} after {} s", READY.as_secs()),
                "Start it by hand, or leave it out: `--peers` takes the names of those who are to play.",
            ));
        }
        std::thread::sleep(LOOK);
    }
    Ok(address.to_string())
}

/// A port that nobody listens on; peers cannot be told to take any. It lies under those that the system gives to
/// connections, of which a bench needs very many.
fn free_port() -> Outcome<u16> {
    const FIRST: u16 = 20_000;
    const LAST: u16 = 32_000;
    let start = FIRST + u16::try_from(std::process::id() % u32::from(LAST - FIRST)).unwrap_or(0);
    (start..LAST)
        .chain(FIRST..start)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| Failure::new("no loopback port can be had", "Allow this program to listen on 127.0.0.1."))
}

/// One thread, and a connection of its own to the origin for each client connection.
fn haproxy(port: u16, origin: &str, sandbox: &Sandbox) -> Outcome<Command> {
    let file = sandbox.file(
        "haproxy.cfg",
        &format!(
            "global\n nbthread 1\n maxconn 9400\n\
             defaults\n mode tcp\n timeout connect 10s\n timeout client 300s\n timeout server 300s\n\
             listen relay\n bind 127.0.0.1:{port}\n server origin {origin}\n"
        ),
    )?;
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(file);
    Ok(command)
}

/// No cache, no log, one process.
fn squid(port: u16, sandbox: &Sandbox) -> Outcome<Command> {
    let directory = sandbox.path("");
    let file = sandbox.file(
        "squid.conf",
        &format!(
            "http_port 127.0.0.1:{port}\nworkers 1\nhttp_access allow all\ncache deny all\ncache_mem 0\n\
             access_log none\ncache_store_log none\ncache_log /dev/null\npid_filename none\nnetdb_filename none\n\
             coredump_dir {directory}\npinger_enable off\nvisible_hostname bench\nshutdown_lifetime 0 seconds\n\
             max_filedescriptors 20000\n",
            directory = directory.display()
        ),
    )?;
    let mut command = Command::new("squid");
    command.arg("-N").arg("-f").arg(file);
    Ok(command)
}

fn tinyproxy(port: u16, sandbox: &Sandbox) -> Outcome<Command> {
    let file = sandbox.file(
        "tinyproxy.conf",
        &format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 9900\nLogLevel Critical\n"),
    )?;
    let mut command = Command::new("tinyproxy");
    command.arg("-d").arg("-c").arg(file);
    Ok(command)
}

/// No cache, no log, one thread for the network.
fn trafficserver(port: u16, sandbox: &Sandbox) -> Outcome<Command> {
    let records = format!(
        "CONFIG proxy.config.http.server_ports STRING {port}:ip-in=127.0.0.1\n\
         CONFIG proxy.config.exec_thread.autoconfig INT 0\n\
         CONFIG proxy.config.exec_thread.limit INT 1\n\
         CONFIG proxy.config.accept_threads INT 0\nCONFIG proxy.config.task_threads INT 1\n\
         CONFIG proxy.config.http.cache.http INT 0\nCONFIG proxy.config.log.logging_enabled INT 0\n\
         CONFIG proxy.config.url_remap.remap_required INT 0\nCONFIG proxy.config.reverse_proxy.enabled INT 0\n\
         CONFIG proxy.config.http.connect_ports STRING *\nCONFIG proxy.config.net.connections_throttle INT 19000\n\
         CONFIG proxy.config.admin.user_id STRING #-1\n"
    );
    sandbox.file("records.config", &records)?;
    sandbox.file(
        "ip_allow.yaml",
        "ip_allow:\n  - apply: in\n    ip_addrs: 127.0.0.0/8\n    action: allow\n    methods: ALL\n",
    )?;
    sandbox.file("storage.config", "")?;
    let here = sandbox.path("");
    let layout = sandbox.file(
        "runroot.yaml",
        &format!(
            "prefix: /usr\nexec_prefix: /usr\nbindir: /usr/bin\nsbindir: /usr/sbin\ndatadir: {here}\n\
             libexecdir: /usr/lib/trafficserver/modules\nlibdir: /usr/lib/trafficserver\nincludedir: /usr/include\n\
             sysconfdir: {here}\nlocalstatedir: {here}\nruntimedir: {here}\nlogdir: {here}\nmandir: /usr/share/man\n\
             infodir: /usr/share/info\ncachedir: {here}\n",
            here = here.display()
        ),
    )?;
    let mut command = Command::new("traffic_server");
    command.arg(format!("--run-root={}", layout.display()));
    Ok(command)
}

/// No log and no script; one process, as ever.
fn mitmproxy(port: u16, programs: &Programs, sandbox: &Sandbox) -> Outcome<Command> {
    let authorities = &programs.authorities;
    // It keeps its authority in a folder of its own, and makes what is missing there.
    let folder = sandbox.path("mitmproxy");
    let copied = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(authorities.join("mitmproxy-ca.pem"), folder.join("mitmproxy-ca.pem")));
    copied.map_err(|error| Failure::new(format!("cannot give mitmproxy its authority: {error}"), "Make room."))?;
    let mut command = Command::new(programs.mitmproxy.as_deref().unwrap_or_else(|| Path::new("mitmdump")));
    command.args(["--quiet", "--listen-host", "127.0.0.1", "--listen-port", &port.to_string(), "--set"]);
    command.arg(format!("confdir={}", folder.display())).arg("--set");
    command.arg(format!("ssl_verify_upstream_trusted_ca={}", authorities.join("root.pem").display()));
    Ok(command)
}

/// The version of mitmproxy that is measured against; later ones want a newer Python than Debian 12 has.
const MITMPROXY: &str = "mitmproxy==11.0.2";

/// Where mitmproxy is: on the path, or in an environment of its own that is made if it can be.
pub fn find_mitmproxy(tree: &Tree) -> Option<PathBuf> {
    if step::on_path("mitmdump") {
        return Some("mitmdump".into());
    }
    let environment = tree.built_aside("bench-mitmproxy");
    let program = environment.join("bin/mitmdump");
    if program.exists() {
        return Some(program);
    }
    step::probe(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    step::probe(Command::new(environment.join("bin/pip")).args(["install", "--quiet", MITMPROXY]))?;
    program.exists().then_some(program)
}

/// With Debian's actions and filters, or with none.
fn privoxy(port: u16, filtering: bool, sandbox: &Sandbox) -> Outcome<Command> {
    let actions = if filtering {
        "actionsfile match-all.action\nactionsfile default.action\nactionsfile user.action\n\
         filterfile default.filter\nfilterfile user.filter\n"
    } else {
        ""
    };
    let file = sandbox.file(
        "privoxy.conf",
        &format!(
            "listen-address 127.0.0.1:{port}\nconfdir /etc/privoxy\nlogdir {here}\n{actions}toggle 1\n\
             enable-remote-toggle 0\nenable-edit-actions 0\nbuffer-limit 16384\nkeep-alive-timeout 300\n\
             default-server-timeout 60\nconnection-sharing 1\ntolerate-pipelining 1\nsocket-timeout 300\n\
             max-client-connections 9900\nlisten-backlog 1024\n",
            here = sandbox.path("").display()
        ),
    )?;
    let mut command = Command::new("privoxy");
    command.arg("--no-daemon").arg(file);
    Ok(command)
}
