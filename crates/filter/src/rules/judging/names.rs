//! Requests, judged by what the name of their host led to.

use super::{exception, exempted, fitting, fitting_either_way, in_force_exceptions, rules, ruling, stub};
use crate::rules::context::Context;
use crate::rules::engine::{Engine, Judgement, Ruling};
use crate::rules::modifiers::Kind;
use crate::rules::parse::Rule;
use crate::site::site;
use crate::{Destination, Resolved};

/// Judges a request by its host's addresses, and as if it went to the canonical name, where that is of another site. What is
/// excepted by its own name is not asked about further.
pub(in crate::rules) fn resolved(
    engine: &Engine,
    context: &Context,
    resolved: &Resolved<'_>,
    own: Option<&Engine>,
) -> Judgement {
    let is_known = |rule: &&Rule| {
        let wanted = rule.conditions.addresses();
        rule.conditions.field().is_none()
            && wanted.is_none_or(|wanted| resolved.addresses.iter().any(|address| wanted.have(*address)))
    };
    let here = fitting(engine, context, own);
    let found = exempted(ruling(engine, context, rules(engine, &here).filter(is_known)), context, own);
    let decided = !matches!(found, Ruling::Allow) || context.destination == Destination::Page;
    let another = resolved.canonical.filter(|canonical| site(canonical) != site(context.host()));
    let uncovered = another.and_then(|canonical| context.at_host(canonical));
    let Some(uncovered) = uncovered.filter(|_| !decided && !own.is_some_and(|own| keeps_covered(own, context))) else {
        return Judgement { stub: stub(engine, &here, &found), ruling: found, ..Judgement::default() };
    };
    let covered = !in_force_exceptions(engine, &here, Kind::Cname).is_empty();
    let there = fitting(engine, &uncovered, own);
    let counts = rules(engine, &there).filter(is_known).filter(|rule| rule.important || !covered);
    let ruling = exempted(super::ruling(engine, &uncovered, counts), &uncovered, own);
    Judgement { stub: stub(engine, &there, &ruling), ruling, ..Judgement::default() }
}

/// Whether exceptions of the user's own let a request pass whatever its host stands for.
fn keeps_covered(own: &Engine, context: &Context) -> bool {
    let fitting = fitting_either_way(own, context);
    exception(own, context).is_some() || !in_force_exceptions(own, &fitting, Kind::Cname).is_empty()
}
