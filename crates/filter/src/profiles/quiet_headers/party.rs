//! Who asks: the page's own site, or another one.

use http::Uri;
use http::header::{ORIGIN, REFERER};

use crate::RequestHead;
use crate::rules::Context;
use crate::site::{host, site};

/// Whether an exchange is with another site than that of the page that asks. Found out when the first row needs it, and kept:
/// another row may take off what says it.
#[derive(Debug, Default)]
pub(super) struct Party(Option<Option<bool>>);

impl Party {
    /// As rules see it ([`Context`]): a page in a tab is its own, and where nobody said who asks there is no answer.
    pub(super) fn is_third(&mut self, request: &RequestHead) -> Option<bool> {
        *self.0.get_or_insert_with(|| Context::new(request).third_party())
    }
}

/// Whether another site led to this request, also where it is for a page in a tab: by `Sec-Fetch-Site` (Fetch Metadata 2.4),
/// and where that is missing by `Origin` or `Referer`.
pub(super) fn is_from_elsewhere(request: &RequestHead) -> bool {
    match request.fields.text("sec-fetch-site") {
        Some(said) => said == "cross-site",
        None => [ORIGIN, REFERER].into_iter().find_map(|name| request.fields.text(name)).is_some_and(|page| {
            let page = page.parse::<Uri>().ok();
            page.as_ref().and_then(host).is_some_and(|page| !is_same_site(page, request))
        }),
    }
}

/// Whether an address in a field of an answer is one of another site. A relative one is the origin's own; what cannot be read
/// is nobody's.
pub(super) fn leads_elsewhere(address: &str, request: &RequestHead) -> bool {
    let absolute = match address.split_once("//") {
        Some(("" | "http:" | "https:" | "HTTP:" | "HTTPS:", rest)) => rest,
        _ => return false,
    };
    let authority = absolute.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    format!("http://{authority}/").parse::<Uri>().ok().as_ref().and_then(host).is_none_or(|it| !is_same_site(it, request))
}

/// Whether a host belongs to the site of the target.
pub(super) fn is_same_site(other: &str, request: &RequestHead) -> bool {
    let plain = |host: &str| host.trim_end_matches('.').to_ascii_lowercase();
    site(&plain(other)) == site(&plain(host(&request.target).unwrap_or_default()))
}
