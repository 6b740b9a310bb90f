//! Places and the distance between them.

/// A point on the ground, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// Degrees north, −90 to 90.
    pub lat: f64,
    /// Degrees east, −180 to 180.
    pub lon: f64,
}

/// A box of latitudes and longitudes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The southernmost latitude.
    pub south: f64,
    /// The northernmost latitude.
    pub north: f64,
    /// The westernmost longitude.
    pub west: f64,
    /// The easternmost longitude.
    pub east: f64,
}

impl Default for Area {
    fn default() -> Self {
        Self::SWEDEN
    }
}

impl Area {
    /// Sweden's.
    pub const SWEDEN: Self = Self { south: 55.0, north: 69.2, west: 10.5, east: 24.3 };

    /// Whether `place` lies inside, its edges included.
    #[must_use]
    pub fn contains(self, place: Coordinates) -> bool {
        (self.south..=self.north).contains(&place.lat) && (self.west..=self.east).contains(&place.lon)
    }

    /// Why a position cannot be meant; `None` where it can.
    #[must_use]
    pub fn fault(self, place: Coordinates) -> Option<PositionFault> {
        let Coordinates { lat, lon } = place;
        if lat == 0.0 || lon == 0.0 {
            return Some(PositionFault::Zero);
        }
        if self.contains(place) {
            return None;
        }
        let swapped = self.contains(Coordinates { lat: lon, lon: lat });
        Some(if swapped { PositionFault::Swapped } else { PositionFault::OutsideArea })
    }
}

/// Why a position cannot be meant, and so is taken for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionFault {
    /// A latitude or longitude of 0, which registers write where they did not find the address.
    Zero,
    /// Latitude and longitude changed about.
    Swapped,
    /// Outside the municipality's area.
    OutsideArea,
    /// A home hundreds of kilometres from every other one.
    FarFromAll,
}

impl PositionFault {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Zero, Self::Swapped, Self::OutsideArea, Self::FarFromAll];

    /// The word in the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Swapped => "swapped",
            Self::OutsideArea => "outside-area",
            Self::FarFromAll => "far-from-all",
        }
    }
}

/// Mean radius of the Earth in metres (IUGG).
const EARTH_RADIUS_METRES: f64 = 6_371_008.8;

impl Coordinates {
    /// Great-circle distance to `other` in metres, by the haversine formula
    /// (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984).
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let lat = ((lat_b - lat_a) / 2.0).sin();
        let lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let h = lat * lat + lat_a.cos() * lat_b.cos() * lon * lon;
        2.0 * EARTH_RADIUS_METRES * h.min(1.0).sqrt().asin()
    }

    /// Upper bound of [`Coordinates::metres_to`] in metres, without trigonometry: along a meridian, then along
    /// the equator.
    #[must_use]
    pub fn metres_to_at_most(self, other: Self) -> f64 {
        const ROUNDING: f64 = 1.0 + 1e-9;
        let degrees = (other.lat - self.lat).abs() + (other.lon - self.lon).abs();
        EARTH_RADIUS_METRES * degrees.to_radians() * ROUNDING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_cannot_be_meant_has_a_fault() {
        let fault = |lat, lon| Area::SWEDEN.fault(Coordinates { lat, lon });
        for (lat, lon) in [(59.2, 17.6), (55.0, 10.5), (69.2, 24.3)] {
            assert_eq!(fault(lat, lon), None, "{lat} {lon}");
        }
        for (lat, lon) in [(0.0, 0.0), (59.2, 0.0), (0.0, 17.6), (-0.0, 17.6)] {
            assert_eq!(fault(lat, lon), Some(PositionFault::Zero), "{lat} {lon}");
        }
        assert_eq!(fault(17.6, 59.2), Some(PositionFault::Swapped));
        for (lat, lon) in [(52.5, 13.4), (59.2, -17.6), (17.6, 17.6), (59.2, 24.4)] {
            assert_eq!(fault(lat, lon), Some(PositionFault::OutsideArea), "{lat} {lon}");
        }
    }

    #[test]
    fn stockholm_to_gothenburg_is_close_to_397_kilometres() {
        let stockholm = Coordinates { lat: 59.3293, lon: 18.0686 };
        let gothenburg = Coordinates { lat: 57.7089, lon: 11.9746 };
        let km = stockholm.metres_to(gothenburg) / 1000.0;
        assert!((396.0..=398.0).contains(&km), "{km}");
        assert!((km..2.5 * km).contains(&(stockholm.metres_to_at_most(gothenburg) / 1000.0)));
        assert!(stockholm.metres_to(stockholm) < 1e-6);
    }
}
