//! What filtering costs, apart from all carrying: `cargo bench -p tamis-filter`.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use tamis_filter::rules::{Engine, Lists, Rules, Source};
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Standing, Verdict, profiles};

/// How a body comes off the wire, piece by piece, in bytes.
const CHUNK: usize = 16 * 1024;

criterion_group!(benches, fields, requests, exchange, moving_picture, replacements, lists);
criterion_main!(benches);

/// The profiles that are ticked on a new installation.
fn defaults() -> Pipeline {
    Pipeline::new(profiles::catalogue().into_iter().filter(|profile| profile.card().on_by_default).collect())
}

/// The fields of a browser's request for a picture in a page, hop-by-hop ones among them.
const REQUEST: [(&str, &str); 9] = [
    ("host", "www.site.test"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"),
    ("accept-language", "en-GB,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br"),
    ("connection", "keep-alive"),
    ("referer", "http://www.site.test/"),
    ("cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"),
    ("priority", "u=5, i"),
];

fn wire(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn request(target: &'static str) -> RequestHead {
    RequestHead { method: Method::GET, target: Uri::from_static(target), fields: Fields::from_wire(wire(&REQUEST)) }
}

fn response(media_type: &'static str) -> ResponseHead {
    let fields = [("content-type", media_type), ("content-length", "1024"), ("etag", "\"x\""), ("server", "bench")];
    ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(wire(&fields)) }
}

/// Taking end-to-end fields off the wire, and putting them back.
fn fields(criterion: &mut Criterion) {
    let wire = wire(&REQUEST);
    criterion.bench_function("fields/from wire and back", |bencher| {
        bencher.iter_batched(
            || wire.clone(),
            |wire| Fields::from_wire(black_box(wire)).into_wire(),
            BatchSize::SmallInput,
        );
    });
}

/// A request shown to the default profiles: one with nothing to take out, one with much, one that gets no further.
fn requests(criterion: &mut Criterion) {
    let pipeline = defaults();
    let targets = [
        ("untouched", "http://www.site.test/articles/2026/11/a-long-title-of-an-article?page=2&sort=new"),
        ("stripped", "http://www.site.test/a?id=7&utm_source=mail&utm_medium=link&gclid=0123456789&fbclid=abcdef"),
        ("refused", "http://www.google-analytics.com/collect?v=1&tid=UA-1&cid=555&t=pageview"),
    ];
    for (name, target) in targets {
        let head = request(target);
        let answered = matches!(pipeline.run().request(&mut head.clone()), Verdict::Answer(_));
        assert_eq!(answered, name == "refused", "{target}");
        criterion.bench_function(&format!("request/{name}"), |bencher| {
            bencher.iter_batched(
                || head.clone(),
                |mut head| {
                    let mut run = pipeline.run();
                    let verdict = run.request(&mut head);
                    (verdict, run.into_changes(), head)
                },
                BatchSize::SmallInput,
            );
        });
    }
}

/// Everything that the default profiles are asked in an exchange that they leave alone.
fn exchange(criterion: &mut Criterion) {
    let pipeline = defaults();
    let heads = (request("http://www.site.test/logo.png"), response("image/png"));
    criterion.bench_function("exchange/untouched", |bencher| {
        bencher.iter_batched(
            || heads.clone(),
            |(mut request, mut response)| {
                let mut run = pipeline.run();
                let verdict = run.request(&mut request);
                let _ = run.response(&request, &mut response);
                (verdict, run.wants_body(&request, &response), run.into_changes())
            },
            BatchSize::SmallInput,
        );
    });
}

/// A moving GIF up to the end of its first frame.
fn moving_picture(criterion: &mut Criterion) {
    let pipeline = defaults();
    let gif = gif(512 * 1024);
    let heads = (request("http://www.site.test/party.gif"), response("image/gif"));
    let mut group = criterion.benchmark_group("body");
    group.throughput(Throughput::Bytes(gif.len() as u64));
    group.bench_function("moving GIF", |bencher| {
        bencher.iter_batched(
            || heads.clone(),
            |(request, mut response)| {
                let mut run = pipeline.run();
                let mut chain = run.wants_body(&request, &response).and_then(|mut opening| {
                    opening.feed(&gif.slice(..4096));
                    run.body(&request, &mut response, opening)
                });
                let pieces = (0..gif.len()).step_by(CHUNK).map(|from| gif.slice(from..gif.len().min(from + CHUNK)));
                let written = chain.as_mut().and_then(|chain| chain.run(pieces).ok()).map_or(0, |body| body.len());
                assert!(written > gif.len() / 2, "the first frame came through");
                written
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// A GIF whose first frame has so many bytes of picture, and a second frame (GIF89a, sections 18 to 27).
fn gif(picture: usize) -> Bytes {
    const SCREEN: &[u8] = b"GIF89a\x00\x04\x00\x04\x80\x00\x00\x00\x00\x00\xff\xff\xff";
    const FRAME: &[u8] = b"!\xf9\x04\x00\x0a\x00\x00\x00,\x00\x00\x00\x00\x00\x04\x00\x04\x00\x02";
    let block = [&[255], [0x55; 255].as_slice()].concat();
    let picture = block.repeat(picture / block.len());
    [SCREEN, FRAME, picture.as_slice(), &[0], FRAME, b"\x02\x44\x01\x00;"].concat().into()
}

/// Text exchanged in a page of 120 KB by three rules: words as they stand, words in any case, and patterns.
fn replacements(criterion: &mut Criterion) {
    /// How a page comes off the wire, in bytes.
    const PIECE: usize = 8 * 1024;
    let kinds = [
        ("literal", ["/promoted-story/plain-story/", "/tracking-pixel/no-pixel/", "/newsletter-box/box/"]),
        ("any case", ["/Promoted-Story/plain-story/i", "/Tracking-Pixel/no-pixel/i", "/Newsletter-Box/box/i"]),
        ("pattern", ["/promoted-(\\w+)/plain-$1/", "/tracking-[a-z]+/no-pixel/", "/\"news[^\"]*\"/\"box\"/"]),
    ];
    let page = page(120_000);
    let heads = (request("http://www.site.test/page"), response("text/html; charset=utf-8"));
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Bytes(page.len() as u64));
    for (name, values) in kinds {
        let rules = Rules::parse(&values.map(|value| format!("||site.test^$replace={value}\n")).concat()).rules;
        assert_eq!(rules.len(), values.len(), "{name}");
        let pipeline = Pipeline::new(vec![std::sync::Arc::new(rules)]);
        group.bench_function(format!("replace {name}"), |bencher| {
            bencher.iter_batched(
                || heads.clone(),
                |(mut request, mut response)| {
                    let mut run = pipeline.run();
                    let _ = run.request(&mut request);
                    let mut chain = run.wants_body(&request, &response).and_then(|mut opening| {
                        opening.feed(&page.slice(..PIECE));
                        run.body(&request, &mut response, opening)
                    });
                    let pieces =
                        (0..page.len()).step_by(PIECE).map(|from| page.slice(from..page.len().min(from + PIECE)));
                    let written = chain.as_mut().and_then(|chain| chain.run(pieces).ok()).map_or(0, |body| body.len());
                    assert!(written > 0 && written < page.len(), "{name} made the page shorter");
                    written
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// A page of 200 KB under filter lists: 400 rules for it, 20,000 generic ones of which some hide something, a procedural rule and
/// one that takes elements out.
fn lists(criterion: &mut Criterion) {
    /// How a page comes off the wire, in bytes.
    const PIECE: usize = 8 * 1024;
    let own = (0..400).map(|number| format!("site.test##.own-{number} > a[href^=\"https://ads{number}.test/\"]\n"));
    let generic = (0..20_000).map(|number| format!("##.generic-{number}\n###slot-{number}\n"));
    let beyond =
        "##.promoted-story\n###n3\nsite.test##.front-page:has-text(/sponsor/i)\nsite.test##^script:has-text(track)\n";
    let text = own.chain(generic).collect::<String>() + beyond;
    let engine = Engine::build(&[Source { list: "bench", text: &text, trusted: false }]).engine;
    let standing = Standing::new("0123456789abcdef".into(), Box::new(|_| {}));
    let pipeline = Pipeline::new(vec![std::sync::Arc::new(Lists::new(engine.into(), standing.into()))]);
    let page = page(200_000);
    let mut heads = (request("http://www.site.test/page"), response("text/html; charset=utf-8"));
    let page_asks = HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8");
    assert_eq!(heads.0.fields.set(HeaderName::from_static("accept"), page_asks), Ok(()));
    let mut group = criterion.benchmark_group("lists");
    group.throughput(Throughput::Bytes(page.len() as u64));
    group.bench_function("page", |bencher| {
        bencher.iter_batched(
            || heads.clone(),
            |(mut request, mut response)| {
                let mut run = pipeline.run();
                assert!(matches!(run.request(&mut request), Verdict::Forward));
                let mut chain = run.wants_body(&request, &response).and_then(|mut opening| {
                    opening.feed(&page.slice(..PIECE));
                    run.body(&request, &mut response, opening)
                });
                let pieces = (0..page.len()).step_by(PIECE).map(|from| page.slice(from..page.len().min(from + PIECE)));
                let written = chain.as_mut().and_then(|chain| chain.run(pieces).ok()).map_or(0, |body| body.len());
                assert!(written > page.len(), "something is hidden");
                written
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// A page of so many bytes and some more, in which each of three words occurs some hundred times.
fn page(size: usize) -> Bytes {
    let words = ["promoted-story", "tracking-pixel", "newsletter-box", "long-read", "front-page"];
    let mut page = String::from("<!doctype html><html><head><meta charset=utf-8><title>News</title></head><body>\n");
    for (number, word) in words.iter().cycle().enumerate() {
        if page.len() > size {
            break;
        }
        page.push_str(&format!(
            "<div class=\"{word}\" id=\"n{number}\"><a href=\"/story/{number}\">A new title of the paper</a><p>Some \
             text that nobody promoted, with a newline, a box and a track or two, printed to be read.</p></div>\n"
        ));
    }
    page.into()
}
