//! What Tamis fetches for itself: one GET, by the ways that this computer's programs take, with a bound on everything.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HOST, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION, USER_AGENT,
};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::OnceCell;

use crate::Shared;
use crate::access::Who;
use crate::intercept::{OwnTls, Trust};
use crate::line::LineIo;

/// How often a server may send us elsewhere.
const REDIRECTS: usize = 5;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long a server may keep silent.
const SILENCE: Duration = Duration::from_secs(30);

/// As in `Via`: the same for everybody.
const OURSELVES: HeaderValue = HeaderValue::from_static("tamis");

/// What is to be fetched.
#[derive(Debug, Clone, Default)]
pub struct Fetch {
    /// An `https` address; an `http` one only where [`Fetch::may_be_plain`].
    pub url: String,
    /// What is fetched was chosen by its address, although anybody on the way can change what comes over http.
    pub may_be_plain: bool,
    /// The entity tag of what is here already (RFC 9110 13.1.2).
    pub etag: Option<String>,
    /// The date of what is here already, as it was told (RFC 9110 13.1.3).
    pub last_modified: Option<String>,
    /// How many bytes may come, as they are sent.
    pub limit: usize,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// What is here already is what there is.
    NotModified,
    /// The representation, perhaps packed with gzip.
    Body {
        /// At most [`Fetch::limit`].
        bytes: Vec<u8>,
        /// Its entity tag.
        etag: Option<String>,
        /// Its date.
        last_modified: Option<String>,
    },
}

/// Why nothing came, as a clause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(String);

fn fails<T>(why: impl Into<String>) -> Result<T, FetchError> {
    Err(FetchError(why.into()))
}

fn failed(error: impl ToString) -> FetchError {
    FetchError(error.to_string())
}

/// Fetches what Tamis needs itself. Each has read the system's roots once.
#[derive(Debug)]
pub struct Fetcher {
    shared: Arc<Shared>,
    trust: Trust,
    tls: OnceCell<OwnTls>,
}

impl Fetcher {
    pub(crate) fn new(shared: Arc<Shared>, trust: Trust) -> Self {
        Self { shared, trust, tls: OnceCell::new() }
    }

    /// Fetches, by the ways that are in force now.
    ///
    /// # Errors
    /// When the address is none that may be fetched, cannot be reached, cannot be trusted, does not answer properly, or has
    /// more to say than there is room for.
    pub async fn fetch(&self, what: &Fetch) -> Result<Fetched, FetchError> {
        let fetched = tokio::time::timeout(PATIENCE, self.follow(what)).await;
        fetched.unwrap_or_else(|_| fails(format!("it took more than {} seconds", PATIENCE.as_secs())))
    }

    async fn follow(&self, what: &Fetch) -> Result<Fetched, FetchError> {
        let mut url: Uri = what.url.parse().map_err(|_| FetchError("this is no address".into()))?;
        for _ in 0..=REDIRECTS {
            may_be_fetched(&url, what.may_be_plain)?;
            let response = self.ask(&url, what).await?;
            match response.status() {
                StatusCode::NOT_MODIFIED => return Ok(Fetched::NotModified),
                StatusCode::OK => return received(response, what.limit).await,
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    let next = elsewhere(&url, response.headers())?;
                    if url.scheme() == Some(&Scheme::HTTPS) && next.scheme() != Some(&Scheme::HTTPS) {
                        return fails("the server leads from https to http");
                    }
                    url = next;
                }
                status => return fails(format!("the server answers {status}")),
            }
        }
        fails(format!("the server leads elsewhere more than {REDIRECTS} times"))
    }

    async fn ask(&self, url: &Uri, what: &Fetch) -> Result<Response<Incoming>, FetchError> {
        let is_sealed = url.scheme() == Some(&Scheme::HTTPS);
        let authority = with_port(url, if is_sealed { 443 } else { 80 })?;
        let mut request = request(url, what)?;
        let ways = &self.shared.in_force().ways;
        let upstream = ways.of(Who::ThisComputer);
        if !is_sealed {
            // Wherever a server leads us: what is no request of the web is not to be made of one.
            self.shared.access.check_origin(&authority).map_err(|error| FetchError(error.detail))?;
        }
        let line = if is_sealed {
            let end = upstream.tunnel(&authority, HeaderMap::new()).await.map_err(|error| FetchError(error.detail))?;
            let stream = self.tls().await?.begin(end, &authority, self.shared.limits.connect).await.map_err(failed)?;
            *request.uri_mut() = path_of(url);
            LineIo::to_origin_sealed(stream.into())
        } else {
            let line = upstream.for_own_request(&authority, &mut request).await;
            line.map_err(|error| FetchError(error.detail))?
        };
        let asked = async {
            let (mut sender, conversation) = http1::Builder::new()
                .max_headers(self.shared.limits.fields)
                .max_buf_size(self.shared.limits.buffer())
                .handshake(TokioIo::new(line))
                .await?;
            tokio::spawn(conversation);
            sender.send_request(request).await
        };
        let answered = tokio::time::timeout(SILENCE, asked).await;
        answered.map_err(|_| FetchError(silent()))?.map_err(failed)
    }

    async fn tls(&self) -> Result<&OwnTls, FetchError> {
        self.tls.get_or_try_init(|| OwnTls::trusting(self.trust.clone())).await.map_err(failed)
    }
}

