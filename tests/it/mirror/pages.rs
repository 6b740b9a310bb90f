//! The pages beside the code name files, functions, types and tests: each must be there.

use crate::architecture::root;

/// The cells of the rows of the tables in the section `## heading` of a page, without heads and rules.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let start = format!("\n## {heading}\n");
    let section = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no section `{heading}`")).1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let lines: Vec<&str> = section.lines().collect();
    let is_row = |at: usize| {
        let is_head = lines.get(at + 1).is_some_and(|next| next.starts_with("|---"));
        lines[at].starts_with("| ") && !is_head
    };
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let found: Vec<Vec<String>> =
        (0..lines.len()).filter(|at| is_row(*at)).map(|at| cells(lines[at])).collect();
    assert!(!found.is_empty(), "{page}: no table in `{heading}`");
    found
}

/// What stands in backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn source(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join("src").join(path)).ok()
}

/// Does `text` define the type, function or field that `name` (`Type`, `Type::function`, `field`) ends with?
fn defines(text: &str, name: &str) -> bool {
    let last = name.rsplit("::").next().unwrap();
    let is_type = last.starts_with(|c: char| c.is_ascii_uppercase());
    let defining: &[&str] = if is_type {
        &["struct ", "enum ", "trait ", "type "]
    } else if name.contains("::") {
        &["fn "]
    } else {
        &["fn ", "pub(in crate::engine) ", "    "]
    };
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    defining.iter().any(|kind| {
        let wanted = format!("{kind}{last}");
        let mut found = text.match_indices(&wanted);
        found.any(|(at, _)| {
            let rest = &text[at + wanted.len()..];
            ends(rest) && (is_type || kind.trim() == "fn" || rest.starts_with(": "))
        })
    })
}

/// The names that `text` of a page gives for places that are not there.
fn missing(names: &[(String, String)]) -> Vec<String> {
    let is_missing =
        |(name, path): &&(String, String)| !source(path).is_some_and(|text| defines(&text, name));
    names.iter().filter(is_missing).map(|(name, path)| format!("`{name}` in `{path}`")).collect()
}

#[test]
fn the_hops_of_a_registration_are_functions_that_exist() {
    let rows = rows("src/README.md", "The way of one registration");
    let names: Vec<(String, String)> =
        rows.iter().map(|row| (quoted(&row[2])[0].to_owned(), quoted(&row[1])[0].to_owned())).collect();
    assert_eq!(missing(&names), [""; 0]);
    let numbers: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, (1..=rows.len()).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn the_places_that_the_source_page_names_exist() {
    let rooms = rows("src/README.md", "Rooms").into_iter().map(|row| row[0].clone());
    let places = rows("src/README.md", "Where to look for what").into_iter().map(|row| row[1].clone());
    let cells: Vec<String> = rooms.chain(places).collect();
    let paths: Vec<&str> = cells
        .iter()
        .flat_map(|cell| quoted(cell))
        .filter(|path| path.contains('/') || path.contains('.'))
        .collect();
    assert!(30 < paths.len());
    let gone: Vec<&&str> = paths.iter().filter(|path| !root().join("src").join(path).exists()).collect();
    assert_eq!(gone, [&""; 0]);
}

#[test]
fn the_words_of_the_glossary_are_the_words_of_the_code() {
    let mut names = Vec::new();
    for row in rows("src/README.md", "Glossary") {
        let quoted = quoted(&row[2]);
        assert!(!quoted.is_empty() && quoted.len().is_multiple_of(2), "`{}`: `name` in `path`", row[0]);
        names.extend(quoted.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())));
    }
    assert_eq!(missing(&names), [""; 0]);
}

