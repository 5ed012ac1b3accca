//! A user whose browser goes through a Tamis that opens everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tamis_tests::origin::Origin;
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::tls::pki::Pki;
use tamis_tests::upstream;

/// A user with a Tamis that opens everything, and the sites that are visited.
pub(super) struct World {
    pub(super) home: Home,
    pub(super) pki: Pki,
    /// Through which Tamis reaches them.
    pub(super) names: Origin,
    /// The system's file of hosts as Tamis has it, where that is another one.
    pub(super) hosts: Option<PathBuf>,
}

impl World {
    /// None, with a line that says so, where this browser or NSS's tool is not there.
    pub(super) fn with(browser: &str) -> Option<Self> {
        for program in [browser, "certutil"] {
            if Command::new(program).arg("--version").output().is_err() {
                println!("skipped: there is no {program} here");
                return None;
            }
        }
        Some(Self { home: Home::default(), pki: Pki::default(), names: upstream::http_proxy(), hosts: None })
    }

    /// Opens everything, with further arguments.
    pub(super) fn tamis(&self, further: &[&str]) -> ServeBox {
        self.tamis_with("", further)
    }

    /// The same with more in its settings.
    pub(super) fn tamis_with(&self, more: &str, further: &[&str]) -> ServeBox {
        let settings = self.home.own_settings();
        fs::create_dir_all(settings.parent().unwrap()).unwrap();
        let way = format!("[[upstream]]\nhosts = [\"*.test\"]\nproxy = \"http://{}\"\n", self.names.authority());
        fs::write(&settings, way + more).unwrap();
        let root: PathBuf = self.pki.root_file();
        let arguments = ["--https", "all", "--extra-root", root.to_str().unwrap()];
        let arguments = [&arguments, further].concat();
        match &self.hosts {
            Some(hosts) => ServeBox::start_with_hosts(&self.home, hosts, &arguments),
            None => ServeBox::start(&self.home, &arguments),
        }
    }

    /// As a company does with its own.
    pub(super) fn trust_the_origins_root(&self, database: &Path) {
        fs::create_dir_all(database).unwrap();
        let place = format!("sql:{}", database.display());
        let root = self.pki.root_file();
        for arguments in [
            &["-N", "--empty-password", "-d", &place][..],
            &["-A", "-d", &place, "-t", "C,,", "-n", "company", "-i", root.to_str().unwrap()],
        ] {
            assert!(Command::new("certutil").args(arguments).status().unwrap().success(), "{arguments:?}");
        }
    }

    /// `tamis ca …`, which has to succeed.
    pub(super) fn ca(&self, arguments: &[&str]) {
        let output = self.home.tamis(&[&["ca"], arguments].concat());
        assert!(output.status.success(), "tamis ca {arguments:?}: {output:?}");
    }
}
