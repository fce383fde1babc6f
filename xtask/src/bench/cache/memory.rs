//! What a cached product takes of memory, beside the bytes that it has.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::house::House;
use super::load::{Target, turn};
use super::processor;
use super::report::{self, Memory};
use crate::{Result, say};

/// As many as ask at once.
const CONNECTIONS: usize = 4;
/// The share of products that are read before memory is looked at: buffers and pools have their size by then.
const WARM_UP: usize = 10;
/// Room for all.
const CAPACITY: &str = "1073741824";

pub(super) async fn measure(house: &House) -> Result<()> {
    say("measuring: memory");
    let name = if house.has_two_tiers {
        "CACHE__L1_BYTES"
    } else {
        "CACHE__MEMORY_BYTES"
    };
    let alone = [("CACHE__URL", "memory://"), (name, CAPACITY)];
    let mut rows = vec![of_reads(house, "in the process, alone", &alone).await?];
    let mut shared = vec![("CACHE__URL", house.redis.as_str())];
    if house.has_two_tiers {
        shared.push((name, CAPACITY));
        rows.push(of_reads(house, "in the process, before Redis", &shared).await?);
    } else {
        of_reads(house, "", &shared).await?;
    }
    // The reads above left every product there.
    rows.push(of_redis(house, rows.first()).await?);
    report::memory(&rows);
    Ok(())
}

/// The growth of an instance that reads products it has not read before.
async fn of_reads(house: &House, what: &str, settings: &[(&str, &str)]) -> Result<Memory> {
    command(&house.redis, "FLUSHALL").await?;
    let instance = house.instance(settings).await?;
    let paths: Vec<_> = house.ids.iter().map(|id| format!("/v1/products/{id}")).collect();
    let (warm_up, rest) = paths.split_at(paths.len() / WARM_UP);
    let process = instance.vitrine.process().ok_or("the instance has ended")?;
    let resident = || processor::resident_bytes(process).ok_or("the memory of a process is not told here");
    let read = async |lines: &[String]| {
        let target = Target {
            address: instance.vitrine.address(),
            process: Some(process),
            requests: &house.lines("once", lines)?,
            token: Some(&instance.token),
        };
        turn(&house.load(), &target, CONNECTIONS, None).await
    };
    read(warm_up).await?;
    let before = resident()?;
    let turn = read(rest).await?;
    let grown = resident()?.saturating_sub(before);
    Ok(Memory {
        what: what.to_owned(),
        products: rest.len(),
        body_bytes: turn.body_bytes,
        grown,
    })
}

/// What all products take in Redis; their bodies are those of `of_reads`.
async fn of_redis(house: &House, read: Option<&Memory>) -> Result<Memory> {
    let full = used(&house.redis).await?;
    let keys = keys(&house.redis).await?;
    command(&house.redis, "FLUSHALL").await?;
    let empty = used(&house.redis).await?;
    let per_body = read.map_or(0, |read| read.body_bytes / (read.products as u64).max(1));
    Ok(Memory {
        what: "in Redis".to_owned(),
        products: keys,
        body_bytes: per_body * keys as u64,
        grown: full.saturating_sub(empty),
    })
}

async fn used(redis: &str) -> Result<u64> {
    let text = command(redis, "INFO memory").await?;
    let line = text.lines().find_map(|line| line.strip_prefix("used_memory:"));
    Ok(line.ok_or("Redis does not tell its memory")?.trim().parse()?)
}

async fn keys(redis: &str) -> Result<usize> {
    let text = command(redis, "DBSIZE").await?;
    Ok(text.trim().trim_start_matches(':').parse()?)
}

/// What Redis answers to a command without arguments that have spaces.
async fn command(redis: &str, command: &str) -> Result<String> {
    let address = redis.strip_prefix("redis://").ok_or("not the URL of our Redis")?;
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(format!("{command}\r\nQUIT\r\n").as_bytes())
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.trim_end().trim_end_matches("+OK").to_owned())
}
