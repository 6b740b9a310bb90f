//! With TLS, SCRAM and access rights, as a municipality's brokers have them.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use super::broker::{Topics, broker, flush, folder, script, send};
use super::run::{home, visit};
use super::service::{PROGRAM, Service, settings_text, wait_until};

/// A broker that takes encrypted connections of known users, and another address for the test itself.
struct SecureBroker {
    open: &'static str,
    secure: String,
    folder: String,
}

fn secure_broker() -> &'static SecureBroker {
    static BROKER: OnceLock<SecureBroker> = OnceLock::new();
    BROKER.get_or_init(|| {
        let folder = folder("-secure");
        let pid = std::process::id().to_string();
        let open = script(&["start", &folder, "--secure", "--until", &pid]).leak();
        let secure = std::fs::read_to_string(format!("{folder}/secure")).unwrap().trim().to_owned();
        SecureBroker { open, secure, folder }
    })
}

impl SecureBroker {
    /// The rights of the role `detector` in the chart's table: on topics, the group and transactional ids.
    fn allow_detector(&self, topics: &Topics) {
        let (names, group) = (
            |names: &[&str]| names.iter().map(|name| topics.name(name)).collect::<Vec<_>>(),
            topics.name("group"),
        );
        let read = ["Read", "DescribeConfigs"];
        self.allow_on("--topic", &names(&["registrations", "reference", "decisions"]), &read, &[]);
        let written = names(&["alerts", "progress", "quarantine"]);
        self.allow_on("--topic", &written, &["Read", "Write", "DescribeConfigs"], &[]);
        self.allow_on("--group", std::slice::from_ref(&group), &["Read"], &[]);
        let prefixed = ["--resource-pattern-type", "prefixed"];
        self.allow_on("--transactional-id", &[format!("{group}-")], &["Write", "Describe"], &prefixed);
    }

    fn allow_on(&self, kind: &str, names: &[String], operations: &[&str], more: &[&str]) {
        let mut arguments = vec!["allow", self.open, "tidvakt"];
        names.iter().for_each(|name| arguments.extend([kind, name]));
        operations.iter().for_each(|operation| arguments.extend(["--operation", operation]));
        arguments.extend(more);
        script(&arguments);
    }

    /// Properties of a client that gets in: `tidvakt` with its password, which is in `secrets`.
    fn client(&self, secrets: &Path) -> Vec<(&'static str, String)> {
        let password = secrets.join("password");
        std::fs::write(&password, "tidvakt").unwrap();
        restrict(&password);
        vec![
            ("kafka.client.bootstrap.servers", self.secure.clone()),
            ("kafka.client.security.protocol", "sasl_ssl".to_owned()),
            ("kafka.client.sasl.mechanism", "SCRAM-SHA-512".to_owned()),
            ("kafka.client.sasl.username", "tidvakt".to_owned()),
            ("kafka.client.ssl.ca.location", format!("{}/ca.pem", self.folder)),
            ("kafka.secret_files.sasl.password", password.display().to_string()),
        ]
    }
}

