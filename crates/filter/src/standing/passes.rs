//! Pages that a person opens although a rule stops them.

use std::sync::{Mutex, PoisonError};

use super::recent::Recent;

/// How many hosts have a pass at least; the older ones lose theirs.
const HOSTS: usize = 16;

/// How many documents of a host one pass opens. A page often sends on to another of its own before it is there, and may be
/// loaded again; what is opened once is not to stay open.
const DOCUMENTS: usize = 8;

/// Hosts whose pages were opened once, by host.
#[derive(Debug)]
pub(crate) struct Passes {
    hosts: Mutex<Recent<String, usize>>,
}

impl Default for Passes {
    fn default() -> Self {
        Self { hosts: Mutex::new(Recent::new(HOSTS)) }
    }
}

impl Passes {
    /// Gives this host a pass.
    pub(crate) fn give(&self, host: &str) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), DOCUMENTS);
    }

    /// Whether a document of this host may be opened, which uses the pass up bit by bit.
    pub(crate) fn opens(&self, host: &str) -> bool {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let left = match hosts.get(host) {
            Some(left) => {
                *left = left.saturating_sub(1);
                *left
            }
            None => return false,
        };
        if left == 0 {
            hosts.remove(host);
        }
        true
    }

    /// Whether a page of this host is open.
    pub(crate) fn is_open(&self, host: &str) -> bool {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(host).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_used_up_and_there_are_not_many() {
        let passes = Passes::default();
        passes.give("a.test");
        assert_eq!((0..DOCUMENTS * 2).filter(|_| passes.opens("a.test")).count(), DOCUMENTS);
        assert!(!passes.is_open("a.test") && !passes.opens("b.test"));
        for number in 0..1000 {
            passes.give(&format!("{number}.test"));
        }
        let open = (0..1000).rev().filter(|number| passes.is_open(&format!("{number}.test"))).count();
        assert!((HOSTS..=HOSTS * 2).contains(&open), "{open}");
    }
}
