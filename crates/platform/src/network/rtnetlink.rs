//! What the Linux kernel tells of routes and interfaces.
//!
//! A route that comes or goes is a change at once, with the addresses, each of which has one. Of interfaces hardly anything
//! matters; but when one goes down, its IPv4 routes go without a word, so then a look tells.

use std::io::{self, PipeReader, PipeWriter};
use std::net::Ipv6Addr;
use std::os::fd::OwnedFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

use super::sources;

/// `RTMGRP_LINK`, `RTMGRP_IPV4_ROUTE` and `RTMGRP_IPV6_ROUTE`.
const GROUPS: u32 = 0x1 | 0x40 | 0x400;

/// The kernel's messages are not larger; what does not fit is cut off and does no harm.
const MESSAGES: usize = 32 * 1024;

/// Messages come in swarms: this long nothing is heard after a change.
const PACE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

pub(super) type Lives = PipeWriter;

pub(super) fn watch(mut changed: impl FnMut() + Send + 'static) -> io::Result<Lives> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    let (ends, lives) = io::pipe()?;
    let mut known = sources();
    thread::Builder::new().name("tamis-network".into()).spawn(move || {
        loop {
            match wait(&socket, &ends) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return tracing::warn!(%error, "changes of the network go unnoticed from now on"),
            }
            let has_other_routes = hear(&socket);
            let found = sources();
            if has_other_routes || found != known {
                known = found;
                changed();
                if ended_within(&ends, &PACE) {
                    return;
                }
            }
        }
    })?;
    Ok(lives)
}

/// Whether there are messages; false at the end of the watch.
fn wait(socket: &OwnedFd, ends: &PipeReader) -> io::Result<bool> {
    let mut either = [PollFd::new(socket, PollFlags::IN), PollFd::new(ends, PollFlags::IN)];
    loop {
        match poll(&mut either, None) {
            Err(Errno::INTR) => {}
            done => {
                done?;
                let [_, end] = &either;
                return Ok(end.revents().is_empty());
            }
        }
    }
}

fn ended_within(ends: &PipeReader, time: &Timespec) -> bool {
    poll(&mut [PollFd::new(ends, PollFlags::IN)], Some(time)).is_ok_and(|count| count > 0)
}

/// Takes all messages that wait; whether routes are among them that matter.
fn hear(socket: &OwnedFd) -> bool {
    let mut buffer = vec![0; MESSAGES];
    let mut matter = false;
    loop {
        match recv(socket, &mut buffer, RecvFlags::empty()) {
            Ok((length, _)) if length > 0 => matter |= have_routes(buffer.get(..length).unwrap_or_default()),
            Err(Errno::INTR) => {}
            // There were more than the system keeps.
            Err(Errno::NOBUFS) => matter = true,
            _ => return matter,
        }
    }
}

/// The length of what stands before each message.
const HEADER: usize = 16;
/// `RTM_NEWROUTE` and `RTM_DELROUTE`.
const ROUTE: [u16; 2] = [24, 25];
/// `RTN_UNICAST` and `RTN_LOCAL`; the others lead to many hosts or to none.
const TO_A_HOST: [u8; 2] = [1, 2];
/// The length of what stands before a route's attributes, and which of them is its destination (`RTA_DST`).
const ROUTE_HEADER: usize = 12;
const DESTINATION: u16 = 1;

/// Whether one of the messages is of a route by which a connection may go. Every interface that comes up has a route to its
/// own link, containers' too, which no connection to an origin takes.
fn have_routes(mut messages: &[u8]) -> bool {
    while let Some((message, rest)) = split(messages, u32_at(messages, 0).and_then(|length| length.try_into().ok())) {
        messages = rest;
        let is_route = u16_at(message, 4).is_some_and(|kind| ROUTE.contains(&kind));
        let leads_to_a_host = message.get(HEADER + 7).is_some_and(|to| TO_A_HOST.contains(to));
        let attributes = message.get(HEADER + ROUTE_HEADER..).unwrap_or_default();
        if is_route && leads_to_a_host && !is_of_one_link(attributes) {
            return true;
        }
    }
    false
}

/// IPv6 alone has such routes.
fn is_of_one_link(mut attributes: &[u8]) -> bool {
    while let Some((attribute, rest)) = split(attributes, u16_at(attributes, 0).map(usize::from)) {
        attributes = rest;
        let address = attribute.get(4..).and_then(|address| <[u8; 16]>::try_from(address).ok());
        if let (Some(DESTINATION), Some(address)) = (u16_at(attribute, 2), address) {
            let address = Ipv6Addr::from(address);
            return address.is_unicast_link_local() || address.is_multicast();
        }
    }
    false
}

/// The first so many bytes, and the rest, which begins at a multiple of four. None at the end, and where the length makes no
/// sense.
fn split(bytes: &[u8], length: Option<usize>) -> Option<(&[u8], &[u8])> {
    let length = length.filter(|length| *length >= 4)?;
    Some((bytes.get(..length)?, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6 told them where numbers have their lowest byte first; that of an interface is cut short.
    const DEFAULT_BY_CABLE: &str =
        "3400000018000006e9e1036b6d1c000002000000fe0300010000000008000f00fe000000080005000a0900fe0800040001000000";
    const ADDRESS_GOES: &str = "3c00000019000000000000000000000002200000ff02fe020000000008000f00ff000000080001000a090001080007000a0900010800040001000000";
    const BROADCAST: &str = "3c00000018000006000000000000000002200000ff02fd030000000008000f00ff000000080001007fffffff080007007f0000010800040001000000";
    const OWN_LINK: &str = "740000001800000600000000000000000a400000fe0200010000000008000f00fe00000014000100fe8000000000000000000000000000000800060000010000080004000100000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000";
    const IPV6_NETWORK: &str = "740000001800000600000000000000000a400000fe0200010000000008000f00fe0000001400010020010db80001000000000000000000000800060000010000080004000100000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000";
    const INTERFACE: &str = "200000001000000000000000000000000000040301000000490001000000000000";

    fn bytes(hex: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len() / 2).map(|index| digit(2 * index)).collect()
    }

    #[test]
    fn a_route_by_which_a_connection_may_go_is_a_change_and_nothing_else() {
        for (message, want) in [
            (DEFAULT_BY_CABLE, true),
            (ADDRESS_GOES, true),
            (IPV6_NETWORK, true),
            (OWN_LINK, false),
            (BROADCAST, false),
            (INTERFACE, false),
        ] {
            assert_eq!(have_routes(&bytes(message)), want, "{message}");
        }
        assert!(have_routes(&bytes(&[BROADCAST, OWN_LINK, ADDRESS_GOES].concat())));
        assert!(!have_routes(&bytes(&[BROADCAST, OWN_LINK].concat())));
    }

    #[test]
    fn a_message_that_is_cut_off_or_makes_no_sense_does_no_harm() {
        let whole = bytes(OWN_LINK);
        for end in 0..whole.len() {
            assert!(!have_routes(&whole[..end]), "{end}");
        }
        for (at, byte) in (0..whole.len()).flat_map(|at| [(at, 0), (at, 0xff)]) {
            let mut odd = whole.clone();
            odd[at] = byte;
            have_routes(&odd);
        }
    }
}
