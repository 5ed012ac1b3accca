//! What Chromium asked for and got, by the log that it keeps of its network: whatever asked, a page, a worker or the browser
//! itself.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// One request and its answer, as they went over the line but for codings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    pub method: String,
    pub url: String,
    /// The status line and the fields of the answer; none where no answer came.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

/// The names of the events that are read.
const BEGINS: &str = "URL_REQUEST_START_JOB";
const HEAD: &str = "HTTP_TRANSACTION_READ_RESPONSE_HEADERS";
const BYTES: &str = "URL_REQUEST_JOB_FILTERED_BYTES_READ";

/// Everything in a log, in the order in which it began.
///
/// # Panics
/// Where this is no such log.
pub(super) fn read(log: &[u8]) -> Vec<Fetched> {
    let log: Value = serde_json::from_slice(log).expect("a log of the network");
    let types = &log["constants"]["logEventTypes"];
    let (mut all, mut last) = (Vec::<Fetched>::new(), HashMap::<u64, usize>::new());
    for event in log["events"].as_array().expect("events") {
        let (source, params) = (event["source"]["id"].as_u64().unwrap_or_default(), &event["params"]);
        let text = |name: &str| params[name].as_str().unwrap_or_default().to_owned();
        let is = |name: &str| event["type"] == types[name];
        // A redirect begins another one in the same place.
        if is(BEGINS) && params["url"].is_string() {
            last.insert(source, all.len());
            all.push(Fetched { method: text("method"), url: text("url"), ..Fetched::default() });
        }
        let Some(fetched) = last.get(&source).and_then(|at| all.get_mut(*at)) else { continue };
        if is(HEAD) {
            let lines = params["headers"].as_array().into_iter().flatten();
            fetched.head = lines.filter_map(|line| line.as_str().map(str::to_owned)).collect();
        } else if is(BYTES) {
            fetched.body.extend(BASE64_STANDARD.decode(text("bytes")).expect("bytes"));
        }
    }
    all
}
