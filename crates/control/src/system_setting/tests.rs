#[cfg(target_os = "linux")]
use tamis_platform::Process;
use tamis_platform::{Error, FormerProxy, Memory, State};

use super::*;
use crate::Paths;

const PAC: &str = "http://127.0.0.1:8118/tamis.pac?1";
const PROXY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8118);

/// A memory with a name of its own, so that there can be several in one journal.
struct Named(&'static str, Memory);

impl Named {
    fn own(&self, note: &Note) -> Result<Note, Error> {
        match note.backend == self.0 {
            true => Ok(Note { backend: "memory".into(), ..note.clone() }),
            false => Err(Error::ForeignNote { place: self.0, found: note.backend.clone() }),
        }
    }
}

impl SystemProxy for Named {
    fn place(&self) -> &'static str {
        self.0
    }

    fn states(&self) -> Result<Vec<State>, Error> {
        self.1.states()
    }

    fn prepare(&self, pac_url: &str) -> Result<Note, Error> {
        Ok(Note { backend: self.0.into(), ..self.1.prepare(pac_url)? })
    }

    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error> {
        self.1.former_proxy(&self.own(note)?)
    }

    fn apply(&self, note: &Note) -> Result<(), Error> {
        self.1.apply(&self.own(note)?)
    }

    fn holds(&self, note: &Note) -> Result<bool, Error> {
        self.1.holds(&self.own(note)?)
    }

    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error> {
        let found = self.1.newcomers(&self.own(note)?)?;
        Ok(found.map(|note| Note { backend: self.0.into(), ..note }))
    }

    fn restore(&self, note: &Note) -> Result<Restored, Error> {
        self.1.restore(&self.own(note)?)
    }
}

/// Two places of which the second names a proxy, and a setting over both.
struct Bench {
    places: [Memory; 2],
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let places = [Memory::new(), Memory::new()];
        places[1].change(Memory::MODE, Some("'manual'"));
        places[1].change("memory.http host", Some("'proxy.corp.test'"));
        Self { places, folder: tempfile::tempdir().unwrap() }
    }

    fn setting(&self) -> SystemSetting {
        let [first, second] = self.places.clone();
        let store = Store::new(Paths::below(self.folder.path()));
        let places: Vec<Box<dyn SystemProxy>> =
            vec![Box::new(Named("first", first)), Box::new(Named("second", second))];
        SystemSetting::new(Hands { system_proxy: places, ..Hands::default() }, store)
    }

    fn pointed_here(&self) -> [bool; 2] {
        self.places.each_ref().map(|place| place.value(Memory::MODE).as_deref() == Some("'auto'"))
    }
}

#[test]
fn all_places_are_pointed_here_and_put_back_also_by_the_next_after_a_crash() {
    let bench = Bench::new();
    let before = bench.places.each_ref().map(Memory::values);
    for crashes in [false, true] {
        let mut setting = bench.setting();
        let noted = setting.take_note(PAC).unwrap();
        assert!(noted.former.is_none(), "the first place is the one that counts, and there traffic went directly");
        assert!(setting.point_here(PROXY).unwrap().refused.is_empty());
        assert_eq!(bench.pointed_here(), [true, true]);
        if crashes {
            drop(setting);
            bench.setting().recover().unwrap();
        } else {
            setting.restore().unwrap();
        }
        assert_eq!(bench.places.each_ref().map(Memory::values), before);
    }
}

#[test]
fn the_first_place_that_can_be_read_tells_how_traffic_went() {
    let bench = Bench::new();
    bench.places[0].lock(Memory::MODE);
    assert!(matches!(bench.setting().take_note(PAC).unwrap().former, Some(FormerProxy::Manual(_))));
}

#[test]
fn a_place_that_refuses_is_told_and_keeps_no_other_from_being_pointed_here() {
    for index in 0..2 {
        // Refused when it is looked at, and refused half-way through the change.
        for late in [false, true] {
            let bench = Bench::new();
            let before = bench.places.each_ref().map(Memory::values);
            let mut setting = bench.setting();
            if !late {
                bench.places[index].lock(Memory::MODE);
            }
            let mut refused = setting.take_note(PAC).unwrap().refused;
            if late {
                bench.places[index].fail_next("no");
            }
            refused.extend(setting.point_here(PROXY).unwrap().refused);
            assert_eq!(refused.len(), 1);
            let mut want = [true; 2];
            want[index] = false;
            assert_eq!(bench.pointed_here(), want);
            setting.restore().unwrap();
            assert_eq!(bench.places.each_ref().map(Memory::values), before);
        }
    }
}

#[test]
fn where_every_place_refuses_nothing_is_left_behind() {
    let bench = Bench::new();
    let mut setting = bench.setting();
    setting.take_note(PAC).unwrap();
    bench.places.iter().for_each(|place| place.fail_next("no"));
    assert!(matches!(setting.point_here(PROXY), Err(PointError::Refused(errors)) if errors.len() == 2));
    assert!(!setting.is_changed() && setting.store.journal().unwrap().is_none());
}

