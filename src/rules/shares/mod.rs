//! Comparison of a share of a carer's or a provider's visits with the share of the others.
//!
//! The published values are rounded, so that an alert is not revised with every visit: visits down to tens (a
//! provider's to hundreds); the share down and the others' share up, to one per cent below ten and to five above; the
//! p-value up to a decade, and beyond six decades to four. A carer's pattern names its visits, the best paid first.

use serde::Deserialize;

use super::lines::{PatternLine, stands};
use crate::domain::wording::{EN, SV};
use crate::domain::{Explanation, Grade, Measure, Sentence};
use crate::engine::{
    Answered, Count, Excess, Hit, Mark, PeriodSight, PeriodSubject, ShareTest, Signal, Slot, Wording,
};

/// Shares below this are rounded to one per cent, those above to five.
const FINE_PER_CENT: u32 = 10;
/// Up to this many decades p-values are rounded to one, then to four.
const FINE_DECADES: u8 = 6;
/// Most decades of a published p-value.
const DECADES_MAX: u8 = 16;

/// Parameters of the comparison: keys of a rule's section.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareComparison {
    /// Eligible visits of a carer at least.
    visits_min: u32,
    /// Eligible visits of a provider at least.
    provider_visits_min: u32,
    /// Marked visits at least.
    marked_min: u32,
    /// Share that is accepted whatever the others' share, 0 to 1.
    share_accepted: f64,
    /// Prior of the others' share, 0 to 1.
    prior_share: f64,
    /// Weight of the prior, in visits.
    prior_visits: f64,
    /// Factor on the others' share for a provider.
    provider_multiple: f64,
    /// P-value of a finding at most: the line at which a pattern opens.
    p_review_max: f64,
    /// See [`ShareTest::is_by_visit`].
    #[serde(skip)]
    is_by_visit: bool,
}

