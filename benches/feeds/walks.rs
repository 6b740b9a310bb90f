//! Carers who go from one visit to the next, day and night, with visits that overlap: few facts, one record a visit,
//! arrivals slightly out of order. Made so that other engines can be given the same; hard on rules about rests and routes,
//! so it is measured with two rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tidvakt::domain::UtcSecond;

/// 2026-03-02T00:00:00+01:00.
const BEGIN: i64 = 1_772_406_000;

/// A multiplicative generator (P. L'Ecuyer, Math. Comp. 68, 1999): same records in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(3_202_034_522_624_059_733).wrapping_add(1);
        ((self.0 >> 33) as usize) % limit
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from) as usize + 1) as i64
    }
}

/// The registrations and the facts of so many visits, as lines.
pub fn walks(visits: usize, carers: usize, municipalities: usize) -> (Vec<String>, Vec<String>) {
    let mut random = Random(7);
    let clients = 3 * carers;
    let usual: Vec<i64> = (0..carers).map(|_| random.between(900, 2_700)).collect();
    let round: Vec<Vec<usize>> =
        (0..carers).map(|_| (0..12).map(|_| random.below(clients)).collect()).collect();
    let mut free: Vec<i64> = (0..carers).map(|_| random.between(0, 3_600)).collect();
    let mut registrations: Vec<String> = (0..visits)
        .map(|number| {
            let carer = random.below(carers);
            let mut seconds = (usual[carer] * random.between(50, 150) / 100).max(300);
            let mut start = free[carer] + random.between(300, 1_500);
            if random.below(200) == 0 {
                start = free[carer] - random.between(60, 600);
            }
            if random.below(500) == 0 {
                seconds *= 4;
            }
            let end = start + seconds;
            free[carer] = free[carer].max(end);
            let client = round[carer][random.below(12)];
            registration(number, (carer, client), (start, end, usual[carer]), municipalities)
        })
        .collect();
    for _ in 0..visits / 20 {
        let one = random.below(visits);
        let other = (one + random.below(200) + 1).min(visits - 1);
        registrations.swap(one, other);
    }
    let places = (0..carers)
        .flat_map(|carer| round[carer].iter().map(move |client| (carer % municipalities, *client)));
    let places: BTreeSet<(usize, usize)> = places.collect();
    (registrations, places.into_iter().map(|(municipality, client)| home(municipality, client)).collect())
}

fn registration(
    number: usize,
    (carer, client): (usize, usize),
    (start, end, usual): (i64, i64, i64),
    municipalities: usize,
) -> String {
    let at = |second: i64| UtcSecond(BEGIN + second).to_string();
    let (municipality, provider) = (1_000 + carer % municipalities, 100 + carer % 97);
    let capture = format!(r#"{{"method":"nfc_tag","tag_ref":"t-{client}","device_ref":"d-{carer}"}}"#);
    let mut line = format!(
        r#"{{"schema_version":1,"event_type":"recorded","registration_id":"R-{number}","version":1,"municipality":"{municipality}","#
    );
    let _ = write!(
        line,
        r#""provider_id":"P-{provider}","carer_ref":"c-{carer}","client_ref":"k-{client}","planned_start":"{}","planned_end":"{}","#,
        at(start),
        at(start + usual)
    );
    let _ = write!(
        line,
        r#""start_at":"{}","end_at":"{}","start_capture":{capture},"end_capture":{capture},"visit_kind":"planned","outcome":"performed","emitted_at":"{}"}}"#,
        at(start),
        at(end),
        at(end + 25)
    );
    line
}

/// Every client has a household of its own, so that overlaps are not excused.
fn home(municipality: usize, client: usize) -> String {
    let municipality = 1_000 + municipality;
    format!(
        r#"{{"schema_version":1,"municipality":"{municipality}","fact_id":"home-{client}","type":"client_home","valid_from":"2026-01-01T00:00:00+01:00","valid_to":null,"recorded_at":"2026-01-01T00:00:00+01:00","body":{{"client_ref":"k-{client}","household_ref":"h-{client}","lat":59.1955,"lon":17.6253}}}}"#
    )
}
