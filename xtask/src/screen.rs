//! A screen that nobody sees.

use std::process::Command;

use crate::program::{self, Output, Program};
use crate::step::Outcome;

/// An X server of our own; ends with the value.
pub struct Screen {
    display: String,
    _server: Program,
}

impl Screen {
    /// Starts it on the next free number.
    pub fn start() -> Outcome<Self> {
        let mut xvfb = Command::new("Xvfb");
        // It would begin anew whenever its last client leaves, and lose the one that comes at that moment.
        xvfb.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = Program::start("Xvfb", &mut xvfb, Output::Hidden, program::ANY_LINE)?;
        Ok(Self { display: format!(":{}", server.wait_for("")?), _server: server })
    }

    /// Its name, for DISPLAY.
    pub fn display(&self) -> &str {
        &self.display
    }
}
