//! `shared-device`: a carer's visits are captured with other carers' devices.
//!
//! Why: a phone is a person's signature here. Where several carers' visits come from one phone, or a
//! carer goes to another phone and back within minutes, somebody may be logging for the others.
//!
//! Finds:
//! * per carer and per provider in a pay period, visits that name a device which at least `other_carers_min`
//!   other carers used that day as well, or one other carer first and last, or for which the carer came back
//!   to a device after another one within half an hour, when their share is above `share_accepted` and so far
//!   above the others' that chance gives it with at most `p_review_max`;
//! * per carer, at least `borrowed_min` visits, on `borrowed_days_min` days, with a device that another carer
//!   used that day first and last. Then this is the only finding.
//!
//! Not a finding: a phone handed over at the shift change, which comes back to nobody that day; pool phones, as
//! the others' are then pool phones too; a new phone for a broken one, which is not changed back; a phone
//! lent for a day; few visits.
//!
//! Grade: of a share, observe for a carer, who may be the one whose phone was borrowed, until it is less likely
//! than `p_carer_review_max`; review for a provider, and for a carer with others' phones on several days: whose
//! phone it was, had it before and after.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Day, Explanation, Grade, Measure, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Report, Sight,
    Signal, Visit, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "shared-device",
    version: 3,
    class: Class::Pattern,
    summary_sv: "En medarbetares besök är registrerade med andra medarbetares telefoner.",
    summary_en: "A carer's visits are captured with other carers' phones.",
    build: visit_and_period_rule::<SharedDevice>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: ["", ""],
    does: [
        "är registrerade med en telefon som även andra medarbetare använde samma dag, eller med två telefoner om vartannat",
        "were captured with a phone that other carers used on the same day as well, or with two phones by turns",
    ],
};

/// To another device and back within this is a hop.
const HOP_SECONDS_MAX: i64 = 30 * 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedDevice {
    #[serde(flatten)]
    shares: ShareComparison,
    /// So many other carers with the same device on a day are more than a handover.
    other_carers_min: u16,
    /// P-value of a carer's share at most for a review.
    p_carer_review_max: f64,
    /// Visits with a device that is another carer's that day, at least for a finding ...
    borrowed_min: u32,
    /// ... and the days that they are on.
    borrowed_days_min: u32,
}

/// What is found: only the graver of the two.
#[derive(Hash, PartialEq)]
enum DevicePattern {
    Borrowed,
    Shared(RoundedShare),
}

impl VisitRule for SharedDevice {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if visit.is_performed() && (visit.start_device.is_some() || visit.end_device.is_some()) {
            let others = sight.others_with_device();
            let shared = usize::from(self.other_carers_min) <= others;
            let borrowed = 0 < others && sight.is_within_others_day();
            report.mark(Mark::Borrowed, borrowed);
            report.mark(Mark::SharedDevice, shared || borrowed || is_hop(sight));
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        let Some(device) = later.start_device else { return false };
        // Nobody comes back to a device who has none beside it.
        let is_other = |visit: &Visit| used(visit) && visit.end_device != Some(device);
        own.carer == later.carer
            && used(own)
            && (is_other(own)
                || sight.before_at_carer(is_other).is_some()
                || sight.after_at_carer(is_other).is_some())
    }

    fn reads_devices(&self) -> bool {
        true
    }
}

impl PeriodRule for SharedDevice {
    type Answer = DevicePattern;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let share = self.shares.answer(sight, Mark::SharedDevice, Some(Signal::SharedDevice));
        let borrowed = self.has_borrowed(sight);
        share.map(
            |share| if borrowed { Some(DevicePattern::Borrowed) } else { share.map(DevicePattern::Shared) },
        )
    }

    fn report(&self, pattern: &DevicePattern, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        match pattern {
            DevicePattern::Borrowed => report.hit_marked(Mark::Borrowed, self.borrowed(sight)),
            DevicePattern::Shared(share) => {
                let excluded = &[
                    Explanation::Handover,
                    Explanation::PoolPhones,
                    Explanation::NewPhone,
                    Explanation::FewVisits,
                ];
                report.hit_marked(share.mark(), share.hit(sight, self.grade(sight, share), WORDS, excluded));
            }
        }
    }
}

impl SharedDevice {
    fn has_borrowed(&self, sight: &PeriodSight<'_>) -> bool {
        let borrowed = sight.tally().count(Mark::Borrowed).marked;
        if !matches!(sight.period().subject, PeriodSubject::Carer(_)) || borrowed < self.borrowed_min.max(1) {
            return false;
        }
        let month = sight.period().month;
        let visits = sight.visits(Some(Mark::Borrowed));
        let of_month = visits.filter(|(visit, borrowed)| *borrowed && visit.pay_period == month);
        let mut days: Vec<Day> = of_month.map(|(visit, _)| visit.day).collect();
        days.dedup();
        self.borrowed_days_min as usize <= days.len()
    }

    fn borrowed(&self, sight: &PeriodSight<'_>) -> Hit<impl Wording> {
        let (month, carer) = (sight.period().month, sight.carer_ref());
        let (visits, days) = (self.borrowed_min, self.borrowed_days_min);
        Hit::review()
            .observed([
                Measure::whole("visits_min", i64::from(visits)),
                Measure::whole("days_min", i64::from(days)),
            ])
            .expected([
                Measure::whole("visits_max", i64::from(visits) - 1),
                Measure::whole("days_max", i64::from(days) - 1),
            ])
            .excluded(&[Explanation::Handover, Explanation::LentForADay])
            .text(move || Sentence {
                sv: format!(
                    "Minst {} som medarbetaren {carer} har registrerat i {}, på minst {}, är registrerade med en \
                     telefon som en annan medarbetare använde både före och efter samma dag.",
                    SV.counted(visits.into(), "besök", "besök"),
                    SV.month(month),
                    SV.days(days.into())
                ),
                en: format!(
                    "At least {} that carer {carer} registered in {}, on at least {}, were captured with a phone \
                     that another carer used both before and after on the same day.",
                    EN.counted(visits.into(), "visit", "visits"),
                    EN.month(month),
                    EN.days(days.into())
                ),
            })
    }

    fn grade(&self, sight: &PeriodSight<'_>, share: &RoundedShare) -> Grade {
        let one = matches!(sight.period().subject, PeriodSubject::Carer(_));
        if one && self.p_carer_review_max < share.p_value() { Grade::Observe } else { Grade::Review }
    }
}

fn used(visit: &Visit) -> bool {
    !visit.open && visit.end_device.is_some()
}

/// Did the carer come back to this device from another one, within half an hour?
fn is_hop(sight: &Sight<'_>) -> bool {
    let own = sight.visit();
    let Some(device) = own.start_device else { return false };
    let near = |earlier: &Visit| own.span.start().since(earlier.span.end()) <= HOP_SECONDS_MAX;
    let last = sight.before_at_carer(used);
    last.is_some_and(|last| last.end_device != Some(device) && near(last))
        && sight
            .before_at_carer(|earlier| used(earlier) && earlier.end_device == Some(device))
            .is_some_and(near)
}
