//! Which of this user's processes are at work, and where they listen.

use std::net::SocketAddr;

use crate::Process;

/// A process that lives in the same home as the one that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtWork {
    /// Who it is.
    pub process: Process,
    /// The name of its program, without the path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where it listens for TCP connections, in order.
    pub listens: Vec<SocketAddr>,
}

/// The processes of this user, this one left out, whose program has one of these names and that keep their settings
/// where we do; none where this system offers no way to know.
pub fn at_work(programs: &[&str]) -> Option<Vec<AtWork>> {
    #[cfg(target_os = "linux")]
    return linux::at_work(programs);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = programs;
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::ffi::OsString;
    use std::fs::{self, File};
    use std::io::Read;
    use std::net::SocketAddr;
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use super::AtWork;
    use crate::Process;
    use crate::proc_net::{LISTEN, Socket, TABLES};

    /// The largest command line or environment that is looked at, in bytes; so much of a larger one is.
    const TEXT_LIMIT: u64 = 1024 * 1024;

    pub(super) fn at_work(programs: &[&str]) -> Option<Vec<AtWork>> {
        let this = Process::this();
        let here = folders(&|name| std::env::var_os(name));
        let mut found: Vec<AtWork> = Vec::new();
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let is_ours = id != this.id && entry.metadata().is_ok_and(|proc| Some(proc.uid()) == this.user);
            if is_ours && let Some(process) = look(id, &entry.path(), programs, &here) {
                found.push(process);
            }
        }
        found.sort_by_key(|process| process.process.id);
        Some(found)
    }

    fn look(id: u32, folder: &Path, programs: &[&str], here: &[Option<PathBuf>; 2]) -> Option<AtWork> {
        let mut words = texts(&folder.join("cmdline"))?.into_iter().map(|word| word.to_string_lossy().into_owned());
        let program = words.next()?.rsplit('/').next()?.to_owned();
        if !programs.contains(&program.as_str()) {
            return None;
        }
        let environment = texts(&folder.join("environ"))?;
        let variable = |name: &str| {
            let mut all = environment.iter().filter_map(|text| text.to_str()?.split_once('='));
            all.find_map(|(found, value)| (found == name).then(|| value.into()))
        };
        if folders(&variable) != *here {
            return None;
        }
        Some(AtWork { process: Process::of_number(id)?, program, arguments: words.collect(), listens: listens(folder) })
    }

    /// Where a program with these variables keeps settings and state.
    fn folders(variable: &dyn Fn(&str) -> Option<OsString>) -> [Option<PathBuf>; 2] {
        [("XDG_CONFIG_HOME", ".config"), ("XDG_STATE_HOME", ".local/state")].map(|(name, usual)| {
            let given = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
            given.or_else(|| Some(PathBuf::from(variable("HOME")?).join(usual)))
        })
    }

    /// A file of texts that end in NUL.
    fn texts(path: &Path) -> Option<Vec<OsString>> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.take(TEXT_LIMIT).read_to_end(&mut bytes).ok()?;
        let bytes = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
        Some(bytes.split(|byte| *byte == 0).map(|text| OsString::from_vec(text.to_vec())).collect())
    }

    /// The sockets among its open files that the system's table says listen.
    fn listens(folder: &Path) -> Vec<SocketAddr> {
        let files = fs::read_dir(folder.join("fd")).into_iter().flatten().flatten();
        let links = files.filter_map(|file| fs::read_link(file.path()).ok()?.into_os_string().into_string().ok());
        let sockets: BTreeSet<String> =
            links.filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect();
        let tables = TABLES.map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default());
        let listening = tables.iter().flat_map(|table| table.lines()).filter_map(Socket::parse);
        let ours = listening.filter(|socket| socket.state == LISTEN && sockets.contains(socket.inode));
        let mut all: Vec<_> = ours.map(|socket| socket.local).collect();
        all.sort();
        all
    }

    #[cfg(test)]
    mod tests {
        use std::net::TcpListener;

        use super::*;

        #[test]
        fn listening_sockets_of_a_process_are_found_with_their_addresses() {
            let sockets = ["127.0.0.1:0", "[::1]:0"].map(|at| TcpListener::bind(at).ok());
            let found = listens(Path::new("/proc/self"));
            for socket in sockets.iter().flatten() {
                assert!(found.contains(&socket.local_addr().unwrap()), "{found:?}");
            }
        }
    }
}
