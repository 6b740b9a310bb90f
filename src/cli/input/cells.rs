//! What a cell of a table, or a text in somebody's own export, becomes in a record.

use std::borrow::Cow;

use serde_json::Value;

use super::Refusal;
use super::fields::ValueKind;
use super::local::LocalTimes;

/// How cells are to be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CellFormat<'a> {
    /// For times without an offset.
    pub(super) times: Option<&'a LocalTimes>,
    /// Is the decimal mark a comma? It is where spreadsheets part cells otherwise.
    pub(super) decimal_comma: bool,
}

/// A value that is neither an object nor an array of ours to look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CellValue<'a> {
    Text(Cow<'a, str>),
    /// JSON as it is.
    Json(Cow<'a, str>),
}

/// What `cell` says as the field `name`. One that is not of its kind stays text: the contract says what is wrong with
/// it. `offset` is the UTC offset that goes with a time.
pub(super) fn scalar<'a>(
    name: &str,
    kind: ValueKind,
    cell: &'a str,
    offset: Option<&str>,
    reading: CellFormat<'_>,
) -> Result<CellValue<'a>, Refusal> {
    let text = || CellValue::Text(Cow::Borrowed(cell));
    Ok(match kind {
        ValueKind::Text => text(),
        ValueKind::Id if is_rounded(cell) => {
            let text = "is a number that a spreadsheet has rounded, so that ids which differ may look the same: \
                        format the column as text before saving";
            return Err(Refusal::new("rounded-id", format!("`{name}` {text}")));
        }
        ValueKind::Id => text(),
        ValueKind::Number => number(cell.trim(), reading.decimal_comma).map_or_else(text, CellValue::Json),
        ValueKind::Switch => {
            switch(cell.trim()).map_or_else(text, |word| CellValue::Json(Cow::Borrowed(word)))
        }
        ValueKind::Time => {
            CellValue::Text(LocalTimes::with_offset(reading.times, name, cell.trim(), offset)?)
        }
        ValueKind::Nested => {
            let nested = serde_json::from_str(cell).ok();
            let nested = nested.filter(|value: &Value| value.is_array() || value.is_object());
            nested.map_or_else(text, |_| CellValue::Json(Cow::Borrowed(cell)))
        }
    })
}

fn number(cell: &str, decimal_comma: bool) -> Option<Cow<'_, str>> {
    let is_number = |text: &str| serde_json::from_str::<serde_json::Number>(text).is_ok();
    if is_number(cell) {
        return Some(Cow::Borrowed(cell));
    }
    if !decimal_comma || cell.contains('.') {
        return None;
    }
    let pointed = cell.replacen(',', ".", 1);
    is_number(&pointed).then_some(Cow::Owned(pointed))
}

/// `true` and `false`, and what spreadsheets set to Swedish write for them.
fn switch(cell: &str) -> Option<&'static str> {
    let is = |word: &str| cell.eq_ignore_ascii_case(word);
    if is("true") || is("sant") {
        Some("true")
    } else if is("false") || is("falskt") {
        Some("false")
    } else {
        None
    }
}

/// Is `cell` a long number as spreadsheets show it: `2,60302E+11`?
fn is_rounded(cell: &str) -> bool {
    let cell = cell.trim();
    let Some((digits, exponent)) = cell.split_once("E+").or_else(|| cell.split_once("e+")) else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = digits.split_once([',', '.']).unwrap_or((digits, "0"));
    whole.len() == 1 && is_digits(whole) && is_digits(fraction) && is_digits(exponent)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    fn read(kind: ValueKind, cell: &str, decimal_comma: bool) -> CellValue<'_> {
        scalar("field", kind, cell, None, CellFormat { times: None, decimal_comma }).unwrap()
    }

    fn json(text: &str) -> CellValue<'_> {
        CellValue::Json(text.into())
    }

    #[test]
    fn a_decimal_comma_is_one_where_commas_do_not_part_cells() {
        for (cell, value) in [("59,1955", "59.1955"), ("2,0", "2.0"), (" -0,5 ", "-0.5"), ("59.1", "59.1")] {
            assert_eq!(read(ValueKind::Number, cell, true), json(value));
        }
        for cell in ["1,234,567", "1,234.5", "59,", ",5", "1 800", "NaN", ""] {
            assert_eq!(read(ValueKind::Number, cell, true), CellValue::Text(cell.into()), "{cell}");
        }
        assert_eq!(read(ValueKind::Number, "59,1955", false), CellValue::Text("59,1955".into()));
    }

    #[test]
    fn switches_are_english_or_swedish() {
        for (cell, value) in [("TRUE", "true"), ("false", "false"), ("SANT", "true"), ("Falskt", "false")] {
            assert_eq!(read(ValueKind::Switch, cell, false), json(value));
        }
        for cell in ["ja", "1", "WAHR", ""] {
            assert_eq!(read(ValueKind::Switch, cell, false), CellValue::Text(cell.into()));
        }
    }

    #[test]
    fn an_id_that_was_rounded_is_refused_and_other_ids_are_not() {
        for cell in ["2,60302E+11", "2.60302E+11", "2E+11", "1,5e+100"] {
            let refusal =
                scalar("registration_id", ValueKind::Id, cell, None, CellFormat::default()).unwrap_err();
            assert_eq!(refusal.reason, "rounded-id", "{cell}");
            assert!(refusal.detail.starts_with("`registration_id` is a number"), "{}", refusal.detail);
        }
        for cell in ["260302123456", "E+11", "A2E+11", "2E+", "22E+11", "1E11", "2,6E+1x", "R-1"] {
            assert_eq!(read(ValueKind::Id, cell, false), CellValue::Text(cell.into()));
        }
    }
}
