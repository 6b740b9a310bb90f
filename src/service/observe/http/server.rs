//! Connections: how many, from whom, and for how long.
//!
//! What is served is small and asked for by a handful of clients. Who keeps connections open must not keep descriptors
//! from the brokers' connections, nor probes from their answer.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::guard::ApiGuard;
use super::{ObservedSite, api, pages};
use crate::access::TokenVerifier;
use crate::config::{Api, Http};
use crate::service::process::shutdown::Shutdown;

/// So long a client may take for the head of a request.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// So long a connection lives, whatever is done with it; who has more to ask connects again.
const CONNECTION_MAX: Duration = Duration::from_secs(120);
/// Bytes of the head of a request, at most.
const HEAD_BYTES_MAX: usize = 131_072;
/// Connections at once to one address of this program, at most; fewer where there are few descriptors.
const CONNECTIONS_MAX: usize = 128;
/// Of them, from one other address.
const CONNECTIONS_PER_PEER_MAX: usize = 32;

/// An address that can't be used, and why.
pub(in crate::service) type Unusable = (SocketAddr, std::io::Error);

/// The running server.
pub(in crate::service) struct ProbeServer {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    api_address: Option<SocketAddr>,
}

impl ProbeServer {
    /// Serves `site` as `http` says, until `shutdown`; `None` where nothing is to be served. Without a `verifier` no
    /// access token counts.
    ///
    /// # Errors
    /// Where an address is taken, or is none of this machine.
    pub(in crate::service) fn start(
        http: &Http,
        verifier: Option<Arc<TokenVerifier>>,
        site: &ObservedSite,
        shutdown: &Shutdown,
    ) -> Result<Option<Self>, Unusable> {
        let Some(listen) = http.listen else { return Ok(None) };
        let failed = |address| move |source| (address, source);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(failed(listen))?;
        let hosts: Arc<[String]> = http.hosts.clone().into();
        let begin = |listen: SocketAddr, app: Router| {
            let bound = runtime.block_on(TcpListener::bind(listen));
            let bound = bound.and_then(|listener| listener.local_addr().map(|address| (listener, address)));
            let (listener, address) = bound.map_err(failed(listen))?;
            runtime.spawn(accept(listener, app, shutdown.clone()));
            Ok::<_, Unusable>(address)
        };
        let address = begin(listen, pages(site.clone(), hosts.clone()))?;
        let api_address = match &http.api {
            Some(Api { listen, access }) => {
                let guard = ApiGuard::new(access, verifier);
                Some(begin(*listen, api(site.clone(), hosts, guard))?)
            }
            None => None,
        };
        Ok(Some(Self { runtime, address, api_address }))
    }

    /// Where probes and metrics are.
    pub(in crate::service) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where alerts and statistics are.
    pub(in crate::service) fn api_address(&self) -> Option<SocketAddr> {
        self.api_address
    }

    /// Ends it; requests under way have a moment.
    pub(in crate::service) fn stop(self) {
        self.runtime.shutdown_timeout(Duration::from_millis(500));
    }
}

async fn accept(listener: TcpListener, app: Router, shutdown: Shutdown) {
    let gate = Arc::new(Gate { most: CONNECTIONS_MAX.min(descriptors() / 8), ..Gate::default() });
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
        let Some(pass) = Pass::of(&gate, peer.ip()) else { continue };
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT).max_buf_size(HEAD_BYTES_MAX);
            let connection = http.serve_connection(TokioIo::new(stream), service);
            // However it ends, it is over for this side.
            let _ = tokio::time::timeout(CONNECTION_MAX, connection).await;
            drop(pass);
        });
    }
}

/// The open connections.
#[derive(Default)]
struct Gate {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them.
struct Pass {
    gate: Arc<Gate>,
    peer: IpAddr,
}

impl Pass {
    /// `None` where there are too many, in all or from `peer`.
    fn of(gate: &Arc<Gate>, peer: IpAddr) -> Option<Self> {
        let mut open = gate.open.lock().unwrap_or_else(PoisonError::into_inner);
        let from_peer = open.get(&peer).copied().unwrap_or(0);
        if gate.most <= open.values().sum() || CONNECTIONS_PER_PEER_MAX <= from_peer {
            return None;
        }
        open.insert(peer, from_peer + 1);
        Some(Self { gate: gate.clone(), peer })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.gate.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.peer) {
            Some(count) if 1 < *count => *count -= 1,
            _ => drop(open.remove(&self.peer)),
        }
    }
}

/// Descriptors that this process may have.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_does_not_fill_the_gate_and_all_together_do() {
        let gate = Arc::new(Gate { most: CONNECTIONS_PER_PEER_MAX + 2, ..Gate::default() });
        let peer = |number: u8| IpAddr::from([10, 0, 0, number]);
        let mut passes: Vec<Pass> =
            (0..CONNECTIONS_PER_PEER_MAX).filter_map(|_| Pass::of(&gate, peer(1))).collect();
        assert_eq!(passes.len(), CONNECTIONS_PER_PEER_MAX);
        assert!(Pass::of(&gate, peer(1)).is_none());
        passes.extend(Pass::of(&gate, peer(2)));
        passes.extend(Pass::of(&gate, peer(3)));
        assert_eq!(passes.len(), CONNECTIONS_PER_PEER_MAX + 2);
        assert!(Pass::of(&gate, peer(4)).is_none());
        passes.clear();
        assert!(Pass::of(&gate, peer(4)).is_some());
    }
}
