//! `shared-device`: a carer's visits are captured with other carers' devices.
//!
//! Why: a phone is a person's signature here. Where several carers' visits come from one phone, or a
//! carer goes to another phone and back within minutes, somebody may be logging for the others.
//!
//! Finds, per carer and per provider in a pay period, visits that name a device which at least
//! `other_carers_min` other carers used that day as well, or one other carer both before and after, or for
//! which the carer came back to a device after another one within half an hour, when their share is above `share_accepted` and so far above the
//! others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: a phone handed over at the shift change (one other carer a day); pool phones, as the
//! others' are then pool phones too; a new phone for a broken one, which is not changed back; few visits.
//!
//! Grade: observe for a carer, who may be the one whose phone was borrowed, until it is less likely than
//! `p_carer_review_max`; review for a provider.

use serde::Deserialize;

use super::shares::{Shares, Told, Words};
use super::{Definition, from_table};
use crate::domain::{Class, Grade, SubjectKind};
use crate::engine::{Looks, Mark, PeriodSight, Report, Rule, ShareFloor, Sight, Signal, Visit, Whose};

pub(super) const RULE: Definition = Definition {
    id: "shared-device",
    version: 2,
    class: Class::Pattern,
    patterns: &[14],
    reads_history: false,
    looks: Looks::AtBoth,
    summary_sv: "En omsorgspersons besök är registrerade med andras telefoner.",
    summary_en: "A carer's visits are captured with other carers' devices.",
    build: from_table::<SharedDevice>,
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
}

impl Rule for SharedDevice {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if visit.is_performed() && (visit.start_device.is_some() || visit.end_device.is_some()) {
            let shared = usize::from(self.other_carers_min) <= sight.others_with_device();
            report.mark(Mark::SharedDevice, shared || sight.is_between_others_uses() || is_hop(sight));
        }
    }

    fn periods_of(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn share_floors(&self) -> Vec<ShareFloor> {
        vec![self.shares.floor(Mark::SharedDevice)]
    }

    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        if let Some(told) = self.told(sight) {
            let excluded = &["handover", "pool-phones", "new-phone", "few-visits"];
            report.hit_of(told.mark(), told.hit(sight, self.grade(sight, &told), WORDS, excluded));
        }
    }

    fn period_word(&self, sight: &PeriodSight<'_>) -> u64 {
        self.told(sight).map_or(0, |told| told.word())
    }
}

impl SharedDevice {
    fn told(&self, sight: &PeriodSight<'_>) -> Option<Told> {
        self.shares.told(sight, Mark::SharedDevice, Some(Signal::SharedDevice))
    }

    fn grade(&self, sight: &PeriodSight<'_>, told: &Told) -> Grade {
        let one = matches!(sight.period().whose, Whose::Carer(_));
        if one && self.p_carer_review_max < told.p_value() { Grade::Observe } else { Grade::Review }
    }
}

/// Did the carer come back to this device from another one, within half an hour?
fn is_hop(sight: &Sight<'_>) -> bool {
    let own = sight.visit();
    let Some(device) = own.start_device else { return false };
    let near = |earlier: &Visit| own.span.start().since(earlier.span.end()) <= HOP_SECONDS_MAX;
    let used = |earlier: &Visit| !earlier.open && earlier.end_device.is_some();
    let last = sight.before_at_carer(used);
    last.is_some_and(|last| last.end_device != Some(device) && near(last))
        && sight
            .before_at_carer(|earlier| used(earlier) && earlier.end_device == Some(device))
            .is_some_and(near)
}
