//! The lines that `tests/mutations/run.py` replaces are there.

use crate::architecture::root;

#[test]
fn every_safeguard_that_is_removed_is_one_line_of_the_program() {
    let text = std::fs::read_to_string(root().join("tests/mutations/mutations.toml")).unwrap();
    let listed: toml::Table = toml::from_str(&text).unwrap();
    let mutations = listed["mutation"].as_array().unwrap();
    assert!(!mutations.is_empty());
    for mutation in mutations {
        let field = |name: &str| mutation[name].as_str().unwrap_or_else(|| panic!("{name} of {mutation}"));
        let source = std::fs::read_to_string(root().join(field("file"))).unwrap();
        let count = source.matches(field("from")).count();
        assert_eq!(
            count,
            1,
            "{}: `{}` is in {} {count} times",
            field("safeguard"),
            field("from"),
            field("file")
        );
    }
}
