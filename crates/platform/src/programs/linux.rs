//! Linux: the kernel names a socket's inode and user, and a look through that user's open files finds who holds it.

use std::fs::{self, File};
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::FoundProgram;
use super::sock_diag::{self, Owner};
use crate::proc_net::{Socket, TABLES};

/// How many processes are looked at first: those that had sockets lately.
const REMEMBERED: usize = 32;

/// How many processes, and how many open files of one, are looked at.
const PROCESSES: usize = 16 * 1024;
const FILES: usize = 16 * 1024;

/// How much of a process's environment, and of what a sandbox says of itself, is read, in bytes.
const TEXT_LIMIT: u64 = 256 * 1024;

/// Remembers processes by their numbers alone: what they are is looked up anew each time.
#[derive(Debug, Default)]
pub(super) struct System {
    seen: Mutex<Vec<u32>>,
}

impl System {
    pub(super) fn behind(&self, client: SocketAddr, proxy: SocketAddr) -> Option<FoundProgram> {
        let owner = sock_diag::owner(client, proxy).unwrap_or_else(|error| {
            tracing::debug!(%error, "the kernel is not asked for single sockets");
            in_the_tables(client, proxy)
        })?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pid = holder(owner, &seen)?;
        self.remember(pid);
        program(pid)
    }

    /// The latest comes first.
    fn remember(&self, pid: u32) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|known| *known != pid);
        seen.truncate(REMEMBERED - 1);
        seen.insert(0, pid);
    }
}

/// Where the kernel was built without the other way: it prints all of its sockets.
fn in_the_tables(client: SocketAddr, proxy: SocketAddr) -> Option<Owner> {
    let is_it = |socket: &Socket<'_>| (socket.local, socket.remote) == (client, proxy);
    TABLES.iter().find_map(|table| {
        let table = fs::read_to_string(Path::new("/proc/self").join(table)).ok()?;
        let socket = table.lines().filter_map(Socket::parse).find(is_it)?;
        let inode = socket.inode.parse().ok().filter(|inode| *inode != 0)?;
        Some(Owner { user: socket.user, inode })
    })
}

/// The process that has this socket open: one of those seen before, or any of its user.
fn holder(owner: Owner, seen: &[u32]) -> Option<u32> {
    let link = PathBuf::from(format!("socket:[{}]", owner.inode));
    if let Some(pid) = seen.iter().find(|pid| holds(**pid, &link)) {
        return Some(*pid);
    }
    let entries = fs::read_dir("/proc").ok()?.take(PROCESSES).flatten();
    let numbered = entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry)));
    let of_user = numbered.filter(|(_, entry)| entry.metadata().is_ok_and(|found| found.uid() == owner.user));
    of_user.map(|(pid, _)| pid).find(|pid| !seen.contains(pid) && holds(*pid, &link))
}

/// None of another user's files can be seen, unless he who looks is the administrator.
fn holds(pid: u32, link: &Path) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().take(FILES).flatten();
    files.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|found| found == link))
}

fn program(pid: u32) -> Option<FoundProgram> {
    let file = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let path = file.to_string_lossy();
    let path = path.strip_suffix(" (deleted)").unwrap_or(&path);
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    Some(FoundProgram { name, path: lasting(path, pid), pid })
}

/// The path by which a program is known again at its next start.
fn lasting(path: &str, pid: u32) -> String {
    let image = || variable(&text(pid, "environ"), "APPIMAGE");
    let flatpak = || flatpak(&text(pid, "root/.flatpak-info"));
    let other = match path.split('/').nth(1) {
        // An AppImage is mounted somewhere else each time.
        Some("tmp") if path.contains("/.mount_") => image(),
        // What a flatpak sees as its own folder is another program's elsewhere.
        Some("app") => flatpak(),
        Some("snap") => snap(path),
        _ => None,
    };
    other.unwrap_or_else(|| path.to_owned())
}

fn text(pid: u32, name: &str) -> String {
    let mut bytes = Vec::new();
    let read = File::open(format!("/proc/{pid}/{name}")).and_then(|file| file.take(TEXT_LIMIT).read_to_end(&mut bytes));
    if let Err(error) = read {
        tracing::debug!(pid, name, %error, "a process does not say where it comes from");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Of an environment, whose entries end in NUL.
fn variable(environment: &str, name: &str) -> Option<String> {
    let mut all = environment.split('\0').filter_map(|entry| entry.split_once('='));
    all.find_map(|(found, value)| (found == name).then(|| value.to_owned()))
}

/// flatpak-metadata(5), as a running flatpak finds it.
fn flatpak(info: &str) -> Option<String> {
    let name = info.lines().find_map(|line| line.strip_prefix("name="))?;
    Some(format!("flatpak:{}", name.trim()))
}

/// `/snap/NAME/REVISION/…`: the next revision is the same program.
fn snap(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let revision = parts.get_mut(3).filter(|part| part.trim_start_matches('x').parse::<u32>().is_ok())?;
    *revision = "current";
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_tables_tell_what_the_kernel_tells() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = listener.local_addr().unwrap();
        let client = TcpStream::connect(proxy).unwrap();
        let address = client.local_addr().unwrap();
        let told = in_the_tables(address, proxy);
        assert!(told.is_some());
        assert_eq!(sock_diag::owner(address, proxy).unwrap(), told);
        drop((client, listener));
        // A child that another test starts holds what was open here until it becomes its program.
        let end = Instant::now() + Duration::from_secs(10);
        let told = || (in_the_tables(address, proxy), sock_diag::owner(address, proxy).unwrap());
        while told() != (None, None) {
            assert!(Instant::now() < end, "{:?}", told());
            thread::yield_now();
        }
    }

    #[test]
    fn a_program_is_known_by_a_path_that_stays_the_same() {
        assert_eq!(snap("/snap/chromium/2897/usr/lib/chrome").unwrap(), "/snap/chromium/current/usr/lib/chrome");
        assert_eq!(snap("/snap/own/x3/bin/own").unwrap(), "/snap/own/current/bin/own");
        assert_eq!(snap("/snap/bin/chromium"), None);
        let environment = "HOME=/home/me\0APPIMAGE=/home/me/Player.AppImage\0ARGV0=x\0";
        assert_eq!(variable(environment, "APPIMAGE").unwrap(), "/home/me/Player.AppImage");
        assert_eq!(variable(environment, "APP"), None);
        let info = "[Application]\nname=org.mozilla.firefox\nruntime=runtime/org.freedesktop.Platform/x86_64/24.08\n";
        assert_eq!(flatpak(info).unwrap(), "flatpak:org.mozilla.firefox");
        assert_eq!(lasting("/usr/bin/curl", std::process::id()), "/usr/bin/curl");
    }
}
