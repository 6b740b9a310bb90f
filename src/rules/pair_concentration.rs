//! `pair-concentration`: one carer makes most of a client's visits, or nearly all the unplanned ones.
//!
//! Why: a client with several visits a day usually meets some fifteen carers in two weeks. Where one
//! carer does nearly all, with long hours, evenings and weekends too, a relative may be employed
//! without the municipality knowing; and visits that nobody planned, by one carer alone, may not have been.
//!
//! Finds, per carer and client in a pay period:
//! * at least `share_min` of the client's visits, of which there are at least `visits_min` (two a
//!   day), by this carer, with at least `minutes_min` minutes and `off_hours_share_min` of them on
//!   evenings, nights and weekends: observe. From `share_review_min` on: review, for nobody works on so
//!   many days of a month;
//! * nearly a third of the client's visits or more, on `days_in_a_row_min` days in a row, on each of them over
//!   `long_day_hours` from the first visit to the last: review, for nobody works mornings and evenings without
//!   a day off. In a team of few the same carer may come every morning for weeks;
//! * at least `one_client_share_min` of the carer's own visits, and nearly a third of the client's or more, with
//!   `one_client_visits_a_day_min` a day on the average, on `one_client_days_min` days in a row: review. Who is
//!   employed as a carer has several clients, and days off;
//! * at least `unplanned_min` unplanned visits by this carer and at least half of the client's, where so
//!   many are likely by at most `p_review_max`, had the carer the same part in them as in the planned ones:
//!   review. The part is uncertain as if known from six visits (beta-binomial distribution); of more than
//!   forty terms of its tail only forty are summed, for a smaller sample of the same share.
//!
//! Not a finding: clients with few visits; a carer who makes as large a part of the planned visits: that is
//! continuity, which is a goal. A relative whose employment was declared is an `exception` fact.

use serde::Deserialize;

use super::period_rule;
use super::shares::{decades, p_value};
use crate::domain::wording::{EN, SV, per_cent};
use crate::domain::{Class, Day, Explanation, Grade, Measure, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, Mark, PAIR_SHARE_MIN, PeriodReport, PeriodRule, PeriodSight, Share, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "pair-concentration",
    version: 4,
    class: Class::Pattern,
    summary_sv: "En och samma medarbetare gör de flesta av en brukares besök.",
    summary_en: "One carer makes most of a client's visits.",
    build: period_rule::<PairConcentration>,
};

/// As from so many visits the carer's part is known.
const STRENGTH: f64 = 6.0;
/// No more terms of the tail are summed.
const TERMS_MAX: u32 = 40;
/// A part of nothing or of all is not believed.
const PART_MIN: f64 = 0.02;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PairConcentration {
    /// A client with fewer visits in a pay period needs no more than one carer.
    visits_min: u32,
    /// The part of them by one carer that is noted, 0 to 1.
    share_min: f64,
    /// The part that is more days than one carer works, 0 to 1.
    share_review_min: f64,
    /// So many days in a row are more than one carer works too.
    days_in_a_row_min: u32,
    /// If each of them reaches over so many hours, from the first visit to the last: more than a shift.
    long_day_hours: u16,
    /// A carer of whose visits so large a part is at one client has nobody else, 0 to 1.
    one_client_share_min: f64,
    /// So many days in a row are more than such a carer works, however short they are.
    one_client_days_min: u32,
    /// With fewer visits a day the carer may be all that a night or a small place has.
    one_client_visits_a_day_min: f64,
    /// With fewer minutes in the pay period it is not.
    minutes_min: u32,
    /// Nor with a smaller part on evenings, nights and weekends, 0 to 1.
    off_hours_share_min: f64,
    /// Fewer unplanned visits by one carer say nothing.
    unplanned_min: u32,
    /// At most so likely by chance.
    p_review_max: f64,
}

/// How concentrated a pair's visits are, all of them.
#[derive(Clone, Copy, Default, Hash, PartialEq)]
enum Concentration {
    #[default]
    Little,
    /// A large part of the client's visits.
    Most,
    /// The carer's only client, day after day.
    OneClient,
    /// No day off, early and late.
    InARow,
    /// More days than one carer works.
    TooMany,
}

