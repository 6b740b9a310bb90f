//! Compares a replay with what was planted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::collect::{AlertHistory, Collector, EvaluatedVisit};
use super::desk::{About, Offer, RankedCase, RankedDesk};
use super::measure::{Point, Ranked, average_precision, curve, median, ratio};
use super::report::{AtBudget, CalibrationRow, TownFigures};
use super::truth::TruthRow;
use crate::domain::SubjectKind;
use crate::simulate::PatternScope;

/// Days at the beginning without anything planted: the cold start.
const WARM_UP_DAYS: i32 = 14;
/// Day of the next month on which a month is paid: a case about the month is in time before it.
const PAID_ON: i32 = 6;

/// A planted registration that is in the replay.
pub(super) struct PlantedVisit<'a> {
    pub(super) planted: &'a TruthRow,
    pub(super) registration: u32,
    pub(super) visit: &'a EvaluatedVisit,
    ore: i64,
}

/// One directory's replay beside its truth.
pub(super) struct Judge<'a> {
    pub(super) replay: &'a Collector,
    /// Of registrations.
    pub(super) labels: Vec<PlantedVisit<'a>>,
    /// Of providers' months.
    pub(super) months: Vec<PlantedVisit<'a>>,
    /// Of observe-only patterns.
    pub(super) observed: Vec<PlantedVisit<'a>>,
    by_registration: HashMap<u32, Vec<usize>>,
    /// For each alert, the labels that it touches.
    pub(super) touches: Vec<BTreeSet<usize>>,
    first_day: i32,
}

/// What was handed out, and what it covers.
#[derive(Default)]
pub(super) struct HandedOut {
    cases: usize,
    true_cases: usize,
    pub(super) covered: HashSet<usize>,
    /// Those covered by the day they came or by the evidence, without the rest of a month.
    by_the_day: HashSet<usize>,
    /// Carer to the day of the first case with something planted in it.
    first_true: HashMap<u32, i32>,
    dossiers: BTreeSet<u32>,
    cold: Vec<usize>,
}

/// The figures of the replay of the directory `name`.
pub(super) fn judge(name: String, replay: &Collector, truth: &[TruthRow], budget: usize) -> TownFigures {
    let judge = Judge::new(replay, truth);
    let handed = judge.hand_out(budget);
    let records = judge.records(budget);
    let points = judge.curve();
    let days = (replay.last_day - judge.first_day + 1).max(0);
    let after = (days - WARM_UP_DAYS).max(1);
    let planted = judge.labels.len();
    let ore = |of: &dyn Fn(usize) -> bool| -> i64 {
        judge.labels.iter().enumerate().filter(|(label, _)| of(*label)).map(|(_, label)| label.ore).sum()
    };
    let (planted_ore, caught_ore) = (ore(&|_| true), ore(&|label| handed.covered.contains(&label)));
    let (delay_days_median, actors, actors_found) = judge.delay(&handed);
    let (kinds, messy_unit_ratio) = judge.kinds();
    let visits = replay.visits.values().filter(|visit| !visit.is_cancelled).count();
    let has_truth = !truth.is_empty();
    let p_values: Vec<f64> = replay.visits.values().filter_map(|visit| visit.p_value).collect();
    TownFigures {
        name,
        days: days.unsigned_abs() as usize,
        registrations: visits,
        planted,
        average_precision: average_precision(&points, planted),
        cases: AtBudget {
            budget,
            handed_out: handed.cases,
            per_day: handed.cases as f64 / f64::from(after),
            precision: ratio(handed.true_cases, handed.cases).filter(|_| has_truth),
            recall: ratio(handed.covered.len(), planted),
        },
        records: AtBudget { per_day: records.handed_out as f64 / f64::from(after), ..records },
        recall_by_the_day: ratio(handed.by_the_day.len(), planted),
        planted_ore,
        caught_ore,
        money: (0 < planted_ore).then(|| caught_ore as f64 / planted_ore as f64),
        delay_days_median,
        actors,
        actors_found,
        provider_dossiers: handed.dossiers.len(),
        patterns: judge.patterns(&handed),
        rules: judge.rules(),
        kinds,
        messy_unit_ratio,
        cold_start_mean: handed.cold.iter().sum::<usize>() as f64 / f64::from(WARM_UP_DAYS),
        cold_start_most: handed.cold.iter().copied().max().unwrap_or_default(),
        calibration: if has_truth { Vec::new() } else { vec![CalibrationRow::of("combined", &p_values)] },
        hold_alerts: replay.alerts.iter().filter(|alert| alert.was_hold).count(),
        alerts: replay.alerts.len(),
        alerts_per_thousand: ratio(1_000 * replay.alerts.len(), visits),
        curve: points.iter().map(|point| (point.recall, point.precision)).collect(),
    }
}

