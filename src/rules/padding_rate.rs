//! `padding-rate`: a carer's or a provider's visits are too often, or on the whole, longer than others'.
//!
//! Why: a few minutes on each visit prove nothing about any of them, and are most of the money. They
//! show in the sum: against the others, and against the plan, which padding from the first day cannot move.
//!
//! Finds, per carer and pay period (and per provider, for the first):
//! * visits much longer than planned, after what is usual for the client, when their share is above
//!   `share_accepted` and so far above the others' that chance gives it with at most `p_review_max`;
//! * a carer's visits that are on average longer than the others', after the plan and what is usual for
//!   the clients, by more than carers differ: with a chance of at most `p_review_max` (a bound on the
//!   tail of the normal distribution, whose spread is that between carers and of so many visits);
//! * a provider's visits that are on average longer against the plan than the others', by more than
//!   `provider_margin_ln` on top of that;
//! * visits much shorter, likewise by their share: observe.
//!
//! A provider that is alone in its municipality has only the plan to be held against.
//!
//! Not a finding: clients who need more time than planned, at whom the others are as long; few visits; ends typed in
//! or closed by the source. Padding at every provider alike, and from the first day, is not seen
//! against the others, nor is what stays below the carers' honest spread.
//!
//! Grade: review for long, observe for short. No single second is in question.

use serde::Deserialize;

use super::period_rule;
use super::shares::{Phrases, RoundedShare, ShareComparison, decades, p_value, who};
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Grade, Measure, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, LENGTH_EXCESS_LOG_MIN, Mark, PeerLengthBaseline, PeriodReport, PeriodRule,
    PeriodSight, PeriodSubject, Signal, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "padding-rate",
    version: 1,
    class: Class::Pattern,
    summary_sv: "Besöken är oftare, eller i genomsnitt, längre än andra medarbetares eller utförares.",
    summary_en: "Visits are more often, or on average, longer than those of other carers or providers.",
    build: period_rule::<PaddingRate>,
};

const LONG: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: ["", ""],
    does: [
        "är mycket längre än både planerad tid och brukarens vanliga tid",
        "are much longer than both the planned time and the client's usual time",
    ],
};
const SHORT: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: ["", ""],
    does: [
        "är mycket kortare än både planerad tid och brukarens vanliga tid",
        "are much shorter than both the planned time and the client's usual time",
    ],
};
/// Carers differ by no less than this, as a standard deviation of logarithms.
const BETWEEN_MIN: f64 = 0.03;
/// Nor do a carer's visits.
const WITHIN_MIN: f64 = 0.15;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaddingRate {
    #[serde(flatten)]
    shares: ShareComparison,
    /// Fewer visits with a plan say nothing of a carer's average.
    mean_visits_min: u32,
    /// The same of a provider's.
    provider_mean_visits_min: u32,
    /// Providers may differ by so much more, as a natural logarithm.
    provider_margin_ln: f64,
    /// How many visits of others the plan weighs in their average.
    mean_prior_visits: f64,
}

/// An average in per cent more than is usual, down to fives.
#[derive(Hash, PartialEq)]
struct Mean {
    per_cent: u32,
    decades: u8,
}

/// How a period's lengths differ from the others'.
#[derive(Default, Hash, PartialEq)]
struct Lengths {
    long: Option<RoundedShare>,
    mean: Option<Mean>,
    short: Option<RoundedShare>,
}

impl PeriodRule for PaddingRate {
    type Answer = Lengths;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let one = matches!(sight.period().subject, PeriodSubject::Carer(_));
        let long = self.shares.excess(sight, Mark::Long);
        let mean = if one { self.mean_of_carer(sight) } else { self.mean_of_provider(sight) };
        let p_value_of_long = long.map_or(1.0, |excess| excess.p_value);
        let p_value_of_mean = mean.map_or(1.0, |(_, p_value)| p_value);
        // The better of two: twice as likely by chance.
        let padding = (2.0 * p_value_of_long.min(p_value_of_mean)).min(1.0);
        let short = self.shares.answer(sight, Mark::Short, Some(Signal::Cutting));
        let lengths = short.map(|short| {
            let long = long.and_then(|excess| self.shares.rounded(sight, Mark::Long, &excess));
            let mean = mean.and_then(|(excess, p_value)| self.rounded(excess, p_value));
            Some(Lengths { long, mean, short }).filter(|lengths| *lengths != Lengths::default())
        });
        lengths.signal(Signal::Padding, padding)
    }

    fn report(&self, lengths: &Lengths, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        let Lengths { long, mean, short } = lengths;
        let excluded = &[
            Explanation::UsualForClient,
            Explanation::UsualForOthers,
            Explanation::ManualEnd,
            Explanation::AutoClosed,
            Explanation::FewVisits,
        ];
        if let Some(share) = long {
            report.hit_marked(share.mark(), share.hit(sight, Grade::Review, LONG, excluded));
        }
        if let Some(mean) = mean {
            report.hit(mean.hit(sight, excluded));
        }
        if let Some(share) = short {
            report.hit_marked(share.mark(), share.hit(sight, Grade::Observe, SHORT, excluded));
        }
    }
}

