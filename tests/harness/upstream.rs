//! Other proxies, for Tamis to go through. Every name that ends in `.test` is this computer to them, and to nobody else.

use std::net::{Ipv6Addr, TcpStream};

use crate::origin::{Origin, Talk};

/// An HTTP proxy that makes tunnels. It reports the request line and `Proxy-Authorization` of each CONNECT.
pub fn http_proxy() -> Origin {
    http_proxy_to(address_of)
}

/// The same where each `host:port` is at an address of the caller's choice.
pub fn http_proxy_to(address_of: impl Fn(&str) -> String + Send + Sync + 'static) -> Origin {
    Origin::start(move |talk| {
        let head = talk.client.head();
        let who = head.get("proxy-authorization").unwrap_or("nobody");
        talk.tell(format!("{} by {who}", head.start()));
        let target = head.start().split(' ').nth(1).expect("a target");
        let origin = reach(&address_of(target));
        talk.client.send("HTTP/1.1 200 OK\r\n\r\n").relay(origin);
    })
}

/// A SOCKS5 proxy (RFC 1928), open to all or to `user:password` only. It reports what it is asked for: the kind of
/// address, and the address.
pub fn socks5(only: Option<&'static str>) -> Origin {
    Origin::start(move |talk| {
        if !lets_in(talk, only) {
            return;
        }
        let head = talk.client.exactly(4);
        assert_eq!(head[..3], [5, 1, 0], "version, CONNECT, reserved");
        let (kind, host) = match head[3] {
            1 => ("IPv4", talk.client.exactly(4).iter().map(u8::to_string).collect::<Vec<_>>().join(".")),
            3 => {
                let length = usize::from(talk.client.exactly(1)[0]);
                ("name", String::from_utf8(talk.client.exactly(length)).expect("a name"))
            }
            _ => {
                let octets: [u8; 16] = talk.client.exactly(16).try_into().expect("16 bytes");
                ("IPv6", format!("[{}]", Ipv6Addr::from(octets)))
            }
        };
        let port = talk.client.exactly(2);
        let target = format!("{host}:{}", u16::from_be_bytes([port[0], port[1]]));
        talk.tell(format!("{kind} {target}"));
        if host == "refused.test" {
            talk.client.send([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
            return;
        }
        let origin = reach(&address_of(&target));
        // The address it was reached from is given as a name, which is the longest kind.
        talk.client.send([&[5, 0, 0, 3, 4], b"here".as_slice(), &[0, 80]].concat()).relay(origin);
    })
}

/// The choice of a method and, where it is asked for, the password (RFC 1929).
fn lets_in(talk: &mut Talk, only: Option<&str>) -> bool {
    let [version, count] = talk.client.exactly(2)[..] else { return false };
    assert_eq!(version, 5);
    let offered = talk.client.exactly(usize::from(count));
    let Some(only) = only else {
        talk.client.send([5, 0]);
        return true;
    };
    if !offered.contains(&2) {
        talk.client.send([5, 0xff]);
        return false;
    }
    talk.client.send([5, 2]);
    assert_eq!(talk.client.exactly(1), [1]);
    let [user, password] = [(); 2].map(|()| {
        let length = usize::from(talk.client.exactly(1)[0]);
        String::from_utf8(talk.client.exactly(length)).expect("text")
    });
    let right = format!("{user}:{password}") == only;
    talk.client.send([1, u8::from(!right)]);
    right
}

fn reach(address: &str) -> TcpStream {
    TcpStream::connect(address).expect("the origin")
}

/// Where `host:port` is to these proxies.
pub fn address_of(target: &str) -> String {
    let (host, port) = target.rsplit_once(':').expect("a port");
    let host = if host.ends_with(".test") { "127.0.0.1" } else { host };
    format!("{host}:{port}")
}
