//! Words of the records: grades, states, capture methods, explanations.

use super::Language;
use crate::domain::{
    Action, AlertState, CaptureMethod, Class, DecisionOutcome, Explanation, Grade, HoldState, Lowered,
    MissingFact, ProviderKind, VisitKind, VisitOutcome,
};
use crate::feed::cases::{CaseKind, CaseStatus};

macro_rules! in_both {
    ($(#[$doc:meta])* $name:ident($of:ty) { $($value:pat => $sv:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[must_use]
        pub const fn $name(value: $of, language: Language) -> &'static str {
            match value { $($value => language.of($sv, $en),)* }
        }
    };
}

in_both! {
    /// A grade.
    grade_name(Grade) {
        Grade::Hold => "Förslag att hålla inne", "Hold proposed";
        Grade::Review => "Granska", "Review";
        Grade::Observe => "Notera", "Observe";
    }
}

in_both! {
    /// A class of finding.
    class_name(Class) {
        Class::Error => "Felregistrering", "Slip";
        Class::Deviation => "Avvikelse", "Deviation";
        Class::Contradiction => "Uppgifter som motsäger varandra", "Contradicting records";
        Class::Pattern => "Mönster över tid", "Pattern over time";
    }
}

in_both! {
    /// A state of a case.
    status_name(CaseStatus) {
        CaseStatus::Open => "Öppna", "Open";
        CaseStatus::Taken => "Granskas", "Under review";
        CaseStatus::Waiting => "Väntar", "Waiting";
        CaseStatus::BelowBudget => "Ryms inte i dag", "Beyond today's budget";
        CaseStatus::Decided => "Avslutade", "Decided";
        CaseStatus::Withdrawn => "Återtagna", "Withdrawn";
    }
}

in_both! {
    /// A state of one case.
    case_status(CaseStatus) {
        CaseStatus::Open => "Öppet", "Open";
        CaseStatus::Taken => "Granskas", "Under review";
        CaseStatus::Waiting => "Väntar", "Waiting";
        CaseStatus::BelowBudget => "Ryms inte i dag", "Beyond today's budget";
        CaseStatus::Decided => "Avslutat", "Decided";
        CaseStatus::Withdrawn => "Återtaget", "Withdrawn";
    }
}

in_both! {
    /// What a case is about.
    kind_name(CaseKind) {
        CaseKind::Carer => "Medarbetare", "Carer";
        CaseKind::Client => "Brukare", "Client";
        CaseKind::Provider => "Utförare", "Provider";
        CaseKind::Tag => "Tagg", "Tag";
    }
}

in_both! {
    /// A state of an alert.
    alert_state(AlertState) {
        AlertState::Opened => "öppnat", "opened";
        AlertState::Revised => "ändrat", "revised";
        AlertState::Withdrawn => "återtaget", "withdrawn";
    }
}

in_both! {
    /// A state of a hold.
    hold_state(HoldState) {
        HoldState::Proposed => "Föreslaget", "Proposed";
        HoldState::Confirmed => "Bekräftat: hålls inne tills det är avgjort", "Confirmed: withheld until it is settled";
        HoldState::Released => "Släppt: tiden kan ersättas", "Released: the time may be paid";
        HoldState::Upheld => "Fastställt: tiden ersätts inte", "Upheld: the time is not paid";
        HoldState::Expired => "Förfallet: ingen bekräftade det i tid", "Expired: nobody confirmed it in time";
        HoldState::Superseded => "Ersatt: uppgifterna har ändrats", "Superseded: the records have changed";
    }
}

in_both! {
    /// How an end of a visit was captured.
    method_name(CaptureMethod) {
        CaptureMethod::NfcTag => "tagg i hemmet", "tag in the home";
        CaptureMethod::DigitalLock => "digitalt lås", "digital lock";
        CaptureMethod::Beacon => "radiosändare i hemmet", "beacon in the home";
        CaptureMethod::GpsApp => "position i appen", "position in the app";
        CaptureMethod::Telephony => "samtal från brukarens telefon", "call from the client's phone";
        CaptureMethod::FixedDevice => "fast enhet i hemmet", "device mounted in the home";
        CaptureMethod::AppButton => "registrerad i appen", "pressed in the app";
        CaptureMethod::ManualCarer => "manuellt av medarbetaren", "by hand, by the carer";
        CaptureMethod::ManualOffice => "manuellt på kontoret", "by hand, at the office";
        CaptureMethod::AutoClosed => "avslutad av systemet", "closed by the system";
        CaptureMethod::Unknown => "uppgift saknas", "not stated";
    }
}

in_both! {
    /// A kind of visit.
    visit_kind(VisitKind) {
        VisitKind::Planned => "planerat besök", "planned visit";
        VisitKind::Unplanned => "oplanerat besök", "unplanned visit";
        VisitKind::Alarm => "larmbesök", "answer to an alarm";
        VisitKind::NightTour => "nattpatrull", "night patrol";
        VisitKind::Errand => "ärende utanför hemmet", "errand outside the home";
        VisitKind::Escort => "ledsagning", "escort";
        VisitKind::Remote => "besök på distans", "remote visit";
        VisitKind::MealDelivery => "matleverans", "meal delivery";
    }
}

