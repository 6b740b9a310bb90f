//! `manual-share`: too large a share of a carer's or a provider's visits is registered manually afterwards.
//!
//! Why: what is typed in proves nothing about time or place, and contracts allow only a small share.
//!
//! Finds, per carer and per provider in a pay period, visits carried out of which one end or both
//! were typed in, when their share is above `share_max`, there are at least `visits_min` visits
//! (`provider_visits_min` for a provider), and so many would be typed in with a probability of at
//! most `p_max` were `share_max` the true share (Chernoff's bound on the binomial distribution). It closes
//! only where that exceeds the square root of `p_max`, so that a share at the line opens one alert and not
//! many; a provider's days count once they are over.
//!
//! Not a finding: declined or cancelled visits, visits still open, ends captured by a button. New
//! phones, a place without coverage or an outage are accepted by an `exception` fact.
//!
//! Grade: review; observe for a carer who has always typed in as much, by all that is kept of this month and
//! the one before, or in the first month of a provider: a unit that has always done so is its provider's
//! matter, whose period has a finding of its own. No single second is in question. The published values are rounded (visits
//! down to tens, a provider's to hundreds, the share to five per cent, the probability up to `p_max`), so that
//! the alert is not revised with every visit.
//!
//! A carer must also be above the other carers by more than chance gives (`p_others_max`): where all of them
//! type in too much, only the provider's period has a finding.

use serde::Deserialize;

use super::lines::{PatternLine, stands};
use super::shares::{part, who};
use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV, per_cent};
use crate::domain::{Class, Explanation, Grade, Measure, Sentence, SubjectKind};
use crate::engine::{
    Answered, Count, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Report,
    ShareTest, Sight, Signal, VisitRule, Wording, chernoff,
};

pub(super) const RULE: Definition = Definition {
    id: "manual-share",
    version: 4,
    class: Class::Pattern,
    summary_sv: "En för stor andel av besöken är manuellt registrerade i efterhand.",
    summary_en: "Too large a share of the visits is registered manually afterwards.",
    build: visit_and_period_rule::<ManualShare>,
};

/// Steps of the published share: five per cent each.
const SHARE_STEPS: u32 = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManualShare {
    /// The share that is accepted, 0 to 1.
    share_max: f64,
    /// Fewer visits of a carer in a period say nothing.
    visits_min: u32,
    /// Fewer visits of a provider in a period say nothing.
    provider_visits_min: u32,
    /// At most this likely by chance.
    p_max: f64,
    /// A carer's share is at most this likely, were it that of the others.
    p_others_max: f64,
    /// The other carers' share before anything was seen, 0 to 1.
    prior_share: f64,
    /// How many visits of others that weighs.
    prior_visits: f64,
}

impl VisitRule for ManualShare {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if visit.is_performed() {
            report.mark(Mark::Manual, visit.is_manual());
        }
    }
}

impl PeriodRule for ManualShare {
    type Answer = ManualVisits;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let others = sight.excess(Mark::Manual, &self.against_others()).map_or(1.0, |excess| excess.p_value);
        Answered::from(self.manual_visits(sight)).signal(Signal::Manual, others)
    }

    fn report(&self, manual: &ManualVisits, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_marked(Mark::Manual, self.hit(sight, manual));
    }
}

/// Visits that were typed in, rounded down.
#[derive(Hash, PartialEq)]
struct ManualVisits {
    visits: u32,
    share_steps: u32,
    /// It was not so before.
    is_new: bool,
}

impl ManualShare {
    fn manual_visits(&self, sight: &PeriodSight<'_>) -> Option<ManualVisits> {
        let (visits_min, step) = match sight.period().subject {
            PeriodSubject::Carer(_) => (self.visits_min, 10),
            _ => (self.provider_visits_min, 100),
        };
        let Count { eligible: visits, marked: manual } = sight.tally().count(Mark::Manual);
        if visits < visits_min.max(1)
            || !stands(sight, Mark::Manual, |count| self.line(sight, count, visits_min))
        {
            return None;
        }
        let is_new = self.is_new(sight);
        Some(ManualVisits {
            visits: visits / step * step,
            share_steps: manual * SHARE_STEPS / visits,
            is_new,
        })
    }

