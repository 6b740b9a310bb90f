//! What waits for facts that are missing.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::domain::PositionFault;
use crate::engine::{Assessed, Engine};

/// Pairs of a rule and a fact that are distinguished, at most.
const PAIRS_MAX: usize = 64;

/// The registrations that were seen, and which rules could not decide about them.
#[derive(Debug, Default)]
pub(in crate::cli) struct WaitingRules {
    /// By a hash of the id, so that a year of a large municipality stays small: a bit for each pair.
    registrations: HashMap<u64, u64>,
    hasher: DefaultHashBuilder,
    /// Rules with the fact that they lack.
    pairs: Vec<(&'static str, &'static str)>,
    /// How often rules lacked a fact, by municipality.
    answers: BTreeMap<String, Vec<(&'static str, &'static str, u64)>>,
    /// Positions that were taken for none, by municipality.
    ignored: BTreeMap<String, [u64; PositionFault::ALL.len()]>,
}

/// A rule that could not answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct Lack<'a> {
    pub(in crate::cli) rule: &'a str,
    pub(in crate::cli) fact: &'a str,
    pub(in crate::cli) count: u64,
    /// What is counted: one, and several.
    pub(in crate::cli) what: (&'static str, &'static str),
}

impl WaitingRules {
    /// A registration came.
    pub(in crate::cli) fn registration(&mut self, municipality: &str, id: &str) {
        self.registrations.entry(self.hasher.hash_one((municipality, id))).or_default();
    }

    /// Registrations that came.
    pub(in crate::cli) fn registrations(&self) -> u64 {
        self.registrations.len() as u64
    }

    /// A registration was assessed: what counts is which rules could not decide the last time.
    pub(in crate::cli) fn assessed(&mut self, engine: &Engine, assessed: &Assessed) {
        let Some(lacking) = assessed.undetermined() else { return };
        let mut bits = 0;
        for (rule, fact) in lacking {
            let rule = engine.findings_by_rule()[usize::from(*rule)].rule;
            if let Some(place) = self.place(rule, fact.as_str()) {
                bits |= 1 << place;
            }
        }
        let id = self.hasher.hash_one(engine.assessed_of(assessed));
        self.registrations.insert(id, bits);
    }

    /// Registrations about which `rule` could not decide, for want of whichever fact.
    pub(in crate::cli) fn undecided(&self, rule: &str) -> u64 {
        let places = self.pairs.iter().enumerate().filter(|(_, (lacking, _))| *lacking == rule);
        let bits = places.fold(0, |bits, (place, _)| bits | 1 << place);
        self.registrations.values().filter(|undecided| **undecided & bits != 0).count() as u64
    }

    /// What the rules answered by now, in total.
    pub(in crate::cli) fn answered(&mut self, municipality: &str, engine: &Engine) {
        let of_rule = |counts: &crate::engine::RuleCounts| {
            let rule = counts.rule;
            counts.undetermined.iter().map(move |(fact, count)| (rule, *fact, *count)).collect::<Vec<_>>()
        };
        let answers = engine.findings_by_rule().iter().flat_map(of_rule).collect();
        self.answers.insert(municipality.to_owned(), answers);
        self.ignored.insert(municipality.to_owned(), engine.ignored_positions());
    }

    /// How many positions were taken for none, by reason, where any were.
    pub(super) fn ignored_positions(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count = |fault: PositionFault| self.ignored.values().map(|counts| counts[fault as usize]).sum();
        let counts = PositionFault::ALL.map(|fault| (fault.as_str(), count(fault)));
        counts.into_iter().filter(|(_, count)| 0 < *count)
    }

    fn place(&mut self, rule: &'static str, fact: &'static str) -> Option<usize> {
        let known = self.pairs.iter().position(|pair| *pair == (rule, fact));
        known.or_else(|| {
            (self.pairs.len() < PAIRS_MAX).then(|| {
                self.pairs.push((rule, fact));
                self.pairs.len() - 1
            })
        })
    }

    /// All that waits, by fact and rule; `lowered` are findings that weigh less for want of a fact.
    pub(in crate::cli) fn listed<'a>(
        &'a self,
        lowered: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<Lack<'a>> {
        let mut counts: BTreeMap<(&str, &str, (&'static str, &'static str)), u64> = BTreeMap::new();
        for (place, (rule, fact)) in self.pairs.iter().enumerate() {
            let waits = self.registrations.values().filter(|bits| *bits >> place & 1 == 1).count();
            counts.insert((fact, rule, ("registration", "registrations")), waits as u64);
        }
        for (rule, fact, count) in self.answers.values().flatten() {
            // What rules answer about months is not of single registrations.
            if !self.pairs.contains(&(rule, fact)) {
                *counts.entry((fact, rule, ("answer about a month", "answers about months"))).or_default() +=
                    count;
            }
        }
        for (rule, fact) in lowered {
            *counts.entry((fact, rule, ("finding", "findings"))).or_default() += 1;
        }
        let waiting = counts.into_iter().filter(|(_, count)| 0 < *count);
        waiting.map(|((fact, rule, what), count)| Lack { rule, fact, count, what }).collect()
    }
}
