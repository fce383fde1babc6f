//! Which crate may depend on which. Dev-dependencies are free: tests may use what they like.

use std::fmt;

use super::metadata::Metadata;

const DOMAIN: &str = "vitrine-domain";
const APPLICATION: &str = "vitrine-application";
const INFRASTRUCTURE: &str = "vitrine-infrastructure";
const API: &str = "vitrine-api";

/// What one crate of the workspace may depend on.
struct Rule {
    package: &'static str,
    /// The crates of the workspace that it may name.
    inner: &'static [&'static str],
    outer: Outer,
}

/// Which crates from outside the workspace a crate may name.
enum Outer {
    /// These only, so that each new one is a decision.
    Only(&'static [&'static str]),
    /// All but these and the crates of their family (`axum` stands for `axum-extra` too).
    AllBut(&'static [&'static str]),
}

const RULES: [Rule; 7] = [
    Rule {
        package: DOMAIN,
        inner: &[],
        outer: Outer::Only(&[
            "chrono",
            "iso_currency",
            // Patterns of attributes: matched in linear time, and in the dialect of JSON Schema, so that the schema of a
            // product type and the service's own check cannot disagree.
            "jsonschema-regex",
            "oxilangtag",
            "regex",
            "slug",
            "thiserror",
            "url",
            "uuid",
        ]),
    },
    Rule {
        package: APPLICATION,
        inner: &[DOMAIN],
        outer: Outer::Only(&[
            "async-trait",
            "bytes",
            "chrono",
            "futures",
            "serde",
            "thiserror",
            "tokio",
            "tracing",
            "uuid",
        ]),
    },
    Rule {
        package: INFRASTRUCTURE,
        inner: &[DOMAIN, APPLICATION],
        outer: Outer::AllBut(&["axum", "utoipa"]),
    },
    Rule {
        package: API,
        inner: &[DOMAIN, APPLICATION, INFRASTRUCTURE],
        outer: Outer::AllBut(&["sqlx", "redis"]),
    },
    // The limits that the service is measured against must owe nothing to it.
    Rule {
        package: "vitrine-bench",
        inner: &[],
        outer: Outer::Only(&[
            "axum",
            "bytes",
            "clap",
            "http",
            "httparse",
            "hyper-util",
            "redis",
            "sqlx",
            "tokio",
        ]),
    },
    Rule {
        package: "vitrine-bench-search",
        inner: &[DOMAIN, APPLICATION, INFRASTRUCTURE],
        outer: Outer::AllBut(&[]),
    },
    Rule {
        package: "xtask",
        inner: &[],
        outer: Outer::AllBut(&[]),
    },
];

/// A dependency that the rules forbid.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// `from` must not depend on `to`.
    Edge { from: String, to: String },
    /// A crate of the workspace that no rule speaks of.
    NoRule { package: String },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge { from, to } => write!(f, "{from} must not depend on {to}"),
            Self::NoRule { package } => write!(f, "{package} has no rule: say what it may depend on"),
        }
    }
}

/// Every forbidden edge of the workspace that `metadata` describes.
pub(super) fn violations(metadata: &Metadata) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in &metadata.packages {
        let Some(rule) = RULES.iter().find(|rule| rule.package == package.name) else {
            found.push(Violation::NoRule {
                package: package.name.clone(),
            });
            continue;
        };
        let shipped = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        let forbidden = shipped.filter(|dependency| !rule.allows(&dependency.name));
        found.extend(forbidden.map(|dependency| Violation::Edge {
            from: package.name.clone(),
            to: dependency.name.clone(),
        }));
    }
    found
}

impl Rule {
    fn allows(&self, dependency: &str) -> bool {
        if RULES.iter().any(|rule| rule.package == dependency) {
            return self.inner.contains(&dependency);
        }
        match self.outer {
            Outer::Only(allowed) => allowed.contains(&dependency),
            Outer::AllBut(forbidden) => !forbidden.iter().any(|family| is_of_family(dependency, family)),
        }
    }
}

fn is_of_family(dependency: &str, family: &str) -> bool {
    dependency
        .strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::metadata::Dependency;
    use super::*;

    /// The real workspace with one more dependency.
    fn workspace_with(from: &str, to: &str, kind: Option<&str>) -> Vec<Violation> {
        let mut metadata = Metadata::load().unwrap();
        let package = metadata
            .packages
            .iter_mut()
            .find(|package| package.name == from)
            .unwrap();
        package.dependencies.push(Dependency {
            name: to.to_owned(),
            kind: kind.map(str::to_owned),
        });
        violations(&metadata)
    }

    #[test]
    fn the_workspace_keeps_the_dependency_rule() {
        assert_eq!(violations(&Metadata::load().unwrap()), []);
    }

    #[test]
    fn each_forbidden_edge_is_found() {
        for (from, to) in [
            (DOMAIN, APPLICATION),
            (DOMAIN, "serde"),
            (DOMAIN, "tokio"),
            (APPLICATION, INFRASTRUCTURE),
            (APPLICATION, "sqlx"),
            (APPLICATION, "redis"),
            (APPLICATION, "axum"),
            (APPLICATION, "utoipa"),
            (APPLICATION, "http"),
            (INFRASTRUCTURE, API),
            (INFRASTRUCTURE, "axum"),
            (INFRASTRUCTURE, "axum-extra"),
            (API, "xtask"),
            (API, "sqlx"),
            ("xtask", DOMAIN),
            ("vitrine-bench", APPLICATION),
        ] {
            let edge = Violation::Edge {
                from: from.to_owned(),
                to: to.to_owned(),
            };
            assert_eq!(workspace_with(from, to, None), [edge], "{from} -> {to}");
        }
    }

    #[test]
    fn build_dependencies_count_and_dev_dependencies_do_not() {
        assert_eq!(workspace_with(DOMAIN, "serde", Some("build")).len(), 1);
        assert_eq!(workspace_with(DOMAIN, "serde", Some("dev")), []);
    }

    #[test]
    fn a_crate_without_a_rule_is_found() {
        let mut metadata = Metadata::load().unwrap();
        metadata.packages.first_mut().unwrap().name = "vitrine-extra".to_owned();
        assert!(violations(&metadata).contains(&Violation::NoRule {
            package: "vitrine-extra".to_owned()
        }));
    }
}
