//! The web server.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::routes::{Site, router};
use crate::service::Shutdown;

/// The running server.
pub(in crate::feed) struct FeedServer {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
}

impl FeedServer {
    /// Serves `site` on `listen` until `shutdown`.
    ///
    /// # Errors
    /// Where the address is taken, or is none of this machine.
    pub(in crate::feed) fn start(
        listen: SocketAddr,
        site: Site,
        shutdown: Shutdown,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("feed-http")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(listen))?;
        let address = listener.local_addr()?;
        let app = router(site);
        runtime.spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(shutdown.wait());
            if let Err(error) = served.await {
                tracing::error!(%error, "the web server ended");
            }
        });
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
