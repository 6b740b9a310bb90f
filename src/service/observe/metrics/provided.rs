//! Records by provider: who of them sends what cannot be used.
//!
//! A share of all records hides a small provider of whom nothing can be used. The ids come from records, so their
//! number is bounded: a writer that invents ids must not make series without end, nor take the places of providers
//! whose records are used.

use std::collections::BTreeMap;

use super::{Metrics, labels};

/// More than any municipality has.
const USED_MAX: usize = 200;
/// Of providers of whom no record has been used yet.
const REFUSED_MAX: usize = 20;
/// The record names no provider.
const UNKNOWN: &str = "unknown";
/// The provider has no place any more.
const OTHER: &str = "other";
/// The record names no municipality for sure.
const NO_MUNICIPALITY: &str = "unknown";

/// What one provider's records came to.
#[derive(Clone, Copy, Debug, Default)]
struct Records {
    /// Used, and quarantined: since they were last passed on.
    fresh: [u64; 2],
    was_used: bool,
}

/// The records of one municipality.
#[derive(Debug, Default)]
pub(in crate::service) struct ProviderRecords {
    providers: BTreeMap<String, Records>,
    has_fresh: bool,
}

impl ProviderRecords {
    /// A record that names `provider` was used, or not.
    pub(in crate::service) fn count(&mut self, provider: Option<&str>, is_used: bool) {
        let name = provider.map_or(UNKNOWN, |provider| self.place(provider, is_used));
        let records = match self.providers.get_mut(name) {
            Some(records) => records,
            None => self.providers.entry(name.to_owned()).or_default(),
        };
        records.was_used |= is_used;
        records.fresh[usize::from(!is_used)] += 1;
        self.has_fresh = true;
    }

    fn place<'a>(&self, provider: &'a str, is_used: bool) -> &'a str {
        if self.providers.contains_key(provider) {
            return provider;
        }
        let places = if is_used { USED_MAX } else { REFUSED_MAX };
        let taken = self.providers.values().filter(|records| records.was_used == is_used).count();
        if taken < places { provider } else { OTHER }
    }
}

impl Metrics {
    /// Records of `municipality`; empty where they name none.
    pub(in crate::service) fn provided(&self, municipality: &str, records: &mut ProviderRecords) {
        if !std::mem::take(&mut records.has_fresh) {
            return;
        }
        let municipality = if municipality.is_empty() { NO_MUNICIPALITY } else { municipality };
        for (provider, records) in &mut records.providers {
            for (result, count) in labels::USES.iter().zip(std::mem::take(&mut records.fresh)) {
                // Both begin together: a first record that cannot be used is a rise from 0.
                let series =
                    self.families.provider_records.with_label_values(&[municipality, provider, result]);
                series.inc_by(count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_is_counted_by_itself() {
        let (metrics, mut records) = (Metrics::new(&[]), ProviderRecords::default());
        (0..3).for_each(|_| records.count(Some("P-07"), true));
        records.count(Some("P-08"), false);
        records.count(None, false);
        metrics.provided("0181", &mut records);
        metrics.provided("0181", &mut records);
        let text = metrics.text();
        for (provider, result, count) in [
            ("P-07", "used", 3),
            ("P-07", "quarantined", 0),
            ("P-08", "quarantined", 1),
            ("unknown", "quarantined", 1),
        ] {
            let line = format!(
                "tidvakt_provider_records_total{{municipality=\"0181\",provider=\"{provider}\",result=\"{result}\"}} {count}"
            );
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn invented_ids_take_no_place_of_a_provider_whose_records_are_used() {
        let mut records = ProviderRecords::default();
        (0..500).for_each(|number| records.count(Some(&format!("made-up-{number}")), false));
        records.count(Some("P-07"), true);
        assert!(records.providers.len() <= REFUSED_MAX + 2, "{}", records.providers.len());
        assert_eq!(records.providers["other"].fresh[1], 480);
        assert_eq!(records.providers["P-07"].fresh, [1, 0]);
        // A provider that begins with what cannot be used, and then mends it, is the same.
        records.count(Some("made-up-1"), true);
        assert_eq!(records.providers["made-up-1"].fresh, [1, 1]);
    }
}
