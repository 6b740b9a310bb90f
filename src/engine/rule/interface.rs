//! Interface of rules.
//!
//! A rule is a [`VisitRule`], a [`PeriodRule`], or both. It is a pure function of its sight: it reads no clock and has
//! no state between calls.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::domain::{Class, MissingFact, SubjectKind};
use crate::engine::model::counts_read::CountsRead;
use crate::engine::model::mark::Mark;
use crate::engine::model::signal::{PeriodSignals, Signal};
use crate::engine::model::visit::Visit;
use crate::engine::rule::period_sight::PeriodSight;
use crate::engine::rule::report::{PeriodReport, Report};
use crate::engine::rule::sight::Sight;

/// A rule on single registrations.
pub trait VisitRule: Send + Sync {
    /// Assesses the registration in sight: findings, marks and signals go into the report. No finding: the
    /// registration is clear.
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>);

    /// Whether the findings or marks of `later` depend on the visit in sight: if so, `later` is assessed again
    /// when this visit arrives late, changes or goes. `later` begins no earlier, at the same carer or client.
    /// For visits that are more than [`NEIGHBOUR_GAP_SECONDS_MAX`](crate::engine::NEIGHBOUR_GAP_SECONDS_MAX) apart
    /// it is called only where the rule [reads history](VisitRule::reads_history). A finding on two visits, reported by
    /// [`Report::pair`], needs none. Debug builds derive every later visit again and compare.
    fn depends_on(&self, _sight: &Sight<'_>, _later: &Visit) -> bool {
        false
    }

    /// Whether it reads the other carers of a device: these are counted only where a rule reads them.
    fn reads_devices(&self) -> bool {
        false
    }

    /// Whether it reads earlier days of the carer or client.
    fn reads_history(&self) -> bool {
        false
    }

    /// Minutes above which a carer's registered day is assessed again as a whole, for rules that read
    /// [`Sight::carer_visits_on`] or [`Sight::carer_minutes_on`].
    fn long_day_minutes(&self) -> Option<u32> {
        None
    }
}

/// A rule on pay periods.
pub trait PeriodRule: Send + Sync {
    /// The finding, rounded as it is published: the alert is revised exactly where it changes.
    type Answer: Hash + PartialEq;

    /// The kinds of subject whose pay periods it assesses. Of clients and pairs only [`Mark::OF_CLIENTS`] is
    /// counted.
    fn subjects(&self) -> &'static [SubjectKind];

    /// Assesses the period in sight.
    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer>;

    /// Reports the findings of an answer; a function of the answer and of the subject.
    fn report(&self, answer: &Self::Answer, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>);

    /// The missing fact, where it has no answer because it cannot decide.
    fn missing_fact(&self, _sight: &PeriodSight<'_>) -> Option<MissingFact> {
        None
    }

    /// Mark whose presence makes the answer on a client's period depend on the next period.
    fn depends_on_next_period(&self) -> Option<Mark> {
        None
    }
}

/// A rule's answer on a pay period, with its signals.
#[derive(Clone, Copy, Debug)]
pub struct Answered<A> {
    answer: Option<A>,
    /// Signals change with every visit and rank a carer's visits; they revise no alert.
    signals: PeriodSignals,
}

impl<A> From<Option<A>> for Answered<A> {
    fn from(answer: Option<A>) -> Self {
        Self { answer, signals: PeriodSignals::default() }
    }
}

impl<A> Answered<A> {
    /// Replaces the answer.
    #[must_use]
    pub fn map<B>(self, answer: impl FnOnce(Option<A>) -> Option<B>) -> Answered<B> {
        Answered { answer: answer(self.answer), signals: self.signals }
    }

    /// Sets a signal of a carer's period, by which its visits rank: any falling function of how unusual it is, 0 to 1.
    #[must_use]
    pub fn signal(mut self, signal: Signal, raw: f64) -> Self {
        self.signals.note(signal, raw);
        self
    }
}

/// Object-safe form of [`PeriodRule`], implemented for all of them.
pub trait AnyPeriodRule: Send + Sync {
    /// As [`PeriodRule::subjects`].
    fn subjects(&self) -> &'static [SubjectKind];

