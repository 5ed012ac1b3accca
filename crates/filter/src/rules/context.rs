//! What a rule can ask about a request.

use std::ops::Range;

use http::header::{ORIGIN, REFERER};
use http::{Method, Uri};

use crate::site::site;
use crate::{Destination, RequestHead};

/// One request, taken apart once for all rules.
///
/// Some of it may be unknown: clients need not say what a request is for, nor which page made it. A condition that asks
/// for something of what is unknown is not met; one that only excludes something is.
#[derive(Debug)]
pub(super) struct Context {
    /// The address as the client wrote it, but for a lower-case host and no usual port.
    pub(super) url: String,
    /// The same in lower case.
    pub(super) lower: String,
    /// Where the host is in both.
    pub(super) host: Range<usize>,
    /// The host of the page that asks; a page asks for itself.
    pub(super) source: Option<String>,
    /// Whether that page is of another site.
    pub(super) third_party: Option<bool>,
    pub(super) destination: Destination,
    pub(super) method: Method,
}

impl Context {
    pub(super) fn new(request: &RequestHead) -> Self {
        let (url, host) = address(&request.target);
        let lower = url.to_ascii_lowercase();
        let destination = request.destination();
        let own = || lower.get(host.clone()).unwrap_or_default().to_owned();
        let page = destination == Destination::Page;
        let source = if page { Some(own()) } else { page_behind(request) };
        let third_party = match request.fields.text("sec-fetch-site") {
            _ if page => Some(false),
            Some("cross-site") => Some(true),
            Some(_) => Some(false),
            None => source.as_deref().map(|source| site(source) != site(&own())),
        };
        Self { lower, host, source, third_party, destination, method: request.method.clone(), url }
    }

    pub(super) fn host(&self) -> &str {
        self.lower.get(self.host.clone()).unwrap_or_default()
    }
}

/// The address as text, and where the host is in it.
fn address(target: &Uri) -> (String, Range<usize>) {
    let scheme = target.scheme_str().unwrap_or("http");
    let host = target.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = target.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    let path = target.path_and_query().map_or("/", |path| path.as_str());
    let begin = scheme.len() + 3;
    (format!("{scheme}://{host}{port}{path}"), begin..begin + host.len())
}

/// The host of the page that made the request, as far as the browser's policy lets it say so (Referrer Policy 3).
fn page_behind(request: &RequestHead) -> Option<String> {
    [ORIGIN, REFERER].into_iter().find_map(|name| {
        let page: Uri = request.fields.text(name)?.parse().ok()?;
        page.host().map(|host| host.trim_end_matches('.').to_ascii_lowercase())
    })
}
