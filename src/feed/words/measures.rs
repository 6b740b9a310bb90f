//! Names and values of what a finding observed and expected.

use super::{Language, exact_length, percent, visible, whole};
use crate::domain::Value;

/// Has a measure of this name a text of its own?
#[must_use]
pub fn is_named(name: &str) -> bool {
    NAMES.iter().any(|(known, ..)| *known == limit(name).0)
}

/// The name of a measure, without its limit (`_max`, `_min`).
#[must_use]
pub fn measure_name(name: &str, language: Language) -> String {
    let (base, _) = limit(name);
    let row = NAMES.iter().find(|(known, ..)| *known == base);
    row.map_or_else(|| visible(&base.replace('_', " ")), |(_, sv, en)| language.of(sv, en).to_owned())
}

/// The value of a measure with its unit, and with *at most* or *at least* where its name has a limit.
#[must_use]
pub fn measure_value(name: &str, value: &Value, language: Language) -> String {
    let (base, bound) = limit(name);
    let text = match value {
        Value::Whole(number) if has_unit(base, "seconds") => exact_length(*number, language),
        Value::Whole(number) if has_unit(base, "metres") => format!("{}\u{a0}m", whole(*number, language)),
        Value::Whole(number) if has_unit(base, "hours") => {
            format!("{}\u{a0}{}", whole(*number, language), language.of("tim", "h"))
        }
        Value::Whole(number) => whole(*number, language),
        Value::Real(number) if base == "p_value" && 0.0 < *number => {
            let cases = whole((1.0 / number).round() as i64, language);
            return format!("{} {cases}", language.of("1 fall av", "1 case in"));
        }
        Value::Real(number) if base == "usual_ratio_of_carer" => {
            format!(
                "{} {}",
                percent(*number, language),
                language.of("av planerad tid", "of the planned time")
            )
        }
        Value::Real(number) if has_unit(base, "share") => percent(*number, language),
        Value::Real(number) if base.ends_with("_kmh") => format!("{}\u{a0}km/h", decimal(*number, language)),
        Value::Real(number) if has_unit(base, "hours") => {
            format!("{}\u{a0}{}", decimal(*number, language), language.of("tim", "h"))
        }
        Value::Real(number) if has_unit(base, "minutes") => {
            format!("{}\u{a0}min", decimal(*number, language))
        }
        Value::Real(number) => decimal(*number, language),
        Value::Text(word) => value_word(word, language),
    };
    let is_date = matches!(value, Value::Text(text) if text.parse::<jiff::civil::Date>().is_ok());
    match bound {
        Some(Bound::Most) if is_date => format!("{} {text}", language.of("senast", "by")),
        Some(Bound::Least) if is_date => format!("{} {text}", language.of("tidigast", "from")),
        Some(Bound::Most) => format!("{} {text}", language.of("högst", "at most")),
        Some(Bound::Least) => format!("{} {text}", language.of("minst", "at least")),
        None => text,
    }
}

enum Bound {
    Most,
    Least,
}

fn limit(name: &str) -> (&str, Option<Bound>) {
    if let Some(base) = name.strip_suffix("_max") {
        return (base, Some(Bound::Most));
    }
    name.strip_suffix("_min").map_or((name, None), |base| (base, Some(Bound::Least)))
}

fn has_unit(base: &str, unit: &str) -> bool {
    base.split('_').any(|word| word == unit)
}

