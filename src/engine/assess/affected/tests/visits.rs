//! Rows about visits.

use super::*;

#[test]
fn a_late_visit_affects_neighbours_with_findings_and_those_that_depend_on_it() {
    let (early, late) = (draft("R1", "ann", "bo", 8), draft("R2", "ann", "eva", 10));
    let mut lonely = OneRuleEngine::new(by_visit(|sight, report| {
        if sight.before_at_carer(|_| true).is_none() {
            report.hit(Hit::review().text(sentence));
        }
    }));
    let slot = lonely.register(&late);
    let visit = lonely.insert(&early);
    assert!(lonely.is_outdated(slot), "its finding is withdrawn");
    assert_eq!(named(|into| lonely.0.affected_by_late_visit(&visit, into)), [slot]);

    let mut followed = OneRuleEngine::new(by_visit_and_later(has_visit_before, |sight, later| {
        later.carer == sight.visit().carer
    }));
    let slot = followed.register(&late);
    let visit = followed.insert(&early);
    assert!(followed.is_outdated(slot), "it has a finding now");
    assert_eq!(named(|into| followed.0.affected_by_late_visit(&visit, into)), [slot]);
}

#[test]
fn a_late_visit_affects_the_whole_of_a_long_day() {
    let long_day = |sight: &Sight<'_>, report: &mut Report<'_>| {
        if 60 <= sight.carer_minutes_on(sight.visit().day) {
            report.hit(Hit::review().text(sentence));
        }
    };
    let stub = VisitStub { visit: long_day, depends_on: |_, _| false, long_day_minutes: Some(59) };
    let mut town = OneRuleEngine::new(Parts { visit: Some(Arc::new(stub)), period: None });
    let first = town.register(&draft("R1", "ann", "bo", 6));
    let visit = town.insert(&draft("R2", "ann", "eva", 20));
    assert!(town.is_outdated(first), "fourteen hours before it, on the same day");
    assert!(named(|into| town.0.affected_by_late_visit(&visit, into)).contains(&first));
}

#[test]
fn a_version_affects_the_neighbours_of_the_one_that_it_replaces() {
    let mut town = OneRuleEngine::new(by_visit(has_visit_before));
    let early = town.register(&draft("R1", "ann", "bo", 8));
    let later = town.register(&draft("R2", "ann", "eva", 10));
    let visit = town.0.state.ledger.counted(early).clone();
    let affected = named(|into| town.0.affected_by_retracted_version(&visit, into));
    town.retract(early);
    assert!(town.is_outdated(later), "the visit before it has moved away");
    assert!(affected.contains(&later));
}

/// Hits on both of two partners, wherever they are.
fn has_partner(sight: &Sight<'_>, report: &mut Report<'_>) {
    for partner in sight.visit().partners().iter().filter_map(|id| sight.find(id)) {
        report.hit(Hit::review().related([partner.slot]).text(sentence));
    }
}

/// Two partners on different days, of different carers and clients.
fn partners(town: &mut OneRuleEngine) -> [Slot; 2] {
    let first = Draft { partner: Some("R2"), ..draft("R1", "ann", "bo", 8) };
    let second = Draft { partner: Some("R1"), ..draft("R2", "cia", "eva", 8 + 10 * 24) };
    [first, second].map(|draft| town.register(&draft))
}

#[test]
fn a_cancellation_affects_the_registrations_that_its_findings_named() {
    let mut town = OneRuleEngine::new(by_visit(has_partner));
    let [first, second] = partners(&mut town);
    town.0.assess_again(first, &mut Vec::new(), &mut Vec::new());
    let visit = town.retract(second);
    assert!(town.is_outdated(first), "its partner is gone");
    let before = town.0.visits[&second].clone();
    assert!(!named(|into| town.0.affected_by_retracted_version(&visit, into)).contains(&first));
    assert_eq!(named(|into| Engine::affected_by_cancellation(&before, into)), [first]);
}

#[test]
fn a_finding_affects_the_registrations_that_it_names_or_named() {
    let mut town = OneRuleEngine::new(by_visit(has_partner));
    let first = town.register(&Draft { partner: Some("R2"), ..draft("R1", "ann", "bo", 8) });
    let visit = town.insert(&Draft { partner: Some("R1"), ..draft("R2", "cia", "eva", 8 + 10 * 24) });
    assert!(town.is_outdated(first), "its partner has come");
    town.0.run_rules(visit.slot);
    let named_now = SubjectState { hits: town.0.scratch.hits.clone(), ..SubjectState::default() };
    affects_before_and_now(&named_now, first);
}

