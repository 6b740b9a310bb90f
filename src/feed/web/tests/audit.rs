//! What is noted of requests.

use super::*;
use crate::domain::AuditAction::{Decide, View};

/// What was noted since the last look, without times.
fn noted(served: &Served) -> Vec<(String, Role, crate::domain::AuditAction, String, u16)> {
    let of = |entry: AuditEntry| (entry.actor, entry.role, entry.action, entry.subject, entry.status);
    served.audit.try_iter().map(of).collect()
}

#[test]
fn who_looks_at_one_and_who_decides_is_noted_with_the_answer_s_status() {
    let served = serve("header");
    fill(&served);
    clearance::read_topics(&served);
    let address = served.server.address();
    let by = named("reviewer", "0181");
    let case_id = "0181:carer:ann:2026-03";
    let of = |action, subject: &str, status| {
        ("r-reviewer-0181".to_owned(), Role::Reviewer, action, subject.to_owned(), status)
    };
    let (_, _, page) = ask(address, "GET", CASE, &by, "");
    ask(address, "GET", "/v1/cases/0181%3Acarer%3Aann%3A2026-03", &by, "");
    ask(address, "GET", "/v1/alerts/0181:registration:R-2", &by, "");
    ask(address, "GET", "/v1/clearance/R-2", &by, "");
    assert_eq!(
        noted(&served),
        [
            of(View, case_id, 200),
            of(View, case_id, 200),
            of(View, "0181:registration:R-2", 200),
            of(View, "R-2", 200),
        ]
    );
    // What was refused is noted as well: another municipality, a role that is not enough, a foreign form.
    ask(address, "GET", "/v1/alerts/0180:registration:R-9", &by, "");
    let path = format!("{CASE}/decisions");
    let here = format!("{by}origin: http://{address}\r\n");
    let form = |action: &str| format!("token={}&action={action}&outcome=rule_fault&reason=x", token(&page));
    ask(address, "POST", &path, &here, &form("release"));
    ask(address, "POST", &path, &by, &form("dismiss"));
    assert_eq!(
        noted(&served),
        [of(View, "0180:registration:R-9", 404), of(Decide, case_id, 403), of(Decide, case_id, 403)]
    );
    // Who is not known leaves nothing.
    ask(address, "GET", CASE, "", "");
    ask(address, "GET", "/sv/cases", "", "");
    ask(address, "GET", "/nothing/at/all", &by, "");
    ask(address, "GET", "/healthz", &by, "");
    assert_eq!(noted(&served), []);
}

#[test]
fn who_looks_at_a_list_is_noted_with_its_filter() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let by = named("viewer", "0181");
    let lists = [
        "/sv/cases",
        "/en/cases?status=waiting&search=ann",
        "/sv/ongoing?provider=P-07",
        "/sv/providers",
        "/sv/outcomes",
        "/v1/cases?status=open&rule=carer-overlap",
        "/v1/ongoing",
        "/v1/outcomes",
    ];
    for path in lists {
        ask(address, "GET", path, &by, "");
        let entries = noted(&served);
        let [(actor, _, View, subject, 200)] = entries.as_slice() else { panic!("{path}: {entries:?}") };
        assert_eq!((actor.as_str(), subject.as_str()), ("r-viewer-0181", path));
    }
    assert_eq!(ask(address, "GET", "/v1/cases?municipality=9999", &by, "").0, 404);
    assert_eq!(noted(&served)[0].4, 404, "what is refused is noted as well");
}

#[test]
fn where_nothing_can_be_noted_nothing_is_shown() {
    let served = serve("header");
    fill(&served);
    let Served { server, audit, memory: _memory, .. } = &served;
    let by = named("viewer", "0181");
    assert_eq!(ask(server.address(), "GET", CASE, &by, "").0, 200);
    let mut entry = audit.try_recv().expect("an entry");
    entry.subject = "filler".to_owned();
    while served.auditing.record(entry.clone()).is_ok() {}
    let (code, _, body) = ask(server.address(), "GET", CASE, &by, "");
    assert_eq!(code, 503);
    assert!(!body.contains("ann"), "{body}");
    assert_eq!(ask(server.address(), "GET", "/v1/cases", &by, "").0, 503, "lists neither");
    assert_eq!(ask(server.address(), "GET", "/healthz", &by, "").0, 200);
}
