//! Rules look at visits, and what they found is weighed.

use super::names::{CarerId, ClientId, ProviderId};
use super::restraint::Held;
use super::rule::{Looking, Noted, Report, Weighed};
use super::score::{of_p_value, score};
use super::sight::Sight;
use super::signal::Signal;
use super::visit::{Slot, Visit};
use super::world::World;
use super::{Engine, Output};
use crate::domain::{Assessment, Day, Grade, Lowered, Month, SubjectKind, UtcSecond, round_significant};

/// What stands about a subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Stand {
    /// The hits.
    pub(super) hits: Vec<Weighed>,
    /// Append time of the record that first led to the hold.
    pub(super) proposed_at: Option<UtcSecond>,
    /// On whose timelines it is marked; `None` for periods.
    pub(super) parties: Option<(CarerId, ClientId)>,
    /// The provider that the alert about a period names; `None` for visits.
    pub(super) provider: Option<ProviderId>,
    /// What the rules said of a period, as a number.
    pub(super) word: u64,
    /// Rules that propose a hold, before any bound; bit by rule.
    pub(super) proposing: u64,
    /// The seconds that these dispute.
    pub(super) held: Option<Held>,
    /// The smallest p-value by which a pattern asks for a person, before the budget.
    pub(super) chance: Option<f64>,
}

impl Stand {
    pub(super) fn grade(&self) -> Option<Grade> {
        self.hits.iter().map(|weighed| weighed.hit.grade).max()
    }

    /// `observe` alone makes no alert.
    pub(super) fn is_alert(&self) -> bool {
        self.grade() > Some(Grade::Observe)
    }

    pub(super) fn is_hold(&self) -> bool {
        self.grade() == Some(Grade::Hold)
    }
}

/// Vectors that are used again for every registration.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) affected: Vec<Slot>,
    pub(super) hits: Vec<Weighed>,
    pub(super) undetermined: Vec<(u16, &'static str)>,
    pub(super) noted: Noted,
    proposing: u64,
    /// Visits whose marks may have changed with what is usual for their client.
    pub(super) remarked: Vec<Slot>,
    /// Breakers that opened or closed.
    pub(super) flipped: Vec<(u16, Day)>,
}

/// That a registration was assessed; [`Engine::assessment`] tells it in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// 0 = nothing unusual; higher = look first.
    pub score: f64,
    /// How likely something as odd is by chance, all strong signals together.
    pub p_value: Option<f64>,
    /// The gravest grade, where anything was found.
    pub grade: Option<Grade>,
    slot: Slot,
    version: u32,
    at: UtcSecond,
    rules: u64,
    related: Vec<Slot>,
}

impl World {
    /// Takes a standing off its timelines.
    pub(super) fn unmark(&mut self, stand: &Stand) {
        self.mark(stand, |standing| standing - 1);
    }

    fn mark(&mut self, stand: &Stand, change: impl Fn(u32) -> u32) {
        if let Some((carer, client)) = stand.parties {
            for party in [&mut self.carers[carer.0 as usize], &mut self.clients[client.0 as usize]] {
                party.standing = change(party.standing);
            }
        }
    }
}

