//! What the service manager hears: `sd_notify`, systemd's protocol of one datagram for each message.
//!
//! Outside systemd there is no socket, and nothing is sent. A message that cannot be delivered is no reason to stop:
//! the manager acts on what it does not hear.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::service::observe::status::{Stage, Status};

/// Passes messages to the service manager.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    /// A sign of life is due so often; `None` where nobody watches.
    every: Option<Duration>,
    alive_at: Option<Instant>,
    stage: Option<Stage>,
    is_ready: bool,
}

impl Notifier {
    /// The socket and the watchdog that systemd names in the environment of the process.
    #[must_use]
    pub fn from_environment() -> Self {
        let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return Self::default() };
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let is_meant = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|_| is_meant).map(Duration::from_micros);
        Self::new(&socket, watchdog)
    }

    /// Messages go to `socket`; where the manager has a `watchdog`, it wants a sign of life within that time.
    fn new(socket: &OsStr, watchdog: Option<Duration>) -> Self {
        match connected(socket) {
            Ok(socket) => {
                Self { socket: Some(socket), every: watchdog.map(|within| within / 3), ..Self::default() }
            }
            Err(error) => {
                tracing::warn!(%error, ?socket, "the service manager can't be reached");
                Self::default()
            }
        }
    }

    /// Says what has changed: that the service has started, its stage, and that no thread hangs.
    pub(super) fn report(&mut self, status: &Status) {
        if self.socket.is_none() {
            return;
        }
        let stage = status.stage();
        if self.stage.replace(stage) != Some(stage) {
            self.send(&format!("STATUS={}", stage.as_str()));
        }
        if !self.is_ready && status.starting().is_empty() {
            self.is_ready = true;
            self.send("READY=1");
        }
        let Some(every) = self.every else { return };
        if self.alive_at.is_none_or(|at| every <= at.elapsed()) && status.hanging().is_empty() {
            self.alive_at = Some(Instant::now());
            self.send("WATCHDOG=1");
        }
    }

    /// The service is on its way out.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=draining");
    }

    fn send(&self, message: &str) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.send(message.as_bytes())) {
            tracing::debug!(%error, message, "the service manager did not take a message");
        }
    }
}

/// A socket to the manager's; a name that begins with `@` lies in Linux' abstract namespace.
fn connected(name: &OsStr) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match name.as_bytes().strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        }
        _ => socket.connect(name)?,
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::service::observe::metrics::Metrics;

    #[test]
    fn ready_once_it_has_started_alive_while_nothing_hangs_and_stopping() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).expect("a socket");
        manager.set_nonblocking(true).expect("it can be");
        let heard = || {
            let mut message = [0; 256];
            let taken = std::iter::from_fn(|| {
                let length = manager.recv(&mut message).ok()?;
                Some(String::from_utf8_lossy(&message[..length]).into_owned())
            });
            taken.collect::<Vec<_>>()
        };
        let mut notifier = Notifier::new(path.as_os_str(), Some(Duration::from_secs(3_600)));
        let status = Status::new(Arc::new(Metrics::new(&[])));
        status.wait_for("reference", "facts are being read");
        notifier.report(&status);
        assert_eq!(heard(), ["STATUS=starting", "WATCHDOG=1"]);
        status.done("reference");
        (0..3).for_each(|_| notifier.report(&status));
        assert_eq!(heard(), ["STATUS=live", "READY=1"], "each is said once");
        notifier.stopping();
        assert_eq!(heard(), ["STOPPING=1\nSTATUS=draining"]);
    }

    #[test]
    fn without_a_service_manager_nothing_is_sent() {
        let mut notifier = Notifier::new(OsStr::new("/nowhere/notify"), None);
        notifier.report(&Status::new(Arc::new(Metrics::new(&[]))));
        notifier.stopping();
        assert!(notifier.socket.is_none());
    }
}
