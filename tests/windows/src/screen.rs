//! A person at the screen: what is seen, and what is pressed.
#![expect(unsafe_code, reason = "C functions are called; see the note at each place")]

use std::iter::successors;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    FindWindowExW, GetWindowThreadProcessId, IsWindowVisible, PostMessageW, SMTO_ABORTIFHUNG, SendMessageTimeoutW,
    WM_COMMAND, WM_GETTEXT,
};

/// How long a program may take to tell a text, in milliseconds.
const ANSWER_WAIT: u32 = 2000;

/// The longest text that is read, in UTF-16 units.
const LONGEST: usize = 1024;

/// A window of any program, or a part of one.
#[derive(Debug, Clone, Copy)]
pub struct Seen(HWND);

/// The windows of a class, hidden ones too.
pub fn seen(class: &str) -> impl Iterator<Item = Seen> {
    below(null_mut(), class)
}

impl Seen {
    /// The parts of a class in it.
    pub fn parts(self, class: &str) -> impl Iterator<Item = Self> {
        below(self.0, class)
    }

    /// The number of the process that it belongs to; 0 when it is gone.
    pub fn process(self) -> u32 {
        let mut process = 0;
        // SAFETY: the number is ours and written to; a window that is gone is refused.
        unsafe { GetWindowThreadProcessId(self.0, &raw mut process) };
        process
    }

    /// Whether it is on the screen.
    pub fn is_visible(self) -> bool {
        // SAFETY: nothing is pointed at; a window that is gone is refused.
        unsafe { IsWindowVisible(self.0) != 0 }
    }

    /// Its title, or the text on it.
    pub fn text(self) -> String {
        let (mut text, mut length) = ([0_u16; LONGEST], 0);
        // SAFETY: Windows carries the text over from the other program; `text` has room for as many units as is said, and
        // `length` is ours too.
        unsafe {
            let room = text.as_mut_ptr() as isize;
            SendMessageTimeoutW(self.0, WM_GETTEXT, LONGEST, room, SMTO_ABORTIFHUNG, ANSWER_WAIT, &raw mut length);
        }
        String::from_utf16_lossy(text.get(..length).unwrap_or_default())
    }

    /// Tells its program that an item of its menu, or a button on it, was clicked: what Windows itself tells it then.
    ///
    /// # Panics
    /// When it is gone.
    pub fn click(self, number: u16) {
        // SAFETY: nothing is pointed at; a window that is gone is refused.
        let told = unsafe { PostMessageW(self.0, WM_COMMAND, number.into(), 0) };
        assert!(told != 0, "the window is gone");
    }
}

fn below(parent: HWND, class: &str) -> impl Iterator<Item = Seen> {
    let class: Vec<u16> = class.encode_utf16().chain([0]).collect();
    // SAFETY: the class ends in a NUL and lives until the call returns; a window that is gone is refused.
    let next = move |after: HWND| unsafe { FindWindowExW(parent, after, class.as_ptr(), null()) };
    let some = |window: HWND| (!window.is_null()).then_some(window);
    successors(some(next(null_mut())), move |after| some(next(*after))).map(Seen)
}
