//! The arithmetic of quality: pure, over plain numbers.

use std::collections::BTreeSet;

/// A ranked item with the planted labels that it finds; without any it is a false alarm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranked {
    /// Higher ranks first.
    pub(super) score: f64,
    /// Numbers of planted labels.
    pub(super) finds: Vec<usize>,
}

/// A point of the curve of precision over recall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Share of the planted labels found so far.
    pub(super) recall: f64,
    /// Share of the items so far that found a label.
    pub(super) precision: f64,
}

/// Precision over recall from the highest score down. Equal scores are taken together, so that the curve does not
/// depend on their order.
pub(super) fn curve(mut ranked: Vec<Ranked>, planted: usize) -> Vec<Point> {
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut points = Vec::new();
    let (mut seen, mut hits) = (0_usize, 0_usize);
    let mut found = BTreeSet::<usize>::new();
    for equals in ranked.chunk_by(|a, b| a.score == b.score) {
        let before = found.len();
        for one in equals {
            seen += 1;
            hits += usize::from(!one.finds.is_empty());
            found.extend(&one.finds);
        }
        if before < found.len() {
            let recall = ratio(found.len(), planted).unwrap_or_default();
            points.push(Point { recall, precision: hits as f64 / seen as f64 });
        }
    }
    points
}

/// The area under the steps of `curve`; `None` where nothing was planted.
pub(super) fn average_precision(points: &[Point], planted: usize) -> Option<f64> {
    let mut before = 0.0;
    let area = points.iter().map(|point| {
        let gained = point.recall - before;
        before = point.recall;
        gained * point.precision
    });
    (0 < planted).then(|| area.sum())
}

/// `part` of `whole`; `None` where there is no whole.
pub(super) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (0 < whole).then(|| part as f64 / whole as f64)
}

/// How much more often than `level` a p-value of at most `level` was seen; 1 is right, and `None` is
/// said of nothing.
pub(super) fn calibration(p_values: &[f64], level: f64) -> Option<f64> {
    let below = p_values.iter().filter(|p| **p <= level).count();
    ratio(below, p_values.len()).map(|share| share / level)
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length.is_multiple_of(2) => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

/// Mean, least and most of the values that there are.
pub(super) fn spread(values: impl IntoIterator<Item = Option<f64>>) -> Option<(f64, f64, f64)> {
    let values: Vec<f64> = values.into_iter().flatten().collect();
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let most = values.iter().copied().max_by(f64::total_cmp)?;
    Some((values.iter().sum::<f64>() / values.len() as f64, least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(rows: &[(f64, &[usize])]) -> Vec<Ranked> {
        rows.iter().map(|&(score, finds)| Ranked { score, finds: finds.to_vec() }).collect()
    }

    fn ap(rows: &[(f64, &[usize])], planted: usize) -> f64 {
        average_precision(&curve(ranked(rows), planted), planted).expect("something is planted")
    }

    #[test]
    fn average_precision_by_hand() {
        // Found at ranks 1 and 3 of two: (1/1 + 2/3) / 2.
        assert_eq!(ap(&[(9.0, &[0]), (8.0, &[]), (7.0, &[1])], 2), (1.0 + 2.0 / 3.0) / 2.0);
        // One of two is never ranked: only half of the area is there.
        assert_eq!(ap(&[(9.0, &[0])], 2), 0.5);
        // A false alarm first.
        assert_eq!(ap(&[(9.0, &[]), (8.0, &[0])], 1), 0.5);
        assert_eq!(average_precision(&[], 0), None);
    }

    #[test]
    fn either_member_of_a_pair_finds_it_once() {
        // The second alert leads to the same one: no false alarm, and nothing new.
        assert_eq!(ap(&[(9.0, &[0]), (8.0, &[0]), (7.0, &[1])], 2), 1.0);
        assert_eq!(ap(&[(9.0, &[0, 1])], 2), 1.0);
    }

    #[test]
    fn equals_are_looked_at_together() {
        // Whatever their order: two of four are hits when the first is found.
        assert_eq!(ap(&[(0.0, &[]), (0.0, &[0]), (0.0, &[]), (0.0, &[1])], 2), 0.5);
        let points = curve(ranked(&[(1.0, &[0]), (0.0, &[]), (0.0, &[1])]), 2);
        let at = |recall, precision| Point { recall, precision };
        assert_eq!(points, [at(0.5, 1.0), at(1.0, 2.0 / 3.0)]);
    }

    #[test]
    fn calibration_by_hand() {
        let p_values: Vec<f64> = (1..=1_000).map(|n| f64::from(n) / 1_000.0).collect();
        assert_eq!(calibration(&p_values, 0.01), Some(1.0));
        assert_eq!(calibration(&[0.001, 0.5, 0.5, 0.5], 0.01), Some(25.0));
        assert_eq!(calibration(&[], 0.01), None);
    }

    #[test]
    fn medians_and_spreads_by_hand() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
        assert_eq!(spread([Some(1.0), None, Some(4.0)]), Some((2.5, 1.0, 4.0)));
        assert_eq!(spread([None]), None);
    }
}
