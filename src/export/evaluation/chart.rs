//! Bars with intervals, as SVG.

use std::fmt::Write;

/// A bar.
pub(super) struct Bar<'a> {
    /// As HTML.
    pub(super) label: &'a str,
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
}

/// Height of a bar with its gap, and the widths of labels, bars and values, in pixels.
const ROW: f64 = 26.0;
const LABEL: f64 = 190.0;
const PLOT: f64 = 420.0;
const VALUE: f64 = 70.0;

/// Horizontal bars on a scale from 0 to a round number above the greatest value, in the colours of the page. The title is
/// HTML.
pub(super) fn bars(title: &str, bars: &[Bar<'_>]) -> String {
    let top =
        bars.iter().map(|bar| bar.interval.map_or(bar.value, |(_, high)| high.max(bar.value)));
    let top = scale(top.fold(0.0, f64::max));
    let (width, height) = (LABEL + PLOT + VALUE, ROW * bars.len() as f64 + 34.0);
    let x = |value: f64| LABEL + PLOT * (value / top).clamp(0.0, 1.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" aria-label=\"{title}\">"
    );
    let bottom = height - 22.0;
    for step in 0..=4 {
        let value = top * f64::from(step) / 4.0;
        let at = x(value);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"4\" x2=\"{at:.1}\" y2=\"{bottom}\"/>\
             <text class=\"tick\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.2}</text>",
            height - 6.0
        );
    }
    for (place, bar) in bars.iter().enumerate() {
        let y = 6.0 + ROW * place as f64;
        let (middle, end) = (y + ROW / 2.0 - 2.0, x(bar.value));
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{LABEL}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            LABEL - 8.0,
            middle + 4.0,
            bar.label,
            end - LABEL,
            ROW - 6.0
        );
        let mut text_at = end;
        if let Some((low, high)) = bar.interval {
            let (low, high) = (x(low), x(high));
            text_at = text_at.max(high);
            let _ = write!(
                svg,
                "<line class=\"whisker\" x1=\"{low:.1}\" y1=\"{middle:.1}\" x2=\"{high:.1}\" y2=\"{middle:.1}\"/>"
            );
        }
        let _ = write!(
            svg,
            "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{:.4}</text>",
            text_at + 8.0,
            middle + 4.0,
            bar.value
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A round number that is not below the greatest value.
fn scale(greatest: f64) -> f64 {
    let steps = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0];
    steps.into_iter().find(|step| greatest <= *step).unwrap_or_else(|| greatest.max(1.0))
}

/// The least of 1, 2, 4, 6 and 8 times a power of ten that is not below a number; 4 for 0, which four steps need.
fn round_above(number: f64) -> f64 {
    let mut unit = 1.0;
    while unit * 10.0 <= number {
        unit *= 10.0;
    }
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * unit).find(|step| number <= *step && *step >= 4.0).unwrap_or(4.0)
}

/// A point of a curve.
pub(super) struct Point {
    /// As HTML.
    pub(super) label: String,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Height of a curve's plot, in pixels.
const CURVE: f64 = 220.0;

/// Least width of a curve's scale: points that differ by less lie above each other.
const SPAN_MIN: f64 = 0.01;

/// Points joined by lines in their order: `x` from about its least to its greatest value, `y` from 0 to a round number. The
/// title and the names are HTML.
pub(super) fn curve(title: &str, (x_name, y_name): (&str, &str), points: &[Point]) -> String {
    let greatest = points.iter().map(|point| point.x).fold(f64::MIN, f64::max);
    let least = points.iter().map(|point| point.x).fold(f64::MAX, f64::min);
    let span = (greatest - least).max(SPAN_MIN);
    let least = greatest - span;
    let top = round_above(points.iter().map(|point| point.y).fold(0.0, f64::max));
    let (left, width, height) = (70.0, PLOT + 170.0, CURVE + 76.0);
    let x = |value: f64| left + 30.0 + (PLOT - 40.0) * (value - least) / span;
    let y = |value: f64| 28.0 + CURVE * (1.0 - value / top);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" aria-label=\"{title}\">"
    );
    for step in 0..=4 {
        let value = top * f64::from(step) / 4.0;
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{left}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>",
            left + PLOT + 20.0,
            left - 8.0,
            y(value) + 4.0,
            at = y(value)
        );
    }
    for step in 0..=2 {
        let value = least + span * f64::from(step) / 2.0;
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.3}</text>",
            x(value),
            height - 28.0
        );
    }
    let path: Vec<String> =
        points.iter().map(|point| format!("{:.1},{:.1}", x(point.x), y(point.y))).collect();
    let _ = write!(svg, "<polyline class=\"curve\" points=\"{}\"/>", path.join(" "));
    // Labels of points at about one place stand above each other.
    let mut labels: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let (x, y) = (x(point.x), y(point.y));
        let mut label = y - 6.0;
        while labels.iter().any(|(at, line)| (at - x).abs() < 40.0 && (line - label).abs() < 12.0) {
            label += 12.0;
        }
        labels.push((x, label));
        let _ = write!(
            svg,
            "<circle class=\"bar\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
             <text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 8.0,
            label,
            point.label
        );
    }
    let _ = write!(
        svg,
        "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{x_name}</text>\
         <text class=\"tick\" x=\"{:.1}\" y=\"12\">{y_name}</text></svg>",
        left + PLOT / 2.0,
        height - 10.0,
        left - 8.0
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (number, wanted) in [(0.0, 4.0), (3.0, 4.0), (7.5, 8.0), (10.0, 10.0), (11.0, 20.0)] {
            assert_eq!(round_above(number), wanted);
        }
        assert_eq!((round_above(62_069.0), round_above(15_200.0)), (80_000.0, 20_000.0));
    }

    #[test]
    fn points_at_one_place_have_labels_of_their_own() {
        let point = |label: &str, y| Point { label: label.to_owned(), x: 1.0, y };
        let svg =
            curve("t", ("x", "y"), &[point("a", 900.0), point("b", 905.0), point("c", 900.0)]);
        let places: std::collections::BTreeSet<&str> = svg
            .split("<text class=\"label\" ")
            .skip(1)
            .filter_map(|text| text.split('>').next())
            .collect();
        assert_eq!(places.len(), 3, "{svg}");
        assert!(
            svg.contains(">0.990<") && svg.contains(">1.000<") && svg.contains(">1000<"),
            "{svg}"
        );
    }
}
