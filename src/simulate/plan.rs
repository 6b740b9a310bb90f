//! What is to be simulated, and the labels of what was planted.

/// What is to be simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The same seed gives the same municipality.
    pub seed: u64,
    /// Days with visits, from `first_day` on. Records of corrections and of phones without coverage
    /// follow up to some weeks later.
    pub days: u32,
    /// Clients; each has about 1.4 visits a day.
    pub clients: u32,
    /// Plant nothing; the honest noise stays.
    pub clean: bool,
    /// Municipality code.
    pub municipality: String,
    /// Year, month, day of the first day, local.
    pub first_day: (i16, i8, i8),
    /// Planted registrations per registration, approximately.
    pub planted_share: f64,
    /// Factor on the share of visits that a scheme touches: with 0.5 there are twice as many schemes, each half
    /// as dense and harder to find.
    pub density: f64,
    /// Only patterns of these names; empty for all.
    pub only: Vec<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            days: 30,
            clients: 300,
            clean: false,
            municipality: "0181".to_owned(),
            first_day: (2026, 2, 2),
            planted_share: 0.005,
            density: 1.0,
            only: Vec::new(),
        }
    }
}

/// One planted registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthLine {
    /// The registration.
    pub registration_id: String,
    /// The pattern's name, see [`PATTERNS`](super::patterns::PATTERNS).
    pub pattern: &'static str,
    /// The carer who planted it; the provider where the pattern is one of a provider's months.
    pub actor: String,
    /// Registered or billed seconds that were not worked; 0 where the visit was made as registered.
    pub seconds: i64,
}
