//! A full desk.

use super::*;

/// Ten thousand alerts in two thousand cases, in a program that is not optimised.
#[test]
fn a_full_desk_is_listed_at_once() {
    let served = serve("header");
    fill(&served);
    served.memory.write(|desk| {
        for number in 0..10_000_u32 {
            let mut alert = overlap_alert(&format!("F-{number}"), 1_000 + i64::from(number));
            alert.alert.case_id = format!("0181:carer:carer-{}:2026-03", number % 2_000);
            desk.alert(alert);
        }
    });
    let began = std::time::Instant::now();
    let path = "/sv/cases?municipality=0181";
    let (code, _, page) = ask(served.server.address(), "GET", path, &named("viewer", "0181"), "");
    let took = began.elapsed();
    assert_eq!(code, 200);
    assert!(page.contains("2\u{a0}001"), "all cases are counted");
    assert!(took < Duration::from_secs(5), "it took {took:?}");
}
