//! The figures of an evaluation, for people and machines.

use serde::Serialize;

use super::measure::calibration;

/// Levels at which calibration is measured.
pub(super) const LEVELS: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// What is found within a daily budget.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct AtBudget {
    /// Most per day.
    pub(super) budget: usize,
    /// Handed out from the fifteenth day on.
    pub(super) handed_out: usize,
    /// Handed out per day, on average.
    pub(super) per_day: f64,
    /// Share of what was handed out that led to something planted.
    pub(super) precision: Option<f64>,
    /// Share of the planted registrations that were covered.
    pub(super) recall: Option<f64>,
}

/// A pattern's share that was found.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct PatternRow {
    pub(super) pattern: String,
    /// In the catalogue of forty.
    pub(super) number: Option<u8>,
    /// The rule that should find it.
    pub(super) rule: String,
    /// Labels, of registrations or of a provider's months.
    pub(super) planted: usize,
    /// Of these covered by what was handed out.
    pub(super) covered: usize,
    /// Of these touched by any alert at any time, handed out or not.
    pub(super) touched: usize,
    /// The rules that covered it, the most frequent first.
    pub(super) covered_by: Vec<(String, usize)>,
    /// A label names a provider's month and not the registration.
    pub(super) is_provider: bool,
    /// Observe-only: no alert is expected.
    pub(super) is_observed: bool,
}

/// A rule's alerts.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RuleRow {
    pub(super) rule: String,
    /// Alerts that had a finding of the rule at any time.
    pub(super) alerts: usize,
    /// Of these, with something planted in them.
    pub(super) touching: usize,
}

/// Alerts about honest work, by who did it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct KindRow {
    pub(super) kind: String,
    pub(super) honest_visits: usize,
    /// Alerts without anything planted in them.
    pub(super) alerts: usize,
    pub(super) per_thousand: Option<f64>,
}

/// Frequency of small p-values where nothing is planted.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct CalibrationRow {
    /// `combined`, or the signal's name.
    pub(super) signal: String,
    pub(super) observations: usize,
    /// Observed over nominal at 0.01, 0.001 and 0.0001.
    pub(super) ratios: [Option<f64>; 3],
}

impl CalibrationRow {
    /// The calibration of `p_values`, those of `signal`.
    pub(super) fn of(signal: &str, p_values: &[f64]) -> Self {
        let ratios = LEVELS.map(|level| calibration(p_values, level));
        Self { signal: signal.to_owned(), observations: p_values.len(), ratios }
    }
}

/// One directory.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct TownFigures {
    pub(super) name: String,
    pub(super) days: usize,
    pub(super) registrations: usize,
    /// Planted registrations, without a provider's months.
    pub(super) planted: usize,
    pub(super) average_precision: Option<f64>,
    pub(super) cases: AtBudget,
    pub(super) records: AtBudget,
    /// Share of the planted registrations that are covered by the day they came or by the evidence of a
    /// case, without the rest of the month that a case is about.
    pub(super) recall_by_the_day: Option<f64>,
    /// Öre of what was not worked, and of that in covered registrations.
    pub(super) planted_ore: i64,
    pub(super) caught_ore: i64,
    pub(super) money: Option<f64>,
    pub(super) delay_days_median: Option<f64>,
    pub(super) actors: usize,
    pub(super) actors_found: usize,
    /// Cases about providers that were handed out; counted apart.
    pub(super) provider_dossiers: usize,
    pub(super) patterns: Vec<PatternRow>,
    pub(super) rules: Vec<RuleRow>,
    pub(super) kinds: Vec<KindRow>,
    /// Alerts per 1,000 visits of the messiest municipal unit, over those of all honest visits.
    pub(super) messy_unit_ratio: Option<f64>,
    /// Cases of the first fourteen days: a day on average, and at most.
    pub(super) cold_start_mean: f64,
    pub(super) cold_start_most: usize,
    /// Only where nothing is planted.
    pub(super) calibration: Vec<CalibrationRow>,
    pub(super) hold_alerts: usize,
    pub(super) alerts: usize,
    pub(super) alerts_per_thousand: Option<f64>,
    pub(super) curve: Vec<(f64, f64)>,
}

impl TownFigures {
    /// Is nothing planted in it?
    pub(super) fn is_clean(&self) -> bool {
        self.planted == 0 && self.patterns.is_empty()
    }
}

/// Mean, least and most over the directories.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) mean: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// All directories, and the figures over all of them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Evaluation {
    pub(super) cases_per_day: usize,
    pub(super) towns: Vec<TownFigures>,
    /// Over those with something planted.
    pub(super) figures: Vec<Figure>,
    pub(super) patterns: Vec<PatternRow>,
    pub(super) rules: Vec<RuleRow>,
    /// Over those with nothing planted.
    pub(super) clean_figures: Vec<Figure>,
}

