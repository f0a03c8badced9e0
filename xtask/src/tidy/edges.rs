//! Dependencies point one way. A package not listed here is refused until it is.

use std::collections::BTreeMap;

use crate::workspace::Package;

/// Who may depend on which of our own packages.
const EDGES: &[(&str, &[&str])] = &[
    ("antiphon-content", &[]),
    ("antiphon-documents", &["content"]),
    ("antiphon-api", &["content", "documents"]),
    ("antiphon-rules", &["content", "documents", "api"]),
    (
        "antiphon-receipt",
        &["content", "documents", "api", "rules"],
    ),
    (
        "antiphon-contract",
        &["content", "documents", "api", "rules"],
    ),
    ("antiphon-numerics", &[]),
    ("antiphon-gguf", &["numerics"]),
    ("antiphon-miniature", &["numerics"]),
    (
        "antiphon-engine",
        &["content", "documents", "numerics", "gguf"],
    ),
    ("antiphon-candle", &["engine"]),
    (
        "antiphon-fuzz",
        &["content", "documents", "numerics", "engine", "miniature"],
    ),
    ("antiphon-chain", &["content", "documents", "api"]),
    (
        "antiphon-consumer",
        &["content", "documents", "api", "contract"],
    ),
    (
        "antiphon-example-caller",
        &["content", "documents", "api", "consumer", "contract"],
    ),
    (
        "antiphon-bad-receiver",
        &["content", "documents", "api", "consumer", "contract"],
    ),
    ("antiphon-store", &["content", "documents"]),
    (
        "antiphon-worker",
        &[
            "content",
            "documents",
            "api",
            "rules",
            "engine",
            "candle",
            "chain",
            "store",
        ],
    ),
    (
        "antiphon-client",
        &[
            "content",
            "documents",
            "api",
            "rules",
            "receipt",
            "engine",
            "candle",
            "chain",
            "store",
        ],
    ),
    (
        "antiphon-localnet",
        &["content", "documents", "api", "chain", "store", "client"],
    ),
    (
        "antiphon-e2e",
        &[
            "content",
            "documents",
            "api",
            "rules",
            "receipt",
            "engine",
            "chain",
            "store",
            "worker",
            "client",
            "localnet",
        ],
    ),
    ("antiphon-tiers", &["numerics", "gguf"]),
    ("xtask", &[]),
];

/// Libraries that wait for sockets and clocks, and who may use them.
const ASYNC: &[&str] = &[
    "tokio",
    "tokio-util",
    "axum",
    "reqwest",
    "hyper",
    "async-std",
];
const MAY_WAIT: &[&str] = &["chain", "store", "worker", "client", "localnet", "e2e"];

/// The arithmetic that votes depend on uses nobody else's code.
const NO_DEPENDENCIES: &str = "antiphon-numerics";

/// One line for each edge that should not be.
pub(super) fn check(packages: &BTreeMap<String, Package>) -> Vec<String> {
    packages
        .iter()
        .flat_map(|(name, package)| of_package(name, package))
        .collect()
}

fn of_package(name: &str, package: &Package) -> Vec<String> {
    let Some((_, allowed)) = EDGES.iter().find(|(listed, _)| *listed == name) else {
        return vec![format!(
            "{name}: not in the table of xtask/src/tidy/edges.rs"
        )];
    };
    let short = name.strip_prefix("antiphon-").unwrap_or(name);
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        let ours = dependency.strip_prefix("antiphon-");
        let wrong_way = ours.is_some_and(|ours| !allowed.contains(&ours));
        let waits = ASYNC.contains(&dependency.as_str()) && !MAY_WAIT.contains(&short);
        if wrong_way || waits || name == NO_DEPENDENCIES {
            found.push(format!("{name} must not depend on {dependency}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, dependencies: &[&str]) -> Vec<String> {
        let dependencies = dependencies.iter().map(|&name| name.to_owned()).collect();
        let package = Package {
            folder: "x".into(),
            dependencies,
        };
        check(&BTreeMap::from([(name.to_owned(), package)]))
    }

    #[test]
    fn an_edge_in_the_wrong_direction_is_named() {
        assert_eq!(
            found("antiphon-content", &["antiphon-api", "sha2"]),
            ["antiphon-content must not depend on antiphon-api"]
        );
        assert!(found("antiphon-api", &["antiphon-content", "serde"]).is_empty());
    }

    #[test]
    fn only_the_outer_crates_wait_for_sockets() {
        assert_eq!(found("antiphon-rules", &["tokio"]).len(), 1);
        assert!(found("antiphon-chain", &["tokio", "reqwest"]).is_empty());
    }

    #[test]
    fn numerics_depends_on_nothing() {
        assert_eq!(found("antiphon-numerics", &["libm"]).len(), 1);
    }

    #[test]
    fn a_new_package_has_to_be_listed() {
        assert_eq!(found("antiphon-new", &[]).len(), 1);
    }
}
