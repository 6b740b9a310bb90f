//! The running service: its threads and their supervisor.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::access::TokenVerifier;
use crate::config::{ApiAccess, Config};
use crate::rules;
use crate::service::ServiceError;
use crate::service::deliver::shared::{Pace, Setup, Shared};
use crate::service::deliver::worker::Worker;
use crate::service::log::LogError;
use crate::service::log::kafka::{
    AssignmentEvent, Clients, Group, GroupMember, KafkaLog, Layout, Reference, TopicsWatch, inspected_layout,
    watch_contact,
};
use crate::service::observe::http::{ObservedSite, ProbeServer};
use crate::service::observe::metrics::Metrics;
use crate::service::observe::observer::{Observer, ScoredTotals};
use crate::service::observe::status::Status;
use crate::service::observe::traces::Traces;
use crate::service::observe::view::View;
use crate::service::process::notify::Notifier;
use crate::service::process::shutdown::Shutdown;
use crate::service::process::worker_thread::WorkerThread;
use crate::service::tls::TlsIdentity;

/// Interval of the supervisor's checks.
const SUPERVISE_EVERY: Duration = Duration::from_millis(20);
/// Interval at which gauges are measured, scraped or not.
const MEASURE_EVERY: Duration = Duration::from_secs(1);
/// Longest wait of a revocation for the workers; the group waits with it.
const HANDOVER: Duration = Duration::from_secs(5);
/// Longest wait for the threads after the drain.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// Idle time before progress is published: longer than the gaps of a busy feed.
const REST_MILLIS: u64 = 100;
/// Facts that come within so long of each other are one change.
const FACTS_QUIET_MILLIS: u64 = 250;

const UNSETTLED: &str = "the group has not said which partitions are this instance's";

/// Runs the service until `shutdown`; then finishes what is under way, within the time that the
/// settings give, and returns.
///
/// # Errors
/// What an operator has to mend: see [`ServiceError`].
pub fn run(config: &Config, shutdown: Shutdown) -> Result<(), ServiceError> {
    Service::start(config, shutdown)?.notifying(Notifier::from_environment()).wait()
}

/// The running service.
pub struct Service {
    shutdown: Shutdown,
    drain: Duration,
    clients: Clients,
    layout: Arc<Layout>,
    status: Arc<Status>,
    group: Arc<Group>,
    reference: Reference,
    topics: TopicsWatch,
    workers: Vec<JoinHandle<Result<(), LogError>>>,
    elector: Option<GroupMember>,
    server: Option<ProbeServer>,
    stop: Arc<AtomicBool>,
    notifier: Notifier,
}

