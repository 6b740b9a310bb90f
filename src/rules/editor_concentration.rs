//! `editor-concentration`: one person changes most of a provider's registrations by hand.
//!
//! Why: corrections belong to the carers who were there. Where one person makes nearly all of them, for
//! many carers, the registrations say what the office wants.
//!
//! Finds, per provider and pay period, at least `changes_min` changes by hand, of which one editor made
//! at least `share_min`, where there is at least one change to so many visits as `changes_share_min`
//! says.
//!
//! Not a finding: few changes; changes without a named editor. One planner per unit is normal, so this is only ever observed:
//! it says where to look when something else is found.

use serde::Deserialize;

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Measure, Sentence, SubjectKind};
use crate::engine::{Answered, Definition, Hit, PeriodReport, PeriodRule, PeriodSight, Wording};

pub(super) const RULE: Definition = Definition {
    id: "editor-concentration",
    version: 1,
    class: Class::Pattern,
    summary_sv: "En och samma person står för de flesta av en utförares manuella ändringar.",
    summary_en: "One person makes most of a provider's manual changes.",
    build: period_rule::<EditorConcentration>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EditorConcentration {
    /// Fewer changes by hand in a pay period say nothing.
    changes_min: u32,
    /// Fewer changes to a visit than this are usual, 0 to 1.
    changes_share_min: f64,
    /// One editor with a smaller share of the changes is one of several, 0 to 1.
    share_min: f64,
}

/// Changes by hand and the part of one editor, rounded down.
#[derive(Hash, PartialEq)]
struct EditorShare {
    changes: u32,
    per_cent: u32,
}

impl PeriodRule for EditorConcentration {
    type Answer = EditorShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.share(sight).into()
    }

    fn report(&self, share: &EditorShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(self.hit(sight, share));
    }
}

impl EditorConcentration {
    fn share(&self, sight: &PeriodSight<'_>) -> Option<EditorShare> {
        let tally = sight.tally();
        let counts = tally.editors().iter().map(|(_, changes)| *changes);
        let changes: u32 = counts.clone().sum();
        if changes < self.changes_min.max(1)
            || f64::from(changes) < self.changes_share_min * f64::from(tally.visits)
        {
            return None;
        }
        let most = counts.max().unwrap_or(0);
        let share = f64::from(most) / f64::from(changes);
        (self.share_min <= share)
            .then(|| EditorShare { changes: changes / 100 * 100, per_cent: most * 20 / changes * 5 })
    }

    fn hit(&self, sight: &PeriodSight<'_>, share: &EditorShare) -> Hit<impl Wording> {
        let EditorShare { changes, per_cent } = *share;
        let (month, provider) = (sight.period().month, sight.provider_id());
        Hit::observe()
            .observed([
                Measure::whole("changes_min", i64::from(changes)),
                Measure::real("editor_share_min", f64::from(per_cent) / 100.0),
            ])
            .expected([Measure::real("editor_share_max", self.share_min)])
            .excluded(&[Explanation::FewChanges])
            .text(move || Sentence {
                sv: format!(
                    "En och samma person står för {} de manuella ändringarna hos utföraren {provider} i {} \
                     (underlag: minst {}).",
                    SV.at_least_per_cent_of(per_cent),
                    SV.month(month),
                    SV.counted(changes.into(), "ändring", "ändringar")
                ),
                en: format!(
                    "One and the same person made {} the manual changes at provider {provider} in {} (based on at \
                     least {}).",
                    EN.at_least_per_cent_of(per_cent),
                    EN.month(month),
                    EN.counted(changes.into(), "change", "changes")
                ),
            })
    }
}
