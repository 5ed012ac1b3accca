//! Who asks: the page's own site, or another one.

use http::Uri;
use http::header::{ORIGIN, REFERER};

use crate::rules::Context;
use crate::site::{host, site};
use crate::{Destination, RequestHead, Standing};

/// Whose an exchange is. Found out when the first row needs it, and kept: another row may take off what says it.
#[derive(Debug, Default)]
pub(super) struct Party(Option<Parties>);

/// To whom the other end is another site, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties {
    /// To the page that asks, which may be a frame.
    pub(super) to_document: Option<bool>,
    /// To the page whose address a person sees.
    pub(super) to_tab: Option<bool>,
}

impl Party {
    /// As rules see it ([`Context`]): a page in a tab is its own, and where the request does not say who asks there is no
    /// answer. What a frame has from its own site is another site's in the tab of another page.
    pub(super) fn of(&mut self, request: &RequestHead, standing: &Standing) -> Parties {
        *self.0.get_or_insert_with(|| {
            let to_document = Context::new(request).third_party();
            // Also where nobody needs it: later requests may be of the page that this one is for.
            let among = Context::among(standing, request);
            let is_framed = || {
                let is_elsewhere = |top: &str| !is_same_site(top, request);
                is_framed_by_its_word(request) || among.top().is_some_and(is_elsewhere)
            };
            let is_own = to_document == Some(false) && among.destination() != Destination::Page;
            let to_tab = if is_own { Some(is_framed()) } else { to_document };
            Parties { to_document, to_tab }
        })
    }
}

/// Whether a browser says that the request is made in a tab of another site: the field comes where cookies would cross sites,
/// and a frame's requests to its own site are among these (Storage Access Headers; Chromium has it).
fn is_framed_by_its_word(request: &RequestHead) -> bool {
    request.fields.has("sec-fetch-storage-access")
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
