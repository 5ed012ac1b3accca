//! What the rules want of a request, a tunnel, an answer, a page.
//!
//! The order is that of uBlock Origin: important rules first, then the others, then exceptions; what changes a request or
//! its answer is found apart from that, each kind with exceptions of its own.

use std::net::IpAddr;

use http::Uri;

use super::context::Context;
use super::engine::{Engine, Hit, Judgement, Ruling};
use super::modifiers::{Kind, Parameter, Work, without};
use super::page::PageRules;
use super::parse::{Action, Rule};
use super::stubs;
use crate::site::site;
use crate::{Destination, ResponseHead};

/// Judges a request. Exceptions of `own` rules count before all that the engine says.
pub(super) fn request(engine: &Engine, context: &Context, own: Option<&Engine>) -> Judgement {
    let judgement = as_written(engine, context, own);
    match context.with_dot().filter(|_| judgement.ruling == Ruling::Allow) {
        Some(dotted) => {
            let other = as_written(engine, &dotted, own);
            let rewrite = judgement.rewrite.or(other.rewrite.clone());
            Judgement { rewrite, ..other }
        }
        None => judgement,
    }
}

fn as_written(engine: &Engine, context: &Context, own: Option<&Engine>) -> Judgement {
    let mut fitting = engine.requests.fitting(context);
    if let Some(own) = own {
        let numbers = own.requests.fitting(context);
        let exceptions: Vec<&Rule> = rules(own, &numbers).filter(|rule| rule.exception).collect();
        fitting.retain(|number| {
            let rule = engine.requests.rule(*number);
            rule.is_none_or(|rule| !exceptions.iter().any(|exception| names(exception, rule)))
        });
    }
    let now = rules(engine, &fitting).filter(|rule| !rule.conditions.wait() || rule.conditions.met_by_literal(context));
    let ruling = exempted(ruling(engine, context, now), context, own);
    let stub = matches!(ruling, Ruling::Block(_)).then(|| stub(engine, &fitting)).flatten();
    let rewrite = rewrite(engine, context, &fitting, &ruling);
    Judgement { ruling, stub, rewrite, fitting }
}

/// What becomes of a ruling where the user's own rules have an exception.
fn exempted(ruling: Ruling, context: &Context, own: Option<&Engine>) -> Ruling {
    let exception = || own.and_then(|own| exception(own, context));
    match ruling {
        Ruling::Block(hit) => exception().map_or(Ruling::Block(hit), Ruling::Exception),
        Ruling::StrictBlock(hit) => exception().map_or(Ruling::StrictBlock(hit), |_| Ruling::Allow),
        Ruling::Allow | Ruling::Exception(_) => ruling,
    }
}

/// The exception that lets a request pass, whatever would stop it.
pub(super) fn exception(engine: &Engine, context: &Context) -> Option<Hit> {
    let fitting = engine.requests.fitting(context);
    let lets_pass = |rule: &&Rule| rule.exception && matches!(rule.action, Action::Block) && !rule.conditions.wait();
    rules(engine, &fitting).find(lets_pass).map(|rule| engine.hit(&rule.text, rule.list))
}

fn rules<'a>(engine: &'a Engine, numbers: &'a [u32]) -> impl Iterator<Item = &'a Rule> + Clone {
    numbers.iter().filter_map(|number| engine.requests.rule(*number))
}

/// What stops a request, and what lets it pass.
#[derive(Default)]
struct Tally<'a> {
    block: Option<&'a Rule>,
    /// About a whole host: for pages only.
    strict: Option<&'a Rule>,
    allow: Option<&'a Rule>,
    /// An exception that names pages.
    allow_page: Option<&'a Rule>,
}

impl<'a> Tally<'a> {
    fn of(rules: impl Iterator<Item = &'a Rule>, page: bool) -> Self {
        let mut tally = Self::default();
        for rule in rules {
            let place = match (stops(rule), rule.exception) {
                (false, _) => continue,
                (true, false) if page && rule.strict => &mut tally.strict,
                (true, false) => &mut tally.block,
                (true, true) if page && !rule.strict => &mut tally.allow_page,
                (true, true) => &mut tally.allow,
            };
            if place.is_none_or(|held| rule.important && !held.important) {
                *place = Some(rule);
            }
        }
        tally
    }
}