/// How concentrated a pair's visits are, rounded down.
#[derive(Clone, Copy, Default, Hash, PartialEq)]
struct PairPattern {
    of_all: Concentration,
    /// Per cent of the client's visits, by fives.
    per_cent: u32,
    /// Unplanned visits, rounded down to tens, but not below the least for a finding; 0 where they are none.
    unplanned: u32,
    decades: u8,
}

impl PeriodRule for PairConcentration {
    type Answer = PairPattern;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::PairPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.pattern(sight).into()
    }

    fn report(&self, pattern: &PairPattern, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        if 0 < pattern.decades {
            report.hit_marked(Mark::Unplanned, unplanned(pattern, sight));
            return;
        }
        match pattern.of_all {
            Concentration::Little => {}
            Concentration::Most | Concentration::TooMany => report.hit_all(self.most(pattern, sight)),
            Concentration::InARow => report.hit_all(self.in_a_row(pattern, sight)),
            Concentration::OneClient => report.hit_all(self.one_client(sight)),
        }
    }
}

impl PairConcentration {
    fn pattern(&self, sight: &PeriodSight<'_>) -> Option<PairPattern> {
        let own = sight.pair()?;
        let tally = sight.tally();
        let of_all = self.of_all(sight, own);
        let mut pattern = PairPattern { of_all, ..PairPattern::default() };
        if !matches!(of_all, Concentration::Little | Concentration::OneClient) {
            pattern.per_cent = own.visits * 20 / tally.visits * 5;
        }
        if self.visits_min <= tally.visits && self.unplanned_min.max(1) <= own.unplanned {
            let unplanned: u32 = tally.shares().iter().map(|share| share.unplanned).sum();
            let p_value = if unplanned <= 2 * own.unplanned {
                unplanned_p_value(own, unplanned, tally.visits)
            } else {
                1.0
            };
            if p_value <= self.p_review_max {
                // A p-value of one still makes a finding of the visits.
                pattern.decades = decades(p_value).max(1);
                pattern.unplanned = (own.unplanned / 10 * 10).max(self.unplanned_min);
            }
        }
        (pattern != PairPattern::default()).then_some(pattern)
    }

    fn of_all(&self, sight: &PeriodSight<'_>, own: Share) -> Concentration {
        let visits = sight.tally().visits;
        let part = f64::from(own.visits) / f64::from(visits);
        let off_hours = f64::from(own.off_hours) / f64::from(own.visits);
        let enough = self.visits_min <= visits;
        let most = enough
            && self.share_min <= part
            && self.minutes_min <= own.minutes
            && self.off_hours_share_min <= off_hours;
        let in_a_row = || {
            enough
                && self.days_in_a_row_min <= own.visits
                && self.days_in_a_row_min <= most_days_in_a_row(sight, i64::from(self.long_day_hours) * 3600)
        };
        if most && self.share_review_min <= part {
            Concentration::TooMany
        } else if PAIR_SHARE_MIN <= part && in_a_row() {
            Concentration::InARow
        } else if PAIR_SHARE_MIN <= part && self.has_one_client(sight, own) {
            Concentration::OneClient
        } else if most {
            Concentration::Most
        } else {
            Concentration::Little
        }
    }

    /// Does the carer hardly go to anybody else, and to this client day after day?
    fn has_one_client(&self, sight: &PeriodSight<'_>, own: Share) -> bool {
        let month = sight.period().month;
        let of_all = self.one_client_share_min * f64::from(sight.carer_visits().unwrap_or(0));
        if own.visits < self.one_client_days_min || f64::from(own.visits) < of_all {
            return false;
        }
        let visits = sight.visits(None).map(|(visit, _)| visit);
        let mut days: Vec<Day> =
            visits.filter(|visit| visit.pay_period == month).map(|visit| visit.day).collect();
        days.dedup();
        self.one_client_visits_a_day_min * days.len() as f64 <= f64::from(own.visits)
            && self.one_client_days_min <= most_days_in_a_row(sight, 0)
    }

