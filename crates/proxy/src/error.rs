//! What can go wrong with an exchange: at which step, and through whose fault. The fault chooses the status.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use http::StatusCode;

use crate::access::Who;
use crate::ports::Ports;

/// The proxy could not begin to listen.
#[derive(Debug, thiserror::Error)]
#[error("listening on {addr}: {source}")]
pub struct StartError {
    /// The address asked for.
    pub addr: SocketAddr,
    /// Why the system refused.
    pub source: io::Error,
}

/// Why an exchange could not be carried, for the page a person sees and for the record.
#[derive(Debug)]
pub(crate) struct Error {
    /// The status to answer with.
    pub(crate) status: StatusCode,
    /// What happened, as a heading.
    pub(crate) title: &'static str,
    /// What was being done, and why it failed.
    pub(crate) detail: String,
    /// What a person can do about it.
    pub(crate) remedy: &'static str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.title, self.status.as_u16(), self.detail)
    }
}

const ASK_THE_PROGRAM: &str = "The program that sent this request made a mistake; there is nothing to set in Tamis.";
const TRY_LATER: &str = "Try again in a moment. If other sites work, the trouble is with this one.";
const MEND_UPSTREAM: &str = "Check that proxy. It comes from the upstream section of Tamis's settings, or from this \
                             computer's own proxy setting, which Tamis follows until you tell it not to.";
const MEND_CREDENTIALS: &str = "Write user name and password where that proxy is named: in the upstream section of \
                                Tamis's settings, or in this computer's own proxy setting.";

