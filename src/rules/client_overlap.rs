//! `client-overlap`: two carers are registered at one client at the same time, and one was ordered.
//!
//! Why: the municipality pays for both, though only one visit was needed or made.
//!
//! Finds each pair of visits of different carers to one client, both carried out in the home, whose
//! presence shares more than `slack_seconds`, or more than `weak_end_slack_seconds` where one of the four
//! ends was pressed or typed, and where neither visit needs more than one carer. Where a source writes its times
//! to a grid of five or fifteen minutes, the seconds grow by its step.
//!
//! Not a finding: double staffing (by the record, the order, or the registrations naming each other
//! as partners), a trainee going along, an answer to an alarm, a handover (the one who came first
//! leaves within `handover_seconds` after the other came, and neither was there only meanwhile),
//! declined visits, meals brought to the door, visits still open. Nor two visits that were planned at
//! different times, of which no end was typed, and one of which has the larger part of its time for itself:
//! both carers were there, and one stayed longer or came at another time than planned. Nor two that were
//! planned for different things, where the client's plan has had each of them at that time of the day in the
//! four weeks before, with another carer among them: one cleans while another gives medicine. A plan made up
//! for a visit that nobody made is a single one, or always of the same two.
//!
//! Grade: review, for the honest explanations are many; one step lower where nothing says how many carers were
//! ordered, and of two planned for different things at a client who is known for less than three weeks. The
//! finding falls on the weaker registration of the pair.

use serde::Deserialize;

use super::slack::Slack;
use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{Definition, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "client-overlap",
    version: 6,
    class: Class::Contradiction,
    summary_sv: "Två medarbetare är registrerade hos en brukare samtidigt utan dubbelbemanning.",
    summary_en: "Two carers are registered at one client at the same time without double staffing.",
    build: visit_rule::<ClientOverlap>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientOverlap {
    /// Shared time up to this is rounding and clocks.
    #[serde(flatten)]
    slack: Slack,
    /// Shared time up to this, at the seam of two visits, is a handover.
    handover_seconds: u32,
}

/// Days before a visit in which an arrangement shows: plans repeat by the week, every other week or every fourth.
const ARRANGED_DAYS: i32 = 28;
const DAY_SECONDS: i64 = 86_400;
/// Days for which a client is known before the plan is: what repeats every other week, and was cancelled once, has shown.
const KNOWN_DAYS: i32 = 21;
/// A slot of a client's plan moves by as much from day to day, as rounds are laid anew: half a morning is another slot.
const SLOT_SECONDS: i64 = 3600;

impl VisitRule for ClientOverlap {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !claims_presence(own) {
            return;
        }
        for (other, shared) in sight.overlapping_at_client() {
            let lawful = other.carer == own.carer
                || !claims_presence(other)
                || self.is_handover(own, other, shared)
                || sight.are_partners(own, other);
            if lawful || shared.seconds() <= self.slack.between(sight, own, other) {
                continue;
            }
            let staff = (sight.required_staff(own), sight.required_staff(other));
            let needed = staff.0.max(staff.1);
            if 1 < needed.unwrap_or(1) || are_two_captured(own, other, shared) {
                continue;
            }
            let arrangement = is_arranged(sight, own, other);
            if arrangement != Arrangement::Standing {
                let missing = if staff.0.is_none() || staff.1.is_none() {
                    Some(MissingFact::Order)
                } else {
                    (arrangement == Arrangement::Unknown).then_some(MissingFact::Plan)
                };
                report.pair(sight, other, || self.hit(sight, other, shared, missing));
            }
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        // The other one of two may begin the evening before.
        let is_in_window = own.client == later.client && later.day.0 <= own.day.0 + ARRANGED_DAYS + 1;
        // Without it, the client would be known for less time.
        let is_first = || {
            let is_in_sight = |earlier: &Visit| later.day.0 < earlier.day.0 + ARRANGED_DAYS;
            !sight.before_at_client(ARRANGED_DAYS + 2).any(is_in_sight)
        };
        is_in_window && later.planned().is_some() && (is_same_slot(sight, own, later) || is_first())
    }

    fn reads_history(&self) -> bool {
        true
    }
}

impl ClientOverlap {
    fn is_handover(&self, own: &Visit, other: &Visit, shared: Span) -> bool {
        let (own, other) = (own.presence(), other.presence());
        let (first, second) = if own <= other { (own, other) } else { (other, own) };
        let at_the_seam = first.start() < second.start() && first.end() < second.end();
        at_the_seam && shared.seconds() <= i64::from(self.handover_seconds)
    }

    fn hit(
        &self,
        sight: &Sight<'_>,
        other: &Visit,
        shared: Span,
        missing: Option<MissingFact>,
    ) -> Hit<impl Wording> {
        Hit::new(if missing.is_none() { Grade::Review } else { Grade::Observe })
            .related([other.slot])
            .disputed(shared)
            .observed([Measure::whole("overlap_seconds", shared.seconds()), Measure::whole("carers", 2)])
            .expected([
                Measure::whole("overlap_seconds_max", self.slack.between(sight, sight.visit(), other)),
                Measure::whole("carers_max", 1),
            ])
            .excluded(&[
                Explanation::DoubleStaffing,
                Explanation::Partner,
                Explanation::Trainee,
                Explanation::Alarm,
                Explanation::Handover,
                Explanation::DeclinedVisit,
                Explanation::PlannedAsTwo,
            ])
            .not_tested(missing)
            .text(move || sentence(sight, other, shared))
    }
}

fn claims_presence(visit: &Visit) -> bool {
    visit.is_at_home() && !visit.trainee && !matches!(visit.kind, VisitKind::Alarm | VisitKind::MealDelivery)
}

/// Whether the visits were planned at different times, no end of them was typed, and one of them has the larger part of
/// its time for itself.
fn are_two_captured(own: &Visit, other: &Visit, shared: Span) -> bool {
    let plans = own.planned().zip(other.planned());
    let are_apart = plans.is_some_and(|(plan, other_plan)| plan.intersection(other_plan).is_none());
    let has_own_time = 2 * shared.seconds() < own.seconds().max(other.seconds());
    are_apart && has_own_time && !own.is_manual() && !other.is_manual()
}

/// Whether the visits were planned for different things, each of which the client's plan has had at that time of the day in
/// the weeks before, with another carer among them. Of a client who is known for less than three weeks the plan is not known.
fn is_arranged(sight: &Sight<'_>, own: &Visit, other: &Visit) -> Arrangement {
    if !are_two_plans(sight, own, other) {
        return Arrangement::None;
    }
    let day = own.day.min(other.day);
    let is_before = |visit: &&Visit| visit.day < day && day.0 <= visit.day.0 + ARRANGED_DAYS;
    let (mut is_known, mut has_other_carer) = (false, false);
    let mut stands = [false; 2];
    for earlier in sight.before_at_client(ARRANGED_DAYS + 2).filter(is_before) {
        is_known |= earlier.day.0 + KNOWN_DAYS <= day.0;
        for (stands, visit) in stands.iter_mut().zip([own, other]) {
            if is_same_slot(sight, earlier, visit) {
                *stands = true;
                has_other_carer |= earlier.carer != own.carer && earlier.carer != other.carer;
            }
        }
    }
    match (is_known, stands == [true; 2] && has_other_carer) {
        (_, true) => Arrangement::Standing,
        (false, false) => Arrangement::Unknown,
        (true, false) => Arrangement::None,
    }
}

/// Whether the client's plan has two visits at once by intent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    Standing,
    /// Nothing is known of the client's weeks before.
    Unknown,
    None,
}

