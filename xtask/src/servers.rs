//! The private servers that a test run talks to: on free ports of 127.0.0.1, in a temporary folder, never as root.

mod account;
mod postgres;
mod redis;

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use self::account::Account;
pub(crate) use self::postgres::Postgres;
pub(crate) use self::redis::Redis;
use crate::packages::{self, POSTGRES, REDIS};
use crate::process::Running;
use crate::{Result, programs};

const START_LIMIT: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// The servers of one run; dropping it stops them, then removes their folder.
pub(crate) struct Servers {
    environment: Vec<(&'static str, OsString)>,
    // Fields drop in order: the servers must be gone before their folder is.
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    _folder: TempDir,
}

impl Servers {
    /// Starts a server for each URL that is not given.
    pub(crate) async fn start(database_url: Option<OsString>, redis_url: Option<OsString>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vitrine-test-").tempdir()?;
        let account = Account::for_servers()?;
        if let Some(account) = &account {
            account.own(folder.path())?;
        }
        let (mut postgres, mut redis) = (None, None);
        let mut environment = Vec::new();

        let (url, bin) = if let Some(url) = database_url {
            (url, programs::postgres_bin())
        } else {
            let bin = packages::ensure(&POSTGRES, programs::postgres_bin).await?;
            let server = Postgres::start(&bin, folder.path(), account).await?;
            let url = server.url().into();
            postgres = Some(server);
            (url, Some(bin))
        };
        environment.push(("TEST_DATABASE_URL", url));
        environment.extend(bin.map(|bin| ("TEST_POSTGRES_BIN", bin.into_os_string())));

        let (url, program) = if let Some(url) = redis_url {
            (url, redis_program())
        } else {
            let program = packages::ensure(&REDIS, redis_program).await?;
            let server = Redis::start(&program, folder.path(), account).await?;
            let url = server.url().into();
            redis = Some(server);
            (url, Some(program))
        };
        environment.push(("TEST_REDIS_URL", url));
        environment.extend(program.map(|program| ("TEST_REDIS_SERVER", program.into_os_string())));

        Ok(Self {
            environment,
            postgres,
            redis,
            _folder: folder,
        })
    }

    /// What the tests read to find the servers, and the programs to start more of them.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, OsString)> {
        self.environment.iter().cloned()
    }

    /// The servers that were started, for someone who stops and starts them. Their folder stays with this.
    pub(crate) fn take(&mut self) -> Option<(Postgres, Redis)> {
        self.postgres.take().zip(self.redis.take())
    }
}

fn redis_program() -> Option<PathBuf> {
    programs::find(&["redis-server", "valkey-server"])
}

/// A port of 127.0.0.1 that was free a moment ago.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Polls `answers` until it is true; fails with the end of the log when the server dies or stays silent.
pub(crate) async fn wait_until_ready<F>(
    server: &mut Running,
    log: &Path,
    answers: impl Fn() -> F,
) -> Result<()>
where
    F: Future<Output = bool>,
{
    let deadline = Instant::now() + START_LIMIT;
    while !answers().await {
        let alive = server.check_alive();
        if alive.is_err() || Instant::now() > deadline {
            let reason = alive
                .err()
                .map_or_else(|| "no answer in time".to_owned(), |error| error.to_string());
            return Err(format!("{reason}; its log ends:\n{}", tail(log)).into());
        }
        sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(20))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}
