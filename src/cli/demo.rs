//! `tidvakt demo`: everything on this machine, without any set-up.

mod reader;
mod town;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;

use super::alert_line::OutputLanguage;
use super::exit::{Exit, Failure, OrExit};
use super::{SettingsArgs, logging, output, signals};
use crate::config::{Config, Secrets};
use crate::feed::{ControlDesk, FeedError};
use crate::service::log::kafka::embedded::Broker;
use crate::service::{Service, ServiceError, Stopper, stopper};
use reader::AlertReader;
use town::DemoTown;

const EXAMPLES: &str = "\
Examples:
  tidvakt demo
  tidvakt demo --for 30s
  tidvakt demo --seed 7 --clients 500 --lang sv --set http.listen=127.0.0.1:8080

A broker inside the program, a made-up municipality in fast time and the service. The broker's address
is printed: `kcat -b ADDRESS -t tidvakt.alerts.v1 -C` reads its topics.";

/// Partitions of each topic; the broker keeps 5 MiB in each.
const PARTITIONS: i32 = 4;
/// Interval between two reads of the alert topic.
const LOOK: Duration = Duration::from_millis(50);
/// Time for the last registrations to be assessed before the summary.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// Shows everything on this machine, without any set-up.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// Seed of the municipality; the same seed gives the same municipality
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Days of registrations
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub days: u16,
    /// Clients in the municipality
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub clients: u32,
    /// Registrations a second
    #[arg(long, value_name = "N", default_value_t = 1_500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub rate: u32,
    /// Days at that rate; later ones come at a hundredth of it, so that cases can be worked through on the page
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(0..=3_660))]
    pub quick_days: u16,
    /// Language of the sentences
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub lang: OutputLanguage,
    /// Time after which the demo ends with a summary: 30s, 5m; without it, Ctrl-C ends it
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub for_: Option<Duration>,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &DemoArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let topics = args.settings.load(Secrets::Leave)?.topics.clone();
    let names = [
        &topics.registrations,
        &topics.reference,
        &topics.decisions,
        &topics.alerts,
        &topics.progress,
        &topics.quarantine,
        &topics.audit,
    ];
    let broker = Broker::start(&names.map(|name| (name.as_str(), PARTITIONS)))
        .map_err(|reason| Failure::new(Exit::Software, format!("the broker inside the program: {reason}")))?;
    let (config, service, stop) = start(args, &broker)?;
    let desk = control_desk(args, &broker, &config)?;
    let signal = signals::stop_on_signal().or_exit(Exit::Software, "signals can't be caught")?;
    let mut town = DemoTown::start(args, broker.servers(), &topics)?;
    let mut reader = AlertReader::new(broker.servers(), &topics, args.lang, &config)?;
    let page = desk.0.link().unwrap_or_else(|| format!("http://{}/", desk.0.address()));
    let addresses = (page, service.http_address());
    output::print(&heading(args, broker.servers(), &topics.alerts, addresses))?;
    let running = std::thread::spawn(move || service.wait());

    let mut said = false;
    let is_over = || signal.is_requested() || args.for_.is_some_and(|length| length <= began.elapsed());
    while !is_over() && !running.is_finished() {
        output::print(&reader.look(LOOK))?;
        if town.has_ended() && !said {
            said = true;
            output::print(&format!("\nAll {} days are sent. Ctrl-C ends.\n", args.days))?;
        }
    }
    town.stop();
    let waited = Instant::now();
    while reader.assessed() < town.sent() && waited.elapsed() < LAST_WAIT && !running.is_finished() {
        output::print(&reader.look(LOOK))?;
    }
    stop.stop();
    desk.1.stop();
    desk.0.wait()?;
    let ended = running.join().unwrap_or_else(|_| Err(ServiceError::Thread { name: "service".to_owned() }));
    output::print(&reader.summary(town.sent(), began.elapsed()))?;
    Ok(ended?)
}

/// Starts the service on the broker; on any free port where another program has the default one.
fn start(args: &DemoArgs, broker: &Broker) -> Result<(Config, Service, Stopper), Failure> {
    let config = settings(args, broker.servers(), None)?;
    logging::start(&config.log);
    let (stop, shutdown) = stopper();
    match Service::start(&config, shutdown) {
        Err(ServiceError::Listen { .. })
            if !args.settings.set.iter().any(|set| set.starts_with("http.listen")) =>
        {
            let config = settings(args, broker.servers(), Some("http.listen=127.0.0.1:0"))?;
            let (stop, shutdown) = stopper();
            let service = Service::start(&config, shutdown)?;
            Ok((config, service, stop))
        }
        started => Ok((config, started?, stop)),
    }
}

/// Starts the control unit's page; on any free port where another program has the default one.
fn control_desk(
    args: &DemoArgs,
    broker: &Broker,
    config: &Config,
) -> Result<(ControlDesk, Stopper), Failure> {
    let (stop, shutdown) = stopper();
    match ControlDesk::start(config, shutdown) {
        Err(FeedError::Listen { .. })
            if !args.settings.set.iter().any(|set| set.starts_with("feed.listen")) =>
        {
            let config = settings(args, broker.servers(), Some("feed.listen=127.0.0.1:0"))?;
            let (stop, shutdown) = stopper();
            Ok((ControlDesk::start(&config, shutdown)?, stop))
        }
        started => Ok((started?, stop)),
    }
}

fn settings(args: &DemoArgs, servers: &str, more: Option<&str>) -> Result<Config, Failure> {
    let mut settings = args.settings.clone();
    // The broker inside stores no offsets that come with a transaction.
    let own = ["log.level=warn,librdkafka=error", "kafka.instance_id=demo", "kafka.delivery=reconciled"];
    // Before the flags of the user, which override these.
    settings.set.splice(0..0, own.into_iter().chain(more).map(str::to_owned));
    // The broker inside answers no fetch early.
    let client = [format!("bootstrap.servers={servers}"), "fetch.wait.max.ms=10".to_owned()];
    settings.client.extend(client);
    settings.load(Secrets::Leave)
}

fn heading(
    args: &DemoArgs,
    servers: &str,
    alerts: &str,
    (page, http): (String, Option<SocketAddr>),
) -> String {
    let http = http.map_or_else(|| "none".to_owned(), |address| format!("http://{address}/"));
    format!(
        "A municipality with {} clients, {} registrations a second, seed {}.\n\
         \x20 cases             {page}\n\
         \x20                   open it in a browser: it lets one browser in, once\n\
         \x20 metrics           {http}\n\
         \x20 broker            {servers}\n\
         \x20 look in           kcat -b {servers} -t {alerts} -C -o beginning\n\n",
        args.clients, args.rate, args.seed
    )
}

/// Reads `30s`, `5m`, `1h` or `500ms`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| "expected a time such as `30s`".to_owned())?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        unit => return Err(format!("no unit is called `{unit}`, expected `ms`, `s`, `m` or `h`")),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("s").is_err());
        assert!(duration("3 weeks").is_err());
        assert!(duration("99999999999999999999h").is_err());
    }
}
