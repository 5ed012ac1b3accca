//! What Tamis does to an exchange.
//!
//! A [`Profile`] is what a user ticks. It makes a [`Filter`] for each exchange; the filter looks at heads
//! ([`RequestHead`], [`ResponseHead`]) and may hand out a [`BodyTransform`]. A [`Pipeline`] is the set of profiles
//! in force, a [`Run`] is a pipeline at work on one exchange.
//!
//! Values in, values out. This crate never touches a socket, a file, a clock or an executor: lists and data that a
//! filter needs are built into its profile beforehand, so a filter never waits. Its `clippy.toml` refuses the
//! standard library's files, sockets and clocks.

pub mod body;
mod change;
mod cookies;
mod date;
mod destination;
mod detours;
mod exchange;
mod fields;
mod nothing;
mod page;
mod pipeline;
pub mod profiles;
mod resolved;
mod rewriting;
pub mod rules;
mod site;
mod sites;
mod standing;
mod validators;

pub use body::{BodyTransform, Chain, Flow, Opening, Output, Prefix, Pull, TransformError};
pub use change::{Change, Changes, Part};
pub use destination::Destination;
pub use exchange::{Answer, RequestHead, ResponseHead, Verdict};
pub use fields::{Fields, Line, RefusedField, has_token, hop_by_hop, tokens};
pub use pipeline::{Card, Filter, Pipeline, Profile, Run, Service};
pub use resolved::Resolved;
pub use site::registered_domain;
pub use sites::{SITES_LIMIT, SitePolicies};
pub use standing::{Standing, Wish};
pub use validators::Fingerprint;
