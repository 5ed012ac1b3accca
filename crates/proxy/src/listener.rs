//! Accepting clients, and the limit on their number.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::error::{Error, StartError};
use crate::life::Member;
use crate::{Shared, answer, connection};

/// How long to wait when the system has no more file descriptors for us: others may be released meanwhile.
const PAUSE_WHEN_EXHAUSTED: Duration = Duration::from_millis(100);

pub(crate) async fn bind(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| StartError { addr, source })
}

/// Accepts until the proxy drains.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>, mut life: Member) {
    let places = Arc::new(Semaphore::new(shared.limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = life.draining() => return,
        };
        let client = match accepted {
            Ok((client, _)) => client,
            Err(error) => {
                tracing::warn!(%error, "accepting a client");
                tokio::time::sleep(PAUSE_WHEN_EXHAUSTED).await;
                continue;
            }
        };
        // Without it, heads and the last piece of a body would wait for the peer's acknowledgement (Nagle).
        if let Err(error) = client.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY on a client connection");
        }
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let (shared, life) = (Arc::clone(&shared), life.clone());
                tokio::spawn(async move {
                    connection::serve(client, shared, life).await;
                    drop(place);
                });
            }
            Err(_) => refuse(client),
        }
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
