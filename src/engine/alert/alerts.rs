//! Alerts and holds, built from a subject's findings.

use crate::domain::{
    Action, Alert, Class, Decision, Finding, Grade, Hold, HoldState, Measure, Month, PaymentMode, Subject,
    SubjectKind, UtcSecond, round_significant,
};
use crate::engine::alert::score::{p_value, score};
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::hit::{RuleHit, union_seconds, union_spans};
use crate::engine::totals::tally::NOTHING;
use crate::engine::{Engine, Output};

impl Engine {
    /// The alert on a visit; the withdrawal of the alert of `before` where there are no findings any more.
    pub(in crate::engine) fn visit_alert(
        &self,
        visit: &Visit,
        current: &SubjectState,
        before: &SubjectState,
    ) -> Alert {
        let interners = &self.state.interners;
        let municipality = &self.state.settings.municipality;
        let id = self.state.ledger.id(visit.slot);
        let carer = interners.carers.text(visit.carer);
        let client = interners.clients.text(visit.client);
        let provider = interners.providers.text(visit.provider);
        let subject =
            Subject { kind: SubjectKind::Registration, id: id.to_owned(), version: Some(visit.version) };
        let alert_id = alert_id(municipality, &subject);
        let at_risk = current.hits.iter().filter(|rule_hit| Grade::Observe < rule_hit.hit.grade);
        Alert {
            case_id: case_id(municipality, "carer", carer, visit.pay_period),
            provider_id: provider.to_owned(),
            carer_ref: Some(carer.to_owned()),
            client_ref: Some(client.to_owned()),
            amount_at_risk_ore: self.price(visit, union_seconds(at_risk)),
            hold: self.hold(visit, &alert_id, current, before),
            event_time: visit.span.start(),
            ..self.frame(alert_id, subject, visit.pay_period, current, before)
        }
    }

    /// The alert on a period; it has no seconds in question.
    pub(in crate::engine) fn period_alert(
        &self,
        period: SubjectPeriod,
        current: &SubjectState,
        before: &SubjectState,
    ) -> Alert {
        let interners = &self.state.interners;
        let municipality = &self.state.settings.municipality;
        let month = period.month;
        let tally = self.state.tally_of(period.subject, period.month).unwrap_or(&NOTHING);
        let provider = self.state.main_provider(period.subject, tally).or(before.provider);
        let provider = provider.map_or("", |provider| interners.providers.text(provider));
        let (carer, client) = match period.subject {
            PeriodSubject::Carer(carer) => (Some(interners.carers.text(carer)), None),
            PeriodSubject::Client(client) => (None, Some(interners.clients.text(client))),
            PeriodSubject::Pair(carer, client) => {
                (Some(interners.carers.text(carer)), Some(interners.clients.text(client)))
            }
            PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => (None, None),
        };
        let subject = Subject { kind: period.subject.kind(), id: self.subject_id(period), version: None };
        let (kind, reference) = match period.subject {
            PeriodSubject::Carer(carer) | PeriodSubject::Pair(carer, _) => {
                ("carer", interners.carers.text(carer))
            }
            PeriodSubject::Client(client) => ("client", interners.clients.text(client)),
            PeriodSubject::Provider(provider) => ("provider", interners.providers.text(provider)),
            PeriodSubject::Tag(tag) => ("tag", interners.texts.text(tag)),
        };
        Alert {
            case_id: case_id(municipality, kind, reference, month),
            provider_id: provider.to_owned(),
            carer_ref: carer.map(str::to_owned),
            client_ref: client.map(str::to_owned),
            event_time: self.period_start(period),
            ..self.frame(alert_id(municipality, &subject), subject, month, current, before)
        }
    }

