//! SIGTERM, SIGINT and SIGHUP: the first asks for an orderly end, the second ends at once.
//!
//! SIGHUP is the end of a terminal, or the wish that new settings be read; either way what is under way is finished
//! first. Settings are read at the start alone: whoever looks after the process starts it again.

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
    let mut signals = {
        let _inside = runtime.enter();
        Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        }
    };
    let (stop, shutdown) = stopper();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let first = runtime.block_on(signals.next());
        tracing::info!(signal = first, "stopping: what is under way is finished first");
        stop.stop();
        runtime.block_on(signals.next());
        tracing::warn!("stopped at once by a second signal");
        std::process::exit(AT_ONCE);
    })?;
    Ok(shutdown)
}

/// The signals that end the program.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}
