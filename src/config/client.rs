//! Properties of librdkafka: which are the program's own, which hold secrets, and what librdkafka
//! itself says of the others.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

/// The table of properties.
pub(super) const PROPERTIES: &str = "kafka.client";
/// The table of files that hold properties.
pub(super) const SECRET_FILES: &str = "kafka.secret_files";
/// A secret is a line or a key, not a disk.
const SECRET_BYTES_MAX: u64 = 65_536;

/// Properties on which delivery rests, and why they are not to be set here.
const OWNED: [(&str, &str); 18] = [
    ("enable.auto.commit", COMMITS),
    ("enable.auto.offset.store", COMMITS),
    ("auto.commit.interval.ms", "set `service.commit_interval_ms` instead"),
    ("auto.offset.reset", "an offset that is gone has to be said out loud, not skipped"),
    ("group.id", "set `kafka.group_id` instead"),
    ("group.instance.id", "set `kafka.instance_id` instead"),
    ("partition.assignment.strategy", "municipalities have to move one by one, not all at once"),
    ("group.protocol", "the program's take-over of municipalities rests on the classic protocol"),
    ("enable.idempotence", ORDER),
    ("acks", ORDER),
    ("request.required.acks", ORDER),
    ("transactional.id", "it is made of `kafka.group_id`, `kafka.instance_id` and the worker's number"),
    ("isolation.level", "the program reads what is committed, and nothing else"),
    ("enable.partition.eof", "the program needs to see the end of a partition"),
    ("plugin.library.paths", CODE),
    ("ssl.engine.location", CODE),
    ("ssl.providers", CODE),
    ("sasl.kerberos.kinit.cmd", CODE),
];
const CODE: &str = "settings load and run no code";
const COMMITS: &str = "offsets are committed only after the alerts they caused are acknowledged";
const ORDER: &str = "an alert's revisions have to arrive once and in order";

/// Properties whose values are secret.
const SECRET: [&str; 10] = [
    "sasl.password",
    "sasl.jaas.config",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.client.secret",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
];

pub(super) fn is_secret(property: &str) -> bool {
    SECRET.contains(&property)
}

/// Why `property` can't be set in `table`; `None` where it can.
pub(super) fn refusal(table: &str, property: &str) -> Option<String> {
    if let Some((_, why)) = OWNED.iter().find(|(owned, _)| *owned == property) {
        return Some(format!("`{property}` is set by the program: {why}"));
    }
    (table == PROPERTIES && is_secret(property)).then(|| {
        format!(
            "`{property}` is a secret and is not taken from here: write it to a file and name that file \
             in `[{SECRET_FILES}]`, as `\"{property}\" = \"/path/to/file\"`"
        )
    })
}

/// What librdkafka says against a property; `None` where it takes it. The value is not repeated.
pub(super) fn objection(property: &str, value: &str) -> Option<String> {
    let mut config = ClientConfig::new();
    config.set(property, value);
    match config.create_native_config().err()? {
        KafkaError::ClientConfig(_, text, _, _) => {
            let text = text.trim_end_matches('.');
            // librdkafka may repeat the value.
            let is_public = !is_secret(property) || value.is_empty() || !text.contains(value);
            Some(if is_public { format!(": {text}") } else { String::new() })
        }
        _ => Some(String::new()),
    }
}

/// Reads a file that people write, of at most `bytes_max` bytes. A device without an end is no such file.
///
/// # Errors
/// Where it can't be read, is longer, or is not UTF-8.
pub fn read_small(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if bytes_max < text.len() as u64 {
        return Err(io::Error::other(format!("it has more than {bytes_max} bytes")));
    }
    Ok(text)
}

/// The secret in the file at `path`, without the line break at its end. A file that every user of the machine can read
/// is refused, unless it `may_be_public`.
pub(super) fn read_secret(path: &Path, may_be_public: bool) -> Result<String, String> {
    let shown = path.display();
    if !may_be_public && is_public(path) {
        return Err(format!(
            "`{shown}` can be read by every user of this machine: `chmod o= {shown}`, or `kafka.insecure = true`"
        ));
    }
    let text =
        read_small(path, SECRET_BYTES_MAX).map_err(|error| format!("`{shown}` can't be read: {error}"))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(format!("`{shown}` is empty"));
    }
    Ok(secret.to_owned())
}

#[cfg(unix)]
fn is_public(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    // Where it can't be looked at, reading says why.
    path.metadata().is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_public(_path: &Path) -> bool {
    false
}
