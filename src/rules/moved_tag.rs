//! `moved-tag`: a tag is not where it should hang.
//!
//! Why: a tag proves that somebody was at the home as long as it hangs there. Who carries clients' tags
//! with him registers from anywhere.
//!
//! Finds, at visits, two things. Two tags too close in time: a visit begins with a tag at most
//! `gap_seconds_max` after the carer ended the one before with another tag, and the homes are more than
//! `metres_min` apart; it is marked, so that it counts for the tag. And a strange tag: the tag read at
//! the end, or at both ends, hangs at another client's home by its `tag` fact.
//!
//! And over a pay period: a tag with which at least `carers_min` carers made visits of the first kind,
//! together at least `visits_min`. Then it is not one carer's clock: the tag is elsewhere. That asks for
//! a look at the tag and never holds, as a hold needs a registration.
//!
//! Not a finding: one household (a couple with two tags), visits that touch to the second (their source
//! ends one where the next begins), a tag that was replaced (its fact says from
//! when to when it hung where), an end typed in, errands and escorts, declined visits. A strange tag at
//! the start alone is spoken of by `travel-log-in`. Another carer's phone cannot be seen from here.
//!
//! Grade: review, of two tags too close on the later visit; one step lower where a household or, for a strange tag, its
//! place is not known.
//! Undetermined where a position that is needed is not known.

use serde::Deserialize;

use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Visit, VisitRule,
    Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "moved-tag",
    version: 3,
    class: Class::Contradiction,
    summary_sv: "En tagg finns inte där den ska sitta.",
    summary_en: "A tag is not where it should hang.",
    build: visit_and_period_rule::<MovedTag>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovedTag {
    /// With more time between two tags than this nothing is said.
    gap_seconds_max: u32,
    /// Homes nearer to each other than this can be in one house.
    metres_min: u32,
    /// So many carers speak for the tag.
    carers_min: u32,
    /// With so many visits together.
    visits_min: u32,
}

/// At least so many carers read the tag elsewhere, at so many visits.
#[derive(Hash, PartialEq)]
struct TagReads {
    carers: u32,
    visits: u32,
}

impl VisitRule for MovedTag {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_at_home() || (own.start_tag.is_none() && own.end_tag.is_none()) {
            return;
        }
        let before = sight.before_at_carer(Visit::is_at_home);
        let near = before
            .filter(|before| self.read_too_soon(before, own))
            .and_then(|before| Some((before, self.metres(sight, before, report)?)));
        report.mark(Mark::TagNear, near.is_some());
        if let Some((before, metres)) = near {
            report.hit(self.near(sight, (before, own), metres));
        }
        let after = own.end_tag.and_then(|_| sight.after_at_carer(Visit::is_at_home));
        if let Some(after) = after.filter(|after| self.read_too_soon(own, after))
            && let Some(metres) = self.metres(sight, after, report)
        {
            report.pair_on(sight, false, after, || self.near(sight, (own, after), metres));
        }
        strange(sight, report);
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        // It can come between a visit and the one that was read too soon before that.
        let too_soon = |earlier: &Visit| self.read_too_soon(earlier, later);
        own.carer == later.carer
            && own.is_at_home()
            && later.is_at_home()
            && (too_soon(own) || sight.before_at_carer(Visit::is_at_home).is_some_and(too_soon))
    }
}

impl PeriodRule for MovedTag {
    type Answer = TagReads;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::Tag]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.reads(sight).into()
    }

    fn report(&self, reads: &TagReads, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(self.several_carers(sight, reads));
    }
}

impl MovedTag {
    /// Was the tag at the start of `second` read right after another at the end of `first`? A source
    /// that ends one visit where the next begins has read but one of them.
    fn read_too_soon(&self, first: &Visit, second: &Visit) -> bool {
        let gap = second.span.start().since(first.span.end());
        (1..=i64::from(self.gap_seconds_max)).contains(&gap)
            && first.client != second.client
            && first.end_tag.is_some()
            && second.start_tag.is_some()
            && first.end_tag != second.start_tag
    }

    /// How far the homes of both are apart, where that is too far for one house.
    fn metres(&self, sight: &Sight<'_>, other: &Visit, report: &mut Report<'_>) -> Option<f64> {
        if sight.one_household(other) == Some(true) {
            return None;
        }
        let place = |visit: &Visit| sight.home(visit).and_then(|home| home.place);
        let Some((here, there)) = place(sight.visit()).zip(place(other)) else {
            report.undetermined(MissingFact::ClientHome);
            return None;
        };
        Some(here.metres_to(there)).filter(|metres| f64::from(self.metres_min) < *metres)
    }

