//! A Redis server of the test's own, to be killed, stopped and restarted.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::eventually;

pub(crate) struct RedisServer {
    process: Child,
    port: u16,
    /// Holds the dump, which outlives the process.
    folder: TempDir,
    arguments: Vec<String>,
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more arguments.
    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let usual = ["--save", "", "--appendonly", "no"];
        let arguments = usual.iter().chain(arguments).map(|&word| word.to_owned());
        let arguments = arguments.collect::<Vec<_>>();
        Self::run(port, folder, arguments).await
    }

    /// A sentinel that watches a master.
    pub(crate) async fn sentinel(name: &str, master: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sentinel.conf");
        let rules = format!(
            "sentinel monitor {name} 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds {name} 1000\n\
             sentinel failover-timeout {name} 5000\n"
        );
        std::fs::write(&file, rules).unwrap();
        let arguments = vec![file.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        Self::run(free_port(), folder, arguments).await
    }

    async fn run(port: u16, folder: TempDir, arguments: Vec<String>) -> Self {
        let server = Self {
            process: spawn(port, &folder, &arguments),
            port,
            folder,
            arguments,
        };
        server.ready().await;
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What `INFO` says of this. Sentinels close connections, this one too.
    pub(crate) async fn info(&self, section: &str) -> String {
        eventually("it says how it is", || async {
            let mut info = redis::cmd("INFO");
            info.arg(section)
                .query_async(&mut self.connection().await?)
                .await
                .ok()
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Writes all data to disk, as a snapshot does.
    pub(crate) async fn save(&self) {
        self.command(&["SAVE"]).await;
    }

    pub(crate) async fn forget_scripts(&self) {
        self.command(&["SCRIPT", "FLUSH"]).await;
    }

    pub(crate) async fn flush(&self) {
        self.command(&["FLUSHALL"]).await;
    }

    /// Closes everyone's connections.
    pub(crate) async fn kill_clients(&self) {
        for kind in ["normal", "pubsub"] {
            self.command(&["CLIENT", "KILL", "TYPE", kind]).await;
        }
    }

    /// A URL by which a user of these rules comes in.
    pub(crate) async fn user(&self, name: &str, rules: &[&str]) -> String {
        self.command(&[&["ACL", "SETUSER", name], rules, &["on", ">secret"]].concat())
            .await;
        format!("redis://{name}:secret@127.0.0.1:{}", self.port)
    }

    pub(crate) async fn set_field(&self, key: &str, field: &str, value: &[u8]) {
        let mut connection = self.connection().await.unwrap();
        let _: () = redis::cmd("HSET")
            .arg(key)
            .arg(field)
            .arg(value)
            .query_async(&mut connection)
            .await
            .unwrap();
    }

    /// Runs a command and gives its answer.
    pub(crate) async fn command(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let mut connection = self.connection().await.unwrap();
        command
            .query_async(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again at the same address, on what was saved last.
    pub(crate) async fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder, &self.arguments);
        self.ready().await;
    }

    /// Stops it where it stands: connections stay open and nothing answers.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    pub(crate) fn thaw(&self) {
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
            .get_multiplexed_async_connection_with_config(
                &redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(20))),
            )
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

fn spawn(port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    let program = std::env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "/usr/bin/redis-server".into());
    let port = port.to_string();
    Command::new(&program)
        .args(arguments)
        .args(["--port", &port, "--bind", "127.0.0.1", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): run `cargo xtask test`"))
}
