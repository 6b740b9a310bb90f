//! `unusual-lag`: a registration reached the server long after the visit.
//!
//! Why: what comes days later can have been thought up in between, and nobody could look at the door
//! while it lasted. Mostly it is a phone without coverage.
//!
//! The time from a visit's end to its arrival, on a scale of `scale_seconds`, is a signal about every
//! visit carried out, and is held against how long that usually takes in this municipality. Visits that
//! took longer than `late_seconds` are marked, so that they count over a pay period. Noted where it
//! took more than `seconds_observe_min`.
//!
//! Not a finding: ends typed in afterwards (`manual-share` counts those), declined visits.
//!
//! Grade: observe. Undetermined where the source does not say when it got the record.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Measure, MissingFact, Sentence};
use crate::engine::{Definition, Hit, Mark, Report, Sight, Signal, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "unusual-lag",
    version: 1,
    class: Class::Deviation,
    summary_sv: "En registrering nådde servern långt efter besöket.",
    summary_en: "A registration reached the server long after the visit.",
    build: visit_rule::<UnusualLag>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnusualLag {
    /// So long is nothing special.
    scale_seconds: u32,
    /// Longer than this counts as late.
    late_seconds: u32,
    /// Longer than this is noted.
    seconds_observe_min: u32,
}

impl VisitRule for UnusualLag {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() || own.end_method.is_manual() {
            return;
        }
        let Some(lag) = own.sync_delay_seconds() else { return report.undetermined(MissingFact::SyncedAt) };
        report.mark(Mark::Late, i64::from(self.late_seconds) < lag);
        report.signal(Signal::Lag, (1.0 + lag as f64 / f64::from(self.scale_seconds.max(1))).recip());
        if i64::from(self.seconds_observe_min) < lag {
            report.hit(self.hit(sight, lag));
        }
    }
}

impl UnusualLag {
    fn hit(&self, sight: &Sight<'_>, lag: i64) -> Hit<impl Wording> {
        let label = sight.label();
        let hours = (lag + 1800) / 3600;
        Hit::observe()
            .observed([Measure::whole("lag_seconds", lag)])
            .expected([Measure::whole("lag_seconds_max", i64::from(self.seconds_observe_min))])
            .excluded(&[Explanation::ManualEnd, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Registreringen av besöket {} kom in {} efter att besöket slutade.",
                    label.dated_sv(),
                    SV.hours(hours)
                ),
                en: format!(
                    "The registration of visit {} came in {} after the visit ended.",
                    label.dated_en(),
                    EN.hours(hours)
                ),
            })
    }
}
