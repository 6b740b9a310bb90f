//! `batch-logging`: several visits were registered at one go.
//!
//! Why: who presses four log-outs within five minutes was not at four homes while doing so. The times
//! are then from memory, at best.
//!
//! Finds, with a carer's visit, at least `visits_min` visits, itself included and the others begun in
//! the four hours before it, that a device recorded within `window_seconds` of each other, though each
//! of them had ended more than `window_seconds` before; or that all claim to have ended within
//! `window_seconds` of each other. The finding is on the last begun ones of a batch, and names the others.
//!
//! Not a finding: many records that arrive together from a phone without coverage, as it is the
//! device's own time that counts, not that of the server; ends typed in afterwards, which say themselves
//! that they are from memory (`manual-share` counts those); ends closed by the source; registrations of
//! one shared visit, or at one client, which count once; night tours and meals, which are short; calls. Visits that lie further apart than four hours are not seen together.
//!
//! Grade: review.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{CaptureMethod, Class, Explanation, Measure, Sentence, UtcSecond, VisitKind};
use crate::engine::{Definition, Hit, NEIGHBOUR_GAP_SECONDS_MAX, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "batch-logging",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Flera besök registrerades på en gång.",
    summary_en: "Several visits were registered all at once.",
    build: visit_rule::<BatchLogging>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchLogging {
    /// Registered within this of each other is at one go.
    window_seconds: u32,
    /// So many visits are a batch.
    visits_min: u32,
}

impl VisitRule for BatchLogging {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !counts(own) {
            return;
        }
        let window = i64::from(self.window_seconds);
        let recorded =
            |visit: &Visit| Some(visit.recorded_at).filter(|at| window < at.since(visit.span.end()));
        let ended = |visit: &Visit| Some(visit.span.end());
        // Most visits are longer than the window and were recorded as they ended: for the others to
        // have ended with them, they must have been there at the same time.
        let overlaps = || sight.overlapping_at_carer().next().is_some();
        if recorded(own).is_some() {
            self.look(sight, recorded, true, report);
        } else if own.seconds() <= window || overlaps() {
            self.look(sight, ended, false, report);
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        let together = |a: UtcSecond, b: UtcSecond| a.since(b).abs() <= i64::from(self.window_seconds);
        own.carer == later.carer
            && counts(own)
            && counts(later)
            && (together(own.recorded_at, later.recorded_at) || together(own.span.end(), later.span.end()))
    }
}

impl BatchLogging {
    /// Looks for visits begun before with which `time` lies in one window.
    fn look(
        &self,
        sight: &Sight<'_>,
        time: impl Fn(&Visit) -> Option<UtcSecond>,
        recorded: bool,
        report: &mut Report<'_>,
    ) {
        let own = sight.visit();
        let Some(at) = time(own) else { return };
        let window = i64::from(self.window_seconds);
        let key = |visit: &Visit| (visit.span, sight.id(visit.slot));
        let mut batch: Vec<(UtcSecond, &Visit)> = sight
            .starting_near_at_carer(NEIGHBOUR_GAP_SECONDS_MAX)
            .filter(|other| counts(other) && key(other) < key(own))
            .filter_map(|other| Some((time(other)?, other)))
            .filter(|(other, _)| other.since(at).abs() <= window)
            .collect();
        let mut homes: Vec<&Visit> = vec![own];
        batch.retain(|(_, other)| {
            let new = homes.iter().all(|known| !are_one(known, other));
            if new {
                homes.push(other);
            }
            new
        });
        batch.sort_by_key(|(time, other)| (*time, key(other)));
        // The largest run inside one window that this visit belongs to.
        let runs = (0..batch.len()).map(|first| {
            let begin = batch[first].0.min(at);
            let run =
                batch[first..].iter().filter(|(time, _)| time.since(begin).max(at.since(begin)) <= window);
            run.map(|(_, other)| *other).collect::<Vec<_>>()
        });
        let Some(run) = runs.reduce(|best, run| if best.len() < run.len() { run } else { best }) else {
            return;
        };
        if self.visits_min as usize <= run.len() + 1 {
            report.hit(self.hit(sight, &run, recorded));
        }
    }

    fn hit(&self, sight: &Sight<'_>, run: &[&Visit], recorded: bool) -> Hit<impl Wording> {
        let own = sight.visit();
        let visits = run.len() + 1;
        let (label, carer, zone) = (sight.label(), sight.carer_ref(), sight.zone());
        let at = if recorded { own.recorded_at } else { own.span.end() };
        let minutes = self.window_seconds.div_ceil(60);
        let (did_sv, did_en) =
            if recorded { ("registrerades", "were registered") } else { ("avslutades", "were ended") };
        Hit::review()
            .related(run.iter().map(|other| other.slot))
            .observed([
                Measure::whole("visits", visits as i64),
                Measure::text("by", if recorded { "device" } else { "registered_end" }),
            ])
            .expected([
                Measure::whole("visits_max", i64::from(self.visits_min) - 1),
                Measure::whole("window_seconds", i64::from(self.window_seconds)),
            ])
            .excluded(&[
                Explanation::LateArrival,
                Explanation::ManualEnd,
                Explanation::AutoClosed,
                Explanation::SharedVisit,
                Explanation::OneHousehold,
                Explanation::NightTour,
            ])
            .text(move || Sentence {
                sv: format!(
                    "{} av medarbetaren {carer} den {} {did_sv} inom {}, omkring kl. {}. Ett av dem är {}.",
                    SV.counted(visits as i64, "besök", "besök"),
                    label.date_sv(),
                    SV.minutes(minutes.into()),
                    SV.clock(zone, at),
                    label.sv()
                ),
                en: format!(
                    "{} by carer {carer} on {} {did_en} within {}, at about {}. One of them is {}.",
                    EN.counted(visits as i64, "visit", "visits"),
                    label.date_en(),
                    EN.minutes(minutes.into()),
                    EN.clock(zone, at),
                    label.en()
                ),
            })
    }
}

fn counts(visit: &Visit) -> bool {
    visit.is_at_home()
        && !visit.end_method.is_manual()
        && visit.end_method != CaptureMethod::AutoClosed
        && !matches!(visit.kind, VisitKind::NightTour | VisitKind::MealDelivery | VisitKind::Alarm)
}

/// Is it one visit, or one client?
fn are_one(a: &Visit, b: &Visit) -> bool {
    a.client == b.client || (a.shared_visit.is_some() && a.shared_visit == b.shared_visit)
}
