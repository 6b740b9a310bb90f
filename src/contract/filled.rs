//! Fields that are read in place.
//!
//! Code derived by serde keeps every field in a variable of its own, puts the struct together at the
//! end and hands it up by value, layer by layer. A registration is about a kilobyte, and moving it was
//! a tenth of the time that reading it took. Here the struct stands from the beginning, blank, and
//! every field is read into its place: what is handed up is an error or nothing, in one register.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// What can be read into its place. Small numbers are as well moved there.
pub(super) trait InPlace<'de>: Deserialize<'de> {
    /// Reads a value.
    #[inline]
    fn read<D: Deserializer<'de>>(place: &mut Self, deserializer: D) -> Result<(), D::Error> {
        *place = Self::deserialize(deserializer)?;
        Ok(())
    }

    /// Reads a value where there need not be one. It is known to be there.
    #[inline]
    fn read_some<D: Deserializer<'de>>(place: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
        *place = Some(Self::deserialize(deserializer)?);
        Ok(())
    }
}

impl InPlace<'_> for bool {}
impl InPlace<'_> for f64 {}

// By JSON Schema a number without a fraction is an integer, however it is written.
macro_rules! whole_in_place {
    ($($number:ty)*) => {$(
        impl<'de> InPlace<'de> for $number {
            #[inline]
            fn read<D: Deserializer<'de>>(place: &mut Self, deserializer: D) -> Result<(), D::Error> {
                *place = whole(deserializer)?;
                Ok(())
            }

            #[inline]
            fn read_some<D: Deserializer<'de>>(place: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
                *place = Some(whole(deserializer)?);
                Ok(())
            }
        }
    )*};
}

whole_in_place!(u8 u16 u32 u64 i64);

/// Reads a whole number: `1`, and `1.0` as well.
#[inline]
pub(super) fn whole<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<u64> + TryFrom<i64>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_i64(Whole(PhantomData))
}

/// Reads a whole number that may be absent or `null`.
pub(super) fn optional_whole<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: InPlace<'de>,
    D: Deserializer<'de>,
{
    let mut place = None;
    deserializer.deserialize_option(Optional(&mut place))?;
    Ok(place)
}

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<u64> + TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number in range")
    }

    #[inline]
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    #[inline]
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    #[cold]
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        // Beyond 2⁵³ neighbouring whole numbers are one.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || EXACT_MAX < number.abs() {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        self.visit_i64(number as i64)
    }
}

/// What is written as a string.
pub(super) trait Written<'de>: Sized {
    /// What to say where there is something else.
    const EXPECTED: &'static str;

    /// The value that `text` stands for.
    fn from_text<E: Error>(text: Cow<'de, str>) -> Result<Self, E>;
}

impl<'de, T: Written<'de> + Deserialize<'de>> InPlace<'de> for T {
    #[inline]
    fn read<D: Deserializer<'de>>(place: &mut Self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(Put(place, PhantomData::<T>))
    }

    #[inline]
    fn read_some<D: Deserializer<'de>>(place: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(Put(place, PhantomData::<T>))
    }
}

/// Puts a `T` where one can be.
struct Put<'p, P, T>(&'p mut P, PhantomData<T>);

impl<'de, P: From<T>, T: Written<'de>> Visitor<'de> for Put<'_, P, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        *self.0 = T::from_text(Cow::Borrowed(text))?.into();
        Ok(())
    }

    #[cold]
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = T::from_text(Cow::Owned(text.to_owned()))?.into();
        Ok(())
    }
}

/// Reads what is written as a string and hands it up, for structs whose reading is derived.
#[inline]
pub(super) fn by_value<'de, T: InPlace<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut place = None;
    T::read_some(&mut place, deserializer)?;
    Ok(place.expect("reading puts a value there or fails"))
}

/// The place of a field that has to be there.
pub(super) struct Required<'p, T>(pub &'p mut T);

impl<'de, T: InPlace<'de>> DeserializeSeed<'de> for Required<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::read(self.0, deserializer)
    }
}

/// The place of a field that may be absent or `null`.
pub(super) struct Optional<'p, T>(pub &'p mut Option<T>);