impl PaddingRate {
    /// By what logarithm a carer's visits are on average longer than the others', and how likely so much
    /// is at most.
    fn mean_of_carer(&self, sight: &PeriodSight<'_>) -> Option<(f64, f64)> {
        let own = sight.tally().residual;
        if own.count < self.mean_visits_min.max(2) {
            return None;
        }
        let usual = sight.peer_length_baseline();
        // What the engine looks at carers from when the usual moves.
        if own.mean() <= usual.mean + LENGTH_EXCESS_LOG_MIN {
            return None;
        }
        let excess = own.mean() - usual.mean_leave_one_out(own, self.mean_prior_visits);
        Some((excess, mean_tail_bound(excess, &usual, 1.0, f64::from(own.count))))
    }

    /// The same of a provider against the plan, above the margin.
    fn mean_of_provider(&self, sight: &PeriodSight<'_>) -> Option<(f64, f64)> {
        let own = sight.tally().ratio;
        if own.count < self.provider_mean_visits_min.max(2) || own.mean() <= self.provider_margin_ln {
            return None;
        }
        let usual = sight.peer_length_baseline();
        let excess =
            own.mean() - usual.ratio_leave_one_out(own, self.mean_prior_visits) - self.provider_margin_ln;
        let visits = f64::from(own.count);
        let carers = (visits / usual.visits_of_one.max(1.0)).max(1.0);
        Some((excess, mean_tail_bound(excess, &usual, carers, visits)))
    }

    fn rounded(&self, excess: f64, p_value: f64) -> Option<Mean> {
        let per_cent = ((excess.exp() - 1.0) * 20.0).floor().max(0.0) as u32 * 5;
        (p_value <= self.shares.p_review_max() && 0 < per_cent)
            .then(|| Mean { per_cent, decades: decades(p_value) })
    }
}

/// At most so likely is a mean of so many carers' visits this far above the usual one: a bound on the
/// upper tail of the normal distribution (half of Chernoff's for it).
fn mean_tail_bound(excess: f64, usual: &PeerLengthBaseline, carers: f64, visits: f64) -> f64 {
    if excess <= 0.0 {
        return 1.0;
    }
    let (between, within) = (usual.between.max(BETWEEN_MIN), usual.within.max(WITHIN_MIN));
    let variance = between * between / carers + within * within / visits;
    0.5 * (-excess * excess / (2.0 * variance)).exp()
}

impl Mean {
    fn hit(&self, sight: &PeriodSight<'_>, excluded: &'static [Explanation]) -> Hit<impl Wording> {
        let month = sight.period().month;
        let per_cent = self.per_cent;
        let [who_sv, who_en] = who(sight);
        let ([others_sv, others_en], [beside_sv, beside_en]) = match sight.period().subject {
            PeriodSubject::Carer(_) => (
                ["andra medarbetare", "other carers"],
                [
                    "jämfört med planerad tid och med vad som är vanligt för samma brukare",
                    "measured against the planned time and what is usual for the same clients",
                ],
            ),
            _ => (
                ["andra utförare", "other providers"],
                [
                    "jämfört med planerad tid och utöver en marginal",
                    "measured against the planned time and beyond a margin",
                ],
            ),
        };
        Hit::review()
            .p_value(p_value(self.decades))
            .observed([Measure::real("longer_than_others_min", f64::from(per_cent) / 100.0)])
            .expected([Measure::real("longer_than_others", 0.0)])
            .excluded(excluded)
            .text(move || Sentence {
                sv: format!(
                    "Besök av {who_sv} i {} är i genomsnitt minst {per_cent} procent längre än besök av {others_sv}, \
                     {beside_sv}.",
                    SV.month(month)
                ),
                en: format!(
                    "Visits by {who_en} in {} are on average at least {per_cent} per cent longer than visits by \
                     {others_en}, {beside_en}.",
                    EN.month(month)
                ),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_and_more_visits_say_more() {
        let usual = PeerLengthBaseline { within: 0.3, between: 0.05, ..PeerLengthBaseline::default() };
        // Two standard deviations: the tail of the normal distribution is 0.0228.
        let sd = (0.05_f64.powi(2) + 0.3_f64.powi(2) / 100.0).sqrt();
        let two = mean_tail_bound(2.0 * sd, &usual, 1.0, 100.0);
        assert!((0.0228..0.07).contains(&two), "{two}");
        assert!(mean_tail_bound(0.2, &usual, 1.0, 400.0) < mean_tail_bound(0.2, &usual, 1.0, 100.0));
        assert!(mean_tail_bound(0.2, &usual, 20.0, 400.0) < mean_tail_bound(0.2, &usual, 1.0, 400.0));
        assert!(mean_tail_bound(-0.1, &usual, 1.0, 400.0) >= 1.0);
    }
}
