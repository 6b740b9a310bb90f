//! The exception that can be decided together with an alert, as a part of the form and as a sentence.

use std::collections::BTreeMap;

use super::form::{Choice, DecisionForm};
use crate::domain::{Exception, PublishedAlert, Validity, Zone};
use crate::feed::cases::Case;
use crate::feed::words::{Language, date, rule_title, visible};

/// About whom an exception is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionReach {
    /// This carer at this client.
    Pair,
    /// This carer at every client.
    Carer,
    /// Every carer at this client.
    Client,
}

impl ExceptionReach {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Pair, Self::Carer, Self::Client];

    /// The word in a form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Carer => "carer",
            Self::Client => "client",
        }
    }

    const fn text(self, language: Language) -> &'static str {
        match self {
            Self::Pair => {
                language.of("den här medarbetaren hos den här brukaren", "this carer at this client")
            }
            Self::Carer => language.of("den här medarbetaren hos alla brukare", "this carer at every client"),
            Self::Client => {
                language.of("alla medarbetare hos den här brukaren", "every carer at this client")
            }
        }
    }

    /// The scope with that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether `alert` names the carer, the client, or both, as the reach needs.
    #[must_use]
    pub const fn is_known(self, alert: &PublishedAlert) -> bool {
        let (carer, client) = (alert.alert.carer_ref.is_some(), alert.alert.client_ref.is_some());
        match self {
            Self::Pair => carer && client,
            Self::Carer => carer,
            Self::Client => client,
        }
    }
}

/// The part of the form that asks for an exception.
#[derive(Clone, Debug)]
pub struct ExceptionView {
    /// The reaches for which an alert of the case names the carer and the client.
    pub scopes: Vec<Choice>,
    /// The rules of the case.
    pub rules: Vec<Choice>,
    /// The date as it was written.
    pub until: String,
    /// Is one asked for?
    pub is_asked: bool,
}

impl ExceptionView {
    /// What can be excepted in `case`; `None` where its alerts name neither a carer nor a client.
    pub(super) fn new(case: &Case, form: Option<&DecisionForm>, language: Language) -> Option<Self> {
        let alerts = case.open_alerts();
        let asked = form.map_or("", |form| form.except.as_str());
        let scopes = ExceptionReach::ALL.into_iter();
        let scopes = scopes.filter(|scope| alerts.iter().any(|alert| scope.is_known(alert)));
        let scopes: Vec<Choice> =
            scopes.map(|scope| Choice::new(scope.as_str(), scope.text(language), asked)).collect();
        let asked_rule = form.map_or("", |form| form.except_rule.as_str());
        let findings = alerts.iter().flat_map(|alert| &alert.alert.findings);
        // The gravest first, each once.
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, finding) in findings.enumerate() {
            rules.entry(&finding.rule).or_insert(at);
        }
        let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
        rules.sort_by_key(|(_, at)| *at);
        let rules = rules.into_iter().map(|(rule, _)| Choice {
            value: visible(rule),
            text: visible(rule_title(rule, language)),
            is_chosen: asked_rule == rule,
        });
        let until = form.map(|form| form.except_until.clone()).unwrap_or_default();
        (!scopes.is_empty()).then(|| Self {
            scopes,
            rules: rules.collect(),
            until,
            is_asked: !asked.is_empty(),
        })
    }
}

/// An exception as a sentence: the rule, about whom, and until when.
pub(super) fn excepted(exception: &(Exception, Validity), zone: &Zone, language: Language) -> String {
    let (of, valid) = exception;
    let names = [of.carer_ref.as_deref(), of.client_ref.as_deref(), of.provider_id.as_deref()];
    let names: Vec<String> = names.into_iter().flatten().map(visible).collect();
    let rule = visible(rule_title(&of.rule, language));
    let until = valid.to.map(|to| format!(" {} {}", language.of("till", "until"), date(to, zone)));
    format!(
        "{}{}: {rule}, {}.",
        language.of("Undantag", "Exception"),
        until.unwrap_or_default(),
        names.join(" + ")
    )
}