fn affects_before_and_now(state: &SubjectState, other: Slot) {
    let nothing = SubjectState::default();
    assert_eq!(named(|into| Engine::affected_by_findings(&nothing, state, into)), [other]);
    assert_eq!(named(|into| Engine::affected_by_findings(state, &nothing, into)), [other]);
}

#[test]
fn a_visit_affects_the_counterpart_on_which_a_finding_on_both_falls() {
    // Of two visits it falls on the first that came.
    let mut town = OneRuleEngine::new(by_visit(|sight, report| {
        for (other, _) in sight.overlapping_at_client() {
            let is_first = sight.visit().slot < other.slot;
            report.pair_on(sight, is_first, other, || Hit::review().related([other.slot]).text(sentence));
        }
    }));
    let first = town.register(&draft("R1", "ann", "bo", 8));
    let second = town.insert(&draft("R2", "cia", "bo", 8));
    assert!(town.is_outdated(first), "the finding on both falls on it");
    let mut affected = Vec::new();
    town.0.assess_again(second.slot, &mut affected, &mut Vec::new());
    assert_eq!(affected, [first]);
    let current = town.0.visits[&second.slot].clone();
    assert!(current.hits.is_empty());
    affects_before_and_now(&current, first);
    assert_eq!(named(|into| Engine::affected_by_cancellation(&current, into)), [first]);
}

#[test]
fn a_fact_affects_the_visits_of_its_scope() {
    let home = |client: &str| FactBody::ClientHome {
        client_ref: client.to_owned(),
        household_ref: Some("h".to_owned()),
        place: None,
    };
    let tag =
        |tag: &str, client: &str| FactBody::Tag { tag_ref: tag.to_owned(), client_ref: client.to_owned() };
    let employment = |carer: &str, provider: &str| FactBody::Employment {
        carer_ref: carer.to_owned(),
        provider_id: provider.to_owned(),
    };
    // Hits where a home, a mounted tag or a list of the provider is known.
    let mut town = OneRuleEngine::new(by_visit(|sight, report| {
        let visit = sight.visit();
        let of_tag = visit.start_tag.and_then(|tag| sight.tag_client(tag));
        let homes =
            [Some(visit.client), of_tag].into_iter().flatten().filter_map(|client| sight.home_of(client));
        let known = homes.count() + usize::from(of_tag.is_some()) + usize::from(sight.employed().is_some());
        if 0 < known {
            report.hit(Hit::review().observed([Measure::whole("known", known as i64)]).text(sentence));
        }
    }));
    let plain = town.register(&draft("R1", "ann", "bo", 8));
    let tagged = town.register(&Draft { tag: Some("T"), ..draft("R2", "cia", "eva", 8) });
    let other = town.register(&Draft { provider: "Q", ..draft("R3", "dan", "ida", 8) });
    for (change, outdated) in [
        (put("tag", tag("T", "bo")), vec![tagged]),
        (put("home", home("bo")), vec![plain, tagged]),
        (put("employment", employment("ann", "Q")), vec![]),
        (put("employment-of-dan", employment("dan", "P")), vec![plain, other]),
    ] {
        let affects = town.0.state.facts.change(&change, &mut town.0.state.interners);
        let affected = named(|into| town.0.affected_by_facts(&affects.into_iter().collect(), into));
        for slot in [plain, tagged, other] {
            assert_eq!(town.is_outdated(slot), outdated.contains(&slot), "{change:?} {slot:?}");
            assert!(affected.contains(&slot) || !outdated.contains(&slot), "{change:?} {slot:?}");
            town.0.assess_again(slot, &mut Vec::new(), &mut Vec::new());
        }
        // The rates at which such findings are made moved.
        town.0.apply_limits(&mut Vec::new());
    }
}

#[test]
fn a_resolution_affects_the_visits_of_the_source() {
    // Hits where the times of its source are exact.
    let mut town = OneRuleEngine::new(by_visit(|sight, report| {
        if sight.step_seconds(sight.visit()) == 0 {
            report.hit(Hit::review().text(sentence));
        }
    }));
    let known = town.register(&draft("R", "ann", "bo", 8));
    let other = town.register(&Draft { provider: "Q", ..draft("Q", "dan", "ida", 8) });
    // All of them begin and end on a quarter of an hour.
    const IDS: [&str; 19] =
        ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "S", "T", "U", "V"];
    for (day, id) in (1..).zip(IDS) {
        assert!(!town.is_outdated(known), "too few ends to decide");
        town.insert(&draft(id, "cia", "eva", 8 + 24 * day));
    }
    assert!(town.is_outdated(known) && !town.is_outdated(other));
    let affected = named(|into| town.0.affected_by_resolution(into));
    assert!(affected.contains(&known) && !affected.contains(&other));
}

