//! The fixed texts of the pages.

use super::Language;

/// The texts of one language; templates read them as `t.queue()`.
#[derive(Clone, Copy, Debug)]
pub struct Texts(pub Language);

macro_rules! texts {
    ($($name:ident = $sv:literal, $en:literal;)*) => {
        impl Texts {
            $(#[doc = $en] #[must_use] pub const fn $name(self) -> &'static str { self.0.of($sv, $en) })*
        }
    };
}

texts! {
    product = "Tidvakt", "Tidvakt";
    skip = "Hoppa till innehållet", "Skip to content";
    navigation = "Huvudmeny", "Main menu";
    cases = "Ärenden", "Cases";
    ongoing = "Pågående besök", "Ongoing visits";
    other_language = "English", "Svenska";
    ongoing_note = "Besök som har registrerats som påbörjade men inte avslutade. De i hemmet som inte är elektroniskt registrerade står först. Besök som enligt planeringen slutade för mer än en timme sedan är märkta: de kan pågå, eller sakna utloggning.",
        "Visits that were registered as begun and not as ended. Those in the home that were not captured electronically come first. Visits that by plan ended more than an hour ago are marked: they may go on, or lack a log-out.";
    visits_at_once = "pågående besök", "visits go on";
    after_plan = "efter planerat slut", "after the planned end";
    ongoing_caption = "Pågående besök", "Ongoing visits";
    no_ongoing = "Inga besök pågår, eller så skickar källan inte när besök börjar.", "No visits are ongoing, or the source does not send when visits begin.";
    providers = "Utförare", "Providers";
    all_providers = "Alla utförare", "All providers";
    providers_note = "Samma mått för alla utförare, kommunala och privata. Under varje andel står hur många besök den bygger på och andelen månaden före. En andel visas när minst 30 besök är registrerade. En hög andel kan ha goda skäl, till exempel ett område utan täckning.",
        "The same measures for all providers, municipal and private. Below each share are the visits that it is of, and the share in the month before. A share is shown from 30 visits on. A large share can have good reasons, such as an area without coverage.";
    providers_caption = "Utförarnas besök, andelar och öppna larm", "The providers' visits, shares and open alerts";
    no_providers = "Inga besök är registrerade den månaden.", "No visits are registered in that month.";
    outcomes = "Utfall", "Outcomes";
    outcomes_note = "Vad granskningen kom fram till de senaste 30 dagarna. Ett larm stämde om utfallet blev felregistrering eller att saken behöver utredas vidare. Det stämde inte om det fanns en godtagbar förklaring eller var fel i regeln.",
        "What reviews came to in the last 30 days. An alert was right if the outcome was a registration error or that further inquiry is needed. It was not right if there was an acceptable explanation or a fault in the rule.";
    no_outcomes = "Inga beslut med utfall de senaste 30 dagarna, och inget hålls inne.", "No decisions with an outcome in the last 30 days, and nothing is withheld.";
    by_selection = "Larm efter hur ärendet valdes ut", "Alerts by how their case was chosen";
    selection = "Urval", "Selection";
    by_provider_kind = "Larm efter vem som driver utföraren", "Alerts by who runs the provider";
    by_rule = "Larm efter regel", "Alerts by rule";
    by_order = "Efter ordningen i listan", "By the order of the list";
    by_lot = "Slumpvis valda", "Drawn at random";
    all_alerts = "Alla larm", "All alerts";
    lot_note = "Varje dag blandas tre slumpvis valda ärenden in i listan. Stämmer larmen oftare i de ärenden som kom fram efter ordningen än i de slumpvis valda, så gör ordningen nytta.",
        "Every day three cases that were drawn at random are mixed into the list. Where alerts of cases that came out by order are right more often than those of drawn cases, the order is of use.";
    provider_kinds = "Driftsform", "Provider";
    decided_count = "Med utfall", "With an outcome";
    right_count = "Stämde", "Right";
    wrong_count = "Stämde inte", "Not right";
    right_share = "Andel som stämde", "Share right";
    time_to_decision = "Tid till beslut", "Time to decision";
    held_now = "Hålls inne nu", "Withheld now";
    released_sum = "Släppt", "Released";
    upheld_sum = "Fastställt", "Upheld";
    interval_note = "Under andelen står det intervall som den sanna andelen ligger i med 95 procents sannolikhet. Få beslut ger ett brett intervall. Tiden till beslut är medianen, räknad från förslaget att hålla inne ersättning, annars från besöket.",
        "Below the share is the interval in which the true share lies with a probability of 95 percent. Few decisions give a wide interval. The time to decision is the median, from the proposal to withhold payment, else from the visit.";
    visits_many = "Besök", "Visits";
    hours = "Timmar", "Hours";
    share_by_hand = "Manuellt registrerade", "Entered by hand";
    share_edited = "Manuellt ändrade", "Changed by hand";
    share_above_plan = "Mer än 10 % över plan", "More than 10% above plan";
    share_below_half = "Under halva planen", "Below half of plan";
    share_unplanned = "Utan planering", "Without a plan";
    share_auto_closed = "Avslutade av systemet", "Closed by the system";
    share_alerted = "Med öppet larm", "With an open alert";
    the_month_before = "före", "before";
    contradictions = "Larm om motsägelser", "Alerts on contradictions";
    footer = "Tidvakt föreslår. En människa beslutar. Ett larm betyder att uppgifter inte stämmer överens, inte att någon har gjort fel.",
        "Tidvakt proposes. A person decides. An alert means that records do not agree, not that somebody did wrong.";
    caught_up = "Flödet är i fas.", "The feed is up to date.";
    loading = "Ärendena läses in. Sidan visar inte allt än.", "Cases are being loaded. The page does not show everything yet.";
    assessed_to = "Bedömt till och med", "Assessed through";
    nothing_assessed = "Inga registreringar är bedömda än.", "No registrations are assessed yet.";
    all_cases = "Alla", "All";
    at_risk = "Berörd ersättning", "Payment concerned";
    held = "Hålls inne", "Withheld";
    held_sum = "Hålls inne, om ingen släpper", "Withheld, unless released";
    filter = "Filtrera", "Filter";
    clear_filter = "Rensa filter", "Clear filter";
    apply = "Visa", "Show";
    rule = "Regel", "Rule";
    provider = "Utförare", "Provider";
    grade = "Nivå", "Grade";
    status = "Status", "Status";
    about = "Gäller", "About";
    search = "Sök id", "Search id";
    any = "Alla", "Any";
    municipality = "Kommun", "Municipality";
    queue_caption = "Ärenden, de viktigaste först", "Cases, those worth most first";
    no_cases = "Inga ärenden passar filtret.", "No cases match the filter.";
    no_cases_at_all = "Inga ärenden än. När registreringar inte stämmer överens visas de här.",
        "No cases yet. When registrations do not agree, they are shown here.";
    why = "Varför", "Why";
    alerts = "Larm", "Alerts";
    kronor = "Belopp", "Amount";
    right = "Sannolikhet", "Probability";
    payout = "Utbetalning", "Payout run";
    news_one = "1 nytt larm – visa", "1 new alert – show";
    news_many = "# nya larm – visa", "# new alerts – show";
    pause = "Pausa nya larm", "Pause new alerts";
    payout_today = "i dag", "today";
    payout_passed = "utbetald", "paid out";
    days_left_one = "dag kvar", "day left";
    days_left = "dagar kvar", "days left";
    rank_explained = "Ordningen: belopp × sannolikhet att larmet stämmer × hur nära utbetalningen är. Sannolikheten börjar från nivån och lär av fattade beslut; den ändras en gång per dag.",
        "Order: amount × probability that the alert is right × how near the payout run is. The probability starts from the grade and learns from decisions; it changes once a day.";
    drawn_explained = "Några ärenden om dagen är slumpvis valda bland dem som inte ryms, och är inte utmärkta. Utfallet av dem visar hur väl ordningen träffar.",
        "A few cases a day are drawn at random from those beyond the budget, and are not marked. Their outcome shows how well the order does.";
    page = "Sida", "Page";
    previous = "Föregående", "Previous";
    next = "Nästa", "Next";
    back_to_queue = "Till ärendelistan", "To the list of cases";
    case = "Ärende", "Case";
    period = "Ersättningsperiod", "Pay period";
    more_one = "larm till", "more alert";
    more_many = "larm till", "more alerts";
    beside = "Också:", "Also:";
    is_withheld = "beslutat belopp hålls inne", "what was decided is withheld";
    dated = "Beslut dateras", "Decisions are dated";
    the_alerts = "Larmen i ärendet", "The alerts of the case";
    alert = "Larm", "Alert";
    withdrawn_text = "Larmet är återtaget: inget avvikande finns kvar.", "The alert is withdrawn: nothing is left of it.";
    seen = "Registrerat", "Observed";
    expected = "Förväntat", "Expected";
    measure = "Uppgift", "Measure";
    tested = "Förklaringar som är prövade och inte gäller", "Explanations that were tested and do not apply";
    none_tested = "Inga förklaringar kunde prövas.", "No explanation could be tested.";
    missing = "Uppgifter som saknas", "Facts that are missing";
    missing_effect = "Eftersom uppgiften saknas är nivån ett steg lägre.", "Because of it the grade is one step lower.";
    lowered = "Varför nivån är lägre", "Why the grade is lower";
    related = "Andra registreringar i underlaget", "Other registrations of the evidence";
    by_chance = "Så ovanligt är det", "How unusual it is";
    by_chance_text = "Något lika ovanligt väntas av en slump i", "Something as unusual is expected by chance in";
    exact_note = "Klockslagen i meningen är avkortade till hela minuter. Tabellen är exakt.", "Clock times in the sentence are cut to whole minutes. The table is exact.";
    hold = "Förslag att hålla inne ersättning", "Proposal to withhold payment";
    hold_time = "Tid som hålls inne", "Time withheld";
    hold_amount = "Belopp", "Amount";
    hold_state = "Läge", "State";
    hold_proposed = "Föreslaget", "Proposed";
    hold_withholds_from = "Hålls inne från och med utbetalningen", "Withheld from the payout run";
    hold_void_from = "Förfaller vid utbetalningen", "Void at the payout run";
    hold_void_note = "om ingen bekräftar förslaget innan dess", "unless somebody confirms it before";
    holds_one = "förslag", "hold";
    holds_many = "förslag", "holds";
    withheld_from = "hålls inne från utbetalningen", "withheld from the run on";
    void_from = "förfaller, om ingen bekräftar, vid utbetalningen", "void, unless confirmed, at the run on";
    is_withheld_from = "hålls inne från", "withheld from";
    is_void_from = "förslaget förfaller", "void on";
    below_budget = "Ryms inte i dag", "Beyond today's budget";
    below_budget_note = "De här ärendena ryms inte bland dem som enheten hinner med i dag. De kommer fram när det finns plats, de viktigaste först, och kan granskas redan nu.",
        "These cases are beyond what the unit has time for today. They come out when there is room, the most important first, and can be reviewed now.";
    registration = "Registrering", "Registration";
    version = "version", "version";
    would_change = "Det här skulle ändra bedömningen", "What would change this";
    provenance = "Härkomst", "Provenance";
    provenance_note = "Kopiera hela raden till en fråga om larmet.", "Copy the whole line into a question about the alert.";
    the_day = "Dagen", "The day";
    day_of = "Dagen för", "The day of";
    day_table = "Dagens besök som tabell", "The visits of the day as a table";
    planned = "Planerat", "Planned";
    registered = "Registrerat", "Registered";
    start = "Start", "Start";
    end = "Slut", "End";
    carer = "Medarbetare", "Carer";
    client = "Brukare", "Client";
    visit = "Besök", "Visit";
    captured = "Så registrerades tiden", "How the time was captured";
    no_plan = "ingen planering", "no plan";
    still_open = "pågår", "ongoing";
    in_question = "Tid i fråga", "Time in question";
    electronic = "elektroniskt registrerat", "captured electronically";
    by_hand = "manuellt eller i appen", "by hand or in the app";
    gone = "Registreringarna från den dagen finns inte kvar här.", "The registrations of that day are not kept here any more.";
    earlier_versions = "Tidigare versioner", "Earlier versions";
    edits = "manuella ändringar", "changes by hand";
    edit = "manuell ändring", "change by hand";
    cancelled = "makulerat", "cancelled";
    decisions = "Beslut", "Decisions";
    no_decisions = "Inga beslut än.", "No decisions yet.";
    not_found_title = "Sidan finns inte", "There is no such page";
    not_found_text = "Ärendet kan ha bytt id efter en rättelse, eller ligga utanför din behörighet.",
        "The case may have another id after a correction, or lie outside of what you may see.";
    error_title = "Det gick inte", "That did not work";
    error_reference = "Ange den här koden om du frågar om felet:", "Give this code if you ask about the fault:";
    engine_version = "Program", "Program";
    incomplete = "Underlaget når inte tillbaka över hela jämförelseperioden.", "The log does not reach back over the whole baseline.";
    learnt = "Beslutade larm av samma regel och nivå", "Decided alerts of the same rule and grade";
    learnt_of = "av", "of";
    learnt_right = "stämde", "were right";
    rank = "Rang", "Rank";
    alike = "Tidigare larm av samma slag om samma", "Earlier alerts of the same kind about the same";
    settled = "Så avgjordes det", "How it was settled";
    settled_expired = "Förföll: ingen bekräftade förslaget i tid", "Expired: nobody confirmed the hold in time";
    settled_withdrawn = "Återtogs: uppgifterna rättades", "Withdrawn: the records were corrected";
    date = "Datum", "Date";
    similar = "Ärenden om samma i andra månader", "Cases about the same in other months";
    naming = "Ärenden där besöken ingår i underlaget", "Cases whose evidence includes these visits";
    to_decision = "Till beslutet", "To the decision";
    your_decision = "Ditt beslut", "Your decision";
    saved = "Sparat:", "Saved:";
    saved_hold = "Innehållandet följer efter inom några sekunder.", "The hold follows within seconds.";
    left_one = "larm i ärendet är utan beslut.", "alert of the case is not decided.";
    left_many = "larm i ärendet är utan beslut.", "alerts of the case are not decided.";
    decide_about = "Beslutet gäller", "The decision is about";
    all_of_case = "Alla larm nedan", "All alerts below";
    waits_until = "Väntar till", "Waits until";
    if_nobody = "Om ingen beslutar", "If nobody decides";
    not_held_note = "Tidvakt håller inte inne något för larm på nivån Granska. Ska tiden inte ersättas behöver utföraren rätta registreringen, eller ersättningen regleras för sig.",
        "Nothing is withheld for alerts of the grade Review. Where the time is not to be paid, the provider has to correct the registration, or the payment is settled apart.";
    not_saved = "Beslutet är inte sparat:", "The decision is not saved:";
    taken_by = "Granskas av", "Under review by";
    until = "till", "until";
    take_the_case = "Ta ärendet", "Take the case";
    take_note = "Andra ser att du granskar det, en stund.", "Others see that you review it, for a while.";
    reopen_alert = "Öppna larmet igen", "Open the alert again";
    reopen_excepted = "Upphäv undantaget och öppna larmet igen", "End the exception and open the alert again";
    reopen_the_case = "Öppna ärendet igen", "Open the case again";
    action = "Åtgärd", "Action";
    outcome = "Utfall", "Outcome";
    reason = "Motivering", "Reason";
    reason_note = "Skriv inga namn eller personnummer. Motiveringen sparas och kan begäras ut.", "Write no names or personal identity numbers. The reason is kept and can be requested.";
    until_date = "Vänta till den (bara för ”Vänta till ett datum”)", "Wait until (only for “Wait until a date”)";
    holds_only = "Bekräfta, släpp och fastställ gäller bara larm som har ett förslag att hålla inne. Övriga larm i ärendet avslutas för sig.",
        "Confirm, release and uphold are about alerts with a hold alone. The other alerts of the case are closed on their own.";
    exception = "Undantag: larma inte om samma sak igen", "Exception: no more alerts about the same";
    exception_note = "Bara för den som avslutar utan åtgärd eller släpper, när saken är i sin ordning också framöver. Regeln prövas inte för dem till dess, från och med dagen för besöket. Motiveringen ovan gäller också undantaget. Öppnas ärendet igen upphör det.",
        "Only with closing without action or releasing, where the matter is in order from now on as well. The rule makes no finding about them until then, from the day of the visit on. The reason above is that of the exception too. It ends where the case is opened again.";
    exception_none = "inget undantag", "no exception";
    exception_rule = "välj regel", "choose a rule";
    exception_for = "Undanta", "Except";
    exception_until = "Till den", "Until";
    save_decision = "Spara beslutet", "Save the decision";
    lengths = "Besökens längd jämfört med planen", "Lengths of visits compared with the plan";
    lengths_table = "Längderna som tabell", "The lengths as a table";
    share_of_plan = "Del av planerad tid", "Part of the planned time";
    this_visit = "det här besöket", "this visit";
    and_more = "eller mer", "or more";
    ask_the_provider = "Fråga utföraren", "Ask the provider";
    ask_note = "Text att kopiera. Den nämner varken regel, gränsvärde eller statistik. Läs igenom den innan du skickar den.",
        "Text to copy. It names no rule, no limit and no statistics. Read it before you send it.";
    statement = "Tillgänglighet", "Accessibility";
    statement_intro = "Här står hur sidorna i Tidvakt uppfyller lagen om tillgänglighet till digital offentlig service (2018:1937), vilka brister som är kända och hur du berättar om fler.",
        "How the pages of Tidvakt comply with the act on accessibility of digital public services (2018:1937), which gaps are known, and how to report others.";
    statement_how_title = "Hur tillgängliga sidorna är", "How accessible the pages are";
    statement_how = "Sidorna är byggda för att uppfylla WCAG 2.1 på nivå AA (EN 301 549). De är delvis förenliga med lagen, på grund av bristerna nedan.",
        "The pages are built to meet WCAG 2.1 level AA (EN 301 549). They comply in part, because of the gaps below.";
    statement_gaps_title = "Kända brister", "Known gaps";
    statement_tested_title = "Så är sidorna provade", "How the pages were tested";
    statement_tested = "Varje sida provas automatiskt i webbläsaren Chromium med verktyget axe-core, på båda språken, i ljusa, mörka och påtvingade färger, på en skärm som är 320 bildpunkter bred, med dubbelt så stor text, utan mus och utan JavaScript. Ett verktyg hittar bara en del av bristerna.",
        "Every page is tested by a program in the browser Chromium with axe-core, in both languages, in light, dark and forced colours, on a screen 320 pixels wide, with text of twice the size, without a mouse and without JavaScript. A tool finds only a part of the gaps.";
    statement_contact_title = "Berätta om brister", "Report gaps";
    statement_contact = "Hittar du något som inte fungerar, eller behöver du innehållet i en annan form? Kontakta", "Does something not work, or do you need the content in another form? Contact";
    statement_no_contact = "Kontaktuppgift saknas än. Den som driver Tidvakt anger den med inställningen feed.accessibility_contact.",
        "There is no contact yet. Whoever runs Tidvakt gives one with the setting feed.accessibility_contact.";
    statement_supervision_title = "Tillsyn", "Supervision";
    statement_supervision = "Är du inte nöjd med svaret kan du anmäla det till den myndighet som har tillsyn över lagen.",
        "If you are not content with the answer, you can report it to the authority that supervises the act.";
    no_access_title = "Ingen åtkomst", "No access";
    one_alert = "1 larm", "1 alert";
    alerts_many = "larm", "alerts";
}

impl Texts {
    /// What is not accessible, as far as is known.
    #[must_use]
    pub const fn statement_gaps(self) -> [&'static str; 3] {
        [
            self.0.of(
                "Ritningarna av en dag måste rullas i sidled på små skärmar. Samma uppgifter finns som tabell under ritningen.",
                "Drawings of a day have to be scrolled sideways on small screens. The same is in a table below.",
            ),
            self.0.of(
                "Breda tabeller rullas i sidled på små skärmar, inom sin egen ram.",
                "Wide tables are scrolled sideways on small screens, in their own frame.",
            ),
            self.0.of(
                "Sidorna är inte provade med skärmläsare av personer som använder sådana.",
                "The pages were not tested with screen readers by people who use them.",
            ),
        ]
    }
}