/// Whether two visits on different days were planned for the same thing at the same time of the day.
fn is_same_slot(sight: &Sight<'_>, earlier: &Visit, visit: &Visit) -> bool {
    let (Some(before), Some(plan)) = (earlier.planned(), visit.planned()) else { return false };
    let apart = plan.start().since(before.start()).rem_euclid(DAY_SECONDS);
    claims_presence(earlier)
        && apart.min(DAY_SECONDS - apart) <= SLOT_SECONDS
        && if names_no_task(sight, earlier, visit) {
            before.seconds() == plan.seconds()
        } else {
            share_task(sight, earlier, visit)
        }
}

/// Whether the source names no tasks: what was planned then shows by how long it was planned for.
fn names_no_task(sight: &Sight<'_>, one: &Visit, other: &Visit) -> bool {
    [one, other].iter().all(|visit| sight.task_codes_of(visit).next().is_none())
}

/// Whether two carers were planned, for different things. One plan with two registrations is none.
fn are_two_plans(sight: &Sight<'_>, one: &Visit, other: &Visit) -> bool {
    let (Some(plan), Some(other_plan)) = (one.planned(), other.planned()) else { return false };
    one.carer != other.carer
        && claims_presence(one)
        && claims_presence(other)
        && plan != other_plan
        && !share_task(sight, one, other)
}

/// Whether both have a task in common.
fn share_task(sight: &Sight<'_>, one: &Visit, other: &Visit) -> bool {
    sight.task_codes_of(one).any(|code| sight.task_codes_of(other).any(|known| known == code))
}

fn sentence(sight: &Sight<'_>, other: &Visit, shared: Span) -> Sentence {
    let (own, other, client) = (sight.label(), sight.label_of(other), sight.client_ref());
    let minutes = clock_minutes(shared);
    Sentence {
        sv: format!(
            "Två medarbetare är registrerade hos brukaren {client} samtidigt i {} den {}, utan att dubbelbemanning \
             är beställd: {} och {}.",
            SV.minutes(minutes),
            own.date_sv(),
            own.sv(),
            other.sv()
        ),
        en: format!(
            "Two carers are registered at client {client} at the same time for {} on {}, and no double staffing is \
             ordered: {} and {}.",
            EN.minutes(minutes),
            own.date_en(),
            own.en(),
            other.en()
        ),
    }
}
