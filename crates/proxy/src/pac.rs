//! The automatic configuration (PAC) that sends a system's traffic here.
//!
//! It ends in `DIRECT`: a browser that finds nobody listening goes on without us, so that a crash leaves nobody
//! offline. Where we go through another proxy, the browser tries that one first: its network may let nothing else out.
//! What never leaves the machine or its network does not need us; what asks whether a network lets one out must not be
//! answered by anybody but that network; and the user has exceptions of his own.
//!
//! The script looks nothing up and uses none of a browser's own functions, whose answers differ.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::upstream::{HostPattern, Hosts, Route, Routes, Traffic};

/// The media type of such a script.
pub(crate) const PAC_TYPE: &str = "application/x-ns-proxy-autoconfig";

/// Names of this computer and its network, each with all below it: RFC 6761 6.3, RFC 6762 3, RFC 8375, and the one that
/// ICANN has set aside for private use (2024). A name without a dot is one too.
const LOCAL_NAMES: [&str; 4] = ["localhost", "local", "home.arpa", "internal"];

/// Addresses of this computer and its network: "this network", loopback, private, link-local (RFC 6890, RFC 4193, RFC
/// 4291), and those that a carrier or a private network over the internet gives out (RFC 6598).
const LOCAL_ADDRESSES: [&str; 11] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::/128",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// Hosts that systems and browsers ask whether there is a captive portal, a network that wants to see its own page
/// first. Only hosts that are there for nothing else.
const PORTAL_PROBES: [&str; 18] = [
    "captive.apple.com",
    "conncheck.opensuse.org",
    "connect.rom.miui.com",
    "connectivity-check.ubuntu.com",
    "connectivitycheck.android.com",
    "connectivitycheck.cbg-app.huawei.com",
    "connectivitycheck.gstatic.com",
    "connectivitycheck.platform.hicloud.com",
    "detectportal.firefox.com",
    "dns.msftncsi.com",
    "ipv6.msftconnecttest.com",
    "msftconnecttest.com",
    "network-test.debian.org",
    "networkcheck.kde.org",
    "nmcheck.gnome.org",
    "ping.archlinux.org",
    "www.msftconnecttest.com",
    "www.msftncsi.com",
];

/// Whether programs that follow the automatic configuration reach a host without us, whatever else the user wants.
/// `host` in lower case, an IPv6 address in brackets or without.
pub fn is_always_direct(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches([']', '.']);
    let Ok(address) = host.parse::<IpAddr>() else {
        let is_local = |name: &&str| host.strip_suffix(*name).is_some_and(|rest| rest.ends_with('.'));
        return !host.contains('.') || LOCAL_NAMES.iter().any(is_local) || PORTAL_PROBES.contains(&host);
    };
    let mut ranges = LOCAL_ADDRESSES.iter().filter_map(|range| range.parse::<IpNet>().ok());
    ranges.any(|range| range.contains(&address.to_canonical()))
}

