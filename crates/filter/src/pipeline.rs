//! Profiles, the filters they make, and the pipeline that runs them over one exchange.

use std::hash::Hasher;
use std::sync::Arc;

use http::uri::Authority;

use crate::body::{Opening, Prefix, describe_changed_body, readable_codings};
use crate::detours::{Detours, IN_A_ROW};
use crate::sites::SitePolicies;
use crate::validators::{Fingerprint, Translation};
use crate::{BodyTransform, Chain, Changes, RequestHead, Resolved, ResponseHead, Verdict, rewriting, rules};

/// The four services that RFC 2616 1.3 names for a non-transparent proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Notes of a group shown on pages.
    Annotation,
    /// Content in a form that suits the user or the device better.
    MediaTypeTransformation,
    /// Newer protocols made fit for older devices.
    ProtocolReduction,
    /// Less said about the user.
    AnonymityFiltering,
}

impl Service {
    /// The name in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::MediaTypeTransformation => "media-type-transformation",
            Self::ProtocolReduction => "protocol-reduction",
            Self::AnonymityFiltering => "anonymity-filtering",
        }
    }
}

/// What a user sees of a profile before ticking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Stable, in kebab case; settings and commands name the profile by it.
    pub id: &'static str,
    /// Two or three words.
    pub title: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// One word for lists, next to a change.
    pub tag: &'static str,
    /// The kind of work.
    pub service: Service,
    /// Whether it is ticked on a new installation.
    pub on_by_default: bool,
}

/// Something a user can tick: shared by all exchanges, and immutable but for memory it bounds itself.
pub trait Profile: Send + Sync {
    /// How the profile presents itself.
    fn card(&self) -> Card;

    /// Writes down what changes its work beyond this version of Tamis, say the rules of a user: copies in a client's cache
    /// that were made with other data are then fetched anew. A profile without data of its own writes nothing.
    fn identify(&self, _into: &mut dyn Hasher) {}

    /// A filter for one exchange.
    fn filter(self: Arc<Self>) -> Box<dyn Filter>;
}

/// One profile at work on one exchange. Every method does nothing unless it is written.
///
/// They are called in the order in which they stand here: those of tunnels for `CONNECT`, the others for everything else.
/// Whatever a method changes it records in `changes`.
pub trait Filter: Send {
    /// A client asks for a tunnel to `authority` (RFC 9110 9.3.6). Only the host and port can be seen.
    fn tunnel(&mut self, _authority: &Authority, _changes: &mut Changes) -> Verdict {
        Verdict::Forward
    }

    /// Whether this filter looks at what names stand for. It is told so of hosts that are looked up here, not of those that
    /// another proxy on the way looks up.
    fn wants_resolution(&self) -> bool {
        false
    }

    /// A tunnel that nothing more will be seen of is about to be made to a host that stands for this.
    fn tunnel_resolved(&mut self, _authority: &Authority, _resolved: &Resolved<'_>, _changes: &mut Changes) -> Verdict {
        Verdict::Forward
    }

    /// The client was sent elsewhere so often in a row that it must not be once more: the next address is answered as it is
    /// asked for.
    fn stay(&mut self) {}

    /// A request is about to be sent; filters see it in catalogue order.
    fn request(&mut self, _request: &mut RequestHead, _changes: &mut Changes) -> Verdict {
        Verdict::Forward
    }

    /// The host of a request that all filters let pass stands for this, and nothing of it is sent yet. `request` is as it
    /// will be.
    fn resolved(&mut self, _request: &RequestHead, _resolved: &Resolved<'_>, _changes: &mut Changes) -> Verdict {
        Verdict::Forward
    }

    /// An interim response came (RFC 9110 15.2), as often as the origin sends one; filters see it in reverse order. `request`
    /// is as it was sent.
    fn interim(&mut self, _request: &RequestHead, _response: &mut ResponseHead, _changes: &mut Changes) {}

    /// A final response came; filters see it in reverse order. `request` is as it was sent. An answer takes the response's
    /// place: what the origin sends is dropped.
    fn response(&mut self, _request: &RequestHead, _response: &mut ResponseHead, _changes: &mut Changes) -> Verdict {
        Verdict::Forward
    }

    /// Whether this filter may want to rewrite the body, and how many bytes of it (at most
    /// [`PREFIX_LIMIT`](crate::body::PREFIX_LIMIT)) it would see first. Where the body must not be changed, a wish changes nothing.
    /// `response` is the origin's head; the prefix and the transform get the body without its content codings.
    fn wants_body(&self, _request: &RequestHead, _response: &ResponseHead) -> Option<usize> {
        None
    }

