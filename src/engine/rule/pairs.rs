//! Findings of one rule on one visit and several others: one finding, with the gravest evidence.

use std::cmp::{Ordering, Reverse};

use crate::domain::{Grade, Sentence, Span};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::hit::{Hit, RuleHit, Wording, union};
use crate::engine::rule::sight::Sight;

/// A finding on two registrations, without what only the gravest of several is published with.
#[derive(Debug)]
struct Pair {
    grade: Grade,
    seconds: i64,
    other: Slot,
    disputed: Vec<Span>,
}

impl Pair {
    /// The gravest first: by grade, then by seconds, then by the other one's id. A function of the registrations, not
    /// of their order of arrival.
    fn order(&self, than: &Self, sight: &Sight<'_>) -> Ordering {
        let key = |pair: &Self| (Reverse(pair.grade), Reverse(pair.seconds));
        key(self).cmp(&key(than)).then_with(|| sight.id(self.other).cmp(sight.id(than.other)))
    }
}

/// The pairs that a rule has found so far. The sentence of the gravest is written when it is found, so that of many few
/// are.
#[derive(Debug, Default)]
pub(in crate::engine) struct Pairs {
    pairs: Vec<Pair>,
    gravest: usize,
    hit: Option<Hit>,
}

impl Pairs {
    /// Whether the rule has found none.
    pub(in crate::engine) const fn is_empty(&self) -> bool {
        self.hit.is_none()
    }

    /// Adds a finding on the visit in sight and `other`.
    pub(in crate::engine) fn add(
        &mut self,
        sight: &Sight<'_>,
        other: &Visit,
        hit: Hit<impl Wording>,
        is_worded: bool,
    ) {
        let pair = Pair {
            grade: hit.grade,
            seconds: hit.seconds(),
            other: other.slot,
            disputed: hit.disputed.clone(),
        };
        let is_gravest = self.pairs.get(self.gravest).is_none_or(|known| pair.order(known, sight).is_lt());
        if is_gravest {
            self.gravest = self.pairs.len();
            self.hit = Some(hit.with_text(|write| if is_worded { write() } else { Sentence::default() }));
        }
        self.pairs.push(pair);
    }

    /// Takes all of them as one finding: the gravest, with the others' registrations, and with all seconds that are
    /// disputed at its grade.
    pub(in crate::engine) fn take(
        &mut self,
        rule: u16,
        sight: &Sight<'_>,
        is_worded: bool,
    ) -> Option<RuleHit> {
        let mut hit = self.hit.take()?;
        self.gravest = 0;
        if 1 < self.pairs.len() {
            self.pairs.sort_unstable_by(|a, b| a.order(b, sight));
            let of_grade = self.pairs.iter().filter(|pair| pair.grade == hit.grade);
            hit.disputed = union(of_grade.flat_map(|pair| pair.disputed.iter().copied()).collect());
            hit.related = self.pairs.iter().map(|pair| pair.other).collect();
            if is_worded {
                say_how_many_more(&mut hit.text, self.pairs.len() - 1);
            }
        }
        self.pairs.clear();
        let text = std::mem::take(&mut hit.text);
        Some(RuleHit::of_visit(rule, hit.with_text(|_| move || text), true))
    }
}

fn say_how_many_more(text: &mut Sentence, more: usize) {
    let (sv, en) = match more {
        1 => ("ytterligare en registrering".to_owned(), "one more registration".to_owned()),
        _ => (format!("ytterligare {more} registreringar"), format!("{more} more registrations")),
    };
    text.sv = format!("{} Detsamma gäller {sv}.", text.sv);
    text.en = format!("{} The same holds for {en}.", text.en);
}
