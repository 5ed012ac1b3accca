//! What becomes of a request that was let pass, once it is known what its host stands for: trackers also go by names of the
//! very site that they work for (CNAME cloaking).

use http::uri::Authority;

use super::{Lists, answering};
use crate::rules::context::Context;
use crate::{Changes, RequestHead, Resolved, Verdict};

/// Whether names matter to these rules.
pub(super) fn wants(lists: &Lists) -> bool {
    !lists.engine.lists().is_empty()
}

/// Decides about a tunnel, of which nothing else is known.
pub(super) fn tunnel(lists: &Lists, authority: &Authority, resolved: &Resolved<'_>, changes: &mut Changes) -> Verdict {
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    answering::tunnel_judged(&lists.judge_tunnel_resolved(&host, resolved), authority, changes)
}

/// Decides about a request.
pub(super) fn request(
    lists: &Lists,
    context: &Context,
    request: &RequestHead,
    resolved: &Resolved<'_>,
    changes: &mut Changes,
) -> Verdict {
    answering::resolved(lists, &lists.judge_resolved(context, resolved), context, request, changes)
}

#[cfg(test)]
#[path = "resolving_tests.rs"]
mod tests;
