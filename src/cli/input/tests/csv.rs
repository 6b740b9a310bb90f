//! Tables, as programs and spreadsheets write them.

use super::*;

#[test]
fn rows_become_records() {
    let found = rows(
        "x.csv",
        &table(
            "trainee,start_capture.method,start_capture.geo.lat,tasks",
            &["false,nfc_tag,59.25,\"[{\"\"code\"\": \"\"shower\"\", \"\"minutes\"\": 30}]\"", "TRUE,,,"],
        ),
    );
    let first = json!({"trainee": false, "start_capture": {"method": "nfc_tag", "geo": {"lat": 59.25}},
                       "tasks": [{"code": "shower", "minutes": 30}]});
    assert_eq!(found, [(2, Ok(record_and(first))), (3, Ok(record_and(json!({"trainee": true}))))]);
}

#[test]
fn cells_that_are_not_of_their_kind_stay_text_for_the_contract_to_refuse() {
    let found = rows(
        "x.csv",
        &table("required_staff,billable,tasks", &["one,perhaps,shower", "1e400,,\"\"\"x\"\"\""]),
    );
    let first = json!({"required_staff": "one", "billable": "perhaps", "tasks": "shower"});
    let second = json!({"required_staff": "1e400", "tasks": "\"x\""});
    assert_eq!(found, [(2, Ok(record_and(first))), (3, Ok(record_and(second)))]);
}

#[test]
fn a_table_as_a_spreadsheet_set_to_swedish_saves_it() {
    let columns = "start_capture.geo.lat,start_capture.geo.lon,trainee,billable,source.system,required_staff";
    let whole = swedish(&table(columns, &["59|1955,17|6253,,,\"a|b\",2|0", ",,FALSKT,SANT,,"]));
    let marked = [BYTE_ORDER_MARK, whole.as_slice()].concat();
    let first = json!({"start_capture": {"geo": {"lat": 59.1955, "lon": 17.6253}}, "source": {"system": "a,b"},
                       "required_staff": 2.0});
    let second = json!({"trainee": false, "billable": true});
    for table in [&whole, &marked, &[b"sep=;\r\n", whole.as_slice()].concat()] {
        let found: Vec<_> = rows("x.csv", table).into_iter().map(|(_, row)| row).collect();
        assert_eq!(found, [Ok(record_and(first.clone())), Ok(record_and(second.clone()))]);
    }
}

/// Twenty rows with a comment each.
fn twenty(comment: impl Fn(usize) -> &'static str) -> Vec<u8> {
    let comments: Vec<&str> = (1..=20).map(comment).collect();
    table("kommentar", &comments)
}

