//! An answer on its way through filters: its head, and a body in pieces.

use bytes::Bytes;
use tamis_filter::{Pipeline, RequestHead, ResponseHead, Verdict};

/// What a client gets.
#[derive(Debug, PartialEq, Eq)]
pub struct Got {
    /// Head lines, in their order.
    pub head: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// A filter worked on the body.
    pub is_rewritten: bool,
}

/// Takes an answer through `pipeline`. The filters see `beginning` first and decide by it, as they may by what of a body came
/// first; then the body comes in `pieces`. None where a filter answers in the origin's place, or gives the body up.
pub fn through(
    pipeline: &Pipeline,
    mut request: RequestHead,
    mut response: ResponseHead,
    beginning: &[u8],
    pieces: &[&[u8]],
) -> Option<Got> {
    let mut run = pipeline.run();
    if !matches!(run.request(&mut request), Verdict::Forward) {
        return None;
    }
    if !matches!(run.response(&request, &mut response), Verdict::Forward) {
        return None;
    }
    let chain = run.wants_body(&request, &response).and_then(|mut opening| {
        if opening.wants_more() {
            opening.feed(&Bytes::copy_from_slice(beginning));
        }
        if opening.wants_more() {
            opening.end();
        }
        run.body(&request, &mut response, opening)
    });
    let lines = response.fields.iter().map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()));
    let head = std::iter::once(response.status.to_string()).chain(lines).collect();
    let Some(mut chain) = chain else { return Some(Got { head, body: pieces.concat(), is_rewritten: false }) };
    let body = chain.run(pieces.iter().map(|piece| Bytes::copy_from_slice(piece))).ok()?;
    Some(Got { head, body, is_rewritten: true })
}
