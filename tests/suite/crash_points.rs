//! Never offline, at every single moment: Tamis is killed before each change that it makes to a file.

use tamis_tests::crash::{Fate, strike};
use tamis_tests::serve_box::{Home, ServeBox, guard_of, is_gone, kill_guard_of};
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

/// A user whose company has set a proxy, and what the settings were.
type User = fn() -> (Home, Vec<u8>);

fn restore_cleans_up_after_any_end_of(user: User) {
    let points = at_each_point(|nth| {
        let (home, before) = user();
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

fn the_guard_cleans_up_after_any_end_of(user: User) {
    at_each_point(|nth| {
        let (home, before) = user();
        let mut guard = None;
        let fate = strike(&home, &SERVE, Some(POINTED_HERE), nth, |id| guard = guard_of(id));
        println!("point {nth}");
        match guard {
            // Before there is a guard nothing is changed, and when it has left nothing is changed any more.
            None => assert_eq!(home.settings(), before),
            Some(guard) => {
                wait_for("the guard to leave", || is_gone(guard).then_some(()));
                home.assert_is_as(&before);
            }
        }
        fate
    });
}

fn the_next_restore_cleans_up_after_any_end_of_one_of(user: User) {
    let points = at_each_point(|nth| {
        let (home, before) = user();
        ServeBox::start(&home, &["--system-proxy"]).kill_with_guard();
        assert_ne!(home.settings(), before);
        let fate = strike(&home, &["restore"], None, nth, |_| {});
        assert!(home.tamis(&["restore"]).status.success());
        println!("point {nth}");
        home.assert_is_as(&before);
        fate
    });
    assert!(points > 10, "only {points}: the changes are not seen");
}

#[test]
fn wherever_a_start_or_an_orderly_end_is_killed_restore_leaves_what_was_before() {
    restore_cleans_up_after_any_end_of(Home::with_a_company_proxy);
}

#[test]
fn wherever_a_start_or_an_orderly_end_is_killed_under_kde_restore_leaves_what_was_before() {
    restore_cleans_up_after_any_end_of(Home::with_a_company_proxy_under_kde);
}

#[test]
fn wherever_a_start_or_an_orderly_end_is_killed_the_guard_leaves_what_was_before() {
    the_guard_cleans_up_after_any_end_of(Home::with_a_company_proxy);
}

#[test]
fn wherever_a_start_or_an_orderly_end_is_killed_under_kde_the_guard_leaves_what_was_before() {
    the_guard_cleans_up_after_any_end_of(Home::with_a_company_proxy_under_kde);
}

#[test]
fn wherever_a_restore_is_killed_the_next_one_leaves_what_was_before() {
    the_next_restore_cleans_up_after_any_end_of_one_of(Home::with_a_company_proxy);
}

#[test]
fn wherever_a_restore_is_killed_under_kde_the_next_one_leaves_what_was_before() {
    the_next_restore_cleans_up_after_any_end_of_one_of(Home::with_a_company_proxy_under_kde);
}
