//! The system packages that Tamis and its tests need: which are missing, and installing them.

use std::process::Command;

use crate::step::{self, Failure, Outcome};

/// What the packages are needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To build and run the tray program.
    Desktop,
    /// To build everything and run every test.
    Tests,
    /// To compare Tamis with other proxies.
    Peers,
    /// To build for Windows and macOS, and to run what is for Windows.
    OtherSystems,
}

/// How to tell, where there is no dpkg, whether something is there.
enum Sign {
    Program(&'static str),
    PkgConfig(&'static str),
    Library(&'static str),
    /// Cannot be told; it is named in the list and its absence shows in the tests.
    None,
}

/// A Debian package, and the sign of what it holds on other systems.
struct Package {
    debian: &'static str,
    sign: Sign,
}

const fn package(debian: &'static str, sign: Sign) -> Package {
    Package { debian, sign }
}

const DESKTOP: [Package; 4] = [
    package("build-essential", Sign::Program("cc")),
    package("pkg-config", Sign::Program("pkg-config")),
    package("libwebkit2gtk-4.1-dev", Sign::PkgConfig("webkit2gtk-4.1")),
    package("libayatana-appindicator3-1", Sign::Library("libayatana-appindicator3.so.1")),
];

const TESTS: [Package; 18] = [
    package("xvfb", Sign::Program("Xvfb")),
    package("xauth", Sign::Program("xauth")),
    package("dbus", Sign::Program("dbus-daemon")),
    package("dbus-x11", Sign::Program("dbus-launch")),
    package("webkit2gtk-driver", Sign::Program("WebKitWebDriver")),
    package("chromium", Sign::Program("chromium")),
    package("firefox-esr", Sign::Program("firefox-esr")),
    // What Firefox plays films with.
    package("libavcodec-extra", Sign::None),
    package("libnss3-tools", Sign::Program("certutil")),
    package("libglib2.0-bin", Sign::Program("gsettings")),
    package("gsettings-desktop-schemas", Sign::PkgConfig("gsettings-desktop-schemas")),
    package("dconf-gsettings-backend", Sign::None),
    package("libkf5config-bin", Sign::Program("kreadconfig5")),
    package("curl", Sign::Program("curl")),
    package("openssl", Sign::Program("openssl")),
    package("python3", Sign::Program("python3")),
    package("xdotool", Sign::Program("xdotool")),
    package("imagemagick", Sign::Program("import")),
];

const PEERS: [Package; 5] = [
    package("haproxy", Sign::Program("haproxy")),
    package("squid", Sign::Program("squid")),
    package("tinyproxy", Sign::Program("tinyproxy")),
    package("trafficserver", Sign::Program("traffic_server")),
    package("privoxy", Sign::Program("privoxy")),
];

const OTHER_SYSTEMS: [Package; 7] = [
    package("rustc-web", Sign::None),
    package("rust-web-src", Sign::None),
    package("cargo-web", Sign::None),
    package("gcc-mingw-w64-x86-64", Sign::Program("x86_64-w64-mingw32-gcc")),
    package("wine64", Sign::None),
    package("wine", Sign::Program("wine")),
    package("xvfb", Sign::Program("Xvfb")),
];

/// Sees to it that the packages are there. The note says what was done.
pub fn system_packages(need: Need) -> Outcome<String> {
    if !cfg!(target_os = "linux") {
        return Ok("nothing to install on this system".into());
    }
    let wanted: Vec<&Package> = match need {
        Need::Desktop => DESKTOP.iter().collect(),
        Need::Tests => DESKTOP.iter().chain(&TESTS).collect(),
        Need::Peers => PEERS.iter().collect(),
        Need::OtherSystems => OTHER_SYSTEMS.iter().collect(),
    };
    if step::on_path("apt-get") && step::on_path("dpkg-query") {
        with_apt(&wanted.iter().map(|package| package.debian).collect::<Vec<_>>())
    } else {
        without_apt(&wanted)
    }
}

fn with_apt(wanted: &[&str]) -> Outcome<String> {
    let missing = missing_of_dpkg(wanted);
    if missing.is_empty() {
        return Ok(format!("all {} packages are there", wanted.len()));
    }
    println!("Missing Debian packages: {}", missing.join(" "));
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {}", missing.join(" "));
    let root = step::probe(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !root {
        if !step::on_path("sudo") {
            return Err(Failure::new(
                "packages are missing, and installing them needs root; there is no sudo here",
                format!("Run this as root, then start again: {line}"),
            ));
        }
        println!("Installing them needs root, so apt-get runs under sudo, which may ask for your password.");
    }
    let remedy = format!("Check the network, or run this as root, then start again: {line}");
    step::run(apt(root).arg("update"), &remedy)?;
    step::run(apt(root).args(["install", "-y", "--no-install-recommends"]).args(&missing), &remedy)?;
    let still = missing_of_dpkg(&missing);
    if still.is_empty() {
        Ok(format!("{} packages installed", missing.len()))
    } else {
        Err(Failure::new(format!("apt-get ended well, yet these packages are missing: {}", still.join(" ")), remedy))
    }
}

/// apt-get as root, asking nothing. Its standard input stays ours: sudo may want to read a password.
fn apt(root: bool) -> Command {
    let mut command = Command::new(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}

/// Those packages that dpkg does not call installed.
fn missing_of_dpkg<'a>(wanted: &[&'a str]) -> Vec<&'a str> {
    // dpkg-query ends with an error as soon as it does not know one of the names, and still lists the others.
    let listed = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\\n"])
        .args(wanted)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    wanted.iter().copied().filter(|name| !listed.lines().any(|line| line == format!("{name} installed"))).collect()
}

fn without_apt(wanted: &[&Package]) -> Outcome<String> {
    let missing: Vec<&str> =
        wanted.iter().filter(|package| is_missing(&package.sign)).map(|package| package.debian).collect();
    if missing.is_empty() {
        return Ok("there is no apt-get here; everything needed was found all the same".into());
    }
    let all: Vec<&str> = wanted.iter().map(|package| package.debian).collect();
    Err(Failure::new(
        format!("there is no apt-get here, and these are missing (by their Debian names): {}", missing.join(" ")),
        format!("Install what your system calls them, then start again. All that is needed: {}", all.join(" ")),
    ))
}

fn is_missing(sign: &Sign) -> bool {
    match sign {
        Sign::Program(name) => !step::on_path(name),
        Sign::PkgConfig(name) => step::probe(Command::new("pkg-config").args(["--exists", name])).is_none(),
        // Without ldconfig it cannot be told; the loader will say so at the start.
        Sign::Library(name) => {
            step::probe(Command::new("ldconfig").arg("-p")).is_some_and(|libraries| !libraries.contains(name))
        }
        Sign::None => false,
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_by_its_debian_name() {
        let there = package("there", Sign::Program("sh"));
        let missing = package("libnot-here-dev", Sign::PkgConfig("not-here"));
        without_apt(&[&there]).unwrap();
        let failure = without_apt(&[&there, &missing]).unwrap_err().to_string();
        assert!(failure.contains("(by their Debian names): libnot-here-dev."), "{failure}");
        assert!(failure.contains("All that is needed: there libnot-here-dev"), "{failure}");
    }

    #[test]
    fn dpkg_is_asked_for_each_package() {
        if !step::on_path("dpkg-query") {
            return;
        }
        assert_eq!(missing_of_dpkg(&["no-such-package-here", "dpkg"]), ["no-such-package-here"]);
    }
}
