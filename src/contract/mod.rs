//! The shapes of the records on the topics: the only place that knows JSON.
//!
//! Every topic has its own structs here, which are turned into domain values field by field, so
//! that a topic's shape changes only on purpose. A record that cannot be used becomes a
//! [`Rejection`](crate::domain::Rejection) whose detail names fields and expectations, never their
//! content. Unknown fields are skipped: a contract may grow.
//!
//! Reading a registration takes two steps: [`parse_registration`] borrows the fields from the bytes,
//! [`RegistrationRecord::registration`] checks them and makes the domain's value.

mod alert;
mod assessment;
mod asyncapi;
mod audit;
mod body;
mod checks;
mod decision;
mod error;
mod fact;
mod fact_body;
mod fields;
mod fit;
mod headers;
mod hold;
mod parts;
mod payout;
mod personal;
mod progress;
mod quarantine;
mod read;
mod registration;
mod scalar;
mod schema;
mod text;
mod time;
mod trace;
mod words;

#[cfg(test)]
mod tests;

pub use alert::{content_hash, parse_alert, write_alert};
pub use assessment::write_assessment;
pub use asyncapi::asyncapi;
pub use audit::{parse_audit, write_audit};
pub use decision::{parse_decision, write_decision};
pub use fact::{parse_fact, write_fact};
pub use fit::{ALERT_BYTES_MAX, fitting};
pub use headers::{EVENT_ID, PROVIDER, alert_headers, check_provider, progress_headers};
pub use payout::{AlertHold, Claim, PayoutHold, municipality_code, read_alert_hold, read_claim};
pub use progress::{
    CLEARANCE, MunicipalityProgress, PartitionProgress, Progress, UNASSESSED_RANGES_MAX, parse_progress,
    write_progress,
};
pub use quarantine::{peek_municipality, peek_provider, quarantine_headers, quarantine_source};
pub use registration::{RegistrationRecord, check_not_ahead, parse_registration, write_registration};
pub use schema::schemas;
pub use trace::{TRACEPARENT, TRACESTATE, TRACESTATE_BYTES_MAX, Trace};
pub use words::hold_state_word;

/// The word of `method` in a registration.
#[must_use]
pub fn capture_method(method: crate::domain::CaptureMethod) -> &'static str {
    words::Words::word(method)
}

/// A record of the feed that was decoded before its append time was known, or why it could not be:
/// [`check_not_ahead`] remains to be called.
pub type Decoded<'a> = Result<crate::domain::Registration<'a>, crate::domain::Rejection>;

/// Largest record that is read, in bytes; ours have about 500 to 1,500.
pub const RECORD_BYTES_MAX: usize = 65_536;

/// Appends `record` as JSON on one line.
fn append(record: &impl serde::Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, record).expect("keys are strings and a vector takes every byte");
}
