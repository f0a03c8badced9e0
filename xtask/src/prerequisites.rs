//! What has to be on the machine before anything can be built. One plain sentence for each missing thing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};
use crate::output;
use crate::run::{Step, capture};

const MIN_RUST: Version = Version(1, 95);
const MIN_GO: Version = Version(1, 25);
const MIN_NODE: Version = Version(20, 19);
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

/// One program that is needed.
struct Need {
    found: fn() -> std::result::Result<(), String>,
    /// Debian packages that bring it, where that is enough.
    packages: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        found: rust,
        packages: &[],
    },
    Need {
        found: go,
        packages: &[],
    },
    Need {
        found: c_compiler,
        packages: &["gcc", "libc6-dev"],
    },
    Need {
        found: pip,
        packages: &["python3", "python3-pip"],
    },
];

/// What the page and the tests of other people's clients need besides.
const WEB_NEEDS: &[Need] = &[
    Need {
        found: node,
        packages: &[],
    },
    Need {
        found: npm,
        packages: &["npm"],
    },
];

/// What `scripts/` needs besides the chain's program.
const SCRIPT_NEEDS: &[Need] = &[Need {
    found: jq,
    packages: &["jq"],
}];

/// Checks all of them; a missing one that a Debian package brings is installed when this runs as root.
///
/// # Errors
/// [`Error::Missing`] with all the sentences at once.
pub fn check(step: &Step) -> Result<()> {
    check_all(step, NEEDS)
}

/// The same for the page.
///
/// # Errors
/// [`Error::Missing`] with all the sentences at once.
pub fn check_web(step: &Step) -> Result<()> {
    check_all(step, WEB_NEEDS)
}

/// The same for `scripts/`.
///
/// # Errors
/// [`Error::Missing`] with all the sentences at once.
pub fn check_scripts(step: &Step) -> Result<()> {
    check_all(step, SCRIPT_NEEDS)
}

/// The path of a Chromium, installed if that can be done.
///
/// # Errors
/// [`Error::Missing`] names the package.
pub fn chromium(step: &Step) -> Result<PathBuf> {
    let found = || {
        let named = std::env::var_os("ANTIPHON_CHROMIUM").map(PathBuf::from);
        named.or_else(|| CHROMIUM.iter().find_map(|name| on_path(name)))
    };
    if let Some(path) = found() {
        return Ok(path);
    }
    apt_install(step, &["chromium"]);
    found().ok_or_else(|| {
        let text = "Chromium is missing: install the package chromium, or name the program in \
                    ANTIPHON_CHROMIUM (the page is tested in it).";
        Error::Missing(vec![text.to_owned()])
    })
}

/// The first folder of PATH that has this program.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn check_all(step: &Step, needs: &[Need]) -> Result<()> {
    let mut sentences = Vec::new();
    for need in needs {
        let Err(sentence) = (need.found)() else {
            continue;
        };
        let mended = !need.packages.is_empty() && apt_install(step, need.packages);
        match (need.found)() {
            Ok(()) if mended => output::line(&format!("  installed {}", need.packages.join(", "))),
            Ok(()) => {}
            Err(_) => sentences.push(sentence),
        }
    }
    if sentences.is_empty() {
        Ok(())
    } else {
        Err(Error::Missing(sentences))
    }
}

/// Whether a program answers to these arguments.
#[must_use]
pub fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Installs Debian packages if this runs as root on a machine with apt; false if that was no way.
pub fn apt_install(step: &Step, packages: &[&str]) -> bool {
    let root = capture(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    if !root || !answers("apt-get", &["--version"]) {
        return false;
    }
    let install = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-q"]);
        step.status(command.arg("--no-install-recommends").args(packages))
            .is_ok_and(|status| status.success())
    };
    let update = || {
        step.status(Command::new("apt-get").args(["update", "-q"]))
            .is_ok_and(|s| s.success())
    };
    install() || (update() && install())
}

