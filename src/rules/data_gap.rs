//! `data-gap`: a fact is missing of several of a provider's clients, or a kind of fact of the provider.
//!
//! Why: what nobody sent cannot be compared. Rules are silent about such visits, and the silence is no clearance: one
//! case names the facts to send, and counts the visits and the kronor that depend on them.
//!
//! Finds, for each provider and pay period, clients of whom no order or no home was ever known, and carers of a provider
//! that never sent an employment, where together they have at least `visits_min` visits there.
//!
//! Not a finding: a kind of fact of which the municipality sends none at all. A single carer who is not listed is a matter
//! of `unlisted-carer`.
//!
//! Grade: review, of class error: it ranks below everything that is about money. Numbers are rounded down, so that the
//! alert is rarely revised.

use serde::Deserialize;

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Measure, MissingFact, Sentence, SubjectKind};
use crate::engine::{Answered, Definition, Gap, Hit, PeriodReport, PeriodRule, PeriodSight, Wording};

pub(super) const RULE: Definition = Definition {
    id: "data-gap",
    version: 1,
    class: Class::Error,
    summary_sv: "Uppgifter om brukare eller medarbetare saknas, så att besök inte kan jämföras med något.",
    summary_en: "Facts about clients or carers are missing, so that visits cannot be compared with anything.",
    build: period_rule::<DataGap>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataGap {
    /// With fewer visits that hang on the missing facts there is no finding.
    visits_min: u32,
}

impl PeriodRule for DataGap {
    type Answer = Vec<Gap>;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let gaps = sight.gaps().into_iter().filter(|gap| self.visits_min <= gap.visits).map(rounded);
        let gaps: Vec<Gap> = gaps.collect();
        (!gaps.is_empty()).then_some(gaps).into()
    }

    fn report(&self, gaps: &Vec<Gap>, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        for gap in gaps {
            report.hit(hit(sight, *gap));
        }
    }
}

/// Rounds down to one significant digit.
const fn one_digit(number: i64) -> i64 {
    let mut step = 1;
    while step <= number / 10 {
        step *= 10;
    }
    number / step * step
}

fn rounded(gap: Gap) -> Gap {
    let down = |number: u32| one_digit(i64::from(number)) as u32;
    Gap { subjects: down(gap.subjects), visits: down(gap.visits), ore: one_digit(gap.ore / 100) * 100, ..gap }
}

fn hit(sight: &PeriodSight<'_>, gap: Gap) -> Hit<impl Wording> {
    let (month, provider) = (sight.period().month, sight.provider_id());
    let Gap { fact, ore, .. } = gap;
    let (subjects, visits) = (i64::from(gap.subjects), i64::from(gap.visits));
    let (of_sv, of_en) = match fact {
        MissingFact::Employment => {
            (SV.counted(subjects, "medarbetare", "medarbetare"), EN.counted(subjects, "carer", "carers"))
        }
        _ => (SV.counted(subjects, "brukare", "brukare"), EN.counted(subjects, "client", "clients")),
    };
    let (what_sv, what_en) = match fact {
        MissingFact::Employment => ("anställning", "employment"),
        MissingFact::ClientHome => ("bostad", "home"),
        _ => ("beställning", "order"),
    };
    Hit::review()
        .observed([
            Measure::text("missing_fact", fact.as_str()),
            Measure::whole("subjects_min", subjects),
            Measure::whole("visits_min", visits),
            Measure::whole("kronor_min", ore / 100),
        ])
        .text(move || Sentence {
            sv: format!(
                "Ingen {what_sv} är känd för minst {of_sv} hos utföraren {provider}. Minst {} och {} kronor i {} kan \
                 därför inte jämföras med den.",
                SV.counted(visits, "besök", "besök"),
                SV.number(ore / 100),
                SV.month(month)
            ),
            en: format!(
                "No {what_en} is known of at least {of_en} of provider {provider}. At least {} and {} kronor in {} can \
                 therefore not be compared with one.",
                EN.counted(visits, "visit", "visits"),
                EN.number(ore / 100),
                EN.month(month)
            ),
        })
}
