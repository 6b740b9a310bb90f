//! The cases of one municipality.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Rules;
use super::case::{Case, CaseKind, CaseStatus};
use super::chance::Chances;
use super::provider::ProviderFacts;
use super::rank::Worth;
use super::visits::{CaseVisit, Visits};
use crate::contract::MunicipalityProgress;
use crate::domain::{
    AlertState, Day, Decision, FactChange, Grade, ProviderKind, PublishedAlert, Registration, UtcSecond,
};

/// Decisions that are remembered of one alert: more than any review has.
const DECISIONS_PER_ALERT_MAX: usize = 64;

/// The cases of one municipality, with its visits and what was decided.
pub struct Book {
    municipality: String,
    rules: Rules,
    cases: BTreeMap<String, Case>,
    /// Which case an alert lies in, and at which revision.
    place: HashMap<String, (String, u32)>,
    /// The alerts whose evidence names a registration beside their own: a finding on two falls on one of them.
    named: BTreeMap<String, BTreeSet<String>>,
    decisions: BTreeMap<String, Vec<Decision>>,
    providers: ProviderFacts,
    visits: Visits,
    progress: Option<MunicipalityProgress>,
    now: UtcSecond,
}

/// What a list of cases is narrowed by. Empty fields narrow nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only cases in this state.
    pub status: Option<CaseStatus>,
    /// Only cases of this grade.
    pub grade: Option<Grade>,
    /// Only cases with a finding of this rule.
    pub rule: Option<String>,
    /// Only cases with an alert at this provider.
    pub provider: Option<String>,
    /// Only cases about this kind.
    pub kind: Option<CaseKind>,
    /// Only cases that mention this text: ids of the case, its registrations, carers, clients and providers, and of the
    /// registrations that its evidence names, with their carers and clients.
    pub text: Option<String>,
}

/// A case in a list, with what it ranks by.
#[derive(Clone, Debug)]
pub struct CaseHit<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its state.
    pub status: CaseStatus,
    /// What it ranks by.
    pub worth: Worth,
}

impl Book {
    pub(super) fn new(municipality: &str, rules: Rules) -> Self {
        let visits = Visits::new(rules.zone.clone(), rules.retained_days);
        Self {
            municipality: municipality.to_owned(),
            rules,
            cases: BTreeMap::new(),
            place: HashMap::new(),
            named: BTreeMap::new(),
            decisions: BTreeMap::new(),
            providers: ProviderFacts::default(),
            visits,
            progress: None,
            now: UtcSecond::default(),
        }
    }

    pub(super) fn alert(&mut self, alert: PublishedAlert) -> bool {
        let (id, case_id) = (alert.alert.alert_id.clone(), alert.alert.case_id.clone());
        if let Some((before, revision)) = self.place.get(&id) {
            if alert.revision <= *revision {
                return false;
            }
            // A correction can move an alert to another carer's case.
            if *before != case_id
                && let Some(case) = self.cases.get_mut(before)
            {
                case.remove(&id);
                if case.is_empty() {
                    self.cases.remove(&before.clone());
                }
            }
        }
        self.now = self.now.max(alert.alert.assessed_at);
        self.name_related(&alert);
        self.place.insert(id.clone(), (case_id.clone(), alert.revision));
        let decided = self.decisions.get(&id).map_or(&[][..], Vec::as_slice);
        self.cases.entry(case_id.clone()).or_insert_with(|| Case::new(&case_id)).put(alert, decided);
        true
    }

    /// Replaces the registrations that an alert names by those of its new revision.
    fn name_related(&mut self, alert: &PublishedAlert) {
        let id = &alert.alert.alert_id;
        let related = |alert: &PublishedAlert| -> BTreeSet<String> {
            alert.alert.findings.iter().flat_map(|finding| finding.related.iter().cloned()).collect()
        };
        let before = self.alert_by_id(id).map(related).unwrap_or_default();
        let now = related(alert);
        for gone in before.difference(&now) {
            if let Some(alerts) = self.named.get_mut(gone) {
                alerts.remove(id);
                if alerts.is_empty() {
                    self.named.remove(gone);
                }
            }
        }
        for new in now {
            self.named.entry(new).or_default().insert(id.clone());
        }
    }