impl Service {
    /// Checks the topics and starts the threads; [`Service::wait`] supervises them.
    ///
    /// # Errors
    /// Where the broker does not answer, a topic is missing, or the address for HTTP is taken.
    pub fn start(config: &Config, shutdown: Shutdown) -> Result<Self, ServiceError> {
        let rule_set = rules::build(&config.rules)?;
        let ids: Vec<&str> = rule_set.iter().map(|listed| listed.definition.id).collect();
        let metrics = Arc::new(Metrics::new(&ids).telling(Traces::from_environment()));
        let (status, view) = (Status::new(metrics.clone()), View::new());
        status.wait_for("reference", "facts and decisions are being read");
        status.wait_for("group", UNSETTLED);
        let site = ObservedSite { metrics: metrics.clone(), status: status.clone(), view };
        let server = serve(config, &site, &shutdown)?;
        let clients = Clients::of(config);
        metrics.configured(&config.hash(), &config.kafka.group_id);
        let layout = Arc::new(inspected_layout(&clients, config)?);
        status.answered();
        let shared = Shared::new(Setup {
            feed_topic: layout.feed.clone(),
            config_hash: config.hash(),
            engine: config.engine.clone(),
            municipalities: config.municipalities.clone(),
            rules: rule_set,
            pace: pace(config),
        });
        shared.owners.set_partitions(layout.feed_partitions);
        let count = worker_count(config.service.workers, layout.feed_partitions);
        let (senders, notes): (Vec<_>, Vec<_>) = (0..count).map(|_| mpsc::channel()).unzip();
        let group = Group::new(&layout.feed, senders, (HANDOVER, clients.session()), metrics.clone());
        let stop = Arc::new(AtomicBool::new(false));
        watch_contact(&clients, &layout.feed, status.clone(), status.beat("contact"), stop.clone()).map_err(
            |unanswered| ServiceError::Unreachable { servers: clients.servers().to_owned(), unanswered },
        )?;
        let reference = Reference::start(
            &clients,
            layout.clone(),
            shared.clone(),
            metrics.clone(),
            stop.clone(),
            status.beat("reference"),
        )?;
        let seen = (status.clone(), metrics.clone());
        let topics = TopicsWatch::start(&clients, &config.topics, layout.clone(), seen, stop.clone())?;
        let factory =
            WorkerFactory { clients: &clients, layout: &layout, shared: &shared, group: &group, stop: &stop };
        let workers = factory.spawn_all(notes, &site)?;
        let drain = Duration::from_secs(config.service.drain_seconds);
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            feed = layout.feed,
            partitions = layout.feed_partitions,
            workers = count,
            config_hash = shared.setup.config_hash,
            "started"
        );
        Ok(Self {
            shutdown,
            drain,
            clients,
            layout,
            status,
            group,
            reference,
            topics,
            workers,
            elector: None,
            server,
            stop,
            notifier: Notifier::default(),
        })
    }

    /// The same, with a service manager that hears of its start, its life and its end.
    #[must_use]
    pub fn notifying(self, notifier: Notifier) -> Self {
        Self { notifier, ..self }
    }

    /// Where HTTP is served, if it is.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(ProbeServer::address)
    }

    /// Where alerts and statistics are served, if they are.
    #[must_use]
    pub fn api_address(&self) -> Option<SocketAddr> {
        self.server.as_ref().and_then(ProbeServer::api_address)
    }

    /// Looks after the threads until the stop signal, then lets them finish.
    ///
    /// # Errors
    /// The error that ended the service before a stop signal.
    pub fn wait(mut self) -> Result<(), ServiceError> {
        let ended = self.supervise();
        self.status.stopping();
        self.notifier.stopping();
        let drained = self.finish();
        ended.and(drained)
    }

    fn supervise(&mut self) -> Result<(), ServiceError> {
        let (beat, mut measured) = (self.status.beat("supervisor"), Instant::now());
        while !self.shutdown.is_requested() {
            beat.now();
            if let Some(reason) = self.group.failure() {
                return Err(ServiceError::Group(reason));
            }
            if self.reference.has_ended() || self.workers.iter().any(JoinHandle::is_finished) {
                // The error comes when the threads are joined.
                return Ok(());
            }
            if self.elector.is_none() && self.reference.is_loaded() {
                self.status.done("reference");
                let beat = self.status.beat("group");
                self.elector = Some(GroupMember::start(&self.clients, &self.layout.feed, &self.group, beat)?);
            }
            if self.group.is_settled() {
                self.status.done("group");
            } else {
                self.status.wait_for("group", UNSETTLED);
            }
            if MEASURE_EVERY <= measured.elapsed() {
                self.status.measure();
                measured = Instant::now();
            }
            self.notifier.report(&self.status);
            std::thread::sleep(SUPERVISE_EVERY);
        }
        tracing::info!("stopping");
        Ok(())
    }

    fn finish(self) -> Result<(), ServiceError> {
        let Self { group, reference, topics, workers, elector, server, stop, drain, .. } = self;
        let began = Instant::now();
        let drained = group.give_back_all(drain);
        stop.store(true, Ordering::Release);
        let deadline = Instant::now() + LAST_WAIT;
        let mut ended = Ok(());
        for worker in workers {
            ended = ended.and(join(worker, deadline));
        }
        if let Some(elector) = elector {
            elector.stop(LAST_WAIT);
        }
        let referenced = if reference.has_ended() || wait_until(deadline, || reference.has_ended()) {
            reference.join().map_err(ServiceError::from)
        } else {
            Ok(())
        };
        topics.join(deadline);
        if let Some(server) = server {
            server.stop();
        }
        tracing::info!(seconds = began.elapsed().as_secs_f64(), drained, "stopped");
        ended.and(referenced).and(if drained {
            Ok(())
        } else {
            Err(ServiceError::Undrained { within: drain })
        })
    }
}

