//! From what stands about a subject to the alert that says so.

use super::assess::Stand;
use super::period::{Period, Whose};
use super::rule::Weighed;
use super::score::{p_value, score};
use super::tally::NOTHING;
use super::visit::{Slot, Visit};
use super::{Engine, Output};
use crate::domain::{
    Action, Alert, Class, Decision, Fact, FactBody, FactChange, Finding, Grade, Hold, HoldState, Measure,
    Month, PaymentMode, Span, Subject, SubjectKind, UtcSecond, round_significant,
};

impl Engine {
    /// The alert about a visit. Where nothing stands any more it is the one that takes `before` back.
    pub(super) fn visit_alert(&self, visit: &Visit, stand: &Stand, before: &Stand) -> Alert {
        let registry = &self.world.registry;
        let municipality = &self.world.settings.municipality;
        let id = self.world.ledger.id(visit.slot);
        let carer = registry.carers.text(visit.carer);
        let client = registry.clients.text(visit.client);
        let provider = registry.providers.text(visit.provider);
        let subject =
            Subject { kind: SubjectKind::Registration, id: id.to_owned(), version: Some(visit.version) };
        let alert_id = alert_id(municipality, &subject);
        let at_risk = stand.hits.iter().filter(|weighed| Grade::Observe < weighed.hit.grade);
        Alert {
            case_id: format!("{municipality}:{carer}:{client}:{provider}:{}", visit.pay_period),
            provider_id: provider.to_owned(),
            carer_ref: Some(carer.to_owned()),
            client_ref: Some(client.to_owned()),
            amount_at_risk_ore: self.price(visit, union_seconds(at_risk)),
            hold: self.hold(visit, &alert_id, stand, before),
            event_time: visit.span.start(),
            ..self.frame(alert_id, subject, visit.pay_period, stand, before)
        }
    }

    /// The alert about a period; no seconds of it are in question one by one.
    pub(super) fn period_alert(&self, period: Period, stand: &Stand, before: &Stand) -> Alert {
        let registry = &self.world.registry;
        let municipality = &self.world.settings.municipality;
        let month = period.month;
        let tally = self.world.tally_of(period.whose, period.month).unwrap_or(&NOTHING);
        let provider = self.world.main_provider(period.whose, tally).or(before.provider);
        let provider = provider.map_or("", |provider| registry.providers.text(provider));
        let (carer, client) = match period.whose {
            Whose::Carer(carer) => (Some(registry.carers.text(carer)), None),
            Whose::Client(client) => (None, Some(registry.clients.text(client))),
            Whose::Pair(carer, client) => {
                (Some(registry.carers.text(carer)), Some(registry.clients.text(client)))
            }
            Whose::Provider(_) | Whose::Tag(_) => (None, None),
        };
        let subject = Subject { kind: period.whose.kind(), id: self.subject_id(period), version: None };
        let (by, at) = (carer.unwrap_or("-"), client.unwrap_or("-"));
        Alert {
            case_id: format!("{municipality}:{by}:{at}:{provider}:{month}"),
            provider_id: provider.to_owned(),
            carer_ref: carer.map(str::to_owned),
            client_ref: client.map(str::to_owned),
            event_time: self.period_start(period),
            ..self.frame(alert_id(municipality, &subject), subject, month, stand, before)
        }
    }

    /// What the alerts about visits and about periods have in common.
    fn frame(
        &self,
        alert_id: String,
        subject: Subject,
        pay_period: Month,
        stand: &Stand,
        before: &Stand,
    ) -> Alert {
        // A withdrawal keeps the class and grade of what it takes back.
        let weighed = if stand.is_alert() { &stand.hits } else { &before.hits };
        let classes = weighed.iter().map(|hit| self.rules[usize::from(hit.rule)].class);
        let kind = subject.kind;
        let hard = stand.hits.iter().any(|weighed| weighed.hit.p_value.is_none());
        let told: &[Weighed] = if stand.is_alert() { &stand.hits } else { &[] };
        Alert {
            alert_id,
            municipality: self.world.settings.municipality.clone(),
            subject,
            case_id: String::new(),
            provider_id: String::new(),
            carer_ref: None,
            client_ref: None,
            pay_period,
            class: classes.max().unwrap_or(Class::Error),
            grade: weighed.iter().map(|weighed| weighed.hit.grade).max().unwrap_or(Grade::Review),
            score: round_significant(score(told, kind, &self.rules), 4),
            p_value: p_value(told).filter(|_| !hard).map(|p| round_significant(p, 4)),
            amount_at_risk_ore: 0,
            findings: told.iter().map(|weighed| self.finding(weighed)).collect(),
            hold: None,
            event_time: UtcSecond(0),
            offset: self.at.offset,
            assessed_at: self.at.appended_at,
        }
    }

