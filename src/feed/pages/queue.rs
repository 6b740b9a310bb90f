//! The queue: cases of one municipality, those worth most first.

use askama::Template;

use super::alerts::amount;
use super::form::Choice;
use super::{Head, Shown, in_address};
use crate::domain::{Grade, HoldState, UtcSecond, Zone};
use crate::feed::cases::{
    Book, Case, CaseHit, CaseKind, CaseStatus, CaseTotals, Filter, HoldsOfRun, Seen, Worth,
};
use crate::feed::words::{
    Language, Texts, case_status, counted, date, grade_name, kind_name, kronor, month_name, percent,
    rule_title, status_name, visible, whole,
};

/// Cases on one page.
const PAGE_CASES: usize = 50;

/// What a list was asked for: the part of the address behind `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueQuery {
    /// Municipality code; the first in scope where absent.
    pub municipality: String,
    /// State, or `all`; `open` where absent.
    pub status: String,
    /// Grade.
    pub grade: String,
    /// Rule.
    pub rule: String,
    /// Provider.
    pub provider: String,
    /// Carer, client, provider or tag.
    pub about: String,
    /// Text in an id.
    pub search: String,
    /// Page, from 1.
    pub page: String,
}

impl QueueQuery {
    /// The filter. Unknown words narrow nothing, so that an old address shows too much and never too little.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let status = match self.status.as_str() {
            "" => Some(CaseStatus::Open),
            word => CaseStatus::parse(word),
        };
        Filter {
            status,
            grade: [Grade::Hold, Grade::Review].into_iter().find(|grade| grade.as_str() == self.grade),
            rule: some(&self.rule),
            provider: some(&self.provider),
            kind: KINDS.into_iter().find(|(word, _)| *word == self.about).map(|(_, kind)| kind),
            text: some(self.search.trim()),
        }
    }

    /// The address of the list with `change` made; without what is absent.
    fn href(&self, language: Language, change: impl FnOnce(&mut Self)) -> String {
        let mut query = Self { page: String::new(), ..self.clone() };
        change(&mut query);
        format!("/{}{}", language.code(), query.path())
    }

    /// The address behind the language.
    fn path(&self) -> String {
        let pairs = [
            ("municipality", &self.municipality),
            ("status", &self.status),
            ("grade", &self.grade),
            ("rule", &self.rule),
            ("provider", &self.provider),
            ("about", &self.about),
            ("search", &self.search),
            ("page", &self.page),
        ];
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", in_address(value))).collect();
        if query.is_empty() { "/cases".to_owned() } else { format!("/cases?{}", query.join("&")) }
    }

    /// Does it narrow the list beyond a state?
    fn narrows(&self) -> bool {
        [&self.grade, &self.rule, &self.provider, &self.about, &self.search]
            .iter()
            .any(|text| !text.is_empty())
    }
}

const KINDS: [(&str, CaseKind); 4] = [
    ("carer", CaseKind::Carer),
    ("client", CaseKind::Client),
    ("provider", CaseKind::Provider),
    ("tag", CaseKind::Tag),
];

/// A counter that filters.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Its text.
    pub text: &'static str,
    /// The count.
    pub count: String,
    /// The list that it leads to.
    pub href: String,
    /// Is that the list that is shown?
    pub is_current: bool,
}