/// At most four significant digits, with the language's mark.
fn decimal(number: f64, language: Language) -> String {
    let text = if number.abs() < 0.001 && number != 0.0 { format!("{number:.1e}") } else { trimmed(number) };
    language.of(&text.replace('.', ","), &text).to_owned()
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

fn value_word(word: &str, language: Language) -> String {
    let row = WORDS.iter().find(|(known, ..)| *known == word);
    row.map_or_else(|| visible(word), |(_, sv, en)| language.of(sv, en).to_owned())
}

/// Words that are values of measures.
const WORDS: &[(&str, &str, &str)] = &[
    ("amended", "ändrad registrering", "changed registration"),
    ("another client", "hos en annan brukare", "at another client"),
    ("away", "bortrest", "away from home"),
    ("carer", "medarbetaren", "the carer"),
    ("client", "brukaren", "the client"),
    ("deceased", "avliden", "deceased"),
    ("device", "enhetens klocka", "the device's clock"),
    ("end", "sluttiden", "the end"),
    ("hospital", "sjukhus", "hospital"),
    ("leave", "ledighet", "leave"),
    ("new", "ny registrering", "new registration"),
    ("no", "nej", "no"),
    ("no list", "ingen lista finns", "there is no list"),
    ("other", "annan frånvaro", "other absence"),
    ("payroll", "lönesystemet", "payroll"),
    ("position", "positionen", "the position"),
    ("provider", "utföraren", "the provider"),
    ("registered_end", "registrerad sluttid", "the registered end"),
    ("registry", "folkbokföringen", "the population registry"),
    ("short_term", "korttidsboende", "short-term care"),
    ("sick", "frånvaro", "absence"),
    ("source", "systemet", "the source system"),
    ("start", "starttiden", "the start"),
    ("tag", "taggen", "the tag"),
    ("the client", "hos brukaren", "at the client"),
    ("yes", "ja", "yes"),
];

const NAMES: &[(&str, &str, &str)] = &[
    ("above_plan_seconds", "Längre än planerat", "Longer than planned"),
    ("absence", "Frånvaro", "Absence"),
    ("absent_from", "Frånvarande från och med", "Absent from"),
    ("absent_seconds", "Besökstid under frånvaron", "Visit time during the absence"),
    ("absent_to", "Frånvarande till och med", "Absent to"),
    ("added_seconds", "Tillagd tid", "Added time"),
    ("begun_by", "Starten visas av", "The start is shown by"),
    ("billed_above_seconds", "Fakturerat utöver registrerat", "Billed above what was registered"),
    ("billed_seconds", "Fakturerad tid", "Billed time"),
    ("billed_seconds_of_both", "Fakturerad tid för båda", "Billed time of both"),
    ("billed_seconds_of_other", "Fakturerad tid för den andra", "Billed time of the other"),
    ("by", "Tidpunkten kommer från", "The time comes from"),
    (
        "carer_visits",
        "Medarbetarens tidigare besök i jämförelsen",
        "The carer's earlier visits compared with",
    ),
    ("carers", "Medarbetare", "Carers"),
    ("change", "Ändring", "Change"),
    ("changed_after_seconds", "Tid från besök till ändring", "Time from visit to change"),
    ("changed_on", "Ändrad den", "Changed on"),
    ("changes", "Ändringar", "Changes"),
    ("client_visits", "Brukarens tidigare besök i jämförelsen", "The client's earlier visits compared with"),
    ("clients", "Brukare", "Clients"),
    ("clients_before", "Brukare tidigare", "Clients before"),
    ("closed_by", "Avslutad av", "Closed by"),
    ("confirmed_by", "Bekräftad av", "Confirmed by"),
    ("covered_seconds", "Tid med båda på plats", "Time with both there"),
    ("covered_share", "Andel med båda på plats", "Share with both there"),
    ("crowded_days", "Dagar med för många besök", "Days with too many visits"),
    ("day_hours", "Timmar per dag", "Hours a day"),
    ("day_seconds", "Registrerad tid den dagen", "Registered time that day"),
    ("days", "Dagar", "Days"),
    ("days_in_a_row", "Dagar i följd", "Days in a row"),
    ("days_without_rest", "Dagar utan dygnsvila", "Days without rest"),
    ("distance_metres", "Avstånd", "Distance"),
    ("distance_seconds", "Tid mellan besöken", "Time between the visits"),
    ("editor_share", "En persons andel av ändringarna", "One person's share of the changes"),
    ("electronic_contacts", "Elektroniskt registrerade besök", "Electronically captured visits"),
    ("employments", "Anställningar", "Employments"),
    ("end_distance_metres", "Slutet, avstånd till hemmet", "End, distance to the home"),
    ("gap_seconds", "Tid emellan", "Time between"),
    ("granted_hours", "Beviljad tid", "Granted time"),
    ("granted_seconds", "Beviljad tid", "Granted time"),
    ("granted_share", "Andel av beviljad tid", "Share of granted time"),
    ("hours", "Timmar", "Hours"),
    ("kronor", "Kronor", "Kronor"),
    ("lag_seconds", "Tid tills registreringen kom in", "Time until the registration arrived"),
    ("late_seconds", "Efter planerad tid", "After the planned time"),
    ("long_days", "Långa dagar", "Long days"),
    ("longer_than_others", "Längre än andras", "Longer than others'"),
    ("manual_share", "Andel manuellt registrerat", "Share entered by hand"),
    ("missing_fact", "Uppgift som saknas", "Missing fact"),
    ("missing_seconds", "Tid som saknas", "Missing time"),
    ("month_hours", "Timmar i månaden", "Hours in the month"),
    ("months", "Månader", "Months"),
    ("moved", "Ändrad tid", "Changed time"),
    ("not_confirmed_by_a_hospital", "Inte bekräftade av sjukhus", "Not confirmed by a hospital"),
    ("on_the_list", "På personallistan", "On the list of staff"),
    ("one_client_share", "Andel hos en brukare", "Share at one client"),
    ("orders", "Gällande beställningar", "Orders in force"),
    ("others_devices", "Använder andras telefoner", "Uses others' phones"),
    ("overlap_seconds", "Överlappande tid", "Overlapping time"),
    ("p_value", "Gräns för larm: en slump ger det högst i", "Limit of the alert: chance gives it at most in"),
    ("paid_hours", "Personalens betalda timmar", "The staff's paid hours"),
    ("paid_hours_share", "Andel av betalda timmar", "Share of paid hours"),
    ("plan_multiple", "Gånger planerad tid", "Times the planned time"),
    ("planned_seconds", "Planerad tid", "Planned time"),
    ("prior_share", "Planens vikt i jämförelsen", "Weight of the plan in the comparison"),
    ("registered_hours", "Registrerad tid", "Registered time"),
    ("registered_seconds", "Registrerad tid", "Registered time"),
    ("registrations", "Registreringar", "Registrations"),
    ("rest_hours", "Dygnsvila", "Rest"),
    ("services", "Insatser", "Services"),
    ("share", "Andel", "Share"),
    ("share_of_others", "Andel för andra", "Share of others"),
    ("shared_seconds", "Gemensam tid", "Shared time"),
    ("short_absences", "Korta frånvaroperioder", "Short absences"),
    ("speed_kmh", "Hastighet", "Speed"),
    ("start_difference_seconds", "Skillnad i starttid", "Difference of the starts"),
    ("start_distance_metres", "Starten, avstånd till hemmet", "Start, distance to the home"),
    ("subjects", "Brukare eller medarbetare", "Clients or carers"),
    ("tag_hangs_at", "Taggen sitter", "The tag hangs"),
    ("task_code", "Insatsens kod", "Code of the task"),
    ("tasks", "Insatser", "Tasks"),
    ("tolerance", "Tolerans", "Tolerance"),
    ("unplanned_visits", "Oplanerade besök", "Unplanned visits"),
    ("usual_ratio_of_carer", "Medarbetarens besök tar vanligen", "The carer's visits usually take"),
    ("usual_seconds", "Vanlig tid hos brukaren", "Usual time at the client"),
    ("visit_minutes", "Minuter per besök", "Minutes a visit"),
    ("visit_minutes_before", "Minuter per besök tidigare", "Minutes a visit before"),
    ("visits", "Besök", "Visits"),
    ("visits_a_day", "Besök på en dag", "Visits on one day"),
    ("visits_at_once", "Besök samtidigt", "Visits at once"),
    ("visits_of_a_new_carer", "Besök av en ny medarbetare", "Visits of a new carer"),
    ("visits_share", "Andel av besöken", "Share of the visits"),
    ("way_seconds", "Restid", "Travel time"),
    ("window_seconds", "Tidsfönster", "Time window"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_units_and_limits() {
        let shown = |name: &str, value: Value| measure_value(name, &value, Language::Sv);
        assert_eq!(shown("overlap_seconds", Value::Whole(900)), "15\u{a0}min");
        assert_eq!(shown("overlap_seconds_max", Value::Whole(120)), "högst 2\u{a0}min");
        assert_eq!(shown("distance_metres", Value::Whole(10_500)), "10\u{a0}500\u{a0}m");
        assert_eq!(shown("manual_share_min", Value::Real(0.2)), "minst 20\u{a0}%");
        assert_eq!(shown("speed_kmh_max", Value::Real(90.0)), "högst 90\u{a0}km/h");
        assert_eq!(shown("changed_on_max", Value::Text("2026-04-03".to_owned())), "senast 2026-04-03");
        assert_eq!(shown("overlap_seconds", Value::Whole(692)), "11\u{a0}min 32\u{a0}s");
        assert_eq!(shown("p_value_min", Value::Real(0.001)), "1 fall av 1\u{a0}000");
        assert_eq!(shown("usual_ratio_of_carer", Value::Real(0.893)), "89\u{a0}% av planerad tid");
        assert_eq!(shown("longer_than_others", Value::Real(1.25)), "1,25");
        assert_eq!(shown("confirmed_by", Value::Text("registry".to_owned())), "folkbokföringen");
        assert_eq!(measure_name("overlap_seconds_max", Language::En), "Overlapping time");
        assert_eq!(measure_name("unheard_of", Language::Sv), "unheard of");
    }
}
