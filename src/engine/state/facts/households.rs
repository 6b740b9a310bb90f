//! Who lives with whom, by the homes of clients.

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::Facts;
use super::about::Home;
use crate::domain::UtcSecond;
use crate::engine::model::interner::{ClientId, TextId};

/// What those who live together have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Residence {
    Household(TextId),
    /// A position, bit by bit.
    Place(u64, u64),
}

fn residences(home: Home) -> impl Iterator<Item = Residence> {
    let place = home.place.map(|place| Residence::Place(place.lat.to_bits(), place.lon.to_bits()));
    home.household.map(Residence::Household).into_iter().chain(place)
}

/// Clients by residence and residences by client, whenever they lived there: a move leaves both in place, so that what
/// was derived from the former home can be found.
#[derive(Default)]
pub(super) struct Households {
    clients: HashMap<Residence, SmallVec<[ClientId; 2]>>,
    of: HashMap<ClientId, SmallVec<[Residence; 2]>>,
}

impl Households {
    pub(super) fn insert(&mut self, client: ClientId, home: Home) {
        let of = self.of.entry(client).or_default();
        for residence in residences(home) {
            if !of.contains(&residence) {
                of.push(residence);
                self.clients.entry(residence).or_default().push(client);
            }
        }
    }
}

impl Facts {
    /// Other clients who ever had the household or the position of `client`, each once, unordered.
    pub(in crate::engine) fn housemates_ever(&self, client: ClientId) -> SmallVec<[ClientId; 4]> {
        let residences = self.households.of.get(&client).into_iter().flatten();
        let clients = residences.filter_map(|residence| self.households.clients.get(residence)).flatten();
        let mut others: SmallVec<[ClientId; 4]> = clients.copied().filter(|other| *other != client).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// Other clients who live together with `client` at `at`, unordered: of one household, or the only other one at the
    /// position. Registries often enter those who live together as a household each; more than two at one position are
    /// neighbours of one house.
    pub(in crate::engine) fn housemates(&self, client: ClientId, at: UtcSecond) -> SmallVec<[ClientId; 4]> {
        let home = |client: ClientId| self.clients.get(client.0 as usize)?.homes.at(at).copied();
        let Some(own) = home(client) else { return SmallVec::new() };
        let mut others = self.housemates_ever(client);
        let is_at_place =
            |other: ClientId| own.place.is_some() && home(other).is_some_and(|home| home.place == own.place);
        let is_alone_with = others.iter().filter(|other| is_at_place(**other)).count() == 1;
        others.retain(|other| {
            let household = home(*other).and_then(|home| home.household);
            own.household.is_some() && own.household == household || is_alone_with && is_at_place(*other)
        });
        others
    }
}
