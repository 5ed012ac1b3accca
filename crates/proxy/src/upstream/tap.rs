//! The view of a connection that travels with each response.

use std::sync::Arc;

use crate::line::Line;

/// A look at the connection that a response came over.
#[derive(Debug, Clone)]
pub(crate) struct Tap(pub(super) Arc<Line>);

impl Tap {
    /// Bytes received since the request went out, so that "never downloaded" is a measured number; see
    /// [`Line::received_since_write`].
    pub(crate) fn received_for_this_answer(&self) -> u64 {
        self.0.received_since_write()
    }
}
