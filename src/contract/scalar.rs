//! Numbers and strings of records, read by serde's derived code.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a whole number: `1`, and `1.0` as well. By JSON Schema a number without a fraction is an integer, however it is
/// written.
#[inline]
pub(super) fn whole<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<u64> + TryFrom<i64>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_i64(WholeVisitor(PhantomData))
}

/// Reads a whole number that may be absent or `null`.
pub(super) fn optional_whole<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<u64> + TryFrom<i64>,
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(transparent, bound = "T: TryFrom<u64> + TryFrom<i64>")]
    struct Whole<T>(#[serde(deserialize_with = "whole")] T);

    Ok(Option::<Whole<T>>::deserialize(deserializer)?.map(|Whole(number)| number))
}

struct WholeVisitor<T>(PhantomData<T>);

impl<T: TryFrom<u64> + TryFrom<i64>> Visitor<'_> for WholeVisitor<T> {
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

/// Reads what is written as a string.
#[inline]
pub(super) fn written<'de, T: Written<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(WrittenVisitor(PhantomData))
}

struct WrittenVisitor<T>(PhantomData<T>);

impl<'de, T: Written<'de>> Visitor<'de> for WrittenVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        T::from_text(Cow::Borrowed(text))
    }

    #[cold]
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(Cow::Owned(text.to_owned()))
    }
}
