//! One version takes the place of another, and what this can change is looked at again.

use super::assess::Stand;
use super::facts::Touches;
use super::names::{ClientId, ProviderId, TextId};
use super::period::{Period, Whose};
use super::sight::Sight;
use super::visit::{Slot, Visit};
use super::{BASELINE_DAYS_MAX, DAY_SECONDS, Engine, Output, timeline};
use crate::domain::{EventType, Month, Registration, SubjectKind, UtcSecond};

impl Engine {
    /// Puts a version in the place of the one before and assesses all that this can change.
    pub(super) fn replace(
        &mut self,
        registration: &Registration<'_>,
        slot: Option<Slot>,
        out: &mut Vec<Output>,
    ) {
        let mut affected = std::mem::take(&mut self.scratch.affected);
        affected.clear();
        let slot = match slot {
            Some(slot) => slot,
            None => {
                self.world.ledger.add(registration.registration_id, registration.version, self.at.appended_at)
            }
        };
        let entry = self.world.ledger.entry_mut(slot);
        entry.version = registration.version;
        entry.appended_at = self.at.appended_at;
        let cancelled = registration.event_type == EventType::Cancelled;
        let visit = (!cancelled).then(|| self.world.visit(registration, slot));
        let known = self.world.ledger.entry_mut(slot).visit.as_mut();
        let before = match (known, visit) {
            (Some(known), Some(visit)) if known.claims_the_same(&visit) => {
                // An approval changes nothing that is counted, and nothing that a neighbour could see.
                *known = visit;
                if self.assess_new(slot, &mut affected, out) {
                    self.note_periods(slot);
                }
                None
            }
            (_, visit) => self.exchange(slot, visit, &mut affected, out),
        };
        self.world.with_changed_devices(&mut affected);
        self.assess_all(&mut affected, slot, out);
        for visit in before.iter().chain(self.world.ledger.visit(slot)) {
            self.restraint.paid(visit.provider, visit.pay_period);
        }
        self.keep_within_bounds(out);
        debug_assert!(self.nothing_was_overlooked(slot, before.as_ref()), "of those after {slot:?}");
        self.scratch.affected = affected;
        self.owe_one_more(out);
    }

    /// Would the later visits of the same carers and clients be told of as they are: all that are near, and some
    /// of the others? The rules have said of most that they need not be looked at.
    fn nothing_was_overlooked(&mut self, slot: Slot, before: Option<&Visit>) -> bool {
        let visits = before.into_iter().chain(self.world.ledger.visit(slot)).filter(|visit| !visit.open);
        let later = visits.flat_map(|visit| self.world.later(visit));
        // What they look back at is no longer all kept where they are old themselves; what was told of them stays.
        let whole_from =
            self.world.horizon.0.saturating_add((i64::from(BASELINE_DAYS_MAX) + 2) * DAY_SECONDS);
        let is_whole = |later: &Visit| {
            let month_before = Some(later.pay_period.previous());
            UtcSecond(whole_from) <= later.span.start() && self.world.horizon_month < month_before
        };
        let later = later.filter(|(later, _)| is_whole(later));
        let some = later.filter(|(later, is_near)| *is_near || (later.slot.0 + slot.0).is_multiple_of(16));
        let later: Vec<Slot> = some.map(|(later, _)| later.slot).collect();
        let counts = self.rule_counts.clone();
        let overlooked = later.into_iter().find(|slot| {
            self.look(*slot);
            let marks = self.scratch.noted.marks;
            !self.is_told(*slot) || self.world.ledger.entry(*slot).marks != marks
        });
        self.rule_counts = counts;
        overlooked.is_none()
    }

    /// Takes out what stands in `slot`, puts `visit` in its place where there is one, and assesses that;
    /// whom it concerns is added to `affected`. Returns what stood there.
    fn exchange(
        &mut self,
        slot: Slot,
        visit: Option<Visit>,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) -> Option<Visit> {
        // Nothing is ever found about an open visit, nothing that a neighbour is asked about sees it, and
        // it counts in no period.
        if let Some(before) = self.world.ledger.visit(slot).filter(|before| !before.open) {
            self.world.near(before, affected);
            self.with_this_in_their_past(before, affected);
        }
        let before = self.lift(slot);
        if let Some(visit) = visit {
            self.restraint.visit(visit.day, true, &self.world.settings.bounds, &mut self.scratch.flipped);
            self.world.place(visit);
            let visit = self.world.ledger.counted(slot);
            let closed = !visit.open;
            if closed {
                // What comes between two visits can take a finding back, but not make one of theirs.
                self.world.near_standing(visit, |slot| self.visits.contains_key(&slot), affected);
                self.with_this_in_their_past(visit, affected);
            }
            if self.assess_new(slot, affected, out) || closed {
                self.note_periods(slot);
            }
        } else {
            self.world.ledger.cancelled(slot, self.at.appended_at);
            self.cancelled(slot, before.as_ref(), affected, out);
        }
        before
    }

    /// Takes a version out, and what was counted about it; its findings stay until the next is seen.
    fn lift(&mut self, slot: Slot) -> Option<Visit> {
        let had_length = self.world.ledger.entry(slot).marks.ratio().is_some();
        let visit = self.world.lift(slot)?;
        if had_length {
            self.look_again_after(visit.client, visit.pay_period);
        }
        if !visit.open {
            self.owed.note(&self.world, &visit);
        }
        self.restraint.visit(visit.day, false, &self.world.settings.bounds, &mut self.scratch.flipped);
        if let Some(mut stand) = self.visits.remove(&slot) {
            self.restrain(&visit, &stand, &Stand::default());
            (stand.proposing, stand.held) = (0, None);
            self.visits.insert(slot, stand);
        }
        Some(visit)
    }

