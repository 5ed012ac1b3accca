//! What the rules want of a request, a tunnel, an answer, a page.
//!
//! The order is that of uBlock Origin: important rules first, then the others, then exceptions; what changes a request or
//! its answer is found apart from that, each kind with exceptions of its own.

mod names;
mod tunnels;

use http::Uri;

use super::context::Context;
use super::engine::{Engine, Hit, Judgement, Ruling};
use super::modifiers::{Kind, Parameter, Work, without};
use super::page::PageRules;
use super::parse::{Action, Rule};
use super::stubs;
use crate::{Destination, ResponseHead};

pub(super) use names::resolved;
pub(super) use tunnels::{tunnel, tunnel_resolved};

/// Judges a request. Exceptions of `own` rules count before all that the engine says.
pub(super) fn request(engine: &Engine, context: &Context, own: Option<&Engine>) -> Judgement {
    let fitting = fitting(engine, context, own);
    let now = rules(engine, &fitting).filter(|rule| !rule.conditions.wait() || rule.conditions.met_by_literal(context));
    let ruling = exempted(ruling(engine, context, now), context, own);
    let stub = stub(engine, &fitting, &ruling);
    let rewrite = rewrite(engine, context, &fitting, &ruling);
    Judgement { ruling, stub, rewrite, fitting }
}

/// The rules that fit a request, but for those whose option an exception of `own` rules takes out of force.
fn fitting(engine: &Engine, context: &Context, own: Option<&Engine>) -> Vec<u32> {
    let mut fitting = fitting_either_way(engine, context);
    if let Some(own) = own {
        let numbers = fitting_either_way(own, context);
        let exceptions: Vec<&Rule> = rules(own, &numbers).filter(|rule| rule.exception).collect();
        fitting.retain(|number| {
            let rule = engine.requests.rule(*number);
            rule.is_none_or(|rule| !exceptions.iter().any(|exception| names(exception, rule)))
        });
    }
    fitting
}

/// The rules that fit a request, also as it was sent where its host has a dot at its end: either leads to the same host.
fn fitting_either_way(engine: &Engine, context: &Context) -> Vec<u32> {
    let mut fitting = engine.requests.fitting(context);
    if let Some(dotted) = context.with_dot() {
        fitting.extend(engine.requests.fitting(&dotted));
        fitting.sort_unstable();
        fitting.dedup();
    }
    fitting
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
fn exception(engine: &Engine, context: &Context) -> Option<Hit> {
    let fitting = fitting_either_way(engine, context);
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
fn stub(engine: &Engine, fitting: &[u32], ruling: &Ruling) -> Option<(String, Hit)> {
    if !matches!(ruling, Ruling::Block(_)) {
        return None;
    }
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
    // To browsers a host with a dot at its end is another one: it stays.
    let dotted = context.with_dot();
    let url = &dotted.as_ref().unwrap_or(context).url;
    let hit = |rule: &Rule| engine.hit(&rule.text, rule.list);
    // A detour first: what is taken off its own address is of no consequence then.
    let stopped = matches!(ruling, Ruling::Block(_) | Ruling::StrictBlock(_));
    for (rule, work) in rules.iter().filter_map(|rule| Some((rule, work(rule)?))) {
        if let Work::UrlSkip(skip) = work
            && context.destination == Destination::Page
            && (stopped || !skip.only_blocked())
            && let Some(target) = skip.applied(url)
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
    let (mut address, mut hits) = match without(url, &parameters) {
        Some((address, places)) => (address, places.iter().filter_map(|place| Some(hit(named.get(*place)?))).collect()),
        None => (url.clone(), Vec::new()),
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
    let good = !hits.is_empty() && address != *url && address.parse::<Uri>().is_ok();
    good.then_some((address, hits))
}

/// What a rule does besides stopping a request.
fn work(rule: &Rule) -> Option<&Work> {
    match &rule.action {
        Action::Modify(modifier) => Some(&modifier.work),
        Action::Block => None,
    }
}

fn in_force_exceptions<'a>(engine: &'a Engine, fitting: &'a [u32], wanted: Kind) -> Vec<&'a Rule> {
    let is_wanted = |rule: &&Rule| matches!(&rule.action, Action::Modify(modifier) if modifier.kind == wanted);
    rules(engine, fitting).filter(is_wanted).filter(|rule| rule.exception).collect()
}

/// Judges a request by the fields of its answer.
pub(super) fn answer(
    engine: &Engine,
    context: &Context,
    judgement: &Judgement,
    answer: &ResponseHead,
    own: Option<&Engine>,
) -> Ruling {
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
    let ruling = match allow.filter(|_| !block.important) {
        Some(exception) => Ruling::Exception(hit(exception)),
        None => Ruling::Block(hit(block)),
    };
    exempted(ruling, context, own)
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
    /// Generic rules hide nothing.
    pub(super) generic: bool,
    /// Rules about some pages hide and change nothing.
    pub(super) specific: bool,
}

/// Which rules the exceptions of an engine keep from hiding anything on a page.
pub(super) fn hidden_nothing(engine: &Engine, context: &Context) -> HidesNothing {
    let fitting = fitting_either_way(engine, context);
    let except = |kind| !in_force_exceptions(engine, &fitting, kind).is_empty();
    let all = except(Kind::ElementHide);
    HidesNothing { generic: all || except(Kind::GenericHide), specific: all || except(Kind::SpecificHide) }
}

/// What the rules want of a page.
pub(super) fn page(engine: &Engine, context: &Context) -> PageRules {
    let fitting = fitting_either_way(engine, context);
    let except = |kind| !in_force_exceptions(engine, &fitting, kind).is_empty();
    let found = engine.elements.page(&context.url);
    let html = engine.of_pages.of_host(context.host());
    let mut page = PageRules {
        script: stubs::enclosed(engine.injected.on(context.host(), None)),
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
    engine.of_pages.show_on(context.host(), &mut page);
    page
}