impl Engine {
    /// Lets every rule look at the visit in `slot`; hits and marks are in the scratch after it. Was
    /// anything found that names others, be it silenced by an exception?
    pub(super) fn look(&mut self, slot: Slot) -> bool {
        let Scratch { hits, undetermined, noted, proposing, .. } = &mut self.scratch;
        hits.clear();
        undetermined.clear();
        *noted = Noted::default();
        *proposing = 0;
        let world = &self.world;
        let Some(visit) = world.ledger.visit(slot) else { return false };
        // Nothing is ever found about an open visit; debug builds hold the rules to it.
        if visit.open && !cfg!(debug_assertions) {
            return false;
        }
        let sight = Sight::new(world, visit);
        let mut report = Report { rule: 0, hits, undetermined, noted };
        for Looking { rule, .. } in &self.looking[SubjectKind::Registration as usize] {
            report.rule = *rule;
            self.rules[usize::from(*rule)].rule.visit(&sight, &mut report);
        }
        debug_assert!(
            !visit.open || hits.is_empty() && undetermined.is_empty() && *noted == Noted::default()
        );
        for (rule, fact) in undetermined.drain(..) {
            self.rule_counts[usize::from(rule)].undetermined(fact);
        }
        if hits.is_empty() {
            return false;
        }
        let names_others = hits.iter().any(|weighed| !weighed.hit.related.is_empty());
        if world.facts.has_exceptions() {
            let (carer, client, provider) = (Some(visit.carer), Some(visit.client), Some(visit.provider));
            hits.retain(|weighed| {
                let id = self.rules[usize::from(weighed.rule)].id;
                !world.facts.excepts(id, visit.span.start(), carer, client, provider)
            });
        }
        for weighed in hits {
            let rule = weighed.rule;
            if self.rules[usize::from(rule)].shadow {
                weighed.lower(Grade::Observe, Lowered::Shadow);
            } else if weighed.hit.grade == Grade::Hold {
                *proposing |= 1 << rule;
                if self.restraint.is_capped((visit.provider, visit.pay_period), slot) {
                    weighed.lower(Grade::Review, Lowered::HeldShareCap);
                }
                if self.restraint.is_open(rule, visit.day) {
                    weighed.lower(Grade::Review, Lowered::Breaker);
                }
            }
        }
        names_others
    }

    /// Counts the visit by the marks that were just noted; true where that changed anything.
    fn count_marks(&mut self, slot: Slot) -> bool {
        let Noted { marks, .. } = self.scratch.noted;
        let ratio_before = self.world.ledger.entry(slot).marks.ratio();
        let changed = self.world.set_marks(slot, marks);
        if changed && marks.ratio() != ratio_before {
            let visit = self.world.ledger.counted(slot);
            self.look_again_after(visit.client, visit.pay_period);
        }
        changed
    }

    /// The periods that the visit counts in are to be looked at.
    pub(super) fn note_periods(&mut self, slot: Slot) {
        self.owed.note(&self.world, self.world.ledger.counted(slot));
    }

    /// The client's visits of the next month are looked at again: what is usual for a client in a month
    /// is taken from the month before.
    pub(super) fn look_again_after(&mut self, client: ClientId, month: Month) {
        let party = self.world.client(client);
        if party.months.get(month.next()).is_some() {
            let ledger = &self.world.ledger;
            let later = party.timeline.all().iter().map(|mark| mark.slot);
            self.scratch
                .remarked
                .extend(later.filter(|slot| ledger.counted(*slot).pay_period == month.next()));
        }
    }

    /// Assesses a registration whose version was just placed; always tells the assessment. True where its
    /// marks count anew.
    pub(super) fn assess_new(&mut self, slot: Slot, affected: &mut Vec<Slot>, out: &mut Vec<Output>) -> bool {
        if self.look(slot) {
            // A finding on several need not name all whom it concerns: an exception silences one side of a pair,
            // and a copy names its original, not the copies of itself.
            self.world.near(self.world.ledger.counted(slot), affected);
        }
        let counted_anew = self.count_marks(slot);
        let combined = self.combined(slot);
        out.push(Output::Assessed(self.assessed(slot, &self.scratch.hits, combined)));
        self.settle(slot, true, affected, out);
        counted_anew
    }

    /// Assesses again, without another word where nothing changed.
    pub(super) fn assess_again(&mut self, slot: Slot, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        self.look(slot);
        if self.count_marks(slot) {
            self.note_periods(slot);
        }
        if !self.is_told(slot) {
            out.push(Output::Assessed(self.assessed(slot, &self.scratch.hits, None)));
            self.settle(slot, false, affected, out);
        }
    }

