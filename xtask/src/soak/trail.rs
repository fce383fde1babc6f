//! What happened to one register of late, for whoever has to find out why it lied.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// How much is remembered of one register.
const LENGTH: usize = 256;
/// How much of it is told, and how long before the read in question it ended at most.
const TOLD: usize = 40;
const BEFORE: Duration = Duration::from_secs(3);

/// One read or write, in times since the run began.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) began: Duration,
    pub(super) ended: Duration,
    pub(super) instance: usize,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Write {
        value: u64,
        outcome: String,
    },
    Read {
        value: Option<u64>,
        target: String,
        tier: String,
        asked: String,
    },
}

#[derive(Debug, Default)]
pub(super) struct Trail(VecDeque<Event>);

impl Trail {
    pub(super) fn add(&mut self, event: Event) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    /// What ended shortly before `began` or later, a line each, in the order of the ends.
    pub(super) fn tell(&self, began: Duration) -> Vec<String> {
        let since = began.saturating_sub(BEFORE);
        let recent = self.0.iter().rev().take_while(|event| event.ended >= since);
        let mut lines: Vec<_> = recent.take(TOLD).map(ToString::to_string).collect();
        lines.reverse();
        lines
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            began,
            ended,
            instance,
            what,
        } = self;
        let (began, ended) = (began.as_secs_f64(), ended.as_secs_f64());
        write!(f, "{began:.4} to {ended:.4} s, instance {instance}: ")?;
        match what {
            What::Write { value, outcome } => write!(f, "write {value}: {outcome}"),
            What::Read {
                value,
                target,
                tier,
                asked,
            } => {
                let value = value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
                write!(f, "read {value} from {tier}, {target}{asked}")
            }
        }
    }
}
