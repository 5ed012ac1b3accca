//! The ways up of all clients, on the same routes.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Upstream;
use super::lookup::Reach;
use super::routes::Routes;
use crate::access::Who;
use crate::{Limits, Resolver};

/// One for this computer's programs, one for clients elsewhere, with pools of their own: a connection that the former left
/// behind is not for the latter.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    of_this_computer: Arc<Upstream>,
    of_others: Arc<Upstream>,
}

impl Ways {
    pub(crate) fn new(
        own: SocketAddr,
        refused: Arc<[SocketAddr]>,
        routes: Routes,
        limits: &Limits,
        resolver: &Arc<dyn Resolver>,
    ) -> Self {
        let routes = Arc::new(routes);
        let up =
            |reach| Arc::new(Upstream::new(own, Arc::clone(&refused), Arc::clone(&routes), limits, resolver, reach));
        Self { of_this_computer: up(Reach::Everything), of_others: up(Reach::OtherComputers) }
    }

    /// The same on other routes.
    pub(crate) fn rerouted(&self, routes: Routes) -> Self {
        let routes = Arc::new(routes);
        let rerouted = |up: &Upstream| Arc::new(up.rerouted(Arc::clone(&routes)));
        Self { of_this_computer: rerouted(&self.of_this_computer), of_others: rerouted(&self.of_others) }
    }

    /// The way up for a client.
    pub(crate) fn of(&self, who: Who) -> &Arc<Upstream> {
        match who {
            Who::ThisComputer => &self.of_this_computer,
            Who::Other => &self.of_others,
        }
    }
}
