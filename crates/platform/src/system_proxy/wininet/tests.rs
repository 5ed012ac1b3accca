use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;

const PAC: &str = "http://127.0.0.1:8118/tamis.pac?g=7";

/// A registry in this process; a clone is another look at the same one.
#[derive(Debug, Clone, Default)]
struct Fake(Arc<Mutex<Values>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Values {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, u32>,
    connections: BTreeMap<String, Vec<u8>>,
    dial_up: Vec<String>,
    closed: bool,
    /// After this many writes the process is dead.
    writes_left: Option<usize>,
    told: usize,
}

impl Fake {
    fn write(&self, change: impl FnOnce(&mut Values)) -> io::Result<()> {
        let mut values = self.0.lock().unwrap();
        match values.writes_left.as_mut() {
            Some(0) => return Err(io::Error::other("dead")),
            Some(left) => *left -= 1,
            None => {}
        }
        change(&mut values);
        Ok(())
    }

    fn hand(&self) -> WinInet<Self> {
        WinInet::new(self.clone())
    }

    /// Everything that lasts, but for the counts of changes.
    fn state(&self) -> Values {
        let mut values = self.0.lock().unwrap().clone();
        values.connections.values_mut().for_each(|bytes| bytes[4..8].fill(0));
        Values { told: 0, writes_left: None, ..values }
    }

    fn flags(&self, name: &str) -> u32 {
        self.hand().connection(name).unwrap().flags
    }
}

fn put<T>(values: &mut BTreeMap<String, T>, name: &str, value: Option<T>) {
    match value {
        Some(value) => values.insert(name.to_owned(), value),
        None => values.remove(name),
    };
}

impl Registry for Fake {
    fn text(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.0.lock().unwrap().texts.get(name).cloned())
    }

    fn set_text(&self, name: &str, text: Option<&str>) -> io::Result<()> {
        self.write(|values| put(&mut values.texts, name, text.map(str::to_owned)))
    }

    fn number(&self, name: &str) -> io::Result<Option<u32>> {
        Ok(self.0.lock().unwrap().numbers.get(name).copied())
    }

    fn connection(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().connections.get(name).cloned())
    }

    fn set_connection(&self, name: &str, bytes: Option<&[u8]>) -> io::Result<()> {
        self.write(|values| put(&mut values.connections, name, bytes.map(<[u8]>::to_vec)))
    }

    fn connections(&self) -> io::Result<Vec<String>> {
        let values = self.0.lock().unwrap();
        Ok(values.connections.keys().chain(&values.dial_up).cloned().collect())
    }

    fn is_closed_by_policy(&self) -> io::Result<bool> {
        Ok(self.0.lock().unwrap().closed)
    }

    fn announce(&self) {
        self.0.lock().unwrap().told += 1;
    }
}

/// A setting as the registry has it.
fn setting(flags: u32, proxies: &str, direct: &str, address: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [70, 3, flags] {
        bytes.extend(number.to_le_bytes());
    }
    for text in [proxies, direct, address] {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.bytes());
    }
    bytes.extend([7; 32]);
    bytes
}

fn with(change: impl FnOnce(&mut Values)) -> Fake {
    let fake = Fake::default();
    change(&mut fake.0.lock().unwrap());
    fake
}

/// Systems as one finds them: a new user, one who asks the network, a company's proxy, a company's PAC and a VPN.
fn systems() -> Vec<Fake> {
    let lan = |values: &mut Values, bytes: Vec<u8>| {
        values.connections.insert(LAN.into(), bytes.clone());
        values.connections.insert("SavedLegacySettings".into(), bytes);
    };
    vec![
        Fake::default(),
        with(|values| values.dial_up.push("Office VPN".into())),
        with(|values| lan(values, setting(DIRECT | DETECT, "", "", ""))),
        with(|values| {
            lan(values, setting(DIRECT | PROXY, "proxy.corp.test:3128", "*.corp.test;<local>", ""));
            values.connections.insert("Old modem".into(), setting(DIRECT, "", "", "http://pac.test/"));
            values.connections.insert("From tomorrow".into(), vec![99; 8]);
        }),
        with(|values| {
            let address = "http://pac.corp.test/b\u{fc}ro.pac";
            values.texts.insert("AutoConfigURL".into(), address.into());
            lan(values, setting(DIRECT | ADDRESS | DETECT, "", "", address));
            values.dial_up.push("Office VPN".into());
        }),
    ]
}

