//! Interned texts: carers, clients and the like are compared and hashed as `u32`.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(in crate::engine) u32);

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
}

/// Any other text that is only compared: tag, order, tariff, household, service, shared visit. Stored as number
/// plus one, so that an `Option<TextId>` takes four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(NonZeroU32);

impl From<u32> for TextId {
    fn from(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }
}

impl From<TextId> for u32 {
    fn from(id: TextId) -> u32 {
        id.0.get() - 1
    }
}

/// The element at `number` of a list indexed by id; grows the list with defaults up to it.
pub(in crate::engine) fn grow_to<T: Default>(list: &mut Vec<T>, number: u32) -> &mut T {
    let at = number as usize;
    if list.len() <= at {
        list.resize_with(at + 1, T::default);
    }
    &mut list[at]
}

/// The texts behind one kind of id, numbered from 0 in order of first appearance.
#[derive(Default)]
pub(in crate::engine) struct Interner {
    texts: TextBuffer,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// All texts, one after another in one string.
#[derive(Default)]
struct TextBuffer {
    all: String,
    /// Where each text ends in `all`, by number.
    ends: Vec<u32>,
}

impl TextBuffer {
    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.all[start as usize..self.ends[number] as usize]
    }

    fn push(&mut self, text: &str) -> u32 {
        let number = u32::try_from(self.ends.len()).expect("`ENTITIES_MAX` is far less");
        self.all.push_str(text);
        self.ends.push(u32::try_from(self.all.len()).expect("`ENTITIES_MAX` ids of 128 characters are less"));
        number
    }
}

impl Interner {
    /// The number of `name`; a new one where it was never seen.
    pub(in crate::engine) fn intern<Id: From<u32>>(&mut self, name: &str) -> Id {
        let Self { texts, numbers, hasher } = self;
        let same = |number: &u32| texts.get(*number) == name;
        let hash = |number: &u32| hasher.hash_one(texts.get(*number));
        let number = match numbers.entry(hasher.hash_one(name), same, hash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => *vacant.insert(texts.push(name)).get(),
        };
        Id::from(number)
    }

    /// The number of `name`, compared with `likely` first: a comparison costs less than a hash look-up.
    pub(in crate::engine) fn intern_with_hint<Id: From<u32> + Into<u32> + Copy>(
        &mut self,
        name: &str,
        likely: Option<Id>,
    ) -> Id {
        likely.filter(|id| self.text(*id) == name).unwrap_or_else(|| self.intern(name))
    }

    /// The number of `name`, where it was seen.
    pub(in crate::engine) fn find<Id: From<u32>>(&self, name: &str) -> Option<Id> {
        let same = |number: &u32| self.texts.get(*number) == name;
        self.numbers.find(self.hasher.hash_one(name), same).map(|number| Id::from(*number))
    }

    /// The text of an id that came from here.
    pub(in crate::engine) fn text(&self, id: impl Into<u32>) -> &str {
        self.texts.get(id.into())
    }

    /// The number of texts.
    pub(in crate::engine) fn len(&self) -> usize {
        self.texts.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interned_text_keeps_its_number() {
        let mut names = Interner::default();
        let ann: CarerId = names.intern("ann");
        let bo: CarerId = names.intern("bo");
        assert_eq!(ann, names.intern("ann"));
        assert_ne!(ann, bo);
        assert_eq!(["ann", "bo"].map(|name| names.intern_with_hint(name, Some(bo))), [ann, bo]);
        assert_eq!((names.text(ann), names.text(bo), names.len()), ("ann", "bo", 2));
        assert_eq!(names.find::<CarerId>("eva"), None);
        let long = ["0b4f8a52-6c1d-4e6f-9a3b-1", "0b4f8a52-6c1d-4e6f-9a3b-2", "0b4f8a52-6c1d-4e6f-9"];
        let ids = long.map(|name| names.intern::<CarerId>(name));
        assert_eq!(long.map(|name| names.find::<CarerId>(name)), ids.map(Some));
        assert_eq!((ids.map(|id| names.text(id)), names.len()), (long, 5), "equal prefixes");
        assert_eq!(names.find::<CarerId>("ann\0"), None, "a longer text with the same beginning");
    }
}
