//! Rules in adblock syntax: filter lists, and the user's own.
//!
//! A text becomes rules line by line ([`Engine::build`]): rules about requests and answers are found and compared here, those
//! about elements of pages go to the `adblock` library, but for scriptlets, which are ours; everything else is refused, with the reason.

pub(crate) mod charset;
mod conditions;
mod context;
mod elements;
mod engine;
mod expression;
mod hints;
mod hosts;
mod index;
mod injected;
mod judging;
mod lists;
mod modifiers;
mod of_pages;
mod options;
mod own;
mod page;
mod parse;
mod pattern;
mod preprocess;
mod reader;
pub(crate) mod replace;
mod requests;
pub mod stubs;
mod table;
mod texts;

pub use context::Context;
pub(crate) use context::page_of;
pub use engine::{Built, Engine, Hit, Judgement, Report, Ruling, Source};
pub use hints::{Hint, hints};
pub use lists::{LISTS_ID, Lists};
pub use own::{ID, Parsed, Rules};
pub use page::{HtmlRule, PageRules};
pub use preprocess::lines;
pub use reader::{
    CROWD_LIMIT, EXPRESSION_LINES_LIMIT, EXPRESSIONS_LIMIT, LINE_LIMIT, LISTS_LIMIT, NESTING_LIMIT, REFUSALS_TOLD,
    RULES_LIMIT, Refusal, TEXT_LIMIT, TEXTS_LIMIT, UNSORTED_LIMIT,
};

#[cfg(test)]
mod tests;
