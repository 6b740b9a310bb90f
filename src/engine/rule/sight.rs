//! View of a registration for rules: the visit, its neighbours in time, facts, baselines.

use std::cell::OnceCell;

use crate::domain::{Day, Span, UtcSecond, Zone};
use crate::engine::model::interner::{ClientId, TextId};
use crate::engine::model::period::PeriodSubject;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, DAY_SECONDS, NEIGHBOUR_GAP_SECONDS_MAX};
use crate::engine::state::crowds::Beside;
use crate::engine::state::devices::devices;
use crate::engine::state::facts::{Absence, CarerAbsence, Home, Order, PayDates};
use crate::engine::state::municipality::State;
use crate::engine::state::timeline::Pin;
use crate::engine::stats::baseline::{Baseline, Prior};

const DAY_MINUTES: i64 = 24 * 60;

/// One registration and its surroundings; read-only.
pub struct Sight<'a> {
    pub(in crate::engine) state: &'a State,
    pub(in crate::engine) visit: &'a Visit,
    /// Positions on the timelines, from which queries walk.
    carer: Beside<'a>,
    client: Beside<'a>,
    overlaps_at_carer: OnceCell<bool>,
}

impl<'a> Sight<'a> {
    /// The sight of a counted visit.
    pub(in crate::engine) fn new(state: &'a State, visit: &'a Visit) -> Self {
        let pin = Pin::new(visit.presence(), visit.slot);
        let beside =
            |subject| Beside::new(state.entity(subject).timeline.placed(pin), state.crowds.of(subject));
        let carer = beside(PeriodSubject::Carer(visit.carer));
        let client = beside(PeriodSubject::Client(visit.client));
        Self { state, visit, carer, client, overlaps_at_carer: OnceCell::new() }
    }

