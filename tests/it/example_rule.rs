//! The example of `src/rules/README.md`, built, run and held to the page.

use std::sync::Arc;

use crate::engines::{Driver, engine_of};
use crate::form::{Said, read};
use crate::scenarios::give;

// What follows up to the end of the module stands on the page, line by line.
mod cut_short {
    //! `cut-short`: a visit lasted less than a part of its planned time, and more is billed than it lasted.
    //!
    //! Why: the client was promised the planned time.
    //!
    //! Finds visits with a plan of which less than `share_min` was registered, and more than that is billed.
    //!
    //! Not a finding: declined visits, visits that are not billed, visits of which no more is billed than registered.
    //!
    //! Grade: review; no second of the registered time is disputed. Undetermined without a plan.

    use std::sync::Arc;

    use tidvakt::domain::wording::{EN, SV, clock_minutes, nearest_minutes};
    use tidvakt::domain::{Class, Explanation, Measure, MissingFact, Sentence, Span};
    use tidvakt::engine::{Definition, Hit, Parts, Report, Sight, VisitRule, Wording};

    /// 1. The definition: `id` is also the name of the file (with `_`), of the section and of the scenario.
    pub static RULE: Definition = Definition {
        id: "cut-short",
        version: 1,
        class: Class::Deviation,
        summary_sv: "Ett besök var mycket kortare än planerat, men mer tid faktureras.",
        summary_en: "A visit was far shorter than planned, but more time is billed.",
        // In `src/rules`: `build: visit_rule::<CutShort>`.
        build: |section| {
            let rule: CutShort = section.try_into()?;
            Ok(Parts { visit: Some(Arc::new(rule)), period: None })
        },
    };

    /// 2. The parameters: keys of the section, the unit before `_min` or `_max`. Unknown keys are refused.
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct CutShort {
        /// Share of the planned time below which a visit is cut short, 0 to 1.
        share_min: f64,
    }

    /// 3. The rule: a pure function of the sight. It reads one visit, so `depends_on` keeps its default.
    impl VisitRule for CutShort {
        fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
            let own = sight.visit();
            // The lawful explanations first, the cheap ones before the dear ones.
            if !own.is_performed() || !own.billable || own.paid_seconds() <= own.seconds() {
                return;
            }
            // A missing fact is neither a finding nor an acquittal.
            let Some(planned) = own.planned().map(Span::seconds) else {
                return report.undetermined(MissingFact::Plan);
            };
            if (own.seconds() as f64) < self.share_min * planned as f64 {
                report.hit(self.hit(sight, planned));
            }
        }
    }

    impl CutShort {
        /// 4. The finding: grade, both sides of the evidence, the explanations that were tested, the sentence.
        fn hit(&self, sight: &Sight<'_>, planned: i64) -> Hit<impl Wording> {
            let (own, label) = (sight.visit(), sight.label());
            Hit::review()
                .observed([
                    Measure::whole("registered_seconds", own.seconds()),
                    Measure::whole("billed_seconds", own.paid_seconds()),
                ])
                .expected([
                    Measure::whole("planned_seconds", planned),
                    Measure::real("planned_share_min", self.share_min),
                ])
                .excluded(&[Explanation::DeclinedVisit, Explanation::NotBilled])
                // 5. Written only where the alert is published. It names its subject, accuses nobody, and takes
                // numbers, dates and times from `domain::wording`.
                .text(move || Sentence {
                    sv: format!(
                        "Besöket {} varade i {} av planerade {}.",
                        label.dated_sv(),
                        SV.length(clock_minutes(own.span)),
                        SV.length(nearest_minutes(planned))
                    ),
                    en: format!(
                        "Visit {} lasted {} of {} planned.",
                        label.dated_en(),
                        EN.length(clock_minutes(own.span)),
                        EN.length(nearest_minutes(planned))
                    ),
                })
        }
    }
}

/// The positive, its honest twins, and the correction that takes it back.
const SCENARIO: &str = "\
== a quarter of the planned hour, and all of it billed
homes apart bo
R1 carer ann at client bo 08:00-08:15 plan 08:00-09:00 billed 3600
R2 carer ann at client bo 10:00-10:15 plan 10:00-11:00 billed 900
R3 carer ann at client bo 12:00-12:15 plan 12:00-13:00 outcome declined billed 3600
R4 carer ann at client bo 14:00-14:15 billed 3600
R1.2 carer ann at client bo 08:00-09:00 plan 08:00-09:00 billed 3600
";

#[test]
fn the_example_finds_its_case_and_takes_it_back() {
    let section: toml::Table = "share_min = 0.5".parse().unwrap();
    let parts = (cut_short::RULE.build)(section).unwrap();
    let registered = tidvakt::engine::RegisteredRule { definition: &cut_short::RULE, shadow: false, parts };
    let mut driver = Driver::new(engine_of(Arc::from(vec![registered])));
    let lines = read(SCENARIO).unwrap();
    let (correction, before) = lines.split_last().unwrap();
    before.iter().filter(|line| !matches!(line.said, Said::Case)).for_each(|line| {
        give(&mut driver, &line.said, &mut Vec::new());
    });
    let open = driver.engine.open_alerts();
    let texts: Vec<&str> = open.iter().map(|alert| alert.findings[0].text.en.as_str()).collect();
    assert_eq!(texts, ["Visit R1 on 2 March 2026 at 08:00–08:15 lasted 15 minutes of 1 hour planned."]);
    let undetermined = &driver.engine.findings_by_rule()[0].undetermined;
    assert_eq!(*undetermined, [("plan", 1)]);
    give(&mut driver, &correction.said, &mut Vec::new());
    assert!(driver.engine.open_alerts().is_empty());
    assert!((cut_short::RULE.build)("hours = 2".parse().unwrap()).is_err());
}

#[test]
fn the_page_shows_the_example_as_it_is_built() {
    let source = include_str!("example_rule.rs");
    let (_, module) = source.split_once("\nmod cut_short {\n").unwrap();
    let (module, _) = module.split_once("\n}\n").unwrap();
    let module: String =
        module.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    let (_, scenario) = source.split_once("const SCENARIO: &str = \"\\\n").unwrap();
    let (scenario, _) = scenario.split_once("\";\n").unwrap();
    let page = include_str!("../../src/rules/README.md");
    assert!(
        page.contains(&format!("```rust\n{module}```\n")),
        "the example of src/rules/README.md is not current"
    );
    assert!(page.contains(&format!("```text\n{scenario}```\n")), "its scenario is not current");
}
