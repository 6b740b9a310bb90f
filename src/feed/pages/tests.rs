//! Pages as a reader sees them.

#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

use askama::Template;

use super::*;
use crate::domain::{Action, AlertState, DecisionOutcome, Grade, HoldState, ProviderKind};
use crate::feed::cases::Scope;
use crate::feed::fixtures::{
    DAY, MONDAY, begin, decided, desk, overlap_alert, overlapping, provider_fact, register, review_alert,
    withdrawn,
};

const CASE: &str = "0181:carer:ann:2026-03";

fn shown(language: Language) -> Shown {
    Shown { language, clock: MONDAY.plus(DAY), is_loaded: true }
}

fn queue(desk: &crate::feed::cases::Desk, language: Language, query: &QueueQuery) -> String {
    let scope = Scope::every();
    QueuePage::new(desk.within(&scope), &shown(language), query).render().unwrap()
}

fn case(desk: &crate::feed::cases::Desk, language: Language) -> String {
    let scope = Scope::every();
    let seen = desk.within(&scope);
    let (book, case) = seen.case(CASE).unwrap();
    let deciding = Deciding { token: "token", role: Role::Release, form: None, faults: &[], saved: None };
    CasePage::new(seen, &shown(language), book, case, &deciding).render().unwrap()
}

