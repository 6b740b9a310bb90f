//! What a rule is: it looks at a registration, or at a period, and answers.

use crate::domain::UtcSecond;
use std::sync::Arc;

use crate::domain::{Class, Grade, Lowered, Measure, Sentence, Span, SubjectKind};
use crate::engine::model::mark::{Mark, Marks};
use crate::engine::model::period::PeriodSubject;
use crate::engine::model::signal::Signal;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::period_sight::{PeriodSight, ShareFloor};
use crate::engine::rule::sight::Sight;
use crate::engine::totals::tally::Tally;

/// A length counts at most as so many e-folds more or less than planned: one odd visit moves a
/// month's mean little.
pub const LENGTH_LOG_MAX: f64 = 1.5;

/// Looks, and changes nothing; at visits or at periods, as its [`RegisteredRule`] says. A rule is clear where it reports nothing.
pub trait Rule: Send + Sync {
    /// Looks at one registration.
    fn visit(&self, _sight: &Sight<'_>, _report: &mut Report<'_>) {}

    /// Could what it tells of `later`, or the marks that it gives it, be otherwise without the visit in sight? That
    /// one begins no later, at the same carer or client; only where the rule `reads_history` it is asked about
    /// visits that are hours apart. A finding that names the other, and is found on that one too, needs no word.
    /// Debug builds hold the rules to it.
    fn depends_on(&self, _sight: &Sight<'_>, _later: &Visit) -> bool {
        false
    }

    /// Does it look at a whole day of a carer, by [`Sight::carer_visits_on`], where that has more registered
    /// minutes? Than these.
    fn long_day_minutes(&self) -> Option<u32> {
        None
    }

    /// Whose pay periods it looks at: nobody else's cost it anything. Of clients and pairs only
    /// [`Mark::OF_CLIENTS`] is counted.
    fn periods_of(&self) -> &'static [SubjectKind] {
        &PeriodSubject::KINDS
    }

    /// Where all that it tells of carers and providers hangs on shares of marks: where all of them are below
    /// what, it tells nothing and gives no signal, so that it is not asked.
    fn share_floors(&self) -> Vec<ShareFloor> {
        Vec::new()
    }

    /// Looks at what somebody has registered in one pay period.
    fn period(&self, _sight: &PeriodSight<'_>, _report: &mut Report<'_>) {}

    /// Does what it tells of a client's pay period hang on visits of the period after, where any visit of this
    /// one bears a mark? The mark.
    fn depends_on_next_period(&self) -> Option<Mark> {
        None
    }

    /// A number that is 0 where [`Rule::period`] would report nothing and changes whenever it would
    /// report something else: periods are looked at after every visit, and most say what they said.
    /// It may depend on nothing but what [`PeriodSight`] offers.
    fn fingerprint(&self, _sight: &PeriodSight<'_>) -> u64 {
        0
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// Single visits.
    AtVisits,
    /// Pay periods.
    AtPeriods,
    /// Visits, to mark them, and the pay periods in which the marks are counted.
    AtBoth,
}

impl Looks {
    pub(in crate::engine) const fn at_visits(self) -> bool {
        matches!(self, Self::AtVisits | Self::AtBoth)
    }

    pub(in crate::engine) const fn at_periods(self) -> bool {
        matches!(self, Self::AtPeriods | Self::AtBoth)
    }
}

/// A rule with what the engine needs to know about it.
pub struct RegisteredRule {
    /// Fixed name.
    pub id: &'static str,
    /// Rises when the rule answers otherwise than before.
    pub version: u32,
    /// Kind of trouble that it finds.
    pub class: Class,
    /// Does it read earlier days of the carer or client? Then a late registration makes it look
    /// again at those of the days after that [`Rule::depends_on`] names.
    pub reads_history: bool,
    /// What it looks at.
    pub looks: Looks,
    /// Its findings are counted and marked, and weigh nothing.
    pub shadow: bool,
    /// The rule.
    pub rule: Box<dyn Rule>,
}

/// A rule that looks at a kind of subject: its place in the list, and from where on it has anything to say.
pub(in crate::engine) struct ActiveRule {
    pub(in crate::engine) rule: u16,
    floors: Vec<ShareFloor>,
}

impl ActiveRule {
    /// The rules that look at subjects of `kind`.
    pub(in crate::engine) fn at(kind: SubjectKind, rules: &RuleSet) -> Vec<Self> {
        let looks = |listed: &RegisteredRule| match kind {
            SubjectKind::Registration => listed.looks.at_visits(),
            _ => listed.looks.at_periods() && listed.rule.periods_of().contains(&kind),
        };
        let shares = matches!(kind, SubjectKind::CarerPeriod | SubjectKind::ProviderPeriod);
        let floors = |listed: &RegisteredRule| if shares { listed.rule.share_floors() } else { Vec::new() };
        let rules = (0u16..).zip(rules.iter()).filter(|(_, listed)| looks(listed));
        rules.map(|(rule, listed)| Self { rule, floors: floors(listed) }).collect()
    }

    /// Could it tell anything of a period with these counts?
    pub(in crate::engine) fn can_report(&self, tally: &Tally) -> bool {
        self.floors.is_empty() || self.floors.iter().any(|floor| floor.is_passed(tally.count(floor.mark)))
    }
}

/// The rules of an engine, in the order in which findings are listed.
pub type RuleSet = Arc<[RegisteredRule]>;

