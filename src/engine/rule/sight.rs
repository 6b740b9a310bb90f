//! What a rule sees: the registration, its neighbours in time, the facts and what is usual.

use std::cell::OnceCell;

use crate::domain::{Day, Grade, Span, UtcSecond, Zone};
use crate::engine::model::interner::{ClientId, TextId};
use crate::engine::model::period::PeriodSubject;
use crate::engine::model::settings::HoldTarget;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, NEIGHBOUR_GAP_SECONDS_MAX};
use crate::engine::state::devices::devices;
use crate::engine::state::facts::{Absence, CarerAbsence, Home, Order, PayDates};
use crate::engine::state::municipality::State;
use crate::engine::state::timeline::{Pin, Placed};
use crate::engine::stats::baseline::{Baseline, Prior};

const DAY_SECONDS: i64 = 86_400;
const DAY_MINUTES: i64 = 24 * 60;

/// One registration and what is round it; read-only.
pub struct Sight<'a> {
    pub(in crate::engine) state: &'a State,
    pub(in crate::engine) visit: &'a Visit,
    /// Its places on the timelines: what is round it is found from there, without searching again.
    carer: Placed<'a>,
    client: Placed<'a>,
    overlaps_at_carer: OnceCell<bool>,
}

impl<'a> Sight<'a> {
    /// The registration in view, which stands on its timelines.
    pub(in crate::engine) fn new(state: &'a State, visit: &'a Visit) -> Self {
        let pin = Pin::new(visit.presence(), visit.slot);
        let carer = state.carer(visit.carer).timeline.placed(pin);
        let client = state.client(visit.client).timeline.placed(pin);
        Self { state, visit, carer, client, overlaps_at_carer: OnceCell::new() }
    }

