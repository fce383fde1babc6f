//! Servers that belong to one test, to be slowed down, killed and brought back.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::support::{address, eventually, signal};

/// An empty database on the server that all tests share; dropped with it.
pub(super) struct Database {
    name: String,
}

impl Database {
    pub(super) async fn create() -> Self {
        let name = format!("process_{:032x}", rand::random::<u128>());
        admin(&format!("create database {name}")).await;
        Self { name }
    }

    pub(super) fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// The same over a proxy.
    pub(super) fn url_through(&self, proxy: &Proxy) -> String {
        let options = self.options().host("127.0.0.1").port(proxy.address.port());
        options.to_url_lossy().to_string()
    }

    pub(super) async fn connect(&self) -> PgConnection {
        self.options().connect().await.unwrap()
    }

    fn options(&self) -> PgConnectOptions {
        server().database(&self.name)
    }

    pub(super) async fn remove(self) {
        admin(&format!("drop database {} with (force)", self.name)).await;
    }
}

fn server() -> PgConnectOptions {
    let url = std::env::var("TEST_DATABASE_URL")
        .unwrap_or_else(|_| panic!("TEST_DATABASE_URL is not set: run cargo xtask test"));
    url.parse().unwrap()
}

async fn admin(statement: &str) {
    let mut connection = server().connect().await.unwrap();
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A line to the shared database server on which everything takes a while.
pub(super) struct Proxy {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Every packet takes `delay`, in either direction.
    pub(super) async fn start(delay: Duration) -> Self {
        let target = (server().get_host().to_owned(), server().get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = tokio::net::TcpStream::connect(&target).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(carry(from_client, to_server, delay));
                tokio::spawn(carry(from_server, to_client, delay));
            }
        });
        Self { address, task }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, delay: Duration) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(delay).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}

/// A Redis that keeps nothing on disk.
pub(super) struct Redis {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Redis {
    pub(super) async fn start() -> Self {
        let (address, folder) = (address(), tempfile::tempdir().unwrap());
        let redis = Self {
            child: spawn_redis(address, &folder),
            address,
            folder,
        };
        redis.ready().await;
        redis
    }

    pub(super) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) async fn restart(&mut self) {
        self.child = spawn_redis(self.address, &self.folder);
        self.ready().await;
    }

    /// Stops it where it stands: connections stay open and nothing answers.
    pub(super) fn freeze(&self) {
        signal(self.child.id(), "STOP");
    }

    pub(super) fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    async fn ready(&self) {
        eventually("redis-server answers", async || {
            let mut stream = TcpStream::connect(self.address).ok()?;
            stream.write_all(b"PING\r\n").ok()?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).ok()?;
            (&answer == b"+PONG").then_some(())
        })
        .await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn_redis(address: SocketAddr, folder: &TempDir) -> Child {
    let program = std::env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let child = Command::new(&program)
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &address.port().to_string()])
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn();
    child.unwrap_or_else(|error| panic!("{program} does not start ({error}): run cargo xtask test"))
}

/// A Memcached, which never keeps anything on disk.
pub(super) struct Memcached {
    child: Child,
    address: SocketAddr,
}

impl Memcached {
    pub(super) async fn start() -> Self {
        let address = address();
        let memcached = Self {
            child: spawn_memcached(address),
            address,
        };
        memcached.ready().await;
        memcached
    }

    pub(super) fn url(&self) -> String {
        format!("memcached://{}", self.address)
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) async fn restart(&mut self) {
        self.child = spawn_memcached(self.address);
        self.ready().await;
    }

    /// Stops it where it stands: connections stay open and nothing answers.
    pub(super) fn freeze(&self) {
        signal(self.child.id(), "STOP");
    }

    pub(super) fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    async fn ready(&self) {
        eventually("memcached answers", async || {
            let mut stream = TcpStream::connect(self.address).ok()?;
            stream.write_all(b"version\r\n").ok()?;
            let mut answer = [0; 7];
            stream.read_exact(&mut answer).ok()?;
            (&answer == b"VERSION").then_some(())
        })
        .await;
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn_memcached(address: SocketAddr) -> Child {
    let program = std::env::var("TEST_MEMCACHED_SERVER").unwrap_or_else(|_| "memcached".to_owned());
    let child = Command::new(&program)
        .args(["-l", "127.0.0.1", "-U", "0", "-u", "nobody"])
        .args(["-p", &address.port().to_string()])
        .spawn();
    child.unwrap_or_else(|error| panic!("{program} does not start ({error}): run cargo xtask test"))
}

/// A PostgreSQL cluster that loses nothing in a crash of its processes.
pub(super) struct Postgres {
    child: Child,
    address: SocketAddr,
    bin: PathBuf,
    folder: TempDir,
}

impl Postgres {
    pub(super) async fn start() -> Self {
        let (bin, folder, address) = (postgres_bin(), tempfile::tempdir().unwrap(), address());
        if let Some((user, group)) = account() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let created = as_account(&bin.join("initdb"), folder.path())
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--username", "postgres"])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&created.stderr);
        assert!(created.status.success(), "initdb: {errors}");
        let child = spawn_postgres(&bin, &folder, address);
        let postgres = Self {
            child,
            address,
            bin,
            folder,
        };
        postgres.ready().await;
        postgres
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address)
    }

    /// Ends it at once, with everything that it does.
    pub(super) async fn kill(&mut self) {
        // The immediate shutdown takes its children along, which a SIGKILL would leave behind for a while.
        signal(self.child.id(), "QUIT");
        eventually("postgres ends", async || self.child.try_wait().unwrap()).await;
    }

    pub(super) async fn restart(&mut self) {
        self.child = spawn_postgres(&self.bin, &self.folder, self.address);
        self.ready().await;
    }

    async fn ready(&self) {
        let options: PgConnectOptions = self.url().parse().unwrap();
        eventually("postgres answers", async || options.connect().await.ok()).await;
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            signal(self.child.id(), "QUIT");
            let _ = self.child.wait();
        }
    }
}

fn spawn_postgres(bin: &Path, folder: &TempDir, address: SocketAddr) -> Child {
    let log = fs::File::create(folder.path().join("log")).unwrap();
    as_account(&bin.join("postgres"), folder.path())
        .arg("-D")
        .arg(folder.path().join("data"))
        .args(["-p", &address.port().to_string()])
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", folder.path().display()))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn postgres_bin() -> PathBuf {
    if let Some(bin) = std::env::var_os("TEST_POSTGRES_BIN") {
        return bin.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<_> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .collect();
    found.sort();
    found
        .pop()
        .unwrap_or_else(|| panic!("no PostgreSQL server programs: run cargo xtask test"))
}

/// The account to run servers as where we are root, which PostgreSQL refuses.
fn account() -> Option<(u32, u32)> {
    let folder = tempfile::tempdir().unwrap();
    let root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path()).unwrap()) == 0;
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd
        .lines()
        .find(|line| line.starts_with("postgres:") || line.starts_with("nobody:"))?;
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    root.then(|| (ids.next().unwrap(), ids.next().unwrap()))
}

fn as_account(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    command
}
