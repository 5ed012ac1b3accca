//! Answers of our own in place of what was stopped (`redirect=noopjs`), and scriptlets (`##+js(…)`), by the names that lists use.
//!
//! All of them are files beside this one, written from what uBlock Origin's and AdGuard's documentation says they do, and from
//! the documentation of the libraries whose place they take. They are part of the program; nothing is loaded.

mod redirects;
mod scriptlets;
#[cfg(test)]
mod tests;

pub use redirects::answer;
pub(super) use scriptlets::{Call, call, enclosed};
