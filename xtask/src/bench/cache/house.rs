//! The stores, the instances of the service over them, and the limits beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::super::catalog::create_database;
use super::super::client::Client;
use super::Options;
use super::processor::Processors;
use crate::process::{Running, tied_to_us};
use crate::servers::{Servers, free_port};
use crate::vitrine::Vitrine;
use crate::{Result, say};

/// Every instance takes the tokens of every other.
const SECRET: &str = "of-no-use-to-anyone-but-benchmarks";
/// How long a limit may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct House {
    pub(super) redis: String,
    pub(super) database: String,
    /// Whether the service keeps what is in Redis in the process too.
    pub(super) has_two_tiers: bool,
    /// Ids of published products.
    pub(super) ids: Vec<String>,
    settings: Vec<(String, String)>,
    binary: PathBuf,
    programs: PathBuf,
    processors: Option<Processors>,
    pub(super) folder: TempDir,
    _servers: Servers,
}

/// A running instance.
pub(super) struct Instance {
    pub(super) client: Client,
    pub(super) token: String,
    pub(super) vitrine: Vitrine,
    _folder: TempDir,
}

/// A running limit.
pub(super) struct Limit {
    pub(super) client: Client,
    pub(super) address: String,
    pub(super) server: Running,
}

impl House {
    /// Starts the stores and fills a catalog.
    pub(super) async fn open(options: &Options, binary: PathBuf, programs: PathBuf) -> Result<Self> {
        let processors = if options.unpinned {
            None
        } else {
            Processors::part()?
        };
        let servers = Servers::start(None, None).await?;
        let url = |wanted: &str| {
            let found = servers.environment().find(|(name, _)| *name == wanted);
            found.and_then(|(_, url)| url.into_string().ok())
        };
        let setting = |text: &String| {
            let (name, value) = text.split_once('=')?;
            Some((format!("VITRINE__{name}"), value.to_owned()))
        };
        let settings: Option<Vec<_>> = options.settings.iter().map(setting).collect();
        let mut house = Self {
            redis: url("TEST_REDIS_URL").ok_or("no Redis was started")?,
            database: create_database(&servers, "bench_cache").await?,
            has_two_tiers: false,
            ids: Vec::new(),
            settings: settings.ok_or("a setting is NAME=VALUE")?,
            binary,
            programs,
            processors,
            folder: tempfile::Builder::new().prefix("vitrine-bench-").tempdir()?,
            _servers: servers,
        };
        let first = house.instance(&[("CACHE__ENABLED", "false")]).await?;
        house.has_two_tiers = first.vitrine.run(&["config"]).await?.contains("l1_bytes");
        say(format_args!(
            "filling a catalog with {} products",
            options.products
        ));
        let products = options.products.to_string();
        first
            .vitrine
            .run(&["demo", "--products", &products, "--seed", "1"])
            .await?;
        house.ids = published(&first.client).await?;
        Ok(house)
    }

    /// Starts an instance of the service on PostgreSQL; names of settings are without `VITRINE__`.
    pub(super) async fn instance(&self, settings: &[(&str, &str)]) -> Result<Instance> {
        self.instance_of(&self.binary, settings).await
    }

    /// The same of another binary.
    pub(super) async fn instance_of(&self, binary: &Path, settings: &[(&str, &str)]) -> Result<Instance> {
        let folder = tempfile::Builder::new().prefix("vitrine-bench-").tempdir()?;
        let mut all = vec![
            ("VITRINE__CATALOG__EXAMPLE".to_owned(), "false".to_owned()),
            ("VITRINE__DATABASE__URL".to_owned(), self.database.clone()),
            ("VITRINE__AUTH__HS256_SECRET".to_owned(), SECRET.to_owned()),
        ];
        all.extend(self.settings.iter().cloned());
        let named = |(name, value): &(&str, &str)| (format!("VITRINE__{name}"), (*value).to_owned());
        all.extend(settings.iter().map(named));
        let place = |start: &mut dyn FnMut() -> _| self.on_the_servers_processor(start);
        let vitrine = Vitrine::start_in(binary, folder.path(), all, place).await?;
        let token = vitrine.token("catalog:admin").await?;
        Ok(Instance {
            client: Client::new(vitrine.origin(), &token),
            token,
            vitrine,
            _folder: folder,
        })
    }

    /// Starts a limit over `store`.
    pub(super) async fn limit(&self, store: &str) -> Result<Limit> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = self.folder.path().join("limit.log");
        let mut command = tied_to_us(&self.programs.join("limit"), "KILL");
        command.args([&address, store]);
        let start = || Running::spawn_server("limit", &mut command, Signal::TERM, &log);
        let mut server = self.on_the_servers_processor(start)??;
        let deadline = Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            server.check_alive()?;
            if Instant::now() > deadline {
                return Err("the limit does not start".into());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(Limit {
            client: Client::new(&format!("http://{address}"), ""),
            address,
            server,
        })
    }

    /// Where the program is that makes the load.
    pub(super) fn load(&self) -> PathBuf {
        self.programs.join("load")
    }

    fn on_the_servers_processor<T>(&self, start: impl FnOnce() -> T) -> Result<T> {
        Ok(match &self.processors {
            Some(processors) => processors.for_server(start)?,
            None => start(),
        })
    }

    /// Writes lines where the load can read them.
    pub(super) fn lines(&self, name: &str, lines: &[String]) -> Result<PathBuf> {
        let path = Path::new(self.folder.path()).join(name);
        std::fs::write(&path, lines.join("\n"))?;
        Ok(path)
    }
}

async fn published(client: &Client) -> Result<Vec<String>> {
    let first = "/v1/products?status=published&limit=200";
    let mut ids = Vec::new();
    let mut page = first.to_owned();
    loop {
        let (body, _) = client.get(&page).await?;
        let items = body.get("items").and_then(Value::as_array).into_iter().flatten();
        let found = items.filter_map(|item| item.get("id")?.as_str().map(str::to_owned));
        ids.extend(found);
        let Some(cursor) = body.get("nextCursor").and_then(Value::as_str) else {
            return Ok(ids);
        };
        page = format!("{first}&cursor={cursor}");
    }
}
