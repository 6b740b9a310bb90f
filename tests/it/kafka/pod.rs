//! What a pod promises, without a cluster: the container's command by a user who may do nothing, in a folder
//! that can't be written, unable to write any file at all; ended by SIGTERM under load, and started again.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::broker::{PATIENCE, Topics, broker};
use super::kill::{await_the_end, check};
use super::service::{PROGRAM, settings_text};
use super::town::{send_facts, send_registrations, towns};

/// As in the image.
const NOBODY: u32 = 65_532;
/// `terminationGracePeriodSeconds`, less than which `service.drain_seconds` is.
const GRACE: Duration = Duration::from_secs(30);
const PARTITIONS: i32 = 2;

/// A container's command, as it runs.
struct Pod {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

/// The container's files: the program, its settings, and a folder to stand in.
struct Image {
    program: PathBuf,
    settings: PathBuf,
    folder: PathBuf,
}

impl Image {
    fn make(topics: &Topics, root: &Path) -> Self {
        let allow =
            |path: &Path, mode: u32| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let [program, settings, folder] = ["tidvakt", "tidvakt.toml", "empty"].map(|name| root.join(name));
        std::fs::copy(PROGRAM, &program).unwrap();
        let text = settings_text(topics, "").replace("[http]\nlisten = \"\"\n", "");
        std::fs::write(&settings, text).unwrap();
        std::fs::create_dir(&folder).unwrap();
        for (path, mode) in [(root, 0o755), (&program, 0o555), (&settings, 0o444), (&folder, 0o555)] {
            allow(path, mode);
        }
        Self { program, settings, folder }
    }

    fn start(&self) -> Pod {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // No byte to any file: what the program writes, it writes to its standard error.
        let mut command = Command::new("prlimit");
        command.arg("--fsize=0").arg(&self.program).args(["run", "--config"]).arg(&self.settings);
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TIDVAKT_KAFKA_INSTANCE_ID", "tidvakt-0")
            .env("TIDVAKT_HTTP_LISTEN", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn().unwrap();
        let (mut said, log) = (child.stderr.take().unwrap(), Arc::new(Mutex::new(String::new())));
        let kept = log.clone();
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = said.read(&mut part) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..length]));
            }
        });
        Pod { child, address, log }
    }
}

impl Pod {
    /// Asks the probes until it is ready; returns at which stages it was seen. It never hangs.
    fn becomes_ready(&mut self) -> BTreeSet<String> {
        let (began, mut stages) = (Instant::now(), BTreeSet::new());
        loop {
            let ready = probe(self.address, "/readyz");
            if let Some((200, _)) = ready {
                assert_eq!(probe(self.address, "/startupz").map(|(code, _)| code), Some(200));
                return stages;
            }
            if let Some((code, said)) = ready {
                // The stage may change between what is asked of it and what is said of it.
                let stage = ["starting", "replaying", "live"].map(|stage| format!("\"stage\":\"{stage}\""));
                assert!(code == 503 && stage.iter().any(|stage| said.contains(stage)), "{code} {said}");
                stages.extend(stage.into_iter().filter(|stage| said.contains(stage)));
                assert_eq!(probe(self.address, "/healthz").map(|(code, _)| code), Some(200));
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}\n{}", self.words());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGTERM, as Kubernetes sends it; returns how long it took to end well.
    fn terminate(&mut self) -> Duration {
        let sent_at = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0), "{}", self.words());
                return sent_at.elapsed();
            }
            assert!(sent_at.elapsed() < GRACE, "still there after {GRACE:?}\n{}", self.words());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn words(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_pod_ends_in_its_grace_time_and_comes_back_to_the_same() {
    let name = "a_pod_ends_in_its_grace_time_and_comes_back_to_the_same";
    let Some((address, _turn)) = broker(name) else { return };
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::make(address, "pod", PARTITIONS);
    let towns = towns(folder.path(), PARTITIONS, 4_000);
    send_facts(&topics, &towns);
    let image = Image::make(&topics, folder.path());

    let mut pod = image.start();
    let stages = pod.becomes_ready();
    assert!(stages.contains("\"stage\":\"starting\""), "{stages:?}");
    let who = format!("/proc/{}/status", pod.child.id());
    let status = std::fs::read_to_string(who).unwrap();
    for (line, must) in [("Uid:", is_root().then_some("65532")), ("CapEff:", Some("0000000000000000"))] {
        let found = status.lines().find(|found| found.starts_with(line)).unwrap_or_default();
        assert!(must.is_none_or(|must| found.contains(must)), "{found}");
    }
    let mut ends = Vec::new();
    for (from, to) in [(0.0, 0.4), (0.4, 0.8)] {
        std::thread::scope(|scope| {
            let load = scope.spawn(|| send_registrations(&topics, &towns, from..to, 3.0));
            std::thread::sleep(Duration::from_secs(1));
            ends.push(pod.terminate());
            assert!(!load.is_finished(), "nothing was under way");
        });
        // The same name again, as a StatefulSet gives it.
        pod = image.start();
        pod.becomes_ready();
    }
    send_registrations(&topics, &towns, 0.8..1.0, 0.5);
    await_the_end(&topics, &towns, &mut []);
    ends.push(pod.terminate());
    println!("SIGTERM to exit 0: {ends:?}");
    check(&topics, &towns, folder.path());
    assert_eq!(std::fs::read_dir(&image.folder).unwrap().count(), 0, "something was written");
}

fn is_root() -> bool {
    let who = Command::new("id").arg("-u").output().unwrap();
    who.stdout == b"0\n"
}

/// Status and body of what `path` answers; `None` where nobody listens.
pub fn probe(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.get(9..12)?.parse().ok()?, body.to_owned()))
}
