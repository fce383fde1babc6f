//! `cargo xtask soak cache`: readers and writers of several real instances, while everything that can fail does.
//!
//! Invariant: every read is judged against all writes that were acknowledged before it began. A run in which the
//! textbook's scheme was not caught lying, or in which the service lied once, fails.

mod catalog;
mod client;
mod evidence;
mod faults;
mod history;
#[cfg(test)]
mod liar;
mod proxy;
mod report;
mod stampede;
mod textbook;
mod tier;
mod traffic;
mod trail;
mod world;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use fastrand::Rng;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep};

use self::catalog::Catalog;
use self::faults::{ALL, Chaos, ESSENTIAL, Fault};
use self::report::{Outcome, Report};
use self::textbook::Textbook;
use self::traffic::Traffic;
use self::world::World;
use crate::arch::metadata::Metadata;
use crate::{Result, cargo, say};

const PRODUCTS: usize = 40;
const CATEGORIES: usize = 6;
const TEXTBOOK_READERS: u64 = 4;
/// After so many reads of it the textbook's scheme has lied, many times over.
const TEXTBOOK_ENOUGH: u64 = 5_000;
/// How long traffic goes on when faults have ended, so that what they left can be seen.
const AFTERMATH: Duration = Duration::from_secs(1);
/// Files that a stampede's connections may take.
const OPEN_FILES: u64 = 16_384;

