//! Rolling statistics of a carer or a client, for the read model.

use crate::engine::Engine;
use crate::engine::model::period::PeriodSubject;
use crate::engine::state::crowds::is_in;
use crate::engine::state::municipality::{Changed, State};
use crate::engine::stats::baseline::{Baseline, Predictive, Prior};

/// A weak prior: the ratio is a description, not a test.
const DESCRIPTIVE: Prior =
    Prior { mean: 0.0, sd: 0.3, mean_weight: 0.1, sd_weight: 1.0, observations_effective: 60.0 };

/// Statistics of a carer's or client's retained registrations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rolling {
    /// Registrations that count, without those of days with more than any person has.
    pub visits: u32,
    /// Registered seconds.
    pub seconds: i64,
    /// Share with an end entered by hand, 0 to 1.
    pub manual_share: f64,
    /// Share with two electronic captures, 0 to 1.
    pub electronic_share: f64,
    /// Median ratio of registered to planned length; 1 = as planned.
    pub usual_ratio: f64,
    /// Predictive scale of the natural logarithm of that ratio.
    pub ratio_sd_log: f64,
    /// Visits that the ratio is learnt from.
    pub observations: u32,
}

/// A carer or a client, by its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityRef<'a> {
    /// A carer.
    Carer(&'a str),
    /// A client.
    Client(&'a str),
}

impl Engine {
    /// Rolling statistics of a carer; `None` without retained registrations.
    #[must_use]
    pub fn carer(&self, carer_ref: &str) -> Option<Rolling> {
        let carer = self.state.interners.carers.find(carer_ref)?;
        self.rolling(PeriodSubject::Carer(carer))
    }

    /// Rolling statistics of a client; `None` without retained registrations.
    #[must_use]
    pub fn client(&self, client_ref: &str) -> Option<Rolling> {
        let client = self.state.interners.clients.find(client_ref)?;
        self.rolling(PeriodSubject::Client(client))
    }

    /// Statistics of the visits outside of crowds, which describe nobody.
    fn rolling(&self, subject: PeriodSubject) -> Option<Rolling> {
        let crowds = self.state.crowds.of(subject);
        let pins = self.state.entity(subject).timeline.all().iter();
        let pins = pins.filter(|pin| !is_in(crowds, pin.start()));
        let count = u32::try_from(pins.clone().count()).ok().filter(|count| 0 < *count)?;
        let share = |part: u32| f64::from(part) / f64::from(count);
        let (mut seconds, mut manual, mut electronic) = (0, 0, 0);
        let mut baseline = Baseline::new(DESCRIPTIVE);
        for visit in pins.map(|pin| self.state.ledger.counted(pin.slot)) {
            seconds += visit.seconds();
            manual += u32::from(visit.is_manual());
            electronic += u32::from(visit.is_electronic());
            if let Some(value) = visit.log_ratio() {
                baseline.learn(value);
            }
        }
        let Predictive { centre, scale, .. } = baseline.predictive();
        Some(Rolling {
            visits: count,
            seconds,
            manual_share: share(manual),
            electronic_share: share(electronic),
            usual_ratio: centre.exp(),
            ratio_sd_log: scale,
            observations: baseline.observations(),
        })
    }

    /// Removes at most `max` carers and clients from those that changed since they were drained last, the longest
    /// waiting first, and returns their statistics; `None` without retained registrations.
    pub fn drain_changed(&mut self, max: usize) -> Vec<(EntityRef<'_>, Option<Rolling>)> {
        let count = max.min(self.state.changed_since_read.len());
        let changed: Vec<Changed> = self.state.changed_since_read.drain(..count).collect();
        for entity in &changed {
            match entity {
                Changed::Carer(carer) => self.state.carers[carer.0 as usize].changed_since_read = false,
                Changed::Client(client) => self.state.clients[client.0 as usize].changed_since_read = false,
            }
        }
        let State { interners, .. } = &self.state;
        let read = |entity| match entity {
            Changed::Carer(carer) => {
                (EntityRef::Carer(interners.carers.text(carer)), self.rolling(PeriodSubject::Carer(carer)))
            }
            Changed::Client(client) => (
                EntityRef::Client(interners.clients.text(client)),
                self.rolling(PeriodSubject::Client(client)),
            ),
        };
        changed.into_iter().map(read).collect()
    }
}
