//! One of three brokers dies while registrations come in and alerts go out: the service goes on as it
//! is, and in the end the topics say what a quiet replay says.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{Producer as _, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::broker::{PATIENCE, Topics, broker, command, folder, script, start_in};
use super::kill::{await_the_end, check};
use super::pod::probe;
use super::service::{Service, wait_until};
use super::town::{Town, asked, send_facts, send_registrations_by, towns};

const PARTITIONS: i32 = 4;
/// So long that the feed goes on after others lead in place of the dead broker, which they find out in
/// some 6 s.
const FEED_SECONDS: f64 = 20.0;

/// Three brokers of the test's own. Dropped, also by a test that fails, they are gone.
struct Cluster {
    folder: String,
    address: &'static str,
}

impl Cluster {
    fn start() -> Self {
        let folder = folder("-three");
        // For the process's life, as the shared broker's is.
        let address = start_in(&folder, 3).leak();
        Self { folder, address }
    }

    fn crash(&self, node: i32) {
        script(&["crash", &self.folder, &node.to_string()]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Without a majority they could not stop well. Nothing may panic here while a failed test
        // unwinds; what that one left is kept to be read.
        let ended = command(&["crash", &self.folder]).status();
        if ended.is_ok_and(|status| status.success()) && !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// What became of each record that was sent.
#[derive(Default)]
struct Receipts {
    acknowledged: AtomicUsize,
    refused: Mutex<Vec<String>>,
}

impl ClientContext for Receipts {}

impl ProducerContext for Receipts {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => drop(self.acknowledged.fetch_add(1, Ordering::Relaxed)),
            Err((error, _)) => self.refused.lock().unwrap().push(error.to_string()),
        }
    }
}

#[test]
fn one_of_three_brokers_dies_under_load() {
    let name = "kafka::failover::one_of_three_brokers_dies_under_load";
    // It starts brokers of its own, but one test at a time is enough for two cores.
    let Some((_, _alone)) = broker(name) else { return };
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let cluster = Cluster::start();
    println!("three brokers after {:?}", began.elapsed());
    let topics = Topics::make(cluster.address, "failover", PARTITIONS);
    let towns = towns(folder.path(), PARTITIONS, asked("TEST_FAILOVER_RECORDS", 12_000));
    let records: usize = towns.iter().map(|town| town.lines.len()).sum();
    send_facts(&topics, &towns);
    let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut service = Service::start_at(http, &topics, folder.path(), "one");
    let is_ready = || probe(http, "/readyz").is_some_and(|(code, _)| code == 200);
    wait_until("readiness", &mut [&mut service], is_ready);

    let partition = asked("TEST_FAILOVER_PARTITION", 0);
    let victim = leaders(&topics, "registrations")[partition];
    let producer = topics.producer_seen_by(Receipts::default());
    let receipts = producer.context().clone();
    let (killed, seen) = std::thread::scope(|scope| {
        let (watched, unwatched) = channel();
        let reader = scope.spawn(|| see_progress(&topics, unwatched));
        let load = scope.spawn(|| send_registrations_by(&producer, &topics, &towns, 0.0..1.0, FEED_SECONDS));
        // By what is sent, not by what is assessed: on a slow machine the feed would end before that.
        wait_until("a quarter of the feed", &mut [&mut service], || {
            receipts.acknowledged.load(Ordering::Relaxed) > records / 4
        });
        println!("node {victim} is killed; it leads {}", led_by(victim, &topics));
        cluster.crash(victim);
        let killed = Instant::now();
        assert!(!load.is_finished(), "nothing was under way");
        load.join().unwrap();
        println!("the feed ended {:?} after it", killed.elapsed());
        await_the_end(&topics, &towns, &mut [&mut service]);
        println!("all assessed {:?} after it", killed.elapsed());
        drop(watched);
        (killed, reader.join().unwrap())
    });

    assert_eq!(*receipts.refused.lock().unwrap(), [""; 0]);
    assert_eq!(receipts.acknowledged.load(Ordering::Relaxed), records, "not all was acknowledged");
    assert!(!leaders(&topics, "registrations").contains(&victim), "node {victim} leads as before");
    check_feed(&topics, &towns);
    print_silences(killed, &seen);
    wait_until("readiness", &mut [&mut service], is_ready);
    assert_eq!(service.terminate().code(), Some(0));
    check(&topics, &towns, folder.path());
    let broken = towns.iter().flat_map(|town| &town.lines).filter(|line| !line.ends_with('}')).count();
    assert_eq!(topics.read("quarantine").len(), broken, "each broken record is in quarantine once");
    println!("{records} registrations; {:?} in all", began.elapsed());
}

/// Who leads each partition.
fn leaders(topics: &Topics, name: &str) -> Vec<i32> {
    let client: BaseConsumer = topics.client().create().unwrap();
    let metadata = client.fetch_metadata(Some(&topics.name(name)), PATIENCE).unwrap();
    let mut partitions: Vec<_> = metadata.topics()[0].partitions().iter().collect();
    partitions.sort_unstable_by_key(|partition| partition.id());
    let leader = |partition: &&rdkafka::metadata::MetadataPartition| {
        assert_eq!(partition.replicas().len(), 3, "`{name}` is not on every broker");
        partition.leader()
    };
    partitions.iter().map(leader).collect()
}

fn led_by(node: i32, topics: &Topics) -> String {
    let led = ["registrations", "alerts", "progress", "quarantine"].map(|name| {
        let leaders = leaders(topics, name);
        let led: Vec<usize> = (0..leaders.len()).filter(|at| leaders[*at] == node).collect();
        format!("{led:?} of {name}")
    });
    led.join(", ")
}

/// Every record lies on the feed once, in the order of sending.
fn check_feed(topics: &Topics, towns: &[Town]) {
    let mut found: BTreeMap<i32, Vec<Vec<u8>>> = BTreeMap::new();
    for kept in topics.read("registrations") {
        found.entry(kept.partition).or_default().push(kept.value);
    }
    for (partition, town) in (0..).zip(towns) {
        let (found, sent) = (&found[&partition], &town.lines);
        assert_eq!(found.len(), sent.len(), "records in partition {partition}");
        let differing = found.iter().zip(sent).position(|(found, sent)| found != sent.as_bytes());
        assert_eq!(differing, None, "partition {partition}");
    }
}

/// When a reader of its own saw progress, and in which partition, until `unwatched` hangs up: also
/// where a failed test lets go of the other end.
fn see_progress(topics: &Topics, unwatched: Receiver<()>) -> Vec<(i32, Instant)> {
    let reader: BaseConsumer = topics.client().set("group.id", "watcher").create().unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(&topics.name("progress"), partition, Offset::Beginning).unwrap();
    }
    reader.assign(&list).unwrap();
    let mut seen = Vec::new();
    while unwatched.try_recv() == Err(TryRecvError::Empty) {
        // Errors are of the broker that is gone; where they stay, no progress is seen at all.
        if let Some(Ok(message)) = reader.poll(Duration::from_millis(50)) {
            seen.push((message.partition(), Instant::now()));
        }
    }
    seen
}

/// How long no progress was seen in each partition after the kill, at most and in one piece.
fn print_silences(killed: Instant, seen: &[(i32, Instant)]) {
    let before = seen.iter().filter(|(_, at)| *at <= killed).count();
    println!("progress was seen {before} times before the kill, and {} after it", seen.len() - before);
    for partition in 0..PARTITIONS {
        let after = seen.iter().filter(|(of, at)| *of == partition && killed < *at).map(|(_, at)| *at);
        let times: Vec<Instant> = std::iter::once(killed).chain(after).collect();
        let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max();
        let longest = longest.unwrap_or_else(|| panic!("partition {partition}: no progress after the kill"));
        println!("partition {partition}: at most {longest:?} without progress");
    }
}
