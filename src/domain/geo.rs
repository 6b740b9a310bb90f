//! Places and the distance between them.

/// A point on the ground, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// Degrees north, −90 to 90.
    pub lat: f64,
    /// Degrees east, −180 to 180.
    pub lon: f64,
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
    fn stockholm_to_gothenburg_is_close_to_397_kilometres() {
        let stockholm = Coordinates { lat: 59.3293, lon: 18.0686 };
        let gothenburg = Coordinates { lat: 57.7089, lon: 11.9746 };
        let km = stockholm.metres_to(gothenburg) / 1000.0;
        assert!((396.0..=398.0).contains(&km), "{km}");
        assert!((km..2.5 * km).contains(&(stockholm.metres_to_at_most(gothenburg) / 1000.0)));
        assert!(stockholm.metres_to(stockholm) < 1e-6);
    }
}
