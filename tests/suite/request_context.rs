//! How often it is right what Tamis makes of a request (what it is for, and which page is behind it), by a browser that loads
//! pages with every kind of part: what the page knows against what the request lets on.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock};

use tamis_filter::rules::Context;
use tamis_filter::{
    Card, Changes, Destination, Filter, Profile, RequestHead, ResponseHead, Service, Standing, Verdict,
};
use tamis_tests::desktop::browser::{Browser, trust};
use tamis_tests::origin::{Origin, Talk};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::serve_box::Home;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::Setup;
use tamis_tests::{upstream, wait_for};

/// Shares below which what is told may not fall. They leave room for other versions of the browser.
struct Bar {
    destination: f64,
    source: f64,
    party: f64,
    top: f64,
}

/// With Chromium 156 all of it is right.
const HTTPS: Bar = Bar { destination: 0.97, source: 0.97, party: 0.97, top: 0.97 };

/// With Chromium 156 it is 74, 94, 94 and 89 %. There a frame looks like a page, a beacon like any other thing that a script
/// sends, and a script without an extension like nothing, until its answer comes.
const HTTP: Bar = Bar { destination: 0.7, source: 0.9, party: 0.9, top: 0.85 };

#[test]
fn over_https_what_a_request_is_for_and_whose_it_is_can_be_told() {
    let Some(home) = Home::with(&["chromium", "certutil"]) else { return };
    let witness = Arc::new(Witness::default());
    let lab = Lab::with_profiles(vec![Arc::clone(&witness) as _]);
    trust(&home, &lab.authority());
    let pages = Arc::new(OnceLock::new());
    let shown = Arc::clone(&pages);
    let origin = Setup::new(lab.pki.leaf(&HOSTS)).start(move |talk| show(talk, &shown));
    let album = pages.get_or_init(|| Album::of("https", origin.port()));
    visit(&mut Browser::chromium_through(&home, lab.proxy.addr), album, &witness);
    judge("https", album, &witness, HTTPS);
}

#[test]
fn over_plain_http_most_of_it_can_be_told_too() {
    let Some(home) = Home::with(&["chromium", "certutil"]) else { return };
    let witness = Arc::new(Witness::default());
    let proxy = ProxyBox::with_profiles(vec![Arc::clone(&witness) as _], |_| {});
    let names = upstream::socks5(None);
    proxy.set_routes(&[("*.test", &format!("socks5://{}", names.authority()))]);
    let pages = Arc::new(OnceLock::new());
    let shown = Arc::clone(&pages);
    let origin = Origin::start(move |talk| show(talk, &shown));
    let port = origin.authority().rsplit(':').next().unwrap().parse().unwrap();
    let album = pages.get_or_init(|| Album::of("http", port));
    visit(&mut Browser::chromium_through(&home, proxy.addr), album, &witness);
    judge("http", album, &witness, HTTP);
}

/// Looks at every request as the rules do.
struct Witness {
    standing: Standing,
    seen: Mutex<BTreeMap<usize, Told>>,
}

/// What Tamis makes of a request.
#[derive(Debug)]
struct Told {
    destination: Destination,
    source: Option<String>,
    top: Option<String>,
    third_party: Option<bool>,
}

impl Default for Witness {
    fn default() -> Self {
        Self { standing: Standing::new("s".into(), Box::new(|_| {})), seen: Mutex::default() }
    }
}

impl Profile for Witness {
    fn card(&self) -> Card {
        let service = Service::AnonymityFiltering;
        Card { id: "witness", title: "Witness", summary: "", tag: "w", service, on_by_default: false }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Look { witness: self, context: None })
    }
}

struct Look {
    witness: Arc<Witness>,
    context: Option<Context>,
}

impl Filter for Look {
    fn request(&mut self, request: &mut RequestHead, _: &mut Changes) -> Verdict {
        let context = self.context.insert(Context::among(&self.witness.standing, request));
        let number = request.target.query().and_then(|query| query.strip_prefix("n=")?.parse().ok());
        if let Some(number) = number.filter(|_| request.method != http::Method::OPTIONS) {
            let told = Told {
                destination: context.destination(),
                source: context.source().map(str::to_owned),
                top: context.top().map(str::to_owned),
                third_party: context.third_party(),
            };
            self.witness.seen.lock().unwrap().entry(number).or_insert(told);
        }
        Verdict::Forward
    }

