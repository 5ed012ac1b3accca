//! Filter lists: which are known and which are chosen, how they are fetched and looked at, and what is built of them.

mod archive;
mod build;
mod canaries;
mod catalogue;
mod check;
mod header;
mod hiding;
mod parts;
mod patch;
mod text;
mod update;
mod view;
mod wish;

pub(crate) use archive::{Archive, Version};
pub(crate) use build::{Choice, FileTexts, Lost, Rebuilt};
pub use catalogue::ListKind;
pub(crate) use catalogue::{CATALOGUE, Known, known};
pub(crate) use text::{TEXT_LIMIT, decoded, digest, shown};
pub(crate) use update::{Outcome, Tags, update};
pub use view::{ListState, ListView, ListsView, RefusedLineView, RefusedView, RuleCountsView};
pub(crate) use wish::{List, ListsWish, choose, choose_all, put_own, read};