    /// Is what stands about the visit what the rules just found?
    pub(super) fn is_told(&self, slot: Slot) -> bool {
        let Scratch { hits, proposing, .. } = &self.scratch;
        match self.visits.get(&slot) {
            Some(stand) => stand.hits == *hits && stand.proposing == *proposing,
            None => hits.is_empty(),
        }
    }

    /// How likely the visit's signals are, with those of its carer's pay period.
    fn combined(&mut self, slot: Slot) -> Option<f64> {
        let visit = self.world.ledger.counted(slot);
        if visit.open {
            return None;
        }
        self.calibration.advance(visit.day);
        let noted = self.scratch.noted.signals;
        let of_visit = Signal::ALL.into_iter().zip(noted).filter_map(|(signal, raw)| Some((signal, raw?)));
        let of_visit = self.calibration.of_visit(of_visit);
        let marks = &self.scratch.noted.marks;
        let signals = self.carer_signals.get(&(visit.carer, visit.pay_period));
        let odd = signals.into_iter().flat_map(|signals| {
            let of_carer = Signal::ALL.into_iter().skip(Signal::VISIT_COUNT).zip(signals.0.map(f64::from));
            of_carer.filter(|(signal, raw)| *raw < 1.0 && signal.is_borne_by(marks))
        });
        let of_carer = self.calibration.of_carer(odd);
        self.calibration.weigh(of_visit, of_carer).combined
    }

    /// Makes the hits in the scratch what stands about the visit in `slot`; the registrations that
    /// they name, and that the ones before named, are added to `affected`.
    fn settle(&mut self, slot: Slot, retell: bool, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        let hits = std::mem::take(&mut self.scratch.hits);
        let before = self.visits.remove(&slot);
        if before.is_none() && hits.is_empty() {
            self.scratch.hits = hits;
            return;
        }
        let visit = self.world.ledger.counted(slot).clone();
        let before = before.unwrap_or_default();
        affected
            .extend(before.hits.iter().chain(&hits).flat_map(|weighed| weighed.hit.related.iter().copied()));
        self.count_new(&hits, &before.hits);
        self.world.unmark(&before);
        let changed = retell || before.hits != hits;
        let proposing = self.scratch.proposing;
        let mut stand = Stand {
            held: held(&visit, &hits, proposing),
            hits,
            proposing,
            proposed_at: before.proposed_at,
            parties: Some((visit.carer, visit.client)),
            ..Stand::default()
        };
        self.restrain(&visit, &before, &stand);
        if stand.is_hold() {
            stand.proposed_at = stand.proposed_at.or(Some(self.at.appended_at));
        }
        if changed && (before.is_alert() || stand.is_alert()) {
            out.push(Output::Alert(Box::new(self.visit_alert(&visit, &stand, &before))));
        }
        if !stand.hits.is_empty() {
            self.world.mark(&stand, |standing| standing + 1);
            self.visits.insert(slot, stand);
        }
    }

    /// Counts what is proposed about a visit for the bounds.
    pub(super) fn restrain(&mut self, visit: &Visit, before: &Stand, now: &Stand) {
        for rule in super::mark::bits64(before.proposing ^ now.proposing) {
            self.restraint.hold(rule, visit.day, now.proposing >> rule & 1 == 1);
            if self.restraint.judge(rule, visit.day, &self.world.settings.bounds) {
                self.scratch.flipped.push((rule, visit.day));
            }
        }
        let ledger = &self.world.ledger;
        let by_id = |a, b| ledger.id(a).cmp(ledger.id(b));
        self.restraint.held((visit.provider, visit.pay_period), before.held, now.held, by_id);
    }

    /// Takes back what stood about a cancelled registration.
    pub(super) fn cancelled(
        &mut self,
        slot: Slot,
        visit: Option<&Visit>,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) {
        let (Some(before), Some(visit)) = (self.visits.remove(&slot), visit) else { return };
        affected.extend(before.hits.iter().flat_map(|weighed| weighed.hit.related.iter().copied()));
        self.world.unmark(&before);
        self.restrain(visit, &before, &Stand::default());
        if before.is_alert() {
            out.push(Output::Alert(Box::new(self.visit_alert(visit, &Stand::default(), &before))));
        }
    }

