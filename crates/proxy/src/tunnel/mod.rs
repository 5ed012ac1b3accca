//! Byte for byte: a tunnel that CONNECT made (RFC 9110 9.3.6), or a connection that changed its protocol (7.8).

mod activity;
mod pump;
#[cfg(target_os = "linux")]
mod splice;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::life::Member;
use crate::line::{Line, LineIo};
use crate::record::{Ending, Recorder};
use activity::Activity;
use pump::{pump, send};

/// One end of a tunnel.
pub(crate) struct End {
    socket: Socket,
    /// What was read from it along with the message that made the tunnel; it goes first.
    ahead: Bytes,
}

enum Socket {
    Own(TcpStream),
    /// One that carried messages before.
    Line(Arc<Line>),
}

impl End {
    /// A fresh connection.
    pub(crate) fn fresh(socket: TcpStream) -> Self {
        Self::behind(socket, Bytes::new())
    }

    /// A connection through another proxy, whose answer `ahead` came along with.
    pub(crate) fn behind(socket: TcpStream, ahead: Bytes) -> Self {
        Self { socket: Socket::Own(socket), ahead }
    }

    /// A connection that hyper gave up.
    pub(crate) async fn upgraded(upgrade: OnUpgrade) -> io::Result<Self> {
        let upgraded: Upgraded = upgrade.await.map_err(io::Error::other)?;
        let parts =
            upgraded.downcast::<TokioIo<LineIo>>().map_err(|_| io::Error::other("not a connection of this proxy"))?;
        Ok(Self { socket: Socket::Line(parts.io.inner().line()), ahead: parts.read_buf })
    }

    fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Socket::Own(socket) => socket,
            Socket::Line(line) => line.socket(),
        }
    }
}

/// Relays between the client, once it has its 200 or 101, and the origin, until both sides have closed, one fails, both
/// are silent for `silence`, or the proxy ends.
pub(crate) async fn relay(
    client: OnUpgrade,
    origin: impl Future<Output = io::Result<End>>,
    silence: Duration,
    mut recorder: Box<Recorder>,
    mut life: Member,
) {
    let relayed = async {
        let client = End::upgraded(client).await?;
        between(&client, &origin.await?, silence, &mut recorder.sent).await
    };
    tokio::select! {
        relayed = relayed => recorder.ending = match relayed {
            Ok(()) => Ending::Complete,
            // Many programs end a tunnel by a reset; which side, or whether anything was lost, cannot be told from here.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                Ending::Complete
            }
            Err(error) => Ending::Failed(format!("the tunnel: {error}")),
        },
        () = life.over() => recorder.ending = Ending::Complete,
    }
}

async fn between(client: &End, origin: &End, silence: Duration, sent: &mut u64) -> io::Result<()> {
    let activity = Activity::begin();
    let mut received = 0;
    let up = async {
        send(origin.tcp(), &client.ahead).await?;
        pump(client.tcp(), origin.tcp(), &activity, &mut received).await
    };
    let down = async {
        send(client.tcp(), &origin.ahead).await?;
        *sent += origin.ahead.len() as u64;
        pump(origin.tcp(), client.tcp(), &activity, sent).await
    };
    tokio::select! {
        done = async { tokio::try_join!(up, down) } => done.map(|_| ()),
        () = activity.ceased(silence) => Ok(()),
    }
}
