//! A server under test, as someone runs it who has configured nothing but what the test says.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::Result;
use crate::process::{Running, tied_to_us};
use crate::servers::{free_port, tail, wait_until_ready};

pub(crate) struct Vitrine {
    binary: PathBuf,
    folder: PathBuf,
    address: String,
    origin: String,
    settings: Vec<(String, String)>,
    server: Running,
}

impl Vitrine {
    /// Starts the server with its data in `folder` and waits until it is ready.
    pub(crate) async fn start(
        binary: &Path,
        folder: &Path,
        settings: Vec<(&'static str, String)>,
    ) -> Result<Self> {
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self::start_in(binary, folder, settings.collect(), |start| Ok(start())).await
    }

    /// The same, with the process started inside `place`, which may change what it inherits.
    pub(crate) async fn start_in(
        binary: &Path,
        folder: &Path,
        settings: Vec<(String, String)>,
        place: impl FnOnce(&mut dyn FnMut() -> io::Result<Running>) -> Result<io::Result<Running>>,
    ) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut command = command(binary, folder, &address, &settings);
        let mut server =
            place(&mut || Running::spawn_server("vitrine serve", &mut command, Signal::TERM, &log(folder)))??;
        until_ready(&mut server, folder, &address).await?;
        let origin = format!("http://{address}");
        Ok(Self {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            address,
            origin,
            settings,
            server,
        })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.server.signal(signal);
    }

    /// Waits until the server has ended, which a signal has asked it to.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        self.server.ended().await?;
        Ok(())
    }

    /// Starts the server at the same address, after it has ended.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        self.server = serve(&self.binary, &self.folder, &self.address, &self.settings).await?;
        Ok(())
    }

    /// Changes a setting for the next start.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// The end of what the server logged.
    pub(crate) fn log(&self) -> String {
        tail(&self.log_file())
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        log(&self.folder)
    }

    /// Where the server is, such as `http://127.0.0.1:8080`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The same without the scheme.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The id of its process, while it runs.
    pub(crate) fn process(&self) -> Option<u32> {
        self.server.id()
    }

    /// A token from the command line, as the documentation tells people to get one.
    pub(crate) async fn token(&self, scope: &str) -> Result<String> {
        self.run(&["token", "--scope", scope, "--ttl", "1h"]).await
    }

    /// What a command prints that works on the same data.
    pub(crate) async fn run(&self, args: &[&str]) -> Result<String> {
        let command = Command::new(&self.binary);
        let mut command = configure(command, &self.folder, &self.address, &self.settings);
        let output = command.args(args).kill_on_drop(true).output().await?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`vitrine {}` failed: {message}", args.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

async fn serve(
    binary: &Path,
    folder: &Path,
    address: &str,
    settings: &[(String, String)],
) -> Result<Running> {
    let mut command = command(binary, folder, address, settings);
    let mut server = Running::spawn_server("vitrine serve", &mut command, Signal::TERM, &log(folder))?;
    until_ready(&mut server, folder, address).await?;
    Ok(server)
}

fn command(binary: &Path, folder: &Path, address: &str, settings: &[(String, String)]) -> Command {
    let mut command = configure(tied_to_us(binary, "KILL"), folder, address, settings);
    command.arg("serve").current_dir(folder);
    command
}

async fn until_ready(server: &mut Running, folder: &Path, address: &str) -> Result<()> {
    wait_until_ready(server, &log(folder), || async {
        is_ready(address).await.unwrap_or(false)
    })
    .await
}

fn log(folder: &Path) -> PathBuf {
    folder.join("vitrine.log")
}

/// Sets what the test must set, and removes what the caller's environment would configure.
fn configure(mut command: Command, folder: &Path, address: &str, settings: &[(String, String)]) -> Command {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("VITRINE__")) {
            command.env_remove(name);
        }
    }
    command
        .env("VITRINE__HTTP__ADDRESS", address)
        .env("VITRINE__DATA_DIR", folder.join("data"))
        .envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

async fn is_ready(address: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}