    fn near(&self, sight: &Sight<'_>, (first, second): (&Visit, &Visit), metres: f64) -> Hit<impl Wording> {
        let is_second = second.slot == sight.visit().slot;
        let other = if is_second { first } else { second };
        let gap = second.span.start().since(first.span.end());
        let known = sight.one_household(other).is_some();
        let (first, second, carer) = (sight.label_of(first), sight.label_of(second), sight.carer_ref());
        Hit::review()
            .lowered_without((!known).then_some(MissingFact::Household), Grade::Observe)
            .related([other.slot])
            .observed([
                Measure::whole("gap_seconds", gap),
                Measure::whole("distance_metres", metres.round() as i64),
            ])
            .expected([Measure::whole("gap_seconds_min", i64::from(self.gap_seconds_max) + 1)])
            .excluded(&[Explanation::OneHousehold, Explanation::OutsideHome, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Medarbetaren {carer} läste två taggar den {} med {} emellan, fast hemmen ligger {} från \
                     varandra: {} och {}.",
                    second.date_sv(),
                    SV.seconds(gap),
                    SV.distance(metres),
                    first.sv(),
                    second.sv()
                ),
                en: format!(
                    "Carer {carer} read two tags {} apart on {}, though the homes lie {} apart: {} and {}.",
                    EN.seconds(gap),
                    second.date_en(),
                    EN.distance(metres),
                    first.en(),
                    second.en()
                ),
            })
    }

    fn reads(&self, sight: &PeriodSight<'_>) -> Option<TagReads> {
        let carers = sight.tag_carers();
        let visits: u32 = carers.iter().map(|(_, visits)| visits).sum();
        let count = u32::try_from(carers.len()).unwrap_or(u32::MAX);
        if count < self.carers_min || visits < self.visits_min {
            return None;
        }
        // From ten on in tens, so that the alert is not revised with every visit.
        let visits = if visits < 10 { self.visits_min } else { visits / 10 * 10 };
        Some(TagReads { carers: count.min(10), visits })
    }

    fn several_carers(&self, sight: &PeriodSight<'_>, reads: &TagReads) -> Hit<impl Wording> {
        let TagReads { carers, visits } = *reads;
        let (month, tag) = (sight.period().month, sight.tag_id());
        Hit::review()
            .observed([
                Measure::whole("carers_min", i64::from(carers)),
                Measure::whole("visits_min", i64::from(visits)),
            ])
            .expected([Measure::whole("carers_max", i64::from(self.carers_min) - 1)])
            .excluded(&[Explanation::OneHousehold, Explanation::OneCarer, Explanation::FewVisits])
            .text(move || Sentence {
                sv: format!(
                    "I {} har minst {} läst taggen {tag} inom {} från en annan brukares tagg långt därifrån \
                     (underlag: minst {} besök). Taggen sitter troligen inte där den ska.",
                    SV.month(month),
                    SV.counted(carers.into(), "medarbetare", "medarbetare"),
                    SV.seconds(self.gap_seconds_max.into()),
                    SV.number(visits.into())
                ),
                en: format!(
                    "In {} at least {} read the tag {tag} within {} of another client's tag far away (based on at \
                     least {}). The tag probably does not hang where it should.",
                    EN.month(month),
                    EN.counted(carers.into(), "carer", "carers"),
                    EN.seconds(self.gap_seconds_max.into()),
                    EN.counted(visits.into(), "visit", "visits")
                ),
            })
    }
}

/// The tag at the end, and so maybe at both, hangs at somebody else's home.
fn strange(sight: &Sight<'_>, report: &mut Report<'_>) {
    let own = sight.visit();
    let Some(client) =
        own.end_tag.and_then(|tag| sight.tag_client(tag)).filter(|client| *client != own.client)
    else {
        return;
    };
    let households = sight
        .home(own)
        .and_then(|home| home.household)
        .zip(sight.home_of(client).and_then(|home| home.household));
    if households.is_some_and(|(own, other)| own == other) {
        return;
    }
    let known = households.is_some();
    let label = sight.label();
    report.hit(
        Hit::review()
            .lowered_without((!known).then_some(MissingFact::Household), Grade::Observe)
            .observed([Measure::text("tag_hangs_at", "another client")])
            .expected([Measure::text("tag_hangs_at", "the client")])
            .excluded(&[
                Explanation::OneHousehold,
                Explanation::ReplacedTag,
                Explanation::OutsideHome,
                Explanation::DeclinedVisit,
            ])
            .text(move || Sentence {
                sv: format!(
                    "Besöket {} registrerades med en tagg som sitter hos en annan brukare.",
                    label.dated_sv()
                ),
                en: format!(
                    "Visit {} was registered with a tag that hangs at another client's home.",
                    label.dated_en()
                ),
            }),
    );
}
