//! What each part must not know, how long a file and a function may be, and one word that the
//! program never says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::lexer::{functions, paths, tokens};

/// What each part may name beside itself. `cli`, `main.rs` and `lib.rs` may name everything.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("engine", &["domain"]),
    ("rules", &["domain", "engine"]),
    ("contract", &["domain"]),
    ("clearance", &["domain", "contract"]),
    ("simulate", &["domain"]),
    ("config", &["domain", "engine", "rules"]),
    ("access", &["domain", "contract", "config"]),
    ("service", &["domain", "engine", "rules", "contract", "config", "access"]),
    ("feed", &["domain", "rules", "contract", "clearance", "config", "access", "service"]),
];

/// What each room of a part may name of that part beside itself; `Engine` stands for the names that the part's
/// own `mod.rs` has. The longest row that a file lies under counts.
const ROOM_MAY_NAME: &[(&str, &[&str])] = &[
    ("engine::model", &[]),
    ("engine::totals", &["engine::model"]),
    ("engine::stats", &["engine::model", "engine::totals"]),
    ("engine::state", &["engine::model", "engine::totals", "engine::stats"]),
    ("engine::rule", &["engine::model", "engine::totals", "engine::stats", "engine::state"]),
    (
        "engine::alert",
        &[
            "engine::model",
            "engine::totals",
            "engine::stats",
            "engine::state",
            "engine::rule",
            "engine::Engine",
            "engine::Output",
        ],
    ),
    (
        "engine::assess",
        &[
            "engine::model",
            "engine::totals",
            "engine::stats",
            "engine::state",
            "engine::rule",
            "engine::alert",
            "engine::Engine",
            "engine::Output",
        ],
    ),
    ("service::log", &[]),
    (
        "service::log::kafka",
        &[
            "service::log",
            "service::ServiceError",
            "service::Fault",
            "service::deliver::shared",
            "service::deliver::events",
            "service::observe",
        ],
    ),
    ("service::deliver", &["service::log", "service::fixtures"]),
    (
        "service::observe",
        &[
            "service::log",
            "service::deliver",
            "service::connections",
            "service::tls",
            "service::process::shutdown",
            "service::fixtures",
        ],
    ),
    ("feed::cases", &["feed::fixtures"]),
    ("feed::words", &["feed::cases"]),
    ("feed::pages", &["feed::cases", "feed::words", "feed::fixtures"]),
    ("feed::topics", &["feed::cases", "feed::FeedError", "feed::fixtures"]),
    ("feed::web", &["feed::cases", "feed::words", "feed::pages", "feed::topics", "feed::fixtures"]),
];

/// Rooms that others of their part see only where a row names them in full.
const CLOSED_ROOMS: &[&str] = &["service::log::kafka"];

/// What the synchronous worker must not know: it runs in one thread, against any log.
const NOT_IN_DELIVER: &[&str] = &["rdkafka", "tokio", "axum", "prometheus"];

/// What rooms of the control unit's process must not know of the outside.
const NOT_IN_FEED: &[(&str, &[&str])] = &[
    ("feed::cases", &["rdkafka", "tokio", "axum", "serde_json", "askama", "tracing"]),
    ("feed::words", &["rdkafka", "tokio", "axum", "serde_json", "askama", "tracing"]),
    ("feed::pages", &["rdkafka", "tokio", "axum", "serde_json", "tracing"]),
    ("feed::topics", &["axum", "askama", "serde_json"]),
    ("feed::web", &["rdkafka"]),
];

/// What has a clock, a network, a log, chance or JSON in it: same inputs, same outputs without.
const IMPURE: &[&str] = &[
    "std::time::SystemTime",
    "std::time::Instant",
    "std::thread",
    "std::fs",
    "std::net",
    "std::env",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "tokio",
    "rdkafka",
    "serde_json",
    "tracing",
    "rand",
];
const PURE: &[&str] =
    &["domain", "engine", "rules", "clearance", "feed::cases", "feed::words", "feed::pages"];

/// More does not fit into one look.
const FILE_LINES_MAX: usize = 400;
/// More does not fit on a screen.
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn no_part_names_what_it_must_not_know() {
    let files = sources(&["src"]);
    let known = top_level(&files);
    let problems = files.iter().flat_map(|(path, text)| forbidden_names(path, text, &known));
    assert_none(problems.collect());
}

#[test]
fn files_and_functions_fit_into_one_look() {
    let files = sources(&["src", "tests", "benches"]);
    assert_none(files.iter().flat_map(|(path, text)| too_long(path, text)).collect());
}

#[test]
fn the_machine_accuses_nobody() {
    let files = sources(&["src", "tests", "benches", "config", "helm", "README.md"]);
    assert_none(files.iter().flat_map(|(path, text)| accusing(path, text)).collect());
}