impl<'a> Judge<'a> {
    fn new(replay: &'a Collector, truth: &'a [TruthRow]) -> Self {
        let (mut labels, mut months, mut observed) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_registration: HashMap<u32, Vec<usize>> = HashMap::new();
        for planted in truth {
            let Some(registration) = replay.names.find(&planted.registration_id) else { continue };
            let Some(visit) = replay.visits.get(&registration) else { continue };
            let price = visit.tariff.and_then(|tariff| replay.ore_per_hour.get(&tariff)).copied();
            let ore = planted.seconds * price.unwrap_or_default() / 3_600;
            let label = PlantedVisit { planted, registration, visit, ore };
            match planted.known.map(|pattern| pattern.scope) {
                Some(PatternScope::Provider) => months.push(label),
                Some(PatternScope::Observed) => observed.push(label),
                Some(PatternScope::Registration) | None => {
                    by_registration.entry(registration).or_default().push(labels.len());
                    labels.push(label);
                }
            }
        }
        let first_day = replay.first_day.unwrap_or_default();
        let touches = Vec::new();
        let mut judge = Self { replay, labels, months, observed, by_registration, touches, first_day };
        judge.touches = replay.alerts.iter().map(|alert| judge.touched_by(alert)).collect();
        judge
    }

    /// The labels that an alert names, or that lie in the period that it is about.
    fn touched_by(&self, alert: &AlertHistory) -> BTreeSet<usize> {
        let named = alert.named.iter().filter_map(|registration| self.by_registration.get(registration));
        let mut touched: BTreeSet<usize> = named.flatten().copied().collect();
        touched
            .extend(self.labels.iter().enumerate().filter(|(_, it)| in_period(alert, it)).map(|(at, _)| at));
        touched
    }

    /// Hands out the cases of each day.
    fn hand_out(&self, budget: usize) -> HandedOut {
        let mut handed = HandedOut::default();
        let mut desk = RankedDesk::default();
        let mut by_day: BTreeMap<i32, Vec<Offer>> = BTreeMap::new();
        for shown in &self.replay.shown {
            match self.replay.alerts[shown.alert as usize].about {
                Some(about) => by_day.entry(shown.day).or_default().push(Offer {
                    alert: shown.alert,
                    about,
                    score: shown.score,
                }),
                None => {
                    handed.dossiers.insert(shown.alert);
                }
            }
        }
        let came = self.came();
        for (day, offers) in by_day {
            let (cases, offered) = desk.day(day, &offers, budget);
            if day - self.first_day < WARM_UP_DAYS {
                handed.cold.push(offered.min(budget));
                continue;
            }
            for case in &cases {
                self.note(day, case, &came, &mut handed);
            }
            // Cases handed out earlier also cover what came today in their period.
            let today = came.get(&day).map_or(&[][..], Vec::as_slice);
            for offer in offers.iter().filter(|offer| desk.has(offer.alert)) {
                let alert = &self.replay.alerts[offer.alert as usize];
                handed
                    .by_the_day
                    .extend(today.iter().filter(|&&label| in_period(alert, &self.labels[label])));
            }
        }
        // A case covers the registrations that its evidence names, and all of its month where it is handed out
        // before the month is paid.
        for (number, alert) in self.replay.alerts.iter().enumerate() {
            let Some(first) = desk.first(number as u32) else { continue };
            let named = alert.named.iter().filter_map(|id| self.by_registration.get(id));
            handed.by_the_day.extend(named.flatten());
            if first < alert.month.next().first_day().0 + PAID_ON - 1 {
                let month = self.labels.iter().enumerate().filter(|(_, label)| in_period(alert, label));
                handed.covered.extend(month.map(|(label, _)| label));
            }
        }
        handed.covered.extend(&handed.by_the_day);
        handed
    }

