//! The order of reading: a service goes on working while the topics are read one after the other.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::{Payability, RUN, Topics, alert, municipality, partition, visit};

/// What happens while topics are read.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A new version of `R-<id>` is sent; assessed, it leads to a hold or to none.
    Send { id: u8, is_held: bool },
    /// The service assesses the next version and publishes what follows.
    Assess,
    /// The service publishes how far it is.
    Progress,
}

/// When each topic is read to its end, as a number of steps: progress, alerts, feed.
type Times = [usize; 3];

/// The registrations that are payable by a reading at these times although the version that would be paid is one whose
/// assessment holds it.
fn wrongly_payable(steps: &[Step], [progress_at, alerts_at, feed_at]: Times) -> Vec<String> {
    let mut topics = Topics::new();
    let mut sent: Vec<(u8, u32, bool)> = Vec::new();
    let (mut assessed, mut revision) = (0, 0);
    for (time, step) in steps.iter().enumerate() {
        match *step {
            Step::Send { id, is_held } => {
                let version = 1 + u32::try_from(sent.iter().filter(|it| it.0 == id).count()).unwrap();
                if time < feed_at {
                    topics.feed(i64::try_from(sent.len()).unwrap(), &visit(&format!("R-{id}"), version));
                }
                sent.push((id, version, is_held));
            }
            Step::Assess if assessed < sent.len() => {
                let (id, _, is_held) = sent[assessed];
                assessed += 1;
                revision += 1;
                if time < alerts_at {
                    let state = if is_held { "proposed" } else { "superseded" };
                    topics.alert(&alert(&format!("R-{id}"), revision, state));
                }
            }
            Step::Progress if time < progress_at => {
                let through = i64::try_from(assessed).unwrap() - 1;
                topics.progress("partition|0", &partition(through, &json!([])));
                topics.progress("0181", &municipality(through));
            }
            Step::Assess | Step::Progress => {}
        }
    }
    let verdicts = topics.0.verdicts(Some(RUN)).filter(|verdict| verdict.state == Payability::Payable);
    let held = |id: &str, version| {
        sent.iter().any(|(of, number, is_held)| format!("R-{of}") == id && *number == version && *is_held)
    };
    let wrong = verdicts.filter(|it| held(&it.claim.registration_id, it.claim.version.unwrap()));
    wrong.map(|verdict| verdict.claim.registration_id).collect()
}

fn steps() -> impl Strategy<Value = (Vec<Step>, Times)> {
    let step = prop_oneof![
        3 => (0..2_u8, any::<bool>()).prop_map(|(id, is_held)| Step::Send { id, is_held }),
        3 => Just(Step::Assess),
        2 => Just(Step::Progress),
    ];
    proptest::collection::vec(step, 1..16).prop_flat_map(|steps| {
        let times = proptest::collection::vec(0..=steps.len(), 3);
        times.prop_map(move |mut times| {
            times.sort_unstable();
            (steps.clone(), [times[0], times[1], times[2]])
        })
    })
}

proptest! {
    #![proptest_config(Config::with_cases(1_000))]

    #[test]
    fn progress_then_alerts_then_the_feed_never_clears_what_is_held((steps, times) in steps()) {
        prop_assert_eq!(wrongly_payable(&steps, times), [""; 0]);
    }
}

#[test]
fn in_any_other_order_something_held_is_cleared() {
    // The check itself: the same steps, the topics read in another order.
    for (name, order) in [
        ("progress, feed, alerts", [0, 2, 1]),
        ("feed, progress, alerts", [1, 2, 0]),
        ("alerts, progress, feed", [1, 0, 2]),
    ] {
        let config =
            Config { cases: 20_000, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
        let found = TestRunner::new(config).run(&steps(), |(steps, times)| {
            let times = [times[order[0]], times[order[1]], times[order[2]]];
            prop_assert!(wrongly_payable(&steps, times).is_empty());
            Ok(())
        });
        assert!(found.is_err(), "{name}: nothing was cleared that is held");
    }
    // By hand: the version that takes the hold back comes after the feed was read.
    let held = Step::Send { id: 0, is_held: true };
    let corrected = Step::Send { id: 0, is_held: false };
    let steps = [held, Step::Assess, Step::Progress, corrected, Step::Assess, Step::Progress];
    assert_eq!(wrongly_payable(&steps, [3, 5, 3]), ["R-0"]);
    assert_eq!(wrongly_payable(&steps, [3, 5, 5]), [""; 0]);
}
