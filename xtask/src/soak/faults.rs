//! What goes wrong during a run. Each fault ends by itself before it is reported.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;
use redis::Cmd;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::proxy::{Mode, Proxy};
use super::report::FaultRecord;
use super::world::{World, restart};
use crate::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    ClientKillNormal,
    ClientKillPubsub,
    ClientPause,
    DebugSleep,
    FlushAll,
    ScriptFlush,
    Eviction,
    RedisHeld,
    RedisRestartEmpty,
    RedisRestartOldDump,
    PostgresRestart,
    InstanceHeld,
    InstanceKilled,
    InstanceRestart,
    CacheLinkSlow,
    CacheLinkHangs,
    CacheLinkCut,
    AnswersLate,
}

/// With how often each one comes.
pub(super) const ALL: [(Fault, u32); 18] = [
    (Fault::ClientKillNormal, 8),
    (Fault::ClientKillPubsub, 5),
    (Fault::ClientPause, 6),
    (Fault::DebugSleep, 5),
    (Fault::FlushAll, 8),
    (Fault::ScriptFlush, 3),
    (Fault::Eviction, 5),
    (Fault::RedisHeld, 5),
    (Fault::RedisRestartEmpty, 4),
    (Fault::RedisRestartOldDump, 5),
    (Fault::PostgresRestart, 3),
    (Fault::InstanceHeld, 8),
    (Fault::InstanceKilled, 6),
    (Fault::InstanceRestart, 3),
    (Fault::CacheLinkSlow, 5),
    (Fault::CacheLinkHangs, 5),
    (Fault::CacheLinkCut, 5),
    (Fault::AnswersLate, 15),
];

/// Those that a short run has to see.
pub(super) const ESSENTIAL: [Fault; 9] = [
    Fault::ClientKillNormal,
    Fault::FlushAll,
    Fault::InstanceHeld,
    Fault::InstanceKilled,
    Fault::RedisRestartEmpty,
    Fault::RedisHeld,
    Fault::CacheLinkCut,
    Fault::PostgresRestart,
    Fault::AnswersLate,
];