/// Whether a rule, or the rule that it is an exception from, stops requests.
fn stops(rule: &Rule) -> bool {
    match &rule.action {
        Action::Block => true,
        // An exception of this kind takes out of force what answers, not what stops.
        Action::Modify(modifier) => modifier.kind == Kind::Redirect && !rule.exception,
    }
}

fn ruling<'a>(engine: &'a Engine, context: &Context, rules: impl Iterator<Item = &'a Rule>) -> Ruling {
    let page = context.destination == Destination::Page;
    let tally = Tally::of(rules, page);
    let hit = |rule: &Rule| engine.hit(&rule.text, rule.list);
    let allow = if page { tally.allow_page } else { tally.allow };
    match (tally.block, allow) {
        (Some(block), Some(allow)) if !block.important => Ruling::Exception(hit(allow)),
        (Some(block), _) => Ruling::Block(hit(block)),
        (None, _) if page => strict(engine, &tally),
        (None, _) => Ruling::Allow,
    }
}

/// A page of a host that a rule is against, without a word about pages: a person may go on.
fn strict(engine: &Engine, tally: &Tally<'_>) -> Ruling {
    let Some(block) = tally.strict else { return Ruling::Allow };
    let allowed = tally.allow.is_some() || tally.allow_page.is_some();
    if allowed && !block.important { Ruling::Allow } else { Ruling::StrictBlock(engine.hit(&block.text, block.list)) }
}

/// The rules of a kind that are in force: those that no exception of the kind names. What waits for more than the request is
/// not among them.
fn in_force<'a>(engine: &'a Engine, fitting: &'a [u32], wanted: impl Fn(Kind) -> bool) -> Vec<&'a Rule> {
    let of_kind = |rule: &&Rule| {
        matches!(&rule.action, Action::Modify(modifier) if wanted(modifier.kind)) && !rule.conditions.wait()
    };
    let (exceptions, mut rules): (Vec<_>, Vec<_>) =
        rules(engine, fitting).filter(of_kind).partition(|rule| rule.exception);
    if exceptions.is_empty() {
        return rules;
    }
    rules.retain(|rule| rule.important || !exceptions.iter().any(|exception| names(exception, rule)));
    rules
}

/// Whether an exception is one from this rule: it has the same value, or none.
fn names(exception: &Rule, rule: &Rule) -> bool {
    match (&exception.action, &rule.action) {
        (Action::Modify(exception), Action::Modify(rule)) if same_kind(exception.kind, rule.kind) => {
            let same = exception.value == rule.value || same_stub(exception.value.as_deref(), &rule.work);
            exception.value.is_none() || same
        }
        _ => false,
    }
}

/// `redirect-rule` names `redirect` too.
fn same_kind(exception: Kind, rule: Kind) -> bool {
    let of_stubs = |kind| matches!(kind, Kind::Redirect | Kind::RedirectRule);
    exception == rule || (of_stubs(exception) && of_stubs(rule))
}

/// `redirect-rule=noopjs` names `redirect=noopjs:100` too.
fn same_stub(value: Option<&str>, work: &Work) -> bool {
    matches!(work, Work::Stub { name, .. } if value.map(|value| value.split(':').next().unwrap_or_default()) == Some(name))
}

/// What answers a request that is stopped: the stub of the highest priority.
fn stub(engine: &Engine, fitting: &[u32]) -> Option<(String, Hit)> {
    let rules = in_force(engine, fitting, |kind| matches!(kind, Kind::Redirect | Kind::RedirectRule));
    let stubs = rules.into_iter().filter_map(|rule| match &rule.action {
        Action::Modify(modifier) => match &modifier.work {
            Work::Stub { name, priority } => Some((*priority, name, rule)),
            _ => None,
        },
        Action::Block => None,
    });
    // Of several the first one.
    let best = stubs.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(_, name, _)| &***name != "none")
        .map(|(_, name, rule)| (name.to_string(), engine.hit(&rule.text, rule.list)))
}

