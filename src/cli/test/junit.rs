//! A report as JUnit XML, as build servers read it.

use std::fmt::Write as _;

use super::Outcome;

pub(super) fn report(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"tidvakt\" tests=\"{}\" failures=\"{failed}\" time=\"{seconds:.3}\">\n",
        outcomes.len()
    );
    for Outcome { name, differences, seconds, .. } in outcomes {
        let _ = write!(out, "  <testcase name=\"{}\" time=\"{seconds:.3}\"", escaped(name));
        if differences.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        let (first, all) = (escaped(&differences[0]), escaped(&differences.join("\n")));
        let _ = writeln!(out, ">\n    <failure message=\"{first}\">{all}</failure>\n  </testcase>");
    }
    out.push_str("</testsuite>\n");
    out
}

/// `text` as content of an element or attribute; control characters, which XML has no place for, as blanks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            char if char.is_control() => out.push(' '),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_differences_stay_within_their_elements() {
        let outcome = |name: &str, differences: &[&str]| Outcome {
            name: name.to_owned(),
            alerts: 0,
            differences: differences.iter().map(|&text| text.to_owned()).collect(),
            seconds: 0.25,
        };
        let report =
            report(&[outcome("a<b>", &[]), outcome("c", &["missing: \"x\"", "differs: \u{0} & more"])]);
        assert!(report.contains("tests=\"2\" failures=\"1\" time=\"0.500\""), "{report}");
        assert!(report.contains("<testcase name=\"a&lt;b&gt;\" time=\"0.250\"/>"), "{report}");
        assert!(report.contains("message=\"missing: &quot;x&quot;\""), "{report}");
        assert!(report.contains("differs:   &amp; more</failure>"), "{report}");
    }
}
