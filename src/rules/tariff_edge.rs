//! `tariff-edge`: visits begin too often just inside a better paid part of the day.
//!
//! Why: evenings and nights are paid higher. About the time at which the tariff changes, as many visits
//! should begin in one minute as in another; a pile just on the paid side was moved there.
//!
//! Finds, per carer and per provider in a pay period, out of the visits carried out that begin within
//! `around_minutes` of `better_paid_from_hour`, `best_paid_from_hour` or `better_paid_to_hour`, those in the first
//! `edge_minutes` of the better paid side, when their share is above `share_accepted`, and so far above the
//! others' as well that chance gives it with at most `p_review_max`. The edges at which the better paid hours
//! begin are one matter, that at which they end is another: other shifts work there.
//!
//! Not a finding: shifts that begin at the hour, as the others' do too; night tours, which are
//! planned from the hour on; few visits at the edge. The tariffs of a contract are not read: the hours are settings.
//! Only starts are looked at: a visit drawn out over the hour shows in its length.
//!
//! Grade: review. No single second is in question.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::{Class, Explanation, Grade, SubjectKind, VisitKind};
use crate::engine::{
    Answered, Definition, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Signal, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "tariff-edge",
    version: 3,
    class: Class::Pattern,
    summary_sv: "För många besök börjar strax innanför den tid då ersättningen är högre.",
    summary_en: "Too many visits begin just inside the hours with a higher rate.",
    build: visit_and_period_rule::<TariffEdge>,
};

/// Where the better paid hours begin.
const BEGIN: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: [
        ", med start nära den tid då ersättningen höjs,",
        ", with a start near the time at which the rate rises,",
    ],
    does: ["började strax efter den, på den högre nivån", "began just after it, at the higher rate"],
};
/// Where they end.
const END: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: [
        ", med start nära den tid då ersättningen sänks,",
        ", with a start near the time at which the rate falls,",
    ],
    does: ["började strax före den, på den högre nivån", "began just before it, at the higher rate"],
};

const DAY_MINUTES: u16 = 24 * 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffEdge {
    #[serde(flatten)]
    shares: ShareComparison,
    /// The local hour from which it is paid better.
    better_paid_from_hour: u16,
    /// The local hour from which it is paid better still; the same hour: there is none.
    best_paid_from_hour: u16,
    /// The local hour until which it is; the same hour: no part of the day is.
    better_paid_to_hour: u16,
    /// A start so many minutes from the hour, before or after, could lie at the edge.
    around_minutes: u16,
    /// A start so many minutes from the hour, on the better paid side, does.
    edge_minutes: u16,
}

impl VisitRule for TariffEdge {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if visit.is_performed()
            && visit.kind != VisitKind::NightTour
            && let Some((mark, inside)) = self.edge(visit.minute)
        {
            report.mark(mark, inside);
        }
    }
}

impl PeriodRule for TariffEdge {
    type Answer = [Option<RoundedShare>; 2];

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let [begin, end] = [Mark::TariffEdge, Mark::NightEdge].map(|mark| self.shares.excess(sight, mark));
        let shares = [
            begin.and_then(|excess| self.shares.rounded(sight, Mark::TariffEdge, &excess)),
            end.and_then(|excess| self.shares.rounded(sight, Mark::NightEdge, &excess)),
        ];
        let answered = Answered::from(shares.iter().any(Option::is_some).then_some(shares));
        answered.signal(Signal::TariffEdge, begin.map_or(1.0, |excess| excess.p_value))
    }

    fn report(&self, shares: &Self::Answer, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        for (share, words) in shares.iter().zip([BEGIN, END]) {
            if let Some(share) = share {
                let excluded =
                    &[Explanation::NightTour, Explanation::UsualShiftStart, Explanation::FewVisits];
                report.hit_marked(share.mark(), share.hit(sight, Grade::Review, words, excluded));
            }
        }
    }
}

impl TariffEdge {
    /// At which edge a visit begins that begins in this minute of the day, and whether it does so just inside
    /// the better paid hours. `None` where it is near no edge.
    fn edge(&self, minute: u16) -> Option<(Mark, bool)> {
        let (from, to) = (60 * self.better_paid_from_hour, 60 * self.better_paid_to_hour);
        let best_from = 60 * self.best_paid_from_hour;
        if from == to {
            return None;
        }
        // Minutes from the edge on, round the clock: small ones are after it, large ones before.
        let since = |edge: u16| (minute + DAY_MINUTES - edge % DAY_MINUTES) % DAY_MINUTES;
        let around = |since: u16| since.min(DAY_MINUTES - since - 1) < self.around_minutes;
        if let Some(since) = [from, best_from].map(since).into_iter().find(|since| around(*since)) {
            return Some((Mark::TariffEdge, since < self.edge_minutes));
        }
        let since = since(to);
        around(since).then_some((Mark::NightEdge, DAY_MINUTES - since <= self.edge_minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_paid_side_is_after_the_evening_and_before_the_morning_edge() {
        let shares = "visits_min = 1\nprovider_visits_min = 1\nmarked_min = 1\nshare_accepted = 0.5\nprior_share = 0.5\n\
                      prior_visits = 1.0\nprovider_multiple = 1.0\np_review_max = 1e-4\n";
        let hours = "better_paid_from_hour = 18\nbest_paid_from_hour = 22\nbetter_paid_to_hour = 7\naround_minutes = 30\nedge_minutes = 5\n";
        let rule: TariffEdge = toml::from_str(&format!("{shares}{hours}")).expect("all keys are there");
        let at = |hour: u16, minute: u16| rule.edge(60 * hour + minute);
        let begin = |inside: bool| Some((Mark::TariffEdge, inside));
        let end = |inside: bool| Some((Mark::NightEdge, inside));
        assert_eq!([at(21, 29), at(21, 30), at(21, 59)], [None, begin(false), begin(false)]);
        assert_eq!([at(17, 31), at(18, 4)], [begin(false), begin(true)]);
        assert_eq!([at(22, 0), at(22, 4), at(22, 5)], [begin(true), begin(true), begin(false)]);
        assert_eq!([at(22, 29), at(22, 30)], [begin(false), None]);
        assert_eq!([at(6, 54), at(6, 55), at(6, 59)], [end(false), end(true), end(true)]);
        assert_eq!([at(7, 0), at(7, 29), at(7, 30)], [end(false), end(false), None]);
        assert_eq!([at(0, 0), at(12, 0)], [None, None]);
    }
}
