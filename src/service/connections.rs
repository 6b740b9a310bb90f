//! HTTP/1 connections: how many, from whom, and for how long.
//!
//! What is served is small and asked for by a handful of clients. Who keeps connections open, sends slowly or does not
//! read must not keep descriptors from the brokers' connections, nor probes from their answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;

use super::gate::Gate;
use super::process::shutdown::Shutdown;
use super::tls::TlsIdentity;

/// So long a client may take for a handshake, and for the head of a request.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// So long a client may read nothing of an answer while all buffers are full.
const WRITE_WAIT: Duration = Duration::from_secs(10);

/// Limits of the connections to one address of this program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// Connections at once.
    pub(crate) connections: usize,
    /// Of them, from one other address.
    pub(crate) per_peer: usize,
    /// So long a connection lives, whatever is done with it; who has more to ask connects again.
    pub(crate) lifetime: Duration,
    /// Bytes of the head of a request.
    pub(crate) head_bytes: usize,
}

/// Serves `app` on the connections that `listener` accepts, until `shutdown`; encrypted where there is an identity.
pub(crate) async fn accept(
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    tls: Option<Arc<TlsIdentity>>,
    shutdown: Shutdown,
) {
    let gate = Gate::<IpAddr>::new(limits.connections, limits.per_peer);
    let stop = shutdown.wait();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection can't be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // One too many is closed at once.
        let Some(pass) = gate.enter(&peer.ip()) else { continue };
        let (app, tls) = (app.clone(), tls.clone());
        tokio::spawn(async move {
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(WRITE_WAIT));
            let stream = Box::pin(stream);
            match tls {
                None => serve(stream, app, limits).await,
                Some(tls) => match tokio::time::timeout(HEAD_WAIT, tls.acceptor().accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream, app, limits).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a connection is not encrypted"),
                    Err(_) => tracing::debug!("a handshake takes too long"),
                },
            }
            drop(pass);
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: Router,
    limits: ConnectionLimits,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT).max_buf_size(limits.head_bytes);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    // However it ends, it is over for this side.
    let _ = tokio::time::timeout(limits.lifetime, connection).await;
}

/// Descriptors that this process may have.
pub(crate) fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(1_024)
}
