//! A running `vitrine serve` with a data folder of its own.
//!
//! Invariant: it ends with this process, however that ends. A shell stands between the two, which kills the service
//! and removes its folder when its standard input closes.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant as Time};

use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Backend, bucket, database};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vitrine");

const KEEPER: &str = "\"$0\" serve >log 2>&1 </dev/null & server=$!; trap '' INT TERM; cat >/dev/null; \
    kill -9 $server 2>/dev/null; wait $server 2>/dev/null; cd /; rm -rf \"$1\"";

const START_LIMIT: Duration = Duration::from_mins(1);

pub(crate) struct Instance {
    keeper: Child,
    pub(crate) backend: Backend,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    pub(crate) url: String,
    tokens: Mutex<HashMap<(String, String), String>>,
}

impl Instance {
    /// Starts the service on stores of its own and waits until it is ready.
    pub(crate) async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let mut environment = vec![
            ("VITRINE__CATALOG__EXAMPLE".to_owned(), "false".to_owned()),
            ("VITRINE__HTTP__DRAIN".to_owned(), "0s".to_owned()),
        ];
        if backend == Backend::Servers {
            environment.push(("VITRINE__DATABASE__URL".to_owned(), database::create().await));
            environment.push(("VITRINE__CACHE__URL".to_owned(), database::redis()));
            // Redis is shared, and what is cached by name would be taken for that of another database.
            let prefix = format!("vitrine-{}:", Uuid::from_u128(rand::random()).simple());
            environment.push(("VITRINE__CACHE__PREFIX".to_owned(), prefix));
            environment.extend(bucket::settings().await);
        }
        let settings = settings.iter();
        environment.extend(settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        for _ in 0..3 {
            if let Some(instance) = Self::try_start(backend, environment.clone()).await {
                return instance;
            }
        }
        panic!("the service did not start");
    }

    /// `None` when someone else took the port first.
    async fn try_start(backend: Backend, mut environment: Vec<(String, String)>) -> Option<Self> {
        let folder = tempfile::Builder::new()
            .prefix("vitrine-http-")
            .tempdir()
            .unwrap()
            .keep();
        let address = free_address();
        environment.push((
            "VITRINE__DATA_DIR".to_owned(),
            folder.join("data").display().to_string(),
        ));
        environment.push(("VITRINE__HTTP__ADDRESS".to_owned(), address.clone()));
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, PROGRAM])
            .arg(&folder)
            .current_dir(&folder)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let instance = Self {
            keeper,
            backend,
            folder,
            environment,
            url: format!("http://{address}"),
            tokens: Mutex::default(),
        };
        let started = Time::now();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        while !instance.is_ready(&client).await {
            let log = instance.log();
            if log.contains("Address already in use") {
                return None;
            }
            let failed = log.lines().any(|line| line.starts_with("vitrine: "));
            assert!(
                !failed && started.elapsed() < START_LIMIT,
                "the service does not start: {log}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(instance)
    }

    async fn is_ready(&self, client: &reqwest::Client) -> bool {
        let answer = client.get(format!("{}/health/ready", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// What the instance was started with.
    pub(crate) fn setting(&self, name: &str) -> &str {
        let found = self.environment.iter().rfind(|(known, _)| known == name);
        found.map_or_else(|| panic!("{name} is not set"), |(_, value)| value)
    }

    /// What the service has written so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// A token of the scopes, made by the service's own command.
    pub(crate) async fn token(&self, scopes: &str, subject: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        let known = tokens.entry((scopes.to_owned(), subject.to_owned()));
        let token = known.or_insert_with(|| {
            let output = vitrine(
                &self.environment,
                &["token", "--scope", scopes, "--subject", subject],
            );
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        });
        token.clone()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _: Result<_, _> = self.keeper.wait();
    }
}

/// Runs a command of the program to its end.
pub(crate) fn vitrine(environment: &[(String, String)], arguments: &[&str]) -> Output {
    let environment = environment.iter().map(|(name, value)| (name, value));
    Command::new(PROGRAM)
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .envs(environment)
        .output()
        .unwrap()
}

fn free_address() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().to_string()
}
