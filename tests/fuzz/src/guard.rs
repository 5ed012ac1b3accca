//! Nothing that a fuzzer makes up is ever dialled or looked up.
//!
//! The process's own `connect` and `getaddrinfo` stand in front of the C library's, for whoever calls them by whatever
//! way: connections reach the ports that were [allowed](allow) on loopback, and no name has an address.

use std::ffi::{c_char, c_int, c_void};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{addrinfo, sockaddr, sockaddr_in, socklen_t};

/// One bit for each port.
static ALLOWED: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

/// Lets connections to this port of 127.0.0.0/8 pass.
pub fn allow(addr: SocketAddr) {
    let port = usize::from(addr.port());
    ALLOWED[port / 64].fetch_or(1 << (port % 64), Ordering::Relaxed);
}

/// Takes it back.
pub fn forbid(addr: SocketAddr) {
    let port = usize::from(addr.port());
    ALLOWED[port / 64].fetch_and(!(1 << (port % 64)), Ordering::Relaxed);
}

fn is_allowed(port: u16) -> bool {
    let port = usize::from(port);
    ALLOWED[port / 64].load(Ordering::Relaxed) & (1 << (port % 64)) != 0
}

/// # Panics
/// When the guard does not stand where it should.
pub fn check() {
    let refused = TcpStream::connect(("127.0.0.1", 1)).expect_err("a port that nobody allowed");
    assert_eq!(refused.raw_os_error(), Some(libc::ENETUNREACH), "connect(2) is not guarded");
    assert!(("localhost", 1).to_socket_addrs().is_err(), "getaddrinfo(3) is not guarded");
}

/// # Safety
/// As connect(2): `address` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    let harmless = length as usize >= size_of::<sockaddr_in>() && {
        // SAFETY: the caller's promise, and the length was looked at.
        let address = unsafe { address.cast::<sockaddr_in>().read_unaligned() };
        let loopback = u32::from_be(address.sin_addr.s_addr) >> 24 == 127;
        c_int::from(address.sin_family) == libc::AF_INET && loopback && is_allowed(u16::from_be(address.sin_port))
    };
    // SAFETY: the arguments are the caller's own; errno is this thread's.
    unsafe {
        if !harmless {
            *libc::__errno_location() = libc::ENETUNREACH;
            return -1;
        }
        libc::syscall(libc::SYS_connect, socket, address, length) as c_int
    }
}

/// # Safety
/// None is needed: nothing is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getaddrinfo(
    _node: *const c_char,
    _service: *const c_char,
    _hints: *const c_void,
    _found: *mut *mut addrinfo,
) -> c_int {
    libc::EAI_NONAME
}