/// `path:line: what` for every name in a file of `src` that its part must not know.
fn forbidden_names(path: &str, text: &str, known: &[String]) -> Vec<String> {
    let module = module_of(path);
    let Some(part) = module.first().map(String::as_str) else { return Vec::new() };
    let may = MAY_NAME.iter().find(|(name, _)| *name == part).map(|(_, may)| *may);
    let Some(may) = may else { return Vec::new() };
    let mut problems = Vec::new();
    for named in paths(&tokens(text), &module) {
        let joined = named.segments.join("::");
        let mut segments = named.segments.iter().map(String::as_str);
        let inside = matches!(segments.next(), Some("crate" | "tidvakt"));
        let other = segments.next().unwrap_or_default();
        let sibling = segments.next().unwrap_or_default();
        let mut problem = |what: String| problems.push(format!("{path}:{}: {what}", named.line));
        if inside && other != part && known.iter().any(|name| name == other) && !may.contains(&other) {
            problem(format!("`{part}` must not know `{other}` (`{joined}`)"));
        }
        let own = module.get(1).map(String::as_str);
        if inside && part == "rules" && other == "rules" && own.is_some() && own != Some(sibling) {
            let is_rule = sibling.starts_with(|c: char| c.is_ascii_lowercase()) && is_a_rule(sibling);
            if is_rule {
                problem(format!("a rule must not know another rule (`{joined}`)"));
            }
        }
        let named_in_part = segments_below(&named.segments);
        if inside && other == part && named_in_part != part && !room_may_name(&module, &named_in_part) {
            problem(format!("`{}` must not know `{joined}`", module.join("::")));
        }
        let foreign =
            NOT_IN_DELIVER.iter().find(|name| named.segments.first().is_some_and(|one| one == *name));
        if let Some(foreign) = foreign.filter(|_| module.join("::").starts_with("service::deliver")) {
            problem(format!("`service::deliver` must not know `{foreign}`"));
        }
        let room = NOT_IN_FEED.iter().find(|(room, _)| lies_in(&module.join("::"), room));
        let foreign = room.and_then(|(room, names)| {
            let first = named.segments.first()?;
            names.iter().find(|name| *name == first).map(|name| (room, name))
        });
        if let Some((room, foreign)) = foreign {
            problem(format!("`{room}` must not know `{foreign}`"));
        }
        let impure = IMPURE.iter().find(|prefix| {
            joined.strip_prefix(**prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        let pure = PURE.iter().find(|pure| lies_in(&module.join("::"), pure));
        if let Some((impure, pure)) = impure.zip(pure) {
            problem(format!("`{pure}` must be pure, and `{impure}` is not"));
        }
    }
    problems
}

/// A path from the root of the crate, without `crate` or `tidvakt`.
fn segments_below(segments: &[String]) -> String {
    segments.iter().skip(1).cloned().collect::<Vec<_>>().join("::")
}

/// Is `path` the room `room`, or something in it?
fn lies_in(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// May a file of `module` name `named`, which belongs to its own part?
fn room_may_name(module: &[String], named: &str) -> bool {
    let own = module.join("::");
    let row = ROOM_MAY_NAME.iter().filter(|(room, _)| lies_in(&own, room)).max_by_key(|(room, _)| room.len());
    let Some((room, may)) = row else { return true };
    let closed = CLOSED_ROOMS.iter().find(|closed| lies_in(named, closed) && !lies_in(&own, closed));
    match closed {
        Some(closed) => may.contains(closed),
        None => lies_in(named, room) || may.iter().any(|may| lies_in(named, may)),
    }
}

fn is_a_rule(stem: &str) -> bool {
    root().join(format!("src/rules/{stem}.rs")).exists() || stem.starts_with("planted")
}

fn too_long(path: &str, text: &str) -> Vec<String> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let lines = text.lines().count();
    let long_file = (FILE_LINES_MAX < lines)
        .then(|| format!("{path}:{lines}: the file has {lines} lines, at most {FILE_LINES_MAX} fit"));
    let long_functions = functions(&tokens(text)).into_iter().filter(|(.., n)| FUNCTION_LINES_MAX < *n);
    long_file
        .into_iter()
        .chain(long_functions.map(|(name, line, lines)| {
            format!("{path}:{line}: `{name}` has {lines} lines, at most {FUNCTION_LINES_MAX} fit")
        }))
        .collect()
}

fn accusing(path: &str, text: &str) -> Vec<String> {
    // Written in two pieces, so that this file may be read as well.
    let word = concat!("fra", "ud");
    let lines = text.lines().enumerate().filter(|(_, line)| line.to_lowercase().contains(word));
    lines.map(|(at, _)| format!("{path}:{}: the program proposes; it never says `{word}`", at + 1)).collect()
}

/// `src/engine/mod.rs` is `engine`, `src/engine/facts.rs` is `engine::facts`, `src/config.rs` is `config`.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).map(str::to_owned).collect()
}

/// The names of the parts: what lies directly in `src`.
fn top_level(files: &[(String, String)]) -> Vec<String> {
    let mut names: Vec<String> =
        files.iter().filter_map(|(path, _)| module_of(path).first().cloned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file below `places`, by its path from the root, in order.
pub fn sources(places: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    places.iter().for_each(|place| collect(&root().join(place), &mut found));
    found.sort_unstable();
    assert!(!found.is_empty(), "nothing to read in {places:?}");
    found
}

fn collect(at: &Path, found: &mut Vec<(String, String)>) {
    if at.is_dir() {
        let entries = std::fs::read_dir(at).unwrap();
        entries.for_each(|entry| collect(&entry.unwrap().path(), found));
    } else if let Ok(text) = std::fs::read_to_string(at) {
        let path = at.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        found.push((path, text));
    }
}

fn assert_none(problems: Vec<String>) {
    let mut text = String::new();
    problems.iter().for_each(|problem| writeln!(text, "{problem}").unwrap());
    assert!(problems.is_empty(), "{} problems:\n{text}", problems.len());
}

#[test]
fn a_planted_arrow_is_found_with_its_line() {
    let known: Vec<String> =
        ["clearance", "cli", "contract", "domain", "engine", "rules", "service"].map(str::to_owned).to_vec();
    let found = |path: &str, text: &str| forbidden_names(path, text, &known);
    assert_eq!(
        found("src/engine/state/facts.rs", "use crate::domain::Coordinates;\nuse super::ledger::Slot;\n"),
        [""; 0]
    );
    for (path, text, part) in [
        ("src/engine/state/facts.rs", "\nuse crate::{domain::Coordinates, rules::RULES};", "rules"),
        ("src/engine/state/facts.rs", "// crate::rules\nfn f() { crate::service::run() }", "service"),
        ("src/engine/state/facts.rs", "\nuse super::super::super::contract as c;", "contract"),
        ("src/domain/mod.rs", "\nuse super::engine::Engine;", "engine"),
        ("src/contract/mod.rs", "\npub use crate::engine::Engine;", "engine"),
        ("src/rules/planted.rs", "\nuse crate::contract::parse;", "contract"),
        ("src/clearance/rule.rs", "\nuse crate::service::log::Log;", "service"),
        ("src/clearance/rule.rs", "\nuse std::time::SystemTime;", "std::time::SystemTime"),
        ("src/contract/payout.rs", "\nuse crate::clearance::State;", "clearance"),
        ("src/engine/stats/peers.rs", "\nuse crate::engine::state::ledger::Ledger;", "state"),
        ("src/engine/model/mark.rs", "\nuse crate::engine::Engine;", "Engine"),
        ("src/engine/alert/score.rs", "\nuse super::super::assess::visits::Scratch;", "assess"),
        ("src/service/deliver/worker.rs", "\nuse crate::service::log::kafka::KafkaLog;", "kafka"),
        ("src/service/deliver/worker.rs", "\nuse rdkafka::Message;", "rdkafka"),
        ("src/service/log/mod.rs", "\nuse crate::service::deliver::worker::Worker;", "deliver"),
        ("src/rules/planted.rs", "\nuse super::planted_too::RULE;", "another rule"),
        ("src/engine/state/facts.rs", "\nfn f() { std::time::Instant::now(); }", "std::time::Instant"),
        ("src/engine/state/facts.rs", "\nuse std::{fmt, time::SystemTime};", "std::time::SystemTime"),
        ("src/rules/planted.rs", "\nuse serde_json::Value;", "serde_json"),
        ("src/feed/cases/book.rs", "\nuse std::time::SystemTime;", "std::time::SystemTime"),
        ("src/feed/cases/book.rs", "\nuse crate::feed::pages::CasePage;", "pages"),
        ("src/feed/pages/case.rs", "\nuse axum::Router;", "axum"),
        ("src/feed/web/api.rs", "\nuse rdkafka::Message;", "rdkafka"),
        ("src/feed/web/api.rs", "\nuse crate::engine::Engine;", "engine"),
    ] {
        let problems = found(path, text);
        assert_eq!(problems.len(), 1, "{text:?}: {problems:?}");
        assert!(problems[0].starts_with(&format!("{path}:2: ")), "{problems:?}");
        assert!(problems[0].contains(part), "{problems:?}");
    }
    assert_eq!(found("src/cli/run.rs", "use crate::{engine::Engine, service::run};"), [""; 0]);
}

#[test]
fn planted_length_and_word_are_found() {
    let body = "    let _ = 1;\n".repeat(FUNCTION_LINES_MAX);
    let long = format!("\nfn f() {{\n{body}}}\n");
    assert_eq!(too_long("src/a.rs", &long), ["src/a.rs:2: `f` has 72 lines, at most 70 fit"]);
    assert_eq!(too_long("src/a.rs", &"\n".repeat(401)).len(), 1);
    assert_eq!(accusing("README.md", concat!("\nFra", "uds are found")).len(), 1);
}
