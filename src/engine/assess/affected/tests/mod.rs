//! One test per row of the table. Each changes the state behind the engine's back, shows by the rules that something
//! is out of date then, and that the row names it: without the row it would be overlooked.

mod periods;
mod visits;

use std::sync::Arc;

use super::*;
use crate::domain::{
    Action, Capture, CaptureMethod, Class, DecisionOutcome, EventType, Fact, FactBody, FactChange, Measure,
    Registration, Sentence, Span, UtcSecond, Validity, Zone,
};
use crate::engine::model::claim::tests::registration;
use crate::engine::model::mark::Mark;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::settings::{Bounds, HoldTarget, Settings};
use crate::engine::rule::hit::Hit;
use crate::engine::rule::interface::{Answered, Definition, Parts, PeriodRule, RegisteredRule, VisitRule};
use crate::engine::rule::period_sight::PeriodSight;
use crate::engine::rule::report::{PeriodReport, Report};
use crate::engine::state::ledger::Version;
use crate::engine::state::municipality::BaselineChange;
use crate::engine::state::rates::RateSource;
use crate::engine::totals::count::Change;
use hashbrown::HashSet;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// 2026-03-02, a Monday.
const MONDAY: UtcSecond = UtcSecond(1_772_409_600);

/// A visit rule made of two functions.
struct VisitStub {
    visit: fn(&Sight<'_>, &mut Report<'_>),
    depends_on: fn(&Sight<'_>, &Visit) -> bool,
    long_day_minutes: Option<u32>,
}

impl VisitRule for VisitStub {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        if !sight.visit().open {
            (self.visit)(sight, report);
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        (self.depends_on)(sight, later)
    }

    fn long_day_minutes(&self) -> Option<u32> {
        self.long_day_minutes
    }

