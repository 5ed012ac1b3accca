//! The calls of Windows that no safe wrapper offers, each in a function of its own.
#![expect(unsafe_code, reason = "C functions are called; see the note at each place")]

use std::cell::RefCell;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use std::sync::mpsc::Sender;

use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_SUCCESS, FILETIME, HWND, LPARAM, LRESULT, WAIT_TIMEOUT, WPARAM,
};
use windows_sys::Win32::NetworkManagement::IpHelper::{GetExtendedTcpTable, TCP_TABLE_OWNER_PID_CONNECTIONS};
use windows_sys::Win32::NetworkManagement::Rras::{RASENTRYNAMEW, RasEnumEntriesW};
use windows_sys::Win32::Networking::WinInet::{
    INTERNET_OPTION_PROXY_SETTINGS_CHANGED, INTERNET_OPTION_REFRESH, INTERNET_OPTION_SETTINGS_CHANGED,
    InternetSetOptionW,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::System::Console::{ATTACH_PARENT_PROCESS, AttachConsole};
use windows_sys::Win32::System::Registry::RegFlushKey;
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    PROCESS_TERMINATE, QueryFullProcessImageNameW, TerminateProcess, WaitForSingleObject,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, MB_ICONWARNING, MB_OK, MB_SETFOREGROUND, MSG,
    MessageBoxW, RegisterClassW, WM_ENDSESSION, WM_QUERYENDSESSION, WNDCLASSW,
};
use windows_sys::core::w;
use winreg::RegKey;

use crate::programs::tcp_table::Family;

/// The longest path of Windows, in 16-bit units.
const PATH: usize = 32 * 1024;

/// How large the table of connections may become, in 32-bit words: that of some hundred thousand connections.
const TABLE: usize = 4 * 1024 * 1024;

/// What RAS says of a buffer that is too small (`ERROR_BUFFER_TOO_SMALL` in raserror.h).
const TOO_SMALL: u32 = 603;

/// Tells running programs that the proxy setting in the registry is another one now.
pub(crate) fn tell_that_proxy_settings_changed() {
    for option in [INTERNET_OPTION_PROXY_SETTINGS_CHANGED, INTERNET_OPTION_SETTINGS_CHANGED, INTERNET_OPTION_REFRESH] {
        // SAFETY: these options take no buffer, and no handle stands for the whole process, as the documentation says.
        if unsafe { InternetSetOptionW(null(), option, null(), 0) } == 0 {
            tracing::debug!(option, error = %io::Error::last_os_error(), "WinINET does not pass the change on");
        }
    }
}

/// Makes changes of the key last through a power cut. Where that fails Windows does it by itself some seconds later.
pub(crate) fn flush(key: &RegKey) {
    // SAFETY: the handle is open for as long as `key` is borrowed.
    let code = unsafe { RegFlushKey(key.raw_handle()) };
    if code != ERROR_SUCCESS {
        tracing::debug!(code, "the registry is written some seconds later");
    }
}

/// When the process of this number started (in 100 ns since 1601) and whether it is at work; none where there is none, or
/// none that this user may look at.
pub(crate) fn process(id: u32) -> Option<(u64, bool)> {
    let process = open_process(id, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE).ok()?;
    let [mut started, mut ended, mut kernel, mut own] = [FILETIME::default(); 4];
    let times: [&mut FILETIME; 4] = [&mut started, &mut ended, &mut kernel, &mut own];
    let [begun, done, in_kernel, in_user] = times.map(std::ptr::from_mut);
    // SAFETY: the handle is open while `process` is there, and the four times are ours and written to.
    if unsafe { GetProcessTimes(process.as_raw_handle(), begun, done, in_kernel, in_user) } == 0 {
        return None;
    }
    // SAFETY: the handle is open; no time is waited.
    let works = unsafe { WaitForSingleObject(process.as_raw_handle(), 0) } == WAIT_TIMEOUT;
    Some((u64::from(started.dwHighDateTime) << 32 | u64::from(started.dwLowDateTime), works))
}

/// Ends the process of this number at once.
pub(crate) fn end_process(id: u32) -> io::Result<()> {
    let process = open_process(id, PROCESS_TERMINATE)?;
    // SAFETY: the handle is open while `process` is there.
    if unsafe { TerminateProcess(process.as_raw_handle(), 1) } == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn open_process(id: u32, rights: u32) -> io::Result<OwnedHandle> {
    // SAFETY: nothing is pointed at; a handle that is not null is ours to close.
    unsafe {
        let handle = OpenProcess(rights, 0, id);
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(OwnedHandle::from_raw_handle(handle)) }
    }
}

/// The path of the program that the process of this number runs.
pub(crate) fn program_of(id: u32) -> io::Result<String> {
    let process = open_process(id, PROCESS_QUERY_LIMITED_INFORMATION)?;
    let mut path = vec![0; PATH];
    let mut length = u32::try_from(path.len()).unwrap_or(0);
    // SAFETY: the handle is open while `process` is there; `path` has room for `length` units, and both are written to.
    let told = unsafe {
        QueryFullProcessImageNameW(process.as_raw_handle(), PROCESS_NAME_WIN32, path.as_mut_ptr(), &raw mut length)
    };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(String::from_utf16_lossy(path.get(..length as usize).unwrap_or_default()))
}

