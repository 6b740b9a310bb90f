//! The read model: what HTTP shows while scoring goes on.
//!
//! Workers write, readers read, in maps that are locked by shard. No guard outlives a method here.

use std::cmp::Ordering as Order;
use std::sync::Arc;

use dashmap::DashMap;
use hashbrown::DefaultHashBuilder;

use crate::domain::{AlertState, PublishedAlert};
use crate::engine::{EntityRef, Rolling};

type Map<V> = DashMap<String, V, DefaultHashBuilder>;

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
    carers: Map<Vec<RollingRow>>,
    clients: Map<Vec<RollingRow>>,
    alerts: Map<Arc<PublishedAlert>>,
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

    /// An alert as it stands on the topic now; returns the open one in whose place it stands.
    pub fn alert(&self, alert: &PublishedAlert) -> Option<Arc<PublishedAlert>> {
        let id = &alert.alert.alert_id;
        if alert.state == AlertState::Withdrawn {
            self.alerts.remove(id).map(|(_, before)| before)
        } else {
            self.alerts.insert(id.clone(), Arc::new(alert.clone()))
        }
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
    }

    /// Rolling statistics by municipality; empty where nobody is known by this reference.
    #[must_use]
    pub fn statistics(&self, entity: EntityRef<'_>) -> Vec<RollingRow> {
        let (map, reference) = self.map(entity);
        map.get(reference).map(|seen| seen.clone()).unwrap_or_default()
    }

    /// Open alerts, the highest score first, at most `limit`, in one municipality or in all.
    #[must_use]
    pub fn open_alerts(&self, municipality: Option<&str>, limit: usize) -> Vec<Arc<PublishedAlert>> {
        let wanted = |alert: &PublishedAlert| {
            municipality.is_none_or(|municipality| municipality == alert.alert.municipality)
        };
        let mut alerts: Vec<Arc<PublishedAlert>> = self
            .alerts
            .iter()
            .filter(|entry| wanted(entry.value()))
            .map(|entry| entry.value().clone())
            .collect();
        if limit < alerts.len() {
            alerts.select_nth_unstable_by(limit, gravest_first);
            alerts.truncate(limit);
        }
        alerts.sort_unstable_by(gravest_first);
        alerts
    }

    fn map<'a>(&self, entity: EntityRef<'a>) -> (&Map<Vec<RollingRow>>, &'a str) {
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
        assert_eq!(ids(view.open_alerts(None, 2)), ["R2", "R3"]);
        assert_eq!(ids(view.open_alerts(Some("0181"), 10)), ["R2", "R1"]);

        let before = view.alert(&PublishedAlert { state: AlertState::Revised, ..alert("0181", "R2", 0.5) });
        assert_eq!(before.map(|before| before.alert.score), Some(9.0));
        view.alert(&PublishedAlert { state: AlertState::Withdrawn, ..alert("0180", "R3", 0.0) });
        assert_eq!(ids(view.open_alerts(None, 10)), ["R1", "R2"]);

        view.forget(&|municipality| municipality == "0181");
        assert_eq!(view.open_alerts(None, 10).len(), 0);
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
