//! The read model: what HTTP shows while scoring goes on.
//!
//! Workers write, readers read, in maps that are locked by shard. No guard outlives a method here.

use std::cmp::Ordering as Order;
use std::collections::BTreeMap;
use std::sync::Arc;

use dashmap::DashMap;
use hashbrown::DefaultHashBuilder;

use crate::domain::{AlertState, PublishedAlert};
use crate::engine::{EntityRef, Rolling, RuleCounts};

type ShardedMap<V> = DashMap<String, V, DefaultHashBuilder>;

/// Rolling statistics of a carer or client in one municipality.
#[derive(Clone, Debug, PartialEq)]
pub struct RollingRow {
    /// The municipality.
    pub municipality: String,
    /// The statistics.
    pub rolling: Rolling,
}

/// The read model.
pub struct View {
    carers: ShardedMap<Vec<RollingRow>>,
    clients: ShardedMap<Vec<RollingRow>>,
    alerts: ShardedMap<Arc<PublishedAlert>>,
    /// What the rules answered, by municipality.
    answers: ShardedMap<Answers>,
}

/// What the rules answered in one municipality since its engine was built.
#[derive(Clone, Debug)]
struct Answers {
    partition: i32,
    counts: Vec<RuleCounts>,
}

/// What waits in one municipality for a fact.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Wait {
    /// The fact, as in `not_tested` and `undetermined`.
    pub fact: String,
    /// The rule.
    pub rule: String,
    /// Answers that the rule could not give since the engine was built; each registration at each assessment.
    pub undetermined_answers: u64,
    /// Findings of open alerts whose grade is lower because the fact is missing.
    pub lowered_findings: u64,
}

impl View {
    /// Nothing is seen yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let map = DefaultHashBuilder::default;
        Arc::new(Self {
            carers: DashMap::with_hasher(map()),
            clients: DashMap::with_hasher(map()),
            alerts: DashMap::with_hasher(map()),
            answers: DashMap::with_hasher(map()),
        })
    }

    /// Replaces the statistics of a carer or client in a municipality, or removes them where they are `None`.
    /// Returns those before.
    pub fn rolled(
        &self,
        entity: EntityRef<'_>,
        municipality: &str,
        rolling: Option<Rolling>,
    ) -> Option<Rolling> {
        let (map, reference) = self.map(entity);
        let Some(rolling) = rolling else {
            let gone = |seen: &RollingRow| seen.municipality == municipality;
            let before = map.get_mut(reference).and_then(|mut entry| {
                let at = entry.iter().position(gone)?;
                Some(entry.swap_remove(at).rolling)
            });
            map.remove_if(reference, |_, seen| seen.is_empty());
            return before;
        };
        let mut entry = map.entry(reference.to_owned()).or_default();
        match entry.iter_mut().find(|seen| seen.municipality == municipality) {
            Some(seen) => Some(std::mem::replace(&mut seen.rolling, rolling)),
            None => {
                entry.push(RollingRow { municipality: municipality.to_owned(), rolling });
                None
            }
        }
    }

    /// The current state of an alert on the topic; returns the open alert that it replaces.
    pub fn alert(&self, alert: &PublishedAlert) -> Option<Arc<PublishedAlert>> {
        let id = &alert.alert.alert_id;
        if alert.state == AlertState::Withdrawn {
            self.alerts.remove(id).map(|(_, before)| before)
        } else {
            self.alerts.insert(id.clone(), Arc::new(alert.clone()))
        }
    }

    /// What the rules answered in a municipality of `partition`.
    pub fn answered(&self, municipality: &str, partition: i32, counts: Vec<RuleCounts>) {
        self.answers.insert(municipality.to_owned(), Answers { partition, counts });
    }

    /// The municipalities of `partition`, each with what waits for which fact, ascending.
    #[must_use]
    pub fn waiting(&self, partition: i32) -> BTreeMap<String, Vec<Wait>> {
        let mut waiting: BTreeMap<String, BTreeMap<(String, String), [u64; 2]>> = BTreeMap::new();
        for entry in self.answers.iter().filter(|entry| entry.partition == partition) {
            let rows = waiting.entry(entry.key().clone()).or_default();
            for RuleCounts { rule, undetermined, .. } in &entry.counts {
                for (fact, count) in undetermined {
                    rows.entry(((*fact).to_owned(), (*rule).to_owned())).or_default()[0] += count;
                }
            }
        }
        for entry in &self.alerts {
            let alert = &entry.value().alert;
            let Some(rows) = waiting.get_mut(&alert.municipality) else { continue };
            for finding in &alert.findings {
                for fact in &finding.not_tested {
                    rows.entry((fact.clone(), finding.rule.clone())).or_default()[1] += 1;
                }
            }
        }
        let rows = |rows: BTreeMap<(String, String), [u64; 2]>| {
            let rows = rows.into_iter().map(|((fact, rule), [undetermined_answers, lowered_findings])| {
                Wait { fact, rule, undetermined_answers, lowered_findings }
            });
            rows.collect()
        };
        waiting.into_iter().map(|(municipality, waits)| (municipality, rows(waits))).collect()
    }

    /// The municipalities are no longer this instance's.
    pub fn forget(&self, is_theirs: &dyn Fn(&str) -> bool) {
        for map in [&self.carers, &self.clients] {
            map.retain(|_, seen| {
                seen.retain(|seen| !is_theirs(&seen.municipality));
                !seen.is_empty()
            });
        }
        self.alerts.retain(|_, alert| !is_theirs(&alert.alert.municipality));
        self.answers.retain(|municipality, _| !is_theirs(municipality));
    }

    /// Rolling statistics by municipality; empty where nobody is known by this reference.
    #[must_use]
    pub fn statistics(&self, entity: EntityRef<'_>) -> Vec<RollingRow> {
        let (map, reference) = self.map(entity);
        map.get(reference).map(|seen| seen.clone()).unwrap_or_default()
    }

    /// Open alerts, the highest score first, at most `limit`, of the municipalities that are wanted.
    #[must_use]
    pub fn open_alerts(&self, is_wanted: &dyn Fn(&str) -> bool, limit: usize) -> Vec<Arc<PublishedAlert>> {
        let mut alerts: Vec<Arc<PublishedAlert>> = self
            .alerts
            .iter()
            .filter(|entry| is_wanted(&entry.value().alert.municipality))
            .map(|entry| entry.value().clone())
            .collect();
        if limit < alerts.len() {
            alerts.select_nth_unstable_by(limit, gravest_first);
            alerts.truncate(limit);
        }
        alerts.sort_unstable_by(gravest_first);
        alerts
    }

    fn map<'a>(&self, entity: EntityRef<'a>) -> (&ShardedMap<Vec<RollingRow>>, &'a str) {
        match entity {
            EntityRef::Carer(reference) => (&self.carers, reference),
            EntityRef::Client(reference) => (&self.clients, reference),
        }
    }
}