#[test]
fn every_connection_is_pointed_here_and_comes_back_as_it_was() {
    for fake in systems() {
        let (hand, original) = (fake.hand(), fake.state());
        let note = hand.prepare(PAC).unwrap();
        assert_eq!(fake.state(), original, "prepare changes nothing");
        hand.apply(&note).unwrap();
        assert_eq!(fake.text("AutoConfigURL").unwrap().as_deref(), Some(PAC));
        for name in fake.connections().unwrap().iter().filter(|name| *name != "From tomorrow") {
            assert_eq!(hand.connection(name).unwrap().address(), PAC, "{name}");
            assert_eq!(fake.flags(name) & !PROXY, DIRECT | ADDRESS, "{name}");
        }
        let restored = hand.restore(&note).unwrap();
        assert_eq!(fake.state(), original);
        assert!(restored.kept.is_empty(), "{restored:?}");
        assert_eq!(fake.0.lock().unwrap().told, 2, "programs are told of both");
        assert_eq!(hand.restore(&note).unwrap(), Restored::default(), "a second time there is nothing to do");
    }
}

#[test]
fn a_death_after_any_write_still_ends_with_the_original() {
    for (index, fresh) in systems().iter().enumerate() {
        let writes = fresh.hand().prepare(PAC).unwrap().keys.len();
        for (applied, put_back) in (0..=writes).flat_map(|one| (0..=writes).map(move |other| (one, other))) {
            let fake = systems().swap_remove(index);
            let (hand, original) = (fake.hand(), fake.state());
            let note = hand.prepare(PAC).unwrap();
            fake.0.lock().unwrap().writes_left = Some(applied);
            assert_eq!(hand.apply(&note).is_ok(), applied == writes);
            fake.0.lock().unwrap().writes_left = Some(put_back);
            let _first = hand.restore(&note);
            fake.0.lock().unwrap().writes_left = None;
            let restored = hand.restore(&note).unwrap();
            assert_eq!(fake.state(), original, "system {index}, died after {applied} writes, then after {put_back}");
            assert!(restored.kept.is_empty(), "{restored:?}");
        }
    }
}

#[test]
fn a_proxy_named_by_hand_stays_behind_our_address_and_detection_does_not_come_before_it() {
    for (before, while_ours) in [(DIRECT | PROXY, 7), (DIRECT | DETECT, 5), (DIRECT | PROXY | DETECT | ADDRESS, 7)] {
        let fake = with(|values| put(&mut values.connections, LAN, Some(setting(before, "p.test:1", "a.test", ""))));
        let note = fake.hand().prepare(PAC).unwrap();
        fake.hand().apply(&note).unwrap();
        let lan = fake.hand().connection(LAN).unwrap();
        assert_eq!((lan.flags, lan.proxies().as_str(), lan.direct().as_str()), (while_ours, "p.test:1", "a.test"));
    }
}

#[test]
fn what_the_user_changes_on_one_connection_stays_and_the_others_come_back() {
    let fake = systems().pop().unwrap();
    let (hand, original) = (fake.hand(), fake.state());
    let note = hand.prepare(PAC).unwrap();
    hand.apply(&note).unwrap();
    let new = setting(DIRECT | PROXY, "new.test:1", "", PAC);
    fake.set_connection("Office VPN", Some(&new)).unwrap();
    let restored = hand.restore(&note).unwrap();
    assert_eq!(restored.kept, ["Office VPN flags"]);
    assert_eq!(hand.connection("Office VPN").unwrap().address(), "");
    fake.set_connection("Office VPN", None).unwrap();
    assert_eq!(fake.state(), original);
}

#[test]
fn a_connection_that_is_gone_meanwhile_does_not_come_back() {
    let fake = systems().swap_remove(3);
    let note = fake.hand().prepare(PAC).unwrap();
    fake.hand().apply(&note).unwrap();
    fake.set_connection("Old modem", None).unwrap();
    fake.hand().restore(&note).unwrap();
    assert_eq!(fake.connection("Old modem").unwrap(), None);
}