/// One answer "hit" with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// What should follow.
    pub grade: Grade,
    /// How likely by chance; `None` for hard contradictions.
    pub p_value: Option<f64>,
    /// The other registrations of the evidence.
    pub related: Vec<Slot>,
    /// The part of the registration that is in question.
    pub disputed: Option<Span>,
    /// What was seen.
    pub observed: Vec<Measure>,
    /// What was expected.
    pub expected: Vec<Measure>,
    /// Lawful explanations that were tested and do not apply.
    pub excluded: &'static [&'static str],
    /// Facts that were missing, by which the grade dropped.
    pub not_tested: Vec<&'static str>,
    /// The sentence.
    pub text: Sentence,
}

impl Hit {
    /// Seconds in question.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.disputed.map_or(0, Span::seconds)
    }
}

/// A hit with the place of its rule in the list, and as it is told.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct RuleHit {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hit: Hit,
    pub(in crate::engine) lowered: Option<Lowered>,
    /// Of a period: bit per mark; the visits that bear any of them make up what was found.
    pub(in crate::engine) contributing: u32,
}

/// As a mark that every visit bears.
pub(in crate::engine) const EVERY_VISIT: u32 = 1 << 31;

impl RuleHit {
    /// Lets the hit weigh no more than `grade`, for this reason.
    pub(in crate::engine) fn lower(&mut self, grade: Grade, reason: Lowered) {
        if grade < self.hit.grade || reason == Lowered::Shadow {
            self.hit.grade = self.hit.grade.min(grade);
            self.lowered = Some(reason);
        }
    }
}

/// What one rule has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCounts {
    /// The rule's id.
    pub rule: &'static str,
    /// Findings that came new, by grade: observe, review, hold.
    pub hits: [u64; 3],
    /// Findings that came new and weigh less than the rule says, by reason.
    pub lowered: [u64; 4],
    /// Answers "undetermined", by the fact that was missing.
    pub undetermined: Vec<(&'static str, u64)>,
}

impl RuleCounts {
    pub(in crate::engine) const fn new(rule: &'static str) -> Self {
        Self { rule, hits: [0; 3], lowered: [0; 4], undetermined: Vec::new() }
    }

    pub(in crate::engine) fn undetermined(&mut self, fact: &'static str) {
        match self.undetermined.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, count)) => *count += 1,
            None => self.undetermined.push((fact, 1)),
        }
    }
}

/// Takes a rule's answers.
pub struct Report<'r> {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hits: &'r mut Vec<RuleHit>,
    pub(in crate::engine) undetermined: &'r mut Vec<(u16, &'static str)>,
    pub(in crate::engine) visit_marks: &'r mut VisitMarks,
}

/// What rules noted about one visit beside findings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::engine) struct VisitMarks {
    pub(in crate::engine) marks: Marks,
    pub(in crate::engine) signals: [Option<f64>; Signal::VISIT_COUNT],
}

impl Report<'_> {
    /// The rule found something.
    pub fn hit(&mut self, hit: Hit) {
        self.hits.push(RuleHit { rule: self.rule, hit, lowered: None, contributing: 0 });
    }

    /// The rule found something that the visits with `mark` make up.
    pub fn hit_marked(&mut self, mark: Mark, hit: Hit) {
        self.hits.push(RuleHit { rule: self.rule, hit, lowered: None, contributing: 1 << mark as u32 });
    }

    /// The rule found something that all visits of the period make up.
    pub fn hit_all(&mut self, hit: Hit) {
        self.hits.push(RuleHit { rule: self.rule, hit, lowered: None, contributing: EVERY_VISIT });
    }

    /// The rule cannot decide, because `fact` is missing: it is counted and makes no finding.
    pub fn undetermined(&mut self, fact: &'static str) {
        self.undetermined.push((self.rule, fact));
    }

    /// Counts the visit among those that could bear `mark`, and says whether it does.
    pub fn mark(&mut self, mark: Mark, bears: bool) {
        self.visit_marks.marks.note(mark, bears);
    }

    /// How long the visit is: natural logarithms of registered over planned length, and of the same
    /// less what is usual for the client. Both are counted to thousandths, at most [`LENGTH_LOG_MAX`].
    pub fn length(&mut self, log_ratio: f64, residual: f64) {
        let thousandths = |value: f64| (value.clamp(-LENGTH_LOG_MAX, LENGTH_LOG_MAX) * 1000.0).round() as i16;
        self.visit_marks.marks.note_length(thousandths(log_ratio), thousandths(residual));
    }

    /// How odd the visit is in one respect: `raw` is any falling function of the oddness, 0 to 1. It
    /// need not be a true probability, as it is held against its own past before it counts.
    pub fn signal(&mut self, signal: Signal, raw: f64) {
        if let Some(place) = self.visit_marks.signals.get_mut(signal as usize) {
            *place = Some(raw);
        }
    }
}

/// Seconds that are in question by any of the hits, each counted once.
pub(in crate::engine) fn union_seconds<'h>(hits: impl Iterator<Item = &'h RuleHit>) -> i64 {
    let mut spans: Vec<Span> = hits.filter_map(|rule_hit| rule_hit.hit.disputed).collect();
    spans.sort_unstable();
    let mut until = UtcSecond(i64::MIN);
    let mut seconds = 0;
    for span in spans {
        let start = span.start().max(until);
        if start < span.end() {
            seconds += span.end().since(start);
            until = span.end();
        }
    }
    seconds
}