/// The table of connections over this version of IP, with the numbers of their processes; empty where Windows gives none.
pub(crate) fn tcp_table(family: Family) -> Vec<u32> {
    let version = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let mut table: Vec<u32> = Vec::new();
    // Between the answer that says how large it is and the one that has it, it may grow.
    for _ in 0..4 {
        let mut bytes = u32::try_from(size_of_val(table.as_slice())).unwrap_or(0);
        // SAFETY: `table` holds `bytes` bytes, aligned as the words that the table is made of; both are written to.
        let code = unsafe {
            let room = table.as_mut_ptr().cast();
            GetExtendedTcpTable(room, &raw mut bytes, 0, version.into(), TCP_TABLE_OWNER_PID_CONNECTIONS, 0)
        };
        match code {
            ERROR_SUCCESS => return table,
            ERROR_INSUFFICIENT_BUFFER => table.resize((bytes as usize).div_ceil(4).saturating_add(512).min(TABLE), 0),
            _ => {
                tracing::debug!(code, "Windows does not tell who has which connection");
                break;
            }
        }
    }
    Vec::new()
}

/// The names of this user's dial-up and VPN connections, `limit` at most; none where Windows does not tell.
pub(crate) fn dial_up_connections(limit: usize) -> Vec<String> {
    let size = size_of::<RASENTRYNAMEW>();
    let mut entries = vec![RASENTRYNAMEW { dwSize: u32::try_from(size).unwrap_or(0), ..Default::default() }];
    let mut count = 0;
    // The first answer says how many there are; a second one may be needed to have them.
    for _ in 0..2 {
        let mut bytes = u32::try_from(entries.len() * size).unwrap_or(0);
        // SAFETY: `entries` holds `bytes` bytes of entries whose first says its size; without names of a phone book all of
        // them are meant. Both numbers are written to, and no pointer is kept.
        let code = unsafe { RasEnumEntriesW(null(), null(), entries.as_mut_ptr(), &raw mut bytes, &raw mut count) };
        match code {
            ERROR_SUCCESS => return entries.iter().take(count as usize).map(name).collect(),
            TOO_SMALL => {
                let wanted = (bytes as usize).div_ceil(size).clamp(1, limit);
                let first = entries.first().copied().unwrap_or_default();
                entries.resize(wanted, first);
            }
            _ => {
                tracing::debug!(code, "Windows does not tell its dial-up and VPN connections");
                break;
            }
        }
    }
    Vec::new()
}

/// Up to the NUL. The structure may stand at an odd place, so the text is copied out of it first.
fn name(entry: &RASENTRYNAMEW) -> String {
    let text = entry.szEntryName;
    let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
    String::from_utf16_lossy(text.get(..end).unwrap_or_default())
}

/// A box with one button; returns when it is gone.
pub(crate) fn message_box(title: &str, text: &str) {
    let [title, text] = [title, text].map(|text| text.encode_utf16().chain([0]).collect::<Vec<u16>>());
    // SAFETY: both texts end in a NUL and live until this returns; the box belongs to no window.
    let button =
        unsafe { MessageBoxW(null_mut(), text.as_ptr(), title.as_ptr(), MB_OK | MB_ICONWARNING | MB_SETFOREGROUND) };
    if button == 0 {
        tracing::debug!(error = %io::Error::last_os_error(), "Windows does not show a box");
    }
}

/// Takes part in the console of the process that started this one, where it has one and this one does not.
pub(crate) fn attach_to_console_of_parent() {
    // SAFETY: nothing is pointed at.
    if unsafe { AttachConsole(ATTACH_PARENT_PROCESS) } == 0 {
        tracing::debug!(error = %io::Error::last_os_error(), "no console to write to");
    }
}

thread_local! {
    /// Whom the window of this thread tells.
    static TOLD: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// Makes a window that nobody sees, says through `ready` whether there is one, and calls `told` when Windows tells it that
/// the session ends. Returns only where there can be no window.
pub(crate) fn wait_for_session_end(told: Box<dyn FnOnce()>, ready: &Sender<io::Result<()>>) {
    TOLD.set(Some(told));
    let made = hidden_window();
    let is_made = made.is_ok();
    // Nobody waits for the answer any more if the process is ending already.
    let _nobody_waits = ready.send(made);
    if is_made {
        let mut message = MSG::default();
        // SAFETY: the message is ours and written to before it is read.
        while unsafe { GetMessageW(&raw mut message, null_mut(), 0, 0) } > 0 {
            // SAFETY: as above; it is for a window of this thread.
            unsafe { DispatchMessageW(&raw const message) };
        }
    }
}

/// A window at the top level, for only those are told; it is never shown. It goes with its thread.
fn hidden_window() -> io::Result<()> {
    let name = w!("Tamis session end");
    let class = WNDCLASSW { lpfnWndProc: Some(on_message), lpszClassName: name, ..Default::default() };
    // SAFETY: both texts end in a NUL and live for ever, the procedure has the right form, and nothing else is pointed at.
    let window = unsafe {
        RegisterClassW(&raw const class);
        CreateWindowExW(0, name, name, 0, 0, 0, 0, 0, null_mut(), null_mut(), null_mut(), null())
    };
    if window.is_null() { Err(io::Error::last_os_error()) } else { Ok(()) }
}

unsafe extern "system" fn on_message(window: HWND, message: u32, first: WPARAM, second: LPARAM) -> LRESULT {
    match message {
        // Nothing of ours stands against it.
        WM_QUERYENDSESSION => 1,
        WM_ENDSESSION if first != 0 => {
            if let Some(told) = TOLD.take() {
                told();
            }
            // Windows may end the process as soon as this returns; it ends by itself when everything is put back.
            loop {
                std::thread::park();
            }
        }
        // SAFETY: the arguments are those that Windows gave us.
        _ => unsafe { DefWindowProcW(window, message, first, second) },
    }
}
