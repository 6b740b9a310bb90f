#![warn(missing_docs)]
//! Tidvakt

pub mod domain;
