//! The scripts that make each operation atomic, and how a batch of them is run in one round trip.

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, Value};

pub(super) struct Scripts {
    pub(super) miss: Script,
    pub(super) fill: Script,
    pub(super) fence: Script,
    pub(super) release: Script,
    pub(super) abandon: Script,
}

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("scripts/entry.lua"), include_str!($file)))
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            miss: script!("scripts/miss.lua"),
            fill: script!("scripts/fill.lua"),
            fence: script!("scripts/fence.lua"),
            release: script!("scripts/release.lua"),
            abandon: script!("scripts/abandon.lua"),
        }
    }

    pub(super) async fn load(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        for script in [&self.miss, &self.fill, &self.fence, &self.release, &self.abandon] {
            script.load_async(connection).await?;
        }
        Ok(())
    }
}

/// Keys and arguments of one run.
pub(super) struct Call {
    pub(super) keys: Vec<String>,
    pub(super) args: Vec<Vec<u8>>,
}

/// Runs the script once per call. All are safe to repeat, so that a server that has forgotten the script is asked for
/// the whole batch again.
pub(super) async fn run(
    script: &Script,
    calls: &[Call],
    connection: &mut MultiplexedConnection,
) -> RedisResult<Vec<Value>> {
    let mut pipeline = redis::Pipeline::with_capacity(calls.len());
    for call in calls {
        pipeline
            .cmd("EVALSHA")
            .arg(script.get_hash())
            .arg(call.keys.len())
            .arg(&call.keys);
        for arg in &call.args {
            pipeline.arg(arg.as_slice());
        }
    }
    match pipeline.query_async(connection).await {
        Err(error) if is_unknown_script(&error) => {
            script.load_async(connection).await?;
            pipeline.query_async(connection).await
        }
        outcome => outcome,
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    let unknown = ServerErrorKind::NoScript;
    error.kind() == ErrorKind::Server(unknown)
        || error
            .clone()
            .into_server_errors()
            .is_some_and(|all| all.iter().any(|(_, e)| e.kind() == Some(unknown)))
}
