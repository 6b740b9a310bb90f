//! Charts as SVG; colours come from the page's style.

use std::fmt::Write as _;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;

/// From 0 to 1 on the page.
fn x(share: f64) -> f64 {
    LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

fn y(share: f64) -> f64 {
    HEIGHT - BOTTOM - share.clamp(0.0, 1.0) * (HEIGHT - BOTTOM - TOP)
}

fn begin(label: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">")
}

/// Precision over recall, a line for each curve.
pub(super) fn precision_recall(curves: &[&[(f64, f64)]]) -> String {
    let mut out = begin("precision over recall");
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let (across, up) = (x(share), y(share));
        let _ = write!(
            out,
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{up:.1}\" y2=\"{up:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share:.2}</text>\
             <text x=\"{across:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{share:.2}</text>",
            x(1.0),
            LEFT - 6.0,
            up + 4.0,
            HEIGHT - BOTTOM + 16.0
        );
    }
    for curve in curves {
        let points: Vec<String> = curve
            .iter()
            .map(|&(recall, precision)| format!("{:.1},{:.1}", x(recall), y(precision)))
            .collect();
        let _ = write!(out, "<polyline class=\"curve\" points=\"{}\"/>", points.join(" "));
    }
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">recall</text><text x=\"{:.1}\" y=\"{:.1}\">precision</text></svg>",
        x(1.0),
        HEIGHT - 2.0,
        LEFT + 4.0,
        TOP + 8.0
    );
    out
}

/// Observed over nominal at each level, from a tenth to ten times, with a band from half to twice.
pub(super) fn calibration(rows: &[[Option<f64>; 3]], levels: &[f64; 3]) -> String {
    let place = |ratio: f64| y((ratio.max(0.1).log10() + 1.0) / 2.0);
    let column = |level: usize| x((level as f64 + 0.5) / 3.0);
    let mut out = begin("calibration");
    let _ = write!(
        out,
        "<rect class=\"band\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\
         <line class=\"ideal\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
        place(2.0),
        x(1.0) - LEFT,
        place(0.5) - place(2.0),
        x(1.0),
        place(1.0),
        place(1.0)
    );
    for ratio in [0.1, 0.5, 1.0, 2.0, 10.0] {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{ratio}</text>",
            LEFT - 6.0,
            place(ratio) + 4.0
        );
    }
    for (number, level) in levels.iter().enumerate() {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">p ≤ {level}</text>",
            column(number),
            HEIGHT - BOTTOM + 16.0
        );
        for ratio in rows.iter().filter_map(|row| row[number]) {
            let _ = write!(
                out,
                "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>",
                column(number),
                place(ratio)
            );
        }
    }
    out.push_str("</svg>");
    out
}

/// A share as a bar in a line of text.
pub(in crate::cli) fn bar(share: f64, weak: bool) -> String {
    let class = if weak { "weak" } else { "bar" };
    format!(
        "<svg viewBox=\"0 0 100 10\" style=\"width:6rem\" aria-hidden=\"true\">\
         <rect class=\"rest\" width=\"100\" height=\"10\"/>\
         <rect class=\"{class}\" width=\"{:.0}\" height=\"10\"/></svg>",
        100.0 * share.clamp(0.0, 1.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_where_they_should() {
        assert_eq!((x(0.0), x(1.0)), (LEFT, WIDTH - RIGHT));
        assert_eq!((y(0.0), y(1.0)), (HEIGHT - BOTTOM, TOP));
        let chart = precision_recall(&[&[(0.0, 1.0), (1.0, 0.0)]]);
        assert!(chart.contains("points=\"44.0,12.0 408.0,266.0\""), "{chart}");
        // Right is the middle of the scale; a tenth and less lies at its bottom.
        let chart = calibration(&[[Some(1.0), Some(0.01), None]], &[0.01, 0.001, 0.0001]);
        assert!(chart.contains("cy=\"139.0\"") && chart.contains("cy=\"266.0\""), "{chart}");
        assert_eq!(chart.matches("<circle").count(), 2);
    }
}
