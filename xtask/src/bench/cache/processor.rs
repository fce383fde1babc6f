//! Who runs on which processor, and how much of it.
//!
//! Invariant: what is started inside [`Processors::for_server`] has the first processor to itself; whatever else the
//! benchmark starts, the client and the stores, has the other ones.

use std::fs;
use std::io;

/// Ticks of a second in Linux's accounts.
const TICKS: f64 = 100.0;

#[cfg(target_os = "linux")]
pub(super) struct Processors {
    server: rustix::thread::CpuSet,
    others: rustix::thread::CpuSet,
}

#[cfg(target_os = "linux")]
impl Processors {
    /// Takes this thread, and what it starts from now on, off the server's processor. Nothing where there is but one.
    pub(super) fn part() -> io::Result<Option<Self>> {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let mut others = sched_getaffinity(None)?;
        let Some(first) = (0..CpuSet::MAX_CPU).find(|at| others.is_set(*at)) else {
            return Ok(None);
        };
        if others.count() < 2 {
            return Ok(None);
        }
        let mut server = CpuSet::new();
        server.set(first);
        others.unset(first);
        sched_setaffinity(None, &others)?;
        Ok(Some(Self { server, others }))
    }

    /// What `start` starts runs on the server's processor.
    pub(super) fn for_server<T>(&self, start: impl FnOnce() -> T) -> io::Result<T> {
        use rustix::thread::sched_setaffinity;
        sched_setaffinity(None, &self.server)?;
        let started = start();
        sched_setaffinity(None, &self.others)?;
        Ok(started)
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) struct Processors;

#[cfg(not(target_os = "linux"))]
impl Processors {
    pub(super) fn part() -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(super) fn for_server<T>(&self, start: impl FnOnce() -> T) -> io::Result<T> {
        Ok(start())
    }
}

/// How many seconds of a processor a process has taken until now.
pub(super) fn seconds_of(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may have spaces.
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>);
    Some(f64::from(ticks.sum::<std::result::Result<u32, _>>().ok()?) / TICKS)
}

/// The bytes of memory that a process holds.
pub(super) fn resident_bytes(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
