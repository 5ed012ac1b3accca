//! A page on its way: what is put into it, what is taken out of it, and what its policies have to let through.
//!
//! [`Rewriter`] streams a page of HTML through `lol_html`. It puts one block before the first element that could run or load
//! something, takes elements out, gathers classes and ids, and puts what they hide behind the end. Whatever is put in is
//! ASCII, so that no page is ever transcoded. [`Policies`] makes the page's Content Security Policies let it through.

mod encoding;
mod gate;
mod handlers;
mod names;
mod policy;
mod reading;
mod removal;
mod rewriter;
mod script;
mod sheet;

pub(crate) use encoding::readable_encoding;
pub(crate) use names::{NAMES_LIMIT, Names};
pub(crate) use policy::{Demand, Policies};
pub(crate) use removal::Removals;
pub(crate) use rewriter::{Note, Plan, Rewriter};
pub(crate) use script::Script;
pub(crate) use sheet::{Sheet, is_selector};
