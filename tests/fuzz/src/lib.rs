//! What the fuzz targets share: a bench on which the real proxy talks to a raw client and a raw origin, a strict reader
//! of HTTP messages, a body's way through filters, the rules that every forwarded message must keep, and a guard that lets nothing leave the process.

pub mod answered;
pub mod bench;
pub mod filtered;
pub mod forwarded;
pub mod guard;
pub mod split;
pub mod strict;
