//! The page from which other devices get our certificate: a name that leads to nobody else, answered here.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue};
use http::{Method, Response};
use tamis_authority::Authority;

use crate::answer;
use crate::body::OutBody;
use crate::error::Error;

/// What the page is called. `internal` is reserved for names like this one, which are never in the public DNS (ICANN Board
/// resolution 2024.07.29.06).
pub(crate) const HOST: &str = "tamis.internal";

/// Answers what is asked there; `authority` is none where no HTTPS is opened.
pub(crate) fn answer(
    method: &Method,
    path: &str,
    authority: Option<&Arc<Authority>>,
) -> Result<Response<OutBody>, Error> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Error::not_here("This page can only be read."));
    }
    match (path, authority) {
        ("/", authority) => Ok(page(authority.map(Arc::as_ref))),
        // Devices go by the type and by the name: the first is taken as a certificate to install, the second as text.
        ("/tamis.crt", Some(authority)) => {
            let der = Bytes::copy_from_slice(authority.certificate());
            Ok(file(der, "application/x-x509-ca-cert", "attachment; filename=\"tamis.crt\""))
        }
        ("/tamis.pem", Some(authority)) => {
            let pem = Bytes::copy_from_slice(authority.certificate_pem().as_bytes());
            Ok(file(pem, "application/x-pem-file", "attachment; filename=\"tamis.pem\""))
        }
        _ => Err(Error::not_here("There is no such page of Tamis.")),
    }
}

fn file(content: Bytes, media_type: &'static str, disposition: &'static str) -> Response<OutBody> {
    let mut response = answer::own(media_type, content);
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    response
}

fn page(authority: Option<&Authority>) -> Response<OutBody> {
    let content = authority.map_or_else(|| NOTHING_TO_DO.to_owned(), offer);
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Tamis: certificate</title>\
         <style>{STYLE}</style><main><h1>The certificate of Tamis</h1>{content}</main></html>\n"
    );
    let mut response = answer::own("text/html; charset=utf-8", Bytes::from(text));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:24px;color-scheme:light dark}\
    main{max-width:38em;margin:auto}h1{font-size:1.4em}code{overflow-wrap:anywhere;font-size:.85em}\
    a.get{display:inline-block;padding:.6em 1em;border-radius:8px;background:#1f6f5c;color:#fff;text-decoration:none}";

const NOTHING_TO_DO: &str = "<p>Your connection goes through Tamis, and Tamis does not open HTTPS at present. So this \
    device needs no certificate. To change that, choose a level under HTTPS in the window of Tamis.</p>";

fn offer(authority: &Authority) -> String {
    let fingerprint = authority.fingerprint();
    format!(
        "<p>Your connection goes through Tamis, which opens HTTPS. A device that does not know its certificate is let \
         through untouched as soon as it says so.</p>\
         <p>With the certificate Tamis can read and change what this device sends and gets over HTTPS. Install it only if \
         you know whose Tamis this is, and trust them with that.</p>\
         <p><a class=\"get\" href=\"/tamis.crt\">Get the certificate</a></p>\
         <p>Or as <a href=\"/tamis.pem\">PEM</a>, for programs. Its SHA-256 fingerprint, to compare with the one in the \
         window of Tamis:</p><p><code>{fingerprint}</code></p>\
         <ul><li>Android: Settings, Security, More, Install a certificate, CA certificate. Only browsers and some programs \
         take it.</li><li>iPhone and iPad: open the file in Settings, install the profile, then switch it on under \
         General, About, Certificate Trust Settings.</li><li>Another computer: open the file and put it among the trusted \
         roots; Firefox has a list of its own in its settings.</li></ul>\
         <p>To undo it, remove the certificate in the same place.</p>"
    )
}