fn gravest_first(a: &Arc<PublishedAlert>, b: &Arc<PublishedAlert>) -> Order {
    let by_score = b.alert.score.total_cmp(&a.alert.score);
    by_score.then_with(|| a.alert.alert_id.cmp(&b.alert.alert_id))
}

#[cfg(test)]
pub(in crate::service) mod tests {
    use super::*;
    use crate::domain::{Class, Finding, Grade, Sentence};
    use crate::service::fixtures::alert;

    #[test]
    fn open_alerts_come_gravest_first() {
        let view = View::new();
        view.alert(&alert("0181", "R1", 1.0));
        view.alert(&alert("0181", "R2", 9.0));
        view.alert(&alert("0180", "R3", 5.0));
        let ids = |alerts: Vec<Arc<PublishedAlert>>| -> Vec<String> {
            alerts.iter().map(|alert| alert.alert.subject.id.clone()).collect()
        };
        assert_eq!(ids(view.open_alerts(&|_| true, 2)), ["R2", "R3"]);
        assert_eq!(ids(view.open_alerts(&|code| code == "0181", 10)), ["R2", "R1"]);

        let before = view.alert(&PublishedAlert { state: AlertState::Revised, ..alert("0181", "R2", 0.5) });
        assert_eq!(before.map(|before| before.alert.score), Some(9.0));
        view.alert(&PublishedAlert { state: AlertState::Withdrawn, ..alert("0180", "R3", 0.0) });
        assert_eq!(ids(view.open_alerts(&|_| true, 10)), ["R1", "R2"]);

        view.forget(&|municipality| municipality == "0181");
        assert_eq!(view.open_alerts(&|_| true, 10).len(), 0);
    }

    #[test]
    fn what_waits_for_a_fact_is_counted_by_rule_and_goes_with_its_municipality() {
        let view = View::new();
        let counts = |rule, fact, count| RuleCounts {
            rule,
            hits: [0; 3],
            lowered: [0; 4],
            undetermined: vec![(fact, count)],
        };
        view.answered("0181", 3, vec![counts("impossible-travel", "client_home", 105)]);
        view.answered("0180", 4, vec![counts("impossible-travel", "client_home", 7)]);
        let mut overlap = alert("0181", "R1", 2.0);
        overlap.alert.findings = vec![Finding {
            rule: "carer-overlap".to_owned(),
            rule_version: 1,
            class: Class::Contradiction,
            grade: Grade::Review,
            p_value: None,
            related: vec!["R2".to_owned()],
            related_more: 0,
            seconds_in_question: 60,
            observed: Vec::new(),
            expected: Vec::new(),
            excluded: Vec::new(),
            not_tested: vec!["household".to_owned()],
            text: Sentence::default(),
            lowered_by: None,
        }];
        view.alert(&overlap);
        let wait = |fact: &str, rule: &str, undetermined_answers, lowered_findings| Wait {
            fact: fact.to_owned(),
            rule: rule.to_owned(),
            undetermined_answers,
            lowered_findings,
        };
        let expected =
            vec![wait("client_home", "impossible-travel", 105, 0), wait("household", "carer-overlap", 0, 1)];
        assert_eq!(view.waiting(3), [("0181".to_owned(), expected)].into());
        // The fact came: the alert no longer lacks it.
        view.alert(&alert("0181", "R1", 2.0));
        assert_eq!(view.waiting(3)["0181"].len(), 1);
        view.forget(&|municipality| municipality == "0181");
        assert_eq!(view.waiting(3), BTreeMap::new());
    }

    #[test]
    fn statistics_are_kept_by_municipality_and_go_with_it() {
        let view = View::new();
        let rolling = |visits| Some(Rolling { visits, ..Rolling::default() });
        view.rolled(EntityRef::Carer("c"), "0181", rolling(1));
        view.rolled(EntityRef::Carer("c"), "0180", rolling(2));
        view.rolled(EntityRef::Carer("c"), "0181", rolling(3));
        assert_eq!(view.statistics(EntityRef::Client("c")), []);
        let visits: Vec<u32> =
            view.statistics(EntityRef::Carer("c")).iter().map(|seen| seen.rolling.visits).collect();
        assert_eq!(visits, [3, 2]);
        view.rolled(EntityRef::Carer("c"), "0181", None);
        view.forget(&|municipality| municipality == "0180");
        assert_eq!(view.statistics(EntityRef::Carer("c")), []);
    }
}
