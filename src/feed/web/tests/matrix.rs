//! Role × municipality × route: what is out of scope answers as what does not exist, and who has no role sees nothing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// How a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Anybody alike: it names nobody.
    Open,
    /// What is in scope; `municipality` in the query names one.
    List,
    /// One thing, which the path names.
    One(Thing),
    /// A decision about a case, to whose form the role is enough.
    Decision,
    /// Events, for as long as the connection lasts.
    Stream,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Case,
    Alert,
    Registration,
}

/// Every route of `routes.rs`, with its method.
const ROUTES: &[(&str, &str, Kind)] = &[
    ("/", "get", Kind::Open),
    ("/assets/feed.css", "get", Kind::Open),
    ("/assets/feed.js", "get", Kind::Open),
    ("/healthz", "get", Kind::Open),
    ("/readyz", "get", Kind::Open),
    ("/v1/openapi.json", "get", Kind::Open),
    ("/enter/{key}", "get", Kind::Open),
    ("/{language}", "get", Kind::Open),
    ("/v1/cases", "get", Kind::List),
    ("/v1/ongoing", "get", Kind::List),
    ("/v1/outcomes", "get", Kind::List),
    ("/{language}/outcomes", "get", Kind::List),
    ("/{language}/accessibility", "get", Kind::Open),
    ("/{language}/cases", "get", Kind::List),
    ("/{language}/ongoing", "get", Kind::List),
    ("/{language}/providers", "get", Kind::List),
    ("/v1/cases/{id}", "get", Kind::One(Thing::Case)),
    ("/v1/alerts/{id}", "get", Kind::One(Thing::Alert)),
    ("/v1/clearance/{registration_id}", "get", Kind::One(Thing::Registration)),
    ("/{language}/cases/{id}", "get", Kind::One(Thing::Case)),
    ("/{language}/cases/{id}/decisions", "post", Kind::Decision),
    ("/v1/events", "get", Kind::Stream),
];

/// Municipalities with data, one without, and one that is none.
const CODES: [&str; 4] = ["0181", "0180", "1480", "9999"];

/// What the routes of the source are, by their text.
fn routed() -> BTreeSet<(String, String)> {
    let source = include_str!("../routes.rs");
    let routes = source.split(".route(").skip(1).map(|rest| {
        let path = rest.split('"').nth(1).expect("a path");
        let handlers = rest.split('"').nth(2).expect("a method").trim_start_matches([',', ' ', '\n']);
        let method = handlers.split('(').next().expect("a method");
        (path.to_owned(), method.to_owned())
    });
    routes.collect()
}

#[test]
fn every_route_has_its_row() {
    let rows: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(path, method, _)| ((*path).to_owned(), (*method).to_owned())).collect();
    assert_eq!(rows, routed(), "left: the table, right: routes.rs");
}

/// A visitor with a rate of their own.
fn visitor(role: Option<Role>, scope: &[&str]) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let roles = role.map_or("offline_access", Role::as_str);
    let codes = scope.join(",");
    format!(
        "x-forwarded-user: v-{number}\r\nx-forwarded-groups: {roles}\r\nx-tidvakt-municipalities: {codes}\r\n"
    )
}

/// The id of a thing of a municipality, which is there where there is data and `is_real`.
fn id(thing: Thing, code: &str, is_real: bool) -> String {
    match (thing, is_real) {
        (Thing::Case, true) => format!("{code}:carer:ann:2026-03"),
        (Thing::Case, false) => format!("{code}:carer:nobody:2026-03"),
        (Thing::Alert, true) if code == "0181" => format!("{code}:registration:R-2"),
        (Thing::Alert, true) => format!("{code}:registration:R-9"),
        (Thing::Alert, false) => format!("{code}:registration:R-0"),
        (Thing::Registration, true) if code == "0181" => format!("R-2?municipality={code}"),
        (Thing::Registration, true) => format!("R-9?municipality={code}"),
        (Thing::Registration, false) => format!("R-0?municipality={code}"),
    }
}

/// The path of a route with the id of a thing.
fn named_in(path: &str, id: &str) -> String {
    path.replace("{id}", id).replace("{registration_id}", id)
}

/// Status and body of an answer, without the names that the request itself had.
fn answer(address: SocketAddr, path: &str, by: &str, named: &str) -> (u16, String) {
    let (code, _, body) = ask(address, "GET", path, by, "");
    let escaped = named.replace(':', "%3A");
    (code, body.replace(named, "NAMED").replace(&escaped, "NAMED"))
}

