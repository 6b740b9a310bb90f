//! The stop signal, as an argument: whoever starts the service says when it ends.

use tokio::sync::watch;

/// Tells the service to stop.
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Stop now: finish what is under way and end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Says whether the service is to stop. A stopper that is dropped stops as well.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Is it time to stop?
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Ends when it is time to stop.
    pub async fn wait(mut self) {
        // An error means that the stopper is gone, which says the same.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// A stop signal and who gives it.
#[must_use]
pub fn stopper() -> (Stopper, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Shutdown(receiver))
}
