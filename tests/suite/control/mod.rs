//! Commands in, snapshots out, on the system that remembers.

mod listening;
mod pause;
mod profiles;
mod settings;
mod sites;
mod system;
mod ways;

use std::net::SocketAddr;
use std::sync::Arc;

use tamis_control::{Command, Control, Hands, Options, Paths, Phase, Snapshot, SystemProxyState};
use tamis_platform::{LoginCommand, Memory};
use tamis_tests::client::Client;
use tamis_tests::origin::get;
use tamis_tests::wait_for;
use tempfile::TempDir;

/// A controller in this process with its own folder and a system that remembers.
struct Tamis {
    control: Control,
    system: Memory,
    folder: TempDir,
}

impl Tamis {
    fn start() -> Self {
        Self::on(Memory::new(), tempfile::tempdir().unwrap(), |_| {})
    }

    fn on(system: Memory, folder: TempDir, adjust: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(Paths::below(folder.path()));
        options.listen = Some(([127, 0, 0, 1], 0).into());
        options.login_command = Some(LoginCommand { program: "/usr/bin/tamis-desktop".into(), arguments: Vec::new() });
        adjust(&mut options);
        let hands = Hands {
            system_proxy: vec![Box::new(system.clone())],
            autostart: Some(Box::new(system.clone())),
            ..Hands::default()
        };
        let control = tamis_control::start_with(options, hands).unwrap();
        let tamis = Self { control, system, folder };
        tamis.until("a start", |snapshot| snapshot.phase == Phase::Running);
        tamis
    }

    fn send(&self, command: Command) -> &Self {
        self.control.send(command).unwrap();
        self
    }

    #[track_caller]
    fn until(&self, what: &str, mut fits: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
        wait_for(what, || Some(self.control.snapshot()).filter(|snapshot| fits(snapshot)))
    }

    fn quit(self) -> (Memory, TempDir) {
        self.send(Command::Quit).until("the end", |snapshot| snapshot.phase == Phase::Stopped);
        (self.system, self.folder)
    }

    /// Where a program of this computer finds it.
    fn address(&self) -> SocketAddr {
        self.control.snapshot().listening.as_ref().unwrap().parse().unwrap()
    }

    fn client(&self) -> Client {
        Client::connect(self.address())
    }

    fn ask(&self, url: &str) {
        self.client().ask(get(url, &["Accept: */*", "Connection: close"]));
    }
}

/// Whether the system points at the Tamis of a snapshot.
fn is_pointed_here(snapshot: &Snapshot) -> bool {
    snapshot.system_proxy.state == SystemProxyState::Ours
}

/// Whether a problem is told.
fn tells(snapshot: &Snapshot, id: &str) -> bool {
    snapshot.problems.iter().any(|problem| problem.id == id)
}

/// A folder with these settings in it.
fn settings(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/settings.toml"), text).unwrap();
    folder
}
