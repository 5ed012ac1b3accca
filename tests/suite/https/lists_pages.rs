//! Pages under filter lists, in Chromium and Firefox: what lists name is blocked, hidden, taken out and rewritten, and nothing
//! else is; under any policy of the page, and without a complaint of the browser's.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use tamis_tests::desktop::browser::Browser;
use tamis_tests::origin::{Talk, response};
use tamis_tests::serve_box::Home;
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::wait_for;

use super::world::World;

const LIST: &str = "\
! Title: What the test needs
||site.test^*/ads/
*$removeparam=utm_source,domain=site.test
##.generic-ad
##.late-ad
###generic-id
site.test##.specific
site.test##.bad::no-such-thing(x)
site.test##.stubborn
site.test##.styled:style(color: rgb(1, 2, 3) !important)
site.test##.card:has-text(/^sponsored/i)
site.test##.mark:upward(2)
site.test##.gone:remove()
site.test##^script:has-text(evilTracker)
site.test##^aside.banner
";

/// A page with every kind of resource.
const PAGE: &str = r#"<!doctype html>
<html><head><meta charset=utf-8><title>Everything</title>
<link rel=stylesheet href=/app.css><link rel=stylesheet href=/ads/ads.css>
<script>window.evilTracker = 1</script><script src=/app.js></script><script src=/ads/show.js></script>
</head><body>
<p id=kept class="news card">News</p>
<p id=generic class="x generic-ad">ad</p><p id=generic-id>ad</p><p id=specific class=specific>ad</p>
<p id=stubborn class="stubborn show show">ad</p><p id=forced class=specific style="display: block !important">ad</p>
<p id=innocent style="display: block !important">text</p><p id=styled class=styled>text</p>
<p id=sponsored class=card><b>Sponsored</b></p><div id=wrap><i><b class=mark>ad</b></i></div>
<p id=removed class=gone>ad</p><aside id=banner class=banner>ad</aside><aside id=aside>text</aside>
<img id=picture src=/picture.gif?utm_source=mail&amp;id=1><img id=ad src=/ads/banner.gif>
<iframe id=frame src=/frame.html></iframe><iframe src=/ads/frame.html></iframe>
<video src=/film.webm></video><object data=/object.html></object>
</body></html>
"#;

/// The same without anything that runs or loads.
const QUIET_PAGE: &str = "<!doctype html><html><head><title>Quiet</title></head><body><p id=kept class=news>NAME</p>\
     <p id=generic class=generic-ad>ad</p><p id=specific class=specific>ad</p><p id=forced class=specific>ad</p><aside id=banner class=banner>ad</aside>\
     <p id=sponsored class=card>Sponsored</p></body></html>";

const SCRIPT: &str = "
window.app = 'works';
addEventListener('load', () => {
  document.getElementById('kept').style.setProperty('display', 'block', 'important');
  const forced = document.body.appendChild(Object.assign(document.createElement('p'), { id: 'forced-late', className: 'late-ad' }));
  forced.style.setProperty('display', 'block', 'important');
  document.body.insertAdjacentHTML('beforeend', '<p id=late class=late-ad>ad</p><p id=later class=card>Sponsored</p>');
  fetch('/api.json').then(answer => answer.json()).then(json => { window.api = json.api; });
  fetch('/ads/api.json').catch(() => {});
});
";

const STYLE: &str = "@font-face { font-family: F; src: url(/font.woff2) } body { font-family: F }
.show.show.show { display: block !important }";

/// How the elements with these ids look: `none`, or gone.
const LOOKS: &str = "return Object.fromEntries(['kept', 'generic', 'generic-id', 'specific', 'stubborn', 'forced', 'forced-late', 'innocent', 'sponsored', 'wrap', \
     'removed', 'banner', 'aside', 'late', 'later', 'picture', 'frame'].flatMap(id => { const element = document.getElementById(id); \
     const look = element ? getComputedStyle(element).display : 'gone'; \
     return look === 'block' || look === 'inline' ? [] : [[id, look]] }))";

