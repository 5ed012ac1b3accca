//! What is told about a finished exchange.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use tamis_filter::{Change, Changes};
use tokio::sync::mpsc;

use crate::Untouched;

/// The longest address kept in a record, in bytes.
const URL_LIMIT: usize = 2048;

/// One exchange or tunnel that is over.
#[derive(Debug, Clone)]
pub struct ExchangeRecord {
    /// When the request head had come.
    pub began: SystemTime,
    /// From the request head to the end of the response.
    pub took: Duration,
    /// The request method.
    pub method: Method,
    /// The target as the client asked for it; `host:port` for a tunnel. Cut to 2048 bytes.
    pub url: String,
    /// The status that the client got; none where it got no head.
    pub status: Option<StatusCode>,
    /// How it ended.
    pub ending: Ending,
    /// Why a tunnel was not opened, while others are.
    pub untouched: Option<Untouched>,
    /// The host of the page that asked, in lower case, as far as it was known and looked for.
    pub page: Option<String>,
    /// What profiles did, oldest first.
    pub changes: Vec<Change>,
    /// Bytes of body that went to the client.
    pub sent: u64,
    /// Bytes that the origin announced and that were not fetched, because the rewritten body was complete without
    /// them. Counted only from a `Content-Length`, and less all that this computer may have received by then: what was read,
    /// and a whole receive buffer. So the true number is this or a little more.
    pub never_downloaded: u64,
}

impl ExchangeRecord {
    /// The host that was asked for, an IPv6 address in brackets; empty where the target named none.
    pub fn host(&self) -> &str {
        // What a scheme ends with is at the first colon or nowhere.
        let colon = self.url.bytes().position(|byte| byte == b':').unwrap_or_default();
        let rest = self.url.get(colon..).and_then(|rest| rest.strip_prefix("://")).unwrap_or(&self.url);
        // Byte by byte: such short texts are done before a search made for long ones has begun.
        let authority = until(rest, |byte| matches!(byte, b'/' | b'?' | b'#'));
        let user = authority.bytes().rposition(|byte| byte == b'@');
        let authority = user.and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
        // A colon in brackets is part of the address.
        if !authority.starts_with('[') {
            return until(authority, |byte| byte == b':');
        }
        authority.find(']').and_then(|bracket| authority.get(..=bracket)).unwrap_or(authority)
    }
}

/// The beginning of a text, up to the first such byte, which is an ASCII one.
fn until(text: &str, ends: impl Fn(u8) -> bool) -> &str {
    text.bytes().position(ends).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    Complete,
    /// The client left before the end.
    ClientLeft,
    /// The origin, the client's request or we ourselves failed it; the text says what happened.
    Failed(String),
}

/// Gathers a record while the exchange runs, and sends it when the exchange is over, however it ends. In a box: it goes
/// with the exchange from hand to hand.
#[derive(Debug)]
pub(crate) struct Recorder {
    began: SystemTime,
    clock: tokio::time::Instant,
    method: Method,
    url: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) ending: Ending,
    pub(crate) untouched: Option<Untouched>,
    pub(crate) page: Option<String>,
    pub(crate) changes: Changes,
    pub(crate) sent: u64,
    pub(crate) never_downloaded: u64,
    records: Option<Arc<mpsc::Sender<ExchangeRecord>>>,
}

impl Recorder {
    /// Until told otherwise the exchange counts as left by its client: that is what happened when nothing more is
    /// heard of it.
    pub(crate) fn begin(method: Method, url: String, records: Arc<mpsc::Sender<ExchangeRecord>>) -> Box<Self> {
        Box::new(Self {
            began: SystemTime::now(),
            clock: tokio::time::Instant::now(),
            method,
            url,
            status: None,
            ending: Ending::ClientLeft,
            untouched: None,
            page: None,
            changes: Changes::default(),
            sent: 0,
            never_downloaded: 0,
            records: Some(records),
        })
    }

    /// This was no traffic: nothing is told about it.
    pub(crate) fn discard(&mut self) {
        self.records = None;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let Some(records) = self.records.take() else { return };
        let mut url = std::mem::take(&mut self.url);
        if url.len() > URL_LIMIT {
            let end = (0..=URL_LIMIT).rev().find(|&at| url.is_char_boundary(at)).unwrap_or(0);
            url.truncate(end);
        }
        let record = ExchangeRecord {
            began: self.began,
            took: self.clock.elapsed(),
            method: std::mem::take(&mut self.method),
            url,
            status: self.status,
            ending: std::mem::replace(&mut self.ending, Ending::Complete),
            untouched: self.untouched.take(),
            page: self.page.take(),
            changes: std::mem::take(&mut self.changes).into_list(),
            sent: self.sent,
            never_downloaded: self.never_downloaded,
        };
        // A slow reader of records loses records; traffic goes on.
        if records.try_send(record).is_err() {
            tracing::debug!("a record was lost: the reader is slow or gone");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_record_knows_its_host_however_the_target_was_written() {
        for (url, host) in [
            ("http://a.test/x?y=http://b.test/", "a.test"),
            ("http://a.test:81/@b.test", "a.test"),
            ("http://a.test?x", "a.test"),
            ("a.test:443", "a.test"),
            ("[2001:db8::7]:443", "[2001:db8::7]"),
            ("http://[2001:db8::7]/", "[2001:db8::7]"),
            ("http://u:p@a.test:81/", "a.test"),
            ("/x", ""),
        ] {
            let (records, mut heard) = mpsc::channel(1);
            drop(Recorder::begin(Method::GET, url.into(), Arc::new(records)));
            assert_eq!(heard.recv().await.unwrap().host(), host, "{url}");
        }
    }
}
