//! The service as a process of its own, watched from outside.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::broker::Broker;

/// Wall clock and processor time of one stretch of work.
#[derive(Clone, Copy)]
pub struct Spent {
    pub wall: Duration,
    pub cpu: Duration,
    pub resident_mib: f64,
}

/// `tidvakt run`, killed with the bench.
pub struct Service {
    child: Child,
    http: String,
}

impl Service {
    /// Starts it on the broker, as shipped but for the addresses, with this `delivery`; with all rules, or with `only`
    /// some of them.
    pub fn start(broker: &Broker, only: Option<&[&str]>, delivery: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let http = free.expect("loopback has ports").to_string();
        let child = Command::new(program())
            .args(["run", "-X", &format!("bootstrap.servers={}", broker.address())])
            .args(["--set", &format!("http.listen={http}"), "--set", "log.level=warn"])
            .args(["--set", &format!("kafka.delivery={delivery}")])
            .args(off(only))
            .stdin(Stdio::null())
            .spawn()
            .expect("it was built");
        Self { child, http }
    }

    /// Waits until `count` registrations are worked on; what that took, from the first one on.
    pub fn caught_up(&self, count: usize) -> Spent {
        let id = self.child.id().to_string();
        let mut begun = None;
        loop {
            let done = self.worked_on();
            if done == 0 {
                begun = Some((Instant::now(), cpu(&id)));
            } else if count as u64 <= done {
                let (at, before) = begun.expect("the first look is before the first registration");
                return Spent { wall: at.elapsed(), cpu: cpu(&id) - before, resident_mib: resident_mib(&id) };
            }
            // Each look costs the service a page of metrics.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills it and starts it again: what it takes from there until all that waits is assessed.
    #[expect(clippy::allow_attributes, reason = "only one of the benches restarts it")]
    #[allow(dead_code, reason = "only one of the benches restarts it")]
    pub fn restarted(self, broker: &Broker, only: Option<&[&str]>, delivery: &str) -> Spent {
        drop(self);
        let begun = Instant::now();
        let again = Self::start(broker, only, delivery);
        let id = again.child.id().to_string();
        let is_ready = || again.get("/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"));
        let mut ready: Option<Spent> = None;
        // Between two assignments of partitions nothing waits.
        while ready.is_none_or(|ready| begun.elapsed() < ready.wall + Duration::from_secs(2)) {
            std::thread::sleep(Duration::from_millis(50));
            let now = Spent { wall: begun.elapsed(), cpu: cpu(&id), resident_mib: resident_mib(&id) };
            ready = is_ready().then(|| ready.unwrap_or(now));
        }
        ready.expect("the loop ends with it")
    }

    /// How many registrations it has worked on, whatever came of them; 0 until it answers.
    fn worked_on(&self) -> u64 {
        let Some(metrics) = self.get("/metrics") else { return 0 };
        let lines = metrics.lines().filter(|line| line.starts_with("tidvakt_registrations_total{"));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.http).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program to measure: `BENCH_PROGRAM`, as of another commit, or that of this build.
pub fn program() -> String {
    std::env::var("BENCH_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_tidvakt").to_owned())
}

/// The arguments that switch the rules off that are not among `only`.
pub fn off(only: Option<&[&str]>) -> impl Iterator<Item = String> {
    let ids = tidvakt::rules::RULES.iter().map(|rule| rule.id);
    let off = ids.filter(move |id| only.is_some_and(|only| !only.contains(id)));
    off.flat_map(|id| ["--set".to_owned(), format!("rules.{id}.enabled=false")])
}

/// Processor time of a process so far, all its threads.
pub fn cpu(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    // Linux has counted in hundredths of a second for user space ever since.
    Duration::from_millis(ticks * 10)
}

fn resident_mib(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}
