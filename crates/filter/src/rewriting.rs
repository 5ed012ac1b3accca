//! What holds for every address that is rewritten: which ones may be, how a client learns of it, and who goes round in circles.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HeaderValue, LOCATION, REFERER};
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Uri};

use crate::{Answer, Destination, Fields, RequestHead};

/// Parameters that sign the rest of the query: an address that has one is left as it is.
const SIGNATURES: &[&str] = &[
    "expires",
    "hmac",
    "oauth_signature",
    "key-pair-id",
    "policy",
    "sig",
    "sign",
    "signature",
    "x-amz-signature",
    "x-goog-signature",
];

/// Schemes of `Authorization` that sign the address (RFC 9110 11.6.2 names the field, RFC 7616 and others the schemes).
const SIGNING_SCHEMES: &[&str] = &["aws4-hmac-sha256", "digest", "hawk", "oauth"];

/// How many addresses are remembered, of each kind; the oldest is forgotten first.
const MEMORY: usize = 256;

/// As often as this among the last [`MEMORY`] redirects a site may send somebody to one and the same address with
/// tracking parameters; then it is taken for a circle, which browsers give up after some twenty rounds.
const ROUNDS: usize = 3;

/// What is recorded where a client is sent nowhere else, for it was too often in a row.
pub(crate) const LEFT_AS_IT_IS: &str = "Address left as it is: one redirect led to the next";

/// Whether the address of this request may be another: nothing is done by asking for it, and nothing signs it. Who asks first
/// whether it may ask (Fetch 4.8) means the address that it is going to ask for.
pub(crate) fn is_free(request: &RequestHead) -> bool {
    let announced = request.fields.text(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| request.method == Method::OPTIONS);
    let fetches = matches!(announced.unwrap_or(request.method.as_str()), "GET" | "HEAD");
    fetches && !is_signed(request) && !request.target.query().is_some_and(has_signature)
}

/// Whether a parameter signs the rest of the query.
pub(crate) fn has_signature(query: &str) -> bool {
    let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
    query.split('&').any(|parameter| SIGNATURES.contains(&name(parameter).as_str()))
}

/// Whether something in the head signs the address.
fn is_signed(request: &RequestHead) -> bool {
    let scheme = request.fields.text(AUTHORIZATION).and_then(|value| value.split(' ').next());
    request.fields.has("signature-input")
        || scheme.is_some_and(|scheme| SIGNING_SCHEMES.iter().any(|signing| scheme.eq_ignore_ascii_case(signing)))
}

/// Sends a client elsewhere: 307 keeps the method (RFC 9110 15.4.8); no cache keeps it.
pub(crate) fn redirect(to: &str) -> Option<Answer> {
    let location = HeaderValue::try_from(to).ok()?;
    let mut answer = Answer::new(StatusCode::TEMPORARY_REDIRECT, None, Bytes::new());
    answer.fields.set(LOCATION, location).ok()?;
    Some(answer)
}

/// Sites that answer a cleaned address by sending the visitor to the uncleaned one, at once or after some detours: cleaning
/// again would go round for ever.
#[derive(Debug, Default)]
pub(crate) struct Circles {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Cleaned addresses whose site insists on the others.
    insisting: VecDeque<String>,
    /// Uncleaned addresses that sites redirected to.
    redirected_to: VecDeque<String>,
}

impl Circles {
    /// Whether this address must not be put in place of the one that is asked for. A page that asks for its own address as it
    /// was before sends nobody back, but time and again it comes to the same.
    pub(crate) fn insists(&self, request: &RequestHead, destination: Destination, cleaned: &Uri) -> bool {
        let page = request.fields.text(REFERER).filter(|_| destination == Destination::Page);
        if page.and_then(|page| page.parse().ok()).is_some_and(|page: Uri| page == *cleaned) {
            self.redirected(&request.target, &request.target, cleaned);
        }
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insisting.contains(&key(cleaned))
    }

    /// Who asked for `asked` is sent to `location`, in whose place `cleaned` would be put.
    pub(crate) fn redirected(&self, asked: &Uri, location: &Uri, cleaned: &Uri) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (location, cleaned) = (key(location), key(cleaned));
        let at_once = cleaned == key(asked);
        let rounds = memory.redirected_to.iter().filter(|known| **known == location).count() + 1;
        remember(&mut memory.redirected_to, location);
        if (at_once || rounds >= ROUNDS) && !memory.insisting.contains(&cleaned) {
            remember(&mut memory.insisting, cleaned);
        }
    }
}

fn remember(addresses: &mut VecDeque<String>, address: String) {
    if addresses.len() == MEMORY {
        addresses.pop_front();
    }
    addresses.push_back(address);
}

/// The same text for the same address: lower-case host, and no port where it is the usual one.
pub(crate) fn key(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let usual = if scheme == "https" { 443 } else { 80 };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let port = uri.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}", uri.path_and_query().map_or("/", PathAndQuery::as_str))
}

/// Where a redirect leads, made absolute.
pub(crate) fn location(request: &RequestHead, status: StatusCode, fields: &Fields) -> Option<Uri> {
    let value = if status.is_redirection() { fields.text(LOCATION)? } else { return None };
    resolve(&request.target, value)
}

/// A `Location` value made absolute (RFC 9110 10.2.2, RFC 3986 5.2.2); dot segments are left to the origin, which has
/// never been seen to send them.
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    if let Ok(absolute) = location.parse::<Uri>()
        && absolute.scheme().is_some()
    {
        return Some(absolute);
    }
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let path = base.path();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    match location.as_bytes() {
        [] => None,
        [b'/', b'/', ..] => format!("{scheme}:{location}").parse().ok(),
        [b'/', ..] => format!("{scheme}://{authority}{location}").parse().ok(),
        [b'?', ..] => format!("{scheme}://{authority}{path}{location}").parse().ok(),
        _ => format!("{scheme}://{authority}{folder}/{location}").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let circles = Circles::default();
        for n in 0..MEMORY * 2 {
            let uri: Uri = format!("http://a.test/{n}").parse().unwrap();
            circles.redirected(&uri, &uri, &uri);
        }
        let memory = circles.memory.lock().unwrap();
        assert_eq!((memory.insisting.len(), memory.redirected_to.len()), (MEMORY, MEMORY));
    }
}