#[test]
fn the_clock_affects_the_visits_whose_findings_are_due() {
    let due = |sight: &Sight<'_>| sight.visit().span.end().plus(DAY);
    let mut town = OneRuleEngine::new(Parts {
        visit: Some(Arc::new(VisitStub {
            visit: |sight, report| {
                report.hit_from(sight.visit().span.end().plus(DAY), Hit::review().text(sentence));
            },
            depends_on: |_, _| false,
            long_day_minutes: None,
        })),
        period: None,
    });
    let waiting = town.register(&draft("R", "ann", "bo", 8));
    assert!(town.0.visits.is_empty());
    let end = due(&Sight::new(&town.0.state, town.0.state.ledger.counted(waiting)));
    town.0.assess_due(end.plus(-1), &mut Vec::new());
    assert!(!town.is_outdated(waiting) && town.0.visits.is_empty());
    town.0.assess_due(end, &mut Vec::new());
    assert!(town.0.visits.contains_key(&waiting) && !town.is_outdated(waiting));
}

#[test]
fn the_days_of_an_offices_corrections_affect_its_visits_with_findings_made_or_waiting() {
    // A slip at the client "bo".
    let mut town = OneRuleEngine::new(by_visit(|sight, report| {
        if sight.visit().minute == 8 * 60 {
            report.hit_from(sight.corrected_by(), Hit::review().text(sentence));
        }
    }));
    let due = town.register(&draft("R", "ann", "bo", 8));
    town.0.assess_due(town.0.state.ledger.counted(due).span.end().plus(4 * DAY), &mut Vec::new());
    let waiting = town.register(&draft("S", "ann", "bo", 8 + 24 * 7));
    let clear = town.register(&draft("T", "ann", "bo", 9));
    let elsewhere = town.register(&Draft { provider: "Q", ..draft("Q", "dan", "ida", 8) });
    assert!(town.0.visits.contains_key(&due) && !town.0.visits.contains_key(&waiting));
    let provider = town.0.state.ledger.counted(due).provider;
    let month = town.0.state.ledger.counted(due).pay_period;
    town.0.state.corrections.correct_late(provider, month);
    assert!(town.is_outdated(due), "it is due in two weeks now");
    let affected = named(|into| town.0.affected_by_corrections(into));
    assert!(affected.contains(&due) && affected.contains(&waiting));
    assert!(!affected.contains(&clear) && !affected.contains(&elsewhere));
}

#[test]
fn a_base_rate_affects_the_visits_with_findings_at_the_source() {
    // Hits at one client.
    let mut town = OneRuleEngine::within(
        by_visit(|sight, report| {
            if sight.visit().minute == 8 * 60 {
                report.hit(Hit::review().text(sentence));
            }
        }),
        |bounds| bounds.habit_share = 0.01,
    );
    let found = town.register(&draft("R", "ann", "bo", 8));
    let clear = town.register(&draft("S", "ann", "bo", 9));
    let elsewhere = town.register(&Draft { provider: "Q", ..draft("Q", "dan", "ida", 8) });
    for (day, (id, carer)) in (1..).zip([("A", "cia"), ("B", "eva"), ("C", "ida")]) {
        let visit = town.insert(&draft(id, carer, "eva", 8 + 24 * day));
        let source = RateSource::of(&visit);
        let counted = Some(Findings { source, carer: visit.carer, rules: 1 });
        town.0.state.rates.replace(None, counted);
    }
    assert!(town.is_outdated(found), "it is a habit now");
    assert!(!town.is_outdated(clear) && !town.is_outdated(elsewhere));
    let mut affected = Vec::new();
    town.0.affected_by_rates(&mut affected);
    assert!(affected.contains(&found) && !affected.contains(&elsewhere));
    let provider = town.0.state.ledger.counted(found).provider;
    let period = town.period(PeriodSubject::Provider(provider), 0);
    assert!(town.0.dirty.periods.contains(&period));
}

