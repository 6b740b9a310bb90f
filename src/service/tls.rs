//! Encryption of what is served: a certificate and its key, from files that somebody else keeps fresh.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{FileFault, Followed, FollowedWords, TlsConfig};

/// A certificate and key that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}` {fault}", path.display())]
pub struct TlsError {
    /// The file.
    path: PathBuf,
    /// What is wrong with it.
    fault: String,
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        "`tls.certificate_file` and `tls.key_file` are PEM files of one pair, the certificate of this host first"
    }
}

/// What the log says of the files.
const WORDS: FollowedWords = FollowedWords {
    changed: "the certificate has changed",
    unusable: "the certificate can't be used; the one before stays in use",
};

/// The certificate and key in the files.
pub(crate) struct TlsIdentity(Followed<TlsAcceptor>);

impl TlsIdentity {
    /// The certificate and key in `files`.
    ///
    /// # Errors
    /// Where a file can't be read, is no PEM file of its kind, or the key is not the certificate's.
    pub(crate) fn open(files: &TlsConfig) -> Result<Arc<Self>, TlsError> {
        let paths = vec![files.certificate_file.clone(), files.key_file.clone()];
        let files = files.clone();
        let followed = Followed::open(paths, WORDS, move |texts| acceptor(&files, texts));
        followed
            .map(|followed| Arc::new(Self(followed)))
            .map_err(|FileFault { path, fault }| TlsError { path, fault })
    }

    /// Encrypts a new connection, with the pair that the files have now.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.current()
    }
}

/// An acceptor of the texts of both files.
fn acceptor(files: &TlsConfig, texts: &[String]) -> Result<TlsAcceptor, FileFault> {
    let TlsConfig { certificate_file, key_file } = files;
    let [certificate, key] = texts else { unreachable!("a text for each of two files") };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
    let chain =
        chain.map_err(|error| FileFault::new(certificate_file, format!("is no PEM file: {error}")))?;
    if chain.is_empty() {
        return Err(FileFault::new(certificate_file, "has no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|error| FileFault::new(key_file, format!("has no private key: {error}")))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| FileFault::new(key_file, format!("does not fit the certificate: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