fn refused(rows: &[(u64, Result<Value, &'static str>)]) -> Vec<(u64, &'static str)> {
    rows.iter().filter_map(|(line, row)| Some((*line, *row.as_ref().err()?))).collect()
}

#[test]
fn a_stray_quote_costs_no_other_row() {
    for strays in [&[3][..], &[3, 8], &[1], &[20], &[3, 4, 5]] {
        let found =
            rows("x.csv", &twenty(|row| if strays.contains(&row) { "skylt 5\" hoger" } else { "ok" }));
        assert_eq!((found.len(), refused(&found)), (20, vec![]));
    }
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_row_and_no_other() {
    for (open, expected) in
        [(&[3][..], vec![4]), (&[3, 8], vec![4, 9]), (&[20], vec![21]), (&[1, 2, 3], vec![2, 3, 4])]
    {
        let found = rows("x.csv", &twenty(|row| if open.contains(&row) { "\"skylt hoger" } else { "ok" }));
        assert_eq!(found.len(), 20);
        assert_eq!(
            refused(&found),
            expected.into_iter().map(|line| (line, "open-quote")).collect::<Vec<_>>()
        );
    }
    // A cell that is quoted as it should be does not close it either.
    let found = rows(
        "x.csv",
        &twenty(|row| match row {
            3 => "\"skylt hoger",
            7 => "\"i ordning\"",
            _ => "ok",
        }),
    );
    assert_eq!((found.len(), refused(&found)), (20, vec![(4, "open-quote")]));
}

#[test]
fn a_cell_that_is_quoted_as_it_should_be_may_hold_quotes_delimiters_and_line_breaks() {
    let found =
        rows("x.csv.gz", &gzip(&table("source.system", &["\"skylt 5\"\" hoger,\nandra raden\"", "ok"])));
    let first = json!({"source": {"system": "skylt 5\" hoger,\nandra raden"}});
    assert_eq!(found, [(2, Ok(record_and(first))), (4, Ok(record_and(json!({"source": {"system": "ok"}}))))]);
}

#[test]
fn a_quote_that_is_open_for_longer_than_the_longest_row_costs_one_row() {
    let mut text = table("kommentar", &["\"x"]);
    text.extend(std::iter::repeat_n(format!("{ROW},ok\n").into_bytes(), 4_000).flatten());
    let found = rows("x.csv", &text);
    assert_eq!((found.len(), refused(&found)), (4_001, vec![(2, "open-quote")]));
    let long = rows("x.csv", &table("kommentar", &["ok", &"x".repeat(70_000), "ok"]));
    assert_eq!((long.len(), refused(&long)), (3, vec![(3, "too-large")]));
}

#[test]
fn rows_and_columns_that_were_emptied_are_blank() {
    let emptied =
        swedish(&[HEADER, "\n", ROW, "\n,,,,,,,,,\n", ROW, "\n , ,,,,,,,,\n"].concat().into_bytes());
    let found = rows("x.csv", &emptied);
    assert_eq!(found, [(2, Ok(record())), (4, Ok(record()))]);
    assert_eq!(lines("x.csv", &emptied).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 2]);
    for columns in [[",,", ",,"], [", ,", ",,"], ["", ",,"]] {
        let found = rows("x.csv", &[HEADER, columns[0], "\n", ROW, columns[1], "\n"].concat().into_bytes());
        assert_eq!(found, [(2, Ok(record()))]);
    }
    let found = rows("x.csv", &[HEADER, ",,\n", ROW, ",,x\n", ROW, ",,\n"].concat().into_bytes());
    assert_eq!(found, [(2, Err("bad-row")), (3, Ok(record()))]);
}

#[test]
fn rows_that_do_not_fit_the_header_are_refused_by_name() {
    let found = rows("x.csv", &[HEADER, "\n1,recorded\n", ROW, ",x\n", ROW, "\n"].concat().into_bytes());
    assert_eq!(found, [(2, Err("bad-row")), (3, Err("bad-row")), (4, Ok(record()))]);
    let mut input = open("x.csv", &[HEADER, "\n1,recorded\n"].concat().into_bytes()).unwrap();
    let line = input.next_line().unwrap().unwrap();
    assert_eq!(line.bytes, b"1,recorded");
    assert_eq!(line.refusal.unwrap().detail, "the row has 2 cells, and the header 10");
}

#[test]
fn columns_that_no_record_has_are_named_once() {
    let input = open("x.csv", &table("kommentar,trainee,avdelning", &["a,true,b", "c,,d"])).unwrap();
    assert_eq!(input.notes(), ["columns that are not read: `kommentar`, `avdelning`"]);
}

#[test]
fn headers_that_can_not_be_used_are_refused() {
    let refusal = |header: &str| match open("x.csv", header.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    let twice = format!("{HEADER},trainee,trainee");
    assert_eq!(refusal(&twice), "`x.csv`: the header has the column `trainee` twice");
    let both = format!("{HEADER},payment,payment.mode");
    assert_eq!(
        refusal(&both),
        "`x.csv`: the header has both the column `payment` and the column `payment.mode` inside it"
    );
    let lacking = HEADER.replace("carer_ref,client_ref,", "");
    assert_eq!(
        refusal(&lacking),
        "`x.csv`: the header lacks what every record must have: `carer_ref`, `client_ref`"
    );
    assert_eq!(
        refusal("Brukare;Personal;Start;Slut"),
        "`x.csv`: the header names no field: it has `Brukare`, `Personal`, `Slut`, `Start`"
    );
    assert!(lines("x.csv", b"").is_empty());
    assert!(lines("x.csv", b"\n\n").is_empty());
}
