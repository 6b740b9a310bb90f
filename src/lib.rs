#![warn(missing_docs)]
//! Tidvakt

pub mod domain;
pub mod service;
