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
//! planned for different things at the same time, where the client's plan has had such visits in the four
//! weeks before, with another carer among them: one cleans while another gives medicine. A plan made up for a
//! visit that nobody made is a single one, or always of the same two.
//!
//! Grade: review, for the honest explanations are many; one step lower where nothing says how many carers were
//! ordered. The finding falls on the weaker registration of the pair.

use serde::Deserialize;

use super::slack::Slack;
use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{Definition, Hit, NEIGHBOUR_GAP_SECONDS_MAX, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "client-overlap",
    version: 5,
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
            if needed.unwrap_or(1) <= 1
                && !are_two_captured(own, other, shared)
                && !is_arranged(sight, own, other)
            {
                let is_known = staff.0.is_some() && staff.1.is_some();
                report.pair(sight, other, || self.hit(sight, other, shared, is_known));
            }
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        // The other one of two may begin the evening before.
        let is_in_window = own.client == later.client && later.day.0 <= own.day.0 + ARRANGED_DAYS + 1;
        is_in_window
            && sight.starting_near_at_client(NEAR_SECONDS).any(|other| are_two_plans(sight, own, other))
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

    fn hit(&self, sight: &Sight<'_>, other: &Visit, shared: Span, staff_known: bool) -> Hit<impl Wording> {
        Hit::new(if staff_known { Grade::Review } else { Grade::Observe })
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
            .not_tested((!staff_known).then_some(MissingFact::Order))
            .text(move || sentence(sight, other, shared))
    }
}

fn claims_presence(visit: &Visit) -> bool {
    visit.is_at_home() && !visit.trainee && !matches!(visit.kind, VisitKind::Alarm | VisitKind::MealDelivery)
}

/// Seconds within which visits begin whose plans can lie at the same time.
const NEAR_SECONDS: i64 = NEIGHBOUR_GAP_SECONDS_MAX;

/// Whether the visits were planned at different times, no end of them was typed, and one of them has the larger part of
/// its time for itself.
fn are_two_captured(own: &Visit, other: &Visit, shared: Span) -> bool {
    let plans = own.planned().zip(other.planned());
    let are_apart = plans.is_some_and(|(plan, other_plan)| plan.intersection(other_plan).is_none());
    let has_own_time = 2 * shared.seconds() < own.seconds().max(other.seconds());
    are_apart && has_own_time && !own.is_manual() && !other.is_manual()
}

/// Whether the visits were planned at the same time for different things, as two others of the client in the weeks
/// before.
fn is_arranged(sight: &Sight<'_>, own: &Visit, other: &Visit) -> bool {
    if !are_two_plans(sight, own, other) {
        return false;
    }
    let day = own.day.min(other.day);
    let is_before = |visit: &&Visit| visit.day < day && day.0 <= visit.day.0 + ARRANGED_DAYS;
    let before: Vec<&Visit> = sight.before_at_client(ARRANGED_DAYS + 2).filter(is_before).collect();
    before.iter().enumerate().any(|(at, second)| {
        let near = before[at + 1..]
            .iter()
            .take_while(|first| second.span.start().since(first.span.start()) <= NEAR_SECONDS);
        near.filter(|first| are_two_plans(sight, first, second)).any(|first| {
            [first, second].iter().any(|visit| visit.carer != own.carer && visit.carer != other.carer)
        })
    })
}

/// Whether two carers were planned at the same time, for different things. One plan with two registrations is none.
fn are_two_plans(sight: &Sight<'_>, one: &Visit, other: &Visit) -> bool {
    let (Some(plan), Some(other_plan)) = (one.planned(), other.planned()) else { return false };
    let same_task =
        || sight.task_codes_of(one).any(|code| sight.task_codes_of(other).any(|known| known == code));
    one.carer != other.carer
        && claims_presence(one)
        && claims_presence(other)
        && plan != other_plan
        && plan.intersection(other_plan).is_some()
        && !same_task()
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
