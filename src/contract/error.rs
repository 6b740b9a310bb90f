//! Errors of the contract that pass through serde.

use std::fmt;

use crate::domain::Reason;

/// An error with the reason's code in front, by which [`super::read`] recognises it.
#[cold]
pub(super) fn tagged<E: serde::de::Error>(reason: Reason, text: fmt::Arguments<'_>) -> E {
    E::custom(format_args!("{}: {text}", reason.code()))
}
