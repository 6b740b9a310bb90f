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

use super::period_rule;
use crate::domain::wording::{EN, SV, per_cent};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Month, Sentence, SubjectKind};
use crate::engine::{Answered, Definition, Hit, PeriodReport, PeriodRule, PeriodSight, Tally, Wording};

pub(super) const RULE: Definition = Definition {
    id: "full-delivery",
    version: 1,
    class: Class::Pattern,
    summary_sv: "En utförare registrerar nästan exakt den beviljade tiden, månad efter månad.",
    summary_en: "A provider registers almost exactly the granted time, month after month.",
    build: period_rule::<FullDelivery>,
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
#[derive(Clone, Copy, Hash, PartialEq)]
enum FullMonths {
    One,
    Two,
}

impl PeriodRule for FullDelivery {
    type Answer = FullMonths;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.full_months(sight).into()
    }

    fn report(&self, months: &FullMonths, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(self.hit(sight, *months));
    }

    fn missing_fact(&self, sight: &PeriodSight<'_>) -> Option<MissingFact> {
        (sight.granted_seconds_of_provider(sight.period().month) == 0).then_some(MissingFact::Order)
    }
}

impl FullDelivery {
    fn full_months(&self, sight: &PeriodSight<'_>) -> Option<FullMonths> {
        sight.tally_after()?;
        let month = sight.period().month;
        let full = |tally: &Tally, month| self.is_full(sight, tally, month);
        full(sight.tally(), month).then(|| {
            let before = sight.tally_before().is_some_and(|before| full(before, month.previous()));
            if before { FullMonths::Two } else { FullMonths::One }
        })
    }

    fn is_full(&self, sight: &PeriodSight<'_>, tally: &Tally, month: Month) -> bool {
        let granted = sight.granted_seconds_of_provider(month);
        let share = tally.seconds as f64 / granted.max(1) as f64;
        i64::from(self.granted_hours_min) * 3600 <= granted
            && (self.share_min..=self.share_max).contains(&share)
    }

    fn hit(&self, sight: &PeriodSight<'_>, months: FullMonths) -> Hit<impl Wording> {
        let (month, provider) = (sight.period().month, sight.provider_id());
        let [least, most] = [self.share_min, self.share_max].map(per_cent);
        let twice = months == FullMonths::Two;
        let (also_sv, also_en) =
            if twice { (", liksom månaden före", ", as in the month before") } else { ("", "") };
        Hit::new(if twice { Grade::Review } else { Grade::Observe })
            .observed([
                Measure::real("granted_share_min", self.share_min),
                Measure::real("granted_share_max", self.share_max),
                Measure::whole("months", if twice { 2 } else { 1 }),
            ])
            .excluded(&[Explanation::MonthNotOver, Explanation::FewGrantedHours])
            .text(move || Sentence {
                sv: format!(
                    "Utföraren {provider} har registrerat mellan {} och {} procent av den beviljade tiden i {}{also_sv}. \
                     Omkring fyra femtedelar är vanligt.",
                    SV.decimal(least),
                    SV.decimal(most),
                    SV.month(month)
                ),
                en: format!(
                    "Provider {provider} registered between {} and {} per cent of the granted time in {}{also_en}. \
                     About four fifths is usual.",
                    EN.decimal(least),
                    EN.decimal(most),
                    EN.month(month)
                ),
            })
    }
}
