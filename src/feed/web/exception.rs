//! An exception that a form asks for: this rule makes no finding about the same pair, carer or client, until a date.

use crate::domain::{Action, Day, Exception, PublishedAlert, UtcSecond, Validity, Zone};
use crate::feed::pages::{DAY_SECONDS, DecisionForm, ExceptionReach, FormFault, WAIT_DAYS_MAX};

/// What an exception is decided by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Excepting<'a> {
    pub(super) form: &'a DecisionForm,
    pub(super) action: Action,
    pub(super) by: &'a str,
    pub(super) now: UtcSecond,
    pub(super) zone: &'a Zone,
}

impl Excepting<'_> {
    /// What is wrong with the exception that the form asks for about `alerts`.
    pub(super) fn fault(&self, alerts: &[&PublishedAlert]) -> Option<FormFault> {
        if self.form.except.is_empty() {
            return None;
        }
        if !matches!(self.action, Action::Dismiss | Action::Release) {
            return Some(FormFault::ExceptAction);
        }
        if self.ends().is_err() {
            return Some(FormFault::ExceptUntil);
        }
        alerts.iter().all(|alert| self.about(alert).is_none()).then_some(FormFault::ExceptRule)
    }

    /// The exception about the pair, carer or client of `alert`, from the day of its visit on; `None` where none is
    /// asked for, or the rule found nothing in it.
    pub(super) fn about(&self, alert: &PublishedAlert) -> Option<(Exception, Validity)> {
        let (scope, of) = (ExceptionReach::parse(&self.form.except)?, &alert.alert);
        let rule = of.findings.iter().find(|finding| finding.rule == self.form.except_rule)?.rule.clone();
        let carer = of.carer_ref.clone().filter(|_| scope != ExceptionReach::Client);
        let client = of.client_ref.clone().filter(|_| scope != ExceptionReach::Carer);
        if !scope.is_known(alert) {
            return None;
        }
        let exception = Exception {
            rule,
            carer_ref: carer,
            client_ref: client,
            provider_id: None,
            author: self.by.to_owned(),
            reason: self.form.reason.trim().to_owned(),
        };
        let from = self.zone.start_of(self.zone.day(of.event_time));
        Some((exception, Validity { from, to: Some(self.ends().ok()?) }))
    }

    fn ends(&self) -> Result<UtcSecond, FormFault> {
        first_instant(&self.form.except_until, self.now, self.zone).ok_or(FormFault::ExceptUntil)
    }
}

/// The first instant of a date in a form, where it lies after now and within a year.
pub(super) fn first_instant(date: &str, now: UtcSecond, zone: &Zone) -> Option<UtcSecond> {
    let date = date.parse::<jiff::civil::Date>().ok()?;
    let days = jiff::civil::date(1970, 1, 1).until(date).ok()?.get_days();
    let at = zone.start_of(Day(days));
    (now < at && at.since(now) <= WAIT_DAYS_MAX * DAY_SECONDS).then_some(at)
}
