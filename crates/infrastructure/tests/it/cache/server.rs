//! A Redis server of the test's own, to be killed, stopped and restarted.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::eventually;

pub(super) struct RedisServer {
    process: Child,
    port: u16,
    /// Holds the dump, which outlives the process.
    folder: TempDir,
}

impl RedisServer {
    pub(super) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = tempfile::tempdir().unwrap();
        let server = Self {
            process: spawn(port, &folder),
            port,
            folder,
        };
        server.ready().await;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Writes all data to disk, as a snapshot does.
    pub(super) async fn save(&self) {
        self.command(&["SAVE"]).await;
    }

    pub(super) async fn forget_scripts(&self) {
        self.command(&["SCRIPT", "FLUSH"]).await;
    }

    pub(super) async fn flush(&self) {
        self.command(&["FLUSHALL"]).await;
    }

    /// Closes everyone's connections.
    pub(super) async fn kill_clients(&self) {
        for kind in ["normal", "pubsub"] {
            self.command(&["CLIENT", "KILL", "TYPE", kind]).await;
        }
    }

    /// A URL by which a user of these rules comes in.
    pub(super) async fn user(&self, name: &str, rules: &[&str]) -> String {
        self.command(&[&["ACL", "SETUSER", name, "on", ">secret"], rules].concat())
            .await;
        format!("redis://{name}:secret@127.0.0.1:{}", self.port)
    }

    /// Runs a command and gives its answer.
    pub(super) async fn command(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let mut connection = self.connection().await.unwrap();
        command
            .query_async(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again at the same address, on what was saved last.
    pub(super) async fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder);
        self.ready().await;
    }

    /// Stops it where it stands: connections stay open and nothing answers.
    pub(super) fn freeze(&self) {
        self.signal("STOP");
    }

    pub(super) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let command = format!("kill -{signal} {}", self.process.id());
        assert!(
            Command::new("sh")
                .arg("-c")
                .arg(command)
                .status()
                .unwrap()
                .success()
        );
    }

    async fn connection(&self) -> Option<redis::aio::MultiplexedConnection> {
        redis::Client::open(self.url())
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .ok()
    }

    async fn ready(&self) {
        eventually("redis-server answers", || async {
            redis::cmd("PING")
                .query_async::<String>(&mut self.connection().await?)
                .await
                .ok()
        })
        .await;
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, folder: &TempDir) -> Child {
    let program = std::env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "/usr/bin/redis-server".into());
    Command::new(&program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
        ])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): run `cargo xtask test`"))
}
