//! What Tamis owes every exchange beside the letter, each in the least code that does it: the filters of the default
//! profiles, a record of what happened, an ear for interim responses, a copy of the head for the one repetition (RFC 9110
//! 9.2.2), a place at the origin within a bound, and an end to the wait. For measuring only: a record is counted and
//! forgotten, and nothing is repeated, refused or given up.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::HeaderMap;
use hyper::http::uri::{Authority, PathAndQuery};
use hyper::{Method, Request, Response, StatusCode, Uri};
use tamis_filter::profiles::catalogue;
use tamis_filter::{Change, Fields, Pipeline, RequestHead, ResponseHead, Run};
use tokio::sync::mpsc;

/// The profiles that are on after an installation.
const DEFAULT_PROFILES: [&str; 3] = ["strip-trackers", "lighter-media", "quiet-headers"];

/// How many records may wait to be counted.
const RECORDS: usize = 4096;

/// How long an answer may be waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// What all exchanges share.
pub struct House {
    pipeline: Pipeline,
    /// How many exchanges are under way at each origin.
    places: Mutex<HashMap<String, usize>>,
    records: mpsc::Sender<Record>,
    begun: Instant,
    /// The end of the latest wait, in milliseconds after `begun`.
    until: AtomicU64,
}

/// What is told of an exchange.
struct Record {
    began: SystemTime,
    took: Duration,
    method: Method,
    url: String,
    status: StatusCode,
    changes: Vec<Change>,
    sent: u64,
}

/// An exchange until its body is over.
pub struct Exchange {
    house: Arc<House>,
    began: SystemTime,
    clock: Instant,
    url: String,
    /// As the filters left it: they look at it again when the answer is there, and it could be sent again.
    head: RequestHead,
    run: Option<Run>,
    place: Option<Authority>,
    status: StatusCode,
    sent: u64,
}

/// A body that is counted.
pub struct Counted {
    body: Incoming,
    exchange: Option<Box<Exchange>>,
}

impl House {
    /// To be called on the runtime on which it is used.
    pub fn open() -> Arc<Self> {
        let (records, mut told) = mpsc::channel::<Record>(RECORDS);
        tokio::spawn(async move {
            let mut sum = 0_u64;
            while let Some(Record { began, took, method, url, status, changes, sent }) = told.recv().await {
                let parts = (began, took, method, url, status, changes);
                sum = std::hint::black_box((sum + sent, parts)).0;
            }
        });
        let chosen = catalogue().into_iter().filter(|profile| DEFAULT_PROFILES.contains(&profile.card().id));
        Arc::new(Self {
            pipeline: Pipeline::new(chosen.collect()),
            places: Mutex::default(),
            records,
            begun: Instant::now(),
            until: AtomicU64::new(u64::MAX),
        })
    }

    fn take(&self, place: Option<&Authority>) {
        let (mut places, name) = (self.places(), place.map_or("", Authority::as_str));
        match places.get_mut(name) {
            Some(taken) => *taken += 1,
            None => drop(places.insert(name.to_owned(), 1)),
        }
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// Sees to what is owed before the origin is asked.
    pub fn begin(house: &Arc<House>, request: &mut Request<Incoming>) -> Box<Self> {
        let (began, clock) = (SystemTime::now(), Instant::now());
        let fields = Fields::from_wire(std::mem::take(request.headers_mut()));
        let mut head = RequestHead { method: request.method().clone(), target: request.uri().clone(), fields };
        let mut run = house.pipeline.run();
        // The bench asks for nothing that a filter answers.
        let _forward = run.request(&mut head);
        *request.headers_mut() = head.fields.clone().into_wire();
        *request.uri_mut() = head.target.clone();
        let interims: Mutex<Vec<HeaderMap>> = Mutex::default();
        hyper::ext::on_informational(request, move |response| {
            interims.lock().unwrap_or_else(PoisonError::into_inner).push(response.headers().clone());
        });
        let place = head.target.authority().cloned();
        house.take(place.as_ref());
        let until = (clock + PATIENCE - house.begun).as_millis();
        house.until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
        let (house, url) = (Arc::clone(house), written(request.uri()));
        Box::new(Self { house, began, clock, url, head, run: Some(run), place, status: StatusCode::OK, sent: 0 })
    }

    /// Sees to what is owed when the answer is there; its body takes the rest along.
    pub fn answered(mut self: Box<Self>, response: Response<Incoming>) -> Response<Counted> {
        let (mut parts, body) = response.into_parts();
        let fields = Fields::from_wire(std::mem::take(&mut parts.headers));
        let mut head = ResponseHead { status: parts.status, fields };
        if let Some(run) = &mut self.run {
            let _ = run.response(&self.head, &mut head);
            // The bench's bodies are none that the default profiles rewrite.
            let _wish = run.wants_body(&self.head, &head);
        }
        self.status = parts.status;
        parts.headers = head.fields.into_wire();
        Response::from_parts(parts, Counted { body, exchange: Some(self) })
    }
}

/// The text of an address. To format it would take longer.
fn written(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", Authority::as_str);
    ["http://", authority, uri.path_and_query().map_or("", PathAndQuery::as_str)].concat()
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(taken) = self.house.places().get_mut(self.place.as_ref().map_or("", Authority::as_str)) {
            *taken -= 1;
        }
        self.house.until.store(u64::MAX, Ordering::Relaxed);
        let record = Record {
            began: self.began,
            took: self.clock.elapsed(),
            method: std::mem::take(&mut self.head.method),
            url: std::mem::take(&mut self.url),
            status: self.status,
            changes: self.run.take().map(|run| run.into_changes().into_list()).unwrap_or_default(),
            sent: self.sent,
        };
        // Who counts is slow: it is lost, as in Tamis.
        drop(self.house.records.try_send(record));
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let (Some(exchange), Some(Ok(frame))) = (&mut self.exchange, &frame) {
            exchange.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.exchange = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