    /// The registration that is looked at.
    #[must_use]
    pub const fn visit(&self) -> &'a Visit {
        self.visit
    }

    /// Other visits of the carer whose presence shares time with this one's, in order of start.
    pub fn overlapping_at_carer(&self) -> impl Iterator<Item = (&'a Visit, Span)> {
        // Hardly any visit does, and several rules ask.
        let presence = self.visit.presence();
        let shares_time = |pin: &Pin| pin.span().intersection(presence).is_some();
        let any = *self.overlaps_at_carer.get_or_init(|| self.carer.reaching().any(shares_time));
        any.then(|| self.overlapping(&self.carer)).into_iter().flatten()
    }

    /// Other visits at the client whose presence shares time with this one's, in order of start.
    pub fn overlapping_at_client(&self) -> impl Iterator<Item = (&'a Visit, Span)> {
        self.overlapping(&self.client)
    }

    fn overlapping(&self, placed: &Placed<'a>) -> impl Iterator<Item = (&'a Visit, Span)> + use<'a> {
        let (state, presence) = (self.state, self.visit.presence());
        placed.reaching().filter_map(move |mark| {
            let shared = mark.span().intersection(presence)?;
            Some((state.ledger.counted(mark.slot), shared))
        })
    }

    /// Other visits of the carer that begin within `seconds` of this one, in order of start.
    pub fn starting_near_at_carer(&self, seconds: i64) -> impl Iterator<Item = &'a Visit> {
        let state = self.state;
        self.carer.starting_near(seconds).map(move |mark| state.ledger.counted(mark.slot))
    }

    /// The carer's last visit that `fits` before this one, in order of (start, end, id), which
    /// begins at most [`NEIGHBOUR_GAP_SECONDS_MAX`] before this one.
    pub fn before_at_carer(&self, fits: impl Fn(&Visit) -> bool) -> Option<&'a Visit> {
        let earlier = self.carer.earlier(NEIGHBOUR_GAP_SECONDS_MAX);
        earlier.map(|mark| self.state.ledger.counted(mark.slot)).find(|visit| fits(visit))
    }

    /// The carer's first visit that `fits` after this one, in order of (start, end, id), which
    /// begins at most [`NEIGHBOUR_GAP_SECONDS_MAX`] after this one.
    pub fn after_at_carer(&self, fits: impl Fn(&Visit) -> bool) -> Option<&'a Visit> {
        let later = self.carer.later(NEIGHBOUR_GAP_SECONDS_MAX);
        later.map(|mark| self.state.ledger.counted(mark.slot)).find(|visit| fits(visit))
    }

    /// Where the client of `visit` lived then, where that is known.
    #[must_use]
    pub fn home(&self, visit: &Visit) -> Option<&'a Home> {
        self.state.facts.home(visit.client, visit.span.start())
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
        visit.required_staff.or_else(|| Some(self.order_of(visit)?.required_staff.unwrap_or(1)))
    }

    /// The order that the record names, where the client has one by that name that day.
    #[must_use]
    pub fn order(&self) -> Option<&'a Order> {
        self.order_of(self.visit)
    }

    fn order_of(&self, visit: &Visit) -> Option<&'a Order> {
        self.state.facts.order(visit.client, visit.order?, visit.span.start())
    }

    /// All orders of the client that hold when the visit begins.
    pub fn client_orders(&self) -> impl Iterator<Item = &'a Order> {
        self.state.facts.orders_of(self.visit.client, self.visit.span.start())
    }

    /// All orders of the client that were ever known, in order of recording.
    pub fn client_orders_ever(&self) -> impl Iterator<Item = &'a Order> {
        self.state.facts.orders_ever(self.visit.client)
    }

    /// Is any order of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn orders_are_sent(&self) -> bool {
        self.state.facts.knows_orders()
    }

    /// The visit's task codes.
    pub fn task_codes(&self) -> impl Iterator<Item = &'a str> {
        self.task_codes_of(self.visit)
    }

    /// Those of another visit.
    pub fn task_codes_of(&self, visit: &Visit) -> impl Iterator<Item = &'a str> + use<'a> {
        self.state.interners.task_codes(visit.tasks)
    }

    /// Known absences of the carer, in order of recording.
    pub fn carer_absences(&self) -> impl Iterator<Item = &'a CarerAbsence> {
        self.state.facts.carer_absences(self.visit.carer)
    }

    /// Is the carer on the provider's list when the visit begins? `None` where the provider sends no
    /// list.
    #[must_use]
    pub fn employed(&self) -> Option<bool> {
        let Visit { carer, provider, span, .. } = *self.visit;
        self.state.facts.employed(carer, provider, span.start())
    }

    /// The client at whose home `tag` was mounted when the visit began.
    #[must_use]
    pub fn tag_client(&self, tag: TextId) -> Option<ClientId> {
        self.state.facts.tag(tag, self.visit.span.start())
    }

    /// Is any tag known? If not, the municipality does not send them.
    #[must_use]
    pub const fn tags_are_sent(&self) -> bool {
        self.state.facts.knows_tags()
    }

    /// Where another client lived when the visit began.
    #[must_use]
    pub fn home_of(&self, client: ClientId) -> Option<&'a Home> {
        self.state.facts.home(client, self.visit.span.start())
    }

    /// The dates of the visit's pay period.
    #[must_use]
    pub fn pay_dates(&self) -> Option<&'a PayDates> {
        self.state.facts.calendar(self.visit.pay_period)
    }

    /// What an hour of the visit's tariff costs, in öre.
    #[must_use]
    pub fn ore_per_hour(&self) -> Option<i64> {
        self.state.facts.ore_per_hour(self.visit.tariff?, self.visit.span.start())
    }

    /// The carer's other visits on the same local day and the days `days_before` before, in order of
    /// start. A rule that asks for earlier days must say that it `reads_history`.
    pub fn carer_visits_on(&self, days_before: i32) -> impl Iterator<Item = &'a Visit> {
        let (state, own) = (self.state, self.visit);
        let day = Day(own.day.0.saturating_sub(days_before));
        // A day wider at both ends in UTC than the local day is; the day decides.
        let from = UtcSecond((i64::from(day.0) - 1) * DAY_SECONDS);
        let marks = state.carer(own.carer).timeline.starting(from, from.plus(3 * DAY_SECONDS));
        let visits = marks.iter().map(|mark| state.ledger.counted(mark.slot));
        visits.filter(move |visit| visit.day == day && visit.slot != own.slot)
    }

    /// Does the visit end so long after its carer's work began that no rest of `rest_seconds` has room in
    /// those 24 hours? Work began with the first of the visits that lead up to this one without such a rest
    /// between them. A rule that asks must say that it `reads_history`.
    #[must_use]
    pub fn is_without_rest(&self, rest_seconds: i64) -> bool {
        let end = self.carer.own().end();
        let too_long = |since: UtcSecond| DAY_SECONDS - rest_seconds < end.since(since);
        let performed = |pin: &Pin| self.state.ledger.counted(pin.slot).is_performed();
        // Hardly ever is it so even with the visits that were not carried out, which have to be looked up.
        too_long(self.work_began(rest_seconds, |_| true))
            && too_long(self.work_began(rest_seconds, performed))
    }

    /// Could a later visit of the carer be without such a rest because of this one, or not any more?
    #[must_use]
    pub fn could_take_rest_of(&self, later: &Visit, rest_seconds: i64) -> bool {
        // Whatever leads up to that visit over this one, or past it, begins no earlier than what leads up to
        // this one.
        let began = self.work_began(rest_seconds, |_| true);
        let performed = |pin: &Pin| self.state.ledger.counted(pin.slot).is_performed();
        DAY_SECONDS - rest_seconds < later.presence().end().since(began)
            && !(self.rested_before(later, rest_seconds, |_| true)
                && self.rested_before(later, rest_seconds, performed))
    }

    /// Does something end what leads up to `later` before this visit is reached, whether it counts or not?
    fn rested_before(&self, later: &Visit, rest_seconds: i64, counts: impl Fn(&Pin) -> bool) -> bool {
        let before = self.carer.earlier(DAY_SECONDS).find(|pin| counts(pin));
        let own = self.carer.own();
        let mut until = before.unwrap_or(own).end().max(own.end());
        for pin in self.carer.later(DAY_SECONDS).filter(|pin| counts(pin)) {
            if rest_seconds <= pin.start().since(until) {
                return true;
            }
            if pin.slot == later.slot {
                break;
            }
            until = pin.end();
        }
        false
    }

    fn work_began(&self, rest_seconds: i64, counts: impl Fn(&Pin) -> bool) -> UtcSecond {
        let mut since = self.carer.own().start();
        for pin in self.carer.earlier(DAY_SECONDS).filter(|pin| counts(pin)) {
            if rest_seconds <= since.since(pin.end()) {
                break;
            }
            since = pin.start();
        }
        since
    }

    /// The carer's visits to the client that began in the same minute one of so many times 24 hours before, and
    /// which, the latest first. A rule that asks must say that it `reads_history`.
    pub fn visits_of_both_at_this_time(&self, days_before: &[i32]) -> impl Iterator<Item = (&'a Visit, i32)> {
        let (state, own) = (self.state, self.visit);
        let most = days_before.iter().copied().max().unwrap_or(0);
        let end_of_minute = own.span.start().0.div_euclid(60) * 60 + 59;
        // A client has fewer visits than a carer: a week of them is sooner gone through than searched.
        let earlier = self.client.earlier(i64::from(most) * DAY_SECONDS + 59);
        let at_this_time = earlier.filter_map(move |pin| {
            let minutes = (end_of_minute - pin.start().0) / 60;
            if minutes % DAY_MINUTES != 0 {
                return None;
            }
            let days = days_before.iter().find(|days| i64::from(**days) * DAY_MINUTES == minutes)?;
            Some((state.ledger.counted(pin.slot), *days))
        });
        at_this_time.filter(|(visit, _)| visit.carer == own.carer)
    }

    /// How many other carers used one of the visit's devices on its day, counted up to
    /// [`DEVICE_CARERS_MAX`](crate::engine::DEVICE_CARERS_MAX) carers; the larger number where it has two.
    #[must_use]
    pub fn others_with_device(&self) -> usize {
        let Visit { carer, day, .. } = *self.visit;
        let others = |device| self.state.devices.others(device, day, carer);
        devices(self.visit).map(others).max().unwrap_or(0)
    }

    /// Is one of the visit's devices another carer's that day, who had it first and last, with the visit between?
    /// Not told of more than [`DEVICE_CARERS_MAX`](crate::engine::DEVICE_CARERS_MAX) carers.
    #[must_use]
    pub fn is_within_others_day(&self) -> bool {
        self.state.is_within_others_day(self.visit)
    }

    /// Registered minutes of the carer on the visit's day, this visit included.
    #[must_use]
    pub fn carer_minutes_today(&self) -> u32 {
        let tally = self.state.tally_of(PeriodSubject::Carer(self.visit.carer), self.visit.pay_period);
        tally.map_or(0, |tally| tally.minutes_on(self.visit.day))
    }

    /// What was usual for the client of `visit` in the pay period before: the mean logarithm of registered over
    /// planned length, drawn towards the plan as by `weight` visits that went as planned.
    #[must_use]
    pub fn client_usual_length(&self, visit: &Visit, weight: f64) -> f64 {
        let before = self.state.client(visit.client).months.get(visit.pay_period.previous());
        before.map_or(0.0, |tally| {
            tally.ratio.mean() * f64::from(tally.ratio.count) / (f64::from(tally.ratio.count) + weight)
        })
    }

    /// Other visits at the client that begin within `seconds` of this one, in order of start.
    pub fn starting_near_at_client(&self, seconds: i64) -> impl Iterator<Item = &'a Visit> {
        let state = self.state;
        self.client.starting_near(seconds).map(move |mark| state.ledger.counted(mark.slot))
    }

    /// Another registration by its id, where it counts.
    #[must_use]
    pub fn find(&self, registration_id: &str) -> Option<&'a Visit> {
        let slot = self.state.ledger.find(registration_id)?;
        self.state.ledger.visit(slot)
    }

    /// Known absences of the client, in order of recording.
    pub fn client_absences(&self) -> impl Iterator<Item = &'a Absence> {
        self.state.facts.absences(self.visit.client)
    }

    /// Is any absence of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn absences_are_sent(&self) -> bool {
        self.state.facts.knows_absences()
    }

    /// What is usual at this client for this service: folded from the `days` local days before, at
    /// most [`BASELINE_DAYS_MAX`].
    #[must_use]
    pub fn client_baseline(&self, prior: Prior, days: i32) -> Baseline {
        let (state, service) = (self.state, self.visit.service);
        let marks = state.client(self.visit.client).timeline.all();
        state.baseline(marks, prior, self.days_before(days), |visit| visit.service == service)
    }

    /// What is usual for this carer, all clients: folded likewise.
    #[must_use]
    pub fn carer_baseline(&self, prior: Prior, days: i32) -> Baseline {
        let marks = self.state.carer(self.visit.carer).timeline.all();
        self.state.baseline(marks, prior, self.days_before(days), |_| true)
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
        let id = |visit: &Visit| self.state.ledger.id(visit.slot);
        (other.evidence(), own.recorded_at, id(own)) > (own.evidence(), other.recorded_at, id(other))
    }

    /// The grade on this side of a finding on both: one step lower on the one with the better evidence,
    /// unless the settings say that both bear it. So one contradiction is asked about once.
    #[must_use]
    pub fn side(&self, other: &Visit, grade: Grade) -> Grade {
        let bears = match self.state.settings.hold_on {
            HoldTarget::Both => true,
            HoldTarget::Weaker => self.is_weaker(other),
        };
        if bears { grade } else { grade.lowered() }
    }

    /// The id of a registration, for sentences.
    #[must_use]
    pub fn id(&self, slot: Slot) -> &'a str {
        self.state.ledger.id(slot)
    }

    /// The municipality's time zone.
    #[must_use]
    pub fn zone(&self) -> &'a Zone {
        &self.state.settings.zone
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
