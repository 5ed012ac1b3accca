//! The automatic configuration (PAC) that sends a system's traffic here.
//!
//! It ends in `DIRECT`: a browser that finds nobody listening goes on without us, so that a crash leaves nobody
//! offline. Where we go through another proxy, the browser tries that one first: its network may let nothing else out.
//! What never leaves the machine or its network does not need us.

use std::net::SocketAddr;

use crate::upstream::{Route, Routes, Traffic};

/// The media type of such a script.
pub(crate) const PAC_TYPE: &str = "application/x-ns-proxy-autoconfig";

/// The configuration for a client that reached us at `addr`. `routes` are the ways we take, where the client can take
/// them in our place.
pub(crate) fn script(addr: SocketAddr, routes: Option<&Routes>) -> String {
    let [requests, tunnels] = [Traffic::Requests, Traffic::Tunnels]
        .map(|traffic| format!("\"PROXY {addr}; {}DIRECT\"", without_us(routes, traffic)));
    let ways = if requests == tunnels { requests } else { format!("isPlain ? {requests} : {tunnels}") };
    format!(
        r#"// Tamis: web traffic of this computer, without local names and addresses.
function FindProxyForURL(url, host) {{
  var isPlain = url.substring(0, 5) === "http:";
  if (!isPlain && url.substring(0, 6) !== "https:" &&
      url.substring(0, 3) !== "ws:" && url.substring(0, 4) !== "wss:") return "DIRECT";
  host = host.toLowerCase();
  if (isPlainHostName(host) || dnsDomainIs(host, ".local") || dnsDomainIs(host, ".localhost")) return "DIRECT";
  if (host.indexOf(":") >= 0) {{
    if (host === "::1" || /^(fe[89ab]|f[cd])/.test(host)) return "DIRECT";
  }} else if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {{
    if (/^(0|10|127)\./.test(host) || /^192\.168\./.test(host) || /^169\.254\./.test(host) ||
        /^172\.(1[6-9]|2\d|3[01])\./.test(host)) return "DIRECT";
  }}
  return {ways};
}}
"#
    )
}

/// The proxy to take in our place. A browser asks for user name and password itself.
fn without_us(routes: Option<&Routes>, traffic: Traffic) -> String {
    match routes.and_then(|routes| routes.of_everything(traffic)) {
        Some(Route::HttpProxy(proxy)) => format!("PROXY {proxy}; "),
        Some(Route::Socks5(proxy)) => format!("SOCKS5 {proxy}; "),
        Some(Route::Direct | Route::Refused(_)) | None => String::new(),
    }
}
