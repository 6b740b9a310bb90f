//! A reader of plain JSON: no escapes, no line breaks, which is how programs write records.
//!
//! It takes a part of what serde_json takes, and reads that to the same values, in about a third of
//! the time: once a text holds neither a backslash nor a control character, a string ends at the next
//! quotation mark. It explains nothing. What it does not take is read again by serde_json, which
//! knows why or takes it after all.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::checks::DEPTH_MAX;

/// More digits than this may not fit in 64 bits.
const DIGITS_MAX: usize = 18;

/// Reads `text`, where it is plain and a `T`.
#[inline]
pub(super) fn read_plain<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    // No early way out, so that the loop stays in vector registers.
    let unusual = text.bytes().fold(false, |unusual, byte| unusual | (byte < 0x20) | (byte == b'\\'));
    if unusual {
        return None;
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader).ok()?;
    reader.mark().is_none().then_some(value)
}

/// Not taken; why is not told.
#[derive(Debug)]
struct NotTaken;

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not taken")
    }
}

impl std::error::Error for NotTaken {}

impl Error for NotTaken {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Reader<'de> {
    text: &'de str,
    at: usize,
    /// Objects and arrays that are open.
    depth: usize,
}

impl<'de> Reader<'de> {
    /// The next byte that is no space; it stays the next.
    #[inline]
    fn mark(&mut self) -> Option<u8> {
        while self.is_next(b' ') {
            self.at += 1;
        }
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn is_next(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), NotTaken> {
        if !self.is_next(byte) && self.mark() != Some(byte) {
            return Err(NotTaken);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn open(&mut self, bracket: u8) -> Result<(), NotTaken> {
        self.depth += 1;
        if DEPTH_MAX < self.depth { Err(NotTaken) } else { self.expect(bracket) }
    }

    #[inline]
    fn close(&mut self, bracket: u8) -> Result<(), NotTaken> {
        self.depth -= 1;
        self.expect(bracket)
    }

    /// A string, whose quotation mark is next.
    #[inline]
    fn string(&mut self) -> Result<&'de str, NotTaken> {
        self.expect(b'"')?;
        let begin = self.at;
        let rest = self.text.as_bytes().get(begin..).ok_or(NotTaken)?;
        let end = begin + quotation_mark(rest).ok_or(NotTaken)?;
        self.at = end + 1;
        self.text.get(begin..end).ok_or(NotTaken)
    }

    /// A word such as `null`, whose first letter is next.
    #[inline]
    fn word(&mut self, word: &str) -> Result<(), NotTaken> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(NotTaken);
        }
        self.at += word.len();
        Ok(())
    }

    /// A number: whole and not negative, or with a fraction or an exponent.
    #[inline]
    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, NotTaken> {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !rest.get(digits).is_some_and(|byte| matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+')) {
            let canonical = digits == 1 || rest[0] != b'0';
            if digits == 0 || DIGITS_MAX < digits || !canonical {
                return Err(NotTaken);
            }
            self.at += digits;
            let whole = rest[..digits].iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'));
            return visitor.visit_u64(whole);
        }
        let of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+');
        let length = rest.iter().take_while(of_number).count();
        let text = &self.text[self.at..self.at + length];
        if !text.contains(['.', 'e', 'E']) {
            return Err(NotTaken);
        }
        self.at += length;
        // Its rounding is not quite the standard library's.
        serde_json::from_str(text).map_err(|_| NotTaken).and_then(|number| visitor.visit_f64(number))
    }
}

