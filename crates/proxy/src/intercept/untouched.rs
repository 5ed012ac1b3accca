//! Why a TLS connection was not opened.

use std::fmt;

/// Why a tunnel was relayed as it came, although HTTPS is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untouched {
    /// The host is not among those chosen.
    NotSelected,
    /// The host is an exception, built in or the user's.
    Exception,
    /// This program did not take our certificate for this host before.
    Learned,
    /// This program trusts nothing of ours.
    WaryProgram,
    /// It is not TLS, or nothing that we know of it.
    NotTls,
    /// The port is that of another kind of service.
    NotWeb,
    /// The name that the client asks for in TLS is not the one that it connected to.
    NameMismatch,
    /// The client speaks no version of TLS or no protocol that we do.
    Unsupported,
    /// The server's certificate or its TLS is not good enough; the client judges it itself.
    BadServer(String),
    /// We could not, through no fault of the server's or the client's.
    OwnFault(String),
    /// The server's certificate, or one above it, is on the distrust list.
    Distrusted,
    /// The server brings proof that its certificate is revoked.
    Revoked,
    /// The server asks for a certificate of the client, which only that has.
    ClientCertificate,
}

impl fmt::Display for Untouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSelected => f.write_str("the host is not among those chosen"),
            Self::Exception => f.write_str("the host is an exception"),
            Self::Learned => f.write_str("the program did not take our certificate for this host"),
            Self::WaryProgram => f.write_str("the program takes no certificate of ours"),
            Self::NotTls => f.write_str("it is not TLS"),
            Self::NotWeb => f.write_str("it is another kind of service than the web"),
            Self::NameMismatch => f.write_str("the name in TLS is not the one that was connected to"),
            Self::Unsupported => f.write_str("the client speaks nothing that we do"),
            Self::BadServer(why) => write!(f, "the server cannot be trusted: {why}"),
            Self::OwnFault(why) => write!(f, "Tamis cannot: {why}"),
            Self::Distrusted => f.write_str("the server's certificate is distrusted"),
            Self::Revoked => f.write_str("the server's certificate is revoked"),
            Self::ClientCertificate => f.write_str("the server asks for a certificate of the client"),
        }
    }
}
