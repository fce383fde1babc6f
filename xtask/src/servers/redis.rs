//! A throw-away Redis that keeps nothing on disk unless it is asked to.

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::{Account, free_port, wait_until_ready};
use crate::Result;
use crate::process::{Running, tied_to_us};

/// The first version that has to be told to take `DEBUG`.
const DEBUG_IS_LOCKED_SINCE: u32 = 7;

/// A running server.
pub(crate) struct Redis {
    program: PathBuf,
    folder: PathBuf,
    account: Option<Account>,
    port: u16,
    url: String,
    server: Running,
}

impl Redis {
    /// Starts a server in `folder`.
    pub(super) async fn start(program: &Path, folder: &Path, account: Option<Account>) -> Result<Self> {
        let port = free_port()?;
        let server = spawn(program, folder, account, port).await?;
        Ok(Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            account,
            port,
            url: format!("redis://127.0.0.1:{port}"),
            server,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The file that `SAVE` writes, and that a server reads when it starts.
    pub(crate) fn dump(&self) -> PathBuf {
        self.folder.join("dump.rdb")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.server.signal(signal);
    }

    /// Ends it without a chance to say or save anything.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.server.signal(Signal::KILL);
        self.server.ended().await?;
        Ok(())
    }

    /// Starts it at the same port, after it was killed.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        self.server = spawn(&self.program, &self.folder, self.account, self.port).await?;
        Ok(())
    }
}

async fn spawn(program: &Path, folder: &Path, account: Option<Account>, port: u16) -> Result<Running> {
    let log = folder.join("redis.log");
    let mut command = tied_to_us(program, "KILL");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    if major(program).await? >= DEBUG_IS_LOCKED_SINCE {
        command.args(["--enable-debug-command", "local"]);
    }
    command
        .args(["--port", &port.to_string()])
        .arg("--dir")
        .arg(folder)
        .current_dir(folder);
    if let Some(account) = account {
        account.apply(&mut command);
    }
    let mut server = Running::spawn_server("Redis", &mut command, Signal::TERM, &log)?;
    wait_until_ready(
        &mut server,
        &log,
        || async move { pongs(port).await.unwrap_or(false) },
    )
    .await?;
    Ok(server)
}

async fn pongs(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    Ok(&answer == b"+PONG")
}

/// The major version of the server, 0 if it does not say.
async fn major(program: &Path) -> io::Result<u32> {
    let output = Command::new(program).arg("--version").output().await?;
    Ok(parse_major(&String::from_utf8_lossy(&output.stdout)).unwrap_or_default())
}

fn parse_major(version_line: &str) -> Option<u32> {
    let version = version_line.split_once(" v=")?.1;
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_major;

    #[test]
    fn reads_the_major_version_of_both_families() {
        assert_eq!(
            parse_major("Redis server v=7.0.15 sha=00000000:0 bits=64\n"),
            Some(7)
        );
        assert_eq!(parse_major("Valkey server v=8.1.1 sha=00000000:0\n"), Some(8));
        assert_eq!(parse_major("something else"), None);
    }
}