#[derive(Args)]
pub(crate) struct Options {
    /// How many reads and writes have to be answered
    #[arg(long, default_value_t = 1_000_000)]
    operations: u64,
    /// End after so many seconds, however many that were
    #[arg(long)]
    duration: Option<u64>,
    /// Which faults come when; traffic depends on how fast the machine is
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many clients send one request after the other
    #[arg(long, default_value_t = 12)]
    clients: u64,
    /// How many readers ask for one product at once when the faults have ended; 0 for none
    #[arg(long, default_value_t = 2_000)]
    stampede: usize,
    /// Only the short run that belongs to the tests
    #[arg(long)]
    brief: bool,
    /// Bring about only faults whose names contain this text
    #[arg(long)]
    only: Option<String>,
    /// Where the report goes, as JSON [default: soak-cache.json in the target folder]
    #[arg(long)]
    report: Option<PathBuf>,
    /// Use this vitrine binary instead of building one
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// A part of a run, with a mode of the cache and the faults that it has to stand.
struct Phase {
    mode: &'static str,
    faults: Vec<(Fault, u32)>,
    must: Vec<Fault>,
    operations: u64,
    duration: Duration,
    /// The longest pause between two faults.
    pause: Duration,
    faults_overlap: bool,
}

pub(crate) async fn run(options: Options) -> Result<ExitCode> {
    let binary = match &options.binary {
        Some(binary) => binary
            .canonicalize()
            .map_err(|error| format!("{}: {error}", binary.display()))?,
        None if options.brief => cargo::build_vitrine().await?,
        None => cargo::build_release(&["vitrine-api"]).await?.join("vitrine"),
    };
    if options.brief {
        return brief(&binary).await;
    }
    let duration = Duration::from_secs(options.duration.unwrap_or(u64::from(u32::MAX)));
    let wanted = |fault: &Fault| {
        let text = options.only.as_deref().unwrap_or_default();
        fault.name().contains(text)
    };
    let any: Vec<_> = ALL.into_iter().filter(|(fault, _)| wanted(fault)).collect();
    let alike: Vec<_> = any
        .iter()
        .filter(|(fault, _)| fault.meets_all())
        .copied()
        .collect();
    let phases = vec![
        Phase {
            mode: "strict",
            must: any.iter().map(|(fault, _)| *fault).collect(),
            faults: any,
            operations: options.operations / 5 * 4,
            duration: duration.mul_f64(0.8),
            pause: Duration::from_secs(4),
            faults_overlap: true,
        },
        Phase {
            mode: "available",
            must: alike.iter().map(|(fault, _)| *fault).collect(),
            faults: alike,
            operations: options.operations / 5,
            duration: duration.mul_f64(0.2),
            pause: Duration::from_secs(4),
            faults_overlap: false,
        },
    ];
    let report = match &options.report {
        Some(path) => path.clone(),
        None => Metadata::load()?.target_directory.join("soak-cache.json"),
    };
    let soak = Soak {
        binary,
        phases,
        options,
    };
    let outcome = LocalSet::new().run_until(Box::pin(soak.run())).await?;
    fs::write(&report, serde_json::to_vec_pretty(&outcome)?)?;
    print(&outcome.to_table());
    say(format_args!("soak: the report is in {}", report.display()));
    Ok(if outcome.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A run that is short enough to be part of the tests. Prints only what is wrong, if anything is.
pub(crate) async fn brief(binary: &Path) -> Result<ExitCode> {
    let soak = Soak {
        binary: binary.to_owned(),
        phases: vec![Phase {
            mode: "strict",
            faults: ALL.to_vec(),
            must: ESSENTIAL.to_vec(),
            operations: u64::MAX,
            duration: Duration::from_secs(20),
            pause: Duration::from_secs(2),
            faults_overlap: true,
        }],
        options: Options {
            operations: 0,
            duration: None,
            seed: 1,
            brief: true,
            only: None,
            clients: 8,
            // A build for tests answers too slowly for a crowd.
            stampede: 0,
            report: None,
            binary: None,
        },
    };
    let outcome = LocalSet::new().run_until(Box::pin(soak.run())).await?;
    if outcome.problems.is_empty() {
        say(format_args!(
            "soak: {} operations on three instances with {} faults, no lie; the textbook's cache told {}",
            outcome.operations,
            outcome.faults(),
            outcome.textbook.stale
        ));
        return Ok(ExitCode::SUCCESS);
    }
    say(outcome.to_table());
    Ok(ExitCode::FAILURE)
}

struct Soak {
    binary: PathBuf,
    phases: Vec<Phase>,
    options: Options,
}

impl Soak {
    async fn run(self) -> Result<Report> {
        raise_file_limit()?;
        let mode = self.phases.first().map_or("strict", |phase| phase.mode);
        let world = World::start(&self.binary, mode).await?;
        let clients = world.clients().await?;
        let first = clients.first().ok_or("there is no instance")?;
        let catalog = Catalog::create(first, PRODUCTS, CATEGORIES).await?;
        let textbook = Rc::new(Textbook::create(world.database_url(), world.redis_url()).await?);
        let traffic = Rc::new(Traffic::new(catalog, clients));
        let mut rng = Rng::with_seed(self.options.seed);
        let mut outcomes = Vec::new();
        let mut problems = Vec::new();
        for (n, phase) in self.phases.iter().enumerate() {
            if n > 0 {
                world.switch(phase.mode).await?;
            }
            say(format_args!("soak: cache.mode is {}", phase.mode));
            match self.phase(phase, &world, &traffic, &textbook, &mut rng).await {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => {
                    problems.push(format!("{}: {error}{}", phase.mode, world.logs().await));
                    break;
                }
            }
        }
        let textbook = textbook.tally();
        let operations = outcomes.iter().map(|outcome| outcome.tally.operations()).sum();
        let mut report = Report {
            seed: self.options.seed,
            operations,
            outcomes,
            textbook,
            problems,
        };
        report.conclude(textbook.reads >= TEXTBOOK_ENOUGH);
        Ok(report)
    }

    async fn phase(
        &self,
        phase: &Phase,
        world: &World,
        traffic: &Rc<Traffic>,
        textbook: &Rc<Textbook>,
        rng: &mut Rng,
    ) -> Result<Outcome> {
        traffic.stop(false);
        textbook.stop(false);
        let mut tasks = JoinSet::new();
        for _ in 0..self.options.clients {
            let (traffic, rng) = (Rc::clone(traffic), rng.fork());
            tasks.spawn_local(async move { traffic.go(rng).await });
        }
        for n in 0..=TEXTBOOK_READERS {
            let (textbook, rng) = (Rc::clone(textbook), rng.fork());
            tasks.spawn_local(async move { textbook.go(n == 0, rng).await });
        }
        let mut must = phase.must.clone();
        rng.shuffle(&mut must);
        let chaos = Chaos {
            world,
            kinds: phase.faults.clone(),
            must: RefCell::new(VecDeque::from(must)),
            pause: phase.pause,
            records: RefCell::default(),
            started: traffic.started,
            stopped: Cell::new(false),
        };
        let begin = Instant::now();
        let enough = async {
            let mut told = begin;
            loop {
                sleep(Duration::from_millis(100)).await;
                let done = traffic.tally.borrow().operations();
                if done >= phase.operations || begin.elapsed() >= phase.duration {
                    chaos.stopped.set(true);
                    return;
                }
                if told.elapsed() >= Duration::from_secs(30) {
                    told = Instant::now();
                    say(format_args!("soak: {done} operations"));
                }
            }
        };
        let (one, another) = (rng.fork(), rng.fork());
        let overlapping = async {
            if phase.faults_overlap {
                chaos.go(another).await;
            }
        };
        tokio::join!(enough, chaos.go(one), overlapping);
        sleep(AFTERMATH).await;
        traffic.stop(true);
        textbook.stop(true);
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        let seconds = begin.elapsed().as_secs();
        let unanswered_at_the_end = traffic::sweep(traffic, self.options.clients).await?;
        let cache = stampede::cache_results(&traffic.clients).await?;
        let stampede = match self.options.stampede {
            0 => None,
            readers => Some(stampede::run(traffic, readers, phase.mode).await?),
        };
        let mut tally = traffic.tally.take();
        for unexpected in tally.unexpected.values_mut() {
            unexpected.log = world.errors(unexpected.instance).await;
        }
        Ok(Outcome {
            mode: phase.mode,
            seconds,
            tally,
            unanswered_at_the_end,
            cache,
            stampede,
            faults: chaos.records.take(),
        })
    }
}

/// As far as we may.
fn raise_file_limit() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
    if limit.current.is_some_and(|current| current < most) {
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(most),
                maximum: limit.maximum,
            },
        )?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
fn print(table: &str) {
    println!("{table}");
}
