//! Times, and what is told of them.

use std::fmt::Write as _;
use std::time::Duration;

/// The times of one kind of request.
#[derive(Debug, Default)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time that `percent` of the requests did not pass, in milliseconds.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// Two samples that are compared.
pub(super) struct Row {
    pub(super) what: String,
    pub(super) base: Sample,
    pub(super) other: Sample,
    /// The most that `other` may take of `base`.
    pub(super) limit: f64,
}

/// A table in Markdown.
pub(super) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | base p50 ms | base p99 ms | p50 ms | p99 ms | ratio of p50 | limit |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for Row {
        what,
        base,
        other,
        limit,
    } in rows
    {
        let ratio = other.percentile(50) / base.percentile(50);
        let kept = if ratio <= *limit { "" } else { " (over)" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {what} | {:.2} | {:.2} | {:.2} | {:.2} | {ratio:.2}{kept} | {limit} |",
            base.percentile(50),
            base.percentile(99),
            other.percentile(50),
            other.percentile(99),
        );
    }
    text
}
