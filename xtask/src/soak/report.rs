//! What a run has to tell, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::client::{Answer, Silence};
use super::history::Verdict;

/// Violations that are kept with all that is known of them; the rest is counted.
const KEPT: usize = 50;
/// Of these, those that are printed.
const TOLD: usize = 10;

/// What the clients counted.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    pub(super) reads: u64,
    /// Acknowledged ones.
    pub(super) writes: u64,
    /// Writes that were refused for their precondition.
    pub(super) conflicts: u64,
    /// Writes that may have taken effect, or may yet.
    pub(super) unknown: u64,
    pub(super) tiers: BTreeMap<String, Tier>,
    /// Requests without a result, by what became of them.
    pub(super) failed: BTreeMap<String, u64>,
    /// Answers that nothing explains, by what they answered.
    pub(super) unexpected: BTreeMap<String, Unexpected>,
    pub(super) violations: Vec<Violation>,
}

/// Answers of a kind that is not foreseen.
#[derive(Debug, Default, Serialize)]
pub(super) struct Unexpected {
    times: u64,
    /// The first of them.
    pub(super) instance: usize,
    body: String,
    /// The last errors that the instance logged.
    pub(super) log: Vec<String>,
}

/// What reads of one tier showed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tier {
    reads: u64,
    stale: u64,
    backwards: u64,
    future: u64,
}

/// A read that was wrong. Times are in seconds since the run began.
#[derive(Debug, Serialize)]
pub(super) struct Violation {
    pub(super) began: f64,
    pub(super) ended: f64,
    pub(super) verdict: String,
    pub(super) shown: Option<u64>,
    pub(super) resource: String,
    pub(super) address: String,
    pub(super) instance: usize,
    pub(super) tier: String,
    pub(super) status: u16,
    pub(super) asked: Vec<String>,
    pub(super) headers: Vec<String>,
    /// What happened to the resource shortly before.
    pub(super) trail: Vec<String>,
    /// Faults that were under way or just over.
    pub(super) faults: Vec<String>,
}

/// A fault that was brought about.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FaultRecord {
    /// In seconds since the run began.
    pub(super) began: f64,
    pub(super) ended: f64,
    pub(super) fault: &'static str,
    pub(super) detail: String,
}

/// What the textbook's cache-aside answered beside it.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(super) struct TextbookTally {
    pub(super) reads: u64,
    pub(super) writes: u64,
    pub(super) stale: u64,
}

/// Many readers of one product that nobody had read before.
#[derive(Debug, Serialize)]
pub(super) struct Stampede {
    pub(super) readers: usize,
    pub(super) answered: usize,
    /// How often the database was asked for it, by reason.
    pub(super) loads: BTreeMap<String, u64>,
}

/// What came of one mode of the cache.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) mode: &'static str,
    pub(super) seconds: u64,
    #[serde(flatten)]
    pub(super) tally: Tally,
    /// Reads that had no answer although all faults were over.
    pub(super) unanswered_at_the_end: u64,
    /// What the instances had counted when it ended, since each was last started.
    pub(super) cache: BTreeMap<String, u64>,
    pub(super) stampede: Option<Stampede>,
    pub(super) faults: Vec<FaultRecord>,
}

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) operations: u64,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) textbook: TextbookTally,
    /// Why the run failed; empty if it did not.
    pub(super) problems: Vec<String>,
}

impl Tally {
    pub(super) fn operations(&self) -> u64 {
        self.reads + self.writes
    }

    pub(super) fn read(&mut self, tier: &str) {
        self.reads += 1;
        self.tier(tier).reads += 1;
    }

    pub(super) fn violated(&mut self, tier: &str, verdict: Verdict, violation: Violation) {
        let of_tier = self.tier(tier);
        match verdict {
            Verdict::Right => return,
            Verdict::Stale { .. } => of_tier.stale += 1,
            Verdict::Backwards { .. } => of_tier.backwards += 1,
            Verdict::Future { .. } => of_tier.future += 1,
        }
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    /// An answer that is neither what was asked for nor that it is not there.
    pub(super) fn refused(&mut self, what: &str, path: &str, instance: usize, answer: &Answer) {
        let status = answer.status.as_u16();
        if matches!(status, 502..=504) {
            *self.failed.entry(format!("{what}: {status}")).or_default() += 1;
            return;
        }
        // One entry to a kind: addresses with ids in them would make one of each.
        let kind = path.split(['/', '?']).nth(2).unwrap_or_default();
        let unexpected = self.unexpected.entry(format!("{what} of {kind}: {status}"));
        let unexpected = unexpected.or_insert_with(|| Unexpected {
            instance,
            body: String::from_utf8_lossy(&answer.body).chars().take(500).collect(),
            ..Unexpected::default()
        });
        unexpected.times += 1;
    }

    pub(super) fn unanswered(&mut self, what: &str, silence: Silence) {
        let counter = self.failed.entry(format!("{what}: {}", silence.as_str()));
        *counter.or_default() += 1;
    }

    fn tier(&mut self, tier: &str) -> &mut Tier {
        self.tiers.entry(tier.to_owned()).or_default()
    }

    fn sum(&self, of: impl Fn(&Tier) -> u64) -> u64 {
        self.tiers.values().map(of).sum()
    }
}

impl Outcome {
    /// What is wrong with it.
    fn problems(&self) -> Vec<String> {
        let tally = &self.tally;
        let wrong = [
            (tally.sum(|tier| tier.stale), "stale reads"),
            (tally.sum(|tier| tier.future), "reads of values that nobody wrote"),
            (
                tally.unexpected.values().map(|unexpected| unexpected.times).sum(),
                "answers that nothing explains",
            ),
            (
                self.unanswered_at_the_end,
                "reads without an answer after all faults had ended",
            ),
            // A write that goes on without a fence is seen in one place before another until it is acknowledged.
            (
                tally
                    .sum(|tier| tier.backwards)
                    .saturating_mul(u64::from(self.mode == "strict")),
                "reads went backwards",
            ),
        ];
        let wrong = wrong.into_iter().filter(|(count, _)| *count > 0);
        let mut problems: Vec<_> = wrong.map(|(count, what)| format!("{count} {what}")).collect();
        if tally.reads == 0 || tally.writes == 0 {
            problems.push("nothing was read, or nothing written".to_owned());
        }
        if let Some(stampede) = &self.stampede {
            let Stampede {
                readers,
                answered,
                loads,
            } = stampede;
            if loads.values().sum::<u64>() > 1 || answered < readers {
                problems.push(format!(
                    "of a stampede of {readers} readers, {answered} were answered, and the database asked {loads:?}"
                ));
            }
        }
        problems
    }

