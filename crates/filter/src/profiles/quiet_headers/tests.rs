use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::*;
use crate::Part;

mod frames;

/// A profile with this row alone.
fn only(id: &str) -> Arc<QuietHeaders> {
    assert!(ROWS.iter().any(|row| row.id == id), "there is no row {id}");
    let switched = ROWS.iter().map(|row| (row.id.to_owned(), row.id == id)).collect();
    Arc::new(QuietHeaders::new(&QuietChoice { level: QuietLevel::Basic, switched }, is_tracker))
}

fn fields(lines: &[&str]) -> Fields {
    let mut map = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        map.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
    }
    Fields::from_wire(map)
}

fn lines(fields: &Fields) -> Vec<String> {
    fields.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

fn request(target: &str, lines: &[&str]) -> RequestHead {
    let (method, target) = target.split_once(' ').unwrap_or(("GET", target));
    let method = method.parse().unwrap();
    RequestHead { method, target: target.parse().unwrap(), fields: fields(lines) }
}

/// An image of `cdn.test` in a page of `news.test`.
const ELSEWHERE: [&str; 3] = ["sec-fetch-site: cross-site", "sec-fetch-dest: image", "referer: https://news.test/"];
const CDN: &str = "https://cdn.test/x.png";

/// Shows a request to one row and compares what is sent; `None` where the row answers it.
#[track_caller]
fn asks(row: &str, target: &str, before: &[&str], after: &[&str]) {
    let mut request = request(target, before);
    let mut changes = Changes::default();
    let verdict = only(row).filter().request(&mut request, &mut changes);
    assert!(matches!(verdict, Verdict::Forward), "{row} answers");
    assert_eq!(lines(&request.fields), after, "{row}");
    assert_eq!(changes.is_empty(), before == after, "a change is recorded exactly when there is one");
}

/// What a row answers a request with; none where it is sent.
fn answer(row: &str, target: &str, lines: &[&str]) -> Option<StatusCode> {
    let mut changes = Changes::default();
    match only(row).filter().request(&mut request(target, lines), &mut changes) {
        Verdict::Answer(answer) => {
            assert!(changes.list().len() == 1 && changes.list()[0].part == Part::Answer, "{:?}", changes.list());
            Some(answer.status)
        }
        Verdict::Forward => None,
    }
}

/// Shows an exchange to one row and compares the head of the answer.
#[track_caller]
fn answers(row: &str, target: &str, asked: &[&str], before: &[&str], after: &[&str]) {
    let (mut request, mut changes) = (request(target, asked), Changes::default());
    let mut filter = only(row).filter();
    assert!(matches!(filter.request(&mut request, &mut changes), Verdict::Forward), "{row} answers");
    let mut response = ResponseHead { status: StatusCode::OK, fields: fields(before) };
    let mut changes = Changes::default();
    let _ = filter.response(&request, &mut response, &mut changes);
    assert_eq!(lines(&response.fields), after, "{row}");
    assert_eq!(changes.is_empty(), before == after, "a change is recorded exactly when there is one");
}

/// What a profile that saw these leaves of a request, and of the answer to it.
#[track_caller]
fn after(
    profile: &Arc<QuietHeaders>,
    seen: &[(&str, &[&str])],
    asked: &[&str],
    answered: &[&str],
) -> (Vec<String>, Vec<String>) {
    for (target, lines) in seen {
        let verdict = Arc::clone(profile).filter().request(&mut request(target, lines), &mut Changes::default());
        assert!(matches!(verdict, Verdict::Forward));
    }
    let (mut request, mut filter) = (request(CDN, asked), Arc::clone(profile).filter());
    assert!(matches!(filter.request(&mut request, &mut Changes::default()), Verdict::Forward));
    let mut response = ResponseHead { status: StatusCode::OK, fields: fields(answered) };
    let _ = filter.response(&request, &mut response, &mut Changes::default());
    (lines(&request.fields), lines(&response.fields))
}

#[test]
fn other_sites_learn_of_a_referer_its_site_alone_or_nothing() {
    let page = "referer: https://me@www.news.test:444/a?q=secret#x";
    asks("referer", CDN, &[page, "a: b"], &["referer: https://www.news.test:444/", "a: b"]);
    asks("no-referer", CDN, &["c: d", page, "a: b"], &["c: d", "a: b"]);
    for row in ["referer", "no-referer"] {
        for same in [
            "https://cdn.test/page?q=1",
            "http://www.CDN.test./page",
            "https://cdn.test:8443/a",
            "about:blank",
            "no address",
        ] {
            let line = format!("referer: {same}");
            asks(row, CDN, &[&line], &[&line]);
        }
    }
    asks("referer", CDN, &["referer: https://news.test/"], &["referer: https://news.test/"]);
    // Hosts below a public suffix have nothing in common.
    asks("referer", "http://a.co.uk/", &["referer: http://b.co.uk/x"], &["referer: http://b.co.uk/"]);
    asks("referer", "http://192.0.2.7/", &["referer: http://192.0.2.8/x"], &["referer: http://192.0.2.8/"]);
}

#[test]
fn a_referer_that_is_cut_or_gone_still_says_whose_the_answer_is() {
    for level in [QuietLevel::Basic, QuietLevel::Strict] {
        let profile = Arc::new(QuietHeaders::new(&QuietChoice { level, ..QuietChoice::default() }, is_tracker));
        // Plain http has no Sec-Fetch fields.
        let mut request = request("http://cdn.test/x.png", &["referer: http://news.test/a"]);
        let mut filter = profile.filter();
        assert!(matches!(filter.request(&mut request, &mut Changes::default()), Verdict::Forward));
        let cookie = "set-cookie: id=1; Max-Age=999999999";
        let mut response = ResponseHead { status: StatusCode::OK, fields: fields(&[cookie]) };
        let _ = filter.response(&request, &mut response, &mut Changes::default());
        let want: &[&str] = if level == QuietLevel::Basic { &["set-cookie: id=1; Max-Age=604800"] } else { &[] };
        assert_eq!(lines(&response.fields), want, "{level:?}");
    }
}

#[test]
fn what_names_the_person_or_the_program_is_taken_off() {
    asks("from", CDN, &["from: me@home.test", "accept: */*"], &["accept: */*"]);
    let addresses = ["forwarded: for=192.0.2.7", "x-forwarded-for: 192.0.2.7", "via: 1.1 other", "x-real-ip: 192.0.2.7"];
    asks("forwarded-for", CDN, &addresses, &["via: 1.1 other"]);
    asks("forwarded-for", CDN, &["client-ip: 1", "x-client-ip: 1", "true-client-ip: 1", "x-cluster-client-ip: 1"], &[]);
    asks("client-data", CDN, &["x-client-data: CIu2yQE="], &[]);
    asks("app-name", CDN, &["x-requested-with: com.example.some_app"], &[]);
    for asked_for in ["XMLHttpRequest", "fetch", "v1.2", "https://a.test", "a..b"] {
        let line = format!("x-requested-with: {asked_for}");
        asks("app-name", CDN, &[&line], &[&line]);
    }
}

#[test]
fn of_client_hints_those_stay_that_every_browser_of_the_kind_sends() {
    let usual = ["sec-ch-ua: \"Chromium\";v=\"130\"", "sec-ch-ua-mobile: ?0", "sec-ch-ua-platform: \"Linux\""];
    let told = [&usual[..], &["sec-ch-ua-model: \"X\"", "sec-ch-ua-full-version-list: \"x\"", "dpr: 2"]].concat();
    asks("client-hints", CDN, &told, &[&usual[..], &["dpr: 2"]].concat());
    asks("device-hints", CDN, &["dpr: 2", "sec-ch-width: 7", "device-memory: 8", "rtt: 50"], &[]);
    for name in ["accept-ch", "critical-ch"] {
        let line = |value: &str| format!("{name}: {value}");
        let (asked, left) = (line("Sec-CH-UA, sec-ch-ua-Model , DPR, Save-Data"), line("Sec-CH-UA, DPR, Save-Data"));
        answers("client-hints", CDN, &[], &[&asked], &[&left]);
        answers("device-hints", CDN, &[], &[&left], &[&line("Sec-CH-UA, Save-Data")]);
        answers("client-hints", CDN, &[], &[&line("Sec-CH-UA-Arch,Sec-CH-UA-Bitness")], &[]);
        answers("client-hints", CDN, &[], &[&line("Save-Data ,DPR")], &[&line("Save-Data ,DPR")]);
    }
}

#[test]
fn a_browser_names_its_kind_and_its_hints_say_no_more() {
    let chrome = "(KHTML, like Gecko) Chrome/130.0.0.0";
    let reduced = |system: &str, rest: &str| format!("user-agent: Mozilla/5.0 ({system}) AppleWebKit/537.36 {chrome}{rest}");
    for (system, any_system) in [
        ("Linux; Android 14; SM-S918B Build/UP1A.231005.007", "Linux; Android 10; K"),
        ("Linux; Android 14; SM-S918B; wv", "Linux; Android 10; K; wv"),
        ("Macintosh; Intel Mac OS X 13_6_1", "Macintosh; Intel Mac OS X 10_15_7"),
        ("X11; CrOS aarch64 15633.69.0", "X11; CrOS aarch64 14541.0.0"),
        ("Windows NT 10.0; Win64; x64", "Windows NT 10.0; Win64; x64"),
    ] {
        let told = reduced(system, ".6723.91 Mobile Safari/537.36 Edg/130.0.2849.46").replace("130.0.0.0", "130.0");
        let want = reduced(any_system, " Mobile Safari/537.36 Edg/130.0.0.0");
        asks("user-agent", CDN, &[&told, "sec-ch-ua-model: \"SM-S918B\"", "sec-ch-ua-mobile: ?1"], &[&want, "sec-ch-ua-mobile: ?1"]);
    }
    answers("user-agent", CDN, &[], &["accept-ch: Sec-CH-UA-Model, DPR"], &["accept-ch: DPR"]);
    for other in [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 13_6_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
        "curl/8.5.0",
        "Mozilla/5.0 (",
        "Chrome/130.1.2.3",
    ] {
        let line = format!("user-agent: {other}");
        asks("user-agent", CDN, &[&line], &[&line]);
    }
}

/// What `User-Agent` says may be found in its hints too, and what is said in one place only is what no switch leaves out.
#[test]
fn no_choice_of_switches_lets_a_browsers_name_and_its_hints_disagree() {
    let own = "user-agent: Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.6723.91 \
               Mobile Safari/537.36";
    let kind = "user-agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile \
                Safari/537.36";
    let usual = ["sec-ch-ua: \"Chromium\";v=\"130\"", "sec-ch-ua-mobile: ?1", "sec-ch-ua-platform: \"Android\""];
    let details =
        ["sec-ch-ua-full-version: \"130.0.6723.91\"", "sec-ch-ua-model: \"SM-S918B\"", "sec-ch-ua-platform-version: \"14\""];
    let asked = [&[own][..], &usual, &details].concat();
    let answered = ["accept-ch: Sec-CH-UA-Model, Sec-CH-UA, DPR", "critical-ch: Sec-CH-UA-Model"];
    let concerned: Vec<_> = ROWS.iter().filter(|row| row.concerns_the_browsers_name()).collect();
    assert_eq!(concerned.iter().map(|row| row.id).collect::<Vec<_>>(), ["client-hints", "device-hints", "user-agent"]);
    for level in QuietLevel::ALL {
        for choice in 0..1 << concerned.len() {
            let on = |n: usize| choice >> n & 1 == 1;
            let switched = concerned.iter().enumerate().map(|(n, row)| (row.id.to_owned(), on(n))).collect();
            let profile = Arc::new(QuietHeaders::new(&QuietChoice { level, switched }, is_tracker));
            let (sent, got) = after(&profile, &[], &asked, &answered);
            let (names_kind, tells_details) = (on(2), !on(0) && !on(2));
            assert_eq!(sent[0], if names_kind { kind } else { own }, "{level:?} {choice:b}");
            let hints = if tells_details { [&usual[..], &details].concat() } else { usual.to_vec() };
            let is_hint = |line: &&String| line.starts_with("sec-ch-ua");
            assert_eq!(sent.iter().filter(is_hint).collect::<Vec<_>>(), hints.iter().collect::<Vec<_>>());
            assert_eq!(got.iter().any(|line| line.contains("Model")), tells_details, "{level:?} {choice:b}");
            assert!(got.iter().any(|line| line.contains("Sec-CH-UA, ") || line.ends_with("Sec-CH-UA")), "{got:?}");
        }
    }
}

impl QuietRow {
    /// Whether it edits what names the browser, in a request or by what an answer asks for.
    fn concerns_the_browsers_name(&self) -> bool {
        let concerned = |name: &&str| name.starts_with("sec-ch-") || ["user-agent", "accept-ch"].contains(name);
        names(&self.request).iter().chain(names(&self.response)).any(concerned)
    }
}

#[test]
fn of_several_languages_the_first_is_named_as_browsers_of_one_language_name_it() {
    for (told, want) in [
        ("de-AT,de;q=0.9,en;q=0.8,hu;q=0.7", "de-AT,de;q=0.9"),
        ("en-GB,en;q=0.5", "en-GB,en;q=0.5"),
        ("fr, en;q=0.5", "fr"),
        ("de, de-AT;q=0.9", "de"),
        ("*", "*"),
        ("", ""),
    ] {
        asks("accept-language", CDN, &[&format!("accept-language: {told}")], &[&format!("accept-language: {want}")]);
    }
}

#[test]
fn cookies_of_other_sites_neither_go_nor_come() {
    let third = |lines: &[&'static str]| [&ELSEWHERE[..], lines].concat();
    asks("third-party-cookies", CDN, &third(&["cookie: id=1"]), &ELSEWHERE);
    answers("third-party-cookies", CDN, &ELSEWHERE, &["set-cookie: a=1", "x: y", "set-cookie: b=2"], &["x: y"]);
    // A page in a tab is its own, wherever its reader comes from; so are a site's own frames and what nobody can tell.
    for own in [
        &["sec-fetch-site: cross-site", "sec-fetch-dest: document", "cookie: id=1"][..],
        &["sec-fetch-site: same-site", "sec-fetch-dest: iframe", "cookie: id=1"],
        &["accept: text/html", "referer: https://news.test/", "cookie: id=1"],
        &["cookie: id=1"],
    ] {
        for row in ["third-party-cookies", "tracker-cookies"] {
            asks(row, CDN, own, own);
            let set = ["set-cookie: a=1"];
            answers(row, CDN, &own[..own.len() - 1], &set, &set);
        }
    }
}

#[test]
fn a_tracker_gets_no_cookies_in_pages_of_others_and_in_pages_of_nobody_knows_whom() {
    let tracker = "https://px.hotjar.io/x.gif";
    for asked in [&ELSEWHERE[..], &["sec-fetch-dest: image"]] {
        asks("tracker-cookies", tracker, &[asked, &["cookie: id=1"]].concat(), asked);
        answers("tracker-cookies", tracker, asked, &["set-cookie: a=1"], &[]);
    }
    let own = ["sec-fetch-site: same-origin", "sec-fetch-dest: image", "cookie: id=1"];
    asks("tracker-cookies", tracker, &own, &own);
    let no_tracker = [&ELSEWHERE[..], &["cookie: id=1"]].concat();
    asks("tracker-cookies", CDN, &no_tracker, &no_tracker);
}

#[test]
fn a_record_has_no_value_of_a_cookie_or_password_in_it() {
    let secrets = [&ELSEWHERE[..], &["cookie: id=geheim; b=geheim", "authorization: Basic geheim"]].concat();
    for row in ["third-party-cookies", "third-party-authorization", "cookie-lifetime"] {
        let (mut request, mut changes) = (request(CDN, &secrets), Changes::default());
        let mut filter = only(row).filter();
        let _ = filter.request(&mut request, &mut changes);
        let set = fields(&["set-cookie: id=geheim; Max-Age=99999999", "set-cookie: geheim; Max-Age=99999999"]);
        let mut response = ResponseHead { status: StatusCode::OK, fields: set };
        let _ = filter.response(&request, &mut response, &mut changes);
        assert!(!changes.is_empty());
        assert!(!format!("{changes:?}").contains("geheim"), "{row}: {changes:?}");
    }
}

#[test]
fn a_cookie_lasts_seven_days_at_most_and_never_longer_than_it_was_meant_to() {
    let check = |before: &str, after: &str| {
        let now = "date: Mon, 02 Nov 2026 12:00:00 GMT";
        let (before, after) = (format!("set-cookie: {before}"), format!("set-cookie: {after}"));
        answers("cookie-lifetime", CDN, &[], &[now, &before], &[now, &after]);
        answers("third-party-cookie-lifetime", CDN, &ELSEWHERE, &[now, &before], &[now, &after]);
        answers("third-party-cookie-lifetime", CDN, &[], &[now, &before], &[now, &before]);
    };
    check("a=1; Path=/; Max-Age=63072000; Secure", "a=1; Path=/; Max-Age=604800; Secure");
    check("a=1; expires=Thu, 01-Jan-2037 00:00:00 GMT;HttpOnly", "a=1; Max-Age=604800;HttpOnly");
    check("a=1;max-age=604801;Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1;Max-Age=604800");
    check("a=1; Max-Age=99999999999999999999999999", "a=1; Max-Age=604800");
    check("a=1; Max-Age=5; Max-Age=999999999", "a=1; Max-Age=604800");
    for as_it_is in [
        "a=1",
        "a=1; Max-Age=604800",
        "a=1; Max-Age=0; Expires=Thu, 01-Jan-2037 00:00:00 GMT",
        "a=1; Max-Age=-99999999999999999999999999",
        "a=1; Expires=Mon, 09 Nov 2026 12:00:00 GMT",
        "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=1; Expires=soon; Max-Age=soon",
        "max-age=9999999999",
        "a=1; Max-Age=999999999; Max-Age=5",
    ] {
        check(as_it_is, as_it_is);
    }
    // Nobody said what time it is.
    let far = ["set-cookie: a=1; Expires=Thu, 01 Jan 2037 00:00:00 GMT"];
    answers("cookie-lifetime", CDN, &[], &far, &far);
}

#[test]
fn other_sites_get_no_tag_of_a_copy_back() {
    let third = |lines: &[&'static str]| [&ELSEWHERE[..], lines].concat();
    let conditions = ["if-none-match: \"7\"", "if-modified-since: Mon, 02 Nov 2026 12:00:00 GMT"];
    asks("third-party-etag", CDN, &third(&conditions), &ELSEWHERE);
    asks("third-party-etag", CDN, &conditions, &conditions);
    // Whoever writes wants to know over what.
    asks("third-party-etag", &format!("PUT {CDN}"), &third(&conditions), &third(&conditions));
    asks("third-party-etag", CDN, &third(&["if-match: \"7\""]), &third(&["if-match: \"7\""]));
    let answer = ["etag: \"7\"", "last-modified: Mon, 02 Nov 2026 12:00:00 GMT"];
    answers("third-party-etag", CDN, &ELSEWHERE, &answer, &answer[1..]);
    answers("third-party-etag", CDN, &[], &answer, &answer);
    let exposed = ["etag: \"7\"", "access-control-expose-headers: X-A, ETag"];
    answers("third-party-etag", CDN, &ELSEWHERE, &exposed, &exposed);
}

#[test]
fn a_password_stays_with_its_own_site_and_with_scripts_that_chose_to_send_it() {
    let third = |line| [&ELSEWHERE[..], &[line]].concat();
    asks("third-party-authorization", CDN, &third("authorization: Basic eDp5"), &ELSEWHERE);
    let bearer = third("authorization: Bearer x");
    asks("third-party-authorization", CDN, &bearer, &bearer);
    for own in [
        &["sec-fetch-site: cross-site", "sec-fetch-dest: empty", "authorization: Basic eDp5"][..],
        &["sec-fetch-site: cross-site", "sec-fetch-dest: document", "authorization: Basic eDp5"],
        &["sec-fetch-site: same-origin", "sec-fetch-dest: image", "authorization: Basic eDp5"],
        &["authorization: Basic eDp5"],
    ] {
        asks("third-party-authorization", CDN, own, own);
    }
}

#[test]
fn wishes_are_said_in_the_name_of_browsers_alone() {
    let browser = "user-agent: Mozilla/5.0 (X11)";
    for (row, said, other) in [("gpc", "sec-gpc: 1", "sec-gpc: 0"), ("dnt", "dnt: 1", "dnt: 0")] {
        asks(row, CDN, &[browser], &[browser, said]);
        asks(row, CDN, &[browser, other], &[browser, other]);
        asks(row, CDN, &["user-agent: apt/2.6"], &["user-agent: apt/2.6"]);
        asks(row, CDN, &[], &[]);
    }
}

#[test]
fn browsers_do_nothing_for_advertisers() {
    let asked =
        ["sec-browsing-topics: (1);v=chrome.1", "attribution-reporting-eligible: trigger", "sec-shared-storage-writable: ?1"];
    asks("ad-interfaces", CDN, &asked, &[]);
    let answered = [
        "observe-browsing-topics: ?1",
        "attribution-reporting-register-source: {}",
        "ad-auction-signals: []",
        "shared-storage-write: clear",
        "x: y",
    ];
    answers("ad-interfaces", CDN, &[], &answered, &["x: y"]);
    let count = "POST https://ads.test/.well-known/attribution-reporting/report-event-attribution";
    assert_eq!(answer("ad-counts", count, &["content-type: application/json"]), Some(StatusCode::NO_CONTENT));
    assert_eq!(answer("ad-counts", &count[5..], &["content-type: application/json"]), None);

    let page = ["sec-fetch-dest: document"];
    let policy = "browsing-topics=(), attribution-reporting=(), join-ad-interest-group=(), run-ad-auction=()";
    let html = "content-type: text/html; charset=utf-8";
    answers("ad-policy", CDN, &page, &[html], &[html, &format!("permissions-policy: {policy}")]);
    let said = format!("permissions-policy: camera=(), browsing-topics=*, {policy}");
    answers("ad-policy", CDN, &page, &["permissions-policy: camera=(), browsing-topics=*", html], &[&said, html]);
    answers("ad-policy", CDN, &["sec-fetch-dest: image"], &[html], &[html]);
}

#[test]
fn reports_get_to_nobody_but_the_site_itself() {
    for media_type in ["application/reports+json", "application/csp-report; charset=x", "Application/Expect-CT-Report+JSON"] {
        let content = format!("content-type: {media_type}");
        let report = |lines: &[&str]| answer("reports", "POST https://cdn.test/r", &[&[&*content], lines].concat());
        assert_eq!(report(&["sec-fetch-site: cross-site"]), Some(StatusCode::NO_CONTENT));
        assert_eq!(report(&["origin: https://news.test"]), Some(StatusCode::NO_CONTENT));
        assert_eq!(report(&[]), Some(StatusCode::NO_CONTENT));
        assert_eq!(report(&["sec-fetch-site: same-origin"]), None);
        assert_eq!(report(&["origin: https://www.cdn.test"]), None);
    }
    assert_eq!(answer("reports", "POST https://cdn.test/r", &["content-type: application/json"]), None);
    answers("reports", CDN, &[], &["nel: {}", "expect-ct: max-age=1", "x: y"], &["x: y"]);
}

#[test]
fn of_endpoints_for_reports_those_of_the_site_itself_stay() {
    let check = |before: &[&str], after: &[&str]| answers("reports", CDN, &[], before, after);
    let own = "{\"endpoints\":[{\"url\":\"/r\"},{\"url\":\"https://www.cdn.test/r\"}],\"group\":\"a\",\"max_age\":1}";
    let others = "{\"group\":\"b\",\"max_age\":1,\"endpoints\":[{\"url\":\"https:\\/\\/a.nel.test\\/r?s=x,y\"}]}";
    check(&[&format!("report-to: {own}, {others}")], &[&format!("report-to: {own}")]);
    check(&[&format!("report-to: {others}")], &[]);
    check(&["report-to: rubbish"], &[]);
    check(&[&format!("report-to: {own}")], &[&format!("report-to: {own}")]);
    check(
        &["reporting-endpoints: a=\"/r\", b=\"https://c.test/x,y\", c=\"https://cdn.test/r\""],
        &["reporting-endpoints: a=\"/r\", c=\"https://cdn.test/r\""],
    );
    check(&["reporting-endpoints: b=\"//c.test/\""], &[]);
}

#[test]
fn a_content_security_policy_loses_endpoints_of_other_sites_and_nothing_else() {
    let csp = |value: &str| format!("content-security-policy: {value}");
    let only = |value: &str| format!("content-security-policy-report-only: {value}");
    let check = |before: &[&str], after: &[&str]| answers("reports", CDN, &[], before, after);
    check(
        &[&csp("default-src 'self'; report-uri https://c.test/r /own ; img-src *")],
        &[&csp("default-src 'self'; report-uri /own; img-src *")],
    );
    check(&[&csp("default-src 'self';report-uri //c.test/r")], &[&csp("default-src 'self'")]);
    check(&[&csp("img-src *, report-uri https://c.test; style-src *")], &[&csp("img-src *, style-src *")]);
    for as_it_is in ["default-src 'self'; report-uri /r; report-to a;;", "img-src https://c.test , ", "report-uri"] {
        check(&[&csp(as_it_is)], &[&csp(as_it_is)]);
        check(&[&only(as_it_is)], &[&only(as_it_is)]);
    }
    check(&[&only("default-src 'self'; report-uri https://c.test/r")], &[]);
    check(&[&only("img-src 'self', img-src *; report-uri //c.test")], &[&only("img-src 'self'")]);
    check(&[&only("img-src *; report-uri https://c.test/r, img-src *; report-uri /r")], &[&only("img-src *; report-uri /r")]);
    let gone = "reporting-endpoints: a=\"https://c.test/\"";
    check(&[gone, &csp("img-src *; report-to a")], &[&csp("img-src *")]);
    check(&[gone, &only("img-src *; report-to a")], &[]);
}

#[test]
fn nothing_is_fetched_ahead_from_other_sites() {
    let asked = |lines: &[&str]| answer("prefetch", "https://b.test/", lines);
    let page = ["sec-purpose: prefetch;prerender", "sec-fetch-dest: document"];
    let elsewhere = |site| [&page[..], &[site]].concat();
    assert_eq!(asked(&elsewhere("sec-fetch-site: cross-site")), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(asked(&elsewhere("referer: https://a.test/")), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(asked(&["purpose: prefetch", "sec-fetch-site: cross-site", "accept: */*"]), Some(StatusCode::NO_CONTENT));
    for own in ["sec-fetch-site: none", "sec-fetch-site: same-origin", "referer: https://www.b.test/", "a: b"] {
        assert_eq!(asked(&elsewhere(own)), None, "{own}");
    }
    assert_eq!(asked(&["purpose: reading", "sec-fetch-site: cross-site"]), None);
}

#[test]
fn links_ahead_to_other_sites_are_taken_off_the_head() {
    let link = |value: &str| format!("link: {value}");
    let check = |row, before: &str, after: &str| answers(row, CDN, &[], &[&link(before)], &[&link(after)]);
    let own = "</next,page>; rel=prefetch, <https://www.cdn.test/>; rel=\"preconnect\"";
    let preload = "<https://b.test/a.css>; rel=preload; as=style; title=\"a, <b>\"";
    check("prefetch", &format!("{own}, <https://b.test/>; rel=\"prefetch\", {preload}"), &format!("{own}, {preload}"));
    check("preconnect", &format!("{own}, <//b.test>; REL=dns-prefetch, {preload}"), &format!("{own}, {preload}"));
    for row in ["prefetch", "preconnect"] {
        for as_it_is in [
            own,
            preload,
            "<https://b.test/>; rel=\"prefetch next preconnect\"",
            "<https://b.test/>",
            "<https://cdn.test/a b{>; rel=prefetch",
            "<https://cdn.test\\@b.test/>; rel=preconnect",
            "rubbish",
        ] {
            check(row, as_it_is, as_it_is);
        }
    }
    answers("preconnect", CDN, &[], &["link: <https://b.test>; rel=preconnect; crossorigin"], &[]);
    let rules = "speculation-rules: \"/rules.json\"";
    answers("prefetch", CDN, &[], &[rules], &[rules]);
    answers("prefetch", CDN, &[], &["speculation-rules: \"https://b.test/rules.json\""], &[]);
}

#[test]
fn notes_of_followed_links_and_beacons_are_answered_here() {
    let ping = ["ping-to: https://b.test/", "content-type: text/ping"];
    assert_eq!(answer("ping", "POST https://cdn.test/p", &ping), Some(StatusCode::NO_CONTENT));
    let beacon = ["sec-fetch-mode: no-cors", "sec-fetch-dest: empty", "sec-fetch-site: cross-site"];
    assert_eq!(answer("beacon", "POST https://cdn.test/b", &beacon), Some(StatusCode::NO_CONTENT));
    assert_eq!(answer("beacon", "https://cdn.test/b", &beacon), None);
    assert_eq!(answer("beacon", "POST https://cdn.test/b", &[&beacon[..], &ping].concat()), None);
    for instead in [[beacon[0], beacon[1], "sec-fetch-site: same-site"], ["sec-fetch-mode: cors", beacon[1], beacon[2]]] {
        assert_eq!(answer("beacon", "POST https://cdn.test/b", &instead), None, "{instead:?}");
    }
}

#[test]
fn a_level_has_its_rows_and_those_of_the_levels_below_and_a_switch_overrules_it() {
    let basic = QuietChoice::default();
    let strict = QuietChoice { level: QuietLevel::Strict, ..QuietChoice::default() };
    for row in ROWS {
        assert_eq!(basic.has(row), row.level == Some(QuietLevel::Basic), "{}", row.id);
        assert_eq!(strict.has(row), row.level.is_some(), "{}", row.id);
        for on in [false, true] {
            let switched = BTreeMap::from([(row.id.to_owned(), on)]);
            assert_eq!(QuietChoice { switched, ..basic.clone() }.has(row), on, "{}", row.id);
        }
    }
}

#[test]
fn the_table_is_sound() {
    assert!(ROWS.len() <= 64, "rows are bits");
    let ids: std::collections::BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), ROWS.len(), "an id is used twice");
    for row in ROWS {
        for names in [names(&row.request), names(&row.response)] {
            assert!(names.iter().all(|name| HeaderName::from_static(name).as_str() == *name), "{}", row.id);
        }
    }
}

fn names<F>(work: &Work<F>) -> &'static [&'static str] {
    match work {
        Work::On(names, _) => names,
        Work::None | Work::Always(_) => &[],
    }
}

#[test]
fn browsers_at_the_first_level_are_left_as_they_are_within_a_site() {
    let mut request = request(
        "https://www.news.test/a.css",
        &[
            "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
            "accept-language: de-AT,de;q=0.9,en;q=0.8",
            "sec-ch-ua: \"Chromium\";v=\"130\"",
            "sec-fetch-site: same-origin",
            "sec-fetch-mode: no-cors",
            "sec-fetch-dest: style",
            "referer: https://www.news.test/secret?q=1",
            "cookie: a=1",
            "if-none-match: \"7\"",
        ],
    );
    let before = lines(&request.fields);
    let mut changes = Changes::default();
    let _ = Arc::new(profile()).filter().request(&mut request, &mut changes);
    assert_eq!((lines(&request.fields), changes.is_empty()), (before, true));
    assert_eq!(request.method, Method::GET);
}
