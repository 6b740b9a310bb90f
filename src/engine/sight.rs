//! What a rule sees: the registration, its neighbours in time, the facts and what is usual.

use super::BASELINE_DAYS_MAX;
use super::baseline::{Baseline, Prior};
use super::facts::{Absence, Home};
use super::tally::{Period, Tally};
use super::visit::{Slot, Visit};
use super::world::{HoldOn, World};
use crate::domain::{Day, Grade, Span, UtcSecond, Zone};

/// How far apart in time two visits of one carer can be and still say something about each other:
/// in this time one drives across the largest municipality.
pub const NEIGHBOUR_GAP_SECONDS_MAX: i64 = 4 * 3600;

/// One registration and what is round it; read-only.
pub struct Sight<'a> {
    pub(super) world: &'a World,
    pub(super) visit: &'a Visit,
}

impl<'a> Sight<'a> {
    /// The registration that is looked at.
    #[must_use]
    pub const fn visit(&self) -> &'a Visit {
        self.visit
    }

    /// Other visits of the carer whose presence shares time with this one's, in order of start.
    pub fn overlapping_at_carer(&self) -> impl Iterator<Item = (&'a Visit, Span)> {
        let presence = self.visit.presence();
        let marks = self.world.carer(self.visit.carer).timeline.reaching(presence);
        self.overlapping(marks, presence)
    }

    /// Other visits at the client whose presence shares time with this one's, in order of start.
    pub fn overlapping_at_client(&self) -> impl Iterator<Item = (&'a Visit, Span)> {
        let presence = self.visit.presence();
        let marks = self.world.client(self.visit.client).timeline.reaching(presence);
        self.overlapping(marks, presence)
    }

    fn overlapping(
        &self,
        marks: &'a [super::timeline::Mark],
        presence: Span,
    ) -> impl Iterator<Item = (&'a Visit, Span)> {
        let (world, own) = (self.world, self.visit.slot);
        marks.iter().filter_map(move |mark| {
            let shared = mark.span.intersection(presence)?;
            (mark.slot != own).then(|| (world.ledger.counted(mark.slot), shared))
        })
    }

    /// Other visits of the carer that begin within `seconds` of this one, in order of start.
    pub fn starting_near_at_carer(&self, seconds: i64) -> impl Iterator<Item = &'a Visit> {
        let start = self.visit.span.start();
        let marks = self
            .world
            .carer(self.visit.carer)
            .timeline
            .starting(start.plus(-seconds), start.plus(seconds + 1));
        let (world, own) = (self.world, self.visit.slot);
        marks.iter().filter(move |mark| mark.slot != own).map(move |mark| world.ledger.counted(mark.slot))
    }

    /// The carer's last visit that `fits` before this one, in order of (start, end, id), which
    /// begins at most [`NEIGHBOUR_GAP_SECONDS_MAX`] before this one.
    pub fn before_at_carer(&self, fits: impl Fn(&Visit) -> bool) -> Option<&'a Visit> {
        let timeline = &self.world.carer(self.visit.carer).timeline;
        let start = self.visit.span.start();
        let marks = timeline.starting(start.plus(-NEIGHBOUR_GAP_SECONDS_MAX), start.plus(1));
        let own = marks.iter().position(|mark| mark.slot == self.visit.slot).unwrap_or(marks.len());
        marks[..own].iter().rev().map(|mark| self.world.ledger.counted(mark.slot)).find(|visit| fits(visit))
    }

    /// The carer's first visit that `fits` after this one, in order of (start, end, id), which
    /// begins at most [`NEIGHBOUR_GAP_SECONDS_MAX`] after this one.
    pub fn after_at_carer(&self, fits: impl Fn(&Visit) -> bool) -> Option<&'a Visit> {
        let timeline = &self.world.carer(self.visit.carer).timeline;
        let start = self.visit.span.start();
        let marks = timeline.starting(start, start.plus(NEIGHBOUR_GAP_SECONDS_MAX + 1));
        let own = marks.iter().position(|mark| mark.slot == self.visit.slot)?;
        marks[own + 1..].iter().map(|mark| self.world.ledger.counted(mark.slot)).find(|visit| fits(visit))
    }

    /// Where the client of `visit` lived then, where that is known.
    #[must_use]
    pub fn home(&self, visit: &Visit) -> Option<&'a Home> {
        self.world.facts.home(visit.client, visit.span.start())
    }

    /// Do the clients of both visits live together? `None` where a household is not known.
    #[must_use]
    pub fn one_household(&self, other: &Visit) -> Option<bool> {
        if self.visit.client == other.client {
            return Some(true);
        }
        let own = self.home(self.visit)?.household?;
        Some(own == self.home(other)?.household?)
    }

    /// How many carers `visit` needs: by its record, else by its order. `None` where neither says.
    #[must_use]
    pub fn required_staff(&self, visit: &Visit) -> Option<u8> {
        visit.required_staff.or_else(|| {
            let order = self.world.facts.order(visit.order?, visit.span.start())?;
            Some(order.required_staff.unwrap_or(1))
        })
    }

    /// Known absences of the client, in order of recording.
    pub fn client_absences(&self) -> impl Iterator<Item = &'a Absence> {
        self.world.facts.absences(self.visit.client)
    }

    /// Is any absence of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn absences_are_sent(&self) -> bool {
        self.world.facts.knows_absences()
    }

    /// What is usual at this client for this service: folded from the `days` local days before, at
    /// most [`BASELINE_DAYS_MAX`].
    #[must_use]
    pub fn client_baseline(&self, prior: Prior, days: i32) -> Baseline {
        let (world, service) = (self.world, self.visit.service);
        let marks = world.client(self.visit.client).timeline.all();
        world.baseline(marks, prior, self.days_before(days), |visit| visit.service == service)
    }

    /// What is usual for this carer, all clients: folded likewise.
    #[must_use]
    pub fn carer_baseline(&self, prior: Prior, days: i32) -> Baseline {
        let marks = self.world.carer(self.visit.carer).timeline.all();
        self.world.baseline(marks, prior, self.days_before(days), |_| true)
    }

    const fn days_before(&self, days: i32) -> std::ops::Range<Day> {
        let days = if days < BASELINE_DAYS_MAX { days } else { BASELINE_DAYS_MAX };
        Day(self.visit.day.0.saturating_sub(days))..self.visit.day
    }

    /// Is this registration the weaker one of the two? The one with the weaker evidence is, then the
    /// later recorded, then the one with the greater id: always exactly one of them.
    #[must_use]
    pub fn is_weaker(&self, other: &Visit) -> bool {
        let own = self.visit;
        let id = |visit: &Visit| self.world.ledger.id(visit.slot);
        (other.evidence(), own.recorded_at, id(own)) > (own.evidence(), other.recorded_at, id(other))
    }

    /// The grade on this side of a finding on both: one step lower on the one with the better evidence,
    /// unless the settings say that both bear it. So one contradiction is asked about once.
    #[must_use]
    pub fn side(&self, other: &Visit, grade: Grade) -> Grade {
        let bears = match self.world.settings.hold_on {
            HoldOn::Both => true,
            HoldOn::Weaker => self.is_weaker(other),
        };
        if bears { grade } else { grade.lowered() }
    }

    /// The id of a registration, for sentences.
    #[must_use]
    pub fn id(&self, slot: Slot) -> &'a str {
        self.world.ledger.id(slot)
    }

    /// The municipality's time zone.
    #[must_use]
    pub fn zone(&self) -> &'a Zone {
        &self.world.settings.zone
    }

    /// `08:00–08:30`, local, for sentences.
    #[must_use]
    pub fn clock(&self, span: Span) -> String {
        let zone = self.zone();
        format!("{}–{}", zone.clock(span.start()), zone.clock(span.end()))
    }

    /// The local day of an instant.
    #[must_use]
    pub fn day(&self, at: UtcSecond) -> Day {
        self.zone().day(at)
    }
}

/// What one carer or provider has registered in one pay period; read-only.
pub struct PeriodSight<'a> {
    pub(super) period: Period,
    pub(super) tally: &'a Tally,
}

impl PeriodSight<'_> {
    /// Whose period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The counts.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        self.tally
    }
}
