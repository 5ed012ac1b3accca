//! What becomes of a request that was let pass, once it is known what its host stands for: trackers also go by names of the
//! very site that they work for (CNAME cloaking).

use http::uri::Authority;

use super::{Lists, answering};
use crate::rules::context::Context;
use crate::rules::engine::{Engine, Ruling};
use crate::site::site;
use crate::{Changes, RequestHead, Resolved, Verdict};

/// Whether names matter to these rules.
pub(super) fn wants(lists: &Lists) -> bool {
    !lists.engine.lists().is_empty()
}

/// Decides about a tunnel, of which nothing else is known: one to another site's host goes by the rules for that, but for
/// what is excepted by its own name.
pub(super) fn tunnel(lists: &Lists, authority: &Authority, resolved: &Resolved<'_>, changes: &mut Changes) -> Verdict {
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let Some(canonical) = resolved.canonical.filter(|canonical| site(canonical) != site(&host)) else {
        return Verdict::Forward;
    };
    let is_excepted = |engine: &Engine| engine.tunnel_exception(&host).is_some();
    if is_excepted(&lists.engine) || lists.own.as_deref().is_some_and(is_excepted) {
        return Verdict::Forward;
    }
    // An exception may say that the canonical name is not asked about: then no request within would be stopped by it.
    let stops_requests = || {
        let ruling = Context::tunnel(&host).map(|it| lists.judge_resolved(&it, Some(canonical), resolved.addresses));
        matches!(ruling, Some(Ruling::Block(_) | Ruling::StrictBlock(_)))
    };
    match lists.judge_tunnel(canonical) {
        Ruling::Block(hit) | Ruling::StrictBlock(hit) if stops_requests() => {
            answering::refuse_tunnel(authority, &hit, changes)
        }
        _ => Verdict::Forward,
    }
}

/// Decides about a request.
pub(super) fn request(
    lists: &Lists,
    context: &Context,
    request: &RequestHead,
    resolved: &Resolved<'_>,
    changes: &mut Changes,
) -> Verdict {
    let ruling = lists.judge_resolved(context, resolved.canonical, resolved.addresses);
    answering::resolved(lists, &ruling, context, request, changes)
}