    /// Assesses again where a breaker or a cap has changed what may be held, until none does.
    fn keep_within_bounds(&mut self, out: &mut Vec<Output>) {
        let mut affected = std::mem::take(&mut self.scratch.remarked);
        loop {
            let world = &self.world;
            let paid = |(provider, month): (ProviderId, Month)| {
                let months = world.provider(provider);
                let paid = |month| months.get(month).map_or(0, |tally| tally.paid_seconds);
                // What was paid in a month that is no longer whole is not known.
                (world.horizon_month < Some(month)).then(|| paid(month).max(paid(month.previous())))
            };
            self.restraint.draw(&world.settings.bounds, paid, &mut affected);
            for (rule, day) in std::mem::take(&mut self.scratch.flipped) {
                let proposing = self.visits.iter().filter(|(_, stand)| stand.proposing >> rule & 1 == 1);
                let slots = proposing.map(|(slot, _)| *slot);
                let on_day = |slot: &Slot| world.ledger.visit(*slot).is_some_and(|visit| visit.day == day);
                affected.extend(slots.filter(on_day));
            }
            if affected.is_empty() {
                break;
            }
            self.in_order(&mut affected);
            let mut ripples = Vec::new();
            affected.drain(..).for_each(|slot| self.assess_again(slot, &mut ripples, out));
            affected.append(&mut self.scratch.remarked);
        }
        self.scratch.remarked = affected;
    }

    /// The later visits that look back at `visit`, which stands; and the carer's day, where that is a long one.
    fn with_this_in_their_past(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let mut sight = None;
        for (later, is_near) in self.world.later(visit).filter(|(later, _)| !later.open) {
            let sight = sight.get_or_insert_with(|| Sight::new(&self.world, visit));
            let looks_back = |rule: u16| self.rules[usize::from(rule)].rule.looks_back(sight, later);
            let looks = if is_near {
                self.looking[SubjectKind::Registration as usize]
                    .iter()
                    .any(|looking| looks_back(looking.rule))
            } else {
                self.reading_history.iter().any(|rule| looks_back(*rule))
            };
            if looks {
                into.push(later.slot);
            }
        }
        if let Some(minutes) = self.long_day_minutes {
            self.world.long_day(visit, minutes, into);
        }
    }

    /// The visits to others that were captured with a tag of `client`.
    fn with_a_tag_of(&self, client: ClientId, into: &mut Vec<Slot>) {
        let tags = self.world.facts.tags_of(client);
        if tags.is_empty() {
            return;
        }
        let of = |tag: Option<TextId>| tag.is_some_and(|tag| tags.contains(&tag));
        let visits = self.world.ledger.visits();
        let strange =
            visits.filter(|visit| visit.client != client && (of(visit.start_tag) || of(visit.end_tag)));
        into.extend(strange.map(|visit| visit.slot));
    }

    /// Assesses again what a changed fact touches.
    pub(super) fn touch(&mut self, touches: Touches, out: &mut Vec<Output>) {
        let slots = |marks: &[timeline::Pin]| marks.iter().map(|mark| mark.slot).collect();
        let mut affected: Vec<Slot> = match touches {
            Touches::Nothing => return,
            Touches::Money => return self.tell_all(out),
            Touches::Client(client) => slots(self.world.client(client).timeline.all()),
            Touches::Home(client) => {
                let mut there: Vec<Slot> = slots(self.world.client(client).timeline.all());
                self.with_a_tag_of(client, &mut there);
                there
            }
            Touches::Carer(carer) => slots(self.world.carer(carer).timeline.all()),
            Touches::Provider(provider) => {
                let of_provider = self.world.ledger.visits().filter(|visit| visit.provider == provider);
                of_provider.map(|visit| visit.slot).collect()
            }
            Touches::Tag(tag) => {
                let with = |visit: &&Visit| visit.start_tag == Some(tag) || visit.end_tag == Some(tag);
                self.world.ledger.visits().filter(with).map(|visit| visit.slot).collect()
            }
            Touches::Month(month) => {
                self.tell_all(out);
                let of = self.world.ledger.visits().filter(|visit| visit.pay_period == month);
                of.map(|visit| visit.slot).collect()
            }
            Touches::Everything => self.world.ledger.visits().map(|visit| visit.slot).collect(),
        };
        if self.world.facts.has_exceptions() {
            // A finding that an exception silences does not name the other side, which has its own say.
            for slot in affected.clone() {
                self.world.near(self.world.ledger.counted(slot), &mut affected);
            }
        }
        self.assess_with_related(&mut affected, out);
        self.keep_within_bounds(out);
        let mut periods: Vec<Period> = self.world.periods();
        periods.retain(|period| match touches {
            Touches::Carer(carer) => {
                matches!(period.whose, Whose::Carer(of) | Whose::Pair(of, _) if of == carer)
            }
            Touches::Client(client) | Touches::Home(client) => {
                matches!(period.whose, Whose::Client(of) | Whose::Pair(_, of) if of == client)
                    || matches!(period.whose, Whose::Provider(_))
            }
            Touches::Month(month) => period.month == month,
            Touches::Tag(_) | Touches::Money => false,
            Touches::Nothing | Touches::Provider(_) | Touches::Everything => true,
        });
        self.owed.periods.extend(periods);
        self.assess_periods(true, out);
    }
}