    fn one_client(&self, sight: &PeriodSight<'_>) -> Hit<impl Wording> {
        let (month, carer, client) = (sight.period().month, sight.carer_ref(), sight.client_ref());
        let per_cent = per_cent(self.one_client_share_min);
        let days = self.one_client_days_min;
        Hit::review()
            .observed([
                Measure::real("one_client_share_min", self.one_client_share_min),
                Measure::whole("days_in_a_row_min", i64::from(days)),
            ])
            .expected([Measure::whole("days_in_a_row_max", i64::from(days) - 1)])
            .excluded(&[
                Explanation::FewVisits,
                Explanation::SeveralClients,
                Explanation::OneVisitADay,
                Explanation::DayOff,
            ])
            .text(move || Sentence {
                sv: format!(
                    "Minst {} procent av alla besök av medarbetaren {carer} i {} är hos en och samma brukare, \
                     {client}, minst {} i följd.",
                    SV.decimal(per_cent),
                    SV.month(month),
                    SV.days(days.into())
                ),
                en: format!(
                    "At least {} per cent of all visits by carer {carer} in {} are to one client, {client}, on at \
                     least {} in a row.",
                    EN.decimal(per_cent),
                    EN.month(month),
                    EN.days(days.into())
                ),
            })
    }

    fn most(&self, pattern: &PairPattern, sight: &PeriodSight<'_>) -> Hit<impl Wording> {
        let (month, carer, client) = (sight.period().month, sight.carer_ref(), sight.client_ref());
        let (per_cent, minutes) = (pattern.per_cent, self.minutes_min);
        let too_many = pattern.of_all == Concentration::TooMany;
        let (days_sv, days_en) = match too_many {
            true => (
                " Andelen är större än vad arbetsdagarna i en heltidstjänst brukar räcka till.",
                " The share is larger than the working days of a full-time job usually allow.",
            ),
            false => ("", ""),
        };
        Hit::new(if too_many { Grade::Review } else { Grade::Observe })
            .observed([Measure::real("visits_share_min", f64::from(per_cent) / 100.0)])
            .expected([Measure::real("visits_share_max", self.share_min)])
            .excluded(&[Explanation::FewVisits, Explanation::FewMinutes, Explanation::OfficeHoursOnly])
            .text(move || Sentence {
                sv: format!(
                    "Medarbetaren {carer} gör {} besöken hos brukaren {client} i {}, sammanlagt minst {}, även på \
                     kvällar och helger.{days_sv}",
                    SV.at_least_per_cent_of(per_cent),
                    SV.month(month),
                    SV.length(minutes.into())
                ),
                en: format!(
                    "Carer {carer} makes {} the visits to client {client} in {}, at least {} in all, on evenings and \
                     at weekends too.{days_en}",
                    EN.at_least_per_cent_of(per_cent),
                    EN.month(month),
                    EN.length(minutes.into())
                ),
            })
    }

    fn in_a_row(&self, pattern: &PairPattern, sight: &PeriodSight<'_>) -> Hit<impl Wording> {
        let (month, carer, client) = (sight.period().month, sight.carer_ref(), sight.client_ref());
        let (per_cent, days) = (pattern.per_cent, self.days_in_a_row_min);
        Hit::review()
            .observed([
                Measure::real("visits_share_min", f64::from(per_cent) / 100.0),
                Measure::whole("days_in_a_row_min", i64::from(days)),
            ])
            .expected([Measure::whole("days_in_a_row_max", i64::from(days) - 1)])
            .excluded(&[Explanation::FewVisits, Explanation::OneShiftADay])
            .text(move || Sentence {
                sv: format!(
                    "Medarbetaren {carer} gör {} besöken hos brukaren {client} i {}, minst {} i följd och både \
                     tidigt och sent.",
                    SV.at_least_per_cent_of(per_cent),
                    SV.month(month),
                    SV.days(days.into())
                ),
                en: format!(
                    "Carer {carer} makes {} the visits to client {client} in {}, on at least {} in a row, early and \
                     late.",
                    EN.at_least_per_cent_of(per_cent),
                    EN.month(month),
                    EN.days(days.into())
                ),
            })
    }
}

