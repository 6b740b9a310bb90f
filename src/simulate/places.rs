//! Places, ways between them, and made-up references.

use super::random::Random;
use crate::domain::Coordinates;

/// Metres in a degree of latitude.
const METRES_PER_DEGREE: f64 = 111_195.0;

/// Six hexadecimal digits that no other `index` has: odd factors reorder the numbers below 2²⁴.
pub(super) const fn pseudonym(index: usize) -> usize {
    (index.wrapping_mul(0x9E_3779).wrapping_add(0x5A_17C3)) & 0xFF_FFFF
}

/// A place `metres` from `place`, in any direction.
pub(super) fn offset(place: Coordinates, metres: f64, random: &mut Random) -> Coordinates {
    let angle = random.unit() * std::f64::consts::TAU;
    moved(place, metres * angle.cos(), metres * angle.sin())
}

/// A place `north` and `east` metres from `place`, to seven decimals (a centimetre).
pub(super) fn moved(place: Coordinates, north: f64, east: f64) -> Coordinates {
    let per_degree_east = METRES_PER_DEGREE * place.lat.to_radians().cos();
    let exact = |degrees: f64| (degrees * 1e7).round() / 1e7;
    Coordinates {
        lat: exact(place.lat + north / METRES_PER_DEGREE),
        lon: exact(place.lon + east / per_degree_east),
    }
}

/// Seconds from door to door: streets are a third longer than the straight line, at 29 km/h in
/// town, and beyond three kilometres at 47 km/h on the road, with 90 seconds for stairs and parking.
pub(super) fn travel_seconds(from: Coordinates, to: Coordinates) -> f64 {
    let metres = from.metres_to(to) * 1.3;
    90.0 + if metres < 3_900.0 { metres / 8.0 } else { 487.5 + (metres - 3_900.0) / 13.0 }
}