#[test]
fn our_address_of_an_earlier_run_is_never_noted_as_the_users() {
    let fake = with(|values| {
        let leftover = "http://localhost:9/tamis.pac?g=1";
        values.texts.insert("AutoConfigURL".into(), leftover.into());
        values.connections.insert(LAN.into(), setting(DIRECT | ADDRESS, "", "", leftover));
        values.connections.insert("VPN".into(), setting(DIRECT | PROXY | ADDRESS, "p.test:1", "", leftover));
    });
    let note = fake.hand().prepare(PAC).unwrap();
    fake.hand().apply(&note).unwrap();
    fake.hand().restore(&note).unwrap();
    assert_eq!(fake.text("AutoConfigURL").unwrap(), None);
    assert_eq!((fake.flags(LAN), fake.flags("VPN")), (DIRECT | DETECT, DIRECT | PROXY | DETECT));
    assert_eq!(fake.hand().connection("VPN").unwrap().address(), "");
}

#[test]
fn a_way_that_leads_to_nobody_on_this_computer_is_neither_put_back_nor_left_beside_ours() {
    let gone = format!("127.0.0.1:{}", crate::loopback::NOBODYS_PORT);
    let (proxy, pac) = (format!("http={gone};https={gone}"), format!("http://{gone}/other.pac"));
    for (flags, proxy, pac, while_ours, afterwards) in [
        (DIRECT | PROXY, proxy.as_str(), "", 5, DIRECT),
        (DIRECT | ADDRESS, "", pac.as_str(), 5, DIRECT),
        (DIRECT | PROXY | ADDRESS, "p.test:1", pac.as_str(), 7, DIRECT | PROXY),
        (DIRECT | PROXY | ADDRESS, proxy.as_str(), "http://pac.test/", 5, DIRECT | ADDRESS),
        (DIRECT | PROXY, "p.test:1", pac.as_str(), 7, DIRECT | PROXY),
    ] {
        let fake = with(|values| put(&mut values.connections, LAN, Some(setting(flags, proxy, "", pac))));
        let note = fake.hand().prepare(PAC).unwrap();
        fake.hand().apply(&note).unwrap();
        assert_eq!(fake.flags(LAN), while_ours, "{flags} {proxy} {pac}");
        fake.hand().restore(&note).unwrap();
        assert_eq!(fake.flags(LAN), afterwards, "{flags} {proxy} {pac}");
        assert_eq!(fake.hand().connection(LAN).unwrap().proxies(), proxy);
    }
}

#[test]
fn a_connection_that_appears_later_is_pointed_here_too_and_comes_back_and_one_that_goes_is_no_change_by_others() {
    let fake = systems().swap_remove(3);
    let hand = fake.hand();
    let mut note = hand.prepare(PAC).unwrap();
    hand.apply(&note).unwrap();
    assert_eq!(hand.newcomers(&note).unwrap(), None);
    fake.0.lock().unwrap().dial_up.push("Office VPN".into());
    put(&mut fake.0.lock().unwrap().connections, "Home", Some(setting(DIRECT | ADDRESS, "", "", "http://h.test/")));
    let before = fake.state();
    let found = hand.newcomers(&note).unwrap().unwrap();
    assert_eq!(fake.state(), before, "it only looks");
    assert!(found.keys.iter().all(|key| key.key.starts_with("Office VPN ") || key.key.starts_with("Home ")));
    note.keys.extend(found.keys.iter().cloned());
    hand.apply(&found).unwrap();
    assert!(hand.holds(&note).unwrap());
    assert_eq!((hand.newcomers(&note).unwrap(), fake.flags("Office VPN")), (None, DIRECT | ADDRESS));
    fake.set_connection("Old modem", None).unwrap();
    assert!(hand.holds(&note).unwrap());
    hand.restore(&note).unwrap();
    let mut want = before;
    want.connections.remove("Old modem");
    assert_eq!(fake.state().connections["Home"], want.connections["Home"]);
    assert!(!fake.state().connections.contains_key("Office VPN"));
    assert_eq!(fake.flags(LAN), DIRECT | PROXY);
}

#[test]
fn the_setting_is_held_until_somebody_changes_one_connection() {
    let fake = systems().pop().unwrap();
    let note = fake.hand().prepare(PAC).unwrap();
    assert!(!fake.hand().holds(&note).unwrap());
    fake.hand().apply(&note).unwrap();
    assert!(fake.hand().holds(&note).unwrap());
    fake.set_connection("Office VPN", None).unwrap();
    assert!(!fake.hand().holds(&note).unwrap());
}

/// Each connection with its way, and whether it names us.
fn told(fake: &Fake) -> Vec<String> {
    let shown = |state: State| {
        let us = if state.names_us { ", us" } else { "" };
        format!("{} {:?}{us}", state.connection.unwrap_or_default(), state.way)
    };
    fake.hand().states().unwrap().into_iter().map(shown).collect()
}