    /// The fields that alerts on visits and on periods share.
    fn frame(
        &self,
        alert_id: String,
        subject: Subject,
        pay_period: Month,
        current: &SubjectState,
        before: &SubjectState,
    ) -> Alert {
        // A withdrawal keeps the class and grade of the withdrawn alert.
        let rule_hit = if current.is_alert() { &current.hits } else { &before.hits };
        let classes = rule_hit.iter().map(|hit| self.rules[usize::from(hit.rule)].definition.class);
        let kind = subject.kind;
        let hard = current.hits.iter().any(|rule_hit| rule_hit.hit.p_value.is_none());
        let published: &[RuleHit] = if current.is_alert() { &current.hits } else { &[] };
        Alert {
            alert_id,
            municipality: self.state.settings.municipality.clone(),
            subject,
            case_id: String::new(),
            provider_id: String::new(),
            carer_ref: None,
            client_ref: None,
            pay_period,
            class: classes.max().unwrap_or(Class::Error),
            waiting: false,
            grade: rule_hit.iter().map(|rule_hit| rule_hit.hit.grade).max().unwrap_or(Grade::Review),
            score: round_significant(score(published, kind, &self.rules), 4),
            p_value: p_value(published).filter(|_| !hard).map(|p| round_significant(p, 4)),
            amount_at_risk_ore: 0,
            findings: published.iter().map(|rule_hit| self.finding(rule_hit)).collect(),
            hold: None,
            event_time: UtcSecond(0),
            offset: self.at.offset,
            assessed_at: self.at.appended_at,
        }
    }

    fn finding(&self, rule_hit: &RuleHit) -> Finding {
        let RuleHit { rule, hit, lowered, .. } = rule_hit;
        let definition = self.rules[usize::from(*rule)].definition;
        let measures = |measures: &[Measure]| {
            measures.iter().map(|measure| (measure.name.to_owned(), measure.value.clone())).collect()
        };
        let mut related: Vec<String> =
            hit.related.iter().map(|slot| self.state.ledger.id(*slot).to_owned()).collect();
        related.sort_unstable();
        Finding {
            rule: definition.id.to_owned(),
            rule_version: definition.version,
            class: definition.class,
            grade: hit.grade,
            p_value: hit.p_value.map(|p| round_significant(p, 4)),
            related,
            related_more: hit.related_more,
            seconds_in_question: hit.seconds(),
            observed: measures(&hit.observed),
            expected: measures(&hit.expected),
            excluded: hit.excluded.iter().map(|explanation| explanation.as_str().to_owned()).collect(),
            not_tested: hit.not_tested.iter().map(|fact| fact.as_str().to_owned()).collect(),
            text: hit.text.clone(),
            lowered_by: *lowered,
        }
    }

    /// The hold on the seconds that findings of grade hold dispute, or the superseded hold of `before`.
    fn hold(
        &self,
        visit: &Visit,
        alert_id: &str,
        current: &SubjectState,
        before: &SubjectState,
    ) -> Option<Hold> {
        let withdrawn = !current.is_alert() && before.is_hold();
        if !current.is_hold() && !withdrawn {
            return None;
        }
        let published = if withdrawn { before } else { current };
        let grave = || published.hits.iter().filter(|rule_hit| rule_hit.hit.grade == Grade::Hold);
        let disputed = union_spans(grave());
        let seconds = disputed.iter().map(|span| span.seconds()).sum();
        let mut reason_codes: Vec<String> =
            grave().map(|rule_hit| self.rules[usize::from(rule_hit.rule)].definition.id.to_owned()).collect();
        reason_codes.sort_unstable();
        reason_codes.dedup();
        let interners = &self.state.interners;
        let entry = self.state.ledger.entry(visit.slot);
        let municipality = &self.state.settings.municipality;
        let hold_id = format!("{municipality}:hold:{}:{}", entry.id, visit.version);
        // A decision counts for the version whose hold it names, else for the one that the reviewer saw.
        let concerns = |decision: &Decision| match &decision.hold_id {
            Some(named) => *named == hold_id,
            None => entry.appended_at() <= decision.decided_at,
        };
        let state = match self.decisions.get(alert_id) {
            _ if withdrawn => HoldState::Superseded,
            Some(decision) if concerns(decision) => decided_state(decision.action),
            _ => HoldState::Proposed,
        };
        let withholds_from = self.state.paid_in(visit);
        let expires_at = self.state.run_after(withholds_from);
        let is_void = state == HoldState::Proposed && expires_at <= self.watermark;
        Some(Hold {
            hold_id,
            registration_id: entry.id.to_string(),
            version: visit.version,
            order_id: visit.order.map(|order| interners.texts.text(order).to_owned()),
            tariff_code: visit.tariff.map(|tariff| interners.texts.text(tariff).to_owned()),
            pay_period: visit.pay_period,
            seconds_in_question: seconds,
            disputed,
            amount_ore: self.price(visit, seconds),
            reason_codes,
            state: if is_void { HoldState::Expired } else { state },
            proposed_at: published.proposed_at.unwrap_or(self.at.appended_at),
            withholds_from,
            expires_at,
        })
    }

