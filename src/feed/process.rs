//! The running process: a thread that reads the topics, and the web server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cases::Rules;
use super::topics::{
    AuditThread, AuditWriter, DecisionWriter, Memory, PayoutMemory, PayoutThread, TopicThread,
};
use super::web::{DecisionRules, Door, FeedServer, Site, run_id};
use crate::access::{KeysError, TokenVerifier};
use crate::config::{Access, Config};
use crate::service::tls::{TlsError, TlsIdentity};
use crate::service::{ServiceError, Shutdown};

/// How often the supervisor looks.
const LOOK: Duration = Duration::from_millis(50);

/// Why the control unit's process could not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The settings give no address.
    #[error("`feed.listen` is empty, so there is nowhere to serve the page")]
    NoAddress,
    /// The address can't be used.
    #[error("`feed.listen` is `{address}`, which can't be used")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A topic is missing, or hidden from this user.
    #[error("the topic `{topic}` is missing, or may not be read")]
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// The broker can't be asked.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Kafka can't be read.
    #[error("the topics can't be read")]
    Kafka(#[from] rdkafka::error::KafkaError),
    /// The issuer's keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Certificate and key can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for a session")]
    Random(std::io::Error),
    /// A thread can't be started.
    #[error("a thread can't be started")]
    Thread(std::io::Error),
    /// A thread broke off.
    #[error("the thread that reads the topics broke off")]
    BrokeOff,
}

impl FeedError {
    /// What to do about it, where that isn't plain.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NoAddress | Self::Listen { .. } => {
                "give an address with `--set feed.listen=127.0.0.1:9466`"
            }
            Self::NoTopic { .. } => "`tidvakt check` looks at topics and permissions",
            Self::Service(error) => return error.remedy(),
            Self::Kafka(_) => "is the broker up, and is `bootstrap.servers` in `[kafka.client]` right",
            Self::Keys(error) => error.remedy(),
            Self::Tls(error) => error.remedy(),
            Self::Random(_) | Self::Thread(_) | Self::BrokeOff => return None,
        };
        Some(remedy.to_owned())
    }
}

/// The running process.
pub struct ControlDesk {
    shutdown: Shutdown,
    topics: TopicThread,
    payout: PayoutThread,
    audit: AuditThread,
    server: FeedServer,
    door: Arc<Door>,
}

impl ControlDesk {
    /// Starts reading and serving.
    ///
    /// # Errors
    /// Where the broker does not answer, a topic is missing, or the address is taken.
    pub fn start(config: &Config, shutdown: Shutdown) -> Result<Self, FeedError> {
        let address = config.feed.listen.ok_or(FeedError::NoAddress)?;
        let memory = Memory::new(Rules {
            zone: config.engine.zone.clone(),
            retained_days: config.feed.retained_days,
            payout_day: config.engine.default_payout_day,
            payout_hour: config.engine.default_payout_hour,
        });
        let jwt = config.jwt.as_ref().filter(|_| config.feed.access == Access::Jwt);
        let verifier = jwt.map(TokenVerifier::new).transpose()?;
        let tls = config.tls.as_ref().map(TlsIdentity::open).transpose()?;
        let door = Door::new(&config.feed, verifier, tls.is_some()).map_err(FeedError::Random)?;
        let rules = DecisionRules {
            take_seconds: config.feed.take_minutes * 60,
            two_persons_from_ore: config.feed.two_persons_from_ore,
        };
        let payout = PayoutMemory::new(config.engine.zone.clone());
        let (audit, entries) = AuditWriter::channel();
        let chain = format!("feed-{}", run_id().map_err(FeedError::Random)?);
        let writer = DecisionWriter::new(config)?;
        let site = Site::new(memory.clone(), payout.clone(), writer, audit, door.clone(), rules)
            .map_err(FeedError::Random)?
            .with_accessibility_contact(&config.feed.accessibility_contact);
        let server = FeedServer::start(address, site, tls, shutdown.clone())
            .map_err(|source| FeedError::Listen { address, source })?;
        let topics = TopicThread::start(config, memory, shutdown.clone())?;
        let payout = PayoutThread::start(config, payout, shutdown.clone())?;
        let audit = AuditThread::start(config, chain, entries, shutdown.clone())?;
        tracing::info!(address = %server.address(), "the control unit's page is served");
        Ok(Self { shutdown, topics, payout, audit, server, door })
    }

    /// Where it is served.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The address that lets one browser in, until it is used; where access is by link.
    #[must_use]
    pub fn link(&self) -> Option<String> {
        let scheme = self.door.scheme();
        self.door.link().map(|path| format!("{scheme}://{}{path}", self.address()))
    }

    /// Waits for the stop signal, then ends.
    ///
    /// # Errors
    /// What ended it before.
    pub fn wait(self) -> Result<(), FeedError> {
        let has_ended = || self.topics.has_ended() || self.payout.has_ended() || self.audit.has_ended();
        while !self.shutdown.is_requested() && !has_ended() {
            std::thread::sleep(LOOK);
        }
        let Self { shutdown, topics, payout, audit, server, .. } = self;
        server.stop();
        // A thread that goes on by itself ends with the process.
        if shutdown.is_requested() || topics.has_ended() {
            topics.join()?;
        }
        if payout.has_ended() {
            payout.join()?;
        }
        // Without the server no entry comes any more: what waits is written.
        audit.join()
    }
}

/// Runs the control unit's process until `shutdown`.
///
/// # Errors
/// As [`FeedError`] says.
pub fn run(config: &Config, shutdown: Shutdown) -> Result<(), FeedError> {
    let desk = ControlDesk::start(config, shutdown)?;
    if let Some(link) = desk.link() {
        // For whoever started the program, not for the log, which others read.
        eprintln!("open {link}");
    }
    desk.wait()
}
