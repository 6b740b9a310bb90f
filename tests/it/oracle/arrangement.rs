//! Whether two visits at once are to one household, or were planned for different things, as the client's plan has had them in the weeks before.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tidvakt::domain::VisitKind;

use super::{Oracle, in_the_home, presence};
use crate::draft::Draft;

/// What the client's plan says of two visits that were planned for different things.
pub struct Arrangement {
    /// Each is a slot of the plan, and another carer has had one of them.
    pub is_standing: bool,
    /// The client has been visited for three weeks.
    pub is_known: bool,
}

impl Oracle {
    /// `None` where the visits were not planned for different things.
    pub fn arrangement(&self, own: &Draft, other: &Draft) -> Option<Arrangement> {
        own.planned.zip(other.planned).filter(|(plan, other)| plan != other)?;
        if shares_task(own, other) {
            return None;
        }
        let day = local_day(own).min(local_day(other));
        let days_before = |earlier: &Draft| (day - local_day(earlier)).get_days();
        let earlier: Vec<&Draft> =
            self.before(own).filter(|it| (1..=28).contains(&days_before(it))).collect();
        let has = |visit: &Draft| earlier.iter().any(|before| is_same_slot(before, visit));
        let is_by_another = earlier.iter().any(|before| {
            let is_slot = is_same_slot(before, own) || is_same_slot(before, other);
            is_slot && before.carer != own.carer && before.carer != other.carer
        });
        Some(Arrangement {
            is_standing: has(own) && has(other) && is_by_another,
            is_known: earlier.iter().any(|before| 21 <= days_before(before)),
        })
    }

    /// Whether two visits of one carer are to clients who live together: in one household by the facts, or at one place by
    /// the same plan; `None` where neither says, and of different households at one place.
    pub fn one_household(&self, own: &Draft, other: &Draft) -> Option<bool> {
        let (home, others_home) = (self.homes.get(&own.client)?, self.homes.get(&other.client)?);
        let is_one_place = home.1.is_some() && home.1 == others_home.1;
        let is_one_plan = own.planned.is_some() && own.planned == other.planned;
        let by_facts = home.0.as_ref().zip(others_home.0.as_ref()).map(|(own, other)| own == other);
        match by_facts {
            Some(false) if !is_one_place => Some(false),
            Some(true) => Some(true),
            _ => (is_one_place && is_one_plan).then_some(true),
        }
    }

    /// The client's visits that begin before this one, in thirty times 24 hours.
    fn before<'a>(&'a self, own: &'a Draft) -> impl Iterator<Item = &'a Draft> {
        let key = |visit: &'a Draft| (presence(visit), &visit.id);
        self.visits.iter().filter(move |visit| {
            visit.client == own.client && key(visit) < key(own) && own.start.0 - 30 * 86_400 <= visit.start.0
        })
    }
}

fn local_day(visit: &Draft) -> Date {
    let zone = TimeZone::get("Europe/Stockholm").unwrap();
    Timestamp::from_second(visit.start.0).unwrap().to_zoned(zone).date()
}

fn shares_task(one: &Draft, other: &Draft) -> bool {
    one.tasks.iter().any(|task| other.tasks.contains(task))
}

/// Whether both were planned for the same at the same time of the day, give or take an hour.
fn is_same_slot(before: &Draft, visit: &Draft) -> bool {
    let Some((earlier, plan)) = before.planned.zip(visit.planned) else { return false };
    let apart = (plan.start().0 - earlier.start().0).rem_euclid(86_400);
    let is_somebody_there = in_the_home(before)
        && !before.trainee
        && !matches!(before.kind, VisitKind::Alarm | VisitKind::MealDelivery);
    let is_same_matter = if before.tasks.is_empty() && visit.tasks.is_empty() {
        earlier.seconds() == plan.seconds()
    } else {
        shares_task(before, visit)
    };
    is_somebody_there && apart.min(86_400 - apart) <= 3600 && is_same_matter
}
