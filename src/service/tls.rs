//! Encryption of what is served: a certificate and its key, from files that somebody else keeps fresh.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{TlsConfig, read_small};

/// A change of the files counts at the first connection after so long.
const READ_EVERY: Duration = Duration::from_secs(1);
/// A chain has a handful of certificates of at most a few kilobytes.
const FILE_BYTES_MAX: u64 = 262_144;

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

/// The certificate and key in the files.
pub(crate) struct TlsIdentity {
    files: TlsConfig,
    known: Mutex<KnownPair>,
}

struct KnownPair {
    acceptor: TlsAcceptor,
    /// What the files had when they were read last.
    texts: [String; 2],
    read_at: Instant,
    is_faulty: bool,
}

impl TlsIdentity {
    /// The certificate and key in `files`.
    ///
    /// # Errors
    /// Where a file can't be read, is no PEM file of its kind, or the key is not the certificate's.
    pub(crate) fn open(files: &TlsConfig) -> Result<Arc<Self>, TlsError> {
        let texts = read(files)?;
        let acceptor = acceptor(files, &texts)?;
        let known = KnownPair { acceptor, texts, read_at: Instant::now(), is_faulty: false };
        Ok(Arc::new(Self { files: files.clone(), known: Mutex::new(known) }))
    }

    /// Encrypts a new connection, with the pair that the files have now.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if READ_EVERY <= known.read_at.elapsed() {
            self.read_again(&mut known);
        }
        known.acceptor.clone()
    }

    /// A pair that can't be used leaves the one before: whoever writes it may be between the two files.
    fn read_again(&self, known: &mut KnownPair) {
        known.read_at = Instant::now();
        let read = read(&self.files).and_then(|texts| match texts == known.texts {
            true => Ok(None),
            false => acceptor(&self.files, &texts).map(|acceptor| Some((acceptor, texts))),
        });
        match read {
            Ok(None) => known.is_faulty = false,
            Ok(Some((acceptor, texts))) => {
                tracing::info!(path = %self.files.certificate_file.display(), "the certificate has changed");
                (known.acceptor, known.texts, known.is_faulty) = (acceptor, texts, false);
            }
            Err(error) if !known.is_faulty => {
                tracing::error!(%error, "the certificate can't be used; the one before stays in use");
                known.is_faulty = true;
            }
            Err(_) => {}
        }
    }
}

/// Certificate and key as text.
fn read(files: &TlsConfig) -> Result<[String; 2], TlsError> {
    let text = |path: &Path| {
        read_small(path, FILE_BYTES_MAX).map_err(|error| wrong(path, format!("can't be read: {error}")))
    };
    Ok([text(&files.certificate_file)?, text(&files.key_file)?])
}

fn acceptor(files: &TlsConfig, [certificate, key]: &[String; 2]) -> Result<TlsAcceptor, TlsError> {
    let TlsConfig { certificate_file, key_file } = files;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
    let chain = chain.map_err(|error| wrong(certificate_file, format!("is no PEM file: {error}")))?;
    if chain.is_empty() {
        return Err(wrong(certificate_file, "has no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|error| wrong(key_file, format!("has no private key: {error}")))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(key_file, format!("does not fit the certificate: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn wrong(path: &Path, fault: String) -> TlsError {
    TlsError { path: path.to_owned(), fault }
}