    /// The labels whose registrations came on a day.
    fn came(&self) -> HashMap<i32, Vec<usize>> {
        let mut came: HashMap<i32, Vec<usize>> = HashMap::new();
        for (number, label) in self.labels.iter().enumerate() {
            came.entry(label.visit.came).or_default().push(number);
        }
        came
    }

    fn note(&self, day: i32, case: &RankedCase, came: &HashMap<i32, Vec<usize>>, handed: &mut HandedOut) {
        handed.cases += 1;
        let touched: BTreeSet<usize> = case
            .alerts
            .iter()
            .flat_map(|&alert| &self.touches[alert as usize])
            .copied()
            .filter(|&label| self.labels[label].visit.came <= day)
            .collect();
        if let About::Carer(carer) = case.about {
            // A case about a carer covers the carer's whole day.
            let own = came.get(&day).into_iter().flatten();
            handed.by_the_day.extend(own.filter(|&&label| self.labels[label].visit.carer == carer));
        }
        if touched.is_empty() {
            return;
        }
        handed.true_cases += 1;
        let carers: BTreeSet<u32> = touched.iter().map(|&label| self.labels[label].visit.carer).collect();
        for carer in carers {
            handed.first_true.entry(carer).or_insert(day);
        }
    }

    /// The best registrations of each day, each when its alert is first published.
    fn records(&self, budget: usize) -> AtBudget {
        let mut by_day: BTreeMap<i32, Vec<(f64, u32)>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for shown in &self.replay.shown {
            let single = self.replay.alerts[shown.alert as usize].kind == SubjectKind::Registration;
            if single && seen.insert(shown.alert) && WARM_UP_DAYS <= shown.day - self.first_day {
                by_day.entry(shown.day).or_default().push((shown.score, shown.alert));
            }
        }
        let (mut handed_out, mut hits, mut found) = (0, 0, BTreeSet::<usize>::new());
        for alerts in by_day.values_mut() {
            alerts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            for &(_, alert) in alerts.iter().take(budget) {
                handed_out += 1;
                let touched = &self.touches[alert as usize];
                hits += usize::from(!touched.is_empty());
                found.extend(touched);
            }
        }
        AtBudget {
            budget,
            handed_out,
            per_day: 0.0,
            precision: ratio(hits, handed_out).filter(|_| !self.labels.is_empty()),
            recall: ratio(found.len(), self.labels.len()),
        }
    }

    /// Precision over recall of the registrations by their score; a pair finds either member.
    fn curve(&self) -> Vec<Point> {
        let of = |registration: &u32| self.by_registration.get(registration).into_iter().flatten().copied();
        let rank = |(registration, visit): (&u32, &EvaluatedVisit)| {
            let related = visit.related.iter().flat_map(of);
            let own = of(registration);
            let finds = if visit.score == 0.0 { own.collect() } else { own.chain(related).collect() };
            Ranked { score: visit.score, finds }
        };
        curve(self.replay.visits.iter().map(rank).collect(), self.labels.len())
    }

    /// Median days from an actor's first planted registration to the first case, with how many actors
    /// there are, and how many of them were found.
    fn delay(&self, handed: &HandedOut) -> (Option<f64>, usize, usize) {
        let mut first: BTreeMap<u32, i32> = BTreeMap::new();
        for label in &self.labels {
            let day = first.entry(label.visit.carer).or_insert(label.visit.came);
            *day = (*day).min(label.visit.came);
        }
        let found =
            first.iter().filter_map(|(carer, day)| Some(f64::from(handed.first_true.get(carer)? - day)));
        let delays: Vec<f64> = found.collect();
        let found = delays.len();
        (median(delays), first.len(), found)
    }
}

/// Is the label's registration one of the carer's, pair's or client's that the alert is about, in the
/// alert's month?
fn in_period(alert: &AlertHistory, label: &PlantedVisit<'_>) -> bool {
    let carer = alert.carer == Some(label.visit.carer);
    let client = alert.client == Some(label.visit.client);
    let whose = match alert.kind {
        SubjectKind::CarerPeriod => carer,
        SubjectKind::ClientPeriod => client,
        SubjectKind::PairPeriod => carer && client,
        SubjectKind::Registration | SubjectKind::ProviderPeriod | SubjectKind::Tag => false,
    };
    whose && Some(alert.month) == label.visit.month
}
