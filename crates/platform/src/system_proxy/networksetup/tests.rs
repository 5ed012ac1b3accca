use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;

const PAC: &str = "http://127.0.0.1:8118/tamis.pac?g=7";

/// A Mac in this process, which answers as `networksetup` does; a clone is another look at the same one.
#[derive(Debug, Clone, Default)]
struct Mac(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    /// Address and state of each service.
    services: BTreeMap<String, (String, bool)>,
    /// Answers to what else is asked, by the option.
    answers: BTreeMap<&'static str, &'static str>,
    /// It takes no empty address.
    refuses_empty: bool,
    /// After this many changes the process is dead.
    changes_left: Option<usize>,
}

impl Mac {
    /// Nothing set, a company's PAC, and one that is there and turned off.
    fn new() -> Self {
        let mac = Self::default();
        for (name, address, on) in [
            ("Wi-Fi", "", false),
            ("USB 10/100 LAN", "http://pac.corp.test/p.pac", true),
            ("iPhone USB", "http://old.test/p.pac", false),
        ] {
            mac.0.lock().unwrap().services.insert(name.into(), (address.into(), on));
        }
        mac
    }

    fn hand(&self) -> MacOs<Self> {
        MacOs::new(self.clone())
    }

    fn services(&self) -> BTreeMap<String, (String, bool)> {
        self.0.lock().unwrap().services.clone()
    }

    fn set(&self, service: &str, address: &str, on: bool) {
        self.0.lock().unwrap().services.insert(service.into(), (address.into(), on));
    }
}

impl Runner for Mac {
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<String> {
        let mut state = self.0.lock().unwrap();
        if program == ROUTE {
            return state.answers.get("route").map(|text| (*text).to_owned()).ok_or(io::ErrorKind::NotFound.into());
        }
        let [option, rest @ ..] = arguments else { panic!("{arguments:?}") };
        if let Some(answer) = state.answers.get(option) {
            return Ok((*answer).to_owned());
        }
        if *option == "-listallnetworkservices" {
            let names: Vec<&str> = state.services.keys().map(String::as_str).collect();
            return Ok(format!(
                "An asterisk (*) denotes that a network service is disabled.\n{}\n*Old\n",
                names.join("\n")
            ));
        }
        let changes = option.starts_with("-set");
        match state.changes_left.as_mut() {
            Some(0) if changes => return Err(io::Error::other("dead")),
            Some(left) if changes => *left -= 1,
            _ => {}
        }
        let State { services, refuses_empty, .. } = &mut *state;
        let Some((address, on)) = services.get_mut(rest[0]) else {
            return Ok(format!(
                "{} is not a recognized network service.\n** Error: The parameters were not valid.\n",
                rest[0]
            ));
        };
        match (*option, rest.get(1)) {
            ("-setautoproxyurl", Some(&"")) if *refuses_empty => {
                return Ok("** Error: The parameters were not valid.\n".to_owned());
            }
            ("-getautoproxyurl", None) => {
                let shown = if address.is_empty() { "(null)" } else { address };
                return Ok(format!("URL: {shown}\nEnabled: {}\n", if *on { "Yes" } else { "No" }));
            }
            ("-setautoproxyurl", Some(text)) => (*address, *on) = ((*text).to_owned(), true),
            ("-setautoproxystate", Some(text)) => *on = *text == "on",
            other => panic!("{other:?}"),
        }
        Ok(String::new())
    }
}

#[test]
fn every_service_is_pointed_here_and_comes_back_as_it_was() {
    let mac = Mac::new();
    let original = mac.services();
    let note = mac.hand().prepare(PAC).unwrap();
    assert_eq!(mac.services(), original, "prepare changes nothing");
    mac.hand().apply(&note).unwrap();
    assert!(mac.services().values().all(|service| *service == (PAC.to_owned(), true)));
    let restored = mac.hand().restore(&note).unwrap();
    assert_eq!(mac.services(), original);
    assert!(restored.kept.is_empty(), "{restored:?}");
    assert_eq!(mac.hand().restore(&note).unwrap(), Restored::default(), "a second time there is nothing to do");
}

#[test]
fn where_no_empty_address_is_taken_ours_stays_turned_off_and_is_none_the_next_time() {
    let mac = Mac::new();
    mac.0.lock().unwrap().refuses_empty = true;
    for _ in 0..2 {
        let note = mac.hand().prepare(PAC).unwrap();
        assert_eq!(note.keys[2].before, None, "{note:?}");
        mac.hand().apply(&note).unwrap();
        assert!(mac.hand().restore(&note).unwrap().kept.is_empty());
        assert_eq!(mac.services()["Wi-Fi"], (PAC.to_owned(), false));
    }
}

