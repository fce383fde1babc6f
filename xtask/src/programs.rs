//! Where the programs that tests need are: on PATH first, then in the places where packages put them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest PostgreSQL that Vitrine supports.
const POSTGRES_MIN_MAJOR: u32 = 15;

/// Parents of versioned PostgreSQL folders, with the path from such a folder to its programs.
const POSTGRES_HOMES: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/usr/libexec", ""),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];

/// The first of `names` that is an executable on PATH or in a usual folder.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let usual = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"].map(PathBuf::from);
    let folders: Vec<_> = path_folders().into_iter().chain(usual).collect();
    names.iter().find_map(|name| {
        folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    })
}

/// The folder that holds `initdb` and `postgres` of one supported version.
pub(crate) fn postgres_bin() -> Option<PathBuf> {
    let on_path = path_folders().into_iter().filter_map(|folder| {
        // Distributions link single programs into PATH; the real folder has all of them.
        fs::canonicalize(folder.join("initdb"))
            .ok()?
            .parent()
            .map(Path::to_path_buf)
    });
    on_path
        .chain(installed_postgres())
        .find(|folder| is_supported_postgres(folder))
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// Program folders of every installed version, newest first.
fn installed_postgres() -> impl Iterator<Item = PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = POSTGRES_HOMES
        .iter()
        .filter_map(|(home, bin)| Some((fs::read_dir(home).ok()?, bin)))
        .flat_map(|(entries, bin)| entries.flatten().map(move |entry| entry.path().join(bin)))
        .filter(|folder| folder.join("initdb").is_file())
        .filter_map(|folder| Some((postgres_major(&folder)?, folder)))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, folder)| folder)
}

fn is_supported_postgres(folder: &Path) -> bool {
    folder.join("initdb").is_file() && postgres_major(folder).is_some_and(|major| major >= POSTGRES_MIN_MAJOR)
}

/// The major version of the server in `folder`, from a line such as `postgres (PostgreSQL) 15.18 (Debian …)`.
fn postgres_major(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

fn parse_major(version_line: &str) -> Option<u32> {
    let version = version_line.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_major;

    #[test]
    fn reads_the_major_version_of_releases_and_betas() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(parse_major("something else"), None);
    }
}
