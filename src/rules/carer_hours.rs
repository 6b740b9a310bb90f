//! `carer-hours`: more hours than one person can work.
//!
//! Why: nobody helps people for twenty hours a day, and nobody for fourteen hours day after day.
//!
//! Finds, at visits, time beyond `hold_hours` that a carer has registered on one local day, over all
//! providers and clients; time that visits share counts once, and a visit over midnight counts to each day
//! that it lies in by its part, with those that are paid in the same period. And in a pay period: at least `long_days_min` days
//! of more than `day_hours_max`, or more than `month_hours_max` in all; or at least `restless_days_min`
//! days with visits that end more than 24 hours less `rest_hours_min` after the carer's first one since the
//! last such rest, so that no rest of that length has room in those 24 hours. One late night makes two such
//! days: the evening and the day after.
//!
//! Not a finding: split shifts and standby, as only time at clients counts; two part-time jobs, up to
//! what a day has room for; visits that the source closed, beyond their plan; declined visits. When a shift
//! begins and ends is not in the records, only when visits do: a rest is taken to be as long as it can have
//! been, and what the law asks for, eleven hours, is no finding until it falls below what agreements allow.
//!
//! Grade: hold of what lies beyond `hold_hours`, as that cannot be; review of the pay period.

use serde::Deserialize;

use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Day, Explanation, Measure, Sentence, Span, SubjectKind, UtcSecond};
use crate::engine::{
    Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Visit, VisitRule,
    Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "carer-hours",
    version: 4,
    class: Class::Contradiction,
    summary_sv: "En medarbetare har fler registrerade timmar än en person kan arbeta.",
    summary_en: "A carer has more registered hours than one person can work.",
    build: visit_and_period_rule::<CarerHours>,
};

/// Step of the published hours of a pay period, rounded down.
const HOURS_STEP: u32 = 10;

const DAY_SECONDS: i64 = 86_400;
/// No fewer minutes than these are more than a day has.
const LONG_DAY_MINUTES: u32 = 12 * 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarerHours {
    /// A day with more registered hours than this is a long one.
    day_hours_max: u32,
    /// Long days in a pay period at least for a finding.
    long_days_min: u32,
    /// Registered hours in a pay period above which there is a finding.
    month_hours_max: u32,
    /// In each 24 hours there is room for a rest of so many.
    rest_hours_min: u32,
    /// Days without such a rest at least for a finding.
    restless_days_min: u32,
    /// What lies beyond so many hours of a day is held; at least 12.
    hold_hours: u32,
}

/// Too many hours of a pay period, in either way.
#[derive(Default, Hash, PartialEq)]
struct LongHours {
    month: Option<LongMonth>,
    /// Days with visits without a rest before them.
    restless_days: Option<u32>,
}

/// Days with too many hours, and hours in all where those are too many, rounded down; 0 where they are not.
#[derive(Clone, Copy, Hash, PartialEq)]
struct LongMonth {
    days: u32,
    hours: u32,
}

impl VisitRule for CarerHours {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let hold_minutes = self.hold_minutes();
        let own = sight.visit();
        if own.is_performed() {
            report.mark(Mark::NoRest, sight.is_without_rest(i64::from(self.rest_hours_min) * 3600));
        }
        if !own.is_performed() {
            return;
        }
        for (day, part) in sight.days() {
            // Every shared minute is in that sum twice, so that the day has no more.
            if hold_minutes < sight.carer_minutes_on(day)
                && let Some(beyond) = beyond(sight, (day, part), i64::from(hold_minutes) * 60)
            {
                report.hit(self.beyond(sight, &beyond));
            }
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        let rest_seconds = i64::from(self.rest_hours_min) * 3600;
        own.carer == later.carer
            && own.is_performed()
            && later.is_performed()
            && later.presence().start().since(own.presence().start()) <= DAY_SECONDS
            && sight.could_take_rest_of(later, rest_seconds)
    }

