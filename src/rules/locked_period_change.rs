//! `locked-period-change`: a visit of a locked pay period came or was changed after the lock.
//!
//! Why: what is locked has been checked and will be paid. Who changes it afterwards goes round the check.
//!
//! Finds billed visits of which a time was changed by hand after their pay period was locked
//! (`locks_at` of its calendar), and visits that their source sent as new or as amended after it,
//! unless the record says that the changes were made before. More than `slack_seconds` after it.
//!
//! Not a finding: an approval, or one that was taken back, whenever it was sent; a record that was
//! sent again; a cancellation, which takes nothing from the municipality. An ordered correction is
//! accepted by an `exception` fact.
//!
//! Grade: review, of the added seconds; of the whole visit where it is new. Observe where the changes
//! added less than `added_seconds_review_min`: most such changes are ordered corrections. Undetermined where the dates
//! of the pay period are not known and the change came more than a month after its end; until then
//! it can hardly have been locked.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, EventType, Explanation, Grade, Measure, MissingFact, Sentence, Span, UtcSecond};
use crate::engine::{Definition, Edited, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "locked-period-change",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Ett besök i en låst månad kom in eller ändrades efter spärrdatum.",
    summary_en: "A visit of a locked month came in or was changed after the lock date.",
    build: visit_rule::<LockedPeriodChange>,
};

/// No month is over sooner than this after it began.
const MONTH_SECONDS_MIN: i64 = 28 * 86_400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedPeriodChange {
    /// So long after the lock records may still be on their way.
    slack_seconds: u32,
    /// Changes that add less than this are corrections.
    added_seconds_review_min: u32,
}

/// What came after the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Late {
    New,
    Changed,
}

impl VisitRule for LockedPeriodChange {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() || !own.billable {
            return;
        }
        let Some(dates) = sight.pay_dates() else {
            let latest = latest(own).filter(|at| MONTH_SECONDS_MIN < at.since(own.span.end()));
            let over = || sight.zone().instant(own.pay_period.next().next(), 1, 0);
            if latest.is_some_and(|at| over() <= at) {
                report.undetermined(MissingFact::Calendar);
            }
            return;
        };
        let locked = dates.locks_at.plus(i64::from(self.slack_seconds));
        if let Some((late, at)) = after(own, locked) {
            report.hit(self.hit(sight, late, at, dates.locks_at));
        }
    }
}

const fn changes_a_time(edit: &Edited) -> bool {
    edit.end.is_some()
}

/// When anything about it was last new or changed.
fn latest(visit: &Visit) -> Option<UtcSecond> {
    let edited = visit.edits().iter().filter(|edit| changes_a_time(edit)).map(|edit| edit.at).max();
    edited.max(visit.emitted_at().filter(|_| !is_approval(visit)))
}

const fn is_approval(visit: &Visit) -> bool {
    matches!(visit.event, EventType::Approved | EventType::ApprovalWithdrawn)
}

/// What came after `locked`, and when.
fn after(visit: &Visit, locked: UtcSecond) -> Option<(Late, UtcSecond)> {
    let edited = visit.edits().iter().filter(|edit| changes_a_time(edit)).map(|edit| edit.at).max();
    if let Some(at) = edited.filter(|at| locked < *at) {
        return Some((Late::Changed, at));
    }
    let sent_at = visit.emitted_at().filter(|at| locked < *at)?;
    match visit.event {
        EventType::Amended if edited.is_none() => Some((Late::Changed, sent_at)),
        EventType::Started | EventType::Ended | EventType::Recorded => Some((Late::New, sent_at)),
        _ => None,
    }
}

impl LockedPeriodChange {
    fn hit(&self, sight: &Sight<'_>, late: Late, at: UtcSecond, locks_at: UtcSecond) -> Hit<impl Wording> {
        let own = sight.visit();
        let zone = sight.zone();
        let after_the_lock = |edit: &Edited| locks_at < edit.at;
        let added = own.added_by(after_the_lock);
        let small = added.map_or(0, Span::seconds) < i64::from(self.added_seconds_review_min);
        let corrects = late == Late::Changed && small && own.edits().iter().any(after_the_lock);
        Hit::new(if corrects { Grade::Observe } else { Grade::Review })
            .disputed(if late == Late::New { Some(own.span) } else { added })
            .observed([
                Measure::text("changed_on", zone.date(at)),
                Measure::text("change", if late == Late::New { "new" } else { "amended" }),
                Measure::whole("added_seconds", added.map_or(0, Span::seconds)),
            ])
            .expected([Measure::text("changed_on_max", zone.date(locks_at))])
            .excluded(&[
                Explanation::Approval,
                Explanation::Repeat,
                Explanation::NotBilled,
                Explanation::DeclinedVisit,
            ])
            .text(move || sentence(sight, late, at, locks_at))
    }
}

fn sentence(sight: &Sight<'_>, late: Late, at: UtcSecond, locks_at: UtcSecond) -> Sentence {
    let (zone, label, month) = (sight.zone(), sight.label(), sight.visit().pay_period);
    let (what_sv, what_en) = match late {
        Late::New => ("kom in", "came in"),
        Late::Changed => ("ändrades", "was changed"),
    };
    let (visit_sv, visit_en) = (label.dated_sv(), label.dated_en());
    let (month_sv, month_en) = (SV.month_at_start(month), EN.month(month));
    let (at_sv, at_en) = (SV.date(zone, at), EN.date(zone, at));
    if zone.day(at) == zone.day(locks_at) {
        let [at_clock_sv, lock_clock_sv] = [at, locks_at].map(|at| SV.clock(zone, at));
        let [at_clock_en, lock_clock_en] = [at, locks_at].map(|at| EN.clock(zone, at));
        return Sentence {
            sv: format!(
                "Besöket {visit_sv} {what_sv} den {at_sv} kl. {at_clock_sv}. {month_sv} låstes för ändringar samma \
                 dag kl. {lock_clock_sv}."
            ),
            en: format!(
                "Visit {visit_en} {what_en} on {at_en} at {at_clock_en}. {month_en} was locked for changes on the \
                 same day at {lock_clock_en}."
            ),
        };
    }
    Sentence {
        sv: format!(
            "Besöket {visit_sv} {what_sv} den {at_sv}. {month_sv} låstes för ändringar den {}.",
            SV.date(zone, locks_at)
        ),
        en: format!(
            "Visit {visit_en} {what_en} on {at_en}. {month_en} was locked for changes on {}.",
            EN.date(zone, locks_at)
        ),
    }
}
