//! Open alerts and current holds of one municipality, as gauges.

use std::collections::BTreeMap;

use super::{Metrics, labels};
use crate::domain::{Alert, Grade, Hold, HoldState, UtcSecond};

/// So many holds over so many öre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    holds: i64,
    ore: i64,
}

impl Amount {
    fn add(&mut self, hold: &Hold, sign: i64) {
        self.holds += sign;
        self.ore += sign * hold.amount_ore;
    }

    fn plus(self, other: Self) -> Self {
        Self { holds: self.holds + other.holds, ore: self.ore + other.ore }
    }

    fn kronor(self) -> f64 {
        self.ore as f64 / 100.0
    }
}

/// The open alerts and current holds of one municipality.
#[derive(Debug)]
pub(in crate::service) struct Stands {
    /// Of grade review and hold.
    alerts: [i64; 2],
    /// Proposed ones, by when they are void.
    proposed: BTreeMap<UtcSecond, Amount>,
    /// Confirmed, released, upheld.
    decided: [Amount; 3],
    /// Holds void by then were counted as expired.
    expired_until: UtcSecond,
    changed: bool,
}

impl Stands {
    /// No alerts; holds that are void before `now` are not counted as expired.
    pub(in crate::service) fn new(now: UtcSecond) -> Self {
        Self {
            alerts: [0; 2],
            proposed: BTreeMap::new(),
            decided: [Amount::default(); 3],
            expired_until: now,
            changed: true,
        }
    }

    /// Replaces an open alert by another; `None`: there was none, or is none now.
    pub(in crate::service) fn change(&mut self, before: Option<&Alert>, now: Option<&Alert>) {
        self.changed = true;
        for (alert, sign) in [(before, -1), (now, 1)] {
            let Some(alert) = alert else { continue };
            self.alerts[usize::from(alert.grade == Grade::Hold)] += sign;
            let Some(hold) = &alert.hold else { continue };
            match hold.state {
                HoldState::Proposed | HoldState::Expired => {
                    let amount = self.proposed.entry(hold.expires_at).or_default();
                    amount.add(hold, sign);
                    if amount.holds == 0 {
                        self.proposed.remove(&hold.expires_at);
                    }
                }
                HoldState::Confirmed => self.decided[0].add(hold, sign),
                HoldState::Released => self.decided[1].add(hold, sign),
                HoldState::Upheld => self.decided[2].add(hold, sign),
                HoldState::Superseded => {}
            }
        }
    }

    /// Sets the gauges to the state at `now`, where they differ.
    pub(in crate::service) fn show(&mut self, municipality: &str, now: UtcSecond, metrics: &Metrics) {
        let newly = self.proposed.range(..=now).filter(|(void_at, _)| self.expired_until < **void_at);
        let newly = newly.fold(Amount::default(), |sum, (_, amount)| sum.plus(*amount));
        self.expired_until = self.expired_until.max(now);
        if newly == Amount::default() && !self.changed {
            return;
        }
        self.changed = false;
        metrics.hold_changed(municipality, "expired", newly);
        let expired = self.proposed.range(..=now).fold(Amount::default(), |sum, (_, more)| sum.plus(*more));
        let all = self.proposed.values().fold(Amount::default(), |sum, more| sum.plus(*more));
        let proposed = Amount { holds: all.holds - expired.holds, ore: all.ore - expired.ore };
        let [confirmed, released, upheld] = self.decided;
        let families = &metrics.families;
        for (state, amount) in
            labels::HOLDS_STAND.iter().zip([proposed, confirmed, released, upheld, expired])
        {
            families.holds.with_label_values(&[municipality, state]).set(amount.holds);
            families.holds_kronor.with_label_values(&[municipality, state]).set(amount.kronor());
        }
        for (grade, alerts) in [Grade::Review, Grade::Hold].iter().zip(self.alerts) {
            families.open_alerts.with_label_values(&[municipality, grade.as_str()]).set(alerts);
        }
    }
}