    fn long_day_minutes(&self) -> Option<u32> {
        Some(self.hold_minutes())
    }

    fn reads_history(&self) -> bool {
        true
    }
}

impl PeriodRule for CarerHours {
    type Answer = LongHours;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let answer = LongHours { month: self.of_month(sight), restless_days: self.restless_days(sight) };
        Some(answer).filter(|answer| *answer != LongHours::default()).into()
    }

    fn report(&self, hours: &LongHours, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        if let Some(month) = hours.month {
            report.hit(self.long_month(sight, month));
        }
        if let Some(days) = hours.restless_days {
            report.hit_marked(Mark::NoRest, self.without_rest(sight, days));
        }
    }
}

/// What of a visit lies beyond the hours of a day.
struct Beyond<'a> {
    span: Span,
    /// Seconds that the day has by the end of the visit's part of it.
    day_seconds: i64,
    /// The visits of the day that began before it.
    before: Vec<&'a Visit>,
}

/// The part of the visit beyond so many seconds of one of its days.
fn beyond<'a>(sight: &Sight<'a>, (day, own_part): (Day, Span), seconds_max: i64) -> Option<Beyond<'a>> {
    let own = sight.visit();
    let key = |visit: &Visit| (visit.presence(), sight.id(visit.slot));
    // What is paid in another period is no part of this one's minutes.
    let counts = |other: &Visit| other.is_performed() && other.pay_period == own.pay_period;
    let mut before: Vec<(&Visit, Span)> =
        sight.carer_visits_on(day).filter(|(other, _)| counts(other) && key(other) < key(own)).collect();
    before.sort_by_key(|(visit, _)| key(visit));
    let (mut until, mut seconds, mut new) = (UtcSecond(i64::MIN), 0, 0);
    for part in before.iter().map(|(_, part)| *part).chain([own_part]) {
        new = part.end().since(part.start().max(until)).max(0);
        seconds += new;
        until = until.max(part.end());
    }
    let beyond = (seconds - seconds_max).min(new);
    let span = Span::new(own_part.end().plus(-beyond.max(0)), own_part.end())?;
    let before = before.into_iter().map(|(visit, _)| visit).collect();
    (0 < beyond).then_some(Beyond { span, day_seconds: seconds, before })
}

impl CarerHours {
    fn hold_minutes(&self) -> u32 {
        (60 * self.hold_hours).max(LONG_DAY_MINUTES)
    }