#[test]
fn the_queue_says_why_in_both_languages_with_the_other_one_a_click_away() {
    let desk = overlapping();
    let page = queue(&desk, Language::Sv, &QueueQuery::default());
    for part in [
        r#"<html lang="sv">"#,
        "Samma medarbetare är registrerad hos två brukare samtidigt.",
        "Medarbetare hos två samtidigt",
        r#"href="/sv/cases/0181:carer:ann:2026-03""#,
        r#"href="/en/cases""#,
        "129\u{a0}kr",
        "80\u{a0}%",
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    let page = queue(&desk, Language::En, &QueueQuery::default());
    for part in
        [r#"<html lang="en">"#, "The same carer is registered at two clients at once.", "SEK\u{a0}129"]
    {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
}

#[test]
fn an_empty_queue_says_so_and_a_filter_stays_in_the_address() {
    let page = queue(&desk(), Language::Sv, &QueueQuery::default());
    assert!(page.contains("Inga ärenden än."), "{page}");
    let query = QueueQuery { rule: "carer-overlap".to_owned(), ..QueueQuery::default() };
    let page = queue(&overlapping(), Language::Sv, &query);
    assert!(page.contains("/en/cases?rule=carer-overlap"), "the language keeps the filter: {page}");
    assert!(page.contains("/sv/cases?status=decided&#38;rule=carer-overlap"), "so does a counter: {page}");
    let query = QueueQuery { status: "decided".to_owned(), ..QueueQuery::default() };
    assert!(queue(&overlapping(), Language::Sv, &query).contains("Inga ärenden passar filtret."));
}

#[test]
fn the_head_of_the_queue_counts_what_waits_and_what_the_next_payout_runs_mean() {
    let mut desk = overlapping();
    for number in 0..9 {
        desk.alert(review_alert(&format!("carer-{number}"), true));
    }
    let page = queue(&desk, Language::Sv, &QueueQuery::default());
    for part in [
        r#"href="/sv/cases?status=below_budget"><strong>6</strong> Ryms inte i dag"#,
        "<strong>4</strong> Öppna",
        "1 förslag hålls inne från utbetalningen 2026-03-07",
        "1 förslag förfaller, om ingen bekräftar, vid utbetalningen 2026-04-06",
        r#"<span class="under">hålls inne från <span class="unbroken">2026-03-07</span></span>"#,
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    assert!(!page.contains("kommer fram när det finns plats"));
    let query = QueueQuery { status: "below_budget".to_owned(), ..QueueQuery::default() };
    let page = queue(&desk, Language::Sv, &query);
    assert!(page.contains("(6)</caption>") && page.contains("kommer fram när det finns plats"), "{page}");
    assert!(page.contains("<td data-label=\"Status\">Ryms inte i dag</td>"), "{page}");
}

#[test]
fn a_filter_narrows_the_sums_and_a_row_names_what_else_was_seen() {
    let mut desk = overlapping();
    let mut elsewhere = review_alert("per", false);
    elsewhere.alert.provider_id = "P-09".to_owned();
    desk.alert(elsewhere);
    let mut second = overlap_alert("R-9", 5_000);
    second.alert.findings[0].rule = "missing-log-out".to_owned();
    (second.alert.grade, second.alert.findings[0].grade, second.alert.hold) =
        (Grade::Review, Grade::Review, None);
    desk.alert(second);
    let of = |provider: &str| QueueQuery { provider: provider.to_owned(), ..QueueQuery::default() };
    let all = queue(&desk, Language::Sv, &of(""));
    assert!(all.contains("<strong>2</strong> Öppna") && all.contains("<dd>229\u{a0}kr</dd>"), "{all}");
    assert!(all.contains("+1 larm till") && all.contains("Också: Utloggning saknas"), "{all}");
    let one = queue(&desk, Language::Sv, &of("P-09"));
    assert!(one.contains("<strong>1</strong> Öppna") && one.contains("<dd>50\u{a0}kr</dd>"), "{one}");
    let mut confirmed = overlap_alert("R-2", 12_900);
    confirmed.revision = 2;
    confirmed.alert.hold.as_mut().unwrap().state = HoldState::Confirmed;
    confirmed.alert.hold.as_mut().unwrap().withholds_from = MONDAY;
    desk.alert(confirmed);
    assert!(queue(&desk, Language::Sv, &of("")).contains("beslutat belopp hålls inne"));
}

#[test]
fn a_case_shows_both_sides_the_tested_explanations_and_what_would_change_it() {
    let page = case(&overlapping(), Language::Sv);
    for part in [
        "Medarbetare ann",
        "Överlappande tid",
        "15\u{a0}min",
        "högst 2\u{a0}min",
        "brukare i samma hushåll",
        "vilket hushåll brukaren tillhör",
        "Eftersom uppgiften saknas är nivån ett steg lägre.",
        "En rättelse av tiderna, så att besöken inte överlappar",
        "0181:registration:R-2 · revision 1 · tidvakt.registrations.v1 0:1 · tidvakt 0.1.0 · 0123456789abcdef",
        "<dt>Hålls inne från och med utbetalningen</dt><dd>2026-03-07 kl. 00:00</dd>",
        "<dt>Förfaller vid utbetalningen</dt><dd>2026-04-06 kl. 01:00, om ingen bekräftar förslaget innan dess</dd>",
        "R-1, version 1",
        "slut: manuellt av medarbetaren",
        "08:15–08:45",
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    assert!(page.contains("<svg") && page.contains(r#"class="shared""#), "the shared time is drawn:\n{page}");
    assert!(!page.contains("style="), "the policy forbids styles in attributes");
    assert!(!page.contains("<script"), "the policy forbids scripts");
}

#[test]
fn a_case_of_several_alerts_lists_them_and_a_decision_names_those_that_it_is_about() {
    let mut desk = overlapping();
    assert!(!case(&desk, Language::Sv).contains("Larmen i ärendet"), "one alert needs no list");
    let second = overlap_alert("R-9", 8_000);
    desk.alert(second.clone());
    for number in 0..2 {
        let alert = if number == 0 { overlap_alert("R-2", 0) } else { second.clone() };
        desk.decision(decided(&alert, number, Action::Take, None, MONDAY));
    }
    let outcome = Some(DecisionOutcome::NeedsInquiry);
    desk.decision(decided(&second, 3, Action::Confirm, outcome, MONDAY.plus(60)));
    let page = case(&desk, Language::Sv);
    for part in [
        r##"<a href="#0181:registration:R-9">R-9</a>"##,
        r#"id="0181:registration:R-9""#,
        r#"name="alert" value="1@0181:registration:R-9""#,
        r#"name="listed" value="1@0181:registration:R-2""#,
        "Hålls inne tills det är avgjort: Behöver utredas vidare, 2026-03-02 kl. 00:01",
        "R-2, R-9: reviewer-3 tog ärendet",
        "Om ingen beslutar:</strong> 209\u{a0}kr hålls inne vid utbetalningen 2026-03-07 och betalas ut vid nästa, 2026-04-06.",
    ] {
        let part = part.replace("\\u{a0}", "\u{a0}");
        assert!(page.contains(&part), "`{part}` is missing in\n{page}");
    }
}

#[test]
fn a_case_names_the_latest_earlier_alerts_of_its_kind_and_how_they_were_settled() {
    let mut desk = overlapping();
    assert!(!case(&desk, Language::Sv).contains("Tidigare larm av samma slag"));
    for number in 0..12 {
        let mut alert = overlap_alert(&format!("F-{number}"), 10_000);
        alert.alert.case_id = "0181:carer:ann:2026-02".to_owned();
        alert.alert.event_time = MONDAY.plus(-number * DAY);
        let outcome =
            if number == 0 { DecisionOutcome::RegistrationError } else { DecisionOutcome::RuleFault };
        let number = u32::try_from(number).unwrap();
        desk.decision(decided(&alert, number, Action::Release, Some(outcome), MONDAY));
        desk.alert(alert);
    }
    let page = case(&desk, Language::Sv);
    for part in [
        "12 larm: 12 har fått ett utfall, och 1 av dem stämde.",
        "<td>Felregistrering. Släppt till ersättning, 2026-03-02</td>",
        r#"<a href="/sv/cases/0181:carer:ann:2026-02">Registrering F-0, version 1</a>"#,
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    assert_eq!(page.matches("Fel i regeln. Släppt till ersättning").count(), 7, "eight at most are named");
}

#[test]
fn the_question_to_the_provider_names_visits_and_neither_rule_nor_figure() {
    for (language, opening) in [(Language::Sv, "Vi går igenom"), (Language::En, "We are going through")] {
        let page = case(&overlapping(), language);
        let (_, rest) = page.split_once("<textarea readonly").unwrap();
        let question = rest.split_once("</textarea>").unwrap().0.split_once('>').unwrap().1;
        for part in [opening, "R-1: 2026-03-02", "R-2: 2026-03-02", "08:15–08:45", "0181:carer:ann:2026-03"]
        {
            assert!(question.contains(part), "`{part}` is missing in\n{question}");
        }
        for part in ["overlap", "överlapp", "samtidig", "at once", "%", "kr", "15\u{a0}min", "larm", "alert"]
        {
            assert!(!question.to_lowercase().contains(part), "`{part}` is in\n{question}");
        }
    }
    let mut desk = overlapping();
    desk.alert(withdrawn(&overlap_alert("R-2", 12_900)));
    assert!(!case(&desk, Language::Sv).contains("<textarea readonly"), "nothing is left to ask about");
}

#[test]
fn the_lengths_of_the_clients_visits_are_drawn_with_the_visit_in_them() {
    let mut desk = overlapping();
    let mut long = overlap_alert("R-2", 0);
    (long.revision, long.state) = (2, AlertState::Revised);
    long.alert.findings[0].rule = "unusual-duration".to_owned();
    desk.alert(long);
    assert!(!case(&desk, Language::Sv).contains("Besökens längd"), "one visit before is no shape");
    // The plan is five minutes longer ahead and ten shorter behind: of 30 minutes, 25 are planned.
    for number in 0..20 {
        let minutes = if number < 3 { 60 } else { 30 };
        register(&mut desk, &format!("L-{number}"), 1, "per", "eva", (number, number + minutes), "nfc_tag");
    }
    let page = case(&desk, Language::Sv);
    for part in [
        "Besöket tog 120\u{a0}% av den planerade tiden. Av brukarens 20 besök med plan",
        "dessförinnan tog 17 minst lika stor del.",
        r#"<tr class="evidence"><th scope="row">100–125\u{a0}% <span class="mark">(det här besöket)</span></th><td>20</td>"#,
    ] {
        let part = part.replace("\\u{a0}", "\u{a0}");
        assert!(page.contains(&part), "`{part}` is missing in\n{page}");
    }
}

#[test]
fn what_is_in_a_record_is_text() {
    let mut desk = overlapping();
    for (number, hostile) in [
        "<img src=x onerror=alert(1)>",
        "</script><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "P\u{202e}70",
    ]
    .into_iter()
    .enumerate()
    {
        let mut alert = overlap_alert("R-2", 12_900);
        alert.revision = u32::try_from(number).unwrap() + 2;
        alert.alert.provider_id = hostile.to_owned();
        alert.alert.findings[0].text.sv = hostile.to_owned();
        desk.alert(alert);
        for page in [case(&desk, Language::Sv), queue(&desk, Language::Sv, &QueueQuery::default())] {
            for tag in ["<img", "<svg/", "</script><svg", "href=\"javascript", ">P\u{202e}70"] {
                assert!(!page.contains(tag), "`{hostile}` came out as {tag}:\n{page}");
            }
        }
    }
    assert!(case(&desk, Language::Sv).contains("P⟨U+202E⟩70"));
}

#[test]
fn ongoing_visits_show_weak_evidence_first_until_they_end() {
    let mut desk = overlapping();
    begin(&mut desk, "R-7", "per", 600, "nfc_tag");
    begin(&mut desk, "R-8", "eva", 590, "app_button");
    let scope = Scope::every();
    let page = |desk: &crate::feed::cases::Desk, provider: &str| {
        let query = OngoingQuery { provider: provider.to_owned(), ..OngoingQuery::default() };
        OngoingPage::new(desk.within(&scope), &shown(Language::Sv), &query).render().unwrap()
    };
    let both = page(&desk, "");
    assert!(both.find("R-8").unwrap() < both.find("R-7").unwrap(), "{both}");
    assert!(both.contains("registrerad i appen") && both.contains("(2)"), "{both}");
    assert!(page(&desk, "P-99").contains("Inga besök pågår"));
    // Planned to end at 10:30 and 10:20; it is 12:21.
    assert!(both.contains("1\u{a0}tim efter planerat slut"), "{both}");
    assert!(both.contains("2\u{a0}tim efter planerat slut") && !both.contains("2 pågående besök"), "{both}");
    begin(&mut desk, "R-9", "per", 605, "nfc_tag");
    let twice = page(&desk, "");
    assert_eq!(twice.matches("2 pågående besök").count(), 2, "both visits of the carer are marked: {twice}");
    begin(&mut desk, "R-10", "ola", 705, "nfc_tag");
    assert_eq!(
        page(&desk, "").matches("efter planerat slut").count(),
        3,
        "R-10 ended by plan six minutes ago"
    );
    register(&mut desk, "R-8", 2, "eva", "bo", (590, 620), "nfc_tag");
    assert!(!page(&desk, "").contains("R-8"), "it has ended");
}

#[test]
fn providers_stand_beside_each_other_with_the_same_measures() {
    let mut desk = overlapping();
    for number in 0..40 {
        let method = if number < 10 { "manual_office" } else { "nfc_tag" };
        let from = 600 + number;
        register(&mut desk, &format!("P-{number}"), 1, "per", "eva", (from, from + 30), method);
    }
    let scope = Scope::every();
    let page = |month: &str| {
        let query = ProvidersQuery { month: month.to_owned(), ..ProvidersQuery::default() };
        ProvidersPage::new(desk.within(&scope), &shown(Language::Sv), &query).render().unwrap()
    };
    let march = page("");
    // 43 visits, 11 of them with an end by hand; no month before.
    for part in
        ["mars 2026", "P-07", ">43<", "26\u{a0}%", ">av 43<", "före –", "Under halva planen", "129\u{a0}kr"]
    {
        assert!(march.contains(part), "`{part}` is missing in\n{march}");
    }
    assert!(page("2026-01").contains("Inga besök är registrerade den månaden."));
    assert!(page("not-a-month").contains("mars 2026"));
}

#[test]
fn outcomes_stand_beside_each_other_by_arm_kind_of_provider_and_rule() {
    let mut desk = overlapping();
    desk.fact(provider_fact("P-07", ProviderKind::Private));
    let scope = Scope::every();
    let page = |desk: &crate::feed::cases::Desk| {
        let query = OutcomesQuery::default();
        OutcomesPage::new(desk.within(&scope), &shown(Language::Sv), &query).render().unwrap()
    };
    let held = page(&desk);
    assert!(held.contains("129\u{a0}kr") && held.contains("privat"), "what is held counts: {held}");
    let alert = overlap_alert("R-2", 12_900);
    let outcome = Some(DecisionOutcome::RegistrationError);
    desk.decision(decided(&alert, 1, Action::Uphold, outcome, MONDAY.plus(12 * 3_600)));
    let decided = page(&desk);
    for part in [
        "Efter ordningen i listan",
        "Slumpvis valda",
        r#"<span class="under">15–100\u{a0}%</span>"#,
        "3\u{a0}tim",
        r#"<a href="/sv/cases?municipality=0181&#38;status=decided&#38;rule=carer-overlap">Medarbetare hos två samtidigt</a>"#,
    ] {
        let part = part.replace("\\u{a0}", "\u{a0}");
        assert!(decided.contains(&part), "`{part}` is missing in\n{decided}");
    }
    assert!(page(&self::desk()).contains("Inga beslut med utfall"));
}

#[test]
fn an_address_names_any_case() {
    assert_eq!(in_address("0181:carer:å b/c:2026-03"), "0181:carer:%C3%A5%20b%2Fc:2026-03");
}
