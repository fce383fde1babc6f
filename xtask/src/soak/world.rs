//! The instances under test and the servers that they share, each of which can be held, killed and started again.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::client::Client;
use super::proxy::Proxy;
use crate::Result;
use crate::servers::{Postgres, Redis, Servers};
use crate::vitrine::Vitrine;

const INSTANCES: usize = 3;
const SECRET: &str = "a-secret-that-only-this-run-knows-and-nobody-else";
const MODE: &str = "VITRINE__CACHE__MODE";
/// A server that an instance needs may be down when it starts.
const STARTS: usize = 20;
/// As many errors are told.
const ERRORS: usize = 5;
/// For commands to Redis; some of them sleep there.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct World {
    // Fields drop in order: the instances before what they use, and that before the folders.
    pub(super) instances: Vec<Mutex<Vitrine>>,
    pub(super) redis: Mutex<Redis>,
    pub(super) postgres: Mutex<Postgres>,
    /// Between the last instance and Redis.
    pub(super) redis_link: Proxy,
    /// Between the first instance and PostgreSQL.
    pub(super) postgres_link: Proxy,
    redis_url: String,
    database_url: String,
    _folder: TempDir,
    _servers: Servers,
}

impl World {
    /// Starts all of it, in a local set.
    pub(super) async fn start(binary: &Path, mode: &str) -> Result<Self> {
        let mut servers = Servers::start(None, None).await?;
        let (postgres, redis) = servers.take().ok_or("no servers were started")?;
        let database_url = create_database(postgres.url()).await?;
        let redis_url = redis.url().to_owned();
        let redis_link = Proxy::start(redis.port()).await?;
        let postgres_link = Proxy::start(postgres.port()).await?;
        let folder = tempfile::Builder::new().prefix("vitrine-soak-").tempdir()?;
        let mut instances = Vec::new();
        for n in 0..INSTANCES {
            let through = |url: &str, port: u16, link: &Proxy| {
                url.replace(&format!(":{port}"), &format!(":{}", link.port()))
            };
            let database = match n {
                0 => through(&database_url, postgres.port(), &postgres_link),
                _ => database_url.clone(),
            };
            let cache = if n + 1 == INSTANCES {
                through(&redis_url, redis.port(), &redis_link)
            } else {
                redis_url.clone()
            };
            let settings = vec![
                ("VITRINE__DATABASE__URL", database),
                ("VITRINE__CACHE__URL", cache),
                (MODE, mode.to_owned()),
                ("VITRINE__AUTH__HS256_SECRET", SECRET.to_owned()),
                ("VITRINE__HTTP__DRAIN", "100ms".to_owned()),
                ("VITRINE__TELEMETRY__LOG_LEVEL", "warn".to_owned()),
            ];
            let own = folder.path().join(n.to_string());
            std::fs::create_dir(&own)?;
            instances.push(Mutex::new(Vitrine::start(binary, &own, settings).await?));
        }
        Ok(Self {
            instances,
            redis: Mutex::new(redis),
            postgres: Mutex::new(postgres),
            redis_link,
            postgres_link,
            redis_url,
            database_url,
            _folder: folder,
            _servers: servers,
        })
    }

    pub(super) fn redis_url(&self) -> &str {
        &self.redis_url
    }

    pub(super) fn database_url(&self) -> &str {
        &self.database_url
    }

    /// A client of each instance, in their order.
    pub(super) async fn clients(&self) -> Result<Vec<Client>> {
        let mut clients = Vec::new();
        let mut token = None;
        for instance in &self.instances {
            let instance = instance.lock().await;
            if token.is_none() {
                token = Some(
                    instance
                        .run(&["token", "--scope", "catalog:admin", "--ttl", "24h"])
                        .await?,
                );
            }
            clients.push(Client::new(
                instance.origin(),
                token.as_deref().unwrap_or_default(),
            ));
        }
        Ok(clients)
    }

    /// A new connection to Redis, past the proxy.
    pub(super) async fn admin(&self) -> Result<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = redis::Client::open(self.redis_url.as_str())?;
        Ok(client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    /// Restarts every instance, one after the other, with another mode.
    pub(super) async fn switch(&self, mode: &str) -> Result<()> {
        for instance in &self.instances {
            let mut instance = instance.lock().await;
            instance.set(MODE, mode);
            restart(&mut instance, Signal::TERM).await?;
        }
        Ok(())
    }

    /// The last errors that an instance logged.
    pub(super) async fn errors(&self, instance: usize) -> Vec<String> {
        let Some(instance) = self.instances.get(instance) else {
            return Vec::new();
        };
        let log = std::fs::read_to_string(instance.lock().await.log_file()).unwrap_or_default();
        let errors = log.lines().rev().filter(|line| line.contains("ERROR"));
        let mut last: Vec<_> = errors.take(ERRORS).map(str::to_owned).collect();
        last.reverse();
        last
    }

    /// The end of each instance's log.
    pub(super) async fn logs(&self) -> String {
        let mut text = String::new();
        for (n, instance) in self.instances.iter().enumerate() {
            let log = instance.lock().await.log();
            // Writing to a string cannot fail.
            let _ = write!(text, "\nlog of instance {n}:\n{log}\n");
        }
        text
    }
}

/// Ends an instance with a signal and starts it again, as often as it takes.
pub(super) async fn restart(instance: &mut Vitrine, signal: Signal) -> Result<()> {
    instance.signal(signal);
    instance.ended().await?;
    let mut left = STARTS;
    while let Err(error) = instance.start_again().await {
        left -= 1;
        if left == 0 {
            return Err(error);
        }
        sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

/// A database whose acknowledged commits survive a crash of the server's processes, which the server's other ones need
/// not. Gives its URL.
async fn create_database(superuser: &str) -> Result<String> {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(superuser).await?;
    for statement in [
        "create database soak",
        "alter database soak set synchronous_commit = on",
        "checkpoint",
    ] {
        sqlx::raw_sql(statement).execute(&mut connection).await?;
    }
    connection.close().await?;
    let (server, _) = superuser.rsplit_once('/').ok_or("the URL names no database")?;
    Ok(format!("{server}/soak"))
}