impl Fault {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ClientKillNormal => "CLIENT KILL TYPE normal",
            Self::ClientKillPubsub => "CLIENT KILL TYPE pubsub",
            Self::ClientPause => "CLIENT PAUSE",
            Self::DebugSleep => "DEBUG SLEEP",
            Self::FlushAll => "FLUSHALL",
            Self::ScriptFlush => "SCRIPT FLUSH",
            Self::Eviction => "eviction",
            Self::RedisHeld => "Redis SIGSTOP, SIGCONT",
            Self::RedisRestartEmpty => "Redis SIGKILL, restart without a dump",
            Self::RedisRestartOldDump => "Redis SIGKILL, restart from an older dump",
            Self::PostgresRestart => "PostgreSQL immediate restart",
            Self::InstanceHeld => "instance SIGSTOP, SIGCONT",
            Self::InstanceKilled => "instance SIGKILL, restart",
            Self::InstanceRestart => "instance graceful restart",
            Self::CacheLinkSlow => "one instance's link to Redis is slow",
            Self::CacheLinkHangs => "one instance's link to Redis hangs",
            Self::CacheLinkCut => "one instance's link to Redis is cut",
            Self::AnswersLate => "one instance's answers from PostgreSQL are late",
        }
    }

    /// Whether it meets all instances alike, rather than one of them.
    pub(super) const fn meets_all(self) -> bool {
        !matches!(
            self,
            Self::InstanceHeld
                | Self::InstanceKilled
                | Self::InstanceRestart
                | Self::CacheLinkSlow
                | Self::CacheLinkHangs
                | Self::CacheLinkCut
                | Self::AnswersLate
        )
    }

    /// Brings it about and ends it; says what exactly was done.
    async fn run(self, world: &World, rng: &mut Rng) -> Result<String> {
        let time = Duration::from_millis(rng.u64(50..2000));
        let told = format!("for {} ms", time.as_millis());
        match self {
            Self::ClientKillNormal | Self::ClientKillPubsub => {
                let kind = if self == Self::ClientKillNormal {
                    "normal"
                } else {
                    "pubsub"
                };
                let mut kill = redis::cmd("CLIENT");
                kill.arg("KILL").arg("TYPE").arg(kind);
                let killed: i64 = kill.query_async(&mut world.admin().await?).await?;
                Ok(format!("({killed} clients)"))
            }
            Self::ClientPause => {
                let what = if rng.bool() { "ALL" } else { "WRITE" };
                let mut pause = redis::cmd("CLIENT");
                pause.arg("PAUSE").arg(millis(time)).arg(what);
                tell(world, &pause).await?;
                sleep(time).await;
                Ok(format!("{what} {told}"))
            }
            Self::DebugSleep => {
                let mut debug = redis::cmd("DEBUG");
                tell(world, debug.arg("SLEEP").arg(time.as_secs_f64())).await?;
                Ok(told)
            }
            Self::FlushAll => {
                tell(world, &redis::cmd("FLUSHALL")).await?;
                Ok(String::new())
            }
            Self::ScriptFlush => {
                tell(world, redis::cmd("SCRIPT").arg("FLUSH")).await?;
                Ok(String::new())
            }
            Self::Eviction => evict(world, time, rng).await,
            Self::RedisHeld => {
                let redis = world.redis.lock().await;
                redis.signal(Signal::STOP);
                sleep(time).await;
                redis.signal(Signal::CONT);
                Ok(told)
            }
            Self::RedisRestartEmpty | Self::RedisRestartOldDump => {
                let keep = self == Self::RedisRestartOldDump;
                restart_redis(world, keep, time).await?;
                Ok(told)
            }
            Self::PostgresRestart => {
                world.postgres.lock().await.crash_and_restart().await?;
                Ok(String::new())
            }
            Self::InstanceHeld | Self::InstanceKilled | Self::InstanceRestart => {
                self.meet_instance(world, time, rng).await
            }
            Self::CacheLinkSlow => {
                let delay = Duration::from_millis(rng.u64(1..400));
                with_link(&world.redis_link, Mode::Delay(delay), time).await;
                Ok(format!("by {} ms each way, {told}", delay.as_millis()))
            }
            Self::CacheLinkHangs => {
                with_link(&world.redis_link, Mode::Hold, time).await;
                Ok(told)
            }
            Self::CacheLinkCut => {
                with_link(&world.redis_link, Mode::Cut, time).await;
                Ok(told)
            }
            // Its readers load, and fill much later: what the textbook's scheme does not survive.
            Self::AnswersLate => {
                with_link(&world.postgres_link, Mode::HoldAnswers, time).await;
                Ok(told)
            }
        }
    }

    async fn meet_instance(self, world: &World, time: Duration, rng: &mut Rng) -> Result<String> {
        let which = rng.usize(..world.instances.len());
        let instance = world.instances.get(which).ok_or("there is no instance")?;
        let mut instance = instance.lock().await;
        match self {
            Self::InstanceHeld => {
                instance.signal(Signal::STOP);
                sleep(time).await;
                instance.signal(Signal::CONT);
                return Ok(format!("instance {which} for {} ms", time.as_millis()));
            }
            Self::InstanceKilled => restart(&mut instance, Signal::KILL).await?,
            _ => restart(&mut instance, Signal::TERM).await?,
        }
        Ok(format!("instance {which}"))
    }
}

/// Faults one after the other, until they are stopped: first those that must come, then any.
pub(super) struct Chaos<'a> {
    pub(super) world: &'a World,
    pub(super) kinds: Vec<(Fault, u32)>,
    pub(super) must: RefCell<VecDeque<Fault>>,
    /// The longest pause between two of them.
    pub(super) pause: Duration,
    pub(super) records: RefCell<Vec<FaultRecord>>,
    pub(super) started: Instant,
    pub(super) stopped: Cell<bool>,
}

