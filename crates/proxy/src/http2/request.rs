//! A request of HTTP/2 in the terms of those before it: a whole address, `Host`, and one `Cookie`.

use std::sync::Arc;

use h2::RecvStream;
use http::header::{COOKIE, EXPECT, HOST, HeaderMap, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Uri};

use super::client_stream::ClientStream;
use super::received::Received;
use crate::Limits;
use crate::error::Error;
use crate::exchange::Inbound;
use crate::target::HostPort;

/// Reads a request that came on a connection for addresses of `scheme`. h2 has refused what is malformed in itself:
/// pseudo-fields, upper case, fields about a connection, `TE` for more than trailers (RFC 9113 8.2, 8.3).
pub(super) fn read(
    request: Request<RecvStream>,
    scheme: &Scheme,
    limits: &Limits,
    client: &Arc<ClientStream>,
) -> Result<Box<Inbound>, Error> {
    let (mut parts, stream) = request.into_parts();
    if parts.method == Method::CONNECT {
        return Err(Error::bad_request("CONNECT is for proxies, and HTTP/2 is spoken behind one here."));
    }
    if parts.headers.len() > limits.fields {
        return Err(Error::too_many_fields(limits.fields));
    }
    // RFC 9110 9.3.8; here no field needs to announce it.
    if parts.method == Method::TRACE && !stream.is_end_stream() {
        return Err(Error::bad_request("A TRACE request announces content."));
    }
    address(&mut parts, scheme)?;
    join_cookies(&mut parts.headers);
    let mut body = Received::new(stream, &parts.headers, limits.http2_stream_window());
    if parts.headers.contains_key(EXPECT) {
        // As hyper does for a client of HTTP/1.1: whoever wants the body asks for it.
        let client = Arc::clone(client);
        body.begin_with(move || client.go_on());
    }
    Ok(Inbound::over_http2(parts, body))
}

/// Makes the target whole and `Host` agree with it (RFC 9113 8.3.1). What is no host and port is refused with `Host`.
fn address(parts: &mut Parts, scheme: &Scheme) -> Result<(), Error> {
    if parts.uri.scheme().is_some_and(|named| named != scheme) {
        return Err(Error::bad_request("Its :scheme is not that of the connection it came on."));
    }
    let path = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let names_all = parts.method == Method::OPTIONS && path == "*";
    if !path.starts_with('/') && !names_all {
        return Err(Error::bad_request("Its :path does not begin with a slash."));
    }
    let host = host(&parts.headers)?;
    let authority = match (parts.uri.authority(), &host) {
        (Some(authority), Some(host)) if !agree(authority, host, scheme)? => {
            return Err(Error::bad_request("Its Host is not its :authority."));
        }
        (Some(authority), _) => authority.clone(),
        (None, Some(host)) => host.clone(),
        (None, None) => return Err(Error::bad_request("It names no host.")),
    };
    let no_host = |_| Error::bad_request("Its :authority is no host and port.");
    parts.headers.insert(HOST, HeaderValue::try_from(authority.as_str()).map_err(no_host)?);
    if parts.uri.authority().is_none() {
        let mut whole = std::mem::take(&mut parts.uri).into_parts();
        whole.scheme = Some(scheme.clone());
        whole.authority = Some(authority);
        parts.uri =
            Uri::from_parts(whole).map_err(|error| Error::bad_request(format!("It has no valid address: {error}.")))?;
    }
    Ok(())
}

fn host(fields: &HeaderMap) -> Result<Option<Authority>, Error> {
    let mut lines = fields.get_all(HOST).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(host), None) => Authority::try_from(host.as_bytes())
            .map(Some)
            .map_err(|_| Error::bad_request("The Host field is no host and port.")),
        (Some(_), Some(_)) => Err(Error::bad_request("The request has more than one Host field.")),
    }
}

/// Whether both name the same host and port.
fn agree(one: &Authority, other: &Authority, scheme: &Scheme) -> Result<bool, Error> {
    let (one, other) = (HostPort::of(one)?, HostPort::of(other)?);
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    Ok(one.host.eq_ignore_ascii_case(other.host) && one.port.unwrap_or(default) == other.port.unwrap_or(default))
}

/// Puts the crumbs of a cookie together again (RFC 9113 8.2.3): filters and HTTP/1 know one field.
fn join_cookies(fields: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = fields.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() < 2 {
        return;
    }
    if let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        fields.insert(COOKIE, whole);
    }
}