    /// The registration in sight.
    #[must_use]
    pub const fn visit(&self) -> &'a Visit {
        self.visit
    }

    /// Other visits of the carer whose presence shares time with this one's, in order of start.
    pub fn overlapping_at_carer(&self) -> impl Iterator<Item = (&'a Visit, Span)> {
        // Hardly any visit has one, and several rules query it.
        let presence = self.visit.presence();
        let shares_time = |pin: &Pin| pin.span().intersection(presence).is_some();
        let any = *self.overlaps_at_carer.get_or_init(|| self.carer.reaching().any(shares_time));
        any.then(|| self.overlapping(&self.carer)).into_iter().flatten()
    }

    /// Other visits at the client whose presence shares time with this one's, in order of start.
    pub fn overlapping_at_client(&self) -> impl Iterator<Item = (&'a Visit, Span)> {
        self.overlapping(&self.client)
    }

    fn overlapping(&self, beside: &Beside<'a>) -> impl Iterator<Item = (&'a Visit, Span)> + use<'a> {
        let (state, presence) = (self.state, self.visit.presence());
        beside.reaching().filter_map(move |pin| {
            let shared = pin.span().intersection(presence)?;
            Some((state.look(pin.slot), shared))
        })
    }

    /// Other visits of the carer that begin within `seconds` of this one, in order of start.
    pub fn starting_near_at_carer(&self, seconds: i64) -> impl Iterator<Item = &'a Visit> {
        let state = self.state;
        self.carer.starting_near(seconds).map(move |pin| state.look(pin.slot))
    }

    /// The carer's last visit that `fits` before this one, in order of (start, end, id), which
    /// begins at most [`NEIGHBOUR_GAP_SECONDS_MAX`] before this one.
    pub fn before_at_carer(&self, fits: impl Fn(&Visit) -> bool) -> Option<&'a Visit> {
        let earlier = self.carer.earlier(NEIGHBOUR_GAP_SECONDS_MAX);
        earlier.map(|pin| self.state.look(pin.slot)).find(|visit| fits(visit))
    }

    /// The carer's first visit that `fits` after this one, in order of (start, end, id), which
    /// begins at most [`NEIGHBOUR_GAP_SECONDS_MAX`] after this one.
    pub fn after_at_carer(&self, fits: impl Fn(&Visit) -> bool) -> Option<&'a Visit> {
        let later = self.carer.later(NEIGHBOUR_GAP_SECONDS_MAX);
        later.map(|pin| self.state.look(pin.slot)).find(|visit| fits(visit))
    }

    /// The home of the client of `visit` at its start, where known.
    #[must_use]
    pub fn home(&self, visit: &Visit) -> Option<Home> {
        self.state.facts.home(visit.client, visit.span.start())
    }

    /// Carers that `visit` needs: by its record, else by its order; `None` where neither says.
    #[must_use]
    pub fn required_staff(&self, visit: &Visit) -> Option<u8> {
        visit.required_staff.or_else(|| Some(self.order_of(visit)?.required_staff.unwrap_or(1)))
    }

    /// The order that the record names, where the client has it at that time.
    #[must_use]
    pub fn order(&self) -> Option<&'a Order> {
        self.order_of(self.visit)
    }

    fn order_of(&self, visit: &Visit) -> Option<&'a Order> {
        self.state.facts.order(visit.client, visit.order?, visit.span.start())
    }

    /// The client's orders that are valid at the visit's start.
    pub fn client_orders(&self) -> impl Iterator<Item = &'a Order> {
        self.state.facts.orders_of(self.visit.client, self.visit.span.start())
    }

    /// All known orders of the client, whenever valid, in order of recording.
    pub fn client_orders_ever(&self) -> impl Iterator<Item = &'a Order> {
        self.state.facts.orders_ever(self.visit.client)
    }

    /// Task codes of the visit in sight.
    pub fn task_codes(&self) -> impl Iterator<Item = &'a str> {
        self.task_codes_of(self.visit)
    }

    /// Task codes of another visit.
    pub fn task_codes_of(&self, visit: &Visit) -> impl Iterator<Item = &'a str> + use<'a> {
        self.state.interners.task_codes(visit.tasks)
    }

    /// Known absences of the carer, in order of recording.
    pub fn carer_absences(&self) -> impl Iterator<Item = &'a CarerAbsence> {
        self.state.facts.carer_absences(self.visit.carer)
    }

    /// Whether the carer is employed by the provider at the visit's start; `None` where the provider sends no
    /// employments, or none of the carer had been sent when the visit began or covers it since: a gap in the data is no
    /// finding about each visit.
    #[must_use]
    pub fn employed(&self) -> Option<bool> {
        let Visit { carer, provider, span, .. } = *self.visit;
        let listed = self.state.facts.employed(carer, provider, span.start());
        let facts = &self.state.facts;
        listed
            .filter(|_| facts.was_ever_listed(carer) && !facts.is_entered_late(carer, provider, span.start()))
    }

    /// The client at whose home `tag` is mounted at the visit's start.
    #[must_use]
    pub fn tag_client(&self, tag: TextId) -> Option<ClientId> {
        self.state.facts.tag(tag, self.visit.span.start())
    }

    /// Whether the municipality sends tags: any tag is known.
    #[must_use]
    pub const fn tags_are_sent(&self) -> bool {
        self.state.facts.knows_tags()
    }

    /// The home of another client at the visit's start.
    #[must_use]
    pub fn home_of(&self, client: ClientId) -> Option<Home> {
        self.state.facts.home(client, self.visit.span.start())
    }

    /// Dates of the visit's pay period, where known.
    #[must_use]
    pub fn pay_dates(&self) -> Option<&'a PayDates> {
        self.state.facts.calendar(self.visit.pay_period)
    }

    /// Price of an hour of the visit's tariff, in öre, where known.
    #[must_use]
    pub fn ore_per_hour(&self) -> Option<i64> {
        self.state.facts.ore_per_hour(self.visit.tariff?, self.visit.span.start())
    }

    /// The local days that the visit lies in, each with its part.
    pub fn days(&self) -> impl Iterator<Item = (Day, Span)> {
        self.visit.days(self.zone())
    }

    /// The carer's other visits that lie in a local day, in order of start, each with its part of the day. They are
    /// those of the visit's days; for earlier ones the rule must
    /// [read history](super::interface::VisitRule::reads_history).
    pub fn carer_visits_on(&self, day: Day) -> impl Iterator<Item = (&'a Visit, Span)> {
        let (state, own) = (self.state, self.visit);
        let (span, carer) = (self.zone().span_of(day), self.carer);
        let pins = carer.or_none(state.carer(own.carer).timeline.reaching(span)).iter();
        let pins = pins.filter(move |pin| pin.slot != own.slot && !carer.is_crowd(pin.start()));
        pins.filter_map(move |pin| {
            let visit = state.look(pin.slot);
            Some((visit, visit.presence().intersection(span)?))
        })
    }

    /// Whether the visit ends so long after its carer's work began that no rest of `rest_seconds` fits into those 24
    /// hours. Work began with the first of the visits that precede this one without such a rest between them. The rule
    /// must [read history](super::interface::VisitRule::reads_history).
    #[must_use]
    pub fn is_without_rest(&self, rest_seconds: i64) -> bool {
        let end = self.carer.own().end();
        let too_long = |since: UtcSecond| DAY_SECONDS - rest_seconds < end.since(since);
        let performed = |pin: &Pin| self.state.look(pin.slot).is_performed();
        // The cheap test first: with visits that were not performed, which need no look-up.
        too_long(self.work_began(rest_seconds, |_| true))
            && too_long(self.work_began(rest_seconds, performed))
    }

    /// Whether this visit can change `is_without_rest` of `later`.
    #[must_use]
    pub fn could_take_rest_of(&self, later: &Visit, rest_seconds: i64) -> bool {
        // The work that leads over this visit to `later` begins no earlier than the work that leads to this visit.
        let began = self.work_began(rest_seconds, |_| true);
        let performed = |pin: &Pin| self.state.look(pin.slot).is_performed();
        DAY_SECONDS - rest_seconds < later.presence().end().since(began)
            && !(self.rested_before(later, rest_seconds, |_| true)
                && self.rested_before(later, rest_seconds, performed))
    }

    /// Whether a rest lies between this visit and `later`, with or without this visit.
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

    /// Visits of the same carer and client that began in the same minute `n` times 24 hours earlier, for an `n` of
    /// `days_before`, with that `n`, the latest first. The rule must
    /// [read history](super::interface::VisitRule::reads_history).
    pub fn visits_of_both_at_this_time(&self, days_before: &[i32]) -> impl Iterator<Item = (&'a Visit, i32)> {
        let (state, own) = (self.state, self.visit);
        let most = days_before.iter().copied().max().unwrap_or(0);
        let end_of_minute = own.span.start().0.div_euclid(60) * 60 + 59;
        // A client has fewer visits than a carer: a linear scan of a week is faster than a search.
        let earlier = self.client.earlier(i64::from(most) * DAY_SECONDS + 59);
        let at_this_time = earlier.filter_map(move |pin| {
            let minutes = (end_of_minute - pin.start().0) / 60;
            if minutes % DAY_MINUTES != 0 {
                return None;
            }
            let days = days_before.iter().find(|days| i64::from(**days) * DAY_MINUTES == minutes)?;
            Some((state.look(pin.slot), *days))
        });
        at_this_time.filter(|(visit, _)| visit.carer == own.carer)
    }

    /// Other carers with one of the visit's devices on its day, at most
    /// [`DEVICE_CARERS_MAX`](crate::engine::DEVICE_CARERS_MAX); the larger number of two devices. The rule must
    /// [read devices](super::interface::VisitRule::reads_devices).
    #[must_use]
    pub fn others_with_device(&self) -> usize {
        debug_assert!(self.state.counts_read.devices, "the rule has to say that it reads devices");
        let Visit { carer, day, .. } = *self.visit;
        let others = |device| self.state.devices.others(device, day, carer);
        devices(self.visit).map(others).max().unwrap_or(0)
    }

    /// Whether another carer used one of the visit's devices first and last on its day. False for a device of more
    /// than [`DEVICE_CARERS_MAX`](crate::engine::DEVICE_CARERS_MAX) carers. The rule must
    /// [read devices](super::interface::VisitRule::reads_devices).
    #[must_use]
    pub fn is_within_others_day(&self) -> bool {
        debug_assert!(self.state.counts_read.devices, "the rule has to say that it reads devices");
        self.state.is_within_others_day(self.visit)
    }

    /// Minutes of presence of the carer on a local day, of the visits that are paid in this one's period; 0 on the day
    /// of a crowd. The rule must have [long days](super::interface::VisitRule::long_day_minutes).
    #[must_use]
    pub fn carer_minutes_on(&self, day: Day) -> u32 {
        debug_assert!(self.state.counts_read.periods, "the rule has to say what a long day is");
        if self.carer.is_in_crowd() {
            return 0;
        }
        let tally = self.state.tally_of(PeriodSubject::Carer(self.visit.carer), self.visit.pay_period);
        tally.map_or(0, |tally| tally.minutes_on(day))
    }

    /// Mean logarithm of registered over planned length at the client of `visit` in the pay period before, shrunk
    /// towards 0 with the weight of `weight` visits.
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
        self.client.starting_near(seconds).map(move |pin| state.look(pin.slot))
    }

    /// Other visits at the client that begin at most `days` times 24 hours before this one, the latest first. The rule
    /// must [read history](super::interface::VisitRule::reads_history).
    pub fn before_at_client(&self, days: i32) -> impl Iterator<Item = &'a Visit> {
        let state = self.state;
        self.client.earlier(i64::from(days) * DAY_SECONDS).map(move |pin| state.look(pin.slot))
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

    /// Whether the municipality sends absences: any absence of any client is known.
    #[must_use]
    pub const fn absences_are_sent(&self) -> bool {
        self.state.facts.knows_absences()
    }

    /// Baseline of lengths at this client for this service, over the `days` local days before, at most
    /// [`BASELINE_DAYS_MAX`].
    #[must_use]
    pub fn client_baseline(&self, prior: Prior, days: i32) -> Baseline {
        let (state, service) = (self.state, self.visit.service);
        let pins = self.client.or_none(state.client(self.visit.client).timeline.all());
        state.baseline(pins, prior, self.days_before(days), |visit| visit.service == service)
    }

    /// Baseline of lengths of this carer at all clients, over the same days.
    #[must_use]
    pub fn carer_baseline(&self, prior: Prior, days: i32) -> Baseline {
        let pins = self.carer.or_none(self.state.carer(self.visit.carer).timeline.all());
        self.state.baseline(pins, prior, self.days_before(days), |_| true)
    }

    const fn days_before(&self, days: i32) -> std::ops::Range<Day> {
        let days = if days < BASELINE_DAYS_MAX { days } else { BASELINE_DAYS_MAX };
        Day(self.visit.day.0.saturating_sub(days))..self.visit.day
    }

    /// The step of the times that the visit's source writes, in seconds: 900 for whole quarters of an hour, 300 for
    /// whole five minutes, 0 for finer ones or an unknown grid.
    #[must_use]
    pub fn step_seconds(&self, visit: &Visit) -> i64 {
        self.state.resolutions.step(visit.provider, visit.pay_period)
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

    /// Local clock times, `08:00–08:30`, for sentences.
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