    /// Where a count lies, by `share_max`, and of a carer by the others' share too: where everybody types in too much,
    /// that is the provider's matter, not each carer's.
    fn line(&self, sight: &PeriodSight<'_>, count: Count, visits_min: u32) -> PatternLine {
        if count.eligible < visits_min {
            return PatternLine::Closed;
        }
        let accepted = chernoff(f64::from(count.eligible), count.share(), self.share_max);
        let line = PatternLine::of(accepted, self.p_max);
        if !matches!(sight.period().subject, PeriodSubject::Carer(_)) || line == PatternLine::Closed {
            return line;
        }
        let others = sight.excess_of(count, Mark::Manual, &self.against_others());
        line.and(PatternLine::of(others.map_or(1.0, |excess| excess.p_value), self.p_others_max))
    }

    /// Was the share lower before? A provider's needs no before: the contract is the same.
    fn is_new(&self, sight: &PeriodSight<'_>) -> bool {
        if !matches!(sight.period().subject, PeriodSubject::Carer(_)) {
            return true;
        }
        let before = sight.tally_before().map_or(0, |before| before.count(Mark::Manual).eligible);
        self.has_risen(sight) || before < self.visits_min && sight.provider_was_there_before()
    }

    /// Is there a visit before which the carer typed in so much less that both are hardly from the same
    /// share? The likelihood ratio of two shares against one (S. S. Wilks, "The Large-Sample Distribution of
    /// the Likelihood Ratio", 1938), over all places at which the visits can be cut in two.
    fn has_risen(&self, sight: &PeriodSight<'_>) -> bool {
        let visits: Vec<bool> = sight.visits(Some(Mark::Manual)).map(|(_, manual)| manual).collect();
        let typed_in = visits.iter().filter(|manual| **manual).count();
        let all = Count { eligible: visits.len() as u32, marked: typed_in as u32 };
        let mut first = Count::default();
        visits.iter().any(|manual| {
            first = Count { eligible: first.eligible + 1, marked: first.marked + u32::from(*manual) };
            let then = Count { eligible: all.eligible - first.eligible, marked: all.marked - first.marked };
            let least = self.visits_min.max(1);
            least <= first.eligible.min(then.eligible) && first.share() < then.share() && {
                let more = chernoff(f64::from(then.eligible), then.share(), all.share());
                let less = chernoff(f64::from(first.eligible), 1.0 - first.share(), 1.0 - all.share());
                more * less <= self.p_max
            }
        })
    }

    /// How a carer's share is held against the others', for the ranking.
    const fn against_others(&self) -> ShareTest {
        ShareTest {
            visits_min: self.visits_min,
            marked_min: 3,
            share_accepted: 0.0,
            prior_share: self.prior_share,
            prior_visits: self.prior_visits,
            provider_multiple: 1.0,
            is_by_visit: false,
        }
    }

    fn hit(&self, sight: &PeriodSight<'_>, manual: &ManualVisits) -> Hit<impl Wording> {
        let ([who_sv, who_en], month) = (who(sight), sight.period().month);
        let visits = manual.visits;
        let share = manual.share_steps * 100 / SHARE_STEPS;
        let accepted = per_cent(self.share_max);
        // Rounded down, the share can be the accepted one itself: the sentence says that it is above.
        let [part_sv, part_en] = part(share);
        Hit::new(if manual.is_new { Grade::Review } else { Grade::Observe })
            .p_value(self.p_max)
            .observed([
                Measure::whole("visits_min", i64::from(visits)),
                Measure::real("manual_share_min", f64::from(share) / 100.0),
            ])
            .expected([
                Measure::real("manual_share_max", self.share_max),
                Measure::real("p_value_min", self.p_max),
            ])
            .excluded(&[Explanation::DeclinedVisit, Explanation::FewVisits])
            .text(move || Sentence {
                sv: format!(
                    "{part_sv} besök som {who_sv} har registrerat i {} är manuellt registrerade i efterhand (underlag: \
                     minst {} besök), mer än gränsen på {} procent.",
                    SV.month(month),
                    SV.number(visits.into()),
                    SV.decimal(accepted)
                ),
                en: format!(
                    "{part_en} visits that {who_en} registered in {} were registered manually afterwards (based on at \
                     least {}), more than the limit of {} per cent.",
                    EN.month(month),
                    EN.counted(visits.into(), "visit", "visits"),
                    EN.decimal(accepted)
                ),
            })
    }
}
