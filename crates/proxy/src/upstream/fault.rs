//! What can go wrong on the way to an origin, and what a person is told about it.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use http::StatusCode;

use super::lookup::OnThisComputer;
use super::route::ProxyServer;
use crate::error::Error;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// To the origin, directly.
    #[error("{0}")]
    Origin(Fault),
    /// Through another proxy.
    #[error("the upstream proxy {proxy}: {fault}")]
    Proxy {
        /// Its host and port.
        proxy: String,
        fault: Fault,
    },
    #[error("{0}")]
    Route(String),
}

/// What happened. What is only said of another proxy is so marked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the name leads back to this proxy")]
    Ourselves,
    #[error("the name leads to an address that is not served through the proxy")]
    NotServed,
    #[error("the name leads to this computer, and the client is on another one")]
    OnThisComputer,
    #[error("no connection in time")]
    TooLong,
    #[error("{0}")]
    Unreachable(Box<dyn StdError + Send + Sync>),
    #[error("a target that cannot be asked for")]
    Target,
    /// Of a proxy: it answered CONNECT with this.
    #[error("it refused with {0}")]
    Refused(StatusCode),
    /// Of a proxy: what it says is no HTTP answer, or it said nothing.
    #[error("it did not answer properly: {0}")]
    Answer(hyper::Error),
    /// Of a proxy: SOCKS5 went wrong.
    #[error("{0}")]
    Socks(tokio_socks::Error),
}

impl Fault {
    /// What the dialler says; the system's own time limit is no other fault than ours.
    pub(super) fn of_connecting(error: impl StdError + Send + Sync + 'static) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(found) = cause {
            if let Some(io) = found.downcast_ref::<io::Error>() {
                if io.kind() == io::ErrorKind::TimedOut {
                    return Self::TooLong;
                }
                if io.get_ref().is_some_and(|inner| inner.is::<OnThisComputer>()) {
                    return Self::OnThisComputer;
                }
            }
            cause = found.source();
        }
        Self::Unreachable(Box::new(error))
    }
}

impl ConnectError {
    pub(super) fn of(proxy: &ProxyServer) -> impl Fn(Fault) -> Self {
        let proxy = proxy.to_string();
        move |fault| Self::Proxy { proxy: proxy.clone(), fault }
    }

    /// The answer for the client that asked for `authority`.
    pub(super) fn explain(&self, authority: &str, limit: Duration) -> Error {
        match self {
            Self::Route(why) => Error::no_way(authority, why),
            Self::Origin(fault) => match fault {
                Fault::Ourselves => Error::loops(format!("{authority} is this proxy itself.")),
                Fault::NotServed => {
                    Error::refused_target(format!("{authority} is a page of Tamis, which no proxy may reach."))
                }
                Fault::OnThisComputer => Error::not_for_others(authority),
                Fault::TooLong => Error::timed_out("Connecting to", authority, limit),
                Fault::Unreachable(cause) => Error::unreachable(authority, cause.as_ref()),
                other => Error::unreachable(authority, other),
            },
            Self::Proxy { proxy, fault } => match fault {
                Fault::Ourselves | Fault::NotServed => Error::loops(format!(
                    "{authority} is to be reached through the upstream proxy {proxy}: that is Tamis."
                )),
                Fault::TooLong => Error::upstream_proxy_timed_out(proxy, authority, limit),
                Fault::Unreachable(cause) => Error::upstream_proxy_unreachable(proxy, authority, cause.as_ref()),
                Fault::Refused(status) => Error::upstream_proxy_refused(proxy, authority, *status),
                Fault::Socks(said) => explain_socks(proxy, authority, said),
                other => Error::upstream_proxy_failed(proxy, authority, other),
            },
        }
    }
}

fn explain_socks(proxy: &str, authority: &str, said: &tokio_socks::Error) -> Error {
    use tokio_socks::Error as Socks;
    match said {
        Socks::NoAcceptableAuthMethods | Socks::AuthorizationRequired | Socks::PasswordAuthFailure(_) => {
            Error::upstream_proxy_refused(proxy, authority, StatusCode::PROXY_AUTHENTICATION_REQUIRED)
        }
        other => Error::upstream_proxy_failed(proxy, authority, other),
    }
}
