//! Values that cross borders: what a registration, a fact, a finding, an alert and a decision are.
//!
//! Ids are plain text that the contract has checked; times are whole seconds; money is whole öre. Where the
//! values come from, and what is done with them, is not known here.

mod access;
mod alert;
mod assessment;
mod audit;
mod decision;
mod explanation;
mod fact;
mod finding;
mod geo;
mod registration;
mod rejection;
mod time;
pub mod wording;

pub use access::{Role, Scope};
pub use alert::{
    Alert, AlertState, Hold, HoldState, Provenance, PublishedAlert, Subject, SubjectKind, SubjectVersion,
};
pub use assessment::Assessment;
pub use audit::{AuditAction, AuditEntry, AuditLink};
pub use decision::{Action, Decision, DecisionOutcome};
pub use explanation::{Explanation, MissingFact};
pub use fact::{
    AbsenceKind, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy, Exception, Fact,
    FactBody, FactChange, GrantPer, ProviderKind, Validity,
};
pub use finding::{Class, Finding, Grade, Lowered, Measure, Sentence, Value, round_significant};
pub use geo::{Area, Coordinates, PositionFault};
pub use registration::{
    Capture, CaptureMethod, Edit, EventType, Geo, Payment, PaymentMode, Registration, Source, Task,
    VisitKind, VisitOutcome,
};
pub use rejection::{Reason, Rejection};
pub use time::{Day, Hour, Month, Span, UtcSecond, Zone};
