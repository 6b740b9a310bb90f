//! The contract's sample record.

/// The contract's sample record, every field present.
pub const SAMPLE: &str = include_str!("../../tests/golden/registration-recorded.json");

/// The record without white space, as it stands on a topic.
pub fn compact(text: &str) -> Vec<u8> {
    let mut inside = false;
    text.bytes()
        .filter(|&byte| {
            inside ^= byte == b'"';
            inside || !byte.is_ascii_whitespace()
        })
        .collect()
}
