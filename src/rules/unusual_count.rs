//! `unusual-count`: several unplanned visits to one client in a few hours, or too many by one carer.
//!
//! Why: unplanned visits are the easiest to make up, as no plan is there to miss them. They are also
//! what a client needs who has become ill: so those of one client are only noted. A carer whose visits are
//! unplanned far more often than the others' meets more illness than anybody.
//!
//! Counts, with an unplanned visit carried out, those at the same client that began in the four hours
//! before it: of one client, by whichever carer. `usual_visits` to the power of that count is a signal
//! about the visit. Noted from `in_four_hours_min` on.
//!
//! Finds, per carer and per provider in a pay period, unplanned visits whose share of the visits carried out is above
//! `share_accepted` and so far above the others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: alarms, declined visits, a second carer at the same visit (it begins within
//! `same_visit_seconds` of the first); carers with few visits. A carer who is sent to what nobody planned
//! is accepted by an `exception` fact.
//!
//! Grade: observe of one client's hours; review of a pay period.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Grade, Measure, Sentence, SubjectKind, VisitKind};
use crate::engine::{
    Answered, Definition, Hit, Mark, NEIGHBOUR_GAP_SECONDS_MAX, PeriodReport, PeriodRule, PeriodSight,
    Report, Sight, Signal, Visit, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "unusual-count",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Flera oplanerade besök hos en brukare på några timmar, eller för många av en och samma medarbetare.",
    summary_en: "Several unplanned visits to one client in a few hours, or too many by one carer.",
    build: visit_and_period_rule::<UnusualCount>,
};

const WORDS: Phrases = Phrases {
    visits: ["utförda besök", "performed visits"],
    which: ["", ""],
    does: ["var inte planerade", "were not planned"],
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnusualCount {
    #[serde(flatten)]
    shares: ShareComparison,
    /// How many unplanned visits a client has in four hours, on the whole.
    usual_visits: f64,
    /// So many are noted.
    in_four_hours_min: u32,
    /// Starts of two carers this close together are one visit.
    same_visit_seconds: u32,
}

impl VisitRule for UnusualCount {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if own.is_performed() {
            report.mark(Mark::Unplanned, counts(own));
        }
        if !counts(own) {
            return;
        }
        let mut before: Vec<&Visit> = sight
            .starting_near_at_client(NEIGHBOUR_GAP_SECONDS_MAX)
            .filter(|other| counts(other) && other.span.start() <= own.span.start())
            .collect();
        before.push(own);
        // Of visits that begin together, one counts.
        before.sort_by_key(|visit| visit.span.start());
        before.dedup_by(|later, earlier| {
            let apart = later.span.start().since(earlier.span.start());
            apart <= i64::from(self.same_visit_seconds) && later.carer != earlier.carer
        });
        let count = u32::try_from(before.len()).unwrap_or(u32::MAX);
        report.signal(Signal::Count, self.usual_visits.powi(count.min(64) as i32));
        if self.in_four_hours_min <= count {
            report.hit(self.hit(sight, count));
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        own.client == later.client && counts(own) && counts(later)
    }
}

impl PeriodRule for UnusualCount {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.shares.answer(sight, Mark::Unplanned, Some(Signal::Unplanned))
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_marked(
            share.mark(),
            share.hit(
                sight,
                Grade::Review,
                WORDS,
                &[Explanation::Alarm, Explanation::DeclinedVisit, Explanation::FewVisits],
            ),
        );
    }
}

impl UnusualCount {
    fn hit(&self, sight: &Sight<'_>, count: u32) -> Hit<impl Wording> {
        let (label, client) = (sight.label(), sight.client_ref());
        Hit::observe()
            .observed([Measure::whole("unplanned_visits", i64::from(count))])
            .expected([Measure::whole("unplanned_visits_max", i64::from(self.in_four_hours_min) - 1)])
            .excluded(&[Explanation::Alarm, Explanation::DoubleStaffing, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Besöket {} är det {} oplanerade besöket hos brukaren {client} inom fyra timmar.",
                    label.dated_sv(),
                    SV.ordinal(count)
                ),
                en: format!(
                    "Visit {} is the {} unplanned visit to client {client} within four hours.",
                    label.dated_en(),
                    EN.ordinal(count)
                ),
            })
    }
}

fn counts(visit: &Visit) -> bool {
    visit.kind == VisitKind::Unplanned && visit.is_performed()
}
