//! The window manager's side of the display.

use std::collections::BTreeSet;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, ImageFormat, MapState, Window};
use x11rb::rust_connection::RustConnection;

use super::session::Session;
use crate::wait_for;

/// Smooth text alone has more.
const COLOURS_OF_A_PAGE: usize = 24;

/// Where the headline begins in a window of the usual size: left, top, width and height in pixels. Looking at no more keeps
/// the processors free for the page.
const HEADLINE: (i16, i16, u16, u16) = (192, 20, 160, 32);

/// A connection to the session's display.
#[derive(Debug)]
pub struct Screen {
    display: RustConnection,
    root: Window,
}

impl Screen {
    /// Connects.
    pub fn look(session: &Session) -> Self {
        let (display, screen) = x11rb::connect(Some(session.display())).expect("the display");
        let root = display.setup().roots[screen].root;
        Self { display, root }
    }

    /// Waits until exactly so many windows with Tamis's title are to be seen.
    #[track_caller]
    pub fn wait_for_windows(&self, count: usize) {
        wait_for(&format!("{count} windows"), || (self.windows().len() == count).then_some(()));
    }

    /// The windows with Tamis's title that are to be seen.
    pub fn windows(&self) -> Vec<Window> {
        let tree = self.display.query_tree(self.root).expect("asking").reply().expect("the windows");
        tree.children.into_iter().filter(|window| self.is_ours(*window) == Some(true)).collect()
    }

    /// Waits until there is something to be seen in the one window: no page is of one colour.
    #[track_caller]
    pub fn wait_for_a_picture(&self) {
        wait_for("a page in the window", || (self.colours()? >= COLOURS_OF_A_PAGE).then_some(()));
    }

    /// How many colours the one window shows where its headline is; none while it is not to be seen.
    fn colours(&self) -> Option<usize> {
        let window = *self.windows().first()?;
        let (x, y, width, height) = HEADLINE;
        let image = self.display.get_image(ImageFormat::Z_PIXMAP, window, x, y, width, height, u32::MAX);
        let pixels = image.ok()?.reply().ok()?.data;
        Some(pixels.chunks_exact(4).collect::<BTreeSet<_>>().len())
    }

    /// None for a window that is gone by now.
    fn is_ours(&self, window: Window) -> Option<bool> {
        let title = self.display.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64).ok()?;
        let attributes = self.display.get_window_attributes(window).ok()?;
        Some(title.reply().ok()?.value == b"Tamis" && attributes.reply().ok()?.map_state == MapState::VIEWABLE)
    }

    /// Closes the one window, as its close button does.
    #[track_caller]
    pub fn close_the_window(&self) {
        let windows = self.windows();
        let [window] = windows.as_slice() else { panic!("not one window but {}", windows.len()) };
        let atom = |name: &[u8]| self.display.intern_atom(false, name).expect("asking").reply().expect("a name").atom;
        let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
        let message = ClientMessageEvent::new(32, *window, protocols, [delete, x11rb::CURRENT_TIME, 0, 0, 0]);
        self.display.send_event(false, *window, EventMask::NO_EVENT, message).expect("asking");
        self.display.flush().expect("asking");
    }
}