#[test]
fn a_decision_affects_the_alert_of_its_hold() {
    let mut town = OneRuleEngine::new(by_visit(has_visit_before));
    town.register(&draft("R1", "ann", "bo", 8));
    let held = town.register(&draft("R2", "ann", "eva", 10));
    let hold_state = |town: &OneRuleEngine| town.0.open_alerts()[0].hold.as_ref().map(|hold| hold.state);
    let before = hold_state(&town);
    let decision = Decision {
        decision_id: "D".to_owned(),
        alert_id: "0181:registration:R2".to_owned(),
        hold_id: None,
        until: None,
        seconded_by: None,
        action: Action::Release,
        outcome: Some(DecisionOutcome::AcceptableExplanation),
        reason: String::new(),
        decided_by: "reviewer".to_owned(),
        decided_at: MONDAY.plus(91 * DAY),
        drawn: false,
        exception: None,
    };
    town.0.decisions.insert(decision.alert_id.clone(), decision.clone());
    assert_ne!(hold_state(&town), before, "the published hold is out of date");
    assert_eq!(town.0.affected_by_decision(&decision), Some(held));
}

#[test]
fn a_clients_mean_length_affects_the_marks_of_its_next_month() {
    let mut town = OneRuleEngine::new(by_visit(|sight, report| {
        let ratio = sight.visit().log_ratio().unwrap_or(0.0);
        report.length(ratio, ratio - sight.client_usual_length(sight.visit(), 1.0));
    }));
    let april = town.register(&draft("R1", "ann", "bo", 40 * 24));
    let march = town.insert(&draft("R2", "cia", "bo", 8));
    town.0.run_rules(march.slot);
    let marks = town.0.scratch.visit_marks.marks;
    town.0.state.set_marks(march.slot, marks);
    assert!(town.is_outdated(april), "its residual is corrected by another mean");
    let (client, month) = (march.client, march.pay_period);
    assert_eq!(named(|into| town.0.affected_by_client_baseline(client, month, into)), [april]);
}

#[test]
fn a_device_affects_the_visits_of_its_day() {
    let mut town = OneRuleEngine::new(by_visit(|sight, report| {
        if 0 < sight.others_with_device() {
            report.hit(Hit::review().text(sentence));
        }
    }));
    let with_device = |draft: Draft| Draft { device: Some("D"), ..draft };
    let slot = town.register(&with_device(draft("R1", "ann", "bo", 6)));
    let visit = town.insert(&with_device(draft("R2", "cia", "eva", 20)));
    assert!(town.is_outdated(slot), "another carer had the device fourteen hours later");
    assert!(!named(|into| town.0.affected_by_late_visit(&visit, into)).contains(&slot));
    assert!(named(|into| town.0.affected_by_devices(into)).contains(&slot));
}

#[test]
fn a_breaker_affects_the_holds_of_its_day() {
    let mut town = OneRuleEngine::within(by_visit(has_visit_before), |bounds| {
        (bounds.rule_holds_a_day_max, bounds.rule_holds_share_max) = (1, 0.0);
    });
    town.register(&draft("R1", "ann", "bo", 8));
    let held = town.register(&draft("R2", "ann", "eva", 10));
    let day = town.0.state.ledger.counted(held).day;
    town.0.hold_limits.hold(0, day, Change::Insert);
    assert!(town.0.hold_limits.update_breaker(0, day, &town.0.state.settings.bounds.clone()));
    assert!(town.is_outdated(held), "its hold waits for a person now");
    assert_eq!(named(|into| town.0.affected_by_breaker(0, day, into)), [held]);
}

#[test]
fn a_cap_affects_the_holds_beyond_it() {
    let mut town = OneRuleEngine::within(by_visit(has_visit_before), |bounds| {
        (bounds.provider_held_share_max, bounds.provider_held_seconds_min) = (0.7, 0);
    });
    let slots =
        [("R1", 8), ("R2", 10), ("R3", 11)].map(|(id, hours)| town.register(&draft(id, "ann", "bo", hours)));
    let held = slots[2];
    assert!(!town.is_outdated(held));
    let visit = town.retract(slots[0]);
    town.0.hold_limits.paid(visit.provider, visit.pay_period);
    let affected = named(|into| town.0.affected_by_caps(into));
    assert!(affected.contains(&held), "{affected:?}");
    assert!(town.is_outdated(held), "two holds fit into the cap of three visits, not into that of two");
}
