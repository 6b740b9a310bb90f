//! The hold in an alert record.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{JsonTexts, Object, Plain, Text};
use super::time::{PayPeriod, Time};
use super::words::Word;
use crate::domain::{Hold, HoldState, Span, UtcSecond};

/// A proposal not to pay certain seconds of one registration before a person has looked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Hold")]
pub(super) struct HoldRecord<'a> {
    /// Stable id of the hold.
    hold_id: Plain<'a>,
    /// The registration.
    registration_id: Plain<'a>,
    /// Its version.
    version: u32,
    /// The order, where known.
    order_id: Option<Plain<'a>>,
    /// The tariff, where known.
    tariff_code: Option<Plain<'a>>,
    /// The pay period.
    pay_period: PayPeriod,
    /// Only the disputed seconds: the sum of `disputed`.
    seconds_in_question: i64,
    /// The disputed spans, ascending and disjoint.
    disputed: Vec<Object<DisputedRecord>>,
    /// Their price in öre.
    amount_ore: i64,
    /// The rules that led to it.
    reason_codes: JsonTexts<'a>,
    /// State of the hold.
    state: Word<HoldState>,
    /// When it was first proposed.
    proposed_at: Time,
    /// The payout run from which it withholds: that of the pay period, or the next one where that had been when the
    /// version was appended.
    withholds_from: Time,
    /// The payout run after that. A proposed hold is void from it on without a further record, by the scheduled time
    /// of the run.
    expires_at: Time,
}

/// A disputed span of a registration.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Disputed")]
struct DisputedRecord {
    /// First second inside.
    from: Time,
    /// First second after.
    to: Time,
}

impl<'a> HoldRecord<'a> {
    pub(super) fn of(hold: &'a Hold) -> Self {
        Self {
            hold_id: Text::new(&hold.hold_id),
            registration_id: Text::new(&hold.registration_id),
            version: hold.version,
            order_id: Text::option(hold.order_id.as_deref()),
            tariff_code: Text::option(hold.tariff_code.as_deref()),
            pay_period: PayPeriod(hold.pay_period),
            seconds_in_question: hold.seconds_in_question,
            disputed: hold.disputed.iter().map(DisputedRecord::of).collect(),
            amount_ore: hold.amount_ore,
            reason_codes: JsonTexts(Cow::Borrowed(&hold.reason_codes)),
            state: Word(hold.state),
            proposed_at: Time(hold.proposed_at),
            withholds_from: Time(hold.withholds_from),
            expires_at: Time(hold.expires_at),
        }
    }

    /// When it was proposed is no content.
    pub(super) const fn forget_when_proposed(&mut self) {
        self.proposed_at = Time(UtcSecond(0));
    }

    pub(super) fn hold(self) -> Hold {
        Hold {
            hold_id: self.hold_id.into_owned(),
            registration_id: self.registration_id.into_owned(),
            version: self.version,
            order_id: self.order_id.map(Plain::into_owned),
            tariff_code: self.tariff_code.map(Plain::into_owned),
            pay_period: self.pay_period.0,
            seconds_in_question: self.seconds_in_question,
            disputed: self.disputed.into_iter().map(|Object(span)| span.span()).collect(),
            amount_ore: self.amount_ore,
            reason_codes: self.reason_codes.0.into_owned(),
            state: self.state.0,
            proposed_at: self.proposed_at.0,
            withholds_from: self.withholds_from.0,
            expires_at: self.expires_at.0,
        }
    }
}

impl DisputedRecord {
    const fn of(span: &Span) -> Object<Self> {
        Object(Self { from: Time(span.start()), to: Time(span.end()) })
    }

    fn span(self) -> Span {
        Span::clamped(self.from.0, self.to.0)
    }
}
