//! Nothing that a fuzzer makes up is ever dialled or looked up.
//!
//! The process's own `connect` and `getaddrinfo` stand in front of the C library's, for whoever calls them by whatever
//! way: connections reach the listeners that were [named](allow) last, on loopback, and no name has an address.

use std::ffi::{c_char, c_int, c_void};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{addrinfo, sockaddr, sockaddr_in, socklen_t};

/// Address and port of each listener that may be reached.
static ALLOWED: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// Lets connections to these listeners pass, and to no others.
///
/// # Panics
/// When one is not on loopback.
pub fn allow(listeners: [SocketAddrV4; 2]) {
    for (allowed, listener) in ALLOWED.iter().zip(listeners) {
        assert!(listener.ip().is_loopback());
        allowed.store(key(*listener.ip(), listener.port()), Ordering::Relaxed);
    }
}

fn key(ip: Ipv4Addr, port: u16) -> u64 {
    u64::from(ip.to_bits()) << 16 | u64::from(port)
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
    let to = (length as usize >= size_of::<sockaddr_in>()).then(|| {
        // SAFETY: the caller's promise, and the length was looked at.
        unsafe { address.cast::<sockaddr_in>().read_unaligned() }
    });
    let known = to.filter(|to| {
        let key = key(Ipv4Addr::from(u32::from_be(to.sin_addr.s_addr)), u16::from_be(to.sin_port));
        c_int::from(to.sin_family) == libc::AF_INET && ALLOWED.iter().any(|one| one.load(Ordering::Relaxed) == key)
    });
    // SAFETY: the arguments are the caller's own; errno is this thread's.
    unsafe {
        let Some(to) = known else {
            *libc::__errno_location() = libc::ENETUNREACH;
            return -1;
        };
        come_from(socket, to);
        libc::syscall(libc::SYS_connect, socket, address, length) as c_int
    }
}

/// Lets a connection come from the very address that it goes to: thousands in a second, each of which the system remembers
/// for a minute, would take all ports of 127.0.0.1 away from everybody else. That it cannot is no reason not to connect.
fn come_from(socket: c_int, to: sockaddr_in) {
    let (yes, from): (c_int, _) = (1, sockaddr_in { sin_port: 0, ..to });
    // SAFETY: both pointers are to locals of the size given.
    unsafe {
        let size = size_of::<c_int>() as socklen_t;
        libc::setsockopt(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, (&raw const yes).cast(), size);
        libc::bind(socket, (&raw const from).cast(), size_of::<sockaddr_in>() as socklen_t);
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
