//! A reviewer's form becomes records on the decision topic.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::answer::{html, message, not_found};
use super::door::{Visitor, decision_id};
use super::exception::{Excepting, first_instant};
use super::site::{DecisionRules, Site, clock};
use super::views::case_page;
use crate::contract;
use crate::domain::{Action, Decision, Hold, HoldState, PublishedAlert, UtcSecond, Zone};
use crate::feed::cases::{AlertStatus, Case};
use crate::feed::pages::{
    Deciding, DecisionForm, FormFault, OUTCOMES, Role, action_word, alert_word, all_actions, in_address,
    outcome_word,
};
use crate::feed::words::Language;

#[cfg(test)]
mod tests;

/// Characters of a reason.
const REASON_CHARACTERS_MAX: usize = 2_000;

pub(super) async fn decide(
    State(site): State<Site>,
    visitor: Visitor,
    Path((code, id)): Path<(String, String)>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let form = match form {
        Ok(Form(fields)) => DecisionForm::of(fields),
        Err(rejection) => return bad_form(language, rejection.status()),
    };
    let Some(action) = all_actions().find(|action| action_word(*action) == form.action) else {
        return again(&site, &visitor, language, &id, &form, &[FormFault::Action]);
    };
    if let Some(code) = visitor.objection(&headers, &form.token, Role::for_action(action)) {
        return forbidden(language, code);
    }
    let planned = {
        let desk = site.memory.read();
        let seen = desk.within(&visitor.scope);
        let Some((book, case)) = seen.case(&id) else { return not_found(language) };
        let (by, now, zone) = (visitor.name.as_str(), clock(), &seen.rules().zone);
        let drawn = book.is_drawn(case, now);
        Planning { case, form: &form, action, by, now, zone, drawn }.decisions(&site.rules)
    };
    let decisions = match planned {
        Ok(decisions) => decisions,
        Err(faults) => return again(&site, &visitor, language, &id, &form, &faults),
    };
    let written = site.writer.write(&decisions).await;
    let made = written.as_ref().map_or_else(|(count, _)| *count, |()| decisions.len());
    // The topic brings them again; until then the page shows them.
    site.memory.write(|desk| decisions[..made].iter().for_each(|decision| desk.decision(decision.clone())));
    match written {
        Ok(()) => {
            let address =
                format!("/{}/cases/{}?saved={}", language.code(), in_address(&id), action_word(action));
            Redirect::to(&address).into_response()
        }
        Err((_, error)) => {
            tracing::error!(%error, "a decision was not acknowledged");
            again(&site, &visitor, language, &id, &form, &[FormFault::NotWritten])
        }
    }
}

/// The page again, with what was written and what is wrong with it.
fn again(
    site: &Site,
    visitor: &Visitor,
    language: Language,
    id: &str,
    form: &DecisionForm,
    faults: &[FormFault],
) -> Response {
    let deciding =
        Deciding { token: &visitor.token, role: visitor.role, form: Some(form), faults, saved: None };
    let code = match faults.first() {
        Some(FormFault::NotWritten) => StatusCode::SERVICE_UNAVAILABLE,
        Some(
            FormFault::TakenByAnother
            | FormFault::TwoPersons
            | FormFault::NothingToDecide
            | FormFault::Changed,
        ) => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    case_page(site, visitor, language, id, &deciding)
        .map_or_else(|| not_found(language), |page| html(code, &page))
}

fn bad_form(language: Language, code: StatusCode) -> Response {
    let text = language.of("Formuläret kunde inte läsas.", "The form could not be read.");
    message(language, code, text)
}

fn forbidden(language: Language, code: StatusCode) -> Response {
    let text = language.of(
        "Du får inte fatta det beslutet, eller så kom formuläret inte från den här sidan. Läs ärendet på nytt.",
        "You may not make that decision, or the form did not come from this page. Read the case again.",
    );
    message(language, code, text)
}

/// From a form to decisions.
struct Planning<'a> {
    case: &'a Case,
    form: &'a DecisionForm,
    action: Action,
    by: &'a str,
    now: UtcSecond,
    zone: &'a Zone,
    /// The case is of the random control arm.
    drawn: bool,
}