fn unplanned(pattern: &PairPattern, sight: &PeriodSight<'_>) -> Hit<impl Wording> {
    let (month, carer, client) = (sight.period().month, sight.carer_ref(), sight.client_ref());
    let visits = pattern.unplanned;
    Hit::review()
        .p_value(p_value(pattern.decades))
        .observed([Measure::whole("unplanned_visits_min", i64::from(visits))])
        .excluded(&[Explanation::SamePartOfPlannedVisits, Explanation::FewVisits])
        .text(move || Sentence {
            sv: format!(
                "Medarbetaren {carer} gör de flesta av de oplanerade besöken hos brukaren {client} i {} (minst {}), \
                 men en mycket mindre del av de planerade.",
                SV.month(month),
                SV.number(visits.into())
            ),
            en: format!(
                "Carer {carer} makes most of the unplanned visits to client {client} in {} (at least {}), but a far \
                 smaller part of the planned ones.",
                EN.month(month),
                EN.number(visits.into())
            ),
        })
}

/// On how many days in a row the pair has met over so many seconds or more, from the first visit's start to
/// the last one's end: of rows of which any day is paid in this pay period.
fn most_days_in_a_row(sight: &PeriodSight<'_>, day_seconds: i64) -> u32 {
    let month = sight.period().month;
    let (mut most, mut row, mut touches, mut last) = (0, 0, false, None::<Day>);
    let mut began = None;
    for (visit, _) in sight.visits_around(None) {
        let (day, first) =
            began.filter(|(day, _)| *day == visit.day).unwrap_or((visit.day, visit.span.start()));
        began = Some((day, first));
        if last == Some(day) || visit.span.end().since(first) < day_seconds {
            continue;
        }
        let follows = last.is_some_and(|last| day.0 == last.0 + 1);
        row = if follows { row + 1 } else { 1 };
        last = Some(day);
        touches = follows && touches || visit.pay_period == month;
        if touches {
            most = most.max(row);
        }
    }
    most
}

/// How likely so many of the client's `unplanned` visits are by this carer, by the part in the planned.
fn unplanned_p_value(own: Share, unplanned: u32, visits: u32) -> f64 {
    let (own_planned, planned) = (own.visits - own.unplanned, visits - unplanned);
    let part = (f64::from(own_planned) + 0.5) / (f64::from(planned) + 1.0);
    let (mut of, mut seen) = (unplanned, own.unplanned);
    if TERMS_MAX < of {
        seen = (u64::from(seen) * u64::from(TERMS_MAX) / u64::from(of)) as u32;
        of = TERMS_MAX;
    }
    upper_tail(seen, of, part.clamp(PART_MIN, 1.0 - PART_MIN))
}

/// Of `of` trials at least `seen` come true, where each does so by a chance that is beta distributed
/// about `mean` with [`STRENGTH`] (N. L. Johnson, A. W. Kemp and S. Kotz, "Univariate Discrete
/// Distributions", 2005, section 6.2.2).
fn upper_tail(seen: u32, of: u32, mean: f64) -> f64 {
    let (a, b) = (STRENGTH * mean, STRENGTH * (1.0 - mean));
    // All of them; from there each term down by its ratio to the one above.
    let mut term: f64 = (0..of).map(|i| (a + f64::from(i)) / (STRENGTH + f64::from(i))).product();
    let mut sum = term;
    for at in (seen..of).rev() {
        let (at, of) = (f64::from(at), f64::from(of));
        term *= (at + 1.0) * (b + of - at - 1.0) / ((of - at) * (a + at));
        sum += term;
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_that_of_the_distribution() {
        // With equal parameters 3 and 3: the mass of 4 of 4 is B(7, 3) / B(3, 3) = 5/42.
        assert!((upper_tail(4, 4, 0.5) - 5.0 / 42.0).abs() < 1e-12);
        assert!((upper_tail(0, 30, 0.1) - 1.0).abs() < 1e-9);
        // Symmetric: as likely to be all as to be none.
        assert!((upper_tail(12, 12, 0.3) - (1.0 - upper_tail(1, 12, 0.7))).abs() < 1e-9);
        assert!(upper_tail(20, 20, 0.05) < 1e-5);
        assert!(upper_tail(20, 20, 0.6) > 1e-3);
    }
}
