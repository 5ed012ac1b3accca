//! A pooled connection, and the view of it that travels with each response.

use std::sync::Arc;

use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::line::{Line, LineIo};

/// A look at the connection that a response came over.
#[derive(Debug, Clone)]
pub(crate) struct Tap(Arc<Line>);

impl Tap {
    /// Bytes received since the request went out, so that "never downloaded" is a measured number; see
    /// [`Line::received_since_write`].
    pub(crate) fn received_for_this_answer(&self) -> u64 {
        self.0.received_since_write()
    }

    /// See [`Line::fell_silent_on_reuse`].
    pub(super) fn fell_silent_on_reuse(&self) -> bool {
        self.0.fell_silent_on_reuse()
    }
}

impl Connection for LineIo {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.is_to_proxy()).extra(Tap(self.line()))
    }
}
