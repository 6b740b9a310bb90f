//! Encryption by this program.

use std::path::Path;

use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;

/// Writes a new certificate for `localhost` with its key; returns the certificate.
fn renew(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    write(folder, "key.pem", &made.signing_key.serialize_pem());
    write(folder, "certificate.pem", &made.cert.pem());
    made.cert.der().clone()
}

/// A file that only its owner reads.
fn write(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its permissions");
}

fn encrypted(folder: &Path) -> Served {
    let file = |name: &str| folder.join(name).display().to_string();
    let files = [
        format!("tls.certificate_file={}", file("certificate.pem")),
        format!("tls.key_file={}", file("key.pem")),
    ];
    serve_with("link", files.to_vec())
}

/// The answer to a client that trusts this certificate alone; `None` where the server has another.
fn get(address: SocketAddr, path: &str, trusted: &CertificateDer<'static>) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    let mut stream = StreamOwned::new(connection, stream);
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // The server closes the connection without a word of farewell.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).ok()
}

#[test]
fn with_a_certificate_pages_are_encrypted_and_the_session_never_leaves_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = renew(folder.path());
    let served = encrypted(folder.path());
    let address = served.server.address();
    let link = served.link.as_deref().expect("a link");
    let answer = get(address, link, &certificate).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie")).expect("a session");
    assert!(cookie.contains("; Secure"), "{cookie}");

    let mut plain = TcpStream::connect(address).expect("the server listens");
    plain.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("the request goes out");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "no answer without encryption");
}

#[test]
fn without_a_certificate_the_session_is_for_this_machine() {
    let served = serve("link");
    let (_, head, _) = ask(served.server.address(), "GET", served.link.as_deref().expect("a link"), "", "");
    assert!(head.contains("set-cookie") && !head.contains("secure"), "{head}");
}

#[test]
fn a_renewed_certificate_counts_within_seconds_and_half_a_renewal_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = renew(folder.path());
    let served = encrypted(folder.path());
    let address = served.server.address();
    assert!(get(address, "/healthz", &first).is_some());

    let key = std::fs::read_to_string(folder.path().join("key.pem")).expect("a key");
    let second = renew(folder.path());
    let new_key = std::fs::read_to_string(folder.path().join("key.pem")).expect("a key");
    write(folder.path(), "key.pem", &key);
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(get(address, "/healthz", &first).is_some(), "the new certificate has not its key yet");
    write(folder.path(), "key.pem", &new_key);
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(get(address, "/healthz", &second).is_some());
    assert!(get(address, "/healthz", &first).is_none());
}

#[test]
fn a_pair_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    renew(folder.path());
    let file = |name: &str| folder.path().join(name);
    let open = |certificate: &str, key: &str| {
        let files = crate::config::TlsConfig { certificate_file: file(certificate), key_file: file(key) };
        TlsIdentity::open(&files).err().map(|error| error.to_string()).unwrap_or_default()
    };
    write(folder.path(), "empty.pem", "");
    assert_eq!(open("certificate.pem", "key.pem"), "");
    for (certificate, key, expected) in [
        ("nowhere.pem", "key.pem", "nowhere.pem` can't be read: "),
        ("empty.pem", "key.pem", "empty.pem` has no certificate"),
        ("certificate.pem", "empty.pem", "empty.pem` has no private key: "),
        ("key.pem", "key.pem", "key.pem` has no certificate"),
    ] {
        let found = open(certificate, key);
        assert!(found.contains(expected), "{certificate} {key}: {found}");
    }
    std::fs::rename(file("certificate.pem"), file("old.pem")).expect("it is renamed");
    renew(folder.path());
    let found = open("old.pem", "key.pem");
    assert!(found.contains("key.pem` does not fit the certificate: "), "{found}");
}