/// A row of the queue.
#[derive(Clone, Debug)]
pub struct QueueRow {
    /// The case's page.
    pub href: String,
    /// What it is about.
    pub kind: &'static str,
    /// The subject.
    pub reference: String,
    /// The grade's word on the topic.
    pub grade: &'static str,
    /// The grade's text.
    pub grade_text: &'static str,
    /// Title of the first finding's rule.
    pub title: String,
    /// The first finding's sentence.
    pub why: String,
    /// How many alerts there are beside the first.
    pub more: Option<String>,
    /// What else was seen: the titles of other rules.
    pub beside: Option<String>,
    /// The provider.
    pub provider: String,
    /// The pay period.
    pub period: String,
    /// Kronor at risk.
    pub amount: String,
    /// Probability that it is right.
    pub chance: String,
    /// Days to the payout run.
    pub payout: String,
    /// What happens to its holds at the payout run, and its date.
    pub withheld: Option<(&'static str, String)>,
    /// Is the run near?
    pub is_urgent: bool,
    /// State.
    pub status: &'static str,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "queue.html")]
pub struct QueuePage {
    /// What every page has.
    pub head: Head,
    /// This page, read again.
    pub here_href: String,
    /// The municipality that is shown.
    pub municipality: String,
    /// The counters.
    pub counters: Vec<Counter>,
    /// Kronor in open holds.
    pub held: String,
    /// How many holds, and what the next payout runs mean for them.
    pub holds: Vec<String>,
    /// Kronor at risk.
    pub at_risk: String,
    /// Municipalities in scope.
    pub municipalities: Vec<Choice>,
    /// Grades.
    pub grades: Vec<Choice>,
    /// Rules with cases.
    pub rules: Vec<Choice>,
    /// Providers with cases.
    pub providers: Vec<Choice>,
    /// Kinds of case.
    pub kinds: Vec<Choice>,
    /// The state that is shown.
    pub status: String,
    /// Are those shown that wait below the desk's budget?
    pub is_below_budget: bool,
    /// The text that is searched for.
    pub search: String,
    /// The list without filter.
    pub clear_href: Option<String>,
    /// The cases.
    pub rows: Vec<QueueRow>,
    /// How many cases pass.
    pub count: String,
    /// Are there cases at all?
    pub has_cases: bool,
    /// The page before.
    pub previous_href: Option<String>,
    /// The page after.
    pub next_href: Option<String>,
    /// Which page of how many.
    pub page_of: String,
}

impl QueuePage {
    /// The queue of the municipality that is asked for, else the first in scope.
    #[must_use]
    pub fn new(seen: Seen<'_>, at: &Shown, query: &QueueQuery) -> Self {
        let language = at.language;
        let t = Texts(language);
        let head = Head::new(seen, at, t.cases().to_owned(), &query.path());
        let book = seen.book_or_first(&query.municipality);
        let chosen = book.map_or("", |book| book.municipality());
        let municipalities =
            seen.books().map(|one| Choice::new(one.municipality(), one.municipality(), chosen));
        let municipalities: Vec<Choice> = municipalities.collect();
        let hits = book.map(|book| book.ranked(&query.filter(), at.clock)).unwrap_or_default();
        let pages = hits.len().div_ceil(PAGE_CASES).max(1);
        let page = query.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
        let shown = hits.iter().skip((page - 1) * PAGE_CASES).take(PAGE_CASES);
        let now = book.map(Book::now).unwrap_or_default();
        let totals = book.map(|book| book.totals(&query.filter(), at.clock)).unwrap_or_default();
        let (rules, providers) = book.map(Book::choices).unwrap_or_default();
        let to_page = |page: usize| query.href(language, |query| query.page = page.to_string());
        Self {
            here_href: format!("/{}{}", language.code(), query.path()),
            municipality: book.map(|book| book.municipality().to_owned()).unwrap_or_default(),
            counters: counters(query, &totals.cases, language),
            held: kronor(totals.held_ore, language),
            holds: holds(&totals, &seen.rules().zone, language),
            is_below_budget: query.filter().status == Some(CaseStatus::BelowBudget),
            at_risk: kronor(totals.at_risk_ore, language),
            municipalities,
            grades: [Grade::Hold, Grade::Review]
                .into_iter()
                .map(|grade| {
                    Choice::new(grade.as_str(), grade_name(grade, language).to_owned(), &query.grade)
                })
                .collect(),
            rules: choices(rules.keys(), &query.rule, |rule| rule_title(rule, language).to_owned()),
            providers: choices(providers.keys(), &query.provider, visible),
            kinds: KINDS
                .into_iter()
                .map(|(word, kind)| Choice::new(word, kind_name(kind, language).to_owned(), &query.about))
                .collect(),
            status: query.status.clone(),
            search: query.search.clone(),
            clear_href: query.narrows().then(|| {
                let plain = QueueQuery { municipality: query.municipality.clone(), ..QueueQuery::default() };
                plain.href(language, |_| ())
            }),
            rows: shown.map(|hit| row(hit, &seen.rules().zone, now, language)).collect(),
            count: whole(i64::try_from(hits.len()).unwrap_or(i64::MAX), language),
            has_cases: book.is_some_and(|book| 0 < book.case_count()),
            previous_href: (1 < page).then(|| to_page(page - 1)),
            next_href: (page < pages).then(|| to_page(page + 1)),
            page_of: format!("{} {page} / {pages}", t.page()),
            head,
        }
    }
}

fn choices<'a>(
    values: impl Iterator<Item = &'a &'a str>,
    chosen: &str,
    text: impl Fn(&str) -> String,
) -> Vec<Choice> {
    let mut choices: Vec<Choice> = values.map(|value| Choice::new(value, text(value), chosen)).collect();
    choices.sort_by(|a, b| a.text.cmp(&b.text));
    choices
}

fn counters(query: &QueueQuery, cases: &[usize; CaseStatus::COUNT], language: Language) -> Vec<Counter> {
    let shown = query.filter().status;
    CaseStatus::ALL
        .into_iter()
        .zip(cases)
        .map(|(status, count)| Counter {
            text: status_name(status, language),
            count: whole(i64::try_from(*count).unwrap_or(i64::MAX), language),
            href: query.href(language, |query| query.status = status.as_str().to_owned()),
            is_current: shown == Some(status),
        })
        .collect()
}

/// What the open holds come to: how many, and the next payout runs at which something happens to them.
fn holds(totals: &CaseTotals, zone: &Zone, language: Language) -> Vec<String> {
    let t = Texts(language);
    let count = |count: usize| {
        let number = whole(i64::try_from(count).unwrap_or(i64::MAX), language);
        format!("{number} {}", counted(count, t.holds_one(), t.holds_many()))
    };
    let of_run = |run: HoldsOfRun, text: &str| format!("{} {text} {}", count(run.holds), date(run.at, zone));
    let withheld = totals.next_withheld.map(|run| of_run(run, t.withheld_from()));
    let expiring = totals.next_expiring.map(|run| of_run(run, t.void_from()));
    [withheld, expiring].into_iter().flatten().collect()
}

/// What happens next to the open holds of a case, and at which payout run; of what a person confirmed or upheld, that it
/// is withheld.
fn withheld(case: &Case, now: UtcSecond, language: Language) -> Option<(&'static str, Option<UtcSecond>)> {
    let t = Texts(language);
    let next = case.open_holds().filter_map(|hold| {
        if now < hold.withholds_from {
            return Some((hold.withholds_from, t.is_withheld_from()));
        }
        (hold.state == HoldState::Proposed).then_some((hold.expires_at, t.is_void_from()))
    });
    let is_kept = case.open_holds().next().map(|_| (t.is_withheld(), None));
    next.min().map(|(run, text)| (text, Some(run))).or(is_kept)
}

/// The titles of the rules of a case beside that of its first finding; the first of many.
fn beside(case: &Case, language: Language) -> Option<String> {
    const TITLES_MAX: usize = 3;
    let first = case.first_finding().map(|finding| finding.rule.as_str());
    let others = case.rules().into_iter().filter(|rule| Some(*rule) != first);
    let titles: Vec<&str> = others.map(|rule| rule_title(rule, language)).collect();
    let more = if TITLES_MAX < titles.len() { " …" } else { "" };
    let shown = titles.iter().take(TITLES_MAX).copied().collect::<Vec<_>>().join("; ");
    (!titles.is_empty()).then(|| format!("{} {shown}{more}", Texts(language).beside()))
}

fn row(hit: &CaseHit<'_>, zone: &Zone, now: UtcSecond, language: Language) -> QueueRow {
    let CaseHit { case, status, worth } = hit;
    let finding = case.first_finding();
    let t = Texts(language);
    let more = case.open_alerts().len().saturating_sub(1);
    QueueRow {
        href: format!("/{}/cases/{}", language.code(), in_address(case.id())),
        kind: kind_name(case.kind(), language),
        reference: visible(case.reference()),
        grade: case.grade().as_str(),
        grade_text: grade_name(case.grade(), language),
        title: finding.map_or(String::new(), |finding| rule_title(&finding.rule, language).to_owned()),
        why: finding.map_or(t.withdrawn_text().to_owned(), |finding| {
            visible(language.of(&finding.text.sv, &finding.text.en))
        }),
        more: (0 < more).then(|| format!("+{more} {}", counted(more, t.more_one(), t.more_many()))),
        beside: beside(case, language),
        provider: visible(case.provider_id()),
        period: case.pay_period().map(|month| month_name(month, language)).unwrap_or_default(),
        amount: amount(case.at_risk_ore(), language),
        chance: percent(worth.chance.mean, language),
        payout: payout(worth, language),
        withheld: withheld(case, now, language)
            .map(|(text, run)| (text, run.map(|run| date(run, zone)).unwrap_or_default())),
        is_urgent: worth.days_left.is_some_and(|days| days <= 7),
        status: case_status(*status, language),
    }
}

/// Days to the payout run in words.
pub(super) fn payout(worth: &Worth, language: Language) -> String {
    let t = Texts(language);
    worth.days_left.map_or_else(
        || t.payout_passed().to_owned(),
        |days| {
            if days == 0 {
                return t.payout_today().to_owned();
            }
            let count = usize::try_from(days).unwrap_or_default();
            format!("{days} {}", counted(count, t.days_left_one(), t.days_left()))
        },
    )
}