    /// Assesses `affected` again, but for `except`, which was just assessed, and what is not kept.
    pub(super) fn assess_all(&mut self, affected: &mut Vec<Slot>, except: Slot, out: &mut Vec<Output>) {
        if affected.is_empty() {
            return;
        }
        let mut ripples = Vec::new();
        self.in_order(affected);
        for slot in affected.iter().filter(|slot| **slot != except) {
            self.assess_again(*slot, &mut ripples, out);
        }
    }

    /// Assesses `affected` again, and then the registrations that their findings name or named.
    pub(super) fn assess_with_related(&mut self, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        let mut related = Vec::new();
        self.in_order(affected);
        affected.iter().for_each(|slot| self.assess_again(*slot, &mut related, out));
        self.in_order(&mut related);
        let mut ripples = Vec::new();
        related.iter().for_each(|slot| self.assess_again(*slot, &mut ripples, out));
    }

    /// Each once, in order of start and id: what is told does not depend on where things are kept.
    pub(super) fn in_order(&self, slots: &mut Vec<Slot>) {
        let ledger = &self.world.ledger;
        slots.retain(|slot| ledger.visit(*slot).is_some());
        slots.sort_unstable_by(|a, b| {
            let key = |slot: &Slot| (ledger.counted(*slot).span, ledger.id(*slot));
            key(a).cmp(&key(b))
        });
        slots.dedup();
    }

    pub(super) fn count_new(&mut self, hits: &[Weighed], before: &[Weighed]) {
        for new in hits.iter().filter(|new| !before.contains(new)) {
            let counts = &mut self.rule_counts[usize::from(new.rule)];
            counts.hits[new.hit.grade as usize] += 1;
            if let Some(reason) = new.lowered {
                counts.lowered[reason as usize] += 1;
            }
        }
    }

    pub(super) fn assessed(&self, slot: Slot, hits: &[Weighed], combined: Option<f64>) -> Assessed {
        let of_visit =
            score(hits, SubjectKind::Registration, &self.rules).max(combined.map_or(0.0, of_p_value));
        Assessed {
            score: of_visit.max(self.score_of_pattern(slot)),
            p_value: combined,
            grade: hits.iter().map(|weighed| weighed.hit.grade).max(),
            slot,
            version: self.world.ledger.entry(slot).version,
            at: self.at.appended_at,
            rules: hits.iter().fold(0, |rules, weighed| rules | 1 << weighed.rule),
            related: hits.iter().flat_map(|weighed| weighed.hit.related.iter().copied()).collect(),
        }
    }

    /// An assessment that this engine just put out, in full.
    #[must_use]
    pub fn assessment(&self, assessed: &Assessed) -> Assessment {
        let ledger = &self.world.ledger;
        let id = |slot: &Slot| ledger.id(*slot).to_owned();
        let mut related: Vec<String> = assessed.related.iter().map(id).collect();
        related.sort_unstable();
        related.dedup();
        let spoke = |number: &usize| assessed.rules & 1 << number != 0;
        Assessment {
            registration_id: id(&assessed.slot),
            version: assessed.version,
            score: round_significant(assessed.score, 4),
            p_value: assessed.p_value.map(|p| round_significant(p, 4)),
            grade: assessed.grade,
            rules: (0..self.rules.len()).filter(spoke).map(|number| self.rules[number].id).collect(),
            related,
            assessed_at: assessed.at,
        }
    }
}

/// The seconds on which holds are proposed.
fn held(visit: &Visit, hits: &[Weighed], proposing: u64) -> Option<Held> {
    (proposing != 0).then(|| {
        let grave = hits.iter().filter(|weighed| proposing >> weighed.rule & 1 == 1);
        let seconds = super::alerts::union_seconds(grave);
        Held { start: visit.span.start(), slot: visit.slot, seconds }
    })
}
