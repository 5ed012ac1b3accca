//! A connection through a SOCKS5 proxy (RFC 1928, RFC 1929).

use std::net::IpAddr;

use http::uri::Authority;
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;
use tokio_socks::{IntoTargetAddr, TargetAddr};

use super::fault::Fault;
use super::route::ProxyServer;
use crate::target::HTTP_PORT;

/// Asks `proxy`, at the other end of `socket`, for a connection to `target`. The proxy looks the name up, we never do:
/// who goes through one may not want the names to be seen here, or has a resolver that does not know them.
pub(super) async fn ask(socket: TcpStream, proxy: &ProxyServer, target: &Authority) -> Result<TcpStream, Fault> {
    let target = address(target).map_err(Fault::Socks)?;
    let reached = match proxy.login() {
        None => Socks5Stream::connect_with_socket(socket, target).await,
        Some(who) => Socks5Stream::connect_with_password_and_socket(socket, target, who.user(), who.password()).await,
    };
    reached.map(Socks5Stream::into_inner).map_err(Fault::Socks)
}

fn address(target: &Authority) -> tokio_socks::Result<TargetAddr<'_>> {
    let port = target.port_u16().unwrap_or(HTTP_PORT);
    let host = target.host().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => (address, port).into_target_addr(),
        Err(_) => (host, port).into_target_addr(),
    }
}
