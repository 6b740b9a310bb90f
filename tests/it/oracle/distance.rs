//! Distances on the Earth.

use tidvakt::domain::Coordinates;

/// Along the surface, by the angle between the two directions from the Earth's centre.
pub fn metres(a: Coordinates, b: Coordinates) -> f64 {
    let direction = |place: Coordinates| {
        let (lat, lon) = (place.lat.to_radians(), place.lon.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    let (a, b) = (direction(a), direction(b));
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let sine = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
    let cosine: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    6_371_008.8 * sine.atan2(cosine)
}