#[test]
fn what_every_connection_says_is_told_whoever_made_it_so() {
    let systems = systems();
    let found: Vec<_> = systems.iter().map(told).collect();
    assert_eq!(found[0], [" Direct"]);
    assert_eq!(found[1], [" Direct", "Office VPN Direct"]);
    assert_eq!(found[2], [r#" Automatic("")"#]);
    assert_eq!(
        found[3],
        [" Manual([Http proxy.corp.test:3128, Http proxy.corp.test:3128])", "Old modem Direct"],
        "what is of no known form is not guessed at"
    );
    assert!(found[4][0].starts_with(r#" Automatic("http://pac.corp.test/b"#), "{:?}", found[4]);
    assert_eq!(found[4][1..], ["Office VPN Direct"]);
    for fake in systems.iter().filter(|fake| !told(fake)[0].contains("pac.corp")) {
        let note = fake.hand().prepare(PAC).unwrap();
        fake.hand().apply(&note).unwrap();
        assert!(fake.hand().states().unwrap().iter().all(|state| state.way.is_ours() && state.names_us));
    }
}

#[test]
fn an_address_of_ours_is_told_wherever_the_lan_keeps_it_and_plain_values_count_where_there_is_no_other() {
    let copy = with(|values| put(&mut values.connections, COPY, Some(setting(DIRECT, "", "", PAC))));
    assert_eq!(told(&copy), [" Direct, us"]);
    let plain = with(|values| {
        values.texts.insert("AutoConfigURL".into(), PAC.into());
        values.numbers.insert("ProxyEnable".into(), 1);
        values.texts.insert("ProxyServer".into(), "plain.test:1".into());
    });
    assert_eq!(told(&plain), [format!(" Automatic({PAC:?}), us")]);
    plain.set_text("AutoConfigURL", None).unwrap();
    assert_eq!(told(&plain), [" Manual([Http plain.test:1, Http plain.test:1])"]);
    put(&mut plain.0.lock().unwrap().connections, LAN, Some(setting(DIRECT, "", "", "")));
    assert_eq!(told(&plain), [" Direct"]);
}

#[test]
fn what_an_administrator_keeps_for_himself_is_said_before_anything_is_changed() {
    let fake = with(|values| values.closed = true);
    assert!(matches!(fake.hand().prepare(PAC), Err(Error::Locked { .. })));
    assert_eq!(fake.state(), with(|values| values.closed = true).state());
}

#[test]
fn a_setting_in_a_form_that_is_not_known_is_an_error_and_stays() {
    let fake = with(|values| put(&mut values.connections, LAN, Some(vec![99; 8])));
    let error = fake.hand().prepare(PAC).unwrap_err().to_string();
    assert!(error.contains(LAN) && error.contains("not known"), "{error}");
}

#[test]
fn the_proxy_of_before_is_the_lans_and_known_while_the_setting_points_here() {
    let former = |fake: &Fake| {
        let note = fake.hand().prepare(PAC).unwrap();
        fake.hand().apply(&note).unwrap();
        fake.hand().former_proxy(&note).unwrap()
    };
    let found: Vec<_> = systems().iter().map(former).collect();
    assert_eq!((&found[0], &found[1], &found[2], &found[4]), (&None, &None, &None, &Some(FormerProxy::Automatic)));
    let Some(FormerProxy::Manual(manual)) = &found[3] else { panic!("{found:?}") };
    assert_eq!(format!("{:?}", manual.http), "Some(Http proxy.corp.test:3128)");
    assert_eq!(manual.direct, ["*.corp.test"]);

    let plain = with(|values| {
        values.numbers.insert("ProxyEnable".into(), 1);
        values.texts.insert("ProxyServer".into(), "plain.test:1".into());
    });
    assert!(matches!(former(&plain), Some(FormerProxy::Manual(manual)) if manual.http.is_some()));
}

#[test]
fn a_note_with_a_key_of_another_kind_writes_nothing() {
    let fake = Fake::default();
    let mut note = fake.hand().prepare(PAC).unwrap();
    note.keys[0].key = "ProxyServer".into();
    assert!(matches!(fake.hand().restore(&note), Err(Error::ForeignNote { .. })));
    assert_eq!(fake.state(), Values::default());
}
