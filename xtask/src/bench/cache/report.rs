//! What is told, as tables in Markdown.

use std::fmt::Display;

use super::super::sample::Sample;
use super::contest::Row;

/// The most that p99 may be of the limit's.
const TAIL: f64 = 1.5;
/// The most that a write may wait for other instances, by the median, in milliseconds.
const WAIT: f64 = 10.0;
/// The most memory that a product may take of its bytes.
const MEMORY: f64 = 1.3;

/// Writes without a cache and with one.
pub(super) struct Wait {
    pub(super) instances: usize,
    pub(super) without: Sample,
    pub(super) with: Sample,
}

/// How memory grew by products with so many bytes.
pub(super) struct Memory {
    pub(super) what: String,
    pub(super) products: usize,
    pub(super) body_bytes: u64,
    pub(super) grown: u64,
}

pub(super) fn reads(rows: &[Row]) {
    line(
        "| what | connections | base req/s | req/s | ratio ± | wanted | p50 µs | p99 µs | p99 ratio | server µs/req, base | server µs/req | client's share, base | client's share |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    );
    for row in rows {
        let Row {
            what,
            connections,
            wanted,
            ratio,
            spread,
            base,
            service,
        } = row;
        let tail = service.p99 / base.p99;
        line(format_args!(
            "| {what} | {connections} | {:.0} | {:.0} | {ratio:.2} ± {:.2}{} | {wanted} | {:.0} | {:.0} | {tail:.2}{} | {:.1} | {:.1} | {:.2} | {:.2} |",
            base.per_second,
            service.per_second,
            spread / 2.0,
            missed(ratio < wanted),
            service.p50,
            service.p99,
            missed(tail > TAIL),
            base.server_micros,
            service.server_micros,
            base.client_share,
            service.client_share,
        ));
    }
    line("");
}

pub(super) fn writes(waits: &[Wait]) {
    line(
        "| writes | p50 ms without a cache | p50 ms | added | p99 ms without | p99 ms | wanted |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    );
    for Wait {
        instances,
        without,
        with,
    } in waits
    {
        let added = with.percentile(50) - without.percentile(50);
        line(format_args!(
            "| instances with a cache: {instances} | {:.2} | {:.2} | {added:.2}{} | {:.2} | {:.2} | added under {WAIT} ms |",
            without.percentile(50),
            with.percentile(50),
            missed(added >= WAIT),
            without.percentile(99),
            with.percentile(99),
        ));
    }
    line("");
}

pub(super) fn memory(rows: &[Memory]) {
    line(
        "| memory | products | body bytes of one | bytes taken by one | ratio | wanted |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |",
    );
    for row in rows {
        let per_product = |bytes: u64| float(bytes) / float(row.products as u64);
        let ratio = float(row.grown) / float(row.body_bytes);
        line(format_args!(
            "| {} | {} | {:.0} | {:.0} | {ratio:.2}{} | {MEMORY} |",
            row.what,
            row.products,
            per_product(row.body_bytes),
            per_product(row.grown),
            missed(ratio > MEMORY),
        ));
    }
    line("");
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of memory are far below what a float has digits for"
)]
fn float(bytes: u64) -> f64 {
    bytes as f64
}

const fn missed(is_missed: bool) -> &'static str {
    if is_missed { " (missed)" } else { "" }
}

#[expect(clippy::print_stdout, reason = "the tables are what the command is for")]
fn line(text: impl Display) {
    println!("{text}");
}