/// The address that a request should rather go to.
fn rewrite(engine: &Engine, context: &Context, fitting: &[u32], ruling: &Ruling) -> Option<(String, Vec<Hit>)> {
    let kinds = |kind| matches!(kind, Kind::RemoveParam | Kind::UrlSkip | Kind::UriTransform);
    let rules = in_force(engine, fitting, kinds);
    if rules.is_empty() {
        return None;
    }
    let hit = |rule: &Rule| engine.hit(&rule.text, rule.list);
    // A detour first: what is taken off its own address is of no consequence then.
    let stopped = matches!(ruling, Ruling::Block(_) | Ruling::StrictBlock(_));
    for (rule, work) in rules.iter().filter_map(|rule| Some((rule, work(rule)?))) {
        if let Work::UrlSkip(skip) = work
            && context.destination == Destination::Page
            && (stopped || !skip.only_blocked())
            && let Some(target) = skip.applied(&context.url)
        {
            return Some((target, vec![hit(rule)]));
        }
    }
    let (named, parameters): (Vec<&Rule>, Vec<&Parameter>) = rules
        .iter()
        .filter_map(|rule| match work(rule)? {
            Work::RemoveParam(parameter) => Some((*rule, parameter)),
            _ => None,
        })
        .unzip();
    let (mut address, mut hits) = match without(&context.url, &parameters) {
        Some((address, places)) => (address, places.iter().filter_map(|place| Some(hit(named.get(*place)?))).collect()),
        None => (context.url.clone(), Vec::new()),
    };
    for (rule, work) in rules.iter().filter_map(|rule| Some((rule, work(rule)?))) {
        if let Work::UriTransform(transform) = work
            && let Some(changed) = transform.applied(&address)
        {
            address = changed;
            hits.push(hit(rule));
        }
    }
    // What cannot be sent is not gone to.
    let good = !hits.is_empty() && address != context.url && address.parse::<Uri>().is_ok();
    good.then_some((address, hits))
}

/// What a rule does besides stopping a request.
fn work(rule: &Rule) -> Option<&Work> {
    match &rule.action {
        Action::Modify(modifier) => Some(&modifier.work),
        Action::Block => None,
    }
}

/// Judges a tunnel by its host.
pub(super) fn tunnel(engine: &Engine, host: &str) -> Ruling {
    let of_host = engine.requests.of_host(host);
    let unseen = |rule: &&&Rule| {
        !rule.exception && stops(rule) && rule.pattern.host_alone().is_some() && rule.conditions.met_unseen()
    };
    let blocks = || of_host.iter().filter(unseen);
    let Some(block) = blocks().find(|rule| rule.important).or_else(|| blocks().next()) else {
        return Ruling::Allow;
    };
    match tunnel_exception(engine, host).filter(|_| !block.important) {
        Some(exception) => Ruling::Exception(exception),
        None => Ruling::Block(engine.hit(&block.text, block.list)),
    }
}

/// The exception that concerns a tunnel to a host.
pub(super) fn tunnel_exception(engine: &Engine, host: &str) -> Option<Hit> {
    let of_all = Context::tunnel(host).and_then(|context| exception(engine, &context));
    // One for some pages only says nothing where nobody knows which page asks.
    let concerns = |rule: &&Rule| {
        rule.exception && matches!(rule.action, Action::Block) && rule.conditions.concern_unknown_pages()
    };
    let of_host = || engine.requests.of_host(host).into_iter().find(concerns);
    of_all.or_else(|| of_host().map(|rule| engine.hit(&rule.text, rule.list)))
}

/// Judges a request by what its host's name led to.
pub(super) fn resolved(engine: &Engine, context: &Context, canonical: Option<&str>, addresses: &[IpAddr]) -> Ruling {
    let fitting = engine.requests.fitting(context);
    let by_address = rules(engine, &fitting).filter(|rule| rule.conditions.field().is_none()).filter(|rule| {
        let wanted = rule.conditions.addresses();
        wanted.is_none_or(|wanted| addresses.iter().any(|address| wanted.have(*address)))
    });
    let found = ruling(engine, context, by_address);
    if matches!(found, Ruling::Block(_)) || context.destination == Destination::Page {
        return found;
    }
    let another = canonical.filter(|canonical| site(canonical) != site(context.host()));
    let Some(uncovered) = another.and_then(|canonical| context.at_host(canonical)) else { return Ruling::Allow };
    if !in_force_exceptions(engine, &fitting, Kind::Cname).is_empty() || matches!(found, Ruling::Exception(_)) {
        return Ruling::Allow;
    }
    request(engine, &uncovered, None).ruling
}

