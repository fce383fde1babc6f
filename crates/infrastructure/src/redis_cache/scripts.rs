//! The scripts that make each operation atomic, and how a batch of them is run in one round trip.

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, Value};

pub(super) struct Scripts {
    pub(super) miss: Script,
    pub(super) fill: Script,
    pub(super) abandon: Script,
    pub(super) fence: Script,
    pub(super) release: Script,
    pub(super) tell: Script,
    pub(super) look: Script,
    pub(super) beat: Script,
    pub(super) forget: Script,
    pub(super) probe: Script,
}

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("scripts/common.lua"), include_str!($file)))
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            miss: script!("scripts/miss.lua"),
            fill: script!("scripts/fill.lua"),
            abandon: script!("scripts/abandon.lua"),
            fence: script!("scripts/fence.lua"),
            release: script!("scripts/release.lua"),
            tell: script!("scripts/tell.lua"),
            look: script!("scripts/look.lua"),
            beat: script!("scripts/beat.lua"),
            forget: script!("scripts/forget.lua"),
            probe: script!("scripts/probe.lua"),
        }
    }

    pub(super) async fn load(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        for script in [
            &self.miss,
            &self.fill,
            &self.abandon,
            &self.fence,
            &self.release,
            &self.tell,
            &self.look,
            &self.beat,
            &self.forget,
            &self.probe,
        ] {
            script.load_async(connection).await?;
        }
        Ok(())
    }

    /// Makes the calls in one round trip. All are safe to repeat, so that a server that has forgotten a script is asked
    /// for the whole batch again.
    pub(super) async fn run(
        &self,
        calls: &[Call<'_>],
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<Vec<Value>> {
        let mut pipeline = redis::Pipeline::with_capacity(calls.len());
        for call in calls {
            pipeline
                .cmd("EVALSHA")
                .arg(call.script.get_hash())
                .arg(call.keys.len())
                .arg(&call.keys);
            for arg in &call.args {
                pipeline.arg(arg.as_slice());
            }
        }
        match pipeline.query_async(connection).await {
            Err(error) if says(&error, ServerErrorKind::NoScript) => {
                self.load(connection).await?;
                pipeline.query_async(connection).await
            }
            outcome => outcome,
        }
    }
}

/// One run of a script.
pub(super) struct Call<'a> {
    pub(super) script: &'a Script,
    pub(super) keys: Vec<String>,
    pub(super) args: Vec<Vec<u8>>,
}

/// Whether the server, or any of its answers in a pipeline, says this.
pub(super) fn says(error: &RedisError, kind: ServerErrorKind) -> bool {
    error.kind() == ErrorKind::Server(kind)
        || error
            .clone()
            .into_server_errors()
            .is_some_and(|all| all.iter().any(|(_, e)| e.kind() == Some(kind)))
}
