//! Index of the facts of one kind about one subject.

use smallvec::SmallVec;

use crate::domain::{Fact, UtcSecond, Validity};

/// One fact in an index.
#[derive(Clone, Debug)]
pub(in crate::engine) struct RecordedFact<T> {
    fact_id: Box<str>,
    pub(in crate::engine) valid: Validity,
    pub(in crate::engine) recorded_at: UtcSecond,
    pub(in crate::engine) value: T,
}

/// Facts of one kind about one subject, in order of recording; few, so that a linear search suffices. `NEAR` of
/// them are stored inline.
#[derive(Clone, Debug)]
pub(in crate::engine) struct FactIndex<T, const NEAR: usize = 0>(SmallVec<[RecordedFact<T>; NEAR]>);

impl<T, const NEAR: usize> Default for FactIndex<T, NEAR> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<T, const NEAR: usize> FactIndex<T, NEAR> {
    /// Inserts `value` for `fact`, or removes the fact's value with `None`.
    pub(in crate::engine) fn set(&mut self, fact: &Fact, value: Option<T>) {
        let Some(value) = value else {
            return self.0.retain(|known| *known.fact_id != *fact.fact_id);
        };
        self.0.push(RecordedFact {
            fact_id: fact.fact_id.as_str().into(),
            valid: fact.valid,
            recorded_at: fact.recorded_at,
            value,
        });
        // The order does not depend on arrival.
        self.0.sort_by(|a, b| (a.recorded_at, &a.fact_id).cmp(&(b.recorded_at, &b.fact_id)));
    }

    /// The latest recorded value that is valid at `at`.
    pub(in crate::engine) fn at(&self, at: UtcSecond) -> Option<&T> {
        self.latest_at(at, |_| true)
    }

    /// The latest recorded value that is valid at `at` and for which `fits` is true.
    pub(in crate::engine) fn latest_at(&self, at: UtcSecond, fits: impl Fn(&T) -> bool) -> Option<&T> {
        let holds = |known: &&RecordedFact<T>| known.valid.covers(at) && fits(&known.value);
        self.0.iter().rev().find(holds).map(|known| &known.value)
    }

    /// All values valid at `at`, in order of recording.
    pub(in crate::engine) fn all_at(&self, at: UtcSecond) -> impl Iterator<Item = &T> {
        self.0.iter().filter(move |known| known.valid.covers(at)).map(|known| &known.value)
    }

    /// All facts, in order of recording.
    pub(in crate::engine) fn all(&self) -> impl DoubleEndedIterator<Item = &RecordedFact<T>> {
        self.0.iter()
    }

    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
