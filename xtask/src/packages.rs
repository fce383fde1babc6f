//! Installs missing programs with the system's own package manager, or says exactly what to install.

use rustix::process::geteuid;
use tokio::process::Command;

use crate::process::Running;
use crate::{Result, programs, say};

/// Something that a command of ours needs, and the packages that bring it.
pub(crate) struct Need {
    /// What is missing, in words.
    pub(crate) what: &'static str,
    pub(crate) apt: &'static [&'static str],
    pub(crate) dnf: &'static [&'static str],
    pub(crate) apk: &'static [&'static str],
    pub(crate) brew: &'static [&'static str],
}

pub(crate) const POSTGRES: Need = Need {
    what: "PostgreSQL 15 or newer (initdb, postgres)",
    apt: &["postgresql"],
    dnf: &["postgresql-server"],
    apk: &["postgresql"],
    brew: &["postgresql@17"],
};

pub(crate) const REDIS: Need = Need {
    what: "redis-server",
    apt: &["redis-server"],
    dnf: &["redis"],
    apk: &["redis"],
    brew: &["redis"],
};

pub(crate) const MEMCACHED: Need = Need {
    what: "memcached",
    apt: &["memcached"],
    dnf: &["memcached"],
    apk: &["memcached"],
    brew: &["memcached"],
};

pub(crate) const CHROMIUM: Need = Need {
    what: "Chromium with chromedriver",
    apt: &["chromium", "chromium-driver"],
    dnf: &["chromium", "chromedriver"],
    apk: &["chromium", "chromium-chromedriver"],
    brew: &["chromedriver", "google-chrome"],
};

pub(crate) const CURL: Need = Need {
    what: "curl",
    apt: &["curl"],
    dnf: &["curl"],
    apk: &["curl"],
    brew: &["curl"],
};

pub(crate) const JQ: Need = Need {
    what: "jq",
    apt: &["jq"],
    dnf: &["jq"],
    apk: &["jq"],
    brew: &["jq"],
};

struct Manager {
    program: &'static str,
    refresh: Option<&'static [&'static str]>,
    install: &'static [&'static str],
    packages: fn(&Need) -> &'static [&'static str],
    needs_root: bool,
}

const MANAGERS: [Manager; 4] = [
    Manager {
        program: "apt-get",
        refresh: Some(&["update", "-qq"]),
        install: &["install", "-y", "-qq", "--no-install-recommends"],
        packages: |need| need.apt,
        needs_root: true,
    },
    Manager {
        program: "dnf",
        refresh: None,
        install: &["install", "-y"],
        packages: |need| need.dnf,
        needs_root: true,
    },
    Manager {
        program: "apk",
        refresh: None,
        install: &["add", "--no-cache"],
        packages: |need| need.apk,
        needs_root: true,
    },
    Manager {
        program: "brew",
        refresh: None,
        install: &["install"],
        packages: |need| need.brew,
        needs_root: false,
    },
];

/// Gives what `find` finds, installing `need` first when it finds nothing.
pub(crate) async fn ensure<T>(need: &Need, find: impl Fn() -> Option<T>) -> Result<T> {
    if let Some(found) = find() {
        return Ok(found);
    }
    install(need).await?;
    find().ok_or_else(|| format!("{} is still missing after its packages were installed", need.what).into())
}

async fn install(need: &Need) -> Result<()> {
    let Some(manager) = MANAGERS
        .iter()
        .find(|manager| programs::find(&[manager.program]).is_some())
    else {
        return Err(format!(
            "{} not found: install it and make sure that it is on PATH",
            need.what
        )
        .into());
    };
    let packages = (manager.packages)(need);
    let by_hand = format!(
        "{} {} {}",
        manager.program,
        manager.install.join(" "),
        packages.join(" ")
    );
    let Some(prefix) = privilege(manager).await else {
        return Err(format!("{} not found: install it with `sudo {by_hand}`", need.what).into());
    };
    say(format_args!("{} not found, installing it: {by_hand}", need.what));
    for arguments in manager.refresh.into_iter().chain([manager.install]) {
        let is_install = arguments == manager.install;
        let words = prefix.iter().chain([&manager.program]).chain(arguments);
        let mut words = words.chain(packages.iter().filter(|_| is_install));
        let Some(program) = words.next() else { continue };
        let mut command = Command::new(program);
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        let status = Running::spawn_group(manager.program, &mut command)?
            .wait()
            .await?;
        if !status.success() {
            return Err(format!("`{by_hand}` failed ({status}); install {} by hand", need.what).into());
        }
    }
    Ok(())
}

/// The words to put before the manager's name, or `None` where we may not install.
async fn privilege(manager: &Manager) -> Option<&'static [&'static str]> {
    if !manager.needs_root || geteuid().is_root() {
        return Some(&[]);
    }
    let asked = Command::new("sudo").args(["-n", "true"]).output().await.ok()?;
    // The environment does not pass through sudo by itself.
    asked
        .status
        .success()
        .then_some(&["sudo", "-n", "DEBIAN_FRONTEND=noninteractive"])
}
