//! When the log would have taken each line of a file.
//!
//! A broker stamps what it takes with its own clock. Files have no such clock: it is put together from the times that
//! the lines themselves name, and one wrong year among them must not carry all that follows with it. So the clock
//! moves to the time of a line only where the lines after it confirm that time: at least half of the next
//! [`AFTER_MAX`] lines name one that lies no more than a day before it. It therefore never runs more than a day ahead
//! of most of what follows, whatever single lines say, and it needs no more than those lines to know. A line that is
//! not confirmed is judged by the current clock.
//!
//! Near the end of the input few lines are left to confirm anything, and there a leap is taken on trust up to
//! [`LEAP_SECONDS_MAX`]; a longer one needs a line for each month of it.

use crate::domain::UtcSecond;

/// Lines after a line that its time is held against.
pub(super) const AFTER_MAX: usize = 128;
/// Lines come in an order of their own within so much.
const DISORDER_SECONDS: i64 = 86_400;
/// Far enough for the gaps of a small file, too short for a wrong year.
const LEAP_SECONDS_MAX: i64 = 300 * 86_400;
const MONTH_SECONDS: i64 = 30 * 86_400;

/// The times that a line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// When it was sent, else when the visit ended or began.
    pub(super) sent: UtcSecond,
    /// When the visit ended, else when it began.
    pub(super) end: UtcSecond,
}

/// The clock; never goes back.
#[derive(Debug, Default)]
pub(super) struct Clock {
    now: Option<UtcSecond>,
}

impl Clock {
    /// Where it stands after a line that names `own`; `after` are the lines after it, at most [`AFTER_MAX`]. False
    /// where the time of the line was not confirmed.
    pub(super) fn take(&mut self, own: Option<Named>, after: &[Option<Named>]) -> (UtcSecond, bool) {
        let Some(own) = own else { return (self.now.unwrap_or(UtcSecond(i64::MIN)), true) };
        let mut candidates = [own.sent, own.end].into_iter();
        let confirmed = candidates.position(|at| self.now >= Some(at) || self.is_confirmed(at, after));
        let now = match confirmed {
            Some(which) => Some([own.sent, own.end][which]).max(self.now),
            // The first lines: nothing earlier is known than what is named from here on.
            None if self.now.is_none() => {
                after.iter().flatten().map(|named| named.sent).chain([own.sent]).min()
            }
            None => self.now,
        };
        self.now = now;
        (now.unwrap_or(own.sent), confirmed == Some(0))
    }