fn rust() -> std::result::Result<(), String> {
    let text = capture(Command::new("rustc").arg("--version")).unwrap_or_default();
    match version_in(&text, "rustc ") {
        Some(found) if found >= MIN_RUST => Ok(()),
        Some(found) => Err(too_old("Rust", found, MIN_RUST, "`rustup update`")),
        None => Err("Rust is missing: install it with rustup.".to_owned()),
    }
}

fn go() -> std::result::Result<(), String> {
    let text = capture(Command::new("go").arg("version")).unwrap_or_default();
    match version_in(&text, "go version go") {
        Some(found) if found >= MIN_GO => Ok(()),
        Some(found) => Err(too_old(
            "Go",
            found,
            MIN_GO,
            "the archive from the Go project's site",
        )),
        None => Err(format!(
            "Go is missing: install version {}.{} or later from the Go project's site and put its \
             bin folder on PATH (the chain is written in it).",
            MIN_GO.0, MIN_GO.1
        )),
    }
}

fn c_compiler() -> std::result::Result<(), String> {
    if answers("cc", &["--version"]) {
        return Ok(());
    }
    Err("A C compiler is missing: install gcc or clang so that `cc --version` works.".to_owned())
}

fn pip() -> std::result::Result<(), String> {
    if answers("python3", &["-m", "pip", "--version"]) {
        return Ok(());
    }
    Err(
        "Python's pip is missing: install Python 3 with pip so that `python3 -m pip --version` \
         works (the model comes as a Python package)."
            .to_owned(),
    )
}

fn jq() -> std::result::Result<(), String> {
    if answers("jq", &["--version"]) {
        return Ok(());
    }
    Err(
        "jq is missing: install the package jq (scripts/ read the chain's JSON with it)."
            .to_owned(),
    )
}

fn node() -> std::result::Result<(), String> {
    let text = capture(Command::new("node").arg("--version")).unwrap_or_default();
    let remedy = "the archive from the Node project's site";
    match version_in(&text, "v") {
        Some(found) if found >= MIN_NODE => Ok(()),
        Some(found) => Err(too_old("Node.js", found, MIN_NODE, remedy)),
        None => Err(format!(
            "Node.js is missing: install version {}.{} or later with npm and put its bin folder on \
             PATH (the page is built with it).",
            MIN_NODE.0, MIN_NODE.1
        )),
    }
}

fn npm() -> std::result::Result<(), String> {
    if answers("npm", &["--version"]) {
        return Ok(());
    }
    Err(
        "npm is missing: install it so that `npm --version` works (it comes with Node.js)."
            .to_owned(),
    )
}

fn too_old(name: &str, got: Version, want: Version, remedy: &str) -> String {
    format!(
        "{name} {}.{} is too old: want {}.{} or later; update it with {remedy}.",
        got.0, got.1, want.0, want.1
    )
}

/// The version after a prefix: "rustc 1.95.0 (…)" → 1.95.
fn version_in(text: &str, prefix: &str) -> Option<Version> {
    let mut parts = text
        .strip_prefix(prefix)?
        .split(|c: char| !c.is_ascii_digit());
    Some(Version(
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_tools_print() {
        assert_eq!(
            version_in("rustc 1.95.0 (59807616e 2026-04-14)", "rustc "),
            Some(Version(1, 95))
        );
        assert_eq!(
            version_in("go version go1.26.8 linux/amd64", "go version go"),
            Some(Version(1, 26))
        );
        assert_eq!(
            version_in("go version go1.27rc1 x", "go version go"),
            Some(Version(1, 27))
        );
        assert_eq!(version_in("v20.20.2", "v"), Some(Version(20, 20)));
        assert_eq!(version_in("", "rustc "), None);
    }

    #[test]
    fn version_9_is_older_than_version_10() {
        assert!(Version(1, 9) < Version(1, 10));
    }

    #[test]
    fn an_old_version_gets_one_plain_sentence() {
        let sentence = too_old("Go", Version(1, 19), MIN_GO, "a newer one");
        assert_eq!(
            sentence,
            "Go 1.19 is too old: want 1.25 or later; update it with a newer one."
        );
    }

    #[test]
    fn a_program_that_is_not_there_does_not_answer() {
        assert!(!answers("no-such-program", &[]));
    }
}