/// What every worker's desk is made of.
struct WorkerFactory<'a> {
    clients: &'a Clients,
    layout: &'a Arc<Layout>,
    shared: &'a Arc<Shared>,
    group: &'a Arc<Group>,
    stop: &'a Arc<AtomicBool>,
}

impl WorkerFactory<'_> {
    /// Starts a worker thread for each receiver of events.
    fn spawn_all(
        &self,
        notes: Vec<Receiver<AssignmentEvent>>,
        ObservedSite { metrics, status, view }: &ObservedSite,
    ) -> Result<Vec<JoinHandle<Result<(), LogError>>>, LogError> {
        let totals = Arc::new(ScoredTotals::default());
        let mut workers = Vec::new();
        for (number, notes) in notes.into_iter().enumerate() {
            let sinks = (metrics.clone(), view.clone(), status.clone());
            let name = format!("worker-{number}");
            let beat = status.beat(name.clone());
            let observer = Observer::new(sinks, self.shared.clone(), totals.clone(), beat.clone());
            let (clients, layout) = (self.clients.clone(), self.layout.clone());
            let (group, counted) = (self.group.clone(), metrics.clone());
            let open =
                move || KafkaLog::new(&clients, number, layout.clone(), group.clone(), counted.clone());
            let worker_thread = WorkerThread {
                worker: Worker::new(self.shared.clone(), observer),
                log: open()?,
                open: Box::new(open),
                replaced: None,
                name: name.clone(),
                failing: None,
                pauses: 0,
                notes,
                group: self.group.clone(),
                status: status.clone(),
                metrics: metrics.clone(),
                stop: self.stop.clone(),
                beat,
                began: Instant::now(),
            };
            let thread = std::thread::Builder::new().name(name).spawn(move || worker_thread.work());
            workers.push(thread.map_err(|error| LogError::Refused(error.to_string()))?);
        }
        Ok(workers)
    }
}

fn join(thread: JoinHandle<Result<(), LogError>>, deadline: Instant) -> Result<(), ServiceError> {
    let name = thread.thread().name().unwrap_or_default().to_owned();
    if !wait_until(deadline, || thread.is_finished()) {
        tracing::warn!(thread = name, "a thread did not end in time");
        return Ok(());
    }
    thread.join().map_err(|_| ServiceError::Thread { name })?.map_err(ServiceError::from)
}

fn wait_until(deadline: Instant, mut done: impl FnMut() -> bool) -> bool {
    while !done() {
        if deadline <= Instant::now() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Serves probes, metrics and the API as the settings say.
fn serve(
    config: &Config,
    site: &ObservedSite,
    shutdown: &Shutdown,
) -> Result<Option<ProbeServer>, ServiceError> {
    let is_by_jwt = config.http.api.as_ref().is_some_and(|api| matches!(api.access, ApiAccess::Jwt));
    let verifier = config.jwt.as_ref().filter(|_| is_by_jwt).map(TokenVerifier::new).transpose()?;
    let tls = config.tls.as_ref().map(TlsIdentity::open).transpose()?;
    ProbeServer::start(&config.http, verifier, tls, site, shutdown)
        .map_err(|(address, source)| ServiceError::Listen { address, source })
}

fn pace(config: &Config) -> Pace {
    Pace {
        progress_interval_millis: config.service.progress_interval_ms,
        commit_interval_millis: config.service.commit_interval_ms,
        idle_after_millis: REST_MILLIS,
        wait: Duration::from_millis(20),
        facts_quiet_millis: FACTS_QUIET_MILLIS,
        ..Pace::default()
    }
}

fn worker_count(configured: usize, partitions: i32) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = if configured == 0 { cores } else { configured };
    count.min(usize::try_from(partitions).unwrap_or(1)).max(1)
}