impl Planning<'_> {
    fn decisions(&self, rules: &DecisionRules) -> Result<Vec<Decision>, Vec<FormFault>> {
        let (until, faults) = (self.until(rules), self.faults());
        let until = match (until, faults.is_empty()) {
            (Ok(until), true) => until,
            (until, _) => return Err(faults.into_iter().chain(until.err()).collect()),
        };
        let taken = self.case.taken_by(self.now);
        let alerts = self.alerts().map_err(|fault| vec![fault])?;
        if let Some(fault) = self.excepting().fault(&alerts) {
            return Err(vec![fault]);
        }
        let (by, second) = self.persons(&alerts, taken.as_ref().map(|(by, _)| by.as_str()), rules)?;
        let decision = |alert: &&PublishedAlert| self.decision(alert, until, by, second);
        let decisions: Option<Vec<Decision>> = alerts.iter().map(decision).collect();
        decisions.ok_or_else(|| vec![FormFault::NotWritten])
    }

    /// The alerts that are decided about: those that are chosen, and of a form about all, those that the action is
    /// about. A case is taken as a whole, and opened again as one where nothing is chosen.
    fn alerts(&self) -> Result<Vec<&PublishedAlert>, FormFault> {
        let chosen = self.form.chosen();
        // An exception takes its alert back, and ends with its decision.
        let is_reopening = self.action == Action::Reopen;
        let mut alerts = if is_reopening { self.case.alerts() } else { self.case.open_alerts() };
        let is_whole = self.action == Action::Take || is_reopening && chosen.is_empty();
        if !is_whole && !chosen.is_empty() {
            let words: Vec<String> = alerts.iter().map(|alert| alert_word(alert)).collect();
            if chosen.iter().any(|word| !words.contains(word)) {
                return Err(FormFault::Changed);
            }
            alerts.retain(|alert| chosen.contains(&alert_word(alert)));
        }
        let of_all = alerts.len();
        alerts.retain(|alert| self.concerns(alert));
        if alerts.is_empty() {
            return Err(FormFault::NothingToDecide);
        }
        if !is_whole && chosen.is_empty() && 1 < alerts.len() {
            return Err(FormFault::Alerts);
        }
        if !chosen.is_empty() && !self.form.is_about_all && alerts.len() < of_all {
            return Err(FormFault::WithoutHold);
        }
        Ok(alerts)
    }

    fn excepting(&self) -> Excepting<'_> {
        Excepting { form: self.form, action: self.action, by: self.by, now: self.now, zone: self.zone }
    }

    /// What is missing in the form.
    fn faults(&self) -> Vec<FormFault> {
        let mut faults = Vec::new();
        let is_settling = !matches!(self.action, Action::Take | Action::Wait | Action::Reopen);
        if is_settling && self.outcome().is_none() {
            faults.push(FormFault::Outcome);
        }
        let reason = self.form.reason.trim();
        if self.action != Action::Take && self.action != Action::Reopen && reason.is_empty() {
            faults.push(FormFault::Reason);
        }
        if REASON_CHARACTERS_MAX < reason.chars().count() {
            faults.push(FormFault::ReasonTooLong);
        }
        faults
    }

    fn outcome(&self) -> Option<crate::domain::DecisionOutcome> {
        OUTCOMES.into_iter().find(|outcome| outcome_word(*outcome) == self.form.outcome)
    }

    /// End of taking or waiting: the first instant of the date that is given.
    fn until(&self, rules: &DecisionRules) -> Result<Option<UtcSecond>, FormFault> {
        match self.action {
            Action::Take => Ok(Some(self.now.plus(rules.take_seconds))),
            Action::Wait => {
                first_instant(&self.form.until, self.now, self.zone).map(Some).ok_or(FormFault::Until)
            }
            _ => Ok(None),
        }
    }

    /// Is `alert` one that the action is about?
    fn concerns(&self, alert: &PublishedAlert) -> bool {
        let status = self.case.alert_status(alert, self.now);
        match self.action {
            Action::Take | Action::Wait => status != AlertStatus::Decided,
            Action::Confirm => open_hold(alert).is_some_and(|hold| hold.state == HoldState::Proposed),
            Action::Release | Action::Uphold => open_hold(alert).is_some(),
            Action::Dismiss => status != AlertStatus::Decided,
            Action::Reopen => status == AlertStatus::Decided || self.case.is_excepted(&alert.alert.alert_id),
        }
    }

    /// Who decides, and who is the second person where the amount needs one: the one took the case, the other
    /// releases.
    fn persons<'b>(
        &'b self,
        alerts: &[&PublishedAlert],
        taken_by: Option<&'b str>,
        rules: &DecisionRules,
    ) -> Result<(&'b str, Option<&'b str>), Vec<FormFault>> {
        let another = taken_by.filter(|by| *by != self.by);
        let releases = matches!(self.action, Action::Release | Action::Dismiss);
        // All open holds of the case count, so that one person can't release them one after the other.
        let ore: i64 = self.case.open_holds().map(|hold| hold.amount_ore).sum();
        let releases = releases && alerts.iter().any(|alert| open_hold(alert).is_some());
        if releases && rules.two_persons_from_ore <= ore {
            return another.map(|by| (by, Some(self.by))).ok_or_else(|| vec![FormFault::TwoPersons]);
        }
        if another.is_some() {
            return Err(vec![FormFault::TakenByAnother]);
        }
        Ok((self.by, None))
    }

    /// The decision about one alert; `None` where the contract does not take it.
    fn decision(
        &self,
        alert: &PublishedAlert,
        until: Option<UtcSecond>,
        by: &str,
        second: Option<&str>,
    ) -> Option<Decision> {
        let about_hold = matches!(self.action, Action::Confirm | Action::Release | Action::Uphold);
        let decision = Decision {
            decision_id: decision_id().ok()?,
            alert_id: alert.alert.alert_id.clone(),
            hold_id: open_hold(alert).filter(|_| about_hold).map(|hold| hold.hold_id.clone()),
            action: self.action,
            outcome: if self.action.is_of_desk() || self.action == Action::Reopen {
                None
            } else {
                self.outcome()
            },
            reason: self.form.reason.trim().replace("\r\n", "\n").replace('\n', " "),
            until,
            decided_by: by.to_owned(),
            seconded_by: second.map(str::to_owned),
            decided_at: self.now,
            drawn: self.drawn,
            exception: self.excepting().about(alert),
        };
        let mut text = Vec::new();
        contract::write_decision(&decision, &mut text);
        contract::parse_decision(Some(&text), None).ok()
    }
}

fn open_hold(alert: &PublishedAlert) -> Option<&Hold> {
    alert.alert.hold.as_ref().filter(|hold| hold.state.is_open())
}