#[test]
fn a_death_after_any_command_still_ends_with_the_original() {
    // Of three services each takes two commands to change and at most three to put back.
    for (applied, put_back) in (0..=9).flat_map(|one| (0..=9).map(move |other| (one, other))) {
        let mac = Mac::new();
        let original = mac.services();
        let note = mac.hand().prepare(PAC).unwrap();
        mac.0.lock().unwrap().changes_left = Some(applied);
        assert_eq!(mac.hand().apply(&note).is_ok(), applied >= 6);
        mac.0.lock().unwrap().changes_left = Some(put_back);
        let _first = mac.hand().restore(&note);
        mac.0.lock().unwrap().changes_left = None;
        let restored = mac.hand().restore(&note).unwrap();
        assert_eq!(mac.services(), original, "died after {applied} commands, then after {put_back}");
        assert!(restored.kept.is_empty(), "{restored:?}");
    }
}

#[test]
fn what_the_user_changes_on_one_service_stays_and_the_others_come_back() {
    let mac = Mac::new();
    let note = mac.hand().prepare(PAC).unwrap();
    mac.hand().apply(&note).unwrap();
    mac.set("Wi-Fi", "http://new.test/p.pac", true);
    let restored = mac.hand().restore(&note).unwrap();
    assert_eq!(restored.kept, ["Wi-Fi state", "Wi-Fi address"]);
    let mut want = Mac::new().services();
    want.insert("Wi-Fi".into(), ("http://new.test/p.pac".into(), true));
    assert_eq!(mac.services(), want);
}

#[test]
fn a_service_that_is_gone_meanwhile_keeps_no_other_from_coming_back() {
    let mac = Mac::new();
    let note = mac.hand().prepare(PAC).unwrap();
    mac.hand().apply(&note).unwrap();
    mac.0.lock().unwrap().services.remove("iPhone USB");
    mac.hand().restore(&note).unwrap();
    let mut want = Mac::new().services();
    want.remove("iPhone USB");
    assert_eq!(mac.services(), want);
}

#[test]
fn a_service_that_appears_later_is_pointed_here_too_and_comes_back_and_one_that_goes_is_no_change_by_others() {
    let mac = Mac::new();
    let mut note = mac.hand().prepare(PAC).unwrap();
    mac.hand().apply(&note).unwrap();
    assert_eq!(mac.hand().newcomers(&note).unwrap(), None);
    mac.set("Office VPN", "http://vpn.test/p.pac", true);
    let found = mac.hand().newcomers(&note).unwrap().unwrap();
    assert_eq!(mac.services()["Office VPN"], ("http://vpn.test/p.pac".into(), true), "it only looks");
    note.keys.extend(found.keys.iter().cloned());
    mac.hand().apply(&found).unwrap();
    assert!(mac.services().values().all(|service| *service == (PAC.to_owned(), true)));
    mac.0.lock().unwrap().services.remove("iPhone USB");
    assert!(mac.hand().holds(&note).unwrap() && mac.hand().newcomers(&note).unwrap().is_none());
    mac.hand().restore(&note).unwrap();
    let mut want = Mac::new().services();
    want.remove("iPhone USB");
    want.insert("Office VPN".into(), ("http://vpn.test/p.pac".into(), true));
    assert_eq!(mac.services(), want);
}

#[test]
fn our_address_of_an_earlier_run_is_never_noted_as_the_users() {
    let mac = Mac::new();
    mac.set("Wi-Fi", "http://127.0.0.1:9/tamis.pac?g=1", true);
    let note = mac.hand().prepare(PAC).unwrap();
    mac.hand().apply(&note).unwrap();
    mac.hand().restore(&note).unwrap();
    assert_eq!(mac.services(), Mac::new().services());
}

#[test]
fn an_address_that_nobody_on_this_mac_serves_is_not_turned_on_again() {
    let gone = format!("127.0.0.1:{}", crate::loopback::NOBODYS_PORT);
    let mac = Mac::new();
    mac.set("Wi-Fi", &format!("http://{gone}/other.pac"), true);
    let note = mac.hand().prepare(PAC).unwrap();
    mac.hand().apply(&note).unwrap();
    assert!(mac.hand().holds(&note).unwrap());
    mac.hand().restore(&note).unwrap();
    assert_eq!(mac.services()["Wi-Fi"], (format!("http://{gone}/other.pac"), false));
    assert!(!mac.hand().holds(&note).unwrap());
}

