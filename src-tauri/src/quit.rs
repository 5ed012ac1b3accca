//! Leaving in good order, and leaving at all.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tamis_control::{Command, Control, NotRunning, Phase};
use tauri::{AppHandle, Manager};

use crate::tell::complain;

/// The longest time from the wish to quit to the end of the process. Giving the system's setting back takes
/// milliseconds and draining connections has its own bound below this one.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before asking again when the controller has no room for a command.
const AGAIN: Duration = Duration::from_millis(50);

/// Asks Tamis to quit, and sees to it that the process ends. The last snapshot ends it (see `follow.rs`); without one,
/// [`PATIENCE`] does.
pub(crate) fn in_good_order(control: &Control) {
    let control = control.clone();
    let watch = std::thread::Builder::new().name("quit".into()).spawn(move || {
        let deadline = Instant::now() + PATIENCE;
        stopped_by(&control, deadline);
        // What is left of the time is for the event loop to end.
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        give_up();
    });
    if watch.is_err() {
        give_up();
    }
}

/// The event loop is at its end: the last moment to give the system's proxy setting back, for instance when the desktop
/// itself ended the program. Returns at once when that is done already.
pub(crate) fn before_exit(app: &AppHandle) {
    if let Some(control) = app.try_state::<Control>()
        && !stopped_by(&control, Instant::now() + PATIENCE)
    {
        give_up();
    }
}

/// Asks, and waits for the last snapshot; false when it did not come in time.
fn stopped_by(control: &Control, deadline: Instant) -> bool {
    while control.send(Command::Quit) == Err(NotRunning::Busy) && Instant::now() < deadline {
        std::thread::sleep(AGAIN);
    }
    let (done, end) = mpsc::channel();
    let control = control.clone();
    tauri::async_runtime::spawn(
        async move { done.send(control.until(|now| now.phase == Phase::Stopped).await.is_some()) },
    );
    end.recv_timeout(deadline.saturating_duration_since(Instant::now())).unwrap_or(false)
}

/// Ends the process as it is. A proxy setting that is left behind leads browsers past us, and the next start restores it.
fn give_up() -> ! {
    complain(&format!(
        "Tamis did not end within {} seconds and is ended now. If the system's proxy setting still names it, run \
         `tamis restore`.",
        PATIENCE.as_secs()
    ));
    std::process::exit(1)
}
