//! The growth as a picture: both axes by powers of ten, so that what grows with the catalog is a straight line upwards, and
//! what does not is level.

use std::fmt::Write as _;

pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) colour: &'static str,
    /// Products and milliseconds.
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 48.0;

/// Where values stand.
struct Axis {
    /// Powers of ten.
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, start: f64, end: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let greatest = values.fold(0.0, f64::max);
        let (from, to) = if least.is_finite() && least > 0.0 {
            (least.log10().floor(), greatest.log10().ceil())
        } else {
            (0.0, 1.0)
        };
        Self {
            from,
            to: to.max(from + 1.0),
            start,
            end,
        }
    }

    fn at(&self, value: f64) -> f64 {
        self.start + (value.log10() - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    fn marks(&self) -> impl Iterator<Item = f64> {
        (self.from as i32..=self.to as i32).map(|power| 10f64.powi(power))
    }
}

/// As SVG.
pub(crate) fn draw(curves: &[Curve]) -> String {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let x = Axis::over(points().map(|(x, _)| x), LEFT, WIDTH - RIGHT);
    let y = Axis::over(points().map(|(_, y)| y), HEIGHT - BOTTOM, TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"#444\">\n<title>Time of an answer by the size of the catalog</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    // Writing to a string cannot fail.
    for mark in y.marks() {
        let at = y.at(mark);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{mark} ms</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
        );
    }
    for mark in x.marks() {
        let at = x.at(mark);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {TOP}V{:.1}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 18.0,
            short(mark),
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">products</text>",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 10.0,
    );
    for curve in curves {
        let line: Vec<String> = curve
            .points
            .iter()
            .map(|(px, py)| format!("{:.1},{:.1}", x.at(*px), y.at(*py)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            line.join(" "),
            curve.colour,
        );
        for (px, py) in &curve.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"><title>{}: {py:.2} ms</title></circle>",
                x.at(*px),
                y.at(*py),
                curve.colour,
                short(*px),
            );
        }
        if let Some((px, py)) = curve.points.last() {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\">{}</text>",
                x.at(*px) + 8.0,
                y.at(*py) + 4.0,
                curve.colour,
                curve.name,
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn short(products: f64) -> String {
    if products >= 1_000_000.0 {
        format!("{} M", products / 1_000_000.0)
    } else if products >= 1000.0 {
        format!("{} k", products / 1000.0)
    } else {
        products.to_string()
    }
}
