//! Headless Chromium behind chromedriver, with an empty profile and no way out of this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Signal, geteuid};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

use crate::packages::{self, CHROMIUM};
use crate::process::{Running, tied_to_us};
use crate::servers::{free_port, wait_until_ready};
use crate::{Result, cargo, programs};

const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// Nothing that would talk to the internet or wait for a person.
const FLAGS: [&str; 9] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

struct Programs {
    chromium: PathBuf,
    driver: PathBuf,
}

pub(super) struct Browser {
    client: Client,
    _driver: Running,
    // Started by us and not by chromedriver, which leaves it behind when it is stopped itself.
    _chromium: Running,
}

impl Browser {
    /// Starts a browser whose profile and logs are in `folder`.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        let programs = packages::ensure(&CHROMIUM, find_programs).await?;
        let debugging_port = free_port()?;
        let mut chromium = tied_to_us(&programs.chromium, "KILL");
        chromium
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.join("profile").display()));
        chromium.arg(format!("--remote-debugging-port={debugging_port}"));
        if geteuid().is_root() {
            // Chromium's sandbox refuses to start for root.
            chromium.arg("--no-sandbox");
        }
        let chromium = listening(
            "Chromium",
            &mut chromium,
            debugging_port,
            &folder.join("chromium.log"),
        )
        .await?;

        let port = free_port()?;
        let mut driver = tied_to_us(&programs.driver, "KILL");
        driver.arg(format!("--port={port}"));
        let driver = listening(
            "chromedriver",
            &mut driver,
            port,
            &folder.join("chromedriver.log"),
        )
        .await?;

        let options = json!({ "debuggerAddress": format!("127.0.0.1:{debugging_port}") });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(Capabilities::from_iter([(
                "goog:chromeOptions".to_owned(),
                options,
            )]))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await?;
        Ok(Self {
            client,
            _driver: driver,
            _chromium: chromium,
        })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What the page looked like, in words that tell where to look.
    pub(super) async fn evidence(&self) -> String {
        match self.screenshot().await {
            Ok(path) => format!("screenshot: {}", path.display()),
            Err(error) => format!("no screenshot: {error}"),
        }
    }

    async fn screenshot(&self) -> Result<PathBuf> {
        let png = self.client.screenshot().await?;
        let path = cargo::root().join("target/e2e-failure.png");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, png)?;
        Ok(path)
    }

    /// Ends the session, then the browser.
    pub(super) async fn close(self) -> Result<()> {
        timeout(CLOSE_LIMIT, self.client.close())
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(())
    }
}

fn find_programs() -> Option<Programs> {
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let on_mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let chromium = programs::find(&names).or_else(|| on_mac.is_file().then_some(on_mac))?;
    Some(Programs {
        chromium,
        driver: programs::find(&["chromedriver"])?,
    })
}

async fn listening(name: &str, command: &mut Command, port: u16, log: &Path) -> Result<Running> {
    let mut server = Running::spawn_server(name, command, Signal::TERM, log)?;
    let accepts = || async move { TcpStream::connect(("127.0.0.1", port)).await.is_ok() };
    wait_until_ready(&mut server, log, accepts).await?;
    Ok(server)
}