#[test]
fn a_mac_that_wants_an_administrator_says_so_and_a_mac_without_services_too() {
    let mac = Mac::new();
    let note = mac.hand().prepare(PAC).unwrap();
    mac.0.lock().unwrap().answers.insert("-setautoproxyurl", "** Error: Command requires admin privileges.\n");
    let error = mac.hand().apply(&note).unwrap_err().to_string();
    assert!(error.contains("requires admin privileges"), "{error}");

    let bare = Mac::default();
    let error = bare.hand().prepare(PAC).unwrap_err().to_string();
    assert!(error.contains("no network service"), "{error}");
}

#[test]
fn what_every_service_says_is_told_that_of_the_way_out_first() {
    let mac = Mac::new();
    let answers = |pairs: &[(&'static str, &'static str)]| mac.0.lock().unwrap().answers.extend(pairs.iter().copied());
    let told = || -> Vec<String> {
        let shown = |state: crate::State| {
            let us = if state.names_us { ", us" } else { "" };
            format!("{} {:?}{us}", state.connection.unwrap(), state.way)
        };
        mac.hand().states().unwrap().into_iter().map(shown).collect()
    };
    let none = "Enabled: No\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n";
    answers(&[
        ("-listnetworkserviceorder", "(1) Wi-Fi\n(Hardware Port: Wi-Fi, Device: en0)\n"),
        ("route", "  interface: en0\n"),
        ("-getproxyautodiscovery", "Auto Proxy Discovery: Off\n"),
        ("-getwebproxy", none),
        ("-getsecurewebproxy", none),
        ("-getsocksfirewallproxy", none),
    ]);
    let company = r#"USB 10/100 LAN Automatic("http://pac.corp.test/p.pac")"#;
    assert_eq!(told(), ["Wi-Fi Direct", company, "iPhone USB Direct"]);
    answers(&[("-getwebproxy", "Enabled: Yes\nServer: p.test\nPort: 3128\nAuthenticated Proxy Enabled: 0\n")]);
    assert_eq!(told()[0], "Wi-Fi Manual([Http p.test:3128])");
    answers(&[("-getproxyautodiscovery", "Auto Proxy Discovery: On\n")]);
    mac.set("iPhone USB", PAC, false);
    assert_eq!(told(), [r#"Wi-Fi Automatic("")"#, company, r#"iPhone USB Automatic(""), us"#]);
    let note = mac.hand().prepare(PAC).unwrap();
    mac.hand().apply(&note).unwrap();
    assert!(mac.hand().states().unwrap().iter().all(|state| state.way.is_ours() && state.names_us));
}

#[test]
fn the_proxy_of_before_is_that_of_the_service_by_which_traffic_leaves() {
    let mac = Mac::new();
    let former = || mac.hand().former_proxy(&mac.hand().prepare(PAC).unwrap()).unwrap();
    let answers = |pairs: &[(&'static str, &'static str)]| mac.0.lock().unwrap().answers.extend(pairs.iter().copied());
    let none = "Enabled: No\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n";
    answers(&[
        (
            "-listnetworkserviceorder",
            "(1) USB 10/100 LAN\n(Hardware Port: USB 10/100 LAN, Device: en5)\n\n(2) Wi-Fi\n(Hardware Port: Wi-Fi, Device: en0)\n",
        ),
        ("route", "    gateway: 192.168.1.1\n  interface: en5\n"),
        ("-getproxyautodiscovery", "Auto Proxy Discovery: Off\n"),
        ("-getwebproxy", none),
        ("-getsecurewebproxy", none),
        ("-getsocksfirewallproxy", none),
        ("-getproxybypassdomains", "*.local\n"),
    ]);
    assert_eq!(former(), Some(FormerProxy::Automatic), "the LAN has a company's PAC");
    answers(&[("route", "  interface: en0\n")]);
    assert_eq!(former(), None);
    answers(&[
        ("-getsecurewebproxy", "Enabled: Yes\nServer: s.test\nPort: 3128\nAuthenticated Proxy Enabled: 0\n"),
        ("-getsocksfirewallproxy", "Enabled: Yes\nServer: k.test\nPort: 0\nAuthenticated Proxy Enabled: 0\n"),
    ]);
    let Some(FormerProxy::Manual(manual)) = former() else { panic!() };
    assert_eq!(format!("{:?} {:?}", manual.http, manual.https), "Some(Socks k.test:1080) Some(Http s.test:3128)");
    assert_eq!(manual.direct, ["*.local"]);
    answers(&[("-getproxyautodiscovery", "Auto Proxy Discovery: On\n")]);
    assert_eq!(former(), Some(FormerProxy::Automatic));
}