/// What visits are counted and what they do, Swedish and English: `60 per cent of the {visits} that carer ann
/// registered in March 2026{which} {does}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phrases {
    /// `planerade besök`, `planned visits`.
    pub(super) visits: [&'static str; 2],
    /// ` med position`, ` with a position`; empty for all of them.
    pub(super) which: [&'static str; 2],
    /// `börjar och slutar på jämna fem minuter`, `begin and end on round five minutes`.
    pub(super) does: [&'static str; 2],
}

/// A share above the others', as it is published.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RoundedShare {
    /// The mark.
    mark: Mark,
    /// At least so many visits were counted.
    visits: u32,
    /// At least so many per cent bear the mark.
    share: u32,
    /// Among the others at most so many do.
    usual: u32,
    /// At most as likely as 10 to the minus this.
    decades: u8,
    /// Of a carer: the visits that bear it. A reviewer goes through them one by one.
    evidence: Vec<Slot>,
}

impl ShareComparison {
    /// The share of `mark` where it is higher than the others' by more than chance; the signal begins
    /// below that.
    pub(super) fn answer(
        &self,
        sight: &PeriodSight<'_>,
        mark: Mark,
        signal: Option<Signal>,
    ) -> Answered<RoundedShare> {
        let excess = self.excess(sight, mark);
        let answered = Answered::from(excess.and_then(|excess| self.rounded(sight, mark, &excess)));
        match signal.zip(excess) {
            Some((signal, excess)) => answered.signal(signal, excess.p_value),
            None => answered,
        }
    }

    /// The share of `mark` where it is higher than the others', however likely that is.
    pub(super) fn excess(&self, sight: &PeriodSight<'_>, mark: Mark) -> Option<Excess> {
        sight.excess(mark, &self.test(self.visits_min_of(sight)?))
    }

    /// Fewer visits of this subject say nothing.
    const fn visits_min_of(&self, sight: &PeriodSight<'_>) -> Option<u32> {
        match sight.period().subject {
            PeriodSubject::Carer(_) => Some(self.visits_min),
            PeriodSubject::Provider(_) => Some(self.provider_visits_min),
            _ => None,
        }
    }

    /// An excess as it is published, where it is more than chance: it opens and closes at two [lines](super::lines).
    pub(super) fn rounded(
        &self,
        sight: &PeriodSight<'_>,
        mark: Mark,
        excess: &Excess,
    ) -> Option<RoundedShare> {
        let test = self.test(self.visits_min_of(sight)?);
        let line = |count: Count| {
            let excess = sight.excess_of(count, mark, &test);
            PatternLine::of(excess.map_or(1.0, |excess| excess.p_value), self.p_review_max)
        };
        if !stands(sight, mark, line) {
            return None;
        }
        let step = if matches!(sight.period().subject, PeriodSubject::Carer(_)) { 10 } else { 100 };
        let per_cent = |share: f64| 100.0 * share;
        let share = down(per_cent(excess.count.share()));
        let usual = up(per_cent(excess.expected));
        // Two shares that are equal once rounded are no finding.
        (usual < share).then_some(RoundedShare {
            mark,
            visits: excess.count.eligible / step * step,
            share,
            usual,
            decades: decades(excess.p_value),
            evidence: sight.visits_with(mark),
        })
    }

    /// The comparison of other visits, of which most carers have few: from so many of a carer's on and above so large a
    /// share, each visit a trial of its own, which asks for the square of the p-value. The accepted share is the prior of
    /// the others', with the weight of one carer's least visits: a habit of few others counts.
    pub(super) fn by_visit(self, visits_min: u32, share_accepted: f64) -> Self {
        Self {
            visits_min,
            share_accepted,
            prior_share: share_accepted,
            prior_visits: f64::from(visits_min),
            p_review_max: self.p_review_max * self.p_review_max,
            is_by_visit: true,
            ..self
        }
    }

    /// At most so likely by chance.
    pub(super) const fn p_review_max(&self) -> f64 {
        self.p_review_max
    }

    const fn test(&self, visits_min: u32) -> ShareTest {
        ShareTest {
            visits_min,
            marked_min: self.marked_min,
            share_accepted: self.share_accepted,
            prior_share: self.prior_share,
            prior_visits: self.prior_visits,
            provider_multiple: self.provider_multiple,
            is_by_visit: self.is_by_visit,
        }
    }
}

impl RoundedShare {
    /// The visits that bear it make up the finding.
    pub(super) const fn mark(&self) -> Mark {
        self.mark
    }

    /// So likely at most.
    pub(super) fn p_value(&self) -> f64 {
        p_value(self.decades)
    }

    pub(super) fn hit(
        &self,
        sight: &PeriodSight<'_>,
        grade: Grade,
        words: Phrases,
        excluded: &'static [Explanation],
    ) -> Hit<impl Wording> {
        Hit::new(grade)
            .p_value(self.p_value())
            .related(self.evidence.iter().copied())
            .observed([
                Measure::whole("visits_min", i64::from(self.visits)),
                Measure::real("share_min", f64::from(self.share) / 100.0),
            ])
            .expected([Measure::real("share_of_others_max", f64::from(self.usual) / 100.0)])
            .excluded(excluded)
            .text(move || self.sentence(sight, words))
    }

    fn sentence(&self, sight: &PeriodSight<'_>, words: Phrases) -> Sentence {
        let [who_sv, who_en] = who(sight);
        let [others_sv, others_en] = match sight.period().subject {
            PeriodSubject::Carer(_) => ["andra medarbetare", "other carers"],
            _ => ["andra utförare", "other providers"],
        };
        let &Self { visits, share, usual, .. } = self;
        let [part_sv, part_en] = part(share);
        let month = sight.period().month;
        let Phrases { visits: [visits_sv, visits_en], which: [which_sv, which_en], does: [does_sv, does_en] } =
            words;
        Sentence {
            sv: format!(
                "{part_sv} {visits_sv} som {who_sv} har registrerat i {}{which_sv} {does_sv} \
                 (underlag: minst {} besök). För {others_sv} är andelen högst {usual} procent.",
                SV.month(month),
                SV.number(visits.into())
            ),
            en: format!(
                "{part_en} {visits_en} that {who_en} registered in {}{which_en} {does_en} \
                 (based on at least {}). Among {others_en} the share is at most {usual} per cent.",
                EN.month(month),
                EN.counted(visits.into(), "visit", "visits")
            ),
        }
    }
}

/// A share that is rounded down, before what it is a share of.
pub(super) fn part(per_cent: u32) -> [String; 2] {
    if per_cent == 100 {
        ["Alla".to_owned(), "All".to_owned()]
    } else {
        [format!("Minst {per_cent} procent av de"), format!("At least {per_cent} per cent of the")]
    }
}

/// A carer or a provider, Swedish and English.
pub(super) fn who(sight: &PeriodSight<'_>) -> [String; 2] {
    match sight.period().subject {
        PeriodSubject::Carer(_) => {
            let carer = sight.carer_ref();
            [format!("medarbetaren {carer}"), format!("carer {carer}")]
        }
        _ => {
            let provider = sight.provider_id();
            [format!("utföraren {provider}"), format!("provider {provider}")]
        }
    }
}

/// Per cent, rounded down to the published step.
fn down(per_cent: f64) -> u32 {
    let whole = (per_cent + 1e-9).floor() as u32;
    if whole < FINE_PER_CENT { whole } else { whole / 5 * 5 }
}

/// Per cent, rounded up to the published step.
fn up(per_cent: f64) -> u32 {
    let whole = (per_cent - 1e-9).ceil().max(0.0) as u32;
    if whole < FINE_PER_CENT { whole } else { whole.div_ceil(5) * 5 }
}

/// At most as likely as 10 to the minus this.
pub(super) fn decades(p_value: f64) -> u8 {
    let decades = (-p_value.max(f64::MIN_POSITIVE).log10()).clamp(0.0, f64::from(DECADES_MAX)) as u8;
    if decades <= FINE_DECADES { decades } else { (decades / 4 * 4).max(FINE_DECADES) }
}

/// The p-value of so many decades.
pub(super) fn p_value(decades: u8) -> f64 {
    10_f64.powi(-i32::from(decades))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_share_is_never_above_the_observed_one() {
        for (seen, published) in [(0.9, 0), (4.99, 4), (9.0, 9), (14.0, 10), (63.0, 60), (100.0, 100)] {
            assert_eq!(down(seen), published, "{seen}");
            assert!(f64::from(up(seen)) >= seen, "{seen}");
        }
        assert_eq!([up(0.0), up(4.1), up(11.0), up(15.0)], [0, 5, 15, 15]);
        for p in [1.0, 0.2, 3e-5, 1e-4, 2e-9, 1e-300, 0.0] {
            assert!(p <= p_value(decades(p)) * (1.0 + 1e-9), "{p}");
        }
        assert_eq!([decades(3e-5), decades(1e-7), decades(1e-9), decades(1e-15)], [4, 6, 8, 12]);
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused_beside_them_too() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Section {
            #[serde(flatten)]
            shares: ShareComparison,
            minutes: u32,
        }
        let known = "visits_min = 1\nprovider_visits_min = 2\nmarked_min = 3\nshare_accepted = 0.1\nprior_share = 0.1\n\
                     prior_visits = 1.0\nprovider_multiple = 1.5\np_review_max = 1e-4\nminutes = 5\n";
        let section: Section = toml::from_str(known).expect("all keys are known");
        assert_eq!((section.shares.marked_min, section.minutes), (3, 5));
        assert!(toml::from_str::<Section>(&format!("{known}hours = 2\n")).is_err());
    }
}
