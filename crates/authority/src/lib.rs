//! The certificate authority of one installation.
//!
//! An [`Authority`] signs; [`Leaves`] keeps what it has signed for hosts, ready to be shown to clients; [`Distrust`] knows
//! certificates that nobody is to trust. Values in, values out: no sockets, no disk; who calls brings the time.

mod authority;
mod distrust;
mod leaves;

pub use authority::{Authority, AuthorityError, Fingerprint};
pub use distrust::{Distrust, DistrustError};
pub use leaves::Leaves;