    /// The body begins; asked only after [`wants_body`](Filter::wants_body).
    fn body(
        &mut self,
        _request: &RequestHead,
        _response: &ResponseHead,
        _prefix: &Prefix,
    ) -> Option<Box<dyn BodyTransform>> {
        None
    }

    /// The transform that [`body`](Filter::body) made is at work: makes the head true for what that puts into the body.
    fn head(&mut self, _response: &mut ResponseHead, _changes: &mut Changes) {}
}

/// The profiles in force, in catalogue order. Never edited: another choice makes another pipeline.
#[derive(Clone)]
pub struct Pipeline {
    everywhere: Selection,
    /// None where no site has another choice.
    sites: Option<Arc<SitePolicies>>,
    detours: Arc<Detours>,
}

impl Pipeline {
    /// A pipeline of `profiles`, which work on requests in the order given.
    pub fn new(profiles: Vec<Arc<dyn Profile>>) -> Self {
        Self { everywhere: Selection::new(profiles), sites: None, detours: Arc::default() }
    }

    /// The same, but for the pages of some sites.
    pub fn with_sites(self, sites: SitePolicies) -> Self {
        Self { sites: (!sites.is_empty()).then(|| Arc::new(sites)), ..self }
    }

    /// What tells copies made by this pipeline from copies made by another, but for those sites.
    pub fn fingerprint(&self) -> Fingerprint {
        self.everywhere.fingerprint
    }

    /// The pipeline set to work on one exchange.
    pub fn run(&self) -> Run {
        Run {
            filters: self.everywhere.filters(),
            sites: self.sites.clone(),
            detours: Arc::clone(&self.detours),
            sent_on: 0,
            page: None,
            changes: Changes::default(),
            fingerprint: self.everywhere.fingerprint,
            translation: Translation::default(),
        }
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.everywhere.profiles.iter().map(|p| p.card().id)).finish()
    }
}

/// Profiles that work together.
#[derive(Clone)]
pub(crate) struct Selection {
    profiles: Vec<Arc<dyn Profile>>,
    fingerprint: Fingerprint,
}

impl Selection {
    pub(crate) fn new(profiles: Vec<Arc<dyn Profile>>) -> Self {
        let fingerprint = Fingerprint::of(&profiles);
        Self { profiles, fingerprint }
    }

    fn filters(&self) -> Vec<(&'static str, Box<dyn Filter>)> {
        self.profiles.iter().map(|p| (p.card().id, Arc::clone(p).filter())).collect()
    }
}

/// A pipeline at work on one exchange.
pub struct Run {
    filters: Vec<(&'static str, Box<dyn Filter>)>,
    /// Until a site has set its own filters to work.
    sites: Option<Arc<SitePolicies>>,
    detours: Arc<Detours>,
    /// How often in a row the client was sent elsewhere, until it asked for this.
    sent_on: usize,
    page: Option<String>,
    changes: Changes,
    fingerprint: Fingerprint,
    /// What became of the conditions that the client asked with.
    translation: Translation,
}

impl Run {
    /// Shows a `CONNECT` to the filters until one answers.
    pub fn tunnel(&mut self, authority: &Authority) -> Verdict {
        self.go_by_site_of(&authority.host().to_ascii_lowercase());
        self.until_answered(|filter, changes| filter.tunnel(authority, changes))
    }

    /// Whether a filter looks at what names stand for.
    pub fn wants_resolution(&self) -> bool {
        self.filters.iter().any(|(_, filter)| filter.wants_resolution())
    }

    /// Shows what the host of a tunnel stands for to the filters, until one answers.
    pub fn tunnel_resolved(&mut self, authority: &Authority, resolved: &Resolved<'_>) -> Verdict {
        self.until_answered(|filter, changes| filter.tunnel_resolved(authority, resolved, changes))
    }

    /// Puts conditions in the origin's words (an entity tag of ours never gets to it), then shows the request to the
    /// filters until one answers.
    pub fn request(&mut self, request: &mut RequestHead) -> Verdict {
        self.page = match &self.sites {
            Some(sites) => sites.page_of(request),
            None if self.filters.is_empty() => None,
            None => rules::page_of(request),
        };
        if self.sites.is_some() {
            let page = self.page.clone().unwrap_or_else(|| request.host());
            self.go_by_site_of(&page);
        }
        self.translation = Translation::of(request, self.fingerprint);
        self.sent_on = self.detours.behind(&request.target);
        if self.sent_on >= IN_A_ROW {
            self.filters.iter_mut().for_each(|(_, filter)| filter.stay());
        }
        let verdict = self.until_answered(|filter, changes| filter.request(request, changes));
        if let Verdict::Answer(answer) = &verdict
            && let Some(location) = rewriting::location(request, answer.status, &answer.fields)
        {
            self.detours.lead_to(&location, self.sent_on + 1);
        }
        verdict
    }