impl<'de, T: InPlace<'de>> DeserializeSeed<'de> for Optional<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: InPlace<'de>> Visitor<'de> for Optional<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("option")
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::read_some(self.0, deserializer)
    }
}

/// A struct that is read from an object, and from nothing else.
pub(super) trait Filled<'de>: Sized {
    /// The struct before anything is read. What is required stands for nothing yet.
    const BLANK: Self;

    /// Reads the fields, as derived code would: none twice, all that are required, others skipped.
    fn fill<A: MapAccess<'de>>(&mut self, fields: A) -> Result<(), A::Error>;
}

/// A struct that is being read.
pub(super) struct Filling<'p, T>(pub &'p mut T);

impl<'de, T: Filled<'de>> Visitor<'de> for Filling<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        self.0.fill(fields)
    }
}

// Required fields have a value that stands in their place until they are read, optional ones are
// absent until then. Both are checked in the order of the struct: the first that is missing is named.
macro_rules! filled {
    ($record:ident $(<$life:lifetime>)? {
        required: { $($required:ident = $blank:expr),* $(,)? },
        optional: [$($optional:ident),* $(,)?] $(,)?
    }) => {
        const _: () = {
            use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
            use $crate::contract::filled::{self, Filled, Filling, InPlace};

            #[derive(Clone, Copy)]
            #[expect(non_camel_case_types, reason = "a variant is named as its field is")]
            enum FieldName { $($required,)* $($optional,)* Unknown }

            const NAMES: &[&str] = &[$(stringify!($required),)* $(stringify!($optional),)*];
            const REQUIRED: u32 = (1 << <[&str]>::len(&[$(stringify!($required)),*])) - 1;
            const _: () = assert!(NAMES.len() < 32, "each has a bit");

            struct FieldVisitor;

            impl Visitor<'_> for FieldVisitor {
                type Value = FieldName;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a name")
                }

                #[inline]
                fn visit_str<E: Error>(self, name: &str) -> Result<FieldName, E> {
                    Ok(match name {
                        $(stringify!($required) => FieldName::$required,)*
                        $(stringify!($optional) => FieldName::$optional,)*
                        _ => FieldName::Unknown,
                    })
                }
            }

            impl<'de> Deserialize<'de> for FieldName {
                #[inline]
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_identifier(FieldVisitor)
                }
            }

            impl<'de $(: $life, $life)?> Filled<'de> for $record $(<$life>)? {
                const BLANK: Self = Self { $($required: $blank,)* $($optional: None,)* };

                #[inline]
                fn fill<A: MapAccess<'de>>(&mut self, mut fields: A) -> Result<(), A::Error> {
                    let mut seen = 0_u32;
                    while let Some(found) = fields.next_key::<FieldName>()? {
                        let bit = 1 << found as u32;
                        if seen & bit != 0 {
                            return Err(A::Error::duplicate_field(NAMES[found as usize]));
                        }
                        match found {
                            $(FieldName::$required => fields.next_value_seed(filled::Required(&mut self.$required))?,)*
                            $(FieldName::$optional => fields.next_value_seed(filled::Optional(&mut self.$optional))?,)*
                            FieldName::Unknown => {
                                fields.next_value::<IgnoredAny>()?;
                                continue;
                            }
                        }
                        seen |= bit;
                    }
                    let missing = REQUIRED & !seen;
                    if missing != 0 {
                        return Err(A::Error::missing_field(NAMES[missing.trailing_zeros() as usize]));
                    }
                    Ok(())
                }
            }

            impl<'de $(: $life, $life)?> InPlace<'de> for $record $(<$life>)? {
                #[inline]
                fn read<D: Deserializer<'de>>(place: &mut Self, deserializer: D) -> Result<(), D::Error> {
                    deserializer.deserialize_map(Filling(place))
                }

                #[inline]
                fn read_some<D: Deserializer<'de>>(place: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
                    deserializer.deserialize_map(Filling(place.insert(Self::BLANK)))
                }
            }

            impl<'de $(: $life, $life)?> Deserialize<'de> for $record $(<$life>)? {
                #[inline]
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let mut record = Self::BLANK;
                    Self::read(&mut record, deserializer)?;
                    Ok(record)
                }
            }
        };
    };
}

pub(super) use filled;
