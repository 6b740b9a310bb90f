//! `full-delivery`: a provider registers just what was granted, month after month.
//!
//! Why: clients fall ill, decline and travel, so that about four fifths of the granted time is worked.
//! Who registers all of it, neither more nor less, may register the grant.
//!
//! Finds, per provider and pay period that is over, registered time between `share_min` and `share_max`
//! of what the provider's orders grant that month, where they grant at least `granted_hours_min`.
//! Orders that name the provider and hold in the middle of the month count with the whole month; an order for
//! two carers grants the time of both.
//!
//! Not a finding: a month that is not over, as every full month passes through all shares; few granted
//! hours. Tight planning, and carers who are with one client only, explain it as well.
//!
//! Grade: observe for one month, review where the month before was so too. There is no p-value: how
//! often honest providers deliver in full is not known. Undetermined where no order grants time at the provider.

use serde::Deserialize;

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Month, Sentence, SubjectKind};
use crate::engine::{Hit, Looks, PeriodSight, PeriodSubject, Report, Rule, Tally};

pub(super) const RULE: Definition = Definition {
    id: "full-delivery",
    version: 1,
    class: Class::Pattern,
    patterns: &[10],
    reads_history: false,
    looks: Looks::AtPeriods,
    summary_sv: "En utförare registrerar precis det som är beviljat, månad efter månad.",
    summary_en: "A provider registers just what was granted, month after month.",
    build: from_table::<FullDelivery>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FullDelivery {
    /// From this part of the granted time on, 0 to 1 or more.
    share_min: f64,
    /// Up to this part.
    share_max: f64,
    /// A provider with fewer granted hours a month says nothing.
    granted_hours_min: u32,
}

/// In how many months, this one and the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Once,
    Twice,
}

impl Rule for FullDelivery {
    fn periods_of(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        let PeriodSubject::Provider(_) = sight.period().subject else { return };
        if let Some(told) = self.told(sight) {
            report.hit(self.hit(sight, told));
        } else if sight.granted_seconds_of_provider(sight.period().month) == 0 {
            report.undetermined("order");
        }
    }

    fn fingerprint(&self, sight: &PeriodSight<'_>) -> u64 {
        self.told(sight).map_or(0, |told| 1 + told as u64)
    }
}

impl FullDelivery {
    fn told(&self, sight: &PeriodSight<'_>) -> Option<Told> {
        let PeriodSubject::Provider(_) = sight.period().subject else { return None };
        sight.tally_after()?;
        let month = sight.period().month;
        let full = |tally: &Tally, month| self.is_full(sight, tally, month);
        full(sight.tally(), month).then(|| {
            let before = sight.tally_before().is_some_and(|before| full(before, month.previous()));
            if before { Told::Twice } else { Told::Once }
        })
    }

    fn is_full(&self, sight: &PeriodSight<'_>, tally: &Tally, month: Month) -> bool {
        let granted = sight.granted_seconds_of_provider(month);
        let share = tally.seconds as f64 / granted.max(1) as f64;
        i64::from(self.granted_hours_min) * 3600 <= granted
            && (self.share_min..=self.share_max).contains(&share)
    }

    fn hit(&self, sight: &PeriodSight<'_>, told: Told) -> Hit {
        let month = sight.period().month;
        let [least, most] = [self.share_min, self.share_max].map(|share| (100.0 * share).round());
        let twice = told == Told::Twice;
        let (also_sv, also_en) =
            if twice { (", liksom månaden före", ", as in the month before") } else { ("", "") };
        Hit {
            grade: if twice { Grade::Review } else { Grade::Observe },
            p_value: None,
            related: Vec::new(),
            disputed: None,
            observed: vec![
                Measure::real("granted_share_min", self.share_min),
                Measure::real("granted_share_max", self.share_max),
                Measure::whole("months", if twice { 2 } else { 1 }),
            ],
            expected: Vec::new(),
            excluded: &["month-not-over", "few-granted-hours"],
            not_tested: Vec::new(),
            text: Sentence {
                sv: format!(
                    "Utföraren har registrerat mellan {least} och {most} procent av den beviljade tiden i {month}{also_sv}. \
                     Vanligt är omkring fyra femtedelar."
                ),
                en: format!(
                    "The provider registered between {least} and {most} per cent of the granted time in {month}{also_en}. \
                     About four fifths are usual."
                ),
            },
        }
    }
}
