//! What a rule is: it reads a registration, or a pay period, and answers.
//!
//! A rule is a [`VisitRule`], a [`PeriodRule`], or both. It changes nothing, reads no clock and keeps nothing
//! between two calls: the same sight gives the same answer.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::domain::{Class, MissingFact, SubjectKind};
use crate::engine::model::mark::Mark;
use crate::engine::model::signal::{PeriodSignals, Signal};
use crate::engine::model::visit::Visit;
use crate::engine::rule::period_sight::PeriodSight;
use crate::engine::rule::report::{PeriodReport, Report};
use crate::engine::rule::sight::Sight;

/// A rule about single registrations.
pub trait VisitRule: Send + Sync {
    /// Assesses the registration in sight: findings, marks and signals go into the report. No finding: the
    /// registration is clear.
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>);

    /// Whether the findings or marks of `later` depend on the visit in sight: if so, `later` is assessed again
    /// when this visit arrives late, changes or goes. `later` begins no earlier, at the same carer or client.
    /// Visits that are more than [`NEIGHBOUR_GAP_SECONDS_MAX`](crate::engine::NEIGHBOUR_GAP_SECONDS_MAX) apart
    /// are asked about only where the rule [reads history](VisitRule::reads_history). A pair of findings, each
    /// of which names the other, needs none. Debug builds derive every later visit again and compare.
    fn depends_on(&self, _sight: &Sight<'_>, _later: &Visit) -> bool {
        false
    }

    /// Whether it reads earlier days of the carer or client.
    fn reads_history(&self) -> bool {
        false
    }

    /// Minutes above which a carer's registered day is assessed again as a whole, for rules that read
    /// [`Sight::carer_visits_on`].
    fn long_day_minutes(&self) -> Option<u32> {
        None
    }
}

/// A rule about what somebody has registered in a pay period.
pub trait PeriodRule: Send + Sync {
    /// What was found, rounded as it is published: the alert is revised where this changes, and only there.
    type Answer: Hash + PartialEq;

    /// The kinds of subject whose pay periods it assesses. Of clients and pairs only [`Mark::OF_CLIENTS`] is
    /// counted.
    fn subjects(&self) -> &'static [SubjectKind];

    /// Assesses the period, by nothing but what [`PeriodSight`] offers.
    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer>;

    /// The findings that stand for an answer; a function of the answer and of whose period it is.
    fn report(&self, answer: &Self::Answer, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>);

    /// The fact for want of which it cannot decide, where it has no answer.
    fn missing_fact(&self, _sight: &PeriodSight<'_>) -> Option<MissingFact> {
        None
    }

    /// The mark whose presence on any visit of a client's period makes its answer depend on the visits of the
    /// period after.
    fn depends_on_next_period(&self) -> Option<Mark> {
        None
    }
}

/// What a rule says of a pay period.
#[derive(Clone, Copy, Debug)]
pub struct Answered<A> {
    answer: Option<A>,
    /// They change with every visit and rank a carer's visits; no alert is revised for them.
    signals: PeriodSignals,
}

impl<A> From<Option<A>> for Answered<A> {
    fn from(answer: Option<A>) -> Self {
        Self { answer, signals: PeriodSignals::default() }
    }
}

impl<A> Answered<A> {
    /// The same signals with another answer, made of this one.
    #[must_use]
    pub fn map<B>(self, answer: impl FnOnce(Option<A>) -> Option<B>) -> Answered<B> {
        Answered { answer: answer(self.answer), signals: self.signals }
    }

    /// With how odd a carer's period is in one respect, so that its visits rank by it: any falling function
    /// of the oddness, 0 to 1.
    #[must_use]
    pub fn signal(mut self, signal: Signal, raw: f64) -> Self {
        self.signals.note(signal, raw);
        self
    }
}

/// A [`PeriodRule`] whatever the type of its answer. Implemented for all of them.
pub trait AnyPeriodRule: Send + Sync {
    /// As [`PeriodRule::subjects`].
    fn subjects(&self) -> &'static [SubjectKind];

    /// As [`PeriodRule::answer`], with the answer as a number.
    fn digest(&self, sight: &PeriodSight<'_>) -> Digest;

    /// Reports the findings; the missing fact, where there is no answer for want of one.
    fn report(&self, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) -> Option<MissingFact>;

    /// As [`PeriodRule::depends_on_next_period`].
    fn depends_on_next_period(&self) -> Option<Mark>;
}

/// An answer as a number, with its signals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digest {
    /// Hash of the answer by fixed keys, the same in every run of one program; `None` where there is none.
    pub fingerprint: Option<u64>,
    pub(in crate::engine) signals: PeriodSignals,
}

