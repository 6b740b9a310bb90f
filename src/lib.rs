#![warn(missing_docs)]
//! Tidvakt

pub mod contract;
pub mod domain;
pub mod engine;
pub mod rules;
