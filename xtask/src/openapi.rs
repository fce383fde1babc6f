//! `cargo xtask openapi`: the committed document and the code never drift apart.

use std::fs;
use std::process::ExitCode;

use tokio::process::Command;

use crate::{Result, cargo, say};

const PATH: &str = "openapi/openapi.json";

pub(crate) async fn run(check: bool) -> Result<ExitCode> {
    let binary = cargo::build_vitrine().await?;
    let output = Command::new(binary)
        .arg("openapi")
        .current_dir(cargo::root())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!(
            "`vitrine openapi` failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    let current = String::from_utf8(output.stdout)?;
    let file = cargo::root().join(PATH);
    if !check {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, current)?;
        return Ok(ExitCode::SUCCESS);
    }
    let committed = fs::read_to_string(file).map_err(|error| format!("cannot read {PATH}: {error}"))?;
    let Some(difference) = first_difference(&committed, &current) else {
        return Ok(ExitCode::SUCCESS);
    };
    say(format_args!(
        "{PATH} has drifted from the code: {difference}\nrun `cargo xtask openapi` and commit the file"
    ));
    Ok(ExitCode::FAILURE)
}

/// Where two texts first differ, in words, or `None` when they are the same.
fn first_difference(committed: &str, current: &str) -> Option<String> {
    if committed == current {
        return None;
    }
    let mut pairs = committed.lines().zip(current.lines()).zip(1..);
    let Some(((old, new), line)) = pairs.find(|((old, new), _)| old != new) else {
        return Some("one is the beginning of the other".to_owned());
    };
    Some(format!("line {line}\n- {}\n+ {}", old.trim(), new.trim()))
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn tells_where_the_document_drifted() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(
            first_difference("a\nb\n", "a\n c\n").as_deref(),
            Some("line 2\n- b\n+ c")
        );
        assert!(first_difference("a\n", "a\nb\n").is_some());
    }
}