    fn reads_devices(&self) -> bool {
        true
    }
}

/// A period rule made of one function, whose answer is also a p-value in thousandths.
struct PeriodStub(fn(&PeriodSight<'_>) -> Option<u32>);

impl PeriodRule for PeriodStub {
    type Answer = u32;

    fn subjects(&self) -> &'static [SubjectKind] {
        &PeriodSubject::KINDS
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<u32> {
        Answered::from((self.0)(sight))
    }

    fn report(&self, answer: &u32, _: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(Hit::review().p_value(f64::from(*answer) / 1000.0).text(sentence));
    }

    fn depends_on_next_period(&self) -> Option<Mark> {
        Some(Mark::OF_CLIENTS)
    }
}

static STUB: Definition = Definition {
    id: "stub",
    version: 1,
    class: Class::Contradiction,
    summary_sv: "",
    summary_en: "",
    build: |_| Ok(Parts { visit: None, period: None }),
};

fn sentence() -> Sentence {
    Sentence { sv: String::new(), en: String::new() }
}

fn by_visit(visit: fn(&Sight<'_>, &mut Report<'_>)) -> Parts {
    by_visit_and_later(visit, |_, _| false)
}

fn by_visit_and_later(
    visit: fn(&Sight<'_>, &mut Report<'_>),
    depends_on: fn(&Sight<'_>, &Visit) -> bool,
) -> Parts {
    let stub = VisitStub { visit, depends_on, long_day_minutes: None };
    Parts { visit: Some(Arc::new(stub)), period: None }
}

fn by_period(answer: fn(&PeriodSight<'_>) -> Option<u32>) -> Parts {
    let marks = by_visit(|_, report| report.mark(Mark::OF_CLIENTS, true));
    Parts { period: Some(Arc::new(PeriodStub(answer))), ..marks }
}

/// A registration from `hours` after Monday's midnight, of half an hour.
#[derive(Clone)]
struct Draft {
    id: &'static str,
    carer: &'static str,
    client: &'static str,
    provider: &'static str,
    hours: i64,
    device: Option<&'static str>,
    tag: Option<&'static str>,
    partner: Option<&'static str>,
}

fn draft(id: &'static str, carer: &'static str, client: &'static str, hours: i64) -> Draft {
    Draft { id, carer, client, provider: "P", hours, device: None, tag: None, partner: None }
}

impl Draft {
    fn registration(&self, version: u32, event_type: EventType) -> Registration<'_> {
        let start_at = MONDAY.plus(self.hours * HOUR);
        let capture = Capture {
            method: CaptureMethod::NfcTag,
            device_ref: self.device,
            tag_ref: self.tag,
            ..Capture::default()
        };
        Registration {
            event_type,
            registration_id: self.id,
            version,
            provider_id: self.provider,
            carer_ref: self.carer,
            client_ref: self.client,
            planned: Span::new(start_at, start_at.plus(HOUR)),
            start_at,
            end_at: Some(start_at.plus(HOUR / 2)),
            start_capture: capture,
            end_capture: capture,
            partner_registration_ids: self.partner.into_iter().collect(),
            ..registration()
        }
    }
}

/// An engine with one rule: registrations are assessed, or inserted into the state alone.
struct OneRuleEngine(Engine);

impl OneRuleEngine {
    fn new(parts: Parts) -> Self {
        Self::within(parts, |_| {})
    }

    fn within(parts: Parts, bound: fn(&mut Bounds)) -> Self {
        let mut bounds = Bounds {
            rule_holds_a_day_max: 1000,
            rule_holds_share_max: 1.0,
            provider_held_share_max: 1.0,
            provider_held_seconds_min: u32::MAX,
            habit_share: 2.0,
            desk_cases_a_day: 1000,
        };
        bound(&mut bounds);
        let settings = Settings {
            municipality: "0181".to_owned(),
            zone: Zone::utc(),
            area: crate::domain::Area::SWEDEN,
            retained_days: 100,
            hold_on: HoldTarget::Weaker,
            default_ore_per_hour: 36_000,
            default_payout_day: 6,
            default_payout_hour: 18,
            bounds,
        };
        let rules = vec![RegisteredRule { definition: &STUB, shadow: false, parts }];
        Self(Engine::new(Arc::new(settings), rules.into()))
    }

    fn register(&mut self, draft: &Draft) -> Slot {
        self.0.at.appended_at = MONDAY.plus(90 * DAY);
        let version = Version { number: 1, claim: 0, emitted_at: None, is_open: false };
        self.0.replace(&draft.registration(1, EventType::Recorded), &version, None, &mut Vec::new());
        self.0.assess_dirty_periods(&mut Vec::new());
        self.0.state.ledger.find(draft.id).expect("just registered")
    }

    /// Inserts a visit into the state alone.
    fn insert(&mut self, draft: &Draft) -> Visit {
        let slot = self.0.state.ledger.add(draft.id);
        let visit = self.0.state.visit(&draft.registration(1, EventType::Recorded), slot, 0);
        self.0.state.insert(visit.clone());
        visit
    }

    /// Retracts a visit from the state alone.
    fn retract(&mut self, slot: Slot) -> Visit {
        self.0.state.retract(slot).expect("a counted visit")
    }

    /// Whether the rules find something else of a visit than what is stored, or give it other marks.
    fn is_outdated(&mut self, slot: Slot) -> bool {
        self.0.run_rules(slot);
        let marks = self.0.scratch.visit_marks.marks;
        !self.0.is_up_to_date(slot) || self.0.state.ledger.entry(slot).marks != marks
    }

    /// Whether the rules answer something else about a period than what is stored.
    fn is_outdated_period(&self, period: SubjectPeriod) -> bool {
        let state = &self.0.state;
        let tally = state.tally_of(period.subject, period.month).expect("a counted period");
        let provider = state.main_provider(period.subject, tally);
        let (fingerprint, _) = self.0.digest(&PeriodSight { state, period, tally, provider });
        self.0.periods.get(&period).and_then(|current| current.fingerprint) != fingerprint
    }

    fn month(&self) -> Month {
        self.0.state.settings.zone.month(MONDAY)
    }

    /// The period of `subject` in the month that is `later` months after March.
    fn period(&self, subject: PeriodSubject, later: usize) -> SubjectPeriod {
        let mut months = std::iter::successors(Some(self.month()), |month| Some(month.next()));
        SubjectPeriod { month: months.nth(later).expect("months go on"), subject }
    }
}

fn named(row: impl FnOnce(&mut Vec<Slot>)) -> Vec<Slot> {
    let mut into = Vec::new();
    row(&mut into);
    into
}

/// Hits where another visit of the carer starts up to four hours before.
fn has_visit_before(sight: &Sight<'_>, report: &mut Report<'_>) {
    if sight.before_at_carer(|_| true).is_some() {
        report.hit(Hit::hold().disputed(sight.visit().span).text(sentence));
    }
}

fn put(fact_id: &str, body: FactBody) -> FactChange {
    FactChange::Put(Fact {
        municipality: "0181".to_owned(),
        fact_id: fact_id.to_owned(),
        valid: Validity { from: UtcSecond(0), to: None },
        recorded_at: UtcSecond(0),
        body,
    })
}