#[test]
fn the_places_that_the_page_of_the_control_unit_names_exist() {
    let rows = rows("src/feed/README.md", "Where to look for what");
    let cells: Vec<Vec<&str>> = rows.iter().map(|row| quoted(&row[1])).collect();
    let pairs = cells.iter().flat_map(|cell| cell.chunks(2));
    let names: Vec<(String, String)> =
        pairs.map(|pair| (pair[0].to_owned(), format!("feed/{}", pair[1]))).collect();
    assert_eq!(missing(&names), [""; 0]);
}

/// The file of a test called `path`, below `tests/it` or `src`: `kafka::kill` is `kafka/kill.rs` or `kafka/kill/mod.rs`;
/// the module `tests` at the end of a file of `src` has none of its own.
fn file_of(modules: &[&str]) -> Vec<String> {
    let whole = modules.join("/");
    let inner = modules.split_last().filter(|(last, _)| **last == "tests").map(|(_, rest)| rest.join("/"));
    let stems = std::iter::once(whole).chain(inner);
    let files = stems.flat_map(|stem| {
        ["tests/it", "src"].map(|folder| [format!("{folder}/{stem}.rs"), format!("{folder}/{stem}/mod.rs")])
    });
    files.flatten().collect()
}

/// Is there a function `name` in a file that `modules` could mean?
fn is_a_test(path: &str) -> bool {
    let segments: Vec<&str> = path.split("::").collect();
    let (name, modules) = segments.split_last().unwrap();
    let text = |file: &String| std::fs::read_to_string(root().join(file)).ok();
    file_of(modules).iter().filter_map(text).any(|text| text.contains(&format!("fn {name}(")))
}

#[test]
fn the_tests_that_the_page_names_exist() {
    let sections = ["Invariants", "Faults", "Bad inputs"].map(|heading| rows("tests/README.md", heading));
    let cells: Vec<String> = sections.into_iter().flatten().map(|row| row.last().unwrap().clone()).collect();
    let named: Vec<&str> =
        cells.iter().flat_map(|cell| quoted(cell)).filter(|name| name.contains("::")).collect();
    assert!(50 < named.len());
    let gone: Vec<&&str> = named.iter().filter(|name| !is_a_test(name)).collect();
    assert_eq!(gone, [&""; 0]);
    assert!(!is_a_test("kafka::kill::killed_five_times"));
    assert!(!is_a_test("kafka::killed_five_times_it_loses_doubles_and_contradicts_nothing"));
}

/// B31 to B55 and B58 of the list of inputs: each has a row, a status and a test.
#[test]
fn every_input_to_the_control_unit_s_process_has_its_row() {
    let rows = rows("tests/README.md", "Bad inputs");
    let numbered: Vec<&Vec<String>> = rows.iter().filter(|row| row.len() == 4).collect();
    let ids: Vec<&str> = numbered.iter().map(|row| row[0].as_str()).collect();
    let expected: Vec<String> = (31..=55).chain([58]).map(|number| format!("B{number}")).collect();
    assert_eq!(ids, expected);
    for row in numbered {
        let status = row[2].split([',', ';', ' ']).next().unwrap();
        assert!(status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)), "{row:?}");
        assert!(quoted(&row[3]).iter().all(|name| is_a_test(name)), "{row:?}");
    }
}

#[test]
fn a_planted_name_that_is_nowhere_is_found() {
    let of = |name: &str, path: &str| missing(&[(name.to_owned(), path.to_owned())]).len();
    assert_eq!(of("Ledger", "engine/state/ledger.rs"), 0);
    assert_eq!(of("Ledgers", "engine/state/ledger.rs"), 1);
    assert_eq!(of("Ledge", "engine/state/ledger.rs"), 1);
    assert_eq!(of("Ledger", "engine/state/no_such_file.rs"), 1);
    assert_eq!(of("Engine::apply", "engine/inputs.rs"), 0);
    assert_eq!(of("Engine::appl", "engine/inputs.rs"), 1);
    assert_eq!(of("watermark", "engine/mod.rs"), 0);
    assert_eq!(of("watermarks", "engine/mod.rs"), 1);
}
