//! `duplicate-registration`: one visit is registered twice.
//!
//! Why: a phone that sends again, a double tap, or an entry by hand beside the automatic one makes
//! the municipality pay the same visit twice. It is an error, nobody's fault.
//!
//! Finds pairs of registrations of one carer at one client with different ids whose starts lie at
//! most `start_difference_seconds_max` apart. The copy is what is not paid yet where the other one is,
//! else the one with the weaker evidence, then the later sent, then the later in the feed; on the original there is no
//! finding.
//!
//! Not a finding: visits still open, a visit of which one was declined or cancelled late (a new
//! attempt), a copy that is not billed.
//!
//! Grade: hold on the copy's shared time; review where they share none.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{Class, Explanation, Grade, Measure, Sentence, Span, VisitOutcome};
use crate::engine::{Definition, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "duplicate-registration",
    version: 3,
    class: Class::Error,
    summary_sv: "Samma besök är registrerat två gånger.",
    summary_en: "One visit is registered twice.",
    build: visit_rule::<DuplicateRegistration>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DuplicateRegistration {
    /// Starts further apart than this are two visits.
    start_difference_seconds_max: u32,
}

impl VisitRule for DuplicateRegistration {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !is_claimed(own) {
            return;
        }
        let near = sight.starting_near_at_carer(i64::from(self.start_difference_seconds_max));
        let mut original = None;
        for other in near.filter(|other| other.client == own.client && is_claimed(other)) {
            // The earliest original, so that three copies of one visit name the same one.
            if sight.is_weaker(other) || sight.are_both_subjects() {
                original = original.or(Some(other));
            }
            // Which one a copy names depends on all of them.
            report.counterpart(other);
        }
        if let Some(original) = original {
            report.hit(self.hit(sight, original));
        }
    }
}

impl DuplicateRegistration {
    fn hit(&self, sight: &Sight<'_>, original: &Visit) -> Hit<impl Wording> {
        let own = sight.visit();
        let shared = own.span.intersection(original.span);
        let apart = own.span.start().since(original.span.start()).abs();
        Hit::new(if shared.is_some() { Grade::Hold } else { Grade::Review })
            .related([original.slot])
            .disputed(shared)
            .observed([
                Measure::whole("start_difference_seconds", apart),
                Measure::whole("shared_seconds", shared.map_or(0, Span::seconds)),
            ])
            .expected([Measure::whole("registrations_max", 1)])
            .excluded(&[Explanation::DeclinedVisit, Explanation::NotBilled, Explanation::NewerVersion])
            .text(move || {
                let (copy, first) = if sight.is_weaker(original) { (own, original) } else { (original, own) };
                sentence(sight, copy, first)
            })
    }
}

fn is_claimed(visit: &Visit) -> bool {
    !visit.open && visit.billable && matches!(visit.outcome, VisitOutcome::Performed | VisitOutcome::Partly)
}

fn sentence(sight: &Sight<'_>, copy: &Visit, original: &Visit) -> Sentence {
    let (copy, original) = (sight.label_of(copy), sight.label_of(original));
    Sentence {
        sv: format!(
            "Samma besök den {} är registrerat två gånger: {} är en dubblett av {}.",
            original.date_sv(),
            copy.sv(),
            original.sv()
        ),
        en: format!(
            "The same visit on {} is registered twice: {} repeats {}.",
            original.date_en(),
            copy.en(),
            original.en()
        ),
    }
}
