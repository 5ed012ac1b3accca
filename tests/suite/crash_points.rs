//! Never offline, at every single moment: Tamis is killed before each change that it makes to a file.

use tamis_tests::crash::{Fate, strike};
use tamis_tests::serve_box::{Home, ServeBox, bytes_of, guard_of, is_gone, kill_guard_of};
use tamis_tests::wait_for;

const SERVE: [&str; 4] = ["serve", "--system-proxy", "--listen", "127.0.0.1:0"];

/// What `tamis serve` prints when it points the desktop here and has nothing more to do.
const POINTED_HERE: &str = "Sieving";

/// More changes than there are; whoever makes them all is not striking any more.
const MANY: usize = 400;

/// Strikes at one point after the other until there is none left; how many there were.
fn at_each_point(mut try_at: impl FnMut(usize) -> Fate) -> usize {
    let points = (1..MANY).find(|nth| try_at(*nth) == Fate::Ended(0)).expect("an end") - 1;
    println!("{points} points");
    points
}

#[test]
fn wherever_a_start_or_an_orderly_end_is_killed_restore_leaves_what_was_before() {
    let points = at_each_point(|nth| {
        let (home, before) = Home::with_a_company_proxy();
        let fate = strike(&home, &SERVE, Some(POINTED_HERE), nth, kill_guard_of);
        if fate == Fate::Struck {
            let output = home.tamis(&["restore"]);
            assert!(output.status.success(), "{output:?}");
        }
        println!("point {nth}");
        home.assert_is_as(&before);
        fate
    });
    assert!(points > 30, "only {points}: the changes are not seen");
}

#[test]
fn wherever_a_start_or_an_orderly_end_is_killed_the_guard_leaves_what_was_before() {
    at_each_point(|nth| {
        let (home, before) = Home::with_a_company_proxy();
        let mut guard = None;
        let fate = strike(&home, &SERVE, Some(POINTED_HERE), nth, |id| guard = guard_of(id));
        println!("point {nth}");
        match guard {
            // Before there is a guard nothing is changed, and when it has left nothing is changed any more.
            None => assert_eq!(bytes_of(&home.desktop_settings()), before),
            Some(guard) => {
                wait_for("the guard to leave", || is_gone(guard).then_some(()));
                home.assert_is_as(&before);
            }
        }
        fate
    });
}

#[test]
fn wherever_a_restore_is_killed_the_next_one_leaves_what_was_before() {
    let points = at_each_point(|nth| {
        let (home, before) = Home::with_a_company_proxy();
        ServeBox::start(&home, &["--system-proxy"]).kill_with_guard();
        let fate = strike(&home, &["restore"], None, nth, |_| {});
        assert!(home.tamis(&["restore"]).status.success());
        println!("point {nth}");
        home.assert_is_as(&before);
        fate
    });
    assert!(points > 10, "only {points}: the changes are not seen");
}
