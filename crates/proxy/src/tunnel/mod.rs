//! Byte for byte: a tunnel that CONNECT made (RFC 9110 9.3.6), or a connection that changed its protocol (7.8).

mod activity;
mod end;
mod pump;
mod sealed;
#[cfg(target_os = "linux")]
mod splice;

use std::io;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;

use crate::life::Member;
use crate::record::{Ending, Recorder};
use activity::Activity;
pub(crate) use end::{End, Socket};
use pump::{pump, send};

/// Relays between the client, once it has its 101, and the origin, until both sides have closed, one fails, both are silent
/// for `silence`, or the proxy ends.
pub(crate) async fn relay_upgraded(
    client: OnUpgrade,
    origin: OnUpgrade,
    silence: Duration,
    recorder: Box<Recorder>,
    life: Member,
) {
    let ends = async { io::Result::Ok((End::upgraded(client).await?, End::upgraded(origin).await?)) };
    relay(ends, silence, recorder, life).await;
}

/// The same between two ends, as soon as they are there.
pub(crate) async fn relay(
    ends: impl Future<Output = io::Result<(End, End)>>,
    silence: Duration,
    mut recorder: Box<Recorder>,
    mut life: Member,
) {
    let relayed = async {
        let (client, origin) = ends.await?;
        if client.is_sealed() || origin.is_sealed() {
            return sealed::between(client, origin, silence, &mut recorder.sent).await;
        }
        between(&client, &origin, silence, &mut recorder.sent).await
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
        send(origin.tcp(), client.ahead()).await?;
        pump(client.tcp(), origin.tcp(), &activity, &mut received).await
    };
    let down = async {
        send(client.tcp(), origin.ahead()).await?;
        *sent += origin.ahead().len() as u64;
        pump(origin.tcp(), client.tcp(), &activity, sent).await
    };
    tokio::select! {
        done = async { tokio::try_join!(up, down) } => done.map(|_| ()),
        () = activity.ceased(silence) => Ok(()),
    }
}