/// The configuration for a client that reached us at `addr`. `routes` are the ways we take, where the client can take
/// them in our place; `exceptions` the hosts that the user does not want here, whatever their port.
pub(crate) fn script(addr: SocketAddr, routes: Option<&Routes>, exceptions: &[HostPattern]) -> String {
    let [requests, tunnels] = [Traffic::Requests, Traffic::Tunnels]
        .map(|traffic| format!("\"PROXY {addr}; {}DIRECT\"", without_us(routes, traffic)));
    let ways = if requests == tunnels { requests } else { format!("isPlain ? {requests} : {tunnels}") };
    let Direct { names, names_and_below, addresses } = Direct::with(exceptions);
    format!(
        r#"// Tamis: web traffic of this computer, without local names and addresses, captive portals and exceptions.
var NAMES = {{{names}}}, NAMES_AND_BELOW = {{{names_and_below}}};
var ADDRESSES = [{addresses}];
function bits(number, width) {{
  var text = number.toString(2);
  while (text.length < width) text = "0" + text;
  return text;
}}
function addressBits(host) {{
  var text, i, parts;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {{
    for (parts = host.split("."), text = "4", i = 0; i < 4; i++) text += bits(+parts[i], 8);
    return text;
  }}
  if (host.indexOf(":") < 0) return "";
  var halves = host.split("::"), head = halves[0] ? halves[0].split(":") : [], tail = halves[1] ? halves[1].split(":") : [];
  while (head.length + tail.length < 8) head.push("0");
  for (parts = head.concat(tail), text = "", i = 0; i < 8; i++) text += bits(parseInt(parts[i], 16), 16);
  return /^0{{80}}1{{16}}/.test(text) ? "4" + text.substring(96) : "6" + text;
}}
function isDirect(host) {{
  var address = addressBits(host), at = -1, i;
  for (i = 0; i < ADDRESSES.length; i++) if (address && address.indexOf(ADDRESSES[i]) === 0) return true;
  if (address) return false;
  if (host.indexOf(".") < 0 || NAMES[host] === 1) return true;
  do if (NAMES_AND_BELOW[host.substring(at + 1)] === 1) return true; while ((at = host.indexOf(".", at + 1)) >= 0);
  return false;
}}
function FindProxyForURL(url, host) {{
  var isPlain = url.substring(0, 5) === "http:";
  if (!isPlain && url.substring(0, 6) !== "https:" &&
      url.substring(0, 3) !== "ws:" && url.substring(0, 4) !== "wss:") return "DIRECT";
  if (isDirect(host.toLowerCase().replace(/^\[|\]$|\.$/g, ""))) return "DIRECT";
  return {ways};
}}
"#
    )
}

/// What the script compares with, as it is written there.
struct Direct {
    names: String,
    names_and_below: String,
    addresses: String,
}

impl Direct {
    /// A pattern for everything is none here: whoever wants that does not point the system here.
    fn with(exceptions: &[HostPattern]) -> Self {
        let mut direct = Self { names: String::new(), names_and_below: String::new(), addresses: String::new() };
        PORTAL_PROBES.iter().for_each(|name| add_name(&mut direct.names, name));
        LOCAL_NAMES.iter().for_each(|name| add_name(&mut direct.names_and_below, name));
        let local = LOCAL_ADDRESSES.iter().filter_map(|range| range.parse().ok());
        local.for_each(|range| add_range(&mut direct.addresses, range));
        for exception in exceptions {
            match exception.hosts() {
                Hosts::All => {}
                Hosts::Name(name) => add_name(&mut direct.names, name),
                Hosts::NameAndBelow(name) => add_name(&mut direct.names_and_below, name),
                Hosts::Addresses(range) => add_range(&mut direct.addresses, *range),
            }
        }
        direct
    }
}

/// A pattern's name consists of letters, digits, `-`, `_` and dots, so that nothing has to be escaped.
fn add_name(list: &mut String, name: &str) {
    let comma = if list.is_empty() { "" } else { ", " };
    // Writing into a text does not fail.
    let _ = write!(list, "{comma}\"{}\": 1", name.to_ascii_lowercase());
}

/// The bits that all addresses of a range begin with, behind `4` or `6`.
fn add_range(list: &mut String, range: IpNet) {
    let bits = match range.network() {
        IpAddr::V4(address) => format!("4{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("6{:0128b}", address.to_bits()),
    };
    let comma = if list.is_empty() { "" } else { ", " };
    let begin = bits.get(..=usize::from(range.prefix_len())).unwrap_or(&bits);
    let _ = write!(list, "{comma}\"{begin}\"");
}

/// The proxy to take in our place. A browser asks for user name and password itself.
fn without_us(routes: Option<&Routes>, traffic: Traffic) -> String {
    match routes.and_then(|routes| routes.of_everything(traffic)) {
        Some(Route::HttpProxy(proxy)) => format!("PROXY {proxy}; "),
        Some(Route::Socks5(proxy)) => format!("SOCKS5 {proxy}; "),
        Some(Route::Direct | Route::Refused(_)) | None => String::new(),
    }
}