    pub(super) fn decision(&mut self, decision: Decision) {
        let alert_id = decision.alert_id.clone();
        let known = self.decisions.entry(alert_id.clone()).or_default();
        if known.iter().any(|one| one.decision_id == decision.decision_id) {
            return;
        }
        known.push(decision);
        known.sort_by(|a, b| (a.decided_at, &a.decision_id).cmp(&(b.decided_at, &b.decision_id)));
        if DECISIONS_PER_ALERT_MAX < known.len() {
            known.remove(0);
        }
        if let Some((case_id, _)) = self.place.get(&alert_id)
            && let Some(case) = self.cases.get_mut(case_id)
        {
            case.decide(&alert_id, &self.decisions[&alert_id]);
        }
    }

    pub(super) fn fact(&mut self, change: FactChange) {
        self.providers.take(change);
    }

    /// Who runs a provider, where a fact that is valid now says so.
    #[must_use]
    pub fn provider_kind(&self, provider_id: &str) -> Option<ProviderKind> {
        self.providers.kind(provider_id, self.now)
    }

    pub(super) fn registration(&mut self, registration: &Registration<'_>, appended_at: UtcSecond) {
        self.now = self.now.max(appended_at);
        self.visits.take(registration, self.now);
    }

    pub(super) fn progress(&mut self, progress: MunicipalityProgress) {
        self.now = self.now.max(progress.append_time);
        self.progress = Some(progress);
    }

    /// The municipality code.
    #[must_use]
    pub fn municipality(&self) -> &str {
        &self.municipality
    }

    /// The municipality's time: the greatest append time so far.
    #[must_use]
    pub const fn now(&self) -> UtcSecond {
        self.now
    }

    /// The first instant of a local day.
    pub(super) fn start_of(&self, day: Day) -> UtcSecond {
        self.rules.zone.start_of(day)
    }

    /// The local day that `at` lies in.
    pub(super) fn local_day(&self, at: UtcSecond) -> Day {
        self.rules.zone.day(at)
    }

    /// How far it is assessed.
    #[must_use]
    pub const fn progress_record(&self) -> Option<&MunicipalityProgress> {
        self.progress.as_ref()
    }

    /// Its visits.
    #[must_use]
    pub const fn visits(&self) -> &Visits {
        &self.visits
    }

    /// A case.
    #[must_use]
    pub fn case(&self, case_id: &str) -> Option<&Case> {
        self.cases.get(case_id)
    }

    /// The cases about one carer, client, provider or tag, in order of their ids.
    pub fn cases_about<'a>(&'a self, kind: CaseKind, reference: &'a str) -> impl Iterator<Item = &'a Case> {
        self.cases.values().filter(move |case| case.kind() == kind && case.reference() == reference)
    }

    /// The other cases with an alert whose evidence names a registration of this case's carer or client in its pay
    /// period, in order of their ids.
    #[must_use]
    pub fn cases_naming(&self, case: &Case) -> Vec<&Case> {
        let is_of_case = |registration: &String| {
            self.visits.get(registration).is_some_and(|visit| {
                let reference = match case.kind() {
                    CaseKind::Carer => &visit.carer,
                    CaseKind::Client => &visit.client,
                    CaseKind::Provider | CaseKind::Tag => return false,
                };
                **reference == *case.reference()
                    && Some(self.rules.zone.month(visit.start)) == case.pay_period()
            })
        };
        let alerts = self.named.iter().filter(|(registration, _)| is_of_case(registration));
        let cases = alerts.flat_map(|(_, alerts)| alerts).filter_map(|id| Some(&self.place.get(id)?.0));
        let ids: BTreeSet<&String> = cases.filter(|id| **id != case.id()).collect();
        ids.into_iter().filter_map(|id| self.cases.get(id)).collect()
    }

    /// Every case, in order of their ids.
    pub(super) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// How many cases there are, in any state.
    #[must_use]
    pub fn case_count(&self) -> usize {
        self.cases.len()
    }