impl Chaos<'_> {
    /// One sequence of them; two make faults overlap.
    pub(super) async fn go(&self, mut rng: Rng) {
        while !self.stopped.get() {
            sleep(self.pause.mul_f64(rng.f64())).await;
            let next = self.must.borrow_mut().pop_front();
            let Some(fault) = next.or_else(|| any(&self.kinds, &mut rng)) else {
                continue;
            };
            let began = self.started.elapsed().as_secs_f64();
            let outcome = fault.run(self.world, &mut rng).await;
            self.records.borrow_mut().push(FaultRecord {
                began,
                ended: self.started.elapsed().as_secs_f64(),
                fault: fault.name(),
                detail: outcome.unwrap_or_else(|error| format!("failed: {error}")),
            });
        }
    }
}

fn any(kinds: &[(Fault, u32)], rng: &mut Rng) -> Option<Fault> {
    let all: u32 = kinds.iter().map(|(_, weight)| weight).sum();
    let mut at = rng.u32(..all.max(1));
    for (fault, weight) in kinds {
        if at < *weight {
            return Some(*fault);
        }
        at -= weight;
    }
    None
}

async fn tell(world: &World, command: &Cmd) -> Result<()> {
    command.query_async::<()>(&mut world.admin().await?).await?;
    Ok(())
}

/// Leaves Redis less memory than it has taken, for a time; below what it needs at all it also refuses writes.
async fn evict(world: &World, time: Duration, rng: &mut Rng) -> Result<String> {
    let set = |name: &str, value: &str| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg(name).arg(value);
        set
    };
    let info: String = redis::cmd("INFO")
        .arg("memory")
        .query_async(&mut world.admin().await?)
        .await?;
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    let used: u64 = used.ok_or("Redis does not say what it uses")?.trim().parse()?;
    let limit = if rng.bool() { used * 95 / 100 } else { 1 };
    tell(world, &set("maxmemory-policy", "allkeys-lru")).await?;
    let limited = tell(world, &set("maxmemory", &limit.to_string())).await;
    sleep(time / 4).await;
    // A Redis that was restarted meanwhile has its defaults again; one that is held hears it later.
    for _ in 0..10 {
        let lifted = tell(world, &set("maxmemory", "0")).await;
        if lifted.is_ok() && tell(world, &set("maxmemory-policy", "noeviction")).await.is_ok() {
            limited?;
            return Ok(format!("to {limit} of {used} bytes"));
        }
        sleep(Duration::from_millis(500)).await;
    }
    Err("Redis was left without memory".into())
}

/// Kills Redis and starts it again after `time`; `keep` has it come back with what it held `time` before.
async fn restart_redis(world: &World, keep: bool, time: Duration) -> Result<()> {
    let mut redis = world.redis.lock().await;
    let dump = redis.dump();
    if keep {
        let saved = tell(world, &redis::cmd("SAVE")).await;
        sleep(time).await;
        saved?;
    } else if dump.exists() {
        std::fs::remove_file(&dump)?;
    }
    redis.kill().await?;
    sleep(time / 4).await;
    redis.start_again().await
}

async fn with_link(link: &Proxy, mode: Mode, time: Duration) {
    link.set(mode);
    sleep(time).await;
    link.set(Mode::Pass);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_and_none_too_often() {
        let mut rng = Rng::with_seed(1);
        let mut counts = [0_u32; ALL.len()];
        for _ in 0..10_000 {
            let fault = any(&ALL, &mut rng);
            for ((kind, _), count) in ALL.iter().zip(&mut counts) {
                *count += u32::from(fault == Some(*kind));
            }
        }
        assert_eq!(counts.iter().sum::<u32>(), 10_000);
        assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
    }
}
