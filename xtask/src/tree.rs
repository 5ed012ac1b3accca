//! Where things are: the repository, the build directory, the programs in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step::{Failure, Outcome};

/// Which of Cargo's two build profiles a binary comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Debug,
    Release,
}

/// The two programs of the product.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// `tamis`, which needs no desktop library.
    Headless,
    /// `tamis-desktop`, the tray program.
    Desktop,
}

impl Binary {
    /// The name of the program file, without a system's ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Headless => "tamis",
            Self::Desktop => "tamis-desktop",
        }
    }

    /// The Cargo package that holds it.
    pub fn package(self) -> &'static str {
        match self {
            Self::Headless => "tamis-cli",
            Self::Desktop => "tamis-desktop",
        }
    }
}

/// The repository that xtask belongs to, and where its builds go.
pub struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Finds both from the environment that Cargo gives; CARGO_TARGET_DIR is honoured.
    pub fn find() -> Outcome<Self> {
        // At run time first: with a shared build directory, the path compiled in may be that of another clone.
        let manifest_dir =
            std::env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = manifest_dir.parent().map(Path::to_path_buf).unwrap_or(manifest_dir);
        let here = std::env::current_dir().map_err(|error| {
            Failure::new(format!("cannot tell the current directory: {error}"), "Change to the repository.")
        })?;
        // Cargo reads a relative CARGO_TARGET_DIR from where it was started, and our steps start elsewhere.
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(directory) if !directory.is_empty() => here.join(directory),
            _ => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// A path inside the repository.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// An empty directory for what a step leaves behind; what an earlier run left there is gone.
    pub fn leavings(&self, name: &str) -> Outcome<PathBuf> {
        let directory = self.target.join("xtask").join(name);
        let emptied = match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => std::fs::create_dir_all(&directory),
        };
        emptied.map_err(|error| {
            Failure::new(
                format!("cannot make or empty the directory {}: {error}", directory.display()),
                "Make room, or set CARGO_TARGET_DIR to a directory that you may write to.",
            )
        })?;
        Ok(directory)
    }

    /// A directory beside the other builds, for one with flags of its own.
    pub fn built_aside(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }

    /// A program that works in the repository and cannot wait for a keyboard.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).stdin(Stdio::null());
        command
    }

    /// The Cargo that started us, so that a chosen toolchain stays the chosen one.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        self.cargo_at(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), arguments)
    }

    /// Another Cargo.
    pub fn cargo_at(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(program);
        // Cargo tells us about our own package; a build started by us must not take that for its own.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME"] {
            command.env_remove(name);
        }
        command.args(arguments);
        command
    }

    /// Where Cargo puts a program.
    pub fn binary(&self, binary: Binary, profile: Profile) -> PathBuf {
        let directory = match profile {
            Profile::Debug => "debug",
            Profile::Release => "release",
        };
        self.target.join(directory).join(format!("{}{}", binary.name(), std::env::consts::EXE_SUFFIX))
    }

    /// Builds programs of the product.
    pub fn build(&self, binaries: &[Binary], profile: Profile) -> Outcome {
        let mut command = self.cargo(&["build"]);
        for binary in binaries {
            command.args(["--package", binary.package(), "--bin", binary.name()]);
        }
        if profile == Profile::Release {
            command.arg("--release");
        }
        if binaries.iter().any(|binary| !self.binary(*binary, profile).exists()) {
            println!("The first build takes some minutes.");
        }
        crate::step::run(&mut command, "Read the compiler's message above.")
    }
}
