//! The control unit's process: cases in memory, pages, JSON API.
//!
//! It reads the feed, the alert, the progress and the decision topics into memory and owns no truth: every action
//! of a reviewer is a record on the decision topic, and after a restart the same is shown.
//!
//! | Folder | Does | Must not know |
//! |---|---|---|
//! | `cases` | cases, their rank and their visits: pure, time is an argument | anything but `domain` |
//! | `words` | texts in both languages | the other folders |
//! | `pages` | what a page shows, and its templates | `topics`, `web`, Kafka, HTTP |
//! | `topics` | reads the topics into `cases` | `pages`, `words`, `web` |
//! | `web` | routes, headers, JSON API | Kafka |

pub mod cases;
#[cfg(test)]
mod fixtures;
pub mod pages;
mod process;
mod topics;
mod web;
pub mod words;

pub use process::{ControlDesk, FeedError, run};
