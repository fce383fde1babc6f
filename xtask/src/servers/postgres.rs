//! A throw-away PostgreSQL cluster, tuned to be fast and to forget everything.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::{Account, free_port, wait_until_ready};
use crate::Result;
use crate::process::{Running, tied_to_us};

const USER: &str = "postgres";
/// Where the cluster is in the servers' folder.
const DATA: &str = "postgres";

/// Durability is for data that someone wants back.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// A running cluster.
pub(crate) struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    account: Option<Account>,
    port: u16,
    url: String,
    server: Running,
}

impl Postgres {
    /// Makes a cluster in `folder` and starts it.
    pub(super) async fn start(bin: &Path, folder: &Path, account: Option<Account>) -> Result<Self> {
        let password = random_hex()?;
        create_cluster(bin, folder, &password, account).await?;
        let port = free_port()?;
        let server = spawn(bin, folder, account, port).await?;
        Ok(Self {
            bin: bin.to_owned(),
            folder: folder.to_owned(),
            account,
            port,
            url: format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres"),
            server,
        })
    }

    /// The superuser's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends every process of it at once, as a crash would, and starts it again at the same port.
    pub(crate) async fn crash_and_restart(&mut self) -> Result<()> {
        self.server.signal(Signal::QUIT);
        self.server.ended().await?;
        self.server = spawn(&self.bin, &self.folder, self.account, self.port).await?;
        Ok(())
    }
}

async fn spawn(bin: &Path, folder: &Path, account: Option<Account>, port: u16) -> Result<Running> {
    let log = folder.join("postgres.log");
    // SIGQUIT is the immediate shutdown: there is nothing to keep.
    let mut command = tied_to_us(&bin.join("postgres"), "QUIT");
    command
        .arg("-D")
        .arg(folder.join(DATA))
        .arg("-p")
        .arg(port.to_string())
        .current_dir(folder);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
        .arg("-c")
        .arg(format!("unix_socket_directories={}", folder.display()));
    if let Some(account) = account {
        account.apply(&mut command);
    }
    let mut server = Running::spawn_server("PostgreSQL", &mut command, Signal::QUIT, &log)?;
    wait_until_ready(&mut server, &log, || async move {
        asks_for_password(port).await.unwrap_or(false)
    })
    .await?;
    Ok(server)
}

async fn create_cluster(bin: &Path, folder: &Path, password: &str, account: Option<Account>) -> Result<()> {
    let data = folder.join(DATA);
    let password_file = folder.join("password");
    fs::write(&password_file, password)?;
    if let Some(account) = account {
        account.own(&password_file)?;
    }
    // Apple ships no C.UTF-8; elsewhere plain C would leave letters beyond ASCII without a lower case.
    let locale = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };
    let mut initdb = Command::new(bin.join("initdb"));
    initdb
        .arg("--pgdata")
        .arg(&data)
        .arg("--pwfile")
        .arg(&password_file)
        .args([
            "--no-sync",
            // Checked by the server in C: SCRAM would have every connection hash 4,096 times in unoptimised test code.
            "--auth=password",
            "--encoding=UTF8",
            "--username",
            USER,
            "--locale",
            locale,
        ]);
    // initdb looks at its working folder, which the account may be unable to read.
    initdb.current_dir(folder).kill_on_drop(true);
    if let Some(account) = account {
        account.apply(&mut initdb);
    }
    let output = initdb.output().await?;
    if !output.status.success() {
        return Err(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(())
}

/// Whether the server on `port` takes sessions: it answers a start-up message with `R`, and with `E` until it is up.
async fn asks_for_password(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    // Length, protocol 3.0, the user, the end of the parameters.
    stream
        .write_all(b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0")
        .await?;
    Ok(stream.read_u8().await? == b'R')
}

fn random_hex() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u128::from_le_bytes(bytes)).map(|number| format!("{number:032x}"))
}