    fn finding(&self, weighed: &Weighed) -> Finding {
        let Weighed { rule, hit, lowered, .. } = weighed;
        let listed = &self.rules[usize::from(*rule)];
        let measures = |measures: &[Measure]| {
            measures.iter().map(|measure| (measure.name.to_owned(), measure.value.clone())).collect()
        };
        let mut related: Vec<String> =
            hit.related.iter().map(|slot| self.world.ledger.id(*slot).to_owned()).collect();
        related.sort_unstable();
        Finding {
            rule: listed.id.to_owned(),
            rule_version: listed.version,
            class: listed.class,
            grade: hit.grade,
            p_value: hit.p_value.map(|p| round_significant(p, 4)),
            related,
            seconds_in_question: hit.seconds(),
            observed: measures(&hit.observed),
            expected: measures(&hit.expected),
            excluded: hit.excluded.iter().map(|name| (*name).to_owned()).collect(),
            not_tested: hit.not_tested.iter().map(|name| (*name).to_owned()).collect(),
            text: hit.text.clone(),
            lowered_by: *lowered,
        }
    }

    /// The hold on the seconds that hold-grade findings dispute, or the superseded one that was.
    fn hold(&self, visit: &Visit, alert_id: &str, stand: &Stand, before: &Stand) -> Option<Hold> {
        let withdrawn = !stand.is_alert() && before.is_hold();
        if !stand.is_hold() && !withdrawn {
            return None;
        }
        let told = if withdrawn { before } else { stand };
        let grave = || told.hits.iter().filter(|weighed| weighed.hit.grade == Grade::Hold);
        let seconds = union_seconds(grave());
        let mut reason_codes: Vec<String> =
            grave().map(|weighed| self.rules[usize::from(weighed.rule)].id.to_owned()).collect();
        reason_codes.sort_unstable();
        reason_codes.dedup();
        let registry = &self.world.registry;
        let entry = self.world.ledger.entry(visit.slot);
        let state = match self.decisions.get(alert_id) {
            _ if withdrawn => HoldState::Superseded,
            // A decision is about the version that the reviewer saw.
            Some(decision) if entry.appended_at <= decision.decided_at => decided_state(decision.action),
            _ => HoldState::Proposed,
        };
        let municipality = &self.world.settings.municipality;
        Some(Hold {
            hold_id: format!("{municipality}:hold:{}:{}", entry.id, visit.version),
            registration_id: entry.id.to_string(),
            version: visit.version,
            order_id: visit.order.map(|order| registry.texts.text(order).to_owned()),
            tariff_code: visit.tariff.map(|tariff| registry.texts.text(tariff).to_owned()),
            pay_period: visit.pay_period,
            seconds_in_question: seconds,
            amount_ore: self.price(visit, seconds),
            reason_codes,
            state,
            proposed_at: told.proposed_at.unwrap_or(self.at.appended_at),
            expires_at: self.payout_run(visit.pay_period),
        })
    }

    /// When a period is paid: by its calendar, else by the settings.
    fn payout_run(&self, period: Month) -> UtcSecond {
        let settings = &self.world.settings;
        self.world.facts.calendar(period).map_or_else(
            || {
                settings.zone.instant(
                    period.next(),
                    settings.default_payout_day,
                    settings.default_payout_hour,
                )
            },
            |calendar| calendar.payout_run_at,
        )
    }

    /// The first payout run after `at`; `None` where none of the months around is paid later.
    #[must_use]
    pub fn next_payout_run(&self, at: UtcSecond) -> Option<UtcSecond> {
        // A month is paid some weeks after it ended; the earliest that can be unpaid began a quarter ago.
        let first = self.world.settings.zone.month(at.plus(-92 * super::DAY_SECONDS));
        let months = std::iter::successors(Some(first), |month| Some(month.next())).take(5);
        months.map(|month| self.payout_run(month)).filter(|run| at < *run).min()
    }

    /// What `seconds` of a visit cost, in öre. Nothing where registered time is not what is paid.
    fn price(&self, visit: &Visit, seconds: i64) -> i64 {
        if !visit.billable || matches!(visit.payment_mode, PaymentMode::Granted | PaymentMode::Fixed) {
            return 0;
        }
        let known = visit.tariff.and_then(|tariff| self.world.facts.ore_per_hour(tariff, visit.span.start()));
        let ore_per_hour = known.unwrap_or(self.world.settings.default_ore_per_hour);
        let seconds = visit.billable_seconds.map_or(seconds, |billed| seconds.min(i64::from(billed)));
        seconds.saturating_mul(ore_per_hour) / 3600
    }

