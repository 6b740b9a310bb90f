//! Rows about pay periods.

use super::*;

#[test]
fn a_fact_affects_the_periods_of_its_scope() {
    let mut town = OneRuleEngine::new(by_period(|sight| {
        let PeriodSubject::Client(client) = sight.period().subject else { return None };
        u32::try_from(sight.absences(client).count()).ok().filter(|count| 0 < *count)
    }));
    let slot = town.register(&draft("R1", "ann", "bo", 8));
    let client = town.0.state.ledger.counted(slot).client;
    let period = town.period(PeriodSubject::Client(client), 0);
    let absence = FactBody::ClientAbsence {
        client_ref: "bo".to_owned(),
        kind: crate::domain::AbsenceKind::Hospital,
        confirmed_by: crate::domain::ClientAbsenceConfirmedBy::Hospital,
    };
    let [_, affects] = town.0.state.facts.change(&put("absence", absence), &mut town.0.state.interners);
    assert!(town.is_outdated_period(period));
    let mut affected = HashSet::new();
    town.0.periods_affected_by_facts(&[affects].into_iter().collect(), &mut affected);
    assert!(affected.contains(&period));
}

#[test]
fn a_peer_baseline_affects_the_carers_that_can_have_a_pattern() {
    let mut town = OneRuleEngine::new(by_period(|sight| {
        let PeriodSubject::Carer(_) = sight.period().subject else { return None };
        let eligible = sight.peer_baseline(Mark::OF_CLIENTS).eligible;
        (0.0 < eligible).then_some(eligible as u32)
    }));
    let ids = ["R1", "R2", "R3", "R4"];
    let slots: Vec<Slot> =
        (0..).zip(ids).map(|(at, id)| town.register(&draft(id, "ann", "bo", 8 + at))).collect();
    let carer = town.0.state.ledger.counted(slots[0]).carer;
    let period = town.period(PeriodSubject::Carer(carer), 0);
    for id in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
        let visit = town.insert(&draft(id, "cia", "eva", 8));
        town.0.run_rules(visit.slot);
        let marks = town.0.scratch.visit_marks.marks;
        town.0.state.set_marks(visit.slot, marks);
    }
    let changes = town.0.state.refresh_baselines();
    assert!(town.is_outdated_period(period), "three times as many visits are eligible");
    let mut affected = Vec::new();
    town.0.periods_affected_by_baseline(&changes, &mut affected);
    assert!(affected.contains(&period));
}

#[test]
fn a_provider_s_baseline_affects_its_carers_that_can_have_a_pattern() {
    let mut town = OneRuleEngine::new(by_period(|sight| {
        let PeriodSubject::Carer(_) = sight.period().subject else { return None };
        let at_provider =
            sight.state.provider_baselines.get(sight.provider()?, sight.period().month, Mark::OF_CLIENTS);
        (0.0 < at_provider.eligible).then_some(at_provider.eligible as u32)
    }));
    let own = |id, hours| draft(id, "ann", "bo", hours);
    let slots = [own("R1", 8), own("R2", 9), own("R3", 10), own("R4", 11)].map(|own| town.register(&own));
    let elsewhere = Draft { provider: "Q", ..draft("Q", "dan", "ida", 8) };
    let elsewhere = town.register(&elsewhere);
    for id in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
        let visit = town.insert(&draft(id, "cia", "eva", 8));
        town.0.run_rules(visit.slot);
        let marks = town.0.scratch.visit_marks.marks;
        town.0.state.set_marks(visit.slot, marks);
    }
    let mut changes = town.0.state.refresh_baselines();
    changes.retain(|(_, change)| matches!(change, BaselineChange::ShareAt(..)));
    let [period, other] = [slots[0], elsewhere].map(|slot| {
        let carer = town.0.state.ledger.counted(slot).carer;
        town.period(PeriodSubject::Carer(carer), 0)
    });
    assert!(town.is_outdated_period(period) && !town.is_outdated_period(other));
    let mut affected = Vec::new();
    town.0.periods_affected_by_baseline(&changes, &mut affected);
    assert!(affected.contains(&period));
}

#[test]
fn a_period_affects_the_next_one_and_the_one_before() {
    let mut town = OneRuleEngine::new(by_period(|sight| match sight.period().subject {
        PeriodSubject::Carer(_) => sight.tally_before().map(|before| before.visits),
        PeriodSubject::Client(_) => sight.tally_after().map(|after| after.visits),
        _ => None,
    }));
    let april = town.register(&draft("R1", "ann", "bo", 40 * 24));
    let carer = town.0.state.ledger.counted(april).carer;
    let next = town.period(PeriodSubject::Carer(carer), 1);
    let visit = town.insert(&draft("R2", "ann", "eva", 8));
    assert!(town.is_outdated_period(next), "the period before it has a visit now");
    let mut affected = vec![town.period(PeriodSubject::Carer(visit.carer), 0)];
    town.0.periods_affected_by_periods(&mut affected, &HashSet::new());
    assert!(affected.contains(&next));

    let march = town.register(&draft("R3", "cia", "ida", 8));
    let client = town.0.state.ledger.counted(march).client;
    let before = town.period(PeriodSubject::Client(client), 0);
    town.insert(&draft("R4", "cia", "ida", 40 * 24));
    assert!(town.is_outdated_period(before), "the period after it has begun");
    let opened = town.period(PeriodSubject::Client(client), 1);
    let mut affected = vec![opened];
    town.0.periods_affected_by_periods(&mut affected, &HashSet::from([opened]));
    assert!(affected.contains(&before));
}

#[test]
fn a_clients_period_affects_its_pairs() {
    let mut town = OneRuleEngine::new(by_period(|sight| {
        let share = sight.pair()?;
        Some(share.visits * 1000 / sight.tally().visits)
    }));
    let slot = town.register(&draft("R1", "ann", "bo", 8));
    let (carer, client) = (town.0.state.ledger.counted(slot).carer, town.0.state.ledger.counted(slot).client);
    let pair = town.period(PeriodSubject::Pair(carer, client), 0);
    town.insert(&draft("R2", "cia", "bo", 20));
    assert!(town.is_outdated_period(pair), "half of the client's visits are another carer's");
    let mut affected = vec![town.period(PeriodSubject::Client(client), 0)];
    town.0.periods_affected_by_periods(&mut affected, &HashSet::new());
    assert!(affected.contains(&pair));
}

#[test]
fn a_visit_affects_the_periods_that_it_counts_in() {
    let mut town = OneRuleEngine::new(by_period(|sight| {
        (!matches!(sight.period().subject, PeriodSubject::Pair(..))).then(|| sight.tally().visits)
    }));
    town.register(&draft("R1", "ann", "bo", 8));
    let visit = town.insert(&draft("R2", "ann", "bo", 20));
    let subjects = [
        PeriodSubject::Carer(visit.carer),
        PeriodSubject::Client(visit.client),
        PeriodSubject::Provider(visit.provider),
    ];
    let mut dirty = crate::engine::assess::dirty::DirtyPeriods::default();
    dirty.mark(&town.0.state, &town.0.active_rules, &visit);
    for subject in subjects {
        let period = town.period(subject, 0);
        assert!(town.is_outdated_period(period) && dirty.periods.contains(&period), "{subject:?}");
    }
}
