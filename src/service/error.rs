//! What an operator has to see to.

use std::net::SocketAddr;

use crate::rules::BuildError;
use crate::service::log::LogError;

/// Why the service could not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No broker answers.
    #[error("no broker answers at `{servers}`: {reason}")]
    Unreachable {
        /// The addresses.
        servers: String,
        /// What the client library says.
        reason: String,
    },
    /// Topics are missing, or hidden from this user.
    #[error("{text}")]
    Topics {
        /// Which, and why.
        text: String,
        /// What to do.
        remedy: String,
    },
    /// The address for HTTP can't be used.
    #[error("`http.listen` is `{address}`, which can't be used")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A rule's settings are wrong.
    #[error(transparent)]
    Rules(#[from] BuildError),
    /// The membership in the group ended.
    #[error("{0}")]
    Group(String),
    /// The log refused something for good.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A thread broke off.
    #[error("the thread `{name}` broke off")]
    Thread {
        /// Its name.
        name: String,
    },
}

impl ServiceError {
    /// What to do about it, where that isn't plain.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => {
                Some("is the broker up, and is `bootstrap.servers` in `[kafka.client]` right".to_owned())
            }
            Self::Topics { remedy, .. } => Some(remedy.clone()),
            Self::Listen { .. } => Some(
                "give another address with `--set http.listen=127.0.0.1:9465`, or none with `http.listen=`"
                    .to_owned(),
            ),
            Self::Log(_) => Some("`tidvakt check` looks at topics and permissions".to_owned()),
            Self::Rules(_) | Self::Group(_) | Self::Thread { .. } => None,
        }
    }

    /// Are the settings wrong, rather than the world?
    #[must_use]
    pub const fn is_settings(&self) -> bool {
        matches!(self, Self::Rules(_))
    }
}
