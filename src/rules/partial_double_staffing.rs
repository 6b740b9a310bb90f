//! `partial-double-staffing`: two carers were ordered, and one was there only part of the time.
//!
//! Why: two carers cost twice as much, and the client was promised both.
//!
//! Looks at visits that need two or more carers, by their record or their order, at one client, of which
//! one names the other as its partner and that begin within four hours of each other. Finds those where
//! all partners together cover less than `covered_share_min` of the longer visit, and at least
//! `missing_seconds_min` are missing.
//!
//! Not a finding: partners who relieve each other (their times count together), trainees, visits that
//! are not billed, declined visits, visits without a partner (the other registration may still come).
//!
//! Grade: review, on the shorter visit, where it is paid by performed time, something bound to the place
//! captured both its ends, and so much is billed for it as if it had been long enough: at least
//! `missing_seconds_min` more than it lasted. Else observe: a second carer is often
//! needed only to lift, comes for that, and bills that; partners may come at different times. The
//! missing time lies outside the shorter visit: it is evidence, and no registered second is in
//! question.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes, nearest_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, PaymentMode, Sentence, Span};
use crate::engine::{Definition, Hit, NEIGHBOUR_GAP_SECONDS_MAX, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "partial-double-staffing",
    version: 3,
    class: Class::Deviation,
    summary_sv: "Dubbelbemanning där den andra medarbetaren var på plats bara en del av besöket.",
    summary_en: "Double staffing where the second carer was there only part of the visit.",
    build: visit_rule::<PartialDoubleStaffing>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartialDoubleStaffing {
    /// The part of a visit that its partners have to be there, 0 to 1.
    covered_share_min: f64,
    /// Less than this is missing between any two.
    missing_seconds_min: u32,
}

impl VisitRule for PartialDoubleStaffing {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !counts(sight, own) {
            return;
        }
        let near = sight.starting_near_at_client(NEIGHBOUR_GAP_SECONDS_MAX);
        let mut crew: Vec<&Visit> = near.filter(|other| counts(sight, other)).collect();
        crew.push(own);
        let partners = || crew.iter().copied().filter(|other| are_near_partners(sight, own, other));
        // How long a visit was covered depends on all its partners, which need not be partners of each other.
        for partner in partners() {
            report.counterpart(partner);
            let beside = crew
                .iter()
                .filter(|other| other.slot != own.slot && are_near_partners(sight, partner, other));
            beside.for_each(|other| report.counterpart(other));
        }
        // The longer visit that lacks most: one finding for each visit.
        let lacking = partners()
            .filter(|other| is_shorter(sight, own, other))
            .map(|longer| (longer, covered(sight, longer, &crew)))
            .filter(|(longer, seconds)| self.lacks(longer, *seconds))
            .max_by_key(|(longer, seconds)| (longer.seconds() - seconds, longer.span, sight.id(longer.slot)));
        if let Some((longer, seconds)) = lacking {
            return report.hit(self.hit(sight, own, longer, seconds));
        }
        if !sight.are_both_subjects() {
            return;
        }
        let seconds = covered(sight, own, &crew);
        let shorter = partners().filter(|other| !is_shorter(sight, own, other));
        let shorter = shorter.min_by_key(|other| (other.seconds(), other.span, sight.id(other.slot)));
        if let Some(shorter) = shorter.filter(|_| self.lacks(own, seconds)) {
            report.hit(self.hit(sight, shorter, own, seconds));
        }
    }
}

impl PartialDoubleStaffing {
    fn lacks(&self, visit: &Visit, covered: i64) -> bool {
        let needed = visit.presence().seconds();
        i64::from(self.missing_seconds_min) <= needed - covered
            && (covered as f64) < self.covered_share_min * needed as f64
    }

