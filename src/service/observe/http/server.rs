//! Where probes, metrics and the API are served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use super::guard::ApiGuard;
use super::{ObservedSite, api, pages};
use crate::access::TokenVerifier;
use crate::config::{Api, Http};
use crate::service::connections::{ConnectionLimits, accept, descriptors};
use crate::service::process::shutdown::Shutdown;
use crate::service::tls::TlsIdentity;

/// Limits of each address; fewer connections where there are few descriptors.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 128,
    per_peer: 32,
    lifetime: Duration::from_secs(120),
    head_bytes: 131_072,
};

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
    /// access token counts. With an identity, what is about persons is encrypted.
    ///
    /// # Errors
    /// Where an address is taken, or is none of this machine.
    pub(in crate::service) fn start(
        http: &Http,
        verifier: Option<Arc<TokenVerifier>>,
        tls: Option<Arc<TlsIdentity>>,
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
        let limits = ConnectionLimits { connections: LIMITS.connections.min(descriptors() / 8), ..LIMITS };
        let begin = |listen: SocketAddr, app: Router, tls: Option<Arc<TlsIdentity>>| {
            let bound = runtime.block_on(TcpListener::bind(listen));
            let bound = bound.and_then(|listener| listener.local_addr().map(|address| (listener, address)));
            let (listener, address) = bound.map_err(failed(listen))?;
            runtime.spawn(accept(listener, app, limits, tls, shutdown.clone()));
            Ok::<_, Unusable>(address)
        };
        let address = begin(listen, pages(site.clone(), hosts.clone()), None)?;
        let api_address = match &http.api {
            Some(Api { listen, access }) => {
                let guard = ApiGuard::new(access, verifier);
                Some(begin(*listen, api(site.clone(), hosts, guard), tls)?)
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
