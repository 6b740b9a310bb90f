//! Texts as small numbers: carers, clients and the like are compared and looked up as `u32`.

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

/// Any other short text that is only compared: tag, order, tariff, household, service, shared visit. One
/// more than its number, so that a visit without it needs no more room.
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

/// So much of a text is kept beside its number: most ids are no longer, and then a look-up touches nothing else.
const HEAD_BYTES: usize = 20;

/// Where a text lies, and how it begins.
#[derive(Clone, Copy)]
struct TextPosition {
    number: u32,
    start: u32,
    length: u32,
    /// Its first bytes, and zeros.
    head: [u8; HEAD_BYTES],
}

impl TextPosition {
    fn new(number: u32, start: u32, name: &str) -> Option<Self> {
        let length = u32::try_from(name.len()).ok()?;
        start.checked_add(length)?;
        Some(Self { number, start, length, head: head(name) })
    }

    fn text(self, all: &str) -> &str {
        &all[self.start as usize..][..self.length as usize]
    }

    /// Is it the place of `name`, which begins with `head`?
    fn is_of(self, name: &str, head: &[u8; HEAD_BYTES], all: &str) -> bool {
        self.length as usize == name.len()
            && self.head == *head
            && (name.len() <= HEAD_BYTES || self.text(all) == name)
    }
}

fn head(name: &str) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let length = name.len().min(HEAD_BYTES);
    head[..length].copy_from_slice(&name.as_bytes()[..length]);
    head
}

/// The element of `number` in a list that is indexed by id; the list grows with empty elements up to it.
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
    places: HashTable<TextPosition>,
    hasher: DefaultHashBuilder,
    ends: Vec<u32>,
    text: String,
}

impl Interner {
    /// The number of `name`; a new one where it was never seen.
    pub(in crate::engine) fn intern<Id: From<u32>>(&mut self, name: &str) -> Id {
        let Self { places, hasher, ends, text } = self;
        let head = head(name);
        let known = |place: &TextPosition| place.is_of(name, &head, text);
        let hash = |place: &TextPosition| hasher.hash_one(place.text(text));
        match places.entry(hasher.hash_one(name), known, hash) {
            Entry::Occupied(known) => Id::from(known.get().number),
            Entry::Vacant(vacant) => {
                let number = u32::try_from(ends.len()).expect("`ENTITIES_MAX` is far less");
                let start = ends.last().copied().unwrap_or(0);
                let place = TextPosition::new(number, start, name);
                let place = place.expect("`ENTITIES_MAX` ids of 128 characters are less");
                text.push_str(name);
                vacant.insert(place);
                ends.push(start + place.length);
                Id::from(number)
            }
        }
    }

    /// The number of `name`, which is most likely `likely`: to compare two texts costs less than to look one up.
    pub(in crate::engine) fn intern_with_hint<Id: From<u32> + Into<u32> + Copy>(
        &mut self,
        name: &str,
        likely: Option<Id>,
    ) -> Id {
        likely.filter(|id| self.text(*id) == name).unwrap_or_else(|| self.intern(name))
    }

    /// The number of `name`, where it was seen.
    pub(in crate::engine) fn find<Id: From<u32>>(&self, name: &str) -> Option<Id> {
        let head = head(name);
        let known = |place: &TextPosition| place.is_of(name, &head, &self.text);
        self.places.find(self.hasher.hash_one(name), known).map(|place| Id::from(place.number))
    }

    /// The text of an id that came from here.
    pub(in crate::engine) fn text(&self, id: impl Into<u32>) -> &str {
        let number = id.into() as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[start as usize..self.ends[number] as usize]
    }

    /// How many there are.
    pub(in crate::engine) fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_its_text() {
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
        assert_eq!((ids.map(|id| names.text(id)), names.len()), (long, 5), "alike at the beginning only");
        assert_eq!(names.find::<CarerId>("ann\0"), None, "what is behind a short text is none of it");
    }
}
