//! The binary as a child process, and a client of it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Longer than anything takes that is not stuck.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// The same for all processes of a test, so that one token suits them all.
const SECRET: &str = "a-secret-that-only-these-tests-know-and-nobody-else";

/// What a process is started with. It sees none of the settings of whoever runs the tests.
#[derive(Clone)]
pub(super) struct Setup {
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

impl Setup {
    /// On SQLite and the in-process cache in `folder`, without the example catalog.
    pub(super) fn new(folder: &TempDir) -> Self {
        Self::bare(folder.path())
            .with("VITRINE__AUTH__HS256_SECRET", SECRET)
            .with("VITRINE__CATALOG__EXAMPLE", "false")
            .with("VITRINE__HTTP__DRAIN", "100ms")
            .with("VITRINE__TELEMETRY__LOG_LEVEL", "warn")
    }

    /// As it comes, but for where its files lie and that no other process has the port.
    pub(super) fn bare(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            variables: Vec::new(),
        }
        .with("VITRINE__HTTP__ADDRESS", &address().to_string())
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same on another port.
    pub(super) fn elsewhere(&self) -> Self {
        self.clone()
            .with("VITRINE__HTTP__ADDRESS", &address().to_string())
    }

    pub(super) fn address(&self) -> SocketAddr {
        let value = self
            .variables
            .iter()
            .find(|(name, _)| name == "VITRINE__HTTP__ADDRESS");
        value.unwrap().1.parse().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vitrine"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.variables.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The standard output of a command that has to succeed.
    pub(super) fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Serves; nobody waits for it to be ready.
    pub(super) fn spawn(&self) -> Vitrine {
        let log = self.folder.join(format!("{}.log", self.address().port()));
        let child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        Vitrine {
            child,
            log,
            client: Client::new(self),
        }
    }

    /// Serves, and is ready.
    pub(super) async fn start(&self) -> Vitrine {
        let mut vitrine = self.spawn();
        vitrine.ready().await;
        vitrine
    }
}

/// A running `vitrine serve`; killed when it is dropped.
pub(super) struct Vitrine {
    child: Child,
    log: PathBuf,
    pub(super) client: Client,
}

impl Vitrine {
    pub(super) async fn ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the service ended before it was ready: {status}");
            }
            if self
                .client
                .health()
                .await
                .is_some_and(|(status, _)| status == 200)
            {
                return;
            }
            assert!(Instant::now() < deadline, "the service is not ready");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the service has written so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(super) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for its end.
    pub(super) async fn end(&mut self) -> ExitStatus {
        eventually("the service ends", async || self.child.try_wait().unwrap()).await
    }

    /// Asks it to stop, and expects that it does well.
    pub(super) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.end().await;
        assert!(status.success(), "{status}");
    }

    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Vitrine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let end: Vec<_> = log.lines().rev().take(20).collect();
            let end: Vec<_> = end.into_iter().rev().collect();
            let _ = writeln!(io::stderr(), "the service's log ends:\n{}", end.join("\n"));
        }
    }
}

/// Asks one instance, as an administrator, over connections that are kept.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    pub(super) address: SocketAddr,
    pub(super) token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn version(&self) -> u64 {
        self.body["version"]
            .as_u64()
            .unwrap_or_else(|| panic!("no version: {self:?}"))
    }

    pub(super) fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id: {self:?}"))
            .to_owned()
    }
}

impl Client {
    pub(super) fn new(setup: &Setup) -> Self {
        let token = setup.succeed(&["token", "--scope", "catalog:admin"]);
        Self {
            http: http().build().unwrap(),
            address: setup.address(),
            token: token.trim().to_owned(),
        }
    }

    /// The same with connections of its own.
    pub(super) fn apart(&self) -> Self {
        Self {
            http: http().build().unwrap(),
            ..self.clone()
        }
    }

    /// The same with a connection for each request.
    pub(super) fn with_fresh_connections(&self) -> Self {
        Self {
            http: http().pool_max_idle_per_host(0).build().unwrap(),
            ..self.clone()
        }
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Answer> {
        let patch = method == Method::PATCH;
        let mut request = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            let kind = if patch {
                "application/merge-patch+json"
            } else {
                "application/json"
            };
            request = request.header("content-type", kind).body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let retry_after = header(&response, "retry-after");
        let bytes = response.bytes().await?;
        Ok(Answer {
            status,
            retry_after,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        })
    }

    pub(super) async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    /// Creates a product; gives its id.
    pub(super) async fn create(&self, key: &str) -> String {
        let answer = self.try_create(key).await.unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.id()
    }

    pub(super) async fn try_create(&self, key: &str) -> reqwest::Result<Answer> {
        let body = json!({"key": key, "name": key});
        self.send(Method::POST, "/v1/products", Some(&body)).await
    }

    /// Sets the product's brand, which makes its next version.
    pub(super) async fn rename(&self, id: &str, brand: &str) -> reqwest::Result<Answer> {
        let path = format!("/v1/products/{id}");
        self.send(Method::PATCH, &path, Some(&json!({"brand": brand})))
            .await
    }

    /// The product as it stands; it must be there.
    pub(super) async fn product(&self, id: &str) -> Answer {
        let answer = self.get(&format!("/v1/products/{id}")).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Readiness with its document, when anybody answers.
    pub(super) async fn health(&self) -> Option<(u16, Value)> {
        let answer = self.get("/health/ready").await.ok()?;
        Some((answer.status, answer.body))
    }

    /// Waits until the cache is `state` in the service's eyes.
    pub(super) async fn until_cache(&self, state: &str) {
        eventually(&format!("cache {state}"), async || {
            let (_, body) = self.health().await?;
            (body["cache"] == state).then_some(())
        })
        .await;
    }

    pub(super) async fn metrics(&self) -> String {
        let request = self.http.get(format!("http://{}/metrics", self.address));
        request.send().await.unwrap().text().await.unwrap()
    }

    /// The sum of the series whose line begins with `name` and contains `label`; 0 when there is none.
    pub(super) async fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.metrics().await;
        let series = text
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label));
        series
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .sum()
    }
}

fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE)
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap().to_owned())
}

/// An address that was free a moment ago and is given once.
pub(super) fn address() -> SocketAddr {
    /// Below the ports that the system gives to clients, so that none of those takes it.
    const FIRST: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different places.
    let start = u16::try_from(std::process::id() % 120).unwrap() * 100;
    loop {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

pub(super) fn signal(process: u32, name: &str) {
    let command = format!("kill -{name} {process}");
    let status = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(status.success(), "{command}");
}

/// Waits for what is bound to come, looking often.
pub(super) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
