//! A read with all that is known of it, for the trail and, if it was wrong, for whoever looks into it.

use std::fmt::Write as _;
use std::time::Duration;

use super::client::Answer;
use super::history::Verdict;
use super::report::Violation;
use super::trail::{Event, What};

/// What is kept of an answer that was wrong.
const EVIDENCE: [&str; 7] = [
    "cache-status",
    "etag",
    "age",
    "cache-control",
    "catalog-position",
    "date",
    "request-id",
];
/// A read with its answer.
pub(super) struct Finished {
    pub(super) began: Duration,
    pub(super) ended: Duration,
    pub(super) instance: usize,
    pub(super) address: String,
    pub(super) tier: String,
    pub(super) asked: Vec<(&'static str, String)>,
    pub(super) answer: Answer,
}

impl Finished {
    pub(super) fn event(&self, value: Option<u64>) -> Event {
        let mut asked = String::new();
        for (name, value) in &self.asked {
            // Writing to a string cannot fail.
            let _ = write!(asked, ", {name}: {value}");
        }
        Event {
            began: self.began,
            ended: self.ended,
            instance: self.instance,
            what: What::Read {
                value,
                target: self.address.clone(),
                tier: self.tier.clone(),
                asked,
            },
        }
    }

    pub(super) fn violation(
        &self,
        verdict: Verdict,
        shown: Option<u64>,
        resource: String,
        trail: Vec<String>,
    ) -> Violation {
        let header = |name: &&str| {
            let value = self.answer.header(name)?;
            Some(format!("{name}: {value}"))
        };
        Violation {
            began: self.began.as_secs_f64(),
            ended: self.ended.as_secs_f64(),
            verdict: format!("{verdict:?}"),
            shown,
            resource,
            address: self.address.clone(),
            instance: self.instance,
            tier: self.tier.clone(),
            status: self.answer.status.as_u16(),
            asked: self
                .asked
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect(),
            headers: EVIDENCE.iter().filter_map(header).collect(),
            trail,
            faults: Vec::new(),
        }
    }
}