#[test]
fn a_place_that_cannot_be_put_back_keeps_no_other_from_it_and_stays_in_the_journal() {
    let bench = Bench::new();
    let before = bench.places.each_ref().map(Memory::values);
    let mut setting = bench.setting();
    setting.take_note(PAC).unwrap();
    setting.point_here(PROXY).unwrap();
    bench.places[1].die_after(0);
    setting.restore().unwrap_err();
    assert_eq!(bench.pointed_here(), [false, true]);
    bench.places[1].recover();
    drop(setting);
    bench.setting().recover().unwrap();
    assert_eq!(bench.places.each_ref().map(Memory::values), before);
}

/// One place with a connection of a company that appears when `setting` points here already.
fn with_a_newcomer(place: &Memory) {
    place.connect("VPN");
    place.change("VPN mode", Some("'auto'"));
    place.change("VPN autoconfig-url", Some("'http://pac.corp.test/'"));
}

#[test]
fn a_connection_that_appears_later_is_journalled_before_it_is_pointed_here_whatever_write_is_the_last() {
    for (writes, by_journal) in (0..=2).flat_map(|writes| [(writes, false), (writes, true)]) {
        let bench = Bench::new();
        let mut setting = bench.setting();
        setting.take_note(PAC).unwrap();
        setting.point_here(PROXY).unwrap();
        with_a_newcomer(&bench.places[0]);
        bench.places[0].die_after(writes);
        let look = setting.look().unwrap();
        assert_eq!(look == Look::AsSet, writes == 2, "{look:?}");
        bench.places[0].recover();
        if writes == 2 {
            assert_eq!(bench.places[0].value("VPN autoconfig-url"), Some(format!("'{PAC}'")));
            assert_eq!(setting.look().unwrap(), Look::AsSet);
        }
        if by_journal {
            drop(setting);
            bench.setting().recover().unwrap();
        } else {
            setting.restore().unwrap();
        }
        assert_eq!(bench.pointed_here(), [false, false]);
        assert_eq!(bench.places[0].value("VPN autoconfig-url").as_deref(), Some("'http://pac.corp.test/'"));
        assert_eq!(bench.places[0].value("VPN mode").as_deref(), Some("'auto'"));
    }
}

#[test]
fn a_connection_that_refuses_is_told_once_and_one_that_goes_is_nobodys_change() {
    let bench = Bench::new();
    let mut setting = bench.setting();
    setting.take_note(PAC).unwrap();
    setting.point_here(PROXY).unwrap();
    with_a_newcomer(&bench.places[0]);
    bench.places[0].fail_next("no");
    assert!(matches!(setting.look().unwrap(), Look::Incomplete(why) if why.len() == 1));
    assert_eq!(setting.look().unwrap(), Look::AsSet);
    assert_eq!(bench.places[0].value("VPN autoconfig-url").as_deref(), Some("'http://pac.corp.test/'"));
    bench.places[1].connect("Cable");
    assert_eq!(setting.look().unwrap(), Look::AsSet);
    assert_eq!(bench.places[1].value("Cable mode").as_deref(), Some("'auto'"));
    bench.places[1].disconnect("Cable");
    assert_eq!(setting.look().unwrap(), Look::AsSet);
    bench.places[0].change(Memory::MODE, Some("'none'"));
    assert!(matches!(setting.look().unwrap(), Look::LetGo(_)));
}

#[cfg(target_os = "linux")]
#[test]
fn what_another_user_or_another_tamis_at_work_has_changed_is_not_put_back() {
    let bench = Bench::new();
    let mut setting = bench.setting();
    setting.take_note(PAC).unwrap();
    setting.point_here(PROXY).unwrap();
    let mut journal = setting.store.journal().unwrap().unwrap();
    drop(setting);

    // The claim is free, as it is where files cannot be locked.
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", other.id())).unwrap();
    let started = stat.split(' ').nth(21).unwrap().parse().ok();
    journal.made_by = Process { id: other.id(), started, ..Process::this() };
    let mut next = bench.setting();
    next.store.save_journal(&journal).unwrap();
    assert_eq!(next.recover().unwrap(), Restoration::NothingToDo);
    assert!(matches!(next.take_note(PAC), Err(PointError::Claimed)));
    assert_eq!(bench.pointed_here(), [true, true]);
    other.kill().unwrap();
    other.wait().unwrap();

    journal.made_by.user = journal.made_by.user.map(|user| user + 1);
    next.store.save_journal(&journal).unwrap();
    assert!(matches!(next.recover(), Err(RestoreError::OfAnotherUser)));
    assert!(matches!(next.take_note(PAC), Err(PointError::Leftover(RestoreError::OfAnotherUser))));
    assert_eq!(bench.pointed_here(), [true, true]);

    journal.made_by.user = Process::this().user;
    next.store.save_journal(&journal).unwrap();
    next.recover().unwrap();
    assert_eq!(bench.pointed_here(), [false, false]);
}