#[test]
fn chromium_shows_pages_without_what_lists_name_and_has_nothing_to_complain_of() {
    let Some(world) = World::with("chromium") else { return };
    let nss = world.home.path().join(".pki/nssdb");
    let site = Site::of(&world);
    site.seen_by(&world, "Chromium", &nss, Browser::chromium_through);
    let complaints = Browser::chromium_console(&world.home);
    // What was blocked, the page itself may miss; and its font is none.
    let its_own = |line: &str| line.contains("/ads/") || line.contains("/font.woff2");
    let ours: Vec<_> = complaints.iter().filter(|line| !its_own(line)).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn firefox_shows_pages_without_what_lists_name() {
    let Some(world) = World::with("firefox-esr") else { return };
    let profile = Browser::firefox_profile(&world.home);
    let known = world.home.path().join(".mozilla/firefox");
    fs::create_dir_all(&known).unwrap();
    let listed = format!("[Profile0]\nName=test\nIsRelative=0\nPath={}\nDefault=1\n", profile.display());
    fs::write(known.join("profiles.ini"), listed).unwrap();
    Site::of(&world).seen_by(&world, "Firefox", &profile, Browser::firefox_through);
}

/// The site that is visited, and what it was asked for.
struct Site {
    origin: TlsOrigin,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn of(world: &World) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let origin = Setup::new(world.pki.leaf(&["site.test"])).start(move |talk| answer(talk, &log));
        Self { origin, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.origin.named("site.test"))
    }

    fn seen_by(&self, world: &World, store: &str, database: &Path, start: impl Fn(&Home, SocketAddr) -> Browser) {
        world.trust_the_origins_root(database);
        world.ca(&["create"]);
        world.ca(&["install", "--store", store]);
        let list = world.home.path().join("list.txt");
        fs::write(&list, LIST).unwrap();
        let tamis = world.tamis(&["--list", list.to_str().unwrap()]);
        let mut browser = start(&world.home, tamis.proxy);
        self.everything(&mut browser);
        self.quiet(&mut browser);
    }

    fn everything(&self, browser: &mut Browser) {
        browser.load(&self.url("/")).expect("the page");
        let hidden = json!({
            "generic": "none", "generic-id": "none", "specific": "none", "stubborn": "none", "sponsored": "none",
            "forced": "none", "forced-late": "none", "wrap": "none", "late": "none", "later": "none", "removed": "gone", "banner": "gone",
        });
        looks(browser, &hidden);
        wait_for("the page's own data", || browser.run("return window.api").ok().filter(|api| *api == "works"));
        let state = browser.run("return [window.app, window.evilTracker ?? null, window.ads ?? null]").unwrap();
        assert_eq!(state, json!(["works", null, null]));
        let colour = browser.run("return getComputedStyle(document.getElementById('styled')).color").unwrap();
        assert_eq!(colour, "rgb(1, 2, 3)");
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        for path in [
            "/app.js",
            "/app.css",
            "/font.woff2",
            "/frame.html",
            "/api.json",
            "/film.webm",
            "/picture.gif?id=1",
            "/object.html",
        ] {
            assert!(asked.iter().any(|found| found == path), "{path} was not asked for: {asked:?}");
        }
        let known = |path: &str| path == "/" || path == "/favicon.ico" || !path.contains("ads") && path.contains('.');
        let odd: Vec<_> = asked.iter().filter(|path| !known(path)).collect();
        assert!(odd.is_empty(), "the site was asked for {odd:?}");
    }

    /// The same where the page's policy allows nothing, in its head and in its text, and where nothing may run at all.
    fn quiet(&self, browser: &mut Browser) {
        let by_style = json!({ "generic": "none", "forced": "none", "specific": "none", "banner": "gone" });
        let and_script =
            json!({ "generic": "none", "forced": "none", "specific": "none", "banner": "gone", "sponsored": "none" });
        let missing = json!({
            "generic-id": "gone", "stubborn": "gone", "forced-late": "gone", "innocent": "gone", "wrap": "gone", "removed": "gone", "aside": "gone", "late": "gone",
            "later": "gone", "picture": "gone", "frame": "gone",
        });
        for (name, hidden) in
            [("strict", &and_script), ("meta", &and_script), ("trusted", &and_script), ("sandbox", &by_style)]
        {
            browser.begin(&self.url(&format!("/{name}")), name);
            let all: Map<String, Value> =
                [&missing, hidden].into_iter().flat_map(|map| map.as_object().unwrap().clone()).collect();
            looks(browser, &Value::Object(all));
        }
    }
}

/// Waits until these elements, and no others, look like this.
fn looks(browser: &mut Browser, expected: &Value) {
    let mut last = Value::Null;
    wait_for("elements that are hidden, and others that are not", || {
        let now = browser.run(LOOKS).unwrap();
        if now != last {
            println!("{} shows {now}, to be {expected}", browser.name());
            last = now;
        }
        (last == *expected).then_some(())
    });
}

fn answer(talk: &mut Talk, log: &Mutex<Vec<String>>) {
    const HTML: &str = "Content-Type: text/html";
    while let Some((head, _)) = talk.request() {
        let path = head.start().split(' ').nth(1).unwrap_or_default().to_owned();
        log.lock().unwrap().push(path.clone());
        let all = "Content-Security-Policy: default-src 'none'";
        let quiet = || QUIET_PAGE.replace("NAME", path.trim_start_matches('/'));
        let answer = match path.as_str() {
            "/" => response(&[HTML], PAGE),
            "/strict" => response(&[HTML, all], quiet()),
            "/sandbox" => response(&[HTML, "Content-Security-Policy: sandbox; default-src 'none'"], quiet()),
            "/trusted" => {
                let policy = "Content-Security-Policy: script-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
                // The others take no style attribute.
                let forces = "id=forced style='display: block !important'";
                response(&[HTML, policy], quiet().replace("id=forced", forces))
            }
            "/meta" => {
                let meta = "<head><meta http-equiv=content-security-policy content=\"default-src 'none'\">";
                response(&[HTML], quiet().replace("<head>", meta))
            }
            "/app.js" => response(&["Content-Type: text/javascript"], SCRIPT),
            "/app.css" => response(&["Content-Type: text/css"], STYLE),
            "/api.json" => response(&["Content-Type: application/json"], r#"{"api":"works"}"#),
            "/frame.html" | "/object.html" => response(&[HTML], "<p class=news>within"),
            "/plain.txt" => response(&["Content-Type: text/plain"], "plain"),
            "/favicon.ico" | "/film.webm" | "/font.woff2" => response(&[], ""),
            path if path.starts_with("/picture.gif") => response(&["Content-Type: image/gif"], GIF),
            path if path.contains("/ads/") => response(&["Content-Type: text/javascript"], "window.ads = 1"),
            _ => response(&[HTML], "?"),
        };
        talk.client.send(answer);
    }
}

const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
