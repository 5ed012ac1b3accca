//! Who may use the proxy, and where it takes them. Decisions only.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;
use ipnet::IpNet;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::ports::Ports;
use crate::target::HTTP_PORT;

/// Who is served and where they are taken. The default serves this computer alone and asks it for nothing.
#[derive(Debug, Clone)]
pub struct Access {
    /// Addresses of other computers whose clients are served.
    pub others: Vec<IpNet>,
    /// What clients on other computers have to show; none lets them in as they come.
    pub credentials: Option<Credentials>,
    /// Ask the programs of this computer for the credentials too.
    pub ask_this_computer: bool,
    /// Where tunnels of this computer's programs may lead (RFC 9110 9.3.6 asks for such a list). The default has what
    /// programs use a tunnel for: ssh, the web, mailboxes and handing in mail with a password, news, directories, name
    /// look-up, file transfer and rsync, and all ports that are nobody's in particular; not port 25, by which spam leaves,
    /// nor telnet.
    pub connect_ports: Ports,
    /// The same for clients on other computers. The default is the web: this computer's name stands for what they do.
    pub connect_ports_for_others: Ports,
    /// Where plain http requests are not sent, whoever asks: a service that reads commands line by line may take one for
    /// its own. The default is what browsers refuse (Fetch Standard, "bad port").
    pub refused_http_ports: Ports,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            others: Vec::new(),
            credentials: None,
            ask_this_computer: false,
            connect_ports: Ports::of(&[22, 80, 110, 143, 443, 465, 563, 587, 636, 853, 873, 989, 990, 993, 994, 995])
                .and(1024..=u16::MAX),
            connect_ports_for_others: Ports::of(&[80, 443]),
            refused_http_ports: Ports::of(&[
                1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
                104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513,
                514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720,
                1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
            ]),
        }
    }
}

/// Where a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    ThisComputer,
    Other,
}

/// A client that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) who: Who,
    /// The address of ours that it came to.
    pub(crate) reached: SocketAddr,
}

impl Access {
    /// Lets in a client that came from one address to another of ours; none for a stranger.
    pub(crate) fn admit(&self, from: IpAddr, reached: SocketAddr) -> Option<Caller> {
        let from = from.to_canonical();
        // Without the scope of a link-local address, which means nothing to others.
        let reached = SocketAddr::new(reached.ip().to_canonical(), reached.port());
        // Nobody else can hold a conversation from an address of ours.
        let who = if from.is_loopback() || from == reached.ip() {
            Who::ThisComputer
        } else if self.others.iter().any(|range| range.contains(&from)) {
            Who::Other
        } else {
            return None;
        };
        Some(Caller { who, reached })
    }

    /// The credentials that a client has to show.
    pub(crate) fn asked_from(&self, who: Who) -> Option<&Credentials> {
        self.credentials.as_ref().filter(|_| who == Who::Other || self.ask_this_computer)
    }

    /// Refuses a tunnel to a port outside the list.
    pub(crate) fn check_tunnel(&self, who: Who, target: &Authority) -> Result<(), Error> {
        let ports = match who {
            Who::ThisComputer => &self.connect_ports,
            Who::Other => &self.connect_ports_for_others,
        };
        match target.port_u16() {
            Some(port) if ports.contain(port) => Ok(()),
            _ => Err(Error::refused_tunnel(target.as_str(), ports, who)),
        }
    }

    /// Refuses a plain http request to a port where it may be taken for something else.
    pub(crate) fn check_origin(&self, target: &Authority) -> Result<(), Error> {
        let digits =
            target.as_str().bytes().rposition(|byte| byte == b':').and_then(|at| target.as_str().get(at + 1..));
        let port = digits.and_then(|digits| digits.parse().ok()).unwrap_or(HTTP_PORT);
        if self.refused_http_ports.contain(port) { Err(Error::refused_port(target.as_str())) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_comes_in_others_by_their_range_and_strangers_not() {
        let others = ["192.168.1.0/24", "fd00::/8"].iter().map(|range| range.parse().unwrap()).collect();
        let access = Access { others, ..Access::default() };
        let who = |from: &str, reached: &str| {
            access.admit(from.parse().unwrap(), reached.parse().unwrap()).map(|caller| caller.who)
        };
        for from in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "192.168.2.2", "::ffff:192.168.2.2"] {
            assert_eq!(who(from, "192.168.2.2:8118"), Some(Who::ThisComputer), "{from}");
        }
        for from in ["192.168.1.7", "::ffff:192.168.1.7", "fd12::1"] {
            assert_eq!(who(from, "192.168.2.2:8118"), Some(Who::Other), "{from}");
        }
        for from in ["192.168.2.7", "10.0.0.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:8.8.8.8", "fe80::1"] {
            assert_eq!(who(from, "192.168.2.2:8118"), None, "{from}");
            assert_eq!(Access::default().admit(from.parse().unwrap(), "192.168.2.2:8118".parse().unwrap()), None);
        }
        let caller = access.admit("fd00::2".parse().unwrap(), "[::ffff:192.168.2.2]:8118".parse().unwrap()).unwrap();
        assert_eq!(caller.reached.to_string(), "192.168.2.2:8118");
    }

    #[test]
    fn credentials_are_asked_from_others_and_from_this_computer_only_on_request() {
        let credentials = Some(Credentials::new("a", "b").unwrap());
        let mut access = Access { credentials, ..Access::default() };
        assert!(access.asked_from(Who::Other).is_some() && access.asked_from(Who::ThisComputer).is_none());
        access.ask_this_computer = true;
        assert!(access.asked_from(Who::ThisComputer).is_some());
    }

    #[test]
    fn by_default_tunnels_lead_where_programs_need_them_and_not_to_mail_relays_rfc9110_9_3_6() {
        let access = Access::default();
        let open = |who, port: u16| access.check_tunnel(who, &format!("a.test:{port}").parse().unwrap()).is_ok();
        for port in [22, 80, 443, 587, 993, 1080, 5222, 8443, 9418, 65535] {
            assert!(open(Who::ThisComputer, port), "{port}");
        }
        for port in [7, 19, 21, 23, 25, 53, 111, 139, 445, 512, 1023] {
            assert!(!open(Who::ThisComputer, port), "{port}");
        }
        for port in [22, 25, 587, 993, 3306, 6379, 8443] {
            assert!(!open(Who::Other, port), "{port}");
        }
        assert!(open(Who::Other, 443) && open(Who::Other, 80));
    }

    #[test]
    fn by_default_requests_are_not_sent_where_they_pass_for_commands() {
        let access = Access::default();
        let open = |target: &str| access.check_origin(&target.parse().unwrap()).is_ok();
        assert!(["a.test", "a.test:81", "a.test:443", "a.test:631", "a.test:8080"].into_iter().all(open));
        assert!(!["a.test:25", "a.test:6667", "[::1]:21", "a.test:22"].into_iter().any(open));
    }
}
