//! What would take a finding back: the fact or the correction.

use crate::domain::Finding;
use crate::feed::words::{Language, missing_fact_text, visible};

/// What would take `finding` back, as sentences: the correction, and each missing fact.
pub(super) fn would_change(finding: &Finding, language: Language) -> Vec<String> {
    let row = CORRECTIONS.iter().find(|(rule, ..)| *rule == finding.rule);
    let correction = row.map(|(_, sv, en)| language.of(sv, en).to_owned());
    let missing = finding.not_tested.iter().map(|word| {
        let fact = visible(missing_fact_text(word, language));
        match language {
            Language::Sv => format!("Uppgiften om {fact}: när den kommer in prövas larmet igen."),
            Language::En => format!("The fact {fact}: once it arrives, the alert is assessed again."),
        }
    });
    correction.into_iter().chain(missing).collect()
}

const CORRECTIONS: &[(&str, &str, &str)] = &[
    (
        "carer-overlap",
        "En rättelse av tiderna, så att besöken inte överlappar, eller uppgift om att brukarna bor i samma hushåll.",
        "A correction of the times, so that the visits do not overlap, or the fact that the clients share a household.",
    ),
    (
        "client-overlap",
        "En beställning med dubbelbemanning, eller en rättelse av den ena registreringen.",
        "An order with double staffing, or a correction of one of the registrations.",
    ),
    (
        "impossible-travel",
        "En rättelse av tiderna, eller av uppgiften om var brukarna bor.",
        "A correction of the times, or of where the clients live.",
    ),
    (
        "partial-double-staffing",
        "En registrering av den andra medarbetarens hela besök, eller en beställning utan dubbelbemanning.",
        "A registration of the other carer's whole visit, or an order without double staffing.",
    ),
    (
        "client-absent",
        "En rättelse av brukarens frånvaro, eller att besöket makuleras.",
        "A correction of the client's absence, or a cancellation of the visit.",
    ),
    (
        "carer-absent",
        "En rättelse av medarbetarens frånvaro, eller av vem som gjorde besöket.",
        "A correction of the carer's absence, or of who made the visit.",
    ),
    (
        "no-valid-order",
        "En beställning som gäller den dagen och omfattar insatsen.",
        "An order that is in force that day and covers the task.",
    ),
    (
        "unlisted-carer",
        "En anställning hos utföraren som gäller den dagen.",
        "An employment at the provider that is in force that day.",
    ),
    ("travel-log-in", "En rättelse av starttiden.", "A correction of the start."),
    ("moved-tag", "Uppgift om var taggen sitter nu.", "The fact of where the tag hangs now."),
    (
        "batch-logging",
        "Uppgift om när telefonen registrerade tiderna, om den saknade täckning.",
        "The times at which the phone captured the visits, if it had no coverage.",
    ),
    ("far-from-home", "En rättelse av hemmets position.", "A correction of the home's position."),
    (
        "carer-hours",
        "En rättelse av tiderna, eller av vem som gjorde besöken.",
        "A correction of the times, or of who made the visits.",
    ),
    (
        "placeholder",
        "Att besöken registreras på de medarbetare och brukare som de gäller.",
        "The visits registered on the carers and clients whom they are about.",
    ),
    (
        "duplicate-registration",
        "Att den ena av registreringarna makuleras.",
        "A cancellation of one of the registrations.",
    ),
    ("missing-log-out", "En rättelse av sluttiden.", "A correction of the end."),
    ("locked-period-change", "Ett nytt spärrdatum för månaden.", "Another lock date of the month."),
    (
        "late-lengthening",
        "En angiven orsak till ändringen, eller en rättelse tillbaka.",
        "A reason for the change, or a correction back.",
    ),
    ("billed-above-registered", "En rättelse av den fakturerade tiden.", "A correction of the billed time."),
    ("split-visits", "Att besöken registreras som ett.", "One registration of the visits."),
    (
        "shared-household-double",
        "En rättelse av den fakturerade tiden, eller av hushållet.",
        "A correction of the billed time, or of the household.",
    ),
    (
        "unusual-duration",
        "En rättelse av tiderna, eller en ny planerad tid.",
        "A correction of the times, or a new plan.",
    ),
    (
        "unusual-start",
        "En rättelse av starttiden, eller en ny planerad tid.",
        "A correction of the start, or a new plan.",
    ),
    (
        "unusual-lag",
        "Inget: registreringen kom in sent. Förklaringen finns hos utföraren.",
        "Nothing: the registration arrived late. The provider knows why.",
    ),
    (
        "unusual-count",
        "Att besök som hör ihop med ett larm registreras som larmbesök.",
        "Visits that answer an alarm registered as such.",
    ),
    ("data-gap", "Att de uppgifter som saknas skickas.", "That the missing facts are sent."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Class;
    use crate::rules::RULES;

    #[test]
    fn every_rule_about_single_visits_names_the_correction() {
        for rule in RULES.iter().filter(|rule| matches!(rule.class, Class::Error | Class::Contradiction)) {
            assert!(CORRECTIONS.iter().any(|(id, ..)| *id == rule.id), "{}", rule.id);
        }
        for (id, ..) in CORRECTIONS {
            assert!(RULES.iter().any(|rule| rule.id == *id), "{id}");
        }
    }
}