fn in_force_exceptions<'a>(engine: &'a Engine, fitting: &'a [u32], wanted: Kind) -> Vec<&'a Rule> {
    let is_wanted = |rule: &&Rule| matches!(&rule.action, Action::Modify(modifier) if modifier.kind == wanted);
    rules(engine, fitting).filter(is_wanted).filter(|rule| rule.exception).collect()
}

/// Judges a request by the fields of its answer.
pub(super) fn answer(engine: &Engine, context: &Context, judgement: &Judgement, answer: &ResponseHead) -> Ruling {
    let by_field = rules(engine, &judgement.fitting).filter(|rule| {
        rule.conditions.addresses().is_none()
            && rule.conditions.field().is_some_and(|wanted| wanted.met(&answer.fields))
    });
    let page = context.destination == Destination::Page;
    let tally = Tally::of(by_field, page);
    let Some(block) = tally.block.or(tally.strict) else { return Ruling::Allow };
    let hit = |rule: &Rule| engine.hit(&rule.text, rule.list);
    // An exception may say of which answers it speaks, or of all.
    let exceptions = Tally::of(rules(engine, &judgement.fitting).filter(|rule| !rule.conditions.wait()), page);
    let allow = [tally.allow, tally.allow_page, exceptions.allow, exceptions.allow_page].into_iter().flatten().next();
    match allow.filter(|_| !block.important) {
        Some(exception) => Ruling::Exception(hit(exception)),
        None => Ruling::Block(hit(block)),
    }
}

/// One thing that rules want of the answer to a request.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    pub(super) work: &'a Work,
    pub(super) hit: Hit,
}

/// What the rules of some kinds want, in the order of the lists.
pub(super) fn wanted<'a>(
    engine: &'a Engine,
    judgement: &'a Judgement,
    kinds: impl Fn(Kind) -> bool,
) -> Vec<Wanted<'a>> {
    let rules = in_force(engine, &judgement.fitting, kinds).into_iter();
    let work = |rule: &'a Rule| match &rule.action {
        Action::Modify(modifier) => {
            Some(Wanted { kind: modifier.kind, work: &modifier.work, hit: engine.hit(&rule.text, rule.list) })
        }
        Action::Block => None,
    };
    rules.filter_map(work).collect()
}

/// What exceptions say of hiding on a page.
pub(super) struct HidesNothing {
    /// `ehide`: nothing is hidden.
    pub(super) all: bool,
    /// Generic rules hide nothing.
    pub(super) generic: bool,
}

/// Which rules the exceptions of an engine keep from hiding anything on a page.
pub(super) fn hidden_nothing(engine: &Engine, context: &Context) -> HidesNothing {
    let fitting = engine.requests.fitting(context);
    let except = |kind| !in_force_exceptions(engine, &fitting, kind).is_empty();
    let all = except(Kind::ElementHide);
    HidesNothing { all, generic: all || except(Kind::GenericHide) }
}

/// What the rules want of a page.
pub(super) fn page(engine: &Engine, context: &Context) -> PageRules {
    let fitting = engine.requests.fitting(context);
    let except = |kind| !in_force_exceptions(engine, &fitting, kind).is_empty();
    let found = engine.elements.page(&context.url);
    let html = engine.of_pages.of_host(context.host());
    let mut page = PageRules {
        script: stubs::enclosed(&found.injected_script),
        html,
        exceptions: found.exceptions,
        ..PageRules::default()
    };
    let nothing = except(Kind::ElementHide);
    page.no_generic = found.generichide || nothing || except(Kind::GenericHide);
    if nothing {
        return page;
    }
    let specific = !except(Kind::SpecificHide);
    let is_meant = |selector: &String| {
        if engine.everywhere.contains(selector) { !page.no_generic || found.generichide } else { specific }
    };
    page.hide = found.hide_selectors.into_iter().filter(is_meant).collect();
    page.hide.sort_unstable();
    if specific {
        for action in found.procedural_actions {
            match serde_json::from_str(&action)
                .ok()
                .as_ref()
                .and_then(adblock::cosmetic_filter_cache::ProceduralOrActionFilter::as_css)
            {
                Some(css) => page.style.push(css),
                None => page.procedural.push(action),
            }
        }
        page.style.sort_unstable();
        page.procedural.sort_unstable();
    }
    page
}
