//! What operators see when no broker answers, when a setting of the connection is wrong, and how a stop ends then.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tidvakt::config::{Config, SettingSources};
use tidvakt::service::{Fault, Service, ServiceError, stopper};

use super::mock::{
    ALERTS, FEED, PATIENCE, PROGRESS, REFERENCE, broker, get, home, read_until, registration, send,
};

/// As the tests on the broker in the process have it, with a short drain.
fn config(servers: &str) -> Config {
    let set = [
        "http.listen=127.0.0.1:0",
        "kafka.instance_id=test",
        "kafka.delivery=reconciled",
        "service.progress_interval_ms=100",
        "service.drain_seconds=1",
    ];
    let client = ["fetch.wait.max.ms=10", "session.timeout.ms=3000", "heartbeat.interval.ms=300"];
    Config::load(&SettingSources {
        set: set.map(str::to_owned).to_vec(),
        client: client
            .map(str::to_owned)
            .into_iter()
            .chain([format!("bootstrap.servers={servers}")])
            .collect(),
        ..SettingSources::default()
    })
    .unwrap()
}

#[test]
fn without_brokers_the_series_stay_with_an_age_and_the_stop_says_that_it_is_not_done() {
    let broker = broker();
    let servers = broker.servers().to_owned();
    send(&servers, REFERENCE, &[home("client-1", "hh-1"), home("client-2", "hh-2")]);
    let (stop, shutdown) = stopper();
    let service = Service::start(&config(&servers), shutdown).unwrap();
    let address = service.http_address().unwrap();
    let running = std::thread::spawn(move || service.wait());
    let records =
        [registration("R1", "client-1", "08:00", "09:00"), registration("R2", "client-2", "08:10", "09:10")];
    send(&servers, FEED, &records);
    read_until(&servers, ALERTS, |found| !found.is_empty());
    let guards = [
        "tidvakt_next_payout_timestamp_seconds{municipality=\"0181\"}",
        "tidvakt_holds{municipality=\"0181\"",
    ];
    let wait_for = |what: &str, path: &str, parts: &[&str]| {
        let began = Instant::now();
        loop {
            let page = get(address, path);
            if parts.iter().all(|part| page.contains(part)) {
                return page;
            }
            assert!(began.elapsed() < 2 * PATIENCE, "{what}: not in\n{page}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    wait_for("what guards the payout", "/metrics", &guards);

    drop(broker);
    let page =
        wait_for("since when, and why", "/readyz", &["no broker has answered since 2", "no connection: "]);
    assert!(page.contains(r#""ready":false"#), "{page}");
    let page = wait_for("the partitions are lost", "/metrics", &["tidvakt_partitions{phase=\"live\"} 0"]);
    assert!(guards.iter().all(|guard| page.contains(guard)), "{page}");
    let age = page.lines().find_map(|line| line.strip_prefix("tidvakt_broker_answer_age_seconds "));
    assert!(2.0 < age.unwrap().parse::<f64>().unwrap(), "{page}");

    stop.stop();
    let ended = running.join().unwrap();
    // The partitions were lost with the session: there was nothing left to drain.
    assert!(ended.is_ok(), "{ended:?}");
}

#[test]
fn a_stop_that_can_commit_nothing_is_no_success() {
    let broker = broker();
    let servers = broker.servers().to_owned();
    let (stop, shutdown) = stopper();
    let service = Service::start(&config(&servers), shutdown).unwrap();
    let running = std::thread::spawn(move || service.wait());
    // Many, of a carer each: the client library has most of them before the first is covered by progress.
    let many = (0..6_000).map(|number| {
        let (key, value) = registration(&format!("R{number}"), &format!("client-{number}"), "08:00", "09:00");
        (key, value.replace("carer-1", &format!("carer-{number}")))
    });
    send(&servers, FEED, &many.collect::<Vec<_>>());
    read_until(&servers, PROGRESS, |found| !found.is_empty());
    drop(broker);
    stop.stop();
    let error = running.join().unwrap().unwrap_err();
    assert!(matches!(error, ServiceError::Undrained { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Unfinished);
}

/// Standard error of `tidvakt run` with these arguments, line by line, and its exit code.
fn failed(arguments: &[&str]) -> (Vec<String>, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidvakt"));
    command.arg("run").args(["--set", "http.listen="]).args(arguments).stdin(Stdio::null());
    let done = command.output().unwrap();
    let text = String::from_utf8(done.stderr).unwrap();
    (text.lines().map(str::to_owned).collect(), done.status.code().unwrap())
}

#[test]
fn where_logs_are_json_so_is_the_last_word() {
    let json = ["--set", "log.format=json"];
    for (arguments, code, words) in [
        (vec!["--set", "engine.retained_days=9"], 78, "engine.retained_days"),
        (vec!["--set", "log.level=degub"], 78, "`degub` is no level; expected `error`"),
        (vec!["-X", "bootstrap.servers=127.0.0.1:1"], 69, "Connection refused"),
    ] {
        let (lines, exit) = failed(&[&json[..], &arguments].concat());
        assert_eq!(exit, code, "{lines:?}");
        let objects: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = objects.last().unwrap();
        assert_eq!(
            (&last["level"], &last["exit_code"]),
            (&Value::from("ERROR"), &Value::from(code)),
            "{last}"
        );
        assert!(last["message"].as_str().unwrap().contains(words), "{last}");
        assert!(last["help"].is_string() && last["timestamp"].is_string(), "{last}");
    }
    let (lines, exit) = failed(&["--set", "log.level=degub"]);
    assert_eq!(exit, 78);
    assert!(lines[0].starts_with("error: "), "text where logs are text: {lines:?}");
}

#[test]
fn a_hang_up_is_an_orderly_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidvakt"));
    command
        .args(["demo", "--clients", "20", "--set", "http.listen="])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut demo = command.spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(demo.stdout.as_mut().unwrap()), &mut first)
        .unwrap();
    assert!(first.starts_with("A municipality"), "{first}");
    let sent = Command::new("kill").args(["-HUP", &demo.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let rest = demo.wait_with_output().unwrap();
    assert_eq!(rest.status.code(), Some(0));
    assert!(
        String::from_utf8(rest.stdout).unwrap().contains("registrations sent in"),
        "it ends with its summary"
    );
}
