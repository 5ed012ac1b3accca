//! Sites whose pages are filtered in another way than all others.

use std::collections::HashMap;
use std::sync::Arc;

use crate::pipeline::Selection;
use crate::rules::Context;
use crate::site::site;
use crate::{Profile, RequestHead, Standing};

/// How many sites may have profiles of their own; further ones are filtered as all are.
pub const SITES_LIMIT: usize = 1024;

/// Profiles of their own for the pages of some sites: none at all, or other ones than are in force everywhere.
///
/// What counts is which page asks, not whom it asks: a page's parts come from many hosts, and a tracker on it is part of
/// another page elsewhere. A request of which no page is known goes by its own host.
#[derive(Clone, Default)]
pub struct SitePolicies {
    own: HashMap<Box<str>, Arc<Selection>>,
    /// Knows what asked for what, if it is there.
    standing: Option<Arc<Standing>>,
}

impl SitePolicies {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// The same, with a memory: what a frame asks for is part of the page around it, which only earlier requests tell.
    pub fn remembering(self, standing: Option<Arc<Standing>>) -> Self {
        Self { standing, ..self }
    }

    /// The host of the page that a request is a part of, where that is known.
    pub(crate) fn page_of(&self, request: &RequestHead) -> Option<String> {
        let context = match &self.standing {
            Some(standing) => Context::among(standing, request),
            None => Context::new(request),
        };
        context.top().or(context.source()).map(str::to_owned)
    }

    /// The profiles for the pages of a host, in lower case, where they are other ones.
    pub(crate) fn of_host(&self, host: &str) -> Option<&Selection> {
        let host = host.trim_end_matches('.');
        self.own.get(host).or_else(|| self.own.get(site(host))).map(|own| &**own)
    }
}

impl<N: Into<Box<str>>> FromIterator<(N, Vec<Arc<dyn Profile>>)> for SitePolicies {
    /// Of pairs of a name and profiles in their order of work. A registered domain stands for all below it too, another host
    /// for itself; in lower case, without a dot at the end, an IPv6 address in brackets. At most [`SITES_LIMIT`].
    fn from_iter<T: IntoIterator<Item = (N, Vec<Arc<dyn Profile>>)>>(sites: T) -> Self {
        let own = |(name, profiles): (N, _)| (name.into(), Arc::new(Selection::new(profiles)));
        Self { own: sites.into_iter().take(SITES_LIMIT).map(own).collect(), standing: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_domain_stands_for_all_below_it_and_any_other_host_for_itself() {
        let names = ["example.co.uk", "www.shop.test", "github.io", "192.0.2.7", "[2001:db8::7]", "nas"];
        let sites: SitePolicies = names.into_iter().map(|name| (name, Vec::new())).collect();
        for (host, has_its_own) in [
            ("example.co.uk", true),
            ("a.b.example.co.uk.", true),
            ("other.co.uk", false),
            ("www.shop.test", true),
            ("shop.test", false),
            ("me.github.io", false),
            ("github.io", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("[2001:db8::7]", true),
            ("nas", true),
        ] {
            assert_eq!(sites.of_host(host).is_some(), has_its_own, "{host}");
        }
        let many: SitePolicies = (0..=SITES_LIMIT).map(|n| (format!("s{n}.test"), Vec::new())).collect();
        assert_eq!(many.own.len(), SITES_LIMIT);
    }
}
