//! A client for requests alone, which knows why no broker answers.
//!
//! A request that gets no answer ends with "timed out" or "all brokers down", whatever the reason. The client library
//! gives the reason beside it, as an event: an unknown host, a refused connection, TLS, authentication.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::client::Clients;

/// One attempt within the time that a request may take.
const ATTEMPT: Duration = Duration::from_secs(1);
/// A reason that lies in the settings is given up after so long: it does not pass.
const SETTINGS_WAIT: Duration = Duration::from_secs(3);
/// Events of the client library are taken in for so long after a request.
const EVENTS: Duration = Duration::from_millis(20);

/// What stands between this machine and the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The client library does not take the settings.
    Settings,
    /// The host name is not known.
    UnknownHost,
    /// The name service does not answer.
    NameService,
    /// Nobody listens, or the connection breaks off.
    Connection,
    /// The encrypted connection does not come about.
    Tls,
    /// The broker does not accept who this says it is.
    Authentication,
    /// Who this is may not do it.
    Authorization,
    /// There is a connection, and no answer on it.
    Silence,
}

impl Obstacle {
    /// Of an error code of the client library, with the reason that came with it.
    fn of(code: Option<RDKafkaErrorCode>, reason: &str) -> Option<Self> {
        use RDKafkaErrorCode as Code;
        Some(match code? {
            Code::Resolve if reason.contains("emporary failure") => Self::NameService,
            Code::Resolve => Self::UnknownHost,
            Code::SSL => Self::Tls,
            // A peer that speaks no TLS may count as one that broke off.
            Code::BrokerTransportFailure if reason.contains("SSL_HANDSHAKE") => Self::Tls,
            Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => {
                Self::Authentication
            }
            Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed => Self::Authorization,
            Code::BrokerTransportFailure => Self::Connection,
            Code::InvalidArgument => Self::Settings,
            _ => return None,
        })
    }

    /// Lies it in the settings of this program, so that trying again changes nothing?
    #[must_use]
    pub const fn is_settings(self) -> bool {
        matches!(self, Self::Settings | Self::UnknownHost | Self::Tls | Self::Authentication)
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Settings => {
                "the properties in `[kafka.client]` are librdkafka's: `tidvakt check --offline` prints them"
            }
            Self::UnknownHost => "is the host name in `bootstrap.servers` of `[kafka.client]` right",
            Self::NameService => "does the name service (DNS) of this machine answer",
            Self::Connection => {
                "is the broker up, is the port in `bootstrap.servers` right, and does `security.protocol` fit that port"
            }
            Self::Tls => {
                "`ssl.ca.location` names the certificate authority of the brokers, the host name in `bootstrap.servers` is \
                 the certificate's, and `security.protocol` is `ssl` or `sasl_ssl` only for a port with TLS"
            }
            Self::Authentication => {
                "are `sasl.mechanism`, `sasl.username` and the file of `sasl.password` in `[kafka.secret_files]` right"
            }
            Self::Authorization => "`tidvakt check` names the permission that this user lacks",
            Self::Silence => "is it a broker that listens there, and does it let this machine in",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings => "the settings are not taken",
            Self::UnknownHost => "the host is unknown",
            Self::NameService => "the name service does not answer",
            Self::Connection => "no connection",
            Self::Tls => "no encrypted connection (TLS)",
            Self::Authentication => "the authentication failed",
            Self::Authorization => "no permission",
            Self::Silence => "no answer",
        })
    }
}

/// Why no broker answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What stands in between.
    pub obstacle: Obstacle,
    /// What the client library says.
    pub reason: String,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.obstacle, self.reason)
    }
}

/// The newest error of the client that names a cause.
#[derive(Clone, Default)]
struct Reasons(Arc<Mutex<Option<Unanswered>>>);

impl Reasons {
    fn take(&self) -> Option<Unanswered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn newest(&self) -> Option<Unanswered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Reasons {
    /// The reasons come as errors as well; of a connection that does not come about one line is enough.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        tracing::debug!(target: "librdkafka", ?level, facility, "{text}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "client error");
        // Some errors are of no obstacle: "all brokers are down" comes after the reason of each.
        if let Some(obstacle) = Obstacle::of(error.rdkafka_error_code(), reason) {
            let unanswered = Unanswered { obstacle, reason: reason.to_owned() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(unanswered);
        }
    }

    fn stats_raw(&self, _statistics: &[u8]) {}
}

impl ConsumerContext for Reasons {}

/// A client for requests alone.
pub(super) struct Asker {
    client: BaseConsumer<Reasons>,
    reasons: Reasons,
}

impl Asker {
    /// # Errors
    /// Where the client library does not take the settings.
    pub(super) fn new(clients: &Clients) -> Result<Self, Unanswered> {
        let reasons = Reasons::default();
        let client = clients.plain().create_with_context(reasons.clone()).map_err(|error| Unanswered {
            obstacle: Obstacle::Settings,
            reason: match error {
                KafkaError::ClientCreation(reason) => reason,
                other => other.to_string(),
            },
        })?;
        Ok(Self { client, reasons })
    }

