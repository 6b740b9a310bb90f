//! Short titles of the rules, for lists and filters. They name what is seen, never who did what.

use super::Language;

/// The title of a rule; its id where it has none.
#[must_use]
pub fn rule_title(rule: &str, language: Language) -> &str {
    let row = TITLES.iter().find(|(id, ..)| *id == rule);
    row.map_or(rule, |(_, sv, en)| language.of(sv, en))
}

const TITLES: &[(&str, &str, &str)] = &[
    ("carer-overlap", "Medarbetare hos två samtidigt", "Carer at two clients at once"),
    ("client-overlap", "Två medarbetare utan dubbelbemanning", "Two carers without double staffing"),
    ("impossible-travel", "För kort tid mellan två besök", "Too little time between two visits"),
    (
        "partial-double-staffing",
        "Dubbelbemanning under en del av besöket",
        "Double staffing for part of the visit",
    ),
    ("client-absent", "Besök när brukaren var frånvarande", "Visit while the client was away"),
    ("carer-absent", "Besök när medarbetaren var frånvarande", "Visit while the carer was absent"),
    ("no-valid-order", "Gällande beställning saknas", "No order in force"),
    ("unlisted-carer", "Medarbetare saknas på personallistan", "Carer not on the list of staff"),
    ("travel-log-in", "Inloggning på väg till besöket", "Log-in on the way to the visit"),
    ("moved-tag", "Tagg på annan plats", "Tag in another place"),
    ("batch-logging", "Flera besök registrerade på en gång", "Several visits registered at once"),
    ("far-from-home", "Registrerat långt från hemmet", "Registered far from the home"),
    ("carer-hours", "Fler timmar än en person kan arbeta", "More hours than one person can work"),
    (
        "placeholder",
        "Fler besök på ett namn än en person kan ha",
        "More visits on one name than a person can have",
    ),
    ("duplicate-registration", "Samma besök registrerat två gånger", "One visit registered twice"),
    ("missing-log-out", "Utloggning saknas", "Log-out missing"),
    ("locked-period-change", "Ändring efter spärrdatum", "Change after the lock date"),
    ("late-lengthening", "Förlängt i efterhand", "Made longer afterwards"),
    ("billed-above-registered", "Fakturerat mer än registrerat", "Billed above what was registered"),
    ("split-visits", "Ett besök registrerat som flera", "One visit registered as several"),
    (
        "shared-household-double",
        "Samma tid fakturerad för två i ett hushåll",
        "Same time billed for two of a household",
    ),
    ("unusual-duration", "Ovanligt långt besök", "Unusually long visit"),
    ("unusual-start", "Ovanlig starttid", "Unusual start"),
    ("unusual-lag", "Registreringen kom in sent", "Registration arrived late"),
    ("unusual-count", "Ovanligt många oplanerade besök", "Unusually many unplanned visits"),
    ("padding-rate", "Besökens längd avviker från andras", "Lengths of visits differ from others'"),
    ("manual-share", "Stor andel manuellt registrerat", "Large share entered by hand"),
    ("rounded-times", "Stor andel jämna fem minuter", "Large share on round five minutes"),
    ("plan-copy", "Stor andel exakt enligt planeringen", "Large share exactly as planned"),
    ("copied-day", "Samma klockslag dag efter dag", "Same times day after day"),
    ("declined-share", "Stor andel avböjda besök", "Large share of declined visits"),
    ("tariff-edge", "Stor andel nära en ersättningsgräns", "Large share near a tariff limit"),
    ("task-pattern", "Alla eller inga insatser markerade", "All tasks ticked, or none"),
    ("editor-concentration", "Ändringarna görs av en person", "One person makes the changes"),
    ("provider-surge", "Utförarens besök ändras språngvis", "Provider's visits change by leaps"),
    ("pair-concentration", "En medarbetare gör de flesta besöken", "One carer makes most visits"),
    ("above-grant", "Mer tid än beviljat", "More time than granted"),
    ("full-delivery", "Exakt beviljad tid månad efter månad", "Exactly the granted time every month"),
    ("provider-capacity", "Mer besökstid än betald arbetstid", "More visit time than paid working time"),
    (
        "service-without-presence",
        "Insatser utan elektroniskt registrerat besök",
        "Services without an electronic visit",
    ),
    ("missed-visit", "Mindre tid än den som ersätts", "Less time than is paid"),
    ("shared-device", "Telefon som används av flera", "Phone used by several"),
    ("new-identity", "Ny medarbetare med många besök", "New carer with many visits"),
    ("data-gap", "Uppgifter saknas", "Missing facts"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn every_rule_has_its_title() {
        let titles: Vec<&str> = TITLES.iter().map(|(id, ..)| *id).collect();
        let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(titles, rules);
        assert_eq!(rule_title("carer-overlap", Language::Sv), "Medarbetare hos två samtidigt");
        assert_eq!(rule_title("unheard-of", Language::Sv), "unheard-of");
    }
}
