//! Tunnels: of what is in them nothing is known. One is stopped where every request in it would be.

use super::{rules, stops};
use crate::Resolved;
use crate::rules::context::Context;
use crate::rules::engine::{Engine, Hit, Ruling};
use crate::rules::modifiers::Kind;
use crate::rules::parse::{Action, Rule};
use crate::site::site;

/// Judges a tunnel by its host.
pub(in crate::rules) fn tunnel(engine: &Engine, host: &str, own: Option<&Engine>) -> Ruling {
    let Some(block) = block(engine, host) else { return Ruling::Allow };
    let excepted = |engine| exception(engine, host, lets_pass);
    let exception = own.and_then(excepted).or_else(|| excepted(engine).filter(|_| !block.important));
    exception.map_or_else(|| Ruling::Block(engine.hit(&block.text, block.list)), Ruling::Exception)
}

/// Judges a tunnel by what its host's name led to: one to another site's host goes by the rules for that, but for what is
/// excepted by its own name.
pub(in crate::rules) fn tunnel_resolved(
    engine: &Engine,
    host: &str,
    resolved: &Resolved<'_>,
    own: Option<&Engine>,
) -> Ruling {
    let Some(canonical) = resolved.canonical.filter(|canonical| site(canonical) != site(host)) else {
        return Ruling::Allow;
    };
    let Some(block) = block(engine, canonical) else { return Ruling::Allow };
    let by_name = |engine| exception(engine, host, lets_pass);
    let beyond = |engine| exception(engine, host, keeps_covered).or_else(|| exception(engine, canonical, lets_pass));
    let of_own = own.and_then(|own| by_name(own).or_else(|| beyond(own)));
    let exception = of_own.or_else(|| by_name(engine)).or_else(|| beyond(engine).filter(|_| !block.important));
    exception.map_or_else(|| Ruling::Block(engine.hit(&block.text, block.list)), Ruling::Exception)
}

/// What stops everything that goes to a host, whatever it is.
fn block<'a>(engine: &'a Engine, host: &str) -> Option<&'a Rule> {
    let of_host = engine.requests.of_host(host);
    let unseen = |rule: &&&Rule| {
        !rule.exception && stops(rule) && rule.pattern.host_alone().is_some() && rule.conditions.met_unseen()
    };
    let blocks = || of_host.iter().filter(unseen);
    blocks().find(|rule| rule.important).or_else(|| blocks().next()).copied()
}

/// The exception of a sort that concerns something in a tunnel to a host.
fn exception(engine: &Engine, host: &str, is_meant: fn(&Rule) -> bool) -> Option<Hit> {
    let context = Context::tunnel(host);
    let of_all = context.map(|context| engine.requests.fitting(&context)).unwrap_or_default();
    // One for some pages only says nothing where nobody knows which page asks.
    let concerns = |rule: &&Rule| rule.conditions.concern_unknown_pages();
    let of_host = engine.requests.of_host(host).into_iter().filter(concerns);
    let mut exceptions = rules(engine, &of_all).filter(|rule| !rule.conditions.wait()).chain(of_host);
    exceptions.find(|rule| rule.exception && is_meant(rule)).map(|rule| engine.hit(&rule.text, rule.list))
}

/// Whether an exception is one from what stops requests.
fn lets_pass(rule: &Rule) -> bool {
    matches!(rule.action, Action::Block)
}

/// Whether an exception is one from asking what a host stands for.
fn keeps_covered(rule: &Rule) -> bool {
    matches!(&rule.action, Action::Modify(modifier) if modifier.kind == Kind::Cname)
}