    /// What the brokers say of `topic`, or of all that this user may see.
    ///
    /// # Errors
    /// Why none of them answers within `wait`. A reason that lies in the settings is not waited out.
    pub(super) fn metadata(&self, topic: Option<&str>, wait: Duration) -> Result<Metadata, Unanswered> {
        let began = Instant::now();
        loop {
            let error = match self.client.fetch_metadata(topic, ATTEMPT.min(wait)) {
                Ok(metadata) => {
                    self.take_events();
                    self.reasons.take();
                    return Ok(metadata);
                }
                Err(error) => error,
            };
            self.take_events();
            let known = self.reasons.newest();
            let own = Obstacle::of(error.rdkafka_error_code(), "");
            let is_refused = own == Some(Obstacle::Authorization);
            let limit = if known.as_ref().is_some_and(|known| known.obstacle.is_settings()) {
                SETTINGS_WAIT.min(wait)
            } else {
                wait
            };
            if is_refused || limit <= began.elapsed() {
                return Err(known.filter(|_| !is_refused).unwrap_or_else(|| Unanswered {
                    obstacle: own.unwrap_or(Obstacle::Silence),
                    reason: error
                        .rdkafka_error_code()
                        .map_or_else(|| error.to_string(), |code| code.to_string()),
                }));
            }
        }
    }

    /// Is it the client library's mock cluster, which answers no request for settings and lets it wait?
    pub(super) fn is_mock(&self) -> bool {
        // Known since the metadata came.
        self.client.client().fetch_cluster_id(ATTEMPT).is_some_and(|id| id.starts_with("mockCluster"))
    }

    /// Lets the client library say what it has to say.
    fn take_events(&self) {
        let began = Instant::now();
        while began.elapsed() < EVENTS {
            // Errors have been taken by the context.
            drop(self.client.poll(Duration::from_millis(5)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(settings: &[(&str, &str)]) -> Unanswered {
        let given = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let asker = Asker::new(&Clients::new(given, "g", None));
        asker
            .and_then(|asker| asker.metadata(None, Duration::from_secs(2)).map(drop))
            .expect_err("nobody answers")
    }

    /// A port on which nobody listens.
    fn free_port() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it has an address").to_string()
    }

    #[test]
    fn each_obstacle_is_named_with_the_reason_of_the_client_library() {
        let refused = asked(&[("bootstrap.servers", &free_port())]);
        assert_eq!(refused.obstacle, Obstacle::Connection);
        assert!(refused.reason.contains("Connection refused"), "{refused}");

        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address").to_string();
        // Whatever it is, it does not speak TLS. The client library tries again, so the thread greets to the end.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = std::io::Write::write_all(&mut stream, b"220 mail.example.net ESMTP\r\n");
            }
        });
        let tls = asked(&[("bootstrap.servers", &address), ("security.protocol", "ssl")]);
        assert_eq!(tls.obstacle, Obstacle::Tls, "{tls}");

        let unknown = asked(&[("bootstrap.servers", "broker.invalid:9092")]);
        assert!(matches!(unknown.obstacle, Obstacle::UnknownHost | Obstacle::NameService), "{unknown}");
        assert!(unknown.reason.contains("broker.invalid"), "{unknown}");

        let file = asked(&[("security.protocol", "ssl"), ("ssl.ca.location", "/no/such/file")]);
        assert_eq!(file.obstacle, Obstacle::Settings);
        assert!(file.reason.contains("ssl.ca.location"), "{file}");
    }

    #[test]
    fn only_what_lies_in_the_settings_is_not_tried_again() {
        let is_settings = |code, reason| Obstacle::of(Some(code), reason).expect("an obstacle").is_settings();
        assert!(is_settings(RDKafkaErrorCode::Authentication, "SASL authentication error"));
        assert!(is_settings(
            RDKafkaErrorCode::Resolve,
            "Failed to resolve 'b:9092': Name or service not known"
        ));
        assert!(!is_settings(RDKafkaErrorCode::Resolve, "Temporary failure in name resolution"));
        assert!(!is_settings(RDKafkaErrorCode::BrokerTransportFailure, "Connection refused"));
        assert_eq!(Obstacle::of(Some(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down"), None);
    }
}
