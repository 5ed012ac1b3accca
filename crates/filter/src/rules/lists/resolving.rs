//! What becomes of a request that was let pass, once it is known what its host stands for: trackers also go by names of the
//! very site that they work for (CNAME cloaking).

use http::uri::Authority;

use super::{Lists, answering};
use crate::rules::context::Context;
use crate::rules::engine::Ruling;
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
    if matches!(lists.judge_tunnel(&host), Ruling::Exception(_)) {
        return Verdict::Forward;
    }
    match lists.judge_tunnel(canonical) {
        Ruling::Block(hit) | Ruling::StrictBlock(hit) => answering::refuse_tunnel(authority, &hit, changes),
        Ruling::Allow | Ruling::Exception(_) => Verdict::Forward,
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
