//! Habits of a provider: rules that find as much in so many of its visits that they describe how it works, or what its
//! source leaves out. The findings on visits are noted; a person gets one case about the provider's pay period.

use std::hash::{DefaultHasher, Hash};

use crate::domain::{Measure, Sentence};
use crate::engine::Engine;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::rule::hit::{Hit, RuleHit};

/// Shares of visits, per cent, to which that of a habit is rounded down, so that its alert is rarely revised.
const PER_CENT: [u32; 6] = [50, 20, 10, 5, 2, 1];

/// A habit, as it is published.
#[derive(Hash)]
struct Habit {
    rule: u16,
    per_cent: u32,
}

impl Engine {
    /// Adds a provider's habits to the fingerprint of its period.
    pub(in crate::engine) fn hash_habits(&self, period: SubjectPeriod, hasher: &mut Option<DefaultHasher>) {
        for habit in self.habits(period) {
            habit.hash(hasher.get_or_insert_with(DefaultHasher::new));
        }
    }

    /// The findings on a provider's habits.
    pub(in crate::engine) fn habit_hits(&self, period: SubjectPeriod) -> Vec<RuleHit> {
        self.habits(period).map(|habit| self.habit_hit(period, &habit)).collect()
    }

    fn habits(&self, period: SubjectPeriod) -> impl Iterator<Item = Habit> {
        let habits = match period.subject {
            PeriodSubject::Provider(provider) => self.state.rates.habits(provider, period.month),
            _ => Vec::new(),
        };
        let rounded = |share: f64| PER_CENT.into_iter().find(|step| f64::from(*step) <= 100.0 * share);
        habits.into_iter().map(move |(rule, share)| Habit { rule, per_cent: rounded(share).unwrap_or(0) })
    }

    fn habit_hit(&self, period: SubjectPeriod, habit: &Habit) -> RuleHit {
        let Habit { rule, per_cent } = *habit;
        let definition = self.rules[usize::from(rule)].definition;
        let (summary_sv, summary_en, month) = (definition.summary_sv, definition.summary_en, period.month);
        let hit = Hit::review()
            .observed([Measure::real("share_min", f64::from(per_cent) / 100.0)])
            .expected([Measure::real("share_max", self.state.settings.bounds.habit_share)])
            .text(move || Sentence {
                sv: format!(
                    "{summary_sv} Det gäller minst {per_cent} procent av utförarens besök i {month} och \
                     månaden innan, hos flera medarbetare: så arbetar utföraren, eller så saknas något i källan."
                ),
                en: format!(
                    "{summary_en} This holds for at least {per_cent} per cent of the provider's visits in {month} and \
                     the month before, of several carers: the provider works so, or its source leaves something out."
                ),
            });
        // As usual as can be: below every finding about a visit.
        RuleHit { surprise: Some(0), ..RuleHit::new(rule, hit, 0) }
    }
}