    /// Shows what the host of a request stands for to the filters, until one answers.
    pub fn resolved(&mut self, request: &RequestHead, resolved: &Resolved<'_>) -> Verdict {
        self.until_answered(|filter, changes| filter.resolved(request, resolved, changes))
    }

    /// Shows an interim response to the filters, last in first out.
    pub fn interim(&mut self, request: &RequestHead, response: &mut ResponseHead) {
        for (id, filter) in self.filters.iter_mut().rev() {
            self.changes.sign(id);
            filter.interim(request, response, &mut self.changes);
        }
    }

    /// Shows a final response to the filters, last in first out, until one answers in its place. "Not modified" gets back
    /// the tag that the client knows its copy by.
    pub fn response(&mut self, request: &RequestHead, response: &mut ResponseHead) -> Verdict {
        // What a site adds to a detour of ours belongs to it.
        if self.sent_on > 0
            && let Some(location) = rewriting::location(request, response.status, &response.fields)
        {
            self.detours.lead_to(&location, self.sent_on);
        }
        for (id, filter) in self.filters.iter_mut().rev() {
            self.changes.sign(id);
            if let Verdict::Answer(answer) = filter.response(request, response, &mut self.changes) {
                return Verdict::Answer(answer);
            }
        }
        if self.translation.name_copy(response) {
            describe_changed_body(&mut response.fields);
        }
        Verdict::Forward
    }

    /// The beginning of the body, to be gathered for [`Run::body`]; `None` when no filter may change this body.
    pub fn wants_body(&self, request: &RequestHead, response: &ResponseHead) -> Option<Opening> {
        let wish = self.filters.iter().filter_map(|(_, filter)| filter.wants_body(request, response)).max()?;
        Some(Opening::new(readable_codings(request, response)?, wish))
    }

    /// Makes the chain of transforms for a body that begins with `opening`, and makes the head true for it; `None` when
    /// the body passes as it is, its head untouched.
    pub fn body(&mut self, request: &RequestHead, response: &mut ResponseHead, opening: Opening) -> Option<Chain> {
        let (codings, prefix) = opening.into_prefix()?;
        let mut chain = Chain::of(&codings).ok()?;
        let mut at_work = Vec::new();
        for (id, filter) in self.filters.iter_mut().rev() {
            if filter.wants_body(request, response).is_some()
                && let Some(transform) = filter.body(request, response, &prefix)
            {
                chain.push(id, transform);
                at_work.push((*id, filter));
            }
        }
        if chain.is_empty() {
            return None;
        }
        for (id, filter) in at_work {
            self.changes.sign(id);
            filter.head(response, &mut self.changes);
        }
        self.describe(response);
        Some(chain)
    }

    /// Makes the head of an answer to HEAD say no more than GET would, whose body might be changed (RFC 9110 9.3.2). Its
    /// tag is true whether it would be or not: it names what this pipeline makes of the origin's representation.
    pub fn headless(&self, response: &mut ResponseHead) {
        self.describe(response);
    }

    /// Sets other profiles to work, where the site of this host has its own.
    fn go_by_site_of(&mut self, host: &str) {
        let own = self.sites.as_ref().and_then(|sites| sites.of_host(host));
        if let Some(own) = own {
            (self.filters, self.fingerprint) = (own.filters(), own.fingerprint);
            self.sites = None;
        }
    }

    fn describe(&self, response: &mut ResponseHead) {
        describe_changed_body(&mut response.fields);
        self.fingerprint.mark(&mut response.fields);
    }

    /// The host of the page that the request is a part of, as far as it said so and filters were there to hear it; taken out.
    pub fn take_page(&mut self) -> Option<String> {
        self.page.take()
    }

    /// The changes, taken out when the exchange is over.
    pub fn into_changes(self) -> Changes {
        self.changes
    }

    fn until_answered(&mut self, mut ask: impl FnMut(&mut dyn Filter, &mut Changes) -> Verdict) -> Verdict {
        for (id, filter) in &mut self.filters {
            self.changes.sign(id);
            if let Verdict::Answer(answer) = ask(filter.as_mut(), &mut self.changes) {
                return Verdict::Answer(answer);
            }
        }
        Verdict::Forward
    }
}