/// The status of a stream, which has no end.
pub(super) fn stream_status(address: SocketAddr, by: &str) -> u16 {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    let request = format!("GET /v1/events HTTP/1.1\r\nhost: {address}\r\n{by}\r\n");
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let mut head = [0; 12];
    stream.read_exact(&mut head).expect("a status");
    String::from_utf8_lossy(&head[9..]).parse().expect("a number")
}

/// The status of a decision without a reason, so that no record is written.
fn decision_status(address: SocketAddr, path: &str, by: &str) -> u16 {
    // The form's token is the name's, whatever the role and the scope.
    let name = by.lines().next().expect("a name");
    let all = format!("{name}\r\nx-forwarded-groups: admin\r\nx-tidvakt-municipalities: *\r\n");
    let (_, _, page) = ask(address, "GET", CASE, &all, "");
    let from_here = format!("{by}origin: http://{address}\r\n");
    ask(address, "POST", path, &from_here, &format!("token={}&action=uphold", token(&page))).0
}

fn check_one(
    address: SocketAddr,
    path: &str,
    by: &str,
    named: (&str, &str),
    is_there: bool,
) -> Result<(), TestCaseError> {
    let (real, unreal) = named;
    let of = |id: &str| answer(address, &named_in(path, id), by, id);
    let (there, not_there) = (of(real), of(unreal));
    prop_assert_eq!(not_there.0, 404);
    if is_there {
        prop_assert_eq!(there.0, 200);
    } else {
        prop_assert_eq!(there, not_there, "the answer shows that {} exists", real);
    }
    Ok(())
}

fn check_list(
    address: SocketAddr,
    path: &str,
    by: &str,
    code: &str,
    is_in_scope: bool,
) -> Result<(), TestCaseError> {
    let of = |code: &str| answer(address, &format!("{path}?municipality={code}"), by, code);
    let (listed, unknown) = (of(code), of("7777"));
    let shows = listed.1.contains("NAMED:carer") || listed.1.contains("NAMED%3Acarer");
    if is_in_scope {
        prop_assert_eq!(listed.0, 200);
    } else {
        prop_assert!(!shows, "{} is shown: {}", code, listed.1);
        prop_assert_eq!(listed, unknown, "the answer shows that {} exists", code);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_out_of_scope_answers_as_what_does_not_exist(
        role in select(vec![None, Some(Role::Viewer), Some(Role::Reviewer), Some(Role::Release), Some(Role::Admin)]),
        scope in subsequence(CODES[..3].to_vec(), 0..=3),
        code in select(CODES.to_vec()),
        language in select(vec!["sv", "en"]),
    ) {
        let served = serve("header");
        fill(&served);
        clearance::read_topics(&served);
        let address = served.server.address();
        let has_data = ["0181", "0180"].contains(&code);
        let is_there = has_data && scope.contains(&code);
        for (path, _, kind) in ROUTES {
            let by = visitor(role, &scope);
            let path = path.replace("{language}", language).replace("{key}", "0123");
            let unnamed = |path: &str| match kind {
                Kind::Stream => stream_status(address, ""),
                Kind::Decision => ask(address, "POST", path, "", "token=x&action=uphold").0,
                _ => ask(address, "GET", path, "", "").0,
            };
            if *kind == Kind::Open {
                let both = [ask(address, "GET", &path, "", ""), ask(address, "GET", &path, &by, "")];
                prop_assert_eq!((both[0].0, &both[0].2), (both[1].0, &both[1].2), "{}", path);
                continue;
            }
            let thing = if let Kind::One(thing) = kind { *thing } else { Thing::Case };
            let real = named_in(&path, &id(thing, code, true));
            prop_assert_eq!(unnamed(&real), 401, "{}", real);
            if role.is_none() {
                let status = match kind {
                    Kind::Stream => stream_status(address, &by),
                    Kind::Decision => decision_status(address, &real, &by),
                    _ => ask(address, "GET", &real, &by, "").0,
                };
                prop_assert_eq!(status, 403, "{}", real);
                continue;
            }
            match kind {
                Kind::Open => {}
                Kind::List => check_list(address, &path, &by, code, is_there)?,
                Kind::One(thing) => {
                    let named = (id(*thing, code, true), id(*thing, code, false));
                    check_one(address, &path, &by, (&named.0, &named.1), is_there)?;
                }
                Kind::Decision => {
                    let may = role.is_some_and(|role| Role::Release <= role);
                    let expected = match (may, is_there) {
                        (false, _) => 403,
                        (true, false) => 404,
                        (true, true) => 422,
                    };
                    prop_assert_eq!(decision_status(address, &real, &by), expected, "{}", real);
                }
                Kind::Stream => prop_assert_eq!(stream_status(address, &by), 200),
            }
        }
    }
}
