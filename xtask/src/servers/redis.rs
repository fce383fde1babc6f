//! A throw-away Redis that keeps nothing on disk.

use std::io;
use std::path::Path;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Account, free_port, wait_until_ready};
use crate::Result;
use crate::process::{Running, tied_to_us};

/// Starts a server in `folder`; gives its URL and the server.
pub(super) async fn start(
    program: &Path,
    folder: &Path,
    account: Option<&Account>,
) -> Result<(String, Running)> {
    let port = free_port()?;
    let log = folder.join("redis.log");
    let mut command = tied_to_us(program, "KILL");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
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
    Ok((format!("redis://127.0.0.1:{port}"), server))
}

async fn pongs(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    Ok(&answer == b"+PONG")
}