    /// An alert.
    #[must_use]
    pub fn alert_by_id(&self, alert_id: &str) -> Option<&PublishedAlert> {
        let (case_id, _) = self.place.get(alert_id)?;
        self.cases.get(case_id)?.alert(alert_id)
    }

    /// The alert about a registration that is not withdrawn.
    #[must_use]
    pub fn alert_of_registration(&self, registration_id: &str) -> Option<&PublishedAlert> {
        let alert_id = format!("{}:registration:{registration_id}", self.municipality);
        self.alert_by_id(&alert_id).filter(|alert| alert.state != AlertState::Withdrawn)
    }

    /// How probable it is that a finding of a rule and grade is right, from what was decided before the reviewers'
    /// day that `clock` lies in.
    #[must_use]
    pub fn chances(&self, clock: UtcSecond) -> Chances {
        let day = self.rules.zone.start_of(self.rules.zone.day(clock));
        let mut chances = Chances::default();
        for (alert_id, decisions) in &self.decisions {
            if let Some(alert) = self.alert_by_id(alert_id) {
                chances.learn(alert, decisions, day);
            }
        }
        chances
    }

    /// The cases that pass `filter`, those worth most first; `clock` is the reviewers' time.
    #[must_use]
    pub fn ranked(&self, filter: &Filter, clock: UtcSecond) -> Vec<CaseHit<'_>> {
        let (chances, draw) = (self.chances(clock), self.draw(clock));
        let hits = self.cases.values().map(|case| (case, draw.status(case, clock)));
        let hits = hits.filter(|(case, status)| filter.passes(self, case, *status));
        let mut hits: Vec<CaseHit<'_>> =
            hits.map(|(case, status)| CaseHit { case, status, worth: self.worth(case, &chances) }).collect();
        hits.sort_by(|a, b| {
            b.worth.kronor.total_cmp(&a.worth.kronor).then_with(|| a.case.id().cmp(b.case.id()))
        });
        draw.place(&mut hits);
        hits
    }

    /// What a case ranks by.
    #[must_use]
    pub fn worth(&self, case: &Case, chances: &Chances) -> Worth {
        Worth::of(case, chances, &self.rules, self.now)
    }

    /// The rules, and the providers, that open cases name; each in order, with the number of cases.
    #[must_use]
    pub fn choices(&self) -> (BTreeMap<&str, usize>, BTreeMap<&str, usize>) {
        let (mut rules, mut providers) = (BTreeMap::new(), BTreeMap::new());
        for case in self.cases.values().filter(|case| !case.open_alerts().is_empty()) {
            case.rules().into_iter().for_each(|rule| *rules.entry(rule).or_default() += 1);
            *providers.entry(case.provider_id()).or_default() += 1;
        }
        (rules, providers)
    }
}

impl Filter {
    /// Does `case` of `book`, in this state, pass?
    #[must_use]
    pub fn passes(&self, book: &Book, case: &Case, status: CaseStatus) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.status.is_none_or(|wanted| wanted == status)
            && self.grade.is_none_or(|wanted| wanted == case.grade())
            && self.kind.is_none_or(|wanted| wanted == case.kind())
            && self.rule.as_ref().is_none_or(|rule| case.rules().contains(&rule.as_str()))
            && is(&self.provider, case.provider_id())
            && self.text.as_ref().is_none_or(|text| mentions(book, case, text))
    }
}

fn mentions(book: &Book, case: &Case, text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |found: &str| found.to_lowercase().contains(&text);
    has(case.id())
        || case.alerts().iter().any(|alert| {
            let alert = &alert.alert;
            has(&alert.subject.id)
                || has(&alert.provider_id)
                || alert.carer_ref.as_deref().is_some_and(has)
                || alert.client_ref.as_deref().is_some_and(has)
                || alert.findings.iter().flat_map(|finding| &finding.related).any(|id| {
                    let whose = |visit: &CaseVisit| has(&visit.carer) || has(&visit.client);
                    has(id) || book.visits.get(id).is_some_and(whose)
                })
        })
}
