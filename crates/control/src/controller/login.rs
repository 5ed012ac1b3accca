//! The controller's dealings with start at login.

use super::Controller;
use crate::hands::aside;
use crate::words;

impl Controller {
    /// What the user did in the system's own settings is a wish too, but where we have failed to fulfil one.
    pub(super) async fn look_at_login(&mut self) {
        let was_fulfilled = self.login_wanted == self.actual.start_at_login;
        let Some(autostart) = self.autostart.take() else { return };
        match aside(move || (autostart.is_on(), autostart)).await {
            Ok((is_on, autostart)) => {
                self.autostart = Some(autostart);
                match is_on {
                    Ok(on) => {
                        self.actual.start_at_login = on;
                        if was_fulfilled {
                            self.login_wanted = on;
                        }
                    }
                    Err(error) => self.report(words::start_at_login_failed(&error)),
                }
            }
            Err(broken) => self.report(words::start_at_login_failed(&broken)),
        }
    }

    pub(super) async fn set_start_at_login(&mut self, on: bool) {
        let (Some(autostart), Some(command)) = (self.autostart.take(), self.options.login_command.clone()) else {
            return;
        };
        let done = aside(move || {
            let done = if on { autostart.set(&command) } else { autostart.remove() };
            (autostart, done)
        });
        let failure = match done.await {
            Ok((autostart, done)) => {
                self.autostart = Some(autostart);
                done.err().map(|error| words::start_at_login_failed(&error))
            }
            Err(broken) => Some(words::start_at_login_failed(&broken)),
        };
        match failure {
            None => {
                self.actual.start_at_login = on;
                self.settle("start-at-login-failed");
            }
            Some(problem) => {
                self.report(problem);
            }
        }
    }
}
