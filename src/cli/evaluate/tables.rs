//! The tables: recall by pattern, precision by rule, alerts by kind of provider, calibration.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::collect::AlertHistory;
use super::judge::{HandedOut, Judge, PlantedVisit};
use super::measure::ratio;
use super::report::{KindRow, PatternRow, RuleRow};
use super::truth::TruthRow;
use crate::domain::SubjectKind;

/// A unit with fewer visits is too small for a share of manual entries.
const UNIT_VISITS_MIN: usize = 100;

impl<'a> Judge<'a> {
    pub(super) fn patterns(&self, handed: &HandedOut) -> Vec<PatternRow> {
        let mut rows: BTreeMap<(u8, &str), PatternRow> = BTreeMap::new();
        let mut rules_of: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); self.labels.len()];
        for (alert, touches) in self.replay.alerts.iter().zip(&self.touches) {
            for &label in touches {
                rules_of[label].extend(alert.rules.iter().map(String::as_str));
            }
        }
        for (number, label) in self.labels.iter().enumerate() {
            let row = row_of(&mut rows, label.planted);
            row.touched += usize::from(!rules_of[number].is_empty());
            if handed.covered.contains(&number) {
                row.covered += 1;
                count(&mut row.covered_by, &rules_of[number]);
            }
        }
        for label in &self.months {
            let row = row_of(&mut rows, label.planted);
            row.is_provider = true;
            let about = |alert: &&AlertHistory| {
                alert.kind == SubjectKind::ProviderPeriod
                    && self.replay.names.text(alert.provider) == label.planted.actor
                    && Some(alert.month) == label.visit.month
            };
            let alerts = self.replay.alerts.iter().filter(about);
            let rules: BTreeSet<&str> = alerts.flat_map(|alert| &alert.rules).map(String::as_str).collect();
            row.touched += usize::from(!rules.is_empty());
            if rules.contains(row.rule.as_str()) {
                row.covered += 1;
                count(&mut row.covered_by, &rules);
            }
        }
        for label in &self.observed {
            row_of(&mut rows, label.planted).is_observed = true;
        }
        let mut rows: Vec<PatternRow> = rows.into_values().collect();
        for row in &mut rows {
            row.covered_by.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        }
        rows
    }

    /// Does an alert touch anything planted? One about a provider's month touches that provider's labels.
    fn is_touching(&self, number: usize, alert: &AlertHistory) -> bool {
        let about = |label: &PlantedVisit<'_>| {
            alert.kind == SubjectKind::ProviderPeriod
                && self.replay.names.text(alert.provider) == label.planted.actor
        };
        !self.touches[number].is_empty() || self.months.iter().any(about)
    }

    pub(super) fn rules(&self) -> Vec<RuleRow> {
        let mut rows: BTreeMap<&str, RuleRow> = BTreeMap::new();
        for (number, alert) in self.replay.alerts.iter().enumerate() {
            for rule in &alert.rules {
                let row = rows.entry(rule).or_default();
                row.rule.clone_from(rule);
                row.alerts += 1;
                row.touching += usize::from(self.is_touching(number, alert));
            }
        }
        rows.into_values().collect()
    }

    /// Alerts about honest work by kind of provider; and the rate of the messiest municipal unit over that of all.
    pub(super) fn kinds(&self) -> (Vec<KindRow>, Option<f64>) {
        let planted: HashSet<u32> =
            self.labels.iter().chain(&self.observed).map(|label| label.registration).collect();
        let mut visits: BTreeMap<&str, usize> = BTreeMap::new();
        let mut units: BTreeMap<u32, [usize; 2]> = BTreeMap::new();
        let mut unit_of: HashMap<u32, u32> = HashMap::new();
        for (registration, visit) in &self.replay.visits {
            let municipal = self.replay.municipal.contains(&visit.provider);
            unit_of.insert(visit.carer, visit.unit);
            if visit.is_cancelled || planted.contains(registration) {
                continue;
            }
            *visits.entry(if municipal { "municipal" } else { "private" }).or_default() += 1;
            if municipal {
                let [all, manual] = units.entry(visit.unit).or_default();
                *all += 1;
                *manual += usize::from(visit.is_manual);
            }
        }
        let share = |[all, manual]: [usize; 2]| manual as f64 / all as f64;
        let large = units.iter().filter(|(_, [all, _])| UNIT_VISITS_MIN <= *all);
        let messiest = large.max_by(|a, b| share(*a.1).total_cmp(&share(*b.1)).then(a.0.cmp(b.0)));
        let mut alerts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut of_messiest = 0;
        for (number, alert) in self.replay.alerts.iter().enumerate() {
            if self.is_touching(number, alert) {
                continue;
            }
            let municipal = self.replay.municipal.contains(&alert.provider);
            *alerts.entry(if municipal { "municipal" } else { "private" }).or_default() += 1;
            let unit = alert.carer.and_then(|carer| unit_of.get(&carer));
            of_messiest += usize::from(unit.is_some() && unit == messiest.map(|(unit, _)| unit));
        }
        let row = |kind: &str, honest_visits: usize, alerts: usize| KindRow {
            kind: kind.to_owned(),
            honest_visits,
            alerts,
            per_thousand: ratio(1_000 * alerts, honest_visits),
        };
        let mut rows: Vec<KindRow> = visits
            .iter()
            .map(|(kind, &all)| row(kind, all, alerts.get(kind).copied().unwrap_or_default()))
            .collect();
        let all = row("all", visits.values().sum(), alerts.values().sum());
        let messy = messiest.map(|(_, [visits, _])| row("messiest municipal unit", *visits, of_messiest));
        let against = messy.as_ref().and_then(|row| Some(row.per_thousand? / all.per_thousand?));
        rows.push(all);
        rows.extend(messy);
        (rows, against.filter(|ratio| ratio.is_finite()))
    }
}

/// The row of a label's pattern, counting the label.
fn row_of<'r, 'p>(
    rows: &'r mut BTreeMap<(u8, &'p str), PatternRow>,
    planted: &'p TruthRow,
) -> &'r mut PatternRow {
    let number = planted.known.and_then(|pattern| pattern.number);
    let key = (number.unwrap_or(u8::MAX), planted.pattern.as_str());
    let row = rows.entry(key).or_default();
    row.pattern.clone_from(&planted.pattern);
    row.number = number;
    row.rule = planted.known.map_or_else(String::new, |pattern| pattern.rule.to_owned());
    row.planted += 1;
    row
}

fn count(times: &mut Vec<(String, usize)>, rules: &BTreeSet<&str>) {
    for &rule in rules {
        match times.iter_mut().find(|(name, _)| name == rule) {
            Some((_, times)) => *times += 1,
            None => times.push((rule.to_owned(), 1)),
        }
    }
}
