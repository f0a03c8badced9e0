//! The real model's place.

use std::path::PathBuf;

const MODEL: &str = "SmolLM2-135M-Instruct-Q4_1.gguf";

/// Where the real model is, as `cargo ci` fetches it.
pub(crate) fn model_path() -> PathBuf {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("ANTIPHON_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("antiphon")))
        .or_else(|| Some(set("HOME")?.join(".cache/antiphon")))
        .unwrap_or_default();
    let path = set("ANTIPHON_TEST_MODEL").unwrap_or_else(|| cache.join("models").join(MODEL));
    assert!(
        path.is_file(),
        "the test model is not at {}: `cargo ci` fetches it, or set ANTIPHON_TEST_MODEL to {MODEL}",
        path.display()
    );
    path
}