in_both! {
    /// The outcome of a visit.
    visit_outcome(VisitOutcome) {
        VisitOutcome::Performed => "utfört", "performed";
        VisitOutcome::Partly => "delvis utfört", "partly performed";
        VisitOutcome::Declined => "avböjt av brukaren", "declined by the client";
        VisitOutcome::ClientAbsent => "brukaren var inte hemma", "client not at home";
        VisitOutcome::CancelledLate => "sent avbokat", "cancelled late";
    }
}

in_both! {
    /// An action of a reviewer, as it is done.
    action_name(Action) {
        Action::Take => "Ta ärendet", "Take the case";
        Action::Wait => "Vänta till ett datum", "Wait until a date";
        Action::Confirm => "Bekräfta: håll inne tills det är avgjort", "Confirm: withhold until it is settled";
        Action::Release => "Släpp: tiden kan ersättas", "Release: the time may be paid";
        Action::Uphold => "Fastställ: tiden ersätts inte", "Uphold: the time is not paid";
        Action::Dismiss => "Avsluta utan åtgärd", "Close without action";
        Action::Reopen => "Öppna igen", "Open again";
    }
}

in_both! {
    /// An action of a reviewer, as it was done.
    action_done(Action) {
        Action::Take => "tog ärendet", "took the case";
        Action::Wait => "lade ärendet i väntan", "let the case wait";
        Action::Confirm => "bekräftade att tiden hålls inne", "confirmed the hold";
        Action::Release => "släppte tiden till ersättning", "released the time for payment";
        Action::Uphold => "fastställde att tiden inte ersätts", "upheld that the time is not paid";
        Action::Dismiss => "avslutade utan åtgärd", "closed without action";
        Action::Reopen => "öppnade ärendet igen", "opened the case again";
    }
}

in_both! {
    /// What an action of a reviewer came to.
    action_result(Action) {
        Action::Take => "Granskas", "Under review";
        Action::Wait => "Väntar", "Waiting";
        Action::Confirm => "Hålls inne tills det är avgjort", "Withheld until it is settled";
        Action::Release => "Släppt till ersättning", "Released for payment";
        Action::Uphold => "Ersätts inte", "Not paid";
        Action::Dismiss => "Avslutat utan åtgärd", "Closed without action";
        Action::Reopen => "Öppnat igen", "Opened again";
    }
}

in_both! {
    /// The result of a review.
    outcome_name(DecisionOutcome) {
        DecisionOutcome::RegistrationError => "Felregistrering", "Registration error";
        DecisionOutcome::AcceptableExplanation => "Godtagbar förklaring", "Acceptable explanation";
        DecisionOutcome::NeedsInquiry => "Behöver utredas vidare", "Needs further inquiry";
        DecisionOutcome::RuleFault => "Fel i regeln", "Fault in the rule";
    }
}

in_both! {
    /// Why a grade is lower than its rule gives.
    lowered_name(Lowered) {
        Lowered::Shadow => "regeln provas och har ännu ingen verkan", "the rule is on trial and has no effect yet";
        Lowered::Breaker => "regeln gav fler förslag den dagen än som är rimligt, så den automatiska bromsen gäller",
            "the rule proposed more holds that day than is plausible, so the breaker is on";
        Lowered::HeldShareCap => "andelen som får hållas inne automatiskt hos utföraren är nådd",
            "the share of this provider that may be held automatically is reached";
        Lowered::Habit => "regeln slår till vid så många av utförarens besök att den beskriver hur utföraren arbetar",
            "the rule finds as much in so many of the provider's visits that it describes how the provider works";
    }
}

/// Who runs a provider; `None` where no fact says so.
#[must_use]
pub const fn provider_kind_name(kind: Option<ProviderKind>, language: Language) -> &'static str {
    match kind {
        Some(ProviderKind::Municipal) => language.of("kommunal", "municipal"),
        Some(ProviderKind::Private) => language.of("privat", "private"),
        None => language.of("uppgift saknas", "not stated"),
    }
}

/// The text of a tested explanation; its word where it is unknown.
#[must_use]
pub fn explanation_text(word: &str, language: Language) -> &str {
    let known = Explanation::ALL.iter().find(|explanation| explanation.as_str() == word);
    known.map_or(word, |explanation| language.of(explanation.text_sv(), explanation.text_en()))
}

/// The text of a missing fact; its word where it is unknown.
#[must_use]
pub fn missing_fact_text(word: &str, language: Language) -> &str {
    let known = MissingFact::ALL.iter().find(|fact| fact.as_str() == word);
    known.map_or(word, |fact| language.of(fact.text_sv(), fact.text_en()))
}
