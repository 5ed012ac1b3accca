//! How often in a row a client was sent elsewhere: by us, with what sites add to that in between.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Uri;

use crate::rewriting::key;

/// As often in a row we send a client elsewhere. Browsers give up after some twenty redirects, and each of ours may lead to one
/// of the site's own.
pub(crate) const IN_A_ROW: usize = 8;

/// How many addresses are remembered; the oldest is forgotten first.
const MEMORY: usize = 256;

/// The addresses that clients were sent to and have not asked for yet, each with how many redirects of ours led there, one
/// behind the other. Nothing in a request tells which tab it is of: its address has to do.
#[derive(Debug, Default)]
pub(crate) struct Detours {
    led_to: Mutex<VecDeque<(u64, usize)>>,
}

impl Detours {
    /// How many redirects of ours led to this address, which is asked for now.
    pub(crate) fn behind(&self, target: &Uri) -> usize {
        let mut led_to = self.lock();
        if led_to.is_empty() {
            return 0;
        }
        let target = hash(target);
        let found = led_to.iter().position(|(known, _)| *known == target);
        found.and_then(|at| led_to.remove(at)).map_or(0, |(_, times)| times)
    }

    /// A client is sent to this address, by so many redirects of ours by now.
    pub(crate) fn lead_to(&self, location: &Uri, times: usize) {
        let mut led_to = self.lock();
        let location = hash(location);
        match led_to.iter_mut().find(|(known, _)| *known == location) {
            Some((_, known)) => *known = times.max(*known),
            None => {
                if led_to.len() == MEMORY {
                    led_to.pop_front();
                }
                led_to.push_back((location, times));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, usize)>> {
        self.led_to.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(address: &Uri) -> u64 {
    let mut hasher = DefaultHasher::new();
    key(address).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_counted_once_and_memory_is_bounded() {
        let detours = Detours::default();
        let uri = |n: usize| -> Uri { format!("http://a.test/{n}").parse().unwrap() };
        detours.lead_to(&uri(0), 3);
        detours.lead_to(&uri(0), 1);
        assert_eq!((detours.behind(&uri(0)), detours.behind(&uri(0)), detours.behind(&uri(1))), (3, 0, 0));
        for n in 0..MEMORY * 2 {
            detours.lead_to(&uri(n), 1);
        }
        assert_eq!(detours.lock().len(), MEMORY);
    }
}
