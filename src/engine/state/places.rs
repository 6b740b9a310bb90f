//! Positions that cannot be meant: they are taken for none, and counted.
//!
//! A home hundreds of kilometres from every other one is found by a grid of cells, so that a home costs a look at the
//! cells around it and not at the other homes. The answer depends on the known homes alone, not on their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Area, Coordinates, PositionFault};
use crate::engine::model::interner::ClientId;

/// Cells to a degree of latitude: 56 km each.
const ROWS_A_DEGREE: f64 = 2.0;
/// Cells to a degree of longitude: 40 to 64 km each, from Sweden's north to its south.
const COLUMNS_A_DEGREE: f64 = 1.0;
/// Homes so many rows apart are near: the others are more than 222 km away.
const NEAR_ROWS: i32 = 4;
/// Homes so many columns apart are near: the others are more than 195 km away.
const NEAR_COLUMNS: i32 = 5;

/// Row and column.
type Cell = (i32, i32);
/// A position bit by bit: one that several clients share is one.
type PositionBits = (u64, u64);

/// The positions of homes, and what is wrong with positions.
#[derive(Debug, Default)]
pub(in crate::engine) struct Places {
    /// The clients at each position, by cell.
    cells: BTreeMap<Cell, BTreeMap<PositionBits, Vec<ClientId>>>,
    /// Cells with a single position, far from all others.
    isolated: BTreeSet<Cell>,
    ignored: [u64; PositionFault::ALL.len()],
    /// Clients whose home counts now, or no longer, since they were last taken.
    changed: Vec<ClientId>,
}

fn cell(place: Coordinates) -> Cell {
    ((place.lat * ROWS_A_DEGREE).floor() as i32, (place.lon * COLUMNS_A_DEGREE).floor() as i32)
}

impl Places {
    /// The position where it can be meant; one that cannot is counted.
    pub(in crate::engine) fn accept(&mut self, area: Area, place: Coordinates) -> Option<Coordinates> {
        let fault = area.fault(place);
        if let Some(fault) = fault {
            self.ignored[fault as usize] += 1;
        }
        fault.is_none().then_some(place)
    }

    /// How many positions were ignored, by [`PositionFault`].
    pub(in crate::engine) const fn ignored(&self) -> [u64; PositionFault::ALL.len()] {
        self.ignored
    }

    /// Whether a home at `place` lies far from every other one.
    pub(in crate::engine) fn is_isolated(&self, place: Coordinates) -> bool {
        !self.isolated.is_empty() && self.isolated.contains(&cell(place))
    }

    /// Adds a home.
    pub(in crate::engine) fn insert(&mut self, client: ClientId, place: Coordinates) {
        let cell = cell(place);
        let clients = self.cells.entry(cell).or_default().entry(bits(place)).or_default();
        clients.push(client);
        if clients.len() == 1 {
            self.refresh(cell);
        } else if self.isolated.contains(&cell) {
            self.ignored[PositionFault::FarFromAll as usize] += 1;
        }
    }

    /// Takes a home away.
    pub(in crate::engine) fn remove(&mut self, client: ClientId, place: Coordinates) {
        let cell = cell(place);
        let Some(places) = self.cells.get_mut(&cell) else { return };
        let Some(clients) = places.get_mut(&bits(place)) else { return };
        let Some(at) = clients.iter().position(|known| *known == client) else { return };
        clients.swap_remove(at);
        if clients.is_empty() {
            places.remove(&bits(place));
            if places.is_empty() {
                self.cells.remove(&cell);
                self.isolated.remove(&cell);
            }
            self.refresh(cell);
        }
    }

    /// The clients whose home counts now, or no longer, each once.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<ClientId> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Finds anew which of the cells around `cell`, whose positions changed, are isolated.
    fn refresh(&mut self, cell: Cell) {
        // A first or second home changes whether there is any other one.
        let few = self.positions() <= 2;
        let around: Vec<Cell> =
            if few { self.cells.keys().copied().collect() } else { self.near(cell).collect() };
        for cell in around {
            let isolated = self.is_alone(cell);
            let changed = if isolated { self.isolated.insert(cell) } else { self.isolated.remove(&cell) };
            if !changed {
                continue;
            }
            let clients = self.cells.get(&cell).into_iter().flatten().flat_map(|(_, clients)| clients);
            let before = self.changed.len();
            self.changed.extend(clients);
            if isolated {
                self.ignored[PositionFault::FarFromAll as usize] += (self.changed.len() - before) as u64;
            }
        }
    }