/// A secret that others may read is refused.
fn restrict(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn toml(settings: &[(&str, String)], section: &str) -> String {
    let lines = settings.iter().filter_map(|(key, value)| {
        let name = key.strip_prefix(section)?.strip_prefix('.')?;
        Some(format!("\"{name}\" = \"{value}\"\n"))
    });
    format!("[{section}]\n{}", lines.collect::<String>())
}

#[test]
fn with_tls_a_password_and_the_rights_of_its_role_it_runs() {
    let Some((_, _turn)) = broker("with_tls_a_password_and_the_rights_of_its_role_it_runs") else { return };
    let secure = secure_broker();
    let topics = Topics::make(secure.open, "secure", 2);
    secure.allow_detector(&topics);
    let producer = topics.producer();
    for (key, fact) in [home("client-1", "hh-1"), home("client-2", "hh-2")] {
        send(&producer, &topics.name("reference"), 0, key.as_bytes(), fact.to_string().as_bytes());
    }
    for (id, client, from, to) in
        [("R-1", "client-1", "08:00", "08:30"), ("R-2", "client-2", "08:15", "08:45")]
    {
        let record = visit(id, 1, client, from, to).to_string();
        send(&producer, &topics.name("registrations"), 1, b"0181", record.as_bytes());
    }
    send(&producer, &topics.name("registrations"), 1, b"0181", b"{");
    flush(&producer);
    let folder = tempfile::tempdir().unwrap();
    let client = secure.client(folder.path());
    let open_client = format!("[kafka.client]\n\"bootstrap.servers\" = \"{}\"\n", topics.address);
    let text = settings_text(&topics, "one");
    assert!(text.contains(&open_client));
    let sections = format!("{}{}", toml(&client, "kafka.client"), toml(&client, "kafka.secret_files"));
    let mut service = Service::start_with(&text.replace(&open_client, &sections), folder.path(), "one");
    wait_until("the alert", &mut [&mut service], || topics.read("alerts").len() == 1);
    wait_until("the broken record", &mut [&mut service], || topics.read("quarantine").len() == 1);
    assert_eq!(service.terminate().code(), Some(0));
}

/// A fault: the setting that makes it, where one does, the exit code, and what is printed.
type Fault = (Option<(&'static str, String)>, i32, &'static str);

impl SecureBroker {
    /// Faults of a connection; `secrets` is where a wrong password may be written.
    fn faults(&self, secrets: &Path) -> [Fault; 7] {
        let wrong = secrets.join("wrong");
        std::fs::write(&wrong, "wrong").unwrap();
        restrict(&wrong);
        let (password, authority) = ("kafka.secret_files.sasl.password", "kafka.client.ssl.ca.location");
        let (servers, protocol) = ("kafka.client.bootstrap.servers", "kafka.client.security.protocol");
        let mechanism = ("kafka.client.sasl.mechanism", "PLAIN".to_owned());
        let other_authority = format!("{}/other-ca.pem", self.folder);
        // The certificate is for the name, not for the number.
        let by_number = self.secure.replace("localhost", "127.0.0.1");
        let unknown = "no-such-host.invalid:9092".to_owned();
        [
            (Some((password, wrong.display().to_string())), 78, "the authentication failed"),
            (Some(mechanism), 78, "broker's supported mechanisms: SCRAM-SHA-512"),
            (Some((authority, other_authority)), 78, "certificate verify failed"),
            (Some((servers, by_number)), 78, "the host name in `bootstrap.servers`"),
            (Some((servers, unknown)), 78, "the host is unknown"),
            (Some((protocol, "sasl_plaintext".to_owned())), 69, "does `security.protocol` fit that port"),
            (None, 77, "no permission to see it"),
        ]
    }
}

#[test]
fn what_is_wrong_with_a_connection_is_named_and_ends_with_its_own_code() {
    let Some((_, _turn)) = broker("what_is_wrong_with_a_connection_is_named_and_ends_with_its_own_code")
    else {
        return;
    };
    let secure = secure_broker();
    // No right on these: whoever gets in is refused there.
    let topics = Topics::make(secure.open, "forbidden", 1);
    let folder = tempfile::tempdir().unwrap();
    for (change, code, expected) in secure.faults(folder.path()) {
        let mut settings = secure.client(folder.path());
        if let Some((key, value)) = change {
            settings.retain(|(known, _)| *known != key);
            settings.push((key, value));
        }
        let mut command = Command::new(PROGRAM);
        command.arg("check");
        for (key, value) in &settings {
            command.args(["--set", &format!("{key}={value}")]);
        }
        for name in ["registrations", "reference", "decisions", "alerts", "progress", "quarantine"] {
            command.args(["--set", &format!("topics.{name}={}", topics.name(name))]);
        }
        let output = command.output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(printed.contains(expected), "`{expected}` is not in\n{printed}");
        assert_eq!(output.status.code(), Some(code), "{expected}\n{printed}");
        assert!(!printed.contains("= \"wrong\""), "a secret is printed\n{printed}");
    }
}