/// Where the first quotation mark is: eight bytes at a time, by the borrow out of a byte that is 0
/// after it was compared (A. Mycroft, 1987). The lowest byte found is always right.
#[inline]
fn quotation_mark(bytes: &[u8]) -> Option<usize> {
    const LOWS: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    const MARKS: u64 = u64::from_le_bytes([b'"'; 8]);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (number, eight) in eights.iter().enumerate() {
        let differing = u64::from_le_bytes(*eight) ^ MARKS;
        let found = differing.wrapping_sub(LOWS) & !differing & HIGHS;
        if found != 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| *byte == b'"').map(|at| eights.len() * 8 + at)
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = NotTaken;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTaken> {
        match self.mark().ok_or(NotTaken)? {
            b'"' => visitor.visit_borrowed_str(self.string()?),
            b'{' => self.deserialize_map(visitor),
            b'[' => self.deserialize_seq(visitor),
            b't' => self.word("true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.word("false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.word("null").and_then(|()| visitor.visit_unit()),
            _ => self.number(visitor),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTaken> {
        visitor.visit_borrowed_str(self.string()?)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTaken> {
        match self.mark() {
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTaken> {
        self.open(b'{')?;
        let value = visitor.visit_map(Items { reader: &mut *self, begun: false })?;
        self.close(b'}').map(|()| value)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTaken> {
        self.open(b'[')?;
        let value = visitor.visit_seq(Items { reader: &mut *self, begun: false })?;
        self.close(b']').map(|()| value)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotTaken> {
        visitor.visit_newtype_struct(self)
    }

    /// Of fields that are not known: a string. What could nest is left to serde_json.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTaken> {
        self.string()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit
        unit_struct tuple tuple_struct struct enum identifier
    }
}

/// What stands between brackets, with commas.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    begun: bool,
}

impl Items<'_, '_> {
    /// Is there another one before `end`?
    #[inline]
    fn another(&mut self, end: u8) -> Result<bool, NotTaken> {
        if self.begun && self.reader.is_next(b',') {
            self.reader.at += 1;
            return Ok(true);
        }
        if self.reader.mark() == Some(end) {
            return Ok(false);
        }
        if std::mem::replace(&mut self.begun, true) {
            self.reader.expect(b',')?;
        }
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = NotTaken;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotTaken> {
        if !self.another(b'}')? {
            return Ok(None);
        }
        seed.deserialize(BorrowedStrDeserializer::new(self.reader.string()?)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotTaken> {
        self.reader.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = NotTaken;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotTaken> {
        if !self.another(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Shape<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        short: Option<u8>,
        real: Option<f64>,
        flag: Option<bool>,
        #[serde(default)]
        list: Vec<u32>,
    }

    /// Whatever is taken is what serde_json takes it for.
    fn agrees<'a, T: Deserialize<'a> + PartialEq + fmt::Debug>(text: &'a str) -> bool {
        let taken = read_plain::<T>(text);
        let is_taken = taken.is_some();
        if is_taken {
            assert_eq!(taken, serde_json::from_str(text).ok(), "{text}");
        }
        is_taken
    }

    #[test]
    fn plain_records_are_taken() {
        for text in [
            r#"{"text":"","short":255,"real":17.621,"flag":true,"list":[0,10,4294967295]}"#,
            r#" { "text" : "åäö []{}:," , "short" : null , "list" : [ ] , "other" : "x" } "#,
            r#"{"real":-1.5e-3,"text":"a","flag":false}"#,
            r#"{"real":3,"text":"12345678"}"#,
        ] {
            assert!(agrees::<Shape<'_>>(text), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_taken() {
        for text in [
            "",
            "{",
            r#"{"text":"a"#,
            r#"{"text":"a"}}"#,
            r#"{"text":"a",}"#,
            r#"{,"text":"a"}"#,
            r#"{"text":"a" "short":1}"#,
            r#"{"text":"a","text":"a"}"#,
            r#"{"text":"\u0061"}"#,
            "{\"text\":\"a\nb\"}",
            r#"{"text":"a","short":256}"#,
            r#"{"text":"a","short":01}"#,
            r#"{"text":"a","short":1.0}"#,
            r#"{"text":"a","short":-1}"#,
            r#"{"text":"a","real":1.}"#,
            r#"{"text":"a","real":.5}"#,
            r#"{"text":"a","real":+1.5}"#,
            r#"{"text":"a","real":1.5e999}"#,
            r#"{"text":"a","flag":truex}"#,
            r#"{"text":"a","flag":"true"}"#,
            r#"{"text":"a","list":[1,]}"#,
            r#"{"text":"a","other":{"deep":1}}"#,
            r#"["a"]"#,
            &format!(r#"{{"text":"a","other":{}}}"#, "[".repeat(50_000)),
        ] {
            assert_eq!(read_plain::<Shape<'_>>(text), None, "{text}");
        }
    }

    #[test]
    fn what_nests_deep_is_left_alone() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(agrees::<Value>(&nested(DEPTH_MAX)));
        assert!(!agrees::<Value>(&nested(DEPTH_MAX + 1)));
        assert!(!agrees::<Value>(&nested(30_000)));
    }

    #[test]
    fn the_first_quotation_mark_is_found_wherever_it_stands() {
        for length in 0..40 {
            let text = format!("{}\"!!\"", "!".repeat(length));
            assert_eq!(quotation_mark(text.as_bytes()), Some(length));
            assert_eq!(quotation_mark(&text.as_bytes()[..length]), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_read_as_serde_json_reads_it(
            text in r#"[\[\]{},: ]?(\{?("text"|"real"|"short"|"list"|"é")?[:, ]?("x"|-?[0-9]{0,3}(\.[0-9]{0,2})?(e-?[0-9])?|null|\[[0-9],?[0-9]?\])?[,}]?){0,6}\}?"#,
        ) {
            agrees::<Shape<'_>>(&text);
            agrees::<Value>(&text);
        }

        #[test]
        fn every_plain_map_is_taken(map in prop::collection::btree_map("[^\\\\\"\\x00-\\x1f]{0,20}", any::<u32>(), 0..6)) {
            let text = serde_json::to_string(&map).expect("a map of numbers");
            prop_assert_eq!(read_plain::<BTreeMap<&str, u32>>(&text), serde_json::from_str(&text).ok());
            prop_assert!(read_plain::<Value>(&text).is_some());
        }

        #[test]
        fn real_numbers_keep_every_bit(number in any::<f64>()) {
            let text = format!("{{\"text\":\"\",\"real\":{number:e}}}");
            agrees::<Shape<'_>>(&text);
        }
    }
}
