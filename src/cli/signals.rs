//! SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::service::{Shutdown, stopper};

/// As a shell reports a program that was ended by SIGINT.
const AT_ONCE: i32 = 130;

/// From now on a signal to stop shows in what is returned.
///
/// # Errors
/// Where the system does not let signals be caught.
pub(super) fn stop_on_signal() -> io::Result<Shutdown> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let (stop, shutdown) = stopper();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(either(&mut terminate, &mut interrupt));
        stop.stop();
        runtime.block_on(either(&mut terminate, &mut interrupt));
        tracing::warn!("stopped at once by a second signal");
        std::process::exit(AT_ONCE);
    })?;
    Ok(shutdown)
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => (),
        _ = interrupt.recv() => (),
    }
}
