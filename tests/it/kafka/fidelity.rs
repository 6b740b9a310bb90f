//! Before anything is claimed on this broker, it must show what the mock cannot: otherwise the
//! claims would be worth as little as on the mock.

use rdkafka::producer::{BaseProducer, Producer as _};

use super::broker::{PATIENCE, Topics, broker, flush, read, send};

fn transactional(topics: &Topics) -> BaseProducer {
    let producer: BaseProducer = topics.client().set("transactional.id", "fidelity").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer
}

#[test]
fn the_broker_hides_what_was_aborted_and_fences_the_former_owner() {
    let Some((address, _turn)) = broker("the_broker_hides_what_was_aborted_and_fences_the_former_owner")
    else {
        return;
    };
    let topics = Topics::make(address, "fidelity", 1);
    let alerts = topics.name("alerts");
    let former = transactional(&topics);
    for (value, commit) in [("aborted", false), ("committed", true)] {
        former.begin_transaction().unwrap();
        send(&former, &alerts, 0, b"key", value.as_bytes());
        flush(&former);
        if commit {
            former.commit_transaction(PATIENCE).unwrap();
        } else {
            former.abort_transaction(PATIENCE).unwrap();
        }
    }
    let values = |isolation: &str| -> Vec<String> {
        let kept = read(topics.client().set("isolation.level", isolation), &alerts, 1);
        kept.into_iter().map(|kept| String::from_utf8(kept.value).unwrap()).collect()
    };
    assert_eq!(values("read_committed"), ["committed"]);
    assert_eq!(values("read_uncommitted"), ["aborted", "committed"]);

    let _latter = transactional(&topics);
    former.begin_transaction().unwrap();
    send(&former, &alerts, 0, b"key", b"from a zombie");
    former.flush(PATIENCE).unwrap();
    assert!(former.commit_transaction(PATIENCE).is_err());
    assert_eq!(values("read_committed"), ["committed"]);
}

#[test]
fn the_feed_has_the_brokers_time() {
    let Some((address, _turn)) = broker("the_feed_has_the_brokers_time") else { return };
    let topics = Topics::make(address, "time", 2);
    let producer = topics.producer();
    let now =
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let before = now();
    let feed = topics.name("registrations");
    let record = rdkafka::producer::BaseRecord::<[u8], [u8]>::to(&feed)
        .partition(1)
        .timestamp(12)
        .payload(b"{}".as_slice());
    producer.send(record).map_err(|(error, _)| error).unwrap();
    flush(&producer);
    let kept = topics.read("registrations");
    assert_eq!(kept.len(), 1);
    assert!((before..=now()).contains(&kept[0].time_ms), "{kept:?}");
}
