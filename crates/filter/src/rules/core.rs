//! The bulk of the rules: those that the `adblock` library does as they are meant.

use adblock::lists::ParseOptions;
use adblock::request::Request;
use adblock::resources::PermissionMask;
use adblock::sourcemap::FilterRuleDebugInfo;
use adblock::{Engine, FilterSet};

use super::context::Context;
use super::stubs;
use crate::Destination;

/// Rules that stop requests by address, type, party and page, and rules about pages.
pub(super) struct Core(Engine);

/// What was found for one request.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) block: Option<Place>,
    pub(super) exception: Option<Place>,
    /// Exceptions do not count against the rule that stops it.
    pub(super) important: bool,
}

impl Found {
    /// What is true of both.
    fn and(self, other: Self) -> Self {
        Self {
            block: self.block.and(other.block),
            exception: self.exception.or(other.exception),
            important: self.important && other.important,
        }
    }
}

/// A rule and the number of its list.
pub(super) type Place = (String, u16);

impl Core {
    /// Builds the rules of each list, in their order, each with whether the list is trusted.
    pub(super) fn build(lists: impl IntoIterator<Item = (String, bool)>) -> Self {
        let mut set = FilterSet::new(true);
        for (text, trusted) in lists {
            let permissions = if trusted { stubs::TRUSTED } else { PermissionMask::default() };
            set.add_filter_list(text, ParseOptions { permissions, ..ParseOptions::default() });
        }
        let mut engine = Engine::new_with_filter_set_no_optimize(set);
        engine.use_resources(stubs::scriptlets());
        Self(engine)
    }

    /// What the rules have for a request. Where another rule stops it already, only exceptions are asked for.
    ///
    /// What is not known of it may be one thing or another: what stops it has to do so either way, and what lets it pass may do
    /// so one way.
    pub(super) fn check(&self, context: &Context, stopped: bool) -> Found {
        let parties = context.third_party.map_or(&[true, false][..], |third| if third { &[true] } else { &[false] });
        let types: &[&str] = match context.destination {
            Destination::Unknown => &["other", "object"],
            destination => &[type_name(destination)],
        };
        let each = types.iter().flat_map(|type_name| parties.iter().map(move |third| (*type_name, *third)));
        let found = each.map(|(type_name, third)| self.check_as(context, type_name, third, stopped));
        found.reduce(Found::and).unwrap_or_default()
    }

    fn check_as(&self, context: &Context, type_name: &str, third_party: bool, stopped: bool) -> Found {
        let request = Request::preparsed(
            &context.url,
            context.host(),
            context.source.as_deref().unwrap_or_default(),
            type_name,
            third_party,
            context.method.as_str(),
        );
        let result = self.0.check_network_request_subset(&request, stopped, false);
        Found {
            important: result.important,
            block: result.filter.and_then(place),
            exception: result.exception.and_then(place),
        }
    }

    /// What the rules have for the page at an address.
    pub(super) fn page(&self, url: &str) -> adblock::cosmetic_filter_cache::UrlSpecificResources {
        self.0.url_cosmetic_resources(url)
    }

    /// The generic selectors that hide something with one of these classes or ids.
    pub(super) fn hidden_by(
        &self,
        classes: &[String],
        ids: &[String],
        exceptions: &std::collections::HashSet<String>,
    ) -> Vec<String> {
        self.0.hidden_class_id_selectors(classes, ids, exceptions)
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

/// Where a rule stands; none for what only says that something was found before.
fn place(found: FilterRuleDebugInfo) -> Option<Place> {
    let list = found.source_location.and_then(|place| u16::try_from(place.source_index).ok()).unwrap_or(u16::MAX);
    Some((found.raw_line?, list))
}

/// The library's word for what a request is for.
fn type_name(destination: Destination) -> &'static str {
    match destination {
        Destination::Page => "main_frame",
        Destination::Frame => "sub_frame",
        Destination::Image => "image",
        Destination::Script => "script",
        Destination::Style => "stylesheet",
        Destination::Font => "font",
        Destination::Media => "media",
        Destination::Fetch => "xmlhttprequest",
        Destination::Object => "object",
        Destination::Ping => "ping",
        Destination::WebSocket => "websocket",
        _ => "other",
    }
}
