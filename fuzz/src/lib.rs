//! What strangers feed to the engine: model files, texts, prompts, jobs. Each target takes any bytes
//! and panics if the engine breaks a promise; the engine itself must never panic.
//!
//! `testdata/fuzz` keeps a corpus for each target: small inputs that reach different code, and every
//! input that once found a fault. Tests replay it; `cargo nightly-fuzz` searches on from it.

mod edits;
mod script;
pub mod seeds;
mod targets;

/// A target takes any bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its folder.
pub const TARGETS: &[(&str, Target)] = &[
    ("files", targets::files),
    ("gguf", targets::gguf),
    ("jobs", targets::jobs),
    ("lines", targets::lines),
    ("prompts", targets::prompts),
    ("texts", targets::texts),
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, target)| *target)
}
