//! The web server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use super::routes::router;
use super::site::Site;
use crate::service::Shutdown;
use crate::service::connections::{ConnectionLimits, accept, descriptors};
use crate::service::tls::TlsIdentity;

/// Connections behind a proxy come from one address. A stream of events that is cut goes on by `Last-Event-ID`.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 1_024,
    per_peer: 1_024,
    lifetime: Duration::from_secs(3_600),
    head_bytes: 16_384,
};

/// The running server.
pub(in crate::feed) struct FeedServer {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
}

impl FeedServer {
    /// Serves `site` on `listen` until `shutdown`; encrypted where there is an identity.
    ///
    /// # Errors
    /// Where the address is taken, or is none of this machine.
    pub(in crate::feed) fn start(
        listen: SocketAddr,
        site: Site,
        tls: Option<Arc<TlsIdentity>>,
        shutdown: Shutdown,
    ) -> std::io::Result<Self> {
        Self::start_routes(listen, router(site), tls, shutdown)
    }

    pub(super) fn start_routes(
        listen: SocketAddr,
        routes: Router,
        tls: Option<Arc<TlsIdentity>>,
        shutdown: Shutdown,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("feed-http")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(listen))?;
        let address = listener.local_addr()?;
        let connections = LIMITS.connections.min(descriptors() / 2);
        let limits = ConnectionLimits { connections, ..LIMITS };
        runtime.spawn(accept(listener, routes, limits, tls, shutdown));
        Ok(Self { runtime, address })
    }

    pub(in crate::feed) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it; requests under way have a moment.
    pub(in crate::feed) fn stop(self) {
        self.runtime.shutdown_timeout(Duration::from_millis(500));
    }
}
