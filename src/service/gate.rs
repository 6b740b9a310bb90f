//! How many at once, in all and of one: connections of a peer, streams of a reader.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Lets so many in at once.
#[derive(Debug)]
pub(crate) struct Gate<K: Eq + Hash> {
    in_all: usize,
    of_one: usize,
    inside: Mutex<HashMap<K, usize>>,
}

/// A place inside, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass<K: Eq + Hash> {
    gate: Arc<Gate<K>>,
    key: K,
}

impl<K: Eq + Hash + Clone> Gate<K> {
    /// A gate for `in_all`, of which one key has at most `of_one`.
    pub(crate) fn new(in_all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { in_all, of_one, inside: Mutex::default() })
    }

    /// A place for `key`; `None` where there are too many, in all or of it.
    pub(crate) fn enter<Q>(self: &Arc<Self>, key: &Q) -> Option<Pass<K>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = inside.get(key).copied().unwrap_or(0);
        if self.in_all <= inside.values().sum() || self.of_one <= of_it {
            return None;
        }
        inside.insert(key.to_owned(), of_it + 1);
        Some(Pass { gate: self.clone(), key: key.to_owned() })
    }
}

#[cfg(test)]
impl<K: Eq + Hash> Gate<K> {
    /// How many of `key` are inside.
    pub(crate) fn inside<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied().unwrap_or(0)
    }
}

impl<K: Eq + Hash> Drop for Pass<K> {
    fn drop(&mut self) {
        let mut inside = self.gate.inside.lock().unwrap_or_else(PoisonError::into_inner);
        match inside.get_mut(&self.key) {
            Some(count) if 1 < *count => *count -= 1,
            _ => drop(inside.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_does_not_fill_the_gate_and_all_together_do() {
        let gate = Gate::<String>::new(7, 5);
        let mut passes: Vec<_> = (0..9).filter_map(|_| gate.enter("a")).collect();
        assert_eq!(passes.len(), 5);
        passes.extend(gate.enter("b"));
        passes.extend(gate.enter("c"));
        assert_eq!(passes.len(), 7);
        assert!(gate.enter("d").is_none());
        passes.clear();
        assert!(gate.enter("d").is_some());
    }
}
