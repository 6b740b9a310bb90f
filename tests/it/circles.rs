//! Files import in one direction. A folder's own file (`mod.rs`, or the file beside it) re-exports what lies below it,
//! so arrows between a file and what lies above or below it do not count.

use std::collections::{BTreeMap, BTreeSet};

use crate::architecture::{module_of, sources};
use crate::lexer::{paths, tokens};

/// Circles that are one thing in several files: `State` holds crowds and newcomers, and each of the two files has
/// the methods of `State` about them.
const CIRCLES: &[&[&str]] =
    &[&["engine::state::crowds", "engine::state::municipality", "engine::state::newcomers"]];

type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn files_import_in_one_direction() {
    let files: Vec<_> = sources(&["src"]).into_iter().filter(|(path, _)| is_program(path)).collect();
    let known: Vec<Vec<&str>> = CIRCLES.iter().map(|circle| circle.to_vec()).collect();
    assert_eq!(circles(&graph(&files)), known);
}

#[test]
fn a_planted_circle_is_found() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = [
        file("src/a/mod.rs", "pub use b::B;\npub use c::C;"),
        file("src/a/b.rs", "use super::c::C;\nuse crate::d::D;"),
        file("src/a/c.rs", "use super::b::B;"),
        file("src/d.rs", "#[cfg(test)]\nmod tests {\n    use crate::a::b::B;\n}\n"),
    ];
    assert_eq!(circles(&graph(&files)), [["a::b", "a::c"]]);
    assert_eq!(circles(&graph(&files[..2])), [[""; 0]; 0]);
}

/// Tests and their fixtures may name anything.
fn is_program(path: &str) -> bool {
    path.ends_with(".rs")
        && !path.split('/').any(|part| part.starts_with("tests") || part.starts_with("fixtures"))
}

/// The files that each file imports from, by module path.
fn graph(files: &[(String, String)]) -> Graph {
    let modules: BTreeSet<String> = files.iter().map(|(path, _)| module_of(path).join("::")).collect();
    let of_file = |(path, text): &(String, String)| {
        let module = module_of(path);
        let own = module.join("::");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let named = paths(&tokens(text), &module).into_iter();
        let named = named.filter(|path| path.segments.first().is_some_and(|first| first == "crate"));
        let targets = named.filter_map(|path| {
            let segments = &path.segments[1..];
            (1..=segments.len()).rev().map(|n| segments[..n].join("::")).find(|name| modules.contains(name))
        });
        (own.clone(), targets.filter(|other| !is_below(other, &own) && !is_below(&own, other)).collect())
    };
    files.iter().map(of_file).collect()
}

/// Is `one` the module `other`, or in it?
fn is_below(one: &str, other: &str) -> bool {
    one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// All that can be reached from `start`.
fn reached<'g>(graph: &'g Graph, start: &'g str) -> BTreeSet<&'g str> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        let next = graph.get(at).into_iter().flatten();
        open.extend(next.map(String::as_str).filter(|other| found.insert(*other)));
    }
    found
}

/// Files that reach each other, in groups, ascending.
fn circles(graph: &Graph) -> Vec<Vec<&str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (file.as_str(), reached(graph, file))).collect();
    let group = |file: &str| -> Vec<&str> {
        let others = reach[file].iter().filter(|other| reach[**other].contains(file));
        others.copied().collect()
    };
    let groups: BTreeSet<Vec<&str>> = graph.keys().map(|file| group(file)).collect();
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}
