//! One name, one type: two types of one name in one crate make every sentence about either ambiguous.

use std::collections::BTreeMap;

use crate::architecture::sources;
use crate::lexer::{Token, tokens};

#[test]
fn no_two_types_have_one_name() {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, source) in sources(&["src"]).into_iter().filter(|(path, _)| path.ends_with(".rs")) {
        for (name, line) in declared(&tokens(&source)) {
            types.entry(name).or_default().push(format!("{path}:{line}"));
        }
    }
    types.retain(|_, places| 1 < places.len());
    let several: Vec<String> =
        types.iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    assert!(several.is_empty(), "types of one name:\n{}", several.join("\n"));
}

#[test]
fn types_are_found_and_associated_types_are_none() {
    let source = "struct A<T>(T); trait B { type X; fn f() { enum C {} } } impl B for A { type X = u8; }\n\
                  type D = u8; mod inner { union E { a: u8 } }";
    let names: Vec<String> = declared(&tokens(source)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
}

/// Structs, enums, unions, traits and aliases with their lines.
fn declared(tokens: &[Token]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    // Whether each open brace is of a trait or an `impl`, in which `type` declares no type of its own.
    let mut open = Vec::new();
    let mut is_associated = false;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => {
                open.push(is_associated);
                is_associated = false;
            }
            "}" => {
                open.pop();
                is_associated = false;
            }
            ";" => is_associated = false,
            "impl" | "trait" if begins_item(tokens, at) => is_associated = true,
            _ => (),
        }
        let declares = match token.text.as_str() {
            "struct" | "enum" | "union" | "trait" => begins_item(tokens, at),
            "type" => begins_item(tokens, at) && open.last() != Some(&true),
            _ => false,
        };
        if declares
            && let Some(name) = tokens.get(at + 1)
            && name.text.starts_with(char::is_uppercase)
        {
            found.push((name.text.clone(), name.line));
        }
    }
    found
}

/// Whether the word at `at` begins an item, behind its visibility and attributes: `impl` also stands in types.
fn begins_item(tokens: &[Token], at: usize) -> bool {
    let before = tokens[..at].last().map_or("", |token| token.text.as_str());
    matches!(before, "" | ";" | "{" | "}" | "]" | ")" | "pub" | "unsafe" | "const")
}