    fn is_confirmed(&self, at: UtcSecond, after: &[Option<Named>]) -> bool {
        let needed = self.now.map_or(0, |now| match at.since(now) {
            leap if leap <= LEAP_SECONDS_MAX => 0,
            leap => usize::try_from(leap / MONTH_SECONDS).unwrap_or(usize::MAX).min(AFTER_MAX / 2),
        });
        let earliest = at.plus(-DISORDER_SECONDS);
        let (mut agreeing, mut others) = (0, 0);
        for named in after.iter().flatten() {
            if earliest <= named.sent {
                agreeing += 1;
                if needed <= agreeing && after.len() <= 2 * agreeing {
                    return true;
                }
            } else {
                others += 1;
            }
        }
        needed <= agreeing && others <= agreeing
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;
    /// 2026-03-02.
    const MONDAY: i64 = 1_772_409_600;
    const YEAR: i64 = 365 * DAY;

    fn at(sent: i64) -> Option<Named> {
        Some(Named { sent: UtcSecond(sent), end: UtcSecond(sent) })
    }

    /// The clock after each line, and the lines that leap.
    fn run(lines: &[Option<Named>]) -> (Vec<i64>, Vec<usize>) {
        let mut clock = Clock::default();
        let mut leaping = Vec::new();
        let clocks = (0..lines.len()).map(|number| {
            let after = &lines[number + 1..lines.len().min(number + 1 + AFTER_MAX)];
            let (now, confirmed) = clock.take(lines[number], after);
            if !confirmed {
                leaping.push(number);
            }
            now.0
        });
        (clocks.collect(), leaping)
    }

    #[test]
    fn ordinary_lines_move_the_clock_and_it_never_goes_back() {
        let lines = [0, 60, 30, 3_600, 40 * DAY, 41 * DAY, 41 * DAY - 60].map(|after| at(MONDAY + after));
        let expected = [0, 60, 60, 3_600, 40 * DAY, 41 * DAY, 41 * DAY].map(|after| MONDAY + after).to_vec();
        assert_eq!(run(&lines), (expected, vec![]));
    }

    #[test]
    fn one_wrong_year_moves_nothing_wherever_it_stands() {
        let good: Vec<_> = (0..40).map(|hour| at(MONDAY + hour * 7_200)).collect();
        let (clocks, leaping) = run(&good);
        assert!(leaping.is_empty());
        for wrong in [YEAR, 36 * YEAR, 100 * YEAR] {
            for place in 0..=good.len() {
                let mut lines = good.clone();
                lines.insert(place, at(MONDAY + wrong));
                let (mut found, leaping) = run(&lines);
                found.remove(place);
                assert_eq!((found, leaping), (clocks.clone(), vec![place]));
            }
        }
    }

    #[test]
    fn several_wrong_years_move_nothing() {
        let good: Vec<_> = (0..300).map(|hour| at(MONDAY + hour * 3_600)).collect();
        let mut lines = good.clone();
        for place in [300, 299, 200, 199, 198, 120, 3, 0, 0] {
            lines.insert(place, at(MONDAY + 36 * YEAR + place as i64 * 60));
        }
        let (found, leaping) = run(&lines);
        assert_eq!(leaping.len(), 9);
        assert!(found.iter().all(|now| (MONDAY..=MONDAY + 300 * 3_600).contains(now)));
    }

    #[test]
    fn a_wrong_time_of_sending_is_passed_over_for_the_end_of_the_visit() {
        let end = UtcSecond(MONDAY + 1_800);
        let wrong = Some(Named { sent: UtcSecond(MONDAY + 36 * YEAR), end });
        for lines in [
            vec![wrong, at(MONDAY + 9_000)],
            vec![at(MONDAY), wrong, at(MONDAY + 9_000)],
            vec![at(MONDAY), wrong],
        ] {
            let (clocks, leaping) = run(&lines);
            let place = leaping[0];
            assert_eq!((leaping.len(), clocks[place]), (1, end.0));
        }
    }

    #[test]
    fn a_gap_that_the_lines_after_it_confirm_is_no_leap() {
        let gap = |years: i64, lines: i64| -> Vec<_> {
            let before = (0..5).map(|hour| at(MONDAY + hour * 3_600));
            before.chain((0..lines).map(|hour| at(MONDAY + years * YEAR + hour * 3_600))).collect()
        };
        assert_eq!(run(&gap(2, 40)).1, [0; 0]);
        // Three lines at the end could as well be three wrong years.
        assert_eq!(run(&gap(2, 3)).1, [5, 6, 7]);
        // Two visits that lie apart, and nothing else.
        assert_eq!(run(&[at(MONDAY), at(MONDAY + 299 * DAY)]).1, [0; 0]);
        assert_eq!(run(&[at(MONDAY), at(MONDAY + 301 * DAY)]).1, [1]);
    }

    #[test]
    fn lines_that_name_no_time_move_nothing_and_confirm_nothing() {
        let lines = [None, at(MONDAY), None, at(MONDAY + 36 * YEAR), None, None, at(MONDAY + 60)];
        let (clocks, leaping) = run(&lines);
        assert_eq!(clocks, [i64::MIN, MONDAY, MONDAY, MONDAY, MONDAY, MONDAY, MONDAY + 60]);
        assert_eq!(leaping, [3]);
    }

    proptest! {
        /// Whatever fewer than half of the lines say, the clock is never more than a day ahead of the others.
        #[test]
        fn the_clock_never_runs_away(
            wrong in prop::collection::vec((any::<prop::sample::Index>(), 0..4_000_000_000_i64), 0..30),
            steps in prop::collection::vec(0..20_000_i64, 150..400),
        ) {
            let mut times: Vec<i64> = steps.iter().scan(MONDAY, |now, step| { *now += step; Some(*now) }).collect();
            let good = times.clone();
            for (place, ahead) in wrong {
                let place = place.index(times.len());
                times[place] = good[place] + ahead;
            }
            let lines: Vec<_> = times.iter().map(|time| at(*time)).collect();
            let (clocks, _) = run(&lines);
            prop_assert!(clocks.is_sorted());
            // Behind this, fewer lines follow than are needed.
            for (place, now) in clocks.iter().enumerate().take(good.len() - AFTER_MAX) {
                prop_assert!(*now <= good[(place + AFTER_MAX).min(good.len() - 1)] + DISORDER_SECONDS);
            }
        }
    }
}