    /// As [`PeriodRule::answer`], with the answer hashed.
    fn digest(&self, sight: &PeriodSight<'_>) -> Digest;

    /// Reports the findings; returns the missing fact, where there is no answer for that reason.
    fn report(&self, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) -> Option<MissingFact>;

    /// As [`PeriodRule::depends_on_next_period`].
    fn depends_on_next_period(&self) -> Option<Mark>;
}

/// A hashed answer, with its signals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digest {
    /// Hash of the answer, equal in every run of one program; `None` without an answer.
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
            // `DefaultHasher::new` has fixed keys.
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

/// Definition of a rule.
#[derive(Debug)]
pub struct Definition {
    /// Fixed name: file stem, section, scenario and metric label.
    pub id: &'static str,
    /// Rises when the rule's answers change.
    pub version: u32,
    /// Class of its findings.
    pub class: Class,
    /// Summary in Swedish.
    pub summary_sv: &'static str,
    /// Summary in English.
    pub summary_en: &'static str,
    /// Builds the rule from its section of the settings.
    pub build: fn(toml::Table) -> Result<Parts, toml::de::Error>,
}

/// The parts of a rule: one or both.
#[derive(Clone, Default)]
pub struct Parts {
    /// Assesses registrations.
    pub visit: Option<Arc<dyn VisitRule>>,
    /// Assesses pay periods.
    pub period: Option<Arc<dyn AnyPeriodRule>>,
}

/// An enabled rule.
pub struct RegisteredRule {
    /// The definition.
    pub definition: &'static Definition,
    /// Whether its findings are lowered to grade observe.
    pub shadow: bool,
    /// The rule's parts.
    pub parts: Parts,
}

/// The rules of an engine, in the order in which findings are listed.
pub type RuleSet = Arc<[RegisteredRule]>;

/// A visit rule with its index in the set.
pub(in crate::engine) struct ActiveVisitRule {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) run: Arc<dyn VisitRule>,
    /// [`VisitRule::reads_history`], which does not change: it is read for every later visit.
    pub(in crate::engine) reads_history: bool,
}

/// A period rule with its index in the set.
pub(in crate::engine) struct ActivePeriodRule {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) run: Arc<dyn AnyPeriodRule>,
}

/// Enabled rules by the kind of subject that they assess.
pub(in crate::engine) struct ActiveRules {
    pub(in crate::engine) visit: Vec<ActiveVisitRule>,
    pub(in crate::engine) period: [Vec<ActivePeriodRule>; SubjectKind::COUNT],
}

impl ActiveRules {
    pub(in crate::engine) fn new(rules: &RuleSet) -> Self {
        let numbered = || (0u16..).zip(rules.iter());
        let visit = numbered().filter_map(|(rule, listed)| {
            let run = Arc::clone(listed.parts.visit.as_ref()?);
            Some(ActiveVisitRule { rule, reads_history: run.reads_history(), run })
        });
        let of_kind = |kind: SubjectKind| {
            let periods = numbered().filter_map(|(rule, listed)| Some((rule, listed.parts.period.as_ref()?)));
            let of_kind = periods.filter(|(_, run)| run.subjects().contains(&kind));
            of_kind.map(|(rule, run)| ActivePeriodRule { rule, run: Arc::clone(run) }).collect()
        };
        Self { visit: visit.collect(), period: SubjectKind::ALL.map(of_kind) }
    }

    /// The smallest [`VisitRule::long_day_minutes`].
    pub(in crate::engine) fn long_day_minutes(&self) -> Option<u32> {
        self.visit.iter().filter_map(|active| active.run.long_day_minutes()).min()
    }

    /// Whether a rule assesses periods of any of these kinds.
    pub(in crate::engine) fn assess(&self, kinds: &[SubjectKind]) -> bool {
        kinds.iter().any(|kind| !self.period[*kind as usize].is_empty())
    }

    /// The counts that the rules read.
    pub(in crate::engine) fn counts_read(&self) -> CountsRead {
        CountsRead {
            periods: self.assess(&SubjectKind::ALL) || self.long_day_minutes().is_some(),
            devices: self.visit.iter().any(|active| active.run.reads_devices()),
        }
    }

    /// Marks of [`PeriodRule::depends_on_next_period`].
    pub(in crate::engine) fn marks_reading_next_period(&self) -> Vec<Mark> {
        let of_clients = &self.period[SubjectKind::ClientPeriod as usize];
        of_clients.iter().filter_map(|active| active.run.depends_on_next_period()).collect()
    }
}
