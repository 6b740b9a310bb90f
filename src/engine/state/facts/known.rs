//! Which kinds of fact the municipality sends, and of whom.

use super::Facts;
use crate::engine::model::interner::{ClientId, ProviderId};

impl Facts {
    pub(in crate::engine) const fn knows_absences(&self) -> bool {
        self.known.absences > 0
    }

    pub(in crate::engine) const fn knows_orders(&self) -> bool {
        self.known.orders > 0
    }

    /// Whether any order names the provider.
    pub(in crate::engine) fn knows_orders_of(&self, provider: ProviderId) -> bool {
        self.known.orders_of.get(&provider).is_some_and(|count| 0 < *count)
    }

    /// Whether any employment by the provider is known.
    pub(in crate::engine) fn knows_employments_of(&self, provider: ProviderId) -> bool {
        self.known.employments.get(&provider).is_some_and(|count| 0 < *count)
    }

    /// Whether any provider's employments are known.
    pub(in crate::engine) fn knows_employments(&self) -> bool {
        self.known.employments.values().any(|count| 0 < *count)
    }

    /// Whether any home is known.
    pub(in crate::engine) const fn knows_homes(&self) -> bool {
        self.known.homes > 0
    }

    /// Whether any home of the client was ever known.
    pub(in crate::engine) fn has_home(&self, client: ClientId) -> bool {
        self.clients.get(client.0 as usize).is_some_and(|about| !about.homes.is_empty())
    }

    /// Whether any order of the client was ever known.
    pub(in crate::engine) fn has_orders(&self, client: ClientId) -> bool {
        self.clients.get(client.0 as usize).is_some_and(|about| !about.orders.is_empty())
    }

    pub(in crate::engine) const fn knows_tags(&self) -> bool {
        self.known.tags > 0
    }
}
