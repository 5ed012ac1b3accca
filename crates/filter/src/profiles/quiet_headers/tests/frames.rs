//! Whose a request is: frames, and what a browser says of its tab; and answers that come before the final one.

use super::*;

/// A page of `news.test` in a tab, with a frame of `cdn.test` in it, and what that asks for at its own site.
const PAGE: (&str, &[&str]) = ("https://news.test/", &["sec-fetch-site: none", "sec-fetch-dest: document"]);
const FRAME: (&str, &[&str]) = (
    "https://cdn.test/frame",
    &["sec-fetch-site: cross-site", "sec-fetch-dest: iframe", "referer: https://news.test/"],
);
const IN_FRAME: [&str; 3] =
    ["sec-fetch-site: same-origin", "sec-fetch-dest: image", "referer: https://cdn.test/frame?reader=7"];

#[test]
fn what_a_frame_has_from_its_own_site_is_another_sites_in_the_tab_of_another_page() {
    let framed = [&IN_FRAME[..], &["cookie: id=1", "if-none-match: \"7\"", "authorization: Basic eDp5"]].concat();
    let answered = ["etag: \"7\"", "set-cookie: a=1; Max-Age=99999999"];
    let rows = ["third-party-cookies", "third-party-etag", "third-party-authorization"];
    for (row, gone) in rows.into_iter().zip(&framed[3..]) {
        let (asked, _) = after(&only(row), &[PAGE, FRAME], &framed, &[]);
        let left: Vec<_> = framed.iter().filter(|line| *line != gone).collect();
        assert_eq!(asked, left.into_iter().copied().collect::<Vec<_>>(), "{row}");
        // Nobody saw the frame, or it became a page of its own since.
        let own: (&str, &[&str]) = ("https://cdn.test/", PAGE.1);
        for seen in [&[][..], &[PAGE], &[PAGE, FRAME, own]] {
            assert_eq!(after(&only(row), seen, &framed, &answered), (to_vec(&framed), to_vec(&answered)), "{row}");
        }
    }
    let answer_in_frame = |row| after(&only(row), &[PAGE, FRAME], &framed, &answered).1;
    assert_eq!(answer_in_frame("third-party-cookies"), answered[..1]);
    assert_eq!(answer_in_frame("third-party-etag"), answered[1..]);
    assert_eq!(answer_in_frame("third-party-cookie-lifetime"), ["etag: \"7\"", "set-cookie: a=1; Max-Age=604800"]);

    // Its own address tells its site nothing new, and its own reports are its own.
    assert_eq!(after(&only("no-referer"), &[PAGE, FRAME], &framed, &[]).0, framed);
    let report = ["content-type: application/csp-report", "sec-fetch-site: same-origin", "sec-fetch-dest: report"];
    assert_eq!(after(&only("reports"), &[PAGE, FRAME], &report, &[]).0, report);
}

fn to_vec(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn a_browser_that_says_that_it_is_in_a_tab_of_another_site_is_believed() {
    let framed = [IN_FRAME[0], IN_FRAME[1], "sec-fetch-storage-access: none", "cookie: id=1"];
    assert_eq!(after(&only("third-party-cookies"), &[], &framed, &[]).0, framed[..3]);
    let page = ["sec-fetch-site: same-origin", "sec-fetch-dest: document", "sec-fetch-storage-access: active", "cookie: id=1"];
    assert_eq!(after(&only("third-party-cookies"), &[], &page, &[]).0, page);
}

#[test]
fn another_choice_of_rows_still_knows_which_page_is_in_whose_tab() {
    let standing = Arc::new(Standing::default());
    let before = QuietHeaders::new(&QuietChoice::default(), is_tracker).remembering(Some(Arc::clone(&standing)));
    let _ = after(&Arc::new(before), &[PAGE, FRAME], &IN_FRAME, &[]);
    let strict = QuietChoice { level: QuietLevel::Strict, ..QuietChoice::default() };
    let later = QuietHeaders::new(&strict, is_tracker).remembering(Some(standing));
    let framed = [&IN_FRAME[..], &["cookie: id=1"]].concat();
    assert_eq!(after(&Arc::new(later), &[], &framed, &[]).0, IN_FRAME);
}

#[test]
fn interim_answers_lose_what_final_ones_lose_and_nothing_is_put_into_them() {
    let strict = QuietLevel::Strict;
    let switched = BTreeMap::from([("ad-policy".to_owned(), true)]);
    let mut filter = Arc::new(QuietHeaders::new(&QuietChoice { level: strict, switched }, is_tracker)).filter();
    let mut request = request(CDN, PAGE.1);
    let _ = filter.request(&mut request, &mut Changes::default());
    let hints = ["link: </a.css>; rel=preload, <https://b.test/>; rel=preconnect", "content-type: text/html", "nel: {}"];
    let mut response = ResponseHead { status: StatusCode::EARLY_HINTS, fields: fields(&hints) };
    let mut changes = Changes::default();
    filter.interim(&request, &mut response, &mut changes);
    assert_eq!(lines(&response.fields), ["link: </a.css>; rel=preload", "content-type: text/html"]);
    assert_eq!(changes.list().len(), 2);
}