fn silent() -> String {
    format!("the server was silent for {} seconds", SILENCE.as_secs())
}

fn may_be_fetched(url: &Uri, may_be_plain: bool) -> Result<(), FetchError> {
    match url.scheme_str() {
        Some("https") => {}
        Some("http") if may_be_plain => {}
        Some("http") => return fails("it is not an https address"),
        _ => return fails("this is no web address"),
    }
    match url.authority() {
        Some(authority) if !authority.as_str().contains('@') => Ok(()),
        _ => fails("this is no web address that Tamis asks"),
    }
}

fn with_port(url: &Uri, usual: u16) -> Result<Authority, FetchError> {
    let host = url.host().unwrap_or_default();
    let port = url.port_u16().unwrap_or(usual);
    format!("{host}:{port}").parse().map_err(failed)
}

fn path_of(url: &Uri) -> Uri {
    url.path_and_query().cloned().map_or_else(Uri::default, Uri::from)
}

fn request(url: &Uri, what: &Fetch) -> Result<Request<Empty<Bytes>>, FetchError> {
    let mut request = Request::new(Empty::new());
    let host = url.authority().map(Authority::as_str).unwrap_or_default();
    let mut set = |name: HeaderName, value: &str| -> Result<(), FetchError> {
        let value = HeaderValue::try_from(value).map_err(failed)?;
        request.headers_mut().insert(name, value);
        Ok(())
    };
    set(HOST, host)?;
    set(ACCEPT_ENCODING, "gzip")?;
    // Of conditions that no field can hold, there are none.
    let conditions = [(IF_NONE_MATCH, &what.etag), (IF_MODIFIED_SINCE, &what.last_modified)];
    for (name, value) in conditions {
        value.iter().try_for_each(|value| set(name.clone(), value))?;
    }
    request.headers_mut().insert(USER_AGENT, OURSELVES);
    *request.uri_mut() = url.clone();
    Ok(request)
}

/// Where a redirect leads (RFC 9110 10.2.2): a whole address, or one relative to where it came from.
fn elsewhere(from: &Uri, headers: &HeaderMap) -> Result<Uri, FetchError> {
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let Some(location) = location else { return fails("the server leads elsewhere and does not say where") };
    let location = location.split('#').next().unwrap_or_default();
    let (Some(scheme), Some(authority)) = (from.scheme_str(), from.authority()) else {
        return fails("this is no web address");
    };
    let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = match location {
        whole if whole.contains("://") => whole.to_owned(),
        host if host.starts_with("//") => format!("{scheme}:{host}"),
        path if path.starts_with('/') => format!("{scheme}://{authority}{path}"),
        query if query.starts_with('?') => format!("{scheme}://{authority}{}{query}", from.path()),
        beside => format!("{scheme}://{authority}{folder}/{beside}"),
    };
    whole.parse().map_err(|_| FetchError("the server leads to what is no address".into()))
}

fn too_long<T>(limit: usize) -> Result<T, FetchError> {
    fails(format!("there are more than {limit} bytes of it"))
}

async fn received(response: Response<Incoming>, limit: usize) -> Result<Fetched, FetchError> {
    let field = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let (etag, last_modified) = (field(ETAG), field(LAST_MODIFIED));
    match field(CONTENT_ENCODING).as_deref() {
        None | Some("gzip" | "x-gzip" | "identity") => {}
        Some(coding) => return fails(format!("the server packs its answer with {coding}, which was not asked for")),
    }
    if field(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return too_long(limit);
    }
    let mut body = Limited::new(response.into_body(), limit);
    let mut bytes = Vec::new();
    loop {
        let next = tokio::time::timeout(SILENCE, body.frame()).await.map_err(|_| FetchError(silent()))?;
        match next {
            None => return Ok(Fetched::Body { bytes, etag, last_modified }),
            Some(Ok(frame)) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], Bytes::as_ref)),
            Some(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return too_long(limit);
            }
            Some(Err(error)) => return fails(format!("the connection broke off: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_where_it_says_also_from_where_it_came() {
        let from: Uri = "https://a.test:8443/lists/all.txt?x=1".parse().unwrap();
        for (location, to) in [
            ("http://b.test/l.txt", "http://b.test/l.txt"),
            ("//b.test/l.txt", "https://b.test/l.txt"),
            ("/l.txt#part", "https://a.test:8443/l.txt"),
            ("?y=2", "https://a.test:8443/lists/all.txt?y=2"),
            ("new.txt", "https://a.test:8443/lists/new.txt"),
        ] {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            assert_eq!(elsewhere(&from, &headers).unwrap(), to, "{location}");
        }
        elsewhere(&from, &HeaderMap::new()).unwrap_err();
    }

    #[test]
    fn only_https_is_fetched_unless_http_was_chosen_and_nobody_s_password_is_sent() {
        for (url, may_be_plain, may) in [
            ("https://a.test/l", false, true),
            ("http://a.test/l", false, false),
            ("http://a.test/l", true, true),
            ("ftp://a.test/l", true, false),
            ("/l", true, false),
            ("https://user:secret@a.test/l", true, false),
        ] {
            assert_eq!(may_be_fetched(&url.parse().unwrap(), may_be_plain).is_ok(), may, "{url}");
        }
    }
}
