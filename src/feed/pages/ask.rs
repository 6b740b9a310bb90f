//! The question to a provider: which registrations, and what somebody wants to know. It names no rule, no limit and no
//! share: those would accuse, and teach what to avoid.

use std::collections::BTreeSet;

use crate::domain::{AlertState, Zone};
use crate::feed::cases::{Book, Case, CaseVisit};
use crate::feed::words::{Language, Texts, date, kind_name, month_name, visible};

/// Registrations that a question names.
const VISITS_MAX: usize = 20;

/// The question about the open alerts of `case`, as text to copy; `None` where none is open.
pub(super) fn question(book: &Book, case: &Case, zone: &Zone, language: Language) -> Option<String> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let open = case.open_alerts();
    for alert in open.iter().filter(|alert| alert.state != AlertState::Withdrawn) {
        if alert.alert.subject.version.is_some() {
            ids.insert(&alert.alert.subject.id);
        }
        ids.extend(alert.alert.findings.iter().flat_map(|finding| &finding.related).map(String::as_str));
    }
    if open.is_empty() {
        return None;
    }
    let mut visits: Vec<&CaseVisit> = ids.iter().filter_map(|id| book.visits().get(id)).collect();
    visits.sort_by_key(|visit| (visit.start, visit.id.clone()));
    let more = visits.len().saturating_sub(VISITS_MAX);
    visits.truncate(VISITS_MAX);
    let mut lines: Vec<String> = visits.into_iter().map(|visit| line(visit, zone, language)).collect();
    if 0 < more {
        lines.push(match language {
            Language::Sv => format!("– och {more} till"),
            Language::En => format!("– and {more} more"),
        });
    }
    Some(letter(case, &lines, language))
}

fn line(visit: &CaseVisit, zone: &Zone, language: Language) -> String {
    let end = visit.end.map_or_else(|| Texts(language).still_open().to_owned(), |end| zone.clock(end));
    format!(
        "– {}: {} {} {}–{end}",
        visible(&visit.id),
        date(visit.start, zone),
        language.of("kl.", "at"),
        zone.clock(visit.start)
    )
}

fn letter(case: &Case, lines: &[String], language: Language) -> String {
    let who = format!("{} {}", kind_name(case.kind(), language).to_lowercase(), visible(case.reference()));
    let month = case.pay_period().map(|month| month_name(month, language)).unwrap_or_default();
    let id = visible(case.id());
    let list = lines.join("\n");
    match language {
        Language::Sv if lines.is_empty() => format!(
            "Hej!\n\nVi går igenom registreringarna för {month} som gäller {who} och vill gärna höra hur arbetet har \
             gått till. Stämmer registreringarna? Om något har blivit fel ber vi er att rätta det i ert system.\n\nAtt vi \
             frågar betyder inte att någon har gjort fel. Ange gärna {id} när ni svarar."
        ),
        Language::Sv => format!(
            "Hej!\n\nVi går igenom registreringarna för {month} som gäller {who} och har en fråga om de här \
             besöken:\n\n{list}\n\nStämmer tiderna, vem som gjorde besöken och hos vem de gjordes? Berätta gärna hur det \
             gick till. Om något har blivit fel ber vi er att rätta det i ert system.\n\nAtt vi frågar betyder inte att \
             någon har gjort fel. Ange gärna {id} när ni svarar."
        ),
        Language::En if lines.is_empty() => format!(
            "Hello,\n\nWe are going through the registrations of {month} about {who} and would like to hear how the work \
             was done. Are the registrations right? If something went wrong, please correct it in your system.\n\nThat we \
             ask does not mean that anybody did wrong. Please give {id} with your answer."
        ),
        Language::En => format!(
            "Hello,\n\nWe are going through the registrations of {month} about {who} and have a question about these \
             visits:\n\n{list}\n\nAre the times right, and who made the visits, and with whom? Please tell us how they \
             were done. If something went wrong, please correct it in your system.\n\nThat we ask does not mean that \
             anybody did wrong. Please give {id} with your answer."
        ),
    }
}
