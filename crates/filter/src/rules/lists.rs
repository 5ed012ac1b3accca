//! The profile that the rules make: filter lists and the user's own rules at work on one exchange.

mod answering;
mod block_page;
mod heads;
mod pages;
mod resolving;
mod texts;

#[cfg(test)]
pub(super) use texts::REPLACEMENTS_PER_BODY;

use std::hash::Hasher;
use std::sync::Arc;

use http::HeaderValue;
use http::uri::Authority;

use super::context::Context;
use super::engine::{Engine, Judgement, Ruling};
use super::page::PageRules;
use crate::standing::Standing;
use crate::{
    BodyTransform, Card, Changes, Filter, Prefix, Profile, RequestHead, Resolved, ResponseHead, Service, Verdict,
};

/// The profile's id.
pub const LISTS_ID: &str = "filter-lists";

const TITLE: &str = "Filter lists";

/// The rules in force, as a profile.
#[derive(Debug)]
pub struct Lists {
    engine: Arc<Engine>,
    /// The user's own rules, whose exceptions count here too.
    own: Option<Arc<Engine>>,
    /// Whether what they say of pages is done here.
    pages: bool,
    standing: Arc<Standing>,
}

impl Lists {
    /// A profile of these rules.
    pub fn new(engine: Arc<Engine>, standing: Arc<Standing>) -> Self {
        Self { engine, own: None, pages: true, standing }
    }

    /// The same after the user's own rules, which are a profile of their own: what they except is excepted here, and what they
    /// say of pages is done here, for a page is rewritten once.
    pub fn after(self, own: Arc<Engine>) -> Self {
        Self { own: Some(own), ..self }
    }

    /// The same, but for what is said of pages: others do that.
    pub fn without_pages(self) -> Self {
        Self { pages: false, ..self }
    }

    /// The rules themselves.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    fn judge(&self, context: &Context) -> Judgement {
        match &self.own {
            Some(own) => self.engine.judge_after(own, context),
            None => self.engine.judge(context),
        }
    }

    fn judge_tunnel(&self, host: &str) -> Ruling {
        self.engine.judge_tunnel(self.own.as_deref(), host)
    }

    fn judge_tunnel_resolved(&self, host: &str, resolved: &Resolved<'_>) -> Ruling {
        self.engine.judge_tunnel_resolved(self.own.as_deref(), host, resolved)
    }

    fn judge_resolved(&self, context: &Context, resolved: &Resolved<'_>) -> Judgement {
        self.engine.judge_resolved(self.own.as_deref(), context, resolved)
    }

    fn judge_answer(&self, context: &Context, judgement: &Judgement, answer: &ResponseHead) -> Ruling {
        self.engine.judge_answer(self.own.as_deref(), context, judgement, answer)
    }

    fn hides(&self) -> Hides {
        Hides { engine: Arc::clone(&self.engine), own: self.own.clone() }
    }

    fn page(&self, context: &Context) -> PageRules {
        match &self.own {
            Some(own) => self.engine.page_after(own, context),
            None => self.engine.page(context),
        }
    }
}

/// What generic rules hide, those of the user's own too.
struct Hides {
    engine: Arc<Engine>,
    own: Option<Arc<Engine>>,
}

impl Hides {
    /// The selectors that hide something with one of these classes or ids.
    fn by(&self, classes: &[String], ids: &[String], page: &PageRules) -> Vec<String> {
        let mut selectors = self.engine.hidden_by(classes, ids, page);
        selectors.extend(self.own.iter().flat_map(|own| own.hidden_by(classes, ids, page)));
        selectors
    }
}

impl Profile for Lists {
    fn card(&self) -> Card {
        Card {
            id: LISTS_ID,
            title: TITLE,
            summary: "Ads and trackers, by the lists you choose",
            tag: "lists",
            service: Service::AnonymityFiltering,
            on_by_default: true,
        }
    }

    fn identify(&self, into: &mut dyn Hasher) {
        into.write_u64(self.engine.fingerprint());
        into.write_u64(self.own.as_ref().map_or(0, |own| own.fingerprint()));
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Judge { lists: self, context: None, judgement: Judgement::default(), stays: false, policies: None })
    }
}

