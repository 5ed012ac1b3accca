//! The last few things by name.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A bounded map that forgets what was not asked for lately: it keeps the last `half` names at least, and twice as many at
/// most. Two generations do that without a look at the others.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(half: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&mut self, name: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if let Some((name, value)) = self.old.remove_entry(name) {
            self.insert(name, value);
        }
        self.young.get_mut(name)
    }

    pub(super) fn insert(&mut self, name: K, value: V) {
        if self.young.len() == self.half && !self.young.contains_key(&name) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&name);
        self.young.insert(name, value);
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, name: &Q)
    where
        K: Borrow<Q>,
    {
        self.young.remove(name);
        self.old.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_bounded() {
        let mut recent = Recent::new(4);
        for number in 0..100 {
            recent.insert(number, number);
            assert_eq!(recent.get(&0), Some(&mut 0), "{number}");
            assert!(recent.young.len() + recent.old.len() <= 8);
        }
        assert_eq!((recent.get(&98).is_some(), recent.get(&50).is_some()), (true, false));
        recent.remove(&0);
        assert_eq!(recent.get(&0), None);
    }
}
