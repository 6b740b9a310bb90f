//! The settings of encryption.

use std::path::PathBuf;

use crate::config::client;
use crate::config::layers::Secrets;
use crate::config::reader::SectionReader;

/// A certificate and its key, by which this program encrypts what it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM file with the certificate and those between it and its authority.
    pub certificate_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
}

impl SectionReader<'_> {
    /// The group `tls`; `None` = no encryption.
    pub(super) fn tls(&mut self, secrets: Secrets, insecure: bool) -> Option<TlsConfig> {
        const PATHS: [&str; 2] = ["tls.certificate_file", "tls.key_file"];
        let files = PATHS.map(|path| self.text(path));
        match (files[0].is_empty(), files[1].is_empty()) {
            (true, true) => return None,
            (false, false) => {}
            (true, false) => self.lacks(PATHS[0], PATHS[1]),
            (false, true) => self.lacks(PATHS[1], PATHS[0]),
        }
        let [certificate_file, key_file] = files.map(PathBuf::from);
        if secrets == Secrets::Read
            && !key_file.as_os_str().is_empty()
            && let Err(fault) = client::read_secret(&key_file, insecure)
        {
            self.wrong(PATHS[1], format!("`{}`: {fault}", PATHS[1]));
        }
        Some(TlsConfig { certificate_file, key_file })
    }

    fn lacks(&mut self, path: &str, other: &str) {
        self.wrong(other, format!("`{path}` is empty, expected a PEM file, as `{other}` names one"));
    }
}
