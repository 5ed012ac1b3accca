//! The view of a connection that travels with each response.

use std::sync::Arc;

use crate::http2::Arrived;
use crate::line::Line;

/// A look at what a response came over.
#[derive(Debug, Clone)]
pub(crate) enum Tap {
    /// A connection of its own.
    Line(Arc<Line>),
    /// A stream.
    Stream(Arrived),
}

impl Tap {
    /// Bytes received since the request went out, so that "never downloaded" is a measured number; see
    /// [`Line::received_since_write`] and [`Arrived::at_most`].
    pub(crate) fn received_for_this_answer(&self) -> u64 {
        match self {
            Self::Line(line) => line.received_since_write(),
            Self::Stream(arrived) => arrived.at_most(),
        }
    }
}
