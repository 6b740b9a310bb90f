//! What an operator has to see to.

use std::net::SocketAddr;
use std::time::Duration;

use crate::access::KeysError;
use crate::rules::BuildError;
use crate::service::log::LogError;
use crate::service::log::kafka::{CheckLine, Unanswered};
use crate::service::tls::TlsError;

/// Whose fault it is that the service does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The settings of this program: trying again changes nothing.
    Settings,
    /// A permission is missing.
    Permission,
    /// A broker or a topic is not there, or not as it must be.
    Unavailable,
    /// Nobody's: the work goes on at the next start.
    Unfinished,
    /// The program's own.
    Program,
}

/// Why the service could not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No broker answers.
    #[error("no broker answers at `{servers}`: {unanswered}")]
    Unreachable {
        /// The addresses.
        servers: String,
        /// Why.
        unanswered: Unanswered,
    },
    /// The topics are not as they must be, or hidden from this user.
    #[error("{}", listed(lines))]
    Inspection {
        /// Whose fault the first of them is.
        fault: Fault,
        /// What the inspection found wrong; never empty.
        lines: Vec<CheckLine>,
    },
    /// The address for HTTP can't be used.
    #[error("`{address}` can't be used for HTTP")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The issuer's keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Certificate and key can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A rule's settings are wrong.
    #[error(transparent)]
    Rules(#[from] BuildError),
    /// The membership in the group ended.
    #[error("{0}")]
    Group(String),
    /// The log refused something for good.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The stop came before all that was under way was acknowledged and committed.
    #[error("not all that was under way was committed within {} s (`service.drain_seconds`)", within.as_secs())]
    Undrained {
        /// How long it was waited for.
        within: Duration,
    },
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
            Self::Unreachable { unanswered, .. } => Some(unanswered.obstacle.remedy().to_owned()),
            Self::Inspection { lines, .. } => {
                let remedies = lines.iter().filter_map(|line| line.remedy.as_deref()).map(str::trim_start);
                Some(remedies.collect::<Vec<_>>().join("\n  "))
            }
            Self::Listen { .. } => Some(
                "give another address with `--set http.listen=127.0.0.1:9465` (or `http.api_listen`), or none with \
                 `http.listen=`"
                    .to_owned(),
            ),
            Self::Keys(error) => Some(error.remedy().to_owned()),
            Self::Tls(error) => Some(error.remedy().to_owned()),
            Self::Undrained { .. } => Some("the next start derives it again: nothing is lost".to_owned()),
            Self::Log(_) => Some("`tidvakt check` looks at topics and permissions".to_owned()),
            Self::Rules(_) | Self::Group(_) | Self::Thread { .. } => None,
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Unreachable { unanswered, .. } if unanswered.obstacle.is_settings() => Fault::Settings,
            Self::Inspection { fault, .. } => *fault,
            Self::Rules(_) | Self::Keys(_) | Self::Tls(_) => Fault::Settings,
            Self::Undrained { .. } => Fault::Unfinished,
            Self::Thread { .. } => Fault::Program,
            Self::Unreachable { .. } | Self::Listen { .. } | Self::Group(_) | Self::Log(_) => {
                Fault::Unavailable
            }
        }
    }
}

/// `topic … is missing`, one after the other.
fn listed(lines: &[CheckLine]) -> String {
    lines.iter().map(|line| format!("{}: {}", line.what, line.found)).collect::<Vec<_>>().join("; ")
}
