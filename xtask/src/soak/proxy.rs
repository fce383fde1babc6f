//! A TCP proxy between an instance and a server, which can delay, hold and cut what goes through it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::sleep;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Pass,
    /// Each piece goes on so much later.
    Delay(Duration),
    /// Connections are taken and nothing goes on; what waits goes on when this ends.
    Hold,
    /// The same for what the server says alone: what it read is old when it arrives.
    HoldAnswers,
    /// Every connection is closed, and new ones at once.
    Cut,
}

/// Which way a piece goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

/// A proxy that runs for as long as the local set it was started in.
pub(super) struct Proxy {
    port: u16,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    /// Starts a proxy to `target`, a port of 127.0.0.1.
    pub(super) async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (mode, modes) = watch::channel(Mode::Pass);
        spawn_local(async move {
            while let Ok((client, _)) = listener.accept().await {
                spawn_local(connect(client, target, modes.clone()));
            }
        });
        Ok(Self { port, mode })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn connect(client: TcpStream, target: u16, mut modes: watch::Receiver<Mode>) -> io::Result<()> {
    if !let_through(&mut modes, Direction::ToServer).await {
        return Ok(());
    }
    let server = TcpStream::connect(("127.0.0.1", target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // When one direction ends, the other one is cut off with it.
    tokio::select! {
        end = pump(from_client, to_server, Direction::ToServer, modes.clone()) => end,
        end = pump(from_server, to_client, Direction::ToClient, modes) => end,
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    mut modes: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            () = cut(modes.clone()) => return Ok(()),
        };
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else {
            return Ok(());
        };
        if !let_through(&mut modes, direction).await {
            return Ok(());
        }
        to.write_all(piece).await?;
    }
}

/// Waits as the mode says; whether something may then go on.
async fn let_through(modes: &mut watch::Receiver<Mode>, direction: Direction) -> bool {
    loop {
        let mode = *modes.borrow_and_update();
        match mode {
            Mode::Pass => return true,
            Mode::Cut => return false,
            Mode::HoldAnswers if direction == Direction::ToServer => return true,
            Mode::Delay(time) => {
                sleep(time).await;
                return true;
            }
            Mode::Hold | Mode::HoldAnswers => {
                if modes.changed().await.is_err() {
                    return false;
                }
            }
        }
    }
}

async fn cut(mut modes: watch::Receiver<Mode>) {
    // The sender lives as long as anything here.
    let _ = modes.wait_for(|mode| *mode == Mode::Cut).await;
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use tokio::task::LocalSet;
    use tokio::time::{Instant, timeout};

    use super::*;

    /// A server that sends back what it is sent.
    async fn echo() -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        spawn_local(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                spawn_local(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        port
    }

    async fn ask(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_u8(7).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn it_passes_delays_holds_and_cuts() {
        LocalSet::new()
            .run_until(async {
                let proxy = Proxy::start(echo().await).await.unwrap();
                let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
                assert_eq!(ask(&mut stream).await.unwrap(), 7);

                proxy.set(Mode::Delay(Duration::from_millis(50)));
                let began = Instant::now();
                assert_eq!(ask(&mut stream).await.unwrap(), 7);
                assert!(began.elapsed() >= Duration::from_millis(100), "there and back");

                proxy.set(Mode::Hold);
                let held = timeout(Duration::from_millis(100), ask(&mut stream)).await;
                assert!(held.is_err());
                proxy.set(Mode::Pass);
                assert_eq!(stream.read_u8().await.unwrap(), 7, "what was held goes on");

                proxy.set(Mode::Cut);
                assert!(ask(&mut stream).await.is_err());
                let mut another = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
                assert!(ask(&mut another).await.is_err());
                proxy.set(Mode::Pass);
                let mut another = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
                assert_eq!(ask(&mut another).await.unwrap(), 7);
            })
            .await;
    }
}