/// The rules at work on one exchange.
struct Judge {
    lists: Arc<Lists>,
    /// The request as the rules see it.
    context: Option<Context>,
    /// What they want of it.
    judgement: Judgement,
    /// The client is sent nowhere else.
    stays: bool,
    /// The policies of a page that let through what is put into it, in place of the origin's.
    policies: Option<HeaderValue>,
}

impl Filter for Judge {
    fn tunnel(&mut self, authority: &Authority, changes: &mut Changes) -> Verdict {
        answering::tunnel(&self.lists, authority, changes)
    }

    fn wants_resolution(&self) -> bool {
        resolving::wants(&self.lists)
    }

    fn tunnel_resolved(&mut self, authority: &Authority, resolved: &Resolved<'_>, changes: &mut Changes) -> Verdict {
        resolving::tunnel(&self.lists, authority, resolved, changes)
    }

    fn stay(&mut self) {
        self.stays = true;
    }

    fn request(&mut self, request: &mut RequestHead, changes: &mut Changes) -> Verdict {
        if let Some(answer) = answering::own_answer(&self.lists, request) {
            return Verdict::Answer(answer);
        }
        if let Some(answer) = pages::survey(&self.lists, request) {
            return Verdict::Answer(answer);
        }
        let context = self.context.insert(Context::among(&self.lists.standing, request));
        self.judgement = self.lists.judge(context);
        let asked = request.target.clone();
        let mut verdict = answering::request(&self.lists, &self.judgement, context, self.stays, request, changes);
        if matches!(verdict, Verdict::Forward) && request.target != asked {
            // What is sent counts from here on; it is not rewritten again.
            *context = context.redirected(&request.target);
            self.judgement = Judgement { rewrite: None, ..self.lists.judge(context) };
            verdict = answering::request(&self.lists, &self.judgement, context, self.stays, request, changes);
        }
        if matches!(verdict, Verdict::Forward) {
            heads::request(&self.lists, &self.judgement, request, changes);
        }
        verdict
    }

    fn resolved(&mut self, request: &RequestHead, resolved: &Resolved<'_>, changes: &mut Changes) -> Verdict {
        // What was let pass although a rule is against it has a pass, which counts for all of the exchange.
        let has_pass = matches!(self.judgement.ruling, Ruling::Block(_) | Ruling::StrictBlock(_));
        match self.context.as_ref().filter(|_| !has_pass) {
            Some(context) => resolving::request(&self.lists, context, request, resolved, changes),
            None => Verdict::Forward,
        }
    }

    fn response(&mut self, request: &RequestHead, response: &mut ResponseHead, changes: &mut Changes) -> Verdict {
        let Some(context) = &mut self.context else { return Verdict::Forward };
        context.answered(&self.lists.standing, request, response);
        match answering::response(&self.lists, &mut self.judgement, context, (request, response), changes) {
            Verdict::Forward => heads::response(&self.lists, &self.judgement, context, (request, response), changes),
            answer => answer,
        }
    }

    fn wants_body(&self, request: &RequestHead, response: &ResponseHead) -> Option<usize> {
        let of_page = self.context.as_ref().and_then(|_| pages::wants(&self.lists, request, response));
        of_page.max(texts::wants(&self.lists, &self.judgement, response))
    }

    fn body(
        &mut self,
        request: &RequestHead,
        response: &ResponseHead,
        prefix: &Prefix,
    ) -> Option<Box<dyn BodyTransform>> {
        let text = texts::transform(&self.lists, &self.judgement, response, prefix);
        let (page, policies) = pages::transform(&self.lists, self.context.as_ref()?, request, response, prefix).unzip();
        self.policies = policies.flatten();
        match (text, page) {
            (Some(text), Some(page)) => Some(texts::both(text, page)),
            (text, page) => text.or(page),
        }
    }

    fn head(&mut self, response: &mut ResponseHead, changes: &mut Changes) {
        if let Some(policies) = self.policies.take() {
            pages::admit(policies, response, changes);
        }
    }
}