    fn response(&mut self, request: &RequestHead, response: &mut ResponseHead, _: &mut Changes) -> Verdict {
        if let Some(context) = &self.context {
            context.answered(&self.witness.standing, request, response);
        }
        Verdict::Forward
    }
}

const HOSTS: [&str; 9] = [
    "www.page.test",
    "img.page.test",
    "cdn.test",
    "other.test",
    "frame.test",
    "inner.test",
    "www.quiet.test",
    "meta.test",
    "img.quiet.test",
];

/// What a page knows of a part of it.
#[derive(Debug)]
struct Part {
    what: String,
    host: &'static str,
    destination: Destination,
    /// The page that asks, and the one around it.
    source: &'static str,
    top: &'static str,
    /// A browser need not ask for it.
    is_optional: bool,
}

/// Pages and their parts.
struct Album {
    scheme: &'static str,
    port: u16,
    parts: Vec<Part>,
    /// What is answered, by path and query.
    answers: HashMap<String, (String, String)>,
    /// The pages to visit one after the other.
    pages: Vec<String>,
}

/// A page while its parts are gathered.
#[derive(Clone, Copy)]
struct Asking {
    source: &'static str,
    top: &'static str,
}

impl Album {
    fn of(scheme: &'static str, port: u16) -> Self {
        let mut album = Self { scheme, port, parts: Vec::new(), answers: HashMap::new(), pages: Vec::new() };
        let all = album.page_with_everything();
        let quiet = album.page_that_says_nothing("www.quiet.test", "Referrer-Policy: no-referrer", "");
        let meta = album.page_that_says_nothing("meta.test", "X: y", "<meta name=referrer content=no-referrer>");
        album.pages = vec![all, quiet, meta];
        album
    }