impl Evaluation {
    pub(super) fn new(towns: Vec<TownFigures>, cases_per_day: usize) -> Self {
        let planted: Vec<&TownFigures> = towns.iter().filter(|town| !town.is_clean()).collect();
        let clean: Vec<&TownFigures> = towns.iter().filter(|town| town.is_clean()).collect();
        let (figures, clean_figures) = (figures(&planted, PLANTED), figures(&clean, CLEAN));
        let patterns = patterns(&planted);
        let rules = rules(&towns);
        Self { cases_per_day, towns, figures, patterns, rules, clean_figures }
    }
}

type FigureOf = fn(&TownFigures) -> Option<f64>;

const PLANTED: &[(&str, FigureOf)] = &[
    ("average precision per registration", |town| town.average_precision),
    ("precision of cases", |town| town.cases.precision),
    ("recall of cases", |town| town.cases.recall),
    ("recall by the day and the evidence alone", |town| town.recall_by_the_day),
    ("cases a day", |town| Some(town.cases.per_day)),
    ("money caught", |town| town.money),
    ("precision of records", |town| town.records.precision),
    ("recall of records", |town| town.records.recall),
    ("median delay in days", |town| town.delay_days_median),
    ("share of actors found", |town| super::measure::ratio(town.actors_found, town.actors)),
    ("provider dossiers", |town| Some(town.provider_dossiers as f64)),
    ("alerts per 1,000 honest visits, municipal", |town| kind(town, "municipal")),
    ("alerts per 1,000 honest visits, private", |town| kind(town, "private")),
    ("messiest municipal unit over all", |town| town.messy_unit_ratio),
    ("cases a day in the first 14 days, mean", |town| Some(town.cold_start_mean)),
    ("cases a day in the first 14 days, most", |town| Some(town.cold_start_most as f64)),
];

const CLEAN: &[(&str, FigureOf)] = &[
    ("P(p <= 0.01) / 0.01", |town| town.calibration.first()?.ratios[0]),
    ("P(p <= 0.001) / 0.001", |town| town.calibration.first()?.ratios[1]),
    ("P(p <= 0.0001) / 0.0001", |town| town.calibration.first()?.ratios[2]),
    ("alerts of hold grade", |town| Some(town.hold_alerts as f64)),
    ("alerts per 1,000 visits", |town| town.alerts_per_thousand),
    ("alerts per 1,000 visits, municipal", |town| kind(town, "municipal")),
    ("alerts per 1,000 visits, private", |town| kind(town, "private")),
    ("messiest municipal unit over all", |town| town.messy_unit_ratio),
    ("cases a day", |town| Some(town.cases.per_day)),
    ("cases a day in the first 14 days, mean", |town| Some(town.cold_start_mean)),
    ("cases a day in the first 14 days, most", |town| Some(town.cold_start_most as f64)),
    ("provider dossiers", |town| Some(town.provider_dossiers as f64)),
];

fn kind(town: &TownFigures, kind: &str) -> Option<f64> {
    town.kinds.iter().find(|row| row.kind == kind)?.per_thousand
}

fn figures(towns: &[&TownFigures], list: &[(&'static str, FigureOf)]) -> Vec<Figure> {
    let figure = |&(name, of): &(&'static str, FigureOf)| {
        let (mean, least, most) = super::measure::spread(towns.iter().map(|town| of(town)))?;
        Some(Figure { name, mean, least, most })
    };
    list.iter().filter_map(figure).collect()
}

/// The same patterns of all towns together, in the order of the catalogue.
fn patterns(towns: &[&TownFigures]) -> Vec<PatternRow> {
    let mut all: Vec<PatternRow> = Vec::new();
    for row in towns.iter().flat_map(|town| &town.patterns) {
        let Some(known) = all.iter_mut().find(|known| known.pattern == row.pattern) else {
            all.push(row.clone());
            continue;
        };
        known.planted += row.planted;
        known.covered += row.covered;
        known.touched += row.touched;
        for (rule, times) in &row.covered_by {
            match known.covered_by.iter_mut().find(|(name, _)| name == rule) {
                Some((_, all)) => *all += times,
                None => known.covered_by.push((rule.clone(), *times)),
            }
        }
        known.covered_by.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    all.sort_by(|a, b| {
        let place = |row: &PatternRow| row.number.unwrap_or(u8::MAX);
        place(a).cmp(&place(b)).then(a.pattern.cmp(&b.pattern))
    });
    all
}

fn rules(towns: &[TownFigures]) -> Vec<RuleRow> {
    let mut all: Vec<RuleRow> = Vec::new();
    for row in towns.iter().flat_map(|town| &town.rules) {
        match all.iter_mut().find(|known| known.rule == row.rule) {
            Some(known) => {
                known.alerts += row.alerts;
                known.touching += row.touching;
            }
            None => all.push(row.clone()),
        }
    }
    all.sort_by(|a, b| a.rule.cmp(&b.rule));
    all
}