impl Metrics {
    /// The hold of an alert that was just published, in the place of `before`.
    pub(in crate::service) fn hold_published(&self, now: &Alert, before: Option<&Alert>) {
        let municipality = now.municipality.as_str();
        let hold_before = before.and_then(|before| before.hold.as_ref());
        let same = |hold: &Hold| now.hold.as_ref().is_some_and(|now| now.hold_id == hold.hold_id);
        // A newer version has a hold of its own, and without the grade there is none any more.
        if let Some(gone) = hold_before.filter(|hold| !same(hold) && hold.state != HoldState::Superseded) {
            self.hold_came_into(municipality, gone, HoldState::Superseded);
        }
        let was = hold_before.filter(|hold| same(hold)).map(|hold| hold.state);
        // That a hold has expired is counted by the clock, in `Stands::show`.
        let is_new = |hold: &&Hold| Some(hold.state) != was && hold.state != HoldState::Expired;
        if let Some(hold) = now.hold.as_ref().filter(is_new) {
            self.hold_came_into(municipality, hold, hold.state);
        }
    }

    fn hold_came_into(&self, municipality: &str, hold: &Hold, state: HoldState) {
        let state = match state {
            HoldState::Proposed => "proposed",
            HoldState::Confirmed => "confirmed",
            HoldState::Released => "released",
            HoldState::Upheld => "upheld",
            HoldState::Expired => "expired",
            HoldState::Superseded => "superseded",
        };
        self.hold_changed(municipality, state, Amount { holds: 1, ore: hold.amount_ore });
    }

    fn hold_changed(&self, municipality: &str, state: &str, amount: Amount) {
        let holds = u64::try_from(amount.holds).unwrap_or_default();
        self.families.hold_changes.with_label_values(&[municipality, state]).inc_by(holds);
        let kronor = amount.kronor().max(0.0);
        self.families.hold_changes_kronor.with_label_values(&[municipality, state]).inc_by(kronor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::fixtures::alert;

    fn held(state: HoldState, void_at: i64) -> Alert {
        let mut alert = alert("0181", "R1", 7.0).alert;
        let hold = alert.hold.as_mut().expect("it has a hold");
        hold.state = state;
        hold.expires_at = UtcSecond(void_at);
        alert
    }

    #[test]
    fn a_proposed_hold_is_expired_once_its_time_is_over_and_not_twice() {
        let metrics = Metrics::new(&[]);
        let mut stands = Stands::new(UtcSecond(0));
        let proposed = held(HoldState::Proposed, 100);
        metrics.hold_published(&proposed, None);
        stands.change(None, Some(&proposed));
        stands.show("0181", UtcSecond(99), &metrics);
        let says = |line: &str| assert!(metrics.text().contains(line), "{line}\n{}", metrics.text());
        says("tidvakt_holds{municipality=\"0181\",state=\"proposed\"} 1");
        says("tidvakt_open_alerts{grade=\"hold\",municipality=\"0181\"} 1");
        for now in [100, 101] {
            stands.show("0181", UtcSecond(now), &metrics);
            says("tidvakt_holds{municipality=\"0181\",state=\"proposed\"} 0");
            says("tidvakt_holds_kronor{municipality=\"0181\",state=\"expired\"} 1");
            says("tidvakt_hold_changes_kronor_total{municipality=\"0181\",state=\"expired\"} 1");
        }
        stands.change(Some(&proposed), None);
        stands.show("0181", UtcSecond(102), &metrics);
        says("tidvakt_holds_kronor{municipality=\"0181\",state=\"expired\"} 0");
    }

    #[test]
    fn a_hold_is_counted_where_it_comes_into_a_state() {
        let metrics = Metrics::new(&[]);
        let [proposed, confirmed] = [HoldState::Proposed, HoldState::Confirmed].map(|s| held(s, 1));
        metrics.hold_published(&proposed, None);
        metrics.hold_published(&proposed, Some(&proposed));
        metrics.hold_published(&confirmed, Some(&proposed));
        let mut newer = proposed.clone();
        newer.hold.as_mut().expect("it has a hold").hold_id = "R1:2".to_owned();
        metrics.hold_published(&newer, Some(&confirmed));
        metrics.hold_published(&Alert { hold: None, ..newer.clone() }, Some(&newer));
        let text = metrics.text();
        for (state, count) in [("proposed", 2), ("confirmed", 1), ("superseded", 2)] {
            let line =
                format!("tidvakt_hold_changes_total{{municipality=\"0181\",state=\"{state}\"}} {count}");
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
    }
}