    /// The address of a part.
    fn part(
        &mut self,
        what: &str,
        (host, path): (&'static str, &str),
        destination: Destination,
        page: Asking,
        (fields, body): (&str, &str),
    ) -> String {
        let number = self.parts.len();
        let (source, top) = (page.source, page.top);
        let is_optional = matches!(what, "favicon" | "manifest");
        self.parts.push(Part { what: what.to_owned(), host, destination, source, top, is_optional });
        let path = format!("{path}?n={number}");
        self.answers.insert(path.clone(), (fields.to_owned(), body.to_owned()));
        format!("{}://{host}:{}{path}", self.scheme, self.port)
    }

    /// The same with the usual extension and without any.
    fn twice(
        &mut self,
        what: &str,
        (host, path, extension): (&'static str, &str, &str),
        destination: Destination,
        page: Asking,
        answer: (&str, &str),
        mut with: impl FnMut(&str) -> String,
    ) -> String {
        let named = self.part(
            &format!("{what} .{extension}"),
            (host, &format!("{path}.{extension}")),
            destination,
            page,
            answer,
        );
        let bare = self.part(what, (host, path), destination, page, answer);
        format!("{}\n{}\n", with(&named), with(&bare))
    }

    fn page_with_everything(&mut self) -> String {
        use Destination as To;
        let page = Asking { source: "www.page.test", top: "www.page.test" };
        let (script, style, svg) =
            ("Content-Type: text/javascript", "Content-Type: text/css", "Content-Type: image/svg+xml");
        let picture = (svg, "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>");
        let nothing = ("Content-Type: text/plain", "");
        let mut html = String::new();
        for host in ["www.page.test", "img.page.test", "cdn.test"] {
            html +=
                &self.twice("img", (host, "/img", "png"), To::Image, page, picture, |url| format!("<img src='{url}'>"));
            html += &self.twice("script", (host, "/script", "js"), To::Script, page, (script, "1"), |url| {
                format!("<script src='{url}'></script>")
            });
            html += &self.twice("fetch", (host, "/fetch", "json"), To::Fetch, page, nothing, |url| {
                format!("<script>fetch('{url}')</script>")
            });
            html += &self.twice("xhr", (host, "/xhr", "xml"), To::Fetch, page, nothing, |url| {
                format!("<script>{{const x = new XMLHttpRequest(); x.open('GET', '{url}'); x.send()}}</script>")
            });
            html += &self.twice("post", (host, "/post", "json"), To::Fetch, page, nothing, |url| {
                format!("<script>fetch('{url}', {{method: 'POST', body: 'x'}})</script>")
            });
            html += &self.twice("beacon", (host, "/beacon", "gif"), To::Ping, page, nothing, |url| {
                format!("<script>navigator.sendBeacon('{url}', 'x')</script>")
            });
            let font =
                self.twice("font", (host, "/font", "woff2"), To::Font, page, nothing, |url| format!("url('{url}')"));
            for (number, url) in font.split_whitespace().enumerate() {
                let name = format!("f{}{number}", host.replace('.', ""));
                let _ = write!(
                    html,
                    "<style>@font-face{{font-family:{name};src:{url}}}</style><p style='font-family:{name}'>x</p>"
                );
            }
            html += &self.twice("video", (host, "/video", "mp4"), To::Media, page, nothing, |url| {
                format!("<video src='{url}' preload=auto></video>")
            });
        }
        html += &self.twice("audio", ("cdn.test", "/audio", "mp3"), To::Media, page, nothing, |url| {
            format!("<audio src='{url}' preload=auto></audio>")
        });
        html += &self.twice(
            "track",
            ("www.page.test", "/track", "vtt"),
            To::Media,
            page,
            ("Content-Type: text/vtt", "WEBVTT"),
            |url| format!("<video><track default kind=subtitles src='{url}'></video>"),
        );
        html += &self.twice("picture", ("cdn.test", "/picture", "webp"), To::Image, page, picture, |url| {
            format!("<picture><source srcset='{url}'><img></picture>")
        });
        html += &self.twice("poster", ("cdn.test", "/poster", "jpg"), To::Image, page, picture, |url| {
            format!("<video poster='{url}'></video>")
        });
        html += &self.twice("module", ("cdn.test", "/module", "mjs"), To::Script, page, (script, "1"), |url| {
            format!("<script type=module src='{url}'></script>")
        });
        html += &self.twice("import", ("cdn.test", "/import", "js"), To::Script, page, (script, "1"), |url| {
            format!("<script>import('{url}')</script>")
        });
        html += &self.twice("worker", ("www.page.test", "/worker", "js"), To::Script, page, (script, "1"), |url| {
            format!("<script>new Worker('{url}')</script>")
        });
        html += &self.twice("fetch no-cors", ("cdn.test", "/opaque", "json"), To::Fetch, page, nothing, |url| {
            format!("<script>fetch('{url}', {{mode: 'no-cors'}})</script>")
        });
        html += &self.twice("events", ("cdn.test", "/events", "php"), To::Fetch, page, nothing, |url| {
            format!("<script>new EventSource('{url}')</script>")
        });
        html += &self.twice("object", ("cdn.test", "/object", "svg"), To::Object, page, picture, |url| {
            format!("<object data='{url}'></object>")
        });
        html += &self.twice("embed", ("cdn.test", "/embed", "svg"), To::Object, page, picture, |url| {
            format!("<embed src='{url}' type='image/svg+xml'>")
        });
        html += &self.twice("preload", ("cdn.test", "/preload", "js"), To::Script, page, (script, "1"), |url| {
            format!("<link rel=preload as=script href='{url}'>")
        });
        html += &self.twice("prefetch", ("cdn.test", "/prefetch", "html"), To::Other, page, nothing, |url| {
            format!("<link rel=prefetch href='{url}'>")
        });
        html += &self.twice("ping", ("cdn.test", "/ping", "php"), To::Ping, page, nothing, |url| {
            format!("<a class=follow href='#there' ping='{url}'>x</a>")
        });
        html += &self.twice("form", ("cdn.test", "/form", "php"), To::Frame, page, nothing, |url| {
            format!("<iframe name='{0}'></iframe><form target='{0}' method=post action='{url}'></form>", url.len())
        });
        let icon = self.part("favicon", ("www.page.test", "/favicon.ico"), To::Image, page, picture);
        let manifest = self.part(
            "manifest",
            ("www.page.test", "/site.webmanifest"),
            To::Other,
            page,
            ("Content-Type: application/json", "{}"),
        );
        let _ = write!(html, "<link rel=icon href='{icon}'><link rel=manifest href='{manifest}'>");
        if self.scheme == "https" {
            // Over plain HTTP a browser takes a tunnel to its host, and is not seen there.
            html += &self.twice("websocket", ("cdn.test", "/socket", "php"), To::WebSocket, page, nothing, |url| {
                format!("<script>new WebSocket('{}')</script>", url.replacen("http", "ws", 1))
            });
            let worker = self.part("service worker", ("www.page.test", "/sw.js"), To::Script, page, (script, "1"));
            let _ = write!(html, "<script>navigator.serviceWorker.register('{worker}')</script>");
        }
        // What a style sheet of another site asks for.
        let background =
            self.twice("background", ("other.test", "/background", "png"), To::Image, page, picture, |url| {
                format!("url('{url}')")
            });
        let near = self
            .twice("background", ("cdn.test", "/near", "png"), To::Image, page, picture, |url| format!("url('{url}')"));
        let import = self.part("@import", ("cdn.test", "/import.css"), To::Style, page, (style, ""));
        let images: Vec<&str> = background.split_whitespace().chain(near.split_whitespace()).collect();
        let sheet = format!("@import '{import}'; body {{ background-image: {} }}", images.join(", "));
        html += &self.twice("css", ("cdn.test", "/sheet", "css"), To::Style, page, (style, &sheet), |url| {
            format!("<link rel=stylesheet href='{url}'>")
        });
        // A redirect keeps what it began as.
        let end = self.part("redirected img", ("other.test", "/end.gif"), To::Image, page, picture);
        let begin =
            self.part("redirecting img", ("cdn.test", "/begin"), To::Image, page, (&format!("Location: {end}"), ""));
        let _ = write!(html, "<img src='{begin}'>");
        let frame = self.frames(page);
        let _ = write!(html, "<iframe src='{frame}'></iframe>");
        let report = self.part("report", ("www.page.test", "/report"), To::Report, page, nothing);
        let policy = format!(
            "Content-Type: text/html\r\nContent-Security-Policy-Report-Only: img-src 'none'; report-uri {report}"
        );
        let _ = write!(
            html,
            "<script>addEventListener('load', () => {{ document.querySelectorAll('a.follow').forEach(a => a.click()); document.querySelectorAll('form').forEach(form => form.submit()) }})</script>"
        );
        self.part(
            "page",
            ("www.page.test", "/all.html"),
            To::Page,
            page,
            (&policy, &format!("<!doctype html><p>all</p>{html}")),
        )
    }

    /// A frame of another site with a frame of a third.
    fn frames(&mut self, page: Asking) -> String {
        use Destination as To;
        let svg = ("Content-Type: image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>");
        let page_type = "Content-Type: text/html";
        let (outer, inner) =
            (Asking { source: "frame.test", top: page.top }, Asking { source: "inner.test", top: page.top });
        let image = self.twice("img in inner frame", ("cdn.test", "/inner", "png"), To::Image, inner, svg, |url| {
            format!("<img src='{url}'>")
        });
        let asked = self.twice(
            "fetch in inner frame",
            ("cdn.test", "/inner-fetch", "json"),
            To::Fetch,
            inner,
            ("X: y", ""),
            |url| format!("<script>fetch('{url}')</script>"),
        );
        let inner = self.part(
            "inner frame",
            ("inner.test", "/inner.html"),
            To::Frame,
            outer,
            (page_type, &format!("{image}{asked}")),
        );
        let image = self.twice("img in frame", ("cdn.test", "/framed", "png"), To::Image, outer, svg, |url| {
            format!("<img src='{url}'>")
        });
        let outer = format!("{image}<iframe src='{inner}'></iframe>");
        self.part("frame", ("frame.test", "/frame.html"), To::Frame, page, (page_type, &outer))
    }

    /// A page whose requests name no page.
    fn page_that_says_nothing(&mut self, host: &'static str, policy: &str, head: &str) -> String {
        use Destination as To;
        let page = Asking { source: host, top: host };
        let (script, picture) = (
            ("Content-Type: text/javascript", "1"),
            ("Content-Type: image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        );
        let own = if host == "meta.test" { host } else { "img.quiet.test" };
        let mut html = format!("<!doctype html>{head}");
        for from in [own, "cdn.test", "other.test"] {
            html += &self.twice("silent img", (from, "/silent", "png"), To::Image, page, picture, |url| {
                format!("<img src='{url}'>")
            });
            html += &self.twice("silent script", (from, "/silent-script", "js"), To::Script, page, script, |url| {
                format!("<script src='{url}'></script>")
            });
            html += &self.twice("silent fetch", (from, "/silent-fetch", "json"), To::Fetch, page, script, |url| {
                format!("<script>fetch('{url}')</script>")
            });
        }
        let fields = format!("Content-Type: text/html\r\n{policy}");
        self.part("silent page", (host, "/silent.html"), To::Page, page, (&fields, &html))
    }
}

/// Answers what the album holds.
fn show(talk: &mut Talk, album: &OnceLock<Album>) {
    while let Some((head, _)) = talk.request() {
        let asked = head.start().split(' ').nth(1).unwrap_or_default().to_owned();
        let answers = &album.get().expect("an album").answers;
        let (status, (fields, body)) = match answers.get(&asked) {
            Some(answer) if answer.0.starts_with("Location") => ("302 Found", answer.clone()),
            Some(answer) => ("200 OK", answer.clone()),
            None => ("404 Not Found", Default::default()),
        };
        let fields = if fields.is_empty() { "X: y".to_owned() } else { fields };
        let open = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\nCache-Control: no-store";
        talk.client
            .send(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n{open}\r\n\r\n{body}", body.len()));
    }
}

/// Loads every page, until all that it has was asked for.
fn visit(browser: &mut Browser, album: &Album, witness: &Witness) {
    for page in &album.pages {
        browser.load(page).expect("a page");
        let host = page.split(['/', ':']).nth(3).unwrap();
        let missing = || {
            let seen = witness.seen.lock().unwrap();
            let of_page =
                |(number, part): &(usize, &Part)| part.top == host && !part.is_optional && !seen.contains_key(number);
            album.parts.iter().enumerate().filter(of_page).map(|(_, part)| part.what.clone()).collect::<Vec<_>>()
        };
        let mut left = Vec::new();
        wait_for("every part of a page", || {
            let now = missing();
            if now != left {
                println!("{host} lacks {now:?}");
                left = now;
            }
            left.is_empty().then_some(())
        });
    }
}

/// Counts what is right, and prints it.
fn judge(scheme: &str, album: &Album, witness: &Witness, bar: Bar) {
    let seen = witness.seen.lock().unwrap();
    let (mut destination, mut source, mut party, mut top) =
        (Tally::default(), Tally::default(), Tally::default(), Tally::default());
    for (number, told) in seen.iter() {
        let part = &album.parts[*number];
        let site = |host: &str| tamis_filter::registered_domain(host).unwrap_or(host).to_owned();
        let third = site(part.source) != site(part.host);
        let about = format!("{} from {} on {}", part.what, part.host, part.source);
        destination.count(&about, part.destination, Some(told.destination).filter(|it| *it != Destination::Unknown));
        source.count(&about, part.source, told.source.as_deref());
        party.count(&about, third, told.third_party);
        top.count(&about, part.top, told.top.as_deref());
    }
    for (name, tally) in [("type", &destination), ("source", &source), ("party", &party), ("top page", &top)] {
        println!(
            "{scheme}: {name} right {:.1} % of {}, unknown {}, wrong {}",
            tally.share() * 100.0,
            tally.all(),
            tally.unknown.len(),
            tally.wrong.len()
        );
        for line in tally.unknown.iter().chain(&tally.wrong) {
            println!("    {line}");
        }
    }
    let shares = [&destination, &source, &party, &top].map(Tally::share);
    for (share, least) in shares.iter().zip([bar.destination, bar.source, bar.party, bar.top]) {
        assert!(*share >= least, "{scheme}: {shares:?}");
    }
}

#[derive(Default)]
struct Tally {
    right: usize,
    unknown: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    fn count<T: PartialEq + std::fmt::Debug>(&mut self, about: &str, expected: T, told: Option<T>) {
        match told {
            Some(told) if told == expected => self.right += 1,
            Some(told) => self.wrong.push(format!("{about}: {told:?}, not {expected:?}")),
            None => self.unknown.push(format!("{about}: {expected:?}")),
        }
    }

    fn all(&self) -> usize {
        self.right + self.unknown.len() + self.wrong.len()
    }

    fn share(&self) -> f64 {
        self.right as f64 / self.all().max(1) as f64
    }
}
