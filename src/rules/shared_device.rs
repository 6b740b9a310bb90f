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
//!   used that day first and last. Only this is told then.
//!
//! Not a finding: a phone handed over at the shift change, which comes back to nobody that day; pool phones, as
//! the others' are then pool phones too; a new phone for a broken one, which is not changed back; a phone
//! lent for a day; few visits.
//!
//! Grade: of a share, observe for a carer, who may be the one whose phone was borrowed, until it is less likely
//! than `p_carer_review_max`; review for a provider, and for a carer with others' phones on several days: whose
//! phone it was, had it before and after.

use serde::Deserialize;

use super::shares::{RoundedShare, Shares, Words};
use super::visit_and_period_rule;
use crate::domain::{Class, Day, Explanation, Grade, Measure, Month, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Report, Sight,
    Signal, Text, Visit, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "shared-device",
    version: 3,
    class: Class::Pattern,
    summary_sv: "En omsorgspersons besök är registrerade med andras telefoner.",
    summary_en: "A carer's visits are captured with other carers' devices.",
    build: visit_and_period_rule::<SharedDevice>,
};

const WORDS: Words = Words {
    visits_sv: "besök",
    do_sv: "är registrerade med en telefon som andra använde samma dag, flera eller före och efter, eller med en som byttes fram och tillbaka",
    visits_en: "visits",
    do_en: "were captured with a device that others used the same day, several or before and after, or one changed to and fro",
};

/// To another device and back within this is a hop.
const HOP_SECONDS_MAX: i64 = 30 * 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedDevice {
    #[serde(flatten)]
    shares: Shares,
    /// So many other carers with the same device on a day are more than a handover.
    other_carers_min: u16,
    /// A carer is asked about only where it is at most so likely.
    p_carer_review_max: f64,
    /// So many visits with a device that is another carer's that day are asked about ...
    borrowed_min: u32,
    /// ... where they are on so many days.
    borrowed_days_min: u32,
}

/// What is found: only the graver of the two.
#[derive(Hash, PartialEq)]
enum Pattern {
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
}

impl PeriodRule for SharedDevice {
    type Answer = Pattern;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let share = self.shares.answer(sight, Mark::SharedDevice, Some(Signal::SharedDevice));
        let borrowed = self.has_borrowed(sight);
        share.map(|share| if borrowed { Some(Pattern::Borrowed) } else { share.map(Pattern::Shared) })
    }

    fn report(&self, pattern: &Pattern, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        match pattern {
            Pattern::Borrowed => report.hit_marked(Mark::Borrowed, self.borrowed(sight.period().month)),
            Pattern::Shared(share) => {
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

    fn borrowed(&self, month: Month) -> Hit<impl Text> {
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
                    "Minst {visits} av omsorgspersonens besök i {month}, på minst {days} dagar, är \
                     registrerade med en telefon som någon annan hade både före och efter samma \
                     dag."
                ),
                en: format!(
                    "At least {visits} of the carer's visits in {month}, on at least {days} days, \
                     were captured with a device that somebody else had before and after on the \
                     same day."
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
