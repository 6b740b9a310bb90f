#![warn(missing_docs)]
//! Tidvakt

pub mod domain;
pub mod engine;
pub mod rules;
pub mod service;