    /// Whether the cell has a single position, and there are others, none of which is near.
    fn is_alone(&self, cell: Cell) -> bool {
        self.cells.get(&cell).is_some_and(|places| places.len() == 1)
            && 1 < self.positions()
            && self.near(cell).all(|other| other == cell)
    }

    /// Positions, counted as far as two of them matter.
    fn positions(&self) -> usize {
        self.cells.values().take(3).map(BTreeMap::len).sum()
    }

    /// The cells with homes around a cell, itself included.
    fn near(&self, (row, column): Cell) -> impl Iterator<Item = Cell> {
        let rows = row - NEAR_ROWS..=row + NEAR_ROWS;
        rows.flat_map(move |row| {
            let columns = (row, column - NEAR_COLUMNS)..=(row, column + NEAR_COLUMNS);
            self.cells.range(columns).map(|(cell, _)| *cell)
        })
    }
}

const fn bits(place: Coordinates) -> PositionBits {
    (place.lat.to_bits(), place.lon.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Coordinates = Coordinates { lat: 59.2, lon: 17.6 };
    const NEXT_DOOR: Coordinates = Coordinates { lat: 59.21, lon: 17.61 };
    const GOTHENBURG: Coordinates = Coordinates { lat: 57.7, lon: 11.97 };

    fn client(number: u32) -> ClientId {
        number.into()
    }

    fn with(homes: &[(u32, Coordinates)]) -> Places {
        let mut places = Places::default();
        homes.iter().for_each(|(number, place)| places.insert(client(*number), *place));
        places
    }

    #[test]
    fn a_home_hundreds_of_kilometres_from_every_other_one_is_isolated() {
        let mut places = with(&[(0, HOME), (1, NEXT_DOOR), (2, GOTHENBURG)]);
        assert!(places.is_isolated(GOTHENBURG) && !places.is_isolated(HOME));
        assert_eq!(places.ignored()[PositionFault::FarFromAll as usize], 1);
        // A neighbour of its own, and none again.
        places.take_changed();
        places.insert(client(3), Coordinates { lat: 57.71, ..GOTHENBURG });
        assert!(!places.is_isolated(GOTHENBURG));
        assert_eq!(places.take_changed(), [client(2), client(3)]);
        places.remove(client(3), Coordinates { lat: 57.71, ..GOTHENBURG });
        assert!(places.is_isolated(GOTHENBURG));
        assert_eq!(places.take_changed(), [client(2)]);
    }

    #[test]
    fn one_home_alone_is_no_fault_and_of_two_far_apart_nobody_knows_which_is_right() {
        let mut places = with(&[(0, HOME)]);
        assert!(!places.is_isolated(HOME));
        places.insert(client(1), GOTHENBURG);
        assert!(places.is_isolated(HOME) && places.is_isolated(GOTHENBURG));
        // Two clients at one wrong position are no neighbours of each other.
        places.insert(client(2), GOTHENBURG);
        assert!(places.is_isolated(GOTHENBURG));
        places.remove(client(1), GOTHENBURG);
        places.remove(client(2), GOTHENBURG);
        assert!(!places.is_isolated(HOME));
        assert_eq!(places.take_changed(), [client(0), client(1)]);
    }

    #[test]
    fn which_homes_are_isolated_does_not_depend_on_their_order() {
        let homes = [(0, HOME), (1, GOTHENBURG), (2, NEXT_DOOR), (3, Coordinates { lat: 65.0, lon: 22.0 })];
        let isolated =
            |order: &[usize]| with(&order.iter().map(|at| homes[*at]).collect::<Vec<_>>()).isolated;
        let first = isolated(&[0, 1, 2, 3]);
        assert_eq!(first.len(), 2);
        for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            assert_eq!(isolated(&order), first, "{order:?}");
        }
    }
}
