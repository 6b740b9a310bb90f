//! How a command ends: the exit codes of `sysexits.h`, and what is said about a failure.

use std::error::Error;
use std::fmt;

use crate::config::ConfigError;
use crate::feed::FeedError;
use crate::service::{Fault, ServiceError};

/// Why a command failed, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A scenario of the user's failed, or a chain of audit records is broken.
    Failed = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The input holds what can't be used.
    Data = 65,
    /// An input file can't be opened.
    NoInput = 66,
    /// The broker, or a topic, can't be reached.
    Unavailable = 69,
    /// Our fault.
    Software = 70,
    /// An output file can't be made.
    CannotCreate = 73,
    /// Reading or writing failed.
    InputOutput = 74,
    /// The stop came before all was done; the next start goes on.
    TemporaryFailure = 75,
    /// A permission is missing on the brokers.
    NoPermission = 77,
    /// The settings are wrong.
    Config = 78,
}

/// A command's failure: its exit code, what went wrong, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong, with its causes.
    pub error: anyhow::Error,
    /// What to do about it, where that isn't plain.
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure without a cause.
    #[must_use]
    pub fn new(exit: Exit, text: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self { exit, error: anyhow::Error::msg(text), remedy: None }
    }

    /// The same failure, with what to do about it.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// `error: `, the chain of causes, and the remedy on a line of its own.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {:#}", self.error)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  help: {remedy}"),
            None => Ok(()),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let failure = Self { exit: Exit::Config, error: error.into(), remedy: None };
        failure.remedy("`tidvakt schema config` explains every key")
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let exit = error.fault().into();
        let remedy = error.remedy();
        Self { exit, error: error.into(), remedy }
    }
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        let exit = match &error {
            FeedError::NoAddress | FeedError::Keys(_) | FeedError::Tls(_) => Exit::Config,
            FeedError::Service(error) => error.fault().into(),
            FeedError::Random(_) | FeedError::Thread(_) | FeedError::BrokeOff => Exit::Software,
            FeedError::Listen { .. } | FeedError::NoTopic { .. } | FeedError::Kafka(_) => Exit::Unavailable,
        };
        let remedy = error.remedy();
        Self { exit, error: error.into(), remedy }
    }
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Settings => Self::Config,
            Fault::Permission => Self::NoPermission,
            Fault::Unavailable => Self::Unavailable,
            Fault::Unfinished => Self::TemporaryFailure,
            Fault::Program => Self::Software,
        }
    }
}

/// Gives an error its exit code.
pub trait OrExit<T> {
    /// The value, or the error as a failure with `exit` and `context` before its cause.
    ///
    /// # Errors
    /// The failure.
    fn or_exit(self, exit: Exit, context: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Error + Send + Sync + 'static> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit, context: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| {
            let error = anyhow::Error::new(error).context(context.to_string());
            Failure { exit, error, remedy: None }
        })
    }
}
