//! Two servers that take turns.

use std::path::Path;

use super::Options;
use super::load::{Target, Turn, turn};
use crate::Result;

/// What is compared: the base, which is a limit as a rule, and the service.
pub(super) struct Contest<'a> {
    pub(super) what: String,
    pub(super) base: Target<'a>,
    pub(super) service: Target<'a>,
    /// The least share of the base's requests per second that the service has to reach.
    pub(super) wanted: f64,
}

/// The outcome with one number of connections.
pub(super) struct Row {
    pub(super) what: String,
    pub(super) connections: usize,
    pub(super) wanted: f64,
    /// The median of the rounds' ratios, and how far apart their quartiles are.
    pub(super) ratio: f64,
    pub(super) spread: f64,
    pub(super) base: Figures,
    pub(super) service: Figures,
}

/// Medians of a side's turns.
pub(super) struct Figures {
    pub(super) per_second: f64,
    /// In microseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) server_micros: f64,
    pub(super) client_share: f64,
}

impl Contest<'_> {
    pub(super) async fn hold(&self, load: &Path, options: &Options) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for connections in options.connections.iter().copied() {
            // Caches are filled and connections made before the first turn that counts.
            turn(load, &self.base, connections, Some(0.3)).await?;
            turn(load, &self.service, connections, Some(0.3)).await?;
            let (mut base, mut service) = (Vec::new(), Vec::new());
            for round in 0..options.rounds {
                // Who goes first alternates, so that a machine that gets slower favours neither.
                if round % 2 == 0 {
                    base.push(turn(load, &self.base, connections, Some(options.seconds)).await?);
                    service.push(turn(load, &self.service, connections, Some(options.seconds)).await?);
                } else {
                    service.push(turn(load, &self.service, connections, Some(options.seconds)).await?);
                    base.push(turn(load, &self.base, connections, Some(options.seconds)).await?);
                }
            }
            let pairs = base.iter().zip(&service);
            let ratios = sorted(pairs.map(|(base, service)| service.per_second() / base.per_second()));
            rows.push(Row {
                what: self.what.clone(),
                connections,
                wanted: self.wanted,
                ratio: at(&ratios, 50),
                spread: at(&ratios, 75) - at(&ratios, 25),
                base: Figures::of(&base),
                service: Figures::of(&service),
            });
        }
        Ok(rows)
    }
}

impl Figures {
    fn of(turns: &[Turn]) -> Self {
        let median = |figure: fn(&Turn) -> f64| at(&sorted(turns.iter().map(figure)), 50);
        Self {
            per_second: median(Turn::per_second),
            p50: median(|turn| turn.p50 / 1e3),
            p99: median(|turn| turn.p99 / 1e3),
            server_micros: median(Turn::server_micros),
            client_share: median(Turn::client_share),
        }
    }
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
}

fn at(sorted: &[f64], percent: usize) -> f64 {
    let at = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