    /// All alerts that should stand now, in order of alert id.
    #[must_use]
    pub fn standing(&self) -> Vec<Alert> {
        let visits = self.visits.iter().filter(|(_, stand)| stand.is_alert());
        let periods = self.periods.iter().filter(|(_, stand)| stand.is_alert());
        let mut alerts: Vec<Alert> = visits
            .map(|(slot, stand)| self.visit_alert(self.world.ledger.counted(*slot), stand, stand))
            .chain(periods.map(|(period, stand)| self.period_alert(*period, stand, stand)))
            .collect();
        alerts.sort_unstable_by(|a, b| a.alert_id.cmp(&b.alert_id));
        alerts
    }

    /// Can this engine derive what should stand about `subject`? Not where it is older than what is
    /// kept, was never seen, or lies too near the beginning of a log that begins in the middle.
    #[must_use]
    pub fn knows(&self, subject: &Subject) -> bool {
        if subject.kind == SubjectKind::Registration {
            let Some(slot) = self.world.ledger.find(&subject.id) else { return false };
            let start = |slot: Slot| self.world.ledger.visit(slot).map(|visit| visit.span.start());
            return start(slot).is_none_or(|start| self.complete_from <= start);
        }
        let month = subject.id.rsplit(':').next().and_then(Month::parse);
        let from = self.complete_from.max(self.world.horizon);
        month.is_some_and(|month| from <= self.world.settings.zone.instant(month, 1, 0))
    }

    /// Tells all alerts again, because what hangs on them may have changed.
    pub(super) fn tell_all(&self, out: &mut Vec<Output>) {
        out.extend(self.standing().into_iter().map(|alert| Output::Alert(Box::new(alert))));
    }

    /// Notes a decision; the latest on an alert counts, whatever the order of arrival, and with it its
    /// exception: no other is left on the topic once that is compacted.
    pub(super) fn decided(&mut self, decision: &Decision, out: &mut Vec<Output>) {
        let key = |decision: &Decision| (decision.decided_at, decision.decision_id.clone());
        let known = self.decisions.get(&decision.alert_id);
        if known.is_some_and(|known| key(decision) <= key(known)) {
            return;
        }
        let before = self.decisions.insert(decision.alert_id.clone(), decision.clone());
        let municipality = || self.world.settings.municipality.clone();
        let fact_id = |decision: &Decision| format!("decision:{}", decision.decision_id);
        let mut changes = Vec::new();
        if let Some(before) = before.filter(|before| before.exception.is_some()) {
            changes.push(FactChange::Remove { municipality: municipality(), fact_id: fact_id(&before) });
        }
        if let Some((exception, valid)) = &decision.exception {
            changes.push(FactChange::Put(Fact {
                municipality: municipality(),
                fact_id: fact_id(decision),
                valid: *valid,
                recorded_at: decision.decided_at,
                body: FactBody::Exception(exception.clone()),
            }));
        }
        for change in &changes {
            self.apply(super::Input::Referenced(change), out);
        }
        let prefix = format!("{}:{}:", self.world.settings.municipality, SubjectKind::Registration.as_str());
        let slot = decision.alert_id.strip_prefix(&prefix).and_then(|id| self.world.ledger.find(id));
        let stand = slot.and_then(|slot| Some((slot, self.visits.get(&slot)?)));
        if let Some((slot, stand)) = stand.filter(|(_, stand)| stand.is_alert()) {
            let alert = self.visit_alert(self.world.ledger.counted(slot), stand, stand);
            out.push(Output::Alert(Box::new(alert)));
        }
    }
}

fn alert_id(municipality: &str, subject: &Subject) -> String {
    format!("{municipality}:{}:{}", subject.kind.as_str(), subject.id)
}

const fn decided_state(action: Action) -> HoldState {
    match action {
        Action::Confirm => HoldState::Confirmed,
        Action::Release | Action::Dismiss => HoldState::Released,
        Action::Uphold => HoldState::Upheld,
        Action::Reopen => HoldState::Proposed,
    }
}

/// Seconds that are in question by any of the hits, each counted once.
pub(super) fn union_seconds<'h>(hits: impl Iterator<Item = &'h Weighed>) -> i64 {
    let mut spans: Vec<Span> = hits.filter_map(|weighed| weighed.hit.disputed).collect();
    spans.sort_unstable();
    let mut until = UtcSecond(i64::MIN);
    let mut seconds = 0;
    for span in spans {
        let start = span.start().max(until);
        if start < span.end() {
            seconds += span.end().since(start);
            until = span.end();
        }
    }
    seconds
}
