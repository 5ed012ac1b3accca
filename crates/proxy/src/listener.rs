//! Accepting clients: who is let in, and the limit on their number.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::access::{Caller, Who};
use crate::error::{Error, StartError};
use crate::life::Member;
use crate::{Access, Limits, Shared, answer, connection};

/// How long to wait when the system has no more file descriptors for us: others may be released meanwhile.
const PAUSE_WHEN_EXHAUSTED: Duration = Duration::from_millis(100);

pub(crate) async fn bind(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| StartError { addr, source })
}

/// Accepts until the proxy drains.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>, mut life: Member) {
    let places = Places::new(&shared.limits);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = life.draining() => return,
        };
        let (client, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accepting a client");
                tokio::time::sleep(PAUSE_WHEN_EXHAUSTED).await;
                continue;
            }
        };
        let Some(caller) = admit(&client, from, &shared.access) else {
            // Closed without a word: a stranger need not know what this is.
            tracing::debug!(%from, "a client from outside the allowed ranges");
            continue;
        };
        // Without it, heads and the last piece of a body would wait for the peer's acknowledgement (Nagle).
        if let Err(error) = client.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY on a client connection");
        }
        match places.take(caller.who) {
            Some(place) => {
                let (shared, life) = (Arc::clone(&shared), life.clone());
                tokio::spawn(async move {
                    connection::serve(client, caller, shared, life).await;
                    drop(place);
                });
            }
            None => refuse(client),
        }
    }
}

fn admit(client: &TcpStream, from: SocketAddr, access: &Access) -> Option<Caller> {
    // It fails only for a client that has left already.
    access.admit(from.ip(), client.local_addr().ok()?)
}

/// Room for connections: for all of them, and within it for those from other computers.
struct Places {
    all: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Places {
    fn new(limits: &Limits) -> Self {
        let room = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self { all: room(limits.connections), others: room(limits.connections_from_others) }
    }

    /// Takes a place until what is returned is dropped; none where there is none.
    fn take(&self, who: Who) -> Option<impl Send + 'static> {
        let others = match who {
            Who::ThisComputer => None,
            Who::Other => Some(Arc::clone(&self.others).try_acquire_owned().ok()?),
        };
        Some((Arc::clone(&self.all).try_acquire_owned().ok()?, others))
    }
}

/// Tells one client too many so, without reading its request and without waiting for it to listen.
fn refuse(client: TcpStream) {
    let message = answer::raw(&Error::too_many_connections());
    // A fresh socket's send buffer takes the few hundred bytes; where it does not, closing says enough.
    if let Err(error) = client.try_write(&message) {
        tracing::debug!(%error, "refusing one client too many");
    }
}