    fn beyond(&self, sight: &Sight<'_>, beyond: &Beyond<'_>) -> Hit<impl Wording> {
        let Beyond { span, day_seconds: seconds, ref before } = *beyond;
        let (label, carer, most) = (sight.label(), sight.carer_ref(), i64::from(self.hold_hours));
        let (zone, day) = (sight.zone(), span.start());
        Hit::hold()
            .related(before.iter().map(|other| other.slot))
            .disputed(span)
            .observed([
                Measure::whole("day_seconds", seconds),
                Measure::whole("visits", before.len() as i64 + 1),
            ])
            .expected([Measure::whole("day_seconds_max", most * 3600)])
            .excluded(&[Explanation::SharedTime, Explanation::AutoClosed, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Den {} har medarbetaren {carer} {} registrerade, till och med besöket {}. Överlappande tid är \
                     räknad en gång. Gränsen är {}.",
                    SV.date(zone, day),
                    SV.length(seconds / 60),
                    label.sv(),
                    SV.hours(most)
                ),
                en: format!(
                    "On {} carer {carer} has {} registered, up to the end of visit {}. Shared time is counted once. \
                     The limit is {}.",
                    EN.date(zone, day),
                    EN.length(seconds / 60),
                    label.en(),
                    EN.hours(most)
                ),
            })
    }

    /// Days with visits without a rest before them, where they are a finding.
    fn restless_days(&self, sight: &PeriodSight<'_>) -> Option<u32> {
        let month = sight.period().month;
        let least = self.restless_days_min.max(1);
        if sight.tally().count(Mark::NoRest).marked < least {
            return None;
        }
        let restless = sight.visits(Some(Mark::NoRest)).filter(|(_, bears)| *bears);
        let of_month = restless.filter(|(visit, _)| visit.pay_period == month);
        let (mut days, mut last) = (0, None);
        for (visit, _) in of_month {
            days += u32::from(last != Some(visit.day));
            last = Some(visit.day);
        }
        (least <= days).then_some(days)
    }

    fn without_rest(&self, sight: &PeriodSight<'_>, days: u32) -> Hit<impl Wording> {
        let (month, carer, rest) = (sight.period().month, sight.carer_ref(), i64::from(self.rest_hours_min));
        let most = 24 - rest.min(24);
        Hit::review()
            .observed([Measure::whole("days_without_rest", i64::from(days))])
            .expected([Measure::whole("rest_hours_min", rest)])
            .excluded(&[Explanation::AutoClosed, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Under {} i {} går det mer än {} från första till sista besöket för medarbetaren {carer}, utan {} \
                     sammanhängande vila.",
                    SV.days(days.into()),
                    SV.month(month),
                    SV.hours(most),
                    SV.counted(rest, "timmes", "timmars")
                ),
                en: format!(
                    "On {} in {} more than {} pass from the first visit of carer {carer} to the last, without {} of \
                     rest at a stretch.",
                    EN.days(days.into()),
                    EN.month(month),
                    EN.hours(most),
                    EN.hours(rest)
                ),
            })
    }

    fn of_month(&self, sight: &PeriodSight<'_>) -> Option<LongMonth> {
        let tally = sight.tally();
        let hours = u32::try_from(tally.seconds / 3600).unwrap_or(0);
        // With fewer hours than the long days alone would have there are none.
        if hours < (self.day_hours_max * self.long_days_min).min(self.month_hours_max) {
            return None;
        }
        let long = tally.days().iter().filter(|(_, minutes)| 60 * self.day_hours_max < *minutes).count();
        let days = u32::try_from(long).unwrap_or(u32::MAX);
        let days = if self.long_days_min.max(1) <= days { days } else { 0 };
        let hours = if self.month_hours_max < hours { hours / HOURS_STEP * HOURS_STEP } else { 0 };
        (0 < days || 0 < hours).then_some(LongMonth { days, hours })
    }

    fn long_month(&self, sight: &PeriodSight<'_>, LongMonth { days, hours }: LongMonth) -> Hit<impl Wording> {
        let (month, carer) = (sight.period().month, sight.carer_ref());
        let most = i64::from(self.day_hours_max);
        let mut observed = Vec::new();
        let (mut parts_sv, mut parts_en) = (Vec::new(), Vec::new());
        if 0 < days {
            observed.push(Measure::whole("long_days", i64::from(days)));
            parts_sv.push(format!("mer än {} om dagen under {}", SV.hours(most), SV.days(days.into())));
            parts_en.push(format!("more than {} a day on {}", EN.hours(most), EN.days(days.into())));
        }
        if 0 < hours {
            observed.push(Measure::whole("hours_min", i64::from(hours)));
            parts_sv.push(format!("minst {} sammanlagt", SV.hours(hours.into())));
            parts_en.push(format!("at least {} in all", EN.hours(hours.into())));
        }
        Hit::review()
            .observed(observed)
            .expected([
                Measure::whole("day_hours_max", most),
                Measure::whole("long_days_max", i64::from(self.long_days_min.max(1)) - 1),
                Measure::whole("month_hours_max", i64::from(self.month_hours_max)),
            ])
            .excluded(&[Explanation::WayAndBreaks, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "I {} har medarbetaren {carer} registrerat {}.",
                    SV.month(month),
                    parts_sv.join(" och ")
                ),
                en: format!("In {} carer {carer} registered {}.", EN.month(month), parts_en.join(" and ")),
            })
    }
}
