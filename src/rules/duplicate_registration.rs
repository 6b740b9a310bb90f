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
//! A copy is due when the provider's office has had its time to cancel it ([`Sight::corrected_by`]), as a missing log-out
//! is: nothing is paid before.
//!
//! Finds also two registrations of different carers for one plan of a client, where one carer is ordered, one of the
//! two was typed, and each lasted longer than half the plan: the plan is billed again for another carer, at the same time
//! or an hour later. It falls on the weaker of the two.
//!
//! Not a finding: carers who relieve each other, so that one of them was there for half the plan at most; partners, a
//! trainee going along, visits still open, a visit of which one was declined or cancelled late (a new
//! attempt), a copy that is not billed.
//!
//! Grade: hold on the copy's shared time; review where they share none, and of two carers, where the copy as a whole is
//! in question; one step lower where nothing says how many carers were ordered.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitOutcome};
use crate::engine::{Definition, Hit, NEIGHBOUR_GAP_SECONDS_MAX, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "duplicate-registration",
    version: 5,
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
            report.hit_from(sight.corrected_by(), self.hit(sight, original));
        }
        for other in sight.starting_near_at_client(NEIGHBOUR_GAP_SECONDS_MAX) {
            if let Some(is_staff_known) = is_plan_of_both(sight, own, other) {
                report.pair(sight, other, || second_of_plan(sight, other, is_staff_known));
            }
        }
    }
}

/// Whether both registrations are claims to the plan of one carer: `None` where they are not, else whether it is known
/// that one carer is ordered.
fn is_plan_of_both(sight: &Sight<'_>, own: &Visit, other: &Visit) -> Option<bool> {
    let plan = own.planned()?;
    let fills_plan = |visit: &Visit| plan.seconds() < 2 * visit.seconds();
    let is_claimed_twice = own.carer != other.carer
        && other.planned() == Some(plan)
        && is_claimed(other)
        && (own.is_manual() || other.is_manual())
        && fills_plan(own)
        && fills_plan(other)
        && !own.trainee
        && !other.trainee
        && !sight.are_partners(own, other);
    let staff = [own, other].map(|visit| sight.required_staff(visit));
    let is_for_one = staff.iter().flatten().all(|staff| *staff <= 1);
    (is_claimed_twice && is_for_one).then(|| staff.iter().all(Option::is_some))
}

fn second_of_plan(sight: &Sight<'_>, other: &Visit, is_staff_known: bool) -> Hit<impl Wording> {
    let own = sight.visit();
    let shared = own.span.intersection(other.span);
    Hit::new(if is_staff_known { Grade::Review } else { Grade::Observe })
        .related([other.slot])
        .disputed(own.span)
        .observed([
            Measure::whole("start_difference_seconds", own.span.start().since(other.span.start()).abs()),
            Measure::whole("shared_seconds", shared.map_or(0, Span::seconds)),
            Measure::whole("carers", 2),
        ])
        .expected([Measure::whole("registrations_max", 1)])
        .excluded(&[
            Explanation::DoubleStaffing,
            Explanation::Partner,
            Explanation::Trainee,
            Explanation::Relief,
            Explanation::DeclinedVisit,
            Explanation::NotBilled,
        ])
        .not_tested((!is_staff_known).then_some(MissingFact::Order))
        .text(move || {
            let (own, other, client) = (sight.label(), sight.label_of(other), sight.client_ref());
            Sentence {
                sv: format!(
                    "Ett planerat besök hos brukaren {client} den {} är registrerat av två medarbetare, fast en är \
                     beställd: {} och {}.",
                    own.date_sv(),
                    own.sv(),
                    other.sv()
                ),
                en: format!(
                    "One planned visit at client {client} on {} is registered by two carers, though one is ordered: \
                     {} and {}.",
                    own.date_en(),
                    own.en(),
                    other.en()
                ),
            }
        })
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