    fn to_table(&self) -> String {
        let tally = &self.tally;
        let operations = tally.operations();
        let rate = operations.checked_div(self.seconds).unwrap_or_default();
        let mut text = format!(
            "cache.mode = {}: {operations} operations in {} s ({rate} a second): {} reads, {} writes acknowledged, \
             {} of unknown outcome, {} refused for their precondition\n\n\
             | tier | reads | stale | backwards | future |\n| --- | ---: | ---: | ---: | ---: |\n",
            self.mode, self.seconds, tally.reads, tally.writes, tally.unknown, tally.conflicts
        );
        for (name, tier) in &tally.tiers {
            let Tier {
                reads,
                stale,
                backwards,
                future,
            } = tier;
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {name} | {reads} | {stale} | {backwards} | {future} |");
        }
        let mut faults: BTreeMap<_, u64> = BTreeMap::new();
        for fault in &self.faults {
            *faults.entry(fault.fault).or_default() += 1;
        }
        list(&mut text, "fault", &faults);
        list(&mut text, "request without a result", &tally.failed);
        for (what, unexpected) in &tally.unexpected {
            let Unexpected {
                times,
                instance,
                body,
                log,
            } = unexpected;
            let log = log.join("\n  ");
            let _ = writeln!(
                text,
                "\nUNEXPECTED: {what}, {times} times, first by instance {instance}: {body}\n  {log}"
            );
        }
        let _ = writeln!(
            text,
            "\nthe instances counted, since each last started: {:?}",
            self.cache
        );
        if let Some(stampede) = &self.stampede {
            let _ = writeln!(
                text,
                "\nstampede of {} readers: {} answered, database asked {:?}",
                stampede.readers, stampede.answered, stampede.loads
            );
        }
        for violation in tally.violations.iter().take(TOLD) {
            let _ = write!(text, "\n{}", violation.to_text());
        }
        text
    }

    /// Tells each wrong read which faults surrounded it.
    fn explain(&mut self) {
        for violation in &mut self.tally.violations {
            let around = self
                .faults
                .iter()
                .filter(|fault| fault.began <= violation.ended && fault.ended + 5.0 >= violation.began);
            violation.faults = around.map(FaultRecord::to_line).collect();
        }
    }
}

impl Report {
    /// Says what is wrong; `textbook_must_lie` if its scheme had the time to.
    pub(super) fn conclude(&mut self, textbook_must_lie: bool) {
        for outcome in &mut self.outcomes {
            outcome.explain();
            let problems = outcome.problems().into_iter();
            self.problems
                .extend(problems.map(|problem| format!("{}: {problem}", outcome.mode)));
        }
        if textbook_must_lie && self.textbook.stale == 0 {
            self.problems
                .push("the textbook's scheme was not seen to lie: nothing was tested".to_owned());
        }
    }

    pub(super) fn faults(&self) -> usize {
        self.outcomes.iter().map(|outcome| outcome.faults.len()).sum()
    }

    pub(super) fn to_table(&self) -> String {
        let mut text = format!("{} operations, seed {}\n", self.operations, self.seed);
        for outcome in &self.outcomes {
            let _ = write!(text, "\n{}", outcome.to_table());
        }
        let TextbookTally { reads, writes, stale } = self.textbook;
        let _ = writeln!(
            text,
            "\ntextbook cache-aside beside it: {reads} reads, {writes} writes acknowledged, {stale} stale reads"
        );
        for problem in &self.problems {
            let _ = writeln!(text, "\nFAILED: {problem}");
        }
        text
    }
}

impl FaultRecord {
    fn to_line(&self) -> String {
        let Self {
            began,
            ended,
            fault,
            detail,
        } = self;
        format!("{began:.4} to {ended:.4} s: {fault} {detail}")
    }
}

impl Violation {
    fn to_text(&self) -> String {
        let Self {
            began,
            ended,
            verdict,
            shown,
            resource,
            address,
            instance,
            tier,
            status,
            asked,
            headers,
            trail,
            faults,
        } = self;
        let trail = trail.join("\n    ");
        let faults = faults.join("\n    ");
        format!(
            "WRONG: {verdict}, but {shown:?} was shown of {resource}\n  \
             GET {address} at instance {instance} from {began:.4} to {ended:.4} s: {status} from {tier}\n  \
             asked {asked:?}\n  answered {headers:?}\n  before:\n    {trail}\n  faults:\n    {faults}\n"
        )
    }
}

fn list(text: &mut String, title: &str, counts: &BTreeMap<impl AsRef<str>, u64>) {
    if counts.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n| {title} | times |\n| --- | ---: |");
    for (name, count) in counts {
        let _ = writeln!(text, "| {} | {count} |", name.as_ref());
    }
}
