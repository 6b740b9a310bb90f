//! Personal numbers in disguise, and characters that do not show.

use super::*;

#[test]
fn a_personal_number_in_disguise_is_refused() {
    let ids = ["R-1", "P-07", "carer-1", "client-1"];
    for number in ["８１１２１８９８７６", "811218\u{2011}9876", "811218 9876", "19811218 - 9876"] {
        ids.iter().for_each(|id| drop(refused(&with(id, number), Reason::PersonalId)));
        refused(&with("shower", number), Reason::PersonalId);
    }
    for person in ["carer-1", "client-1"] {
        refused(&with(person, "carer-8112189876"), Reason::PersonalId);
    }
    for field in ["old", "new"] {
        for value in ["19811218-9876", "carer-8112189876", "８１１２１８９８７６"] {
            let edit = format!(
                r#""edits":[{{"field":"carer_ref","at":"2026-03-02T07:00:00Z","{field}":"{value}"}}]"#
            );
            let detail = refused(&with(r#""edits":[]"#, &edit), Reason::PersonalId);
            assert!(!detail.contains("9876"), "{detail}");
        }
    }
    // An id of a thing may hold a date and a number, and an edit two times.
    assert_eq!(refusal(&with("R-1", "R-8112189876")), None);
    let edit =
        r#""edits":[{"field":"end_at","at":"2026-03-04T10:00:00+01:00","old":"2026-03-02T07:20:00+01:00"}]"#;
    assert_eq!(refusal(&with(r#""edits":[]"#, edit)), None);
}

#[test]
fn characters_that_do_not_show_are_no_part_of_an_id() {
    for hidden in [
        r"carer\u202e1",
        r"carer\u200b",
        r"\u2028",
        r"carer\ufeff1",
        r"\u00ad",
        r"carer\u2066",
        " ",
        r"\u00a0",
    ] {
        refused(&with("carer-1", hidden), Reason::BadId);
    }
    refused(&with("shower", r"shower\u200b"), Reason::BadField);
    for shown in ["vårdare 1", "Ωmega", "名", r"a\u00a0b"] {
        assert_eq!(refusal(&with("carer-1", shown)), None, "{shown}");
    }
}
