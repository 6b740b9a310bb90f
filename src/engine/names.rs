//! Texts as small numbers: carers, clients and the like are compared and looked up as `u32`.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) u32);

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u32 {
            fn from(id: $name) -> u32 {
                id.0
            }
        }
    )*};
}

ids! {
    /// A carer of this municipality.
    CarerId,
    /// A client.
    ClientId,
    /// A provider.
    ProviderId,
    /// Any other short text that is only compared: tag, order, tariff, household, service, shared visit.
    TextId,
}

/// The texts behind one kind of id, numbered from 0 in order of first appearance.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    ends: Vec<usize>,
    text: String,
}

impl Names {
    /// The number of `name`; a new one where it was never seen.
    pub(super) fn intern<Id: From<u32>>(&mut self, name: &str) -> Id {
        let Self { numbers, hasher, ends, text } = self;
        let hash = hasher.hash_one(name);
        let entry = numbers.entry(
            hash,
            |number| slice(ends, text, *number) == name,
            |number| hasher.hash_one(slice(ends, text, *number)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(known) => Id::from(*known.get()),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let number = u32::try_from(ends.len()).expect("ids run out after memory does");
                vacant.insert(number);
                text.push_str(name);
                ends.push(text.len());
                Id::from(number)
            }
        }
    }

    /// The number of `name`, where it was seen.
    pub(super) fn find<Id: From<u32>>(&self, name: &str) -> Option<Id> {
        let hash = self.hasher.hash_one(name);
        self.numbers.find(hash, |number| self.text(*number) == name).map(|number| Id::from(*number))
    }

    /// The text of an id that came from here.
    pub(super) fn text(&self, id: impl Into<u32>) -> &str {
        slice(&self.ends, &self.text, id.into())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn slice<'t>(ends: &[usize], text: &'t str, number: u32) -> &'t str {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &text[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_its_text() {
        let mut names = Names::default();
        let ann: CarerId = names.intern("ann");
        let bo: CarerId = names.intern("bo");
        assert_eq!(ann, names.intern("ann"));
        assert_ne!(ann, bo);
        assert_eq!((names.text(ann), names.text(bo), names.len()), ("ann", "bo", 2));
        assert_eq!(names.find::<CarerId>("eva"), None);
    }
}
