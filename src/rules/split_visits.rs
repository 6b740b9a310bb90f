//! `split-visits`: one visit is registered as several short ones.
//!
//! Why: where each visit is paid by itself, cutting one in two doubles the pay.
//!
//! Finds visits of a carer to a client that begin less than `gap_seconds_max` after the carer's visit
//! before, where that was to the same client for the same service. Each is marked, so that it counts
//! over a pay period.
//!
//! Not a finding: two visits that were planned as two, unplanned visits and alarms (one is called
//! back), another service (two orders served one after the other), declined visits, visits not billed.
//!
//! Grade: review of the later visit where it is paid per visit, or where `pieces_min` or more follow
//! each other, whatever is paid: nobody forgets something three times. Else observe: one goes back once.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{
    Class, Explanation, Grade, Measure, MissingFact, PaymentMode, Sentence, Span, VisitKind,
};
use crate::engine::{Definition, Hit, Mark, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "split-visits",
    version: 1,
    class: Class::Deviation,
    summary_sv: "Ett besök är registrerat som flera korta.",
    summary_en: "One visit is registered as several short ones.",
    build: visit_rule::<SplitVisits>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitVisits {
    /// With more time between them than this they are two visits.
    gap_seconds_max: u32,
    /// Pieces at least for a review, whatever is paid.
    pieces_min: u32,
}

impl VisitRule for SplitVisits {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !counts(own) {
            return;
        }
        let before = sight.before_at_carer(counts).filter(|before| self.is_piece(before, own));
        report.mark(Mark::Split, before.is_some());
        let Some(before) = before else { return };
        let mut pieces = vec![before];
        while (pieces.len() as u32) < self.pieces_min {
            let later = pieces[pieces.len() - 1];
            let earlier = sight.before_at_carer(|visit| {
                counts(visit) && visit.span.start() < later.span.start() && self.is_piece(visit, later)
            });
            match earlier {
                Some(earlier) => pieces.push(earlier),
                None => break,
            }
        }
        report.hit(self.hit(sight, &pieces));
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        // It can come between two pieces.
        let goes_on = |earlier: &Visit| self.is_piece(earlier, later);
        own.carer == later.carer
            && counts(own)
            && counts(later)
            && (goes_on(own) || sight.before_at_carer(counts).is_some_and(goes_on))
    }
}

impl SplitVisits {
    /// Does `later` go on with what `earlier` began?
    fn is_piece(&self, earlier: &Visit, later: &Visit) -> bool {
        let gap = later.span.start().since(earlier.presence().end());
        let planned_as_two =
            earlier.planned().is_some() && later.planned().is_some() && earlier.planned() != later.planned();
        earlier.client == later.client
            && earlier.service == later.service
            && !planned_as_two
            && (0..i64::from(self.gap_seconds_max)).contains(&gap)
    }

    fn hit(&self, sight: &Sight<'_>, pieces: &[&Visit]) -> Hit<impl Wording> {
        let own = sight.visit();
        let per_visit = own.payment_mode == PaymentMode::PerVisit;
        let count = 1 + pieces.len() as i64;
        let many = i64::from(self.pieces_min) <= count;
        let before = pieces[0];
        let gap = own.span.start().since(before.presence().end());
        let (first, second) = (sight.label_of(before), sight.label());
        let (carer, client) = (sight.carer_ref(), sight.client_ref());
        let between = Span::new(before.presence().end(), own.span.start()).map_or(0, clock_minutes);
        Hit::new(if per_visit || many { Grade::Review } else { Grade::Observe })
            .related(pieces.iter().map(|piece| piece.slot))
            .disputed(per_visit.then_some(own.span))
            .observed([
                Measure::whole("gap_seconds", gap),
                Measure::whole(if many { "pieces_min" } else { "pieces" }, count),
            ])
            .expected([Measure::whole("gap_seconds_min", i64::from(self.gap_seconds_max))])
            .excluded(&[
                Explanation::PlannedAsTwo,
                Explanation::OtherService,
                Explanation::Unplanned,
                Explanation::Alarm,
                Explanation::DeclinedVisit,
                Explanation::NotBilled,
            ])
            .not_tested(own.planned().is_none().then_some(MissingFact::Plan))
            .text(move || Sentence {
                sv: format!(
                    "Medarbetaren {carer} registrerade två besök hos brukaren {client} den {} med {} emellan: {} och \
                     {}. De var inte planerade som två.",
                    second.date_sv(),
                    SV.minutes(between),
                    first.sv(),
                    second.sv()
                ),
                en: format!(
                    "Carer {carer} registered two visits to client {client} on {} with {} between them: {} and {}. \
                     They were not planned as two.",
                    second.date_en(),
                    EN.minutes(between),
                    first.en(),
                    second.en()
                ),
            })
    }
}

const fn counts(visit: &Visit) -> bool {
    visit.is_performed()
        && visit.billable
        && !matches!(visit.kind, VisitKind::Unplanned | VisitKind::Alarm | VisitKind::Remote)
}