impl Error {
    /// The client sent something that is not HTTP as the RFCs have it.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        let title = "The request cannot be read";
        Self { status: StatusCode::BAD_REQUEST, title, detail: detail.into(), remedy: ASK_THE_PROGRAM }
    }

    /// A target that a web proxy does not serve.
    pub(crate) fn unsupported_scheme(scheme: &str) -> Self {
        Self {
            status: StatusCode::NOT_IMPLEMENTED,
            title: "This kind of address is not served",
            detail: format!("A request for a {scheme} address; this proxy serves http addresses and CONNECT tunnels."),
            remedy: ASK_THE_PROGRAM,
        }
    }

    /// A request that would come back to this proxy.
    pub(crate) fn loops(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::LOOP_DETECTED,
            title: "The request goes round in a circle",
            detail: detail.into(),
            remedy: "Check which proxy is set in the program and in the proxies behind Tamis.",
        }
    }

    /// A target of our own that is not to be reached through the proxy.
    pub(crate) fn refused_target(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "This address is not reached through Tamis",
            detail: detail.into(),
            remedy: "Open the address without a proxy.",
        }
    }

    /// A tunnel to a port outside the list (RFC 9110 9.3.6).
    pub(crate) fn refused_tunnel(target: &str, ports: &Ports, who: Who) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "Tunnels do not lead to this port",
            detail: format!("A tunnel to {target} was asked for; tunnels lead to these ports: {ports}."),
            remedy: match who {
                Who::ThisComputer => {
                    "If you want it, add the port to connect_ports under [access] in the settings file of Tamis, and start \
                     Tamis again."
                }
                Who::Other => {
                    "If you want it, add the port to connect_ports_for_others under [access] in the settings file of Tamis, \
                     and start Tamis again."
                }
            },
        }
    }

    /// A plain http request to a port where it may be taken for something else.
    pub(crate) fn refused_port(target: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "Web requests are not sent to this port",
            detail: format!(
                "{target} is a port of another kind of service, which could take the request for commands."
            ),
            remedy: "If it is a web server all the same, take the port off refused_http_ports under [access] in the settings \
                     file of Tamis, and start Tamis again.",
        }
    }

    /// A client on another computer asked for a service of this one.
    pub(crate) fn not_for_others(target: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "This address is not reached through Tamis",
            detail: format!("{target} is on the computer that Tamis runs on, and is open to the programs there only."),
            remedy: "Open the address without a proxy, if that computer lets you.",
        }
    }

    /// The client has to show credentials first (RFC 9110 15.5.8).
    pub(crate) fn password_needed(wrong: bool) -> Self {
        Self {
            status: StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            title: "The proxy asks for a password",
            detail: if wrong { "The name and password were not right." } else { "The request came without one." }
                .into(),
            remedy: "Enter the name and password that are set in Tamis where this program's proxy is set.",
        }
    }

    /// A target that is longer than the limit.
    pub(crate) fn target_too_long(limit: usize) -> Self {
        Self {
            status: StatusCode::URI_TOO_LONG,
            title: "The address is too long",
            detail: format!("The request asks for an address of more than {limit} bytes."),
            remedy: ASK_THE_PROGRAM,
        }
    }

    /// More fields than the limit, in HTTP/2; hyper says so itself in HTTP/1.
    pub(crate) fn too_many_fields(limit: usize) -> Self {
        Self {
            status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            title: "The request says too much",
            detail: format!("It has more than {limit} fields."),
            remedy: ASK_THE_PROGRAM,
        }
    }

    /// As many requests wait for one origin as may be.
    pub(crate) fn origin_busy(authority: &str, limit: usize) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Too much is asked of one site",
            detail: format!("{limit} requests to {authority} are under way, and none of them ended in time."),
            remedy: "Wait for downloads from this site to end, then try again.",
        }
    }

    /// Something else than a proxy request came to the proxy's own address.
    pub(crate) fn not_here(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            title: "This is a web proxy",
            detail: detail.into(),
            remedy: "Enter this address as the HTTP proxy of a program, not in its address bar.",
        }
    }

    /// An expectation other than 100-continue (RFC 9110 10.1.1).
    pub(crate) fn expectation_failed() -> Self {
        Self {
            status: StatusCode::EXPECTATION_FAILED,
            title: "The request expects something unknown",
            detail: "Its Expect field names more than 100-continue.".into(),
            remedy: ASK_THE_PROGRAM,
        }
    }

    pub(crate) fn too_many_connections() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Too many connections",
            detail: "Programs hold as many connections to Tamis as it accepts.".into(),
            remedy: "Close a program that opens very many connections, then try again.",
        }
    }

    /// The origin could not be found or reached.
    pub(crate) fn unreachable(authority: &str, cause: &(dyn StdError + 'static)) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            title: "The site cannot be reached",
            detail: format!("Connecting to {authority}: {}", root_cause(cause)),
            remedy: TRY_LATER,
        }
    }

    /// The origin was reached and then did not answer properly.
    pub(crate) fn bad_answer(authority: &str, cause: &(dyn StdError + 'static)) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            title: "The site did not answer properly",
            detail: format!("Reading the answer of {authority}: {}", root_cause(cause)),
            remedy: TRY_LATER,
        }
    }

    /// The origin answers this request in HTTP/1.1 only (RFC 9113 7). A client of HTTP/2 is told so in its own words, and asks
    /// once more.
    pub(crate) fn wants_http1(authority: &str) -> Self {
        Self {
            status: StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            title: "The site wants another version of HTTP",
            detail: format!("{authority} answers this request in HTTP/1.1 only."),
            remedy: TRY_LATER,
        }
    }

    /// A wait on the origin came to its limit.
    pub(crate) fn timed_out(doing: &'static str, authority: &str, limit: std::time::Duration) -> Self {
        Self {
            status: StatusCode::GATEWAY_TIMEOUT,
            title: "The site took too long",
            detail: format!("{doing} {authority}: nothing within {} seconds", limit.as_secs()),
            remedy: TRY_LATER,
        }
    }

    /// The way that was set for this host cannot be understood, and no other is taken in its place.
    pub(crate) fn no_way(authority: &str, why: &str) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            title: "The way to this site is not set up right",
            detail: format!("{authority} is to be reached through another proxy, but {why}."),
            remedy: MEND_UPSTREAM,
        }
    }

    /// The other proxy on the way could not be found or reached. Nothing is sent past it.
    pub(crate) fn upstream_proxy_unreachable(proxy: &str, authority: &str, cause: &(dyn StdError + 'static)) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            title: "The upstream proxy cannot be reached",
            detail: format!(
                "{authority} is to be reached through the upstream proxy {proxy}. Connecting to it: {}",
                root_cause(cause)
            ),
            remedy: MEND_UPSTREAM,
        }
    }

    /// The other proxy on the way did not bring about a connection in time.
    pub(crate) fn upstream_proxy_timed_out(proxy: &str, authority: &str, limit: std::time::Duration) -> Self {
        Self {
            status: StatusCode::GATEWAY_TIMEOUT,
            title: "The upstream proxy took too long",
            detail: format!(
                "{authority} is to be reached through the upstream proxy {proxy}: no connection within {} seconds",
                limit.as_secs()
            ),
            remedy: MEND_UPSTREAM,
        }
    }

    /// The other proxy on the way said no, with this status.
    pub(crate) fn upstream_proxy_refused(proxy: &str, authority: &str, said: StatusCode) -> Self {
        let (meaning, remedy) = match said {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => ("it wants another user name and password", MEND_CREDENTIALS),
            _ => ("it does not let this through, or cannot reach the site itself", MEND_UPSTREAM),
        };
        Self {
            status: match said {
                StatusCode::GATEWAY_TIMEOUT => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::BAD_GATEWAY,
            },
            title: "The upstream proxy refused",
            detail: format!("Asked for {authority}, the upstream proxy {proxy} answered {said}: {meaning}."),
            remedy,
        }
    }

    /// The other proxy on the way was reached and then did not do what it was asked to.
    pub(crate) fn upstream_proxy_failed(proxy: &str, authority: &str, cause: &(dyn StdError + 'static)) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            title: "The upstream proxy could not help",
            detail: format!("Asked for {authority}, the upstream proxy {proxy} failed: {}", root_cause(cause)),
            remedy: MEND_UPSTREAM,
        }
    }

    /// The client does not take what it is sent. It will hardly read this either.
    pub(crate) fn client_gone(cause: &(dyn StdError + 'static)) -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            title: "The program does not listen",
            detail: format!("Sending it an interim response: {}", root_cause(cause)),
            remedy: ASK_THE_PROGRAM,
        }
    }

    /// Our own fault.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            title: "Tamis made a mistake",
            detail: detail.into(),
            remedy: "Turn filtering off and load the page again; please report what is written here.",
        }
    }
}

/// The innermost cause: the sentence that says what really happened.
fn root_cause<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}