    /// Is the shorter visit billed as if it had been long enough? A time from memory may be a quarter of an
    /// hour out, and other payments do not go by the time.
    fn is_billed_as_there(&self, shorter: &Visit, needed: i64) -> bool {
        shorter.is_electronic()
            && shorter.payment_mode == PaymentMode::Performed
            && self.covered_share_min * needed as f64 <= shorter.paid_seconds() as f64
            && i64::from(self.missing_seconds_min) <= shorter.paid_seconds() - shorter.presence().seconds()
    }

    fn hit(&self, sight: &Sight<'_>, shorter: &Visit, longer: &Visit, covered: i64) -> Hit<impl Wording> {
        let own_is_shorter = shorter.slot == sight.visit().slot;
        let needed = longer.presence().seconds();
        Hit::new(if self.is_billed_as_there(shorter, needed) { Grade::Review } else { Grade::Observe })
            .related([if own_is_shorter { longer.slot } else { shorter.slot }])
            .observed([
                Measure::whole("covered_seconds", covered),
                Measure::whole("missing_seconds", needed - covered),
                Measure::whole("billed_seconds", shorter.paid_seconds()),
            ])
            .expected([Measure::real("covered_share_min", self.covered_share_min)])
            .excluded(&[
                Explanation::Relief,
                Explanation::Trainee,
                Explanation::SingleStaffing,
                Explanation::NotBilled,
                Explanation::DeclinedVisit,
            ])
            .text(move || sentence(sight, shorter, longer, covered))
    }
}

fn counts(sight: &Sight<'_>, visit: &Visit) -> bool {
    visit.is_at_home()
        && visit.billable
        && !visit.trainee
        && sight.required_staff(visit).is_some_and(|staff| 1 < staff)
}

/// Whether two carers name each other and begin near to each other. Without the second both would see the same
/// partners only where these begin as near to either.
fn are_near_partners(sight: &Sight<'_>, one: &Visit, other: &Visit) -> bool {
    let apart = one.span.start().since(other.span.start()).abs();
    one.carer != other.carer && apart <= NEIGHBOUR_GAP_SECONDS_MAX && sight.are_partners(one, other)
}

/// Is `visit` the shorter of the two? Always exactly one of them is.
fn is_shorter(sight: &Sight<'_>, visit: &Visit, other: &Visit) -> bool {
    let key = |visit: &Visit| visit.presence().seconds();
    (key(visit), sight.id(other.slot)) < (key(other), sight.id(visit.slot))
}

/// Seconds of `visit` in which at least one of its partners in `crew` is there.
fn covered(sight: &Sight<'_>, visit: &Visit, crew: &[&Visit]) -> i64 {
    let partners = crew.iter().filter(|other| are_near_partners(sight, visit, other));
    let mut shared: Vec<Span> =
        partners.filter_map(|other| other.presence().intersection(visit.presence())).collect();
    shared.sort_unstable();
    let mut until = visit.presence().start();
    let mut seconds = 0;
    for span in shared {
        seconds += span.end().since(span.start().max(until)).max(0);
        until = until.max(span.end());
    }
    seconds
}

fn sentence(sight: &Sight<'_>, shorter: &Visit, longer: &Visit, covered: i64) -> Sentence {
    let (here, all) = (sight.label_of(shorter), sight.label_of(longer));
    let shared = shorter.presence().intersection(longer.presence());
    // Of one partner the clock times are beside the minutes; of several who relieved each other they are not.
    let there = shared.filter(|shared| shared.seconds() == covered).map(clock_minutes);
    let there = there.unwrap_or_else(|| nearest_minutes(covered));
    let minutes = clock_minutes(longer.presence());
    Sentence {
        sv: format!(
            "Besöket {} har dubbelbemanning i {}. En andra medarbetare var på plats i {} ({}).",
            all.dated_sv(),
            SV.minutes(minutes),
            SV.minutes(there),
            here.sv()
        ),
        en: format!(
            "Visit {} is double-staffed for {}. A second carer was there for {} ({}).",
            all.dated_en(),
            EN.minutes(minutes),
            EN.minutes(there),
            here.en()
        ),
    }
}
