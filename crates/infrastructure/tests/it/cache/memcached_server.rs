//! A Memcached server of the test's own, to be filled, killed, stopped and restarted.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::eventually;

pub(super) struct MemcachedServer {
    process: Child,
    port: u16,
    arguments: Vec<String>,
}

impl MemcachedServer {
    pub(super) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(arguments: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let server = Self {
            process: spawn(port, &arguments),
            port,
            arguments,
        };
        server.ready().await;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("memcached://127.0.0.1:{}", self.port)
    }

    /// What the server answers to a command of one line, up to a line that begins with `end`.
    pub(super) async fn command(&self, command: &[u8], end: &str) -> Vec<String> {
        self.try_command(command, end).await.unwrap()
    }

    async fn try_command(&self, command: &[u8], end: &str) -> Option<Vec<String>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        let mut stream = BufReader::new(stream);
        stream.write_all(&[command, b"\r\n"].concat()).await.ok()?;
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            lines.push(line.trim_end().to_owned());
            if line.starts_with(end) {
                return Some(lines);
            }
        }
    }

    /// Stores a value as anyone can.
    pub(super) async fn set(&self, name: &str, value: &[u8]) {
        let head = format!("set {name} 0 0 {}\r\n", value.len());
        self.command(&[head.as_bytes(), value].concat(), "STORED").await;
    }

    pub(super) async fn get(&self, name: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream
            .write_all(format!("get {name}\r\nquit\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let start = answer.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
        answer[start..answer.len() - b"\r\nEND\r\n".len()].to_vec()
    }

    /// The names of all items.
    pub(super) async fn names(&self) -> Vec<String> {
        let lines = self.command(b"lru_crawler metadump all", "END").await;
        let names = lines
            .iter()
            .filter_map(|line| line.strip_prefix("key=")?.split(' ').next());
        names.map(|name| name.replace("%3A", ":")).collect()
    }

    pub(super) async fn delete(&self, name: &str) {
        self.command(format!("delete {name}").as_bytes(), "").await;
    }

    pub(super) async fn flush(&self) {
        self.command(b"flush_all", "OK").await;
    }

    pub(super) async fn statistic(&self, name: &str) -> u64 {
        let lines = self.command(b"stats", "END").await;
        let mut found = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&format!("STAT {name} ")));
        found.next().unwrap().parse().unwrap()
    }

    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again at the same address, with nothing in it.
    pub(super) async fn restart(&mut self) {
        self.process = spawn(self.port, &self.arguments);
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
        let status = Command::new("sh").arg("-c").arg(command).status();
        assert!(status.unwrap().success());
    }

    async fn ready(&self) {
        eventually("memcached answers", || async {
            self.try_command(b"version", "VERSION").await
        })
        .await;
    }
}

impl Drop for MemcachedServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, arguments: &[String]) -> Child {
    let program = std::env::var("TEST_MEMCACHED_SERVER").unwrap_or_else(|_| "/usr/bin/memcached".into());
    Command::new(&program)
        .args(["-l", "127.0.0.1", "-U", "0", "-t", "2", "-u", "nobody"])
        .args(["-p", &port.to_string()])
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): run `cargo xtask test`"))
}
