//! What the manifests cannot say: who names `infrastructure`, and how long a file is.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Lines of code that a file may have; tests do not count.
const MAX_LINES: usize = 500;

/// Where the sources are.
const SOURCE_FOLDERS: [&str; 3] = ["bench", "crates", "xtask"];

/// The part of the workspace that must go through ports.
const API_SOURCES: &str = "crates/api/src";

/// The composition root: the only places in [`API_SOURCES`] that may name `infrastructure`.
const COMPOSITION_ROOT: [&str; 3] = [
    "crates/api/src/composition",
    "crates/api/src/composition.rs",
    "crates/api/src/main.rs",
];

/// A source file that breaks a rule. Paths are relative to the root of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Violation {
    TooLong { path: PathBuf, lines: usize },
    NamesInfrastructure { path: PathBuf, line: usize },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { path, lines } => {
                write!(
                    f,
                    "{}: {lines} lines of code, at most {MAX_LINES} are allowed",
                    path.display()
                )
            }
            Self::NamesInfrastructure { path, line } => {
                write!(
                    f,
                    "{}:{line}: only the composition root may name `infrastructure`",
                    path.display()
                )
            }
        }
    }
}

/// Every file under `root` that breaks a rule.
pub(super) fn violations(root: &Path) -> io::Result<Vec<Violation>> {
    let mut paths = Vec::new();
    for folder in SOURCE_FOLDERS {
        collect_rust_files(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path)?;
        let relative = path.strip_prefix(root).unwrap_or(&path);
        found.extend(check(relative, &text));
    }
    Ok(found)
}

fn collect_rust_files(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_rust_files(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

fn check(path: &Path, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    if is_test(path) {
        return found;
    }
    let code = code_lines(text);
    if code.len() > MAX_LINES {
        found.push(Violation::TooLong {
            path: path.to_owned(),
            lines: code.len(),
        });
    }
    if path.starts_with(API_SOURCES) && !COMPOSITION_ROOT.iter().any(|allowed| path.starts_with(allowed)) {
        let naming = code.iter().filter(|(_, line)| names_infrastructure(line));
        found.extend(naming.map(|&(line, _)| Violation::NamesInfrastructure {
            path: path.to_owned(),
            line,
        }));
    }
    found
}

fn is_test(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
        || path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .is_some_and(|stem| stem == "tests")
}

/// The lines that are neither blank nor comment, with their numbers, up to the file's test module.
fn code_lines(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<_> = (1..).zip(text.lines().map(str::trim)).collect();
    let tests_at = lines.iter().position(|&(number, line)| {
        line == "#[cfg(test)]" && opens_module(lines.iter().skip(number).map(|&(_, line)| line))
    });
    let code = lines.iter().take(tests_at.unwrap_or(lines.len()));
    code.filter(|(_, line)| !line.is_empty() && !line.starts_with("//"))
        .copied()
        .collect()
}

/// Whether the item after an attribute, possibly behind more attributes, is a module with a body.
fn opens_module<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let is_item = |line: &str| {
        [
            "mod ", "use ", "fn ", "struct ", "enum ", "impl ", "pub", "const ", "async ",
        ]
        .iter()
        .any(|start| line.starts_with(start))
    };
    let item = lines.into_iter().find(|line| is_item(line));
    item.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
}

/// Whether a line of code has `infrastructure` as a path segment, not as part of another word.
fn names_infrastructure(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices("infrastructure").any(|(at, word)| {
        let (before, rest) = code.split_at(at);
        let after = rest.strip_prefix(word).unwrap_or_default();
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let imported = ["use", "use ::", "extern crate"]
            .iter()
            .any(|start| before.trim_end().ends_with(start));
        whole && (after.starts_with("::") || imported)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_workspace_keeps_the_rules() {
        assert_eq!(violations(crate::cargo::root()).unwrap(), []);
    }

    #[test]
    fn only_the_composition_root_names_infrastructure() {
        let source = "//! About infrastructure::x.\nuse infrastructure::postgres::Pool;\n";
        let naming = |path: &str| check(Path::new(path), source).len();
        assert_eq!(naming("crates/api/src/http/v1.rs"), 1);
        assert_eq!(naming("crates/api/src/composition.rs"), 0);
        assert_eq!(naming("crates/api/src/composition/stores.rs"), 0);
        assert_eq!(naming("crates/api/tests/e2e.rs"), 0);
    }

    #[test]
    fn infrastructure_is_found_as_a_path_and_not_as_a_word() {
        for line in [
            "use infrastructure;",
            "pub use infrastructure as i;",
            "let x = infrastructure::new();",
        ] {
            assert!(names_infrastructure(line), "{line}");
        }
        for line in [
            "call(); // infrastructure::x",
            "my_infrastructure::x()",
            "let infrastructure = 1;",
        ] {
            assert!(!names_infrastructure(line), "{line}");
        }
    }

    #[test]
    fn the_budget_counts_code_only() {
        let at_limit = "let x = 1;\n\n// why\n".repeat(MAX_LINES);
        let path = Path::new("crates/api/src/long.rs");
        assert_eq!(check(path, &at_limit), []);
        let with_tests =
            format!("{at_limit}#[cfg(test)]\n#[expect(\n    x,\n)]\nmod tests {{\n{at_limit}}}\n");
        assert_eq!(check(path, &with_tests), []);
        let over = format!("#[cfg(test)]\nuse x;\n{at_limit}");
        assert_eq!(
            check(path, &over),
            [Violation::TooLong {
                path: path.to_owned(),
                lines: MAX_LINES + 2
            }]
        );
        assert_eq!(check(Path::new("crates/api/tests/long.rs"), &over), []);
    }
}