    /// The first payout run after `at`; `None` where no pay period around `at` is paid later.
    #[must_use]
    pub fn next_payout_run(&self, at: UtcSecond) -> Option<UtcSecond> {
        self.state.next_payout_run(at)
    }

    /// Price of `seconds` of a visit, in öre; 0 where the payment does not depend on registered time.
    fn price(&self, visit: &Visit, seconds: i64) -> i64 {
        if !visit.billable || matches!(visit.payment_mode, PaymentMode::Granted | PaymentMode::Fixed) {
            return 0;
        }
        let known = visit.tariff.and_then(|tariff| self.state.facts.ore_per_hour(tariff, visit.span.start()));
        let ore_per_hour = known.unwrap_or(self.state.settings.default_ore_per_hour);
        let seconds = visit.billable_seconds().map_or(seconds, |billed| seconds.min(i64::from(billed)));
        seconds.saturating_mul(ore_per_hour) / 3600
    }

    /// All open alerts, in order of alert id.
    #[must_use]
    pub fn open_alerts(&self) -> Vec<Alert> {
        let visits = self.visits.iter().filter(|(_, current)| current.is_alert());
        let periods = self.periods.iter().filter(|(_, current)| current.is_alert());
        let mut alerts: Vec<Alert> = visits
            .map(|(slot, current)| self.visit_alert(self.state.ledger.counted(*slot), current, current))
            .chain(periods.map(|(period, current)| self.period_alert(*period, current, current)))
            .collect();
        alerts.sort_unstable_by(|a, b| a.alert_id.cmp(&b.alert_id));
        alerts
    }

    /// Whether this engine derives the alert on `subject` exactly: not for one that is expired or unknown, or lies
    /// too near the start of a truncated log.
    #[must_use]
    pub fn knows(&self, subject: &Subject) -> bool {
        if subject.kind == SubjectKind::Registration {
            let Some(slot) = self.state.ledger.find(&subject.id) else { return false };
            let start = |slot: Slot| self.state.ledger.visit(slot).map(|visit| visit.span.start());
            return start(slot).is_none_or(|start| self.complete_from <= start);
        }
        let month = subject.id.rsplit(':').next().and_then(Month::parse);
        let from = self.complete_from.max(self.state.horizon);
        month.is_some_and(|month| from <= self.state.settings.zone.instant(month, 1, 0))
    }

    /// Publishes the proposed holds that have become void since the watermark was at `before`.
    pub(in crate::engine) fn publish_expired(&mut self, before: UtcSecond, out: &mut Vec<Output>) {
        if self.watermark < self.next_payout_run {
            return;
        }
        self.schedule_payout_run();
        let mut held: Vec<Slot> =
            self.visits.iter().filter(|(_, current)| current.is_hold()).map(|(slot, _)| *slot).collect();
        self.in_order(&mut held);
        for slot in held {
            let current = &self.visits[&slot];
            let alert = self.visit_alert(self.state.ledger.counted(slot), current, current);
            let is_new = |hold: &Hold| hold.state == HoldState::Expired && before < hold.expires_at;
            if alert.hold.as_ref().is_some_and(is_new) {
                out.push(Output::Alert(Box::new(alert)));
            }
        }
    }

    /// Notes the payout run at which proposed holds may become void.
    pub(in crate::engine) fn schedule_payout_run(&mut self) {
        self.next_payout_run = self.state.run_after(self.watermark);
    }
}

fn alert_id(municipality: &str, subject: &Subject) -> String {
    format!("{municipality}:{}:{}", subject.kind.as_str(), subject.id)
}

/// What one reviewer opens at once: all alerts about a carer, client, provider or tag in a pay period.
fn case_id(municipality: &str, kind: &str, reference: &str, pay_period: Month) -> String {
    format!("{municipality}:{kind}:{reference}:{pay_period}")
}

const fn decided_state(action: Action) -> HoldState {
    match action {
        Action::Confirm => HoldState::Confirmed,
        Action::Release | Action::Dismiss => HoldState::Released,
        Action::Uphold => HoldState::Upheld,
        // The engine keeps no decision that organises the desk alone.
        Action::Reopen | Action::Take | Action::Wait => HoldState::Proposed,
    }
}