impl<R: PeriodRule> AnyPeriodRule for R {
    fn subjects(&self) -> &'static [SubjectKind] {
        PeriodRule::subjects(self)
    }

    fn digest(&self, sight: &PeriodSight<'_>) -> Digest {
        let Answered { answer, signals } = self.answer(sight);
        let fingerprint = answer.map(|answer| {
            // `new` has fixed keys, other than the hasher of a hash table.
            let mut hasher = DefaultHasher::new();
            answer.hash(&mut hasher);
            hasher.finish()
        });
        Digest { fingerprint, signals }
    }

    fn report(&self, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) -> Option<MissingFact> {
        match self.answer(sight).answer {
            Some(answer) => PeriodRule::report(self, &answer, sight, report),
            None => return self.missing_fact(sight),
        }
        None
    }

    fn depends_on_next_period(&self) -> Option<Mark> {
        PeriodRule::depends_on_next_period(self)
    }
}

/// What a rule is called, what it finds, and how it is made from its section of the settings.
#[derive(Debug)]
pub struct Definition {
    /// Fixed name: file stem, section, scenario and metric label.
    pub id: &'static str,
    /// Rises when the rule answers otherwise than before.
    pub version: u32,
    /// Kind of trouble that it finds.
    pub class: Class,
    /// What it finds, in Swedish.
    pub summary_sv: &'static str,
    /// What it finds, in English.
    pub summary_en: &'static str,
    /// Makes the rule from its parameters.
    pub build: fn(toml::Table) -> Result<Parts, toml::de::Error>,
}

/// A rule in its parts: one or both of them.
#[derive(Clone, Default)]
pub struct Parts {
    /// Assesses registrations.
    pub visit: Option<Arc<dyn VisitRule>>,
    /// Assesses pay periods.
    pub period: Option<Arc<dyn AnyPeriodRule>>,
}

/// A rule that is switched on.
pub struct RegisteredRule {
    /// What it is.
    pub definition: &'static Definition,
    /// Its findings are counted and marked, and weigh nothing.
    pub shadow: bool,
    /// The rule itself.
    pub parts: Parts,
}

/// The rules of an engine, in the order in which findings are listed.
pub type RuleSet = Arc<[RegisteredRule]>;

/// A rule about visits with its place in the list.
pub(in crate::engine) struct ActiveVisitRule {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) run: Arc<dyn VisitRule>,
}

/// A rule about the pay periods of one kind of subject with its place in the list.
pub(in crate::engine) struct ActivePeriodRule {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) run: Arc<dyn AnyPeriodRule>,
}

/// The rules by what they assess.
pub(in crate::engine) struct ActiveRules {
    pub(in crate::engine) visit: Vec<ActiveVisitRule>,
    pub(in crate::engine) period: [Vec<ActivePeriodRule>; SubjectKind::COUNT],
}

impl ActiveRules {
    pub(in crate::engine) fn new(rules: &RuleSet) -> Self {
        let numbered = || (0u16..).zip(rules.iter());
        let visit = numbered().filter_map(|(rule, listed)| {
            Some(ActiveVisitRule { rule, run: Arc::clone(listed.parts.visit.as_ref()?) })
        });
        let of_kind = |kind: SubjectKind| {
            let periods = numbered().filter_map(|(rule, listed)| Some((rule, listed.parts.period.as_ref()?)));
            let of_kind = periods.filter(|(_, run)| run.subjects().contains(&kind));
            of_kind.map(|(rule, run)| ActivePeriodRule { rule, run: Arc::clone(run) }).collect()
        };
        Self { visit: visit.collect(), period: SubjectKind::ALL.map(of_kind) }
    }

    /// Minutes above which a carer's day is assessed again as a whole.
    pub(in crate::engine) fn long_day_minutes(&self) -> Option<u32> {
        self.visit.iter().filter_map(|active| active.run.long_day_minutes()).min()
    }

    /// The marks by which the answer about a client's period depends on the period after.
    pub(in crate::engine) fn marks_reading_next_period(&self) -> Vec<Mark> {
        let of_clients = &self.period[SubjectKind::ClientPeriod as usize];
        of_clients.iter().filter_map(|active| active.run.depends_on_next_period()).collect()
    }
}
