//! Everything the demo and the end-to-end tests need: made once, then found in the cache.

pub(crate) mod aarch64;
mod callers;
mod checks;
mod contract;
mod debian;
mod emulator;
mod machine;
mod model;
mod node;
mod python;
mod release;
mod wasm;
mod wasm_std;
mod wasmd;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

pub use checks::{cargo_deny, cargo_llvm_cov, cargo_mutants, path_with, shellcheck, typos};
pub use machine::machine;
pub use node::{node_modules, npm, packages};
pub use python::environment as python;

use crate::cache::Cache;
use crate::error::{Result, make_dir};
use crate::hash::sha256_file;
use crate::output;
use crate::prerequisites;
use crate::run::Step;
use crate::workspace::Workspace;

/// Where the parts lie that the local network is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The chain's program.
    pub wasmd: PathBuf,
    /// The contract.
    pub contract: PathBuf,
    /// The model's weights.
    pub model: PathBuf,
    /// The folder of our own programs.
    pub bin_dir: PathBuf,
    /// How long making and finding them took.
    pub took: Duration,
}

impl Parts {
    /// Where programs of the local network look for each part.
    fn named(&self) -> [(&'static str, &Path); 4] {
        [
            ("ANTIPHON_WASMD", &self.wasmd),
            ("ANTIPHON_CONTRACT_WASM", &self.contract),
            ("ANTIPHON_MODEL", &self.model),
            ("ANTIPHON_BIN_DIR", &self.bin_dir),
        ]
    }

    /// Passes the parts on to a program of the local network, by environment.
    pub fn to_env<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .envs(self.named())
            .env("ANTIPHON_SETUP_MS", self.took.as_millis().to_string())
    }

    /// The same for a shell: `eval "$(cargo xtask setup)"`.
    #[must_use]
    pub fn to_shell(&self) -> String {
        let line = |(name, path): (&str, &Path)| {
            let quoted = path.display().to_string().replace('\'', r"'\''");
            format!("export {name}='{quoted}'")
        };
        self.named().map(line).join("\n")
    }
}

/// Makes what is missing, with a line for each part.
///
/// # Errors
/// The first part that cannot be had, with what to do.
pub fn run(workspace: &Workspace) -> Result<Parts> {
    let began = Instant::now();
    let cache = Cache::open()?;
    let site = Site {
        workspace,
        cache: &cache,
    };
    site.part("prerequisites", |step| {
        prerequisites::check(step).map(|()| Made::Ready(()))
    })?;
    let std = site.part("wasm32 standard library", |step| wasm_std::get(&site, step))?;
    let wasmd = site.part("chain (wasmd)", |step| {
        wasmd::get(&site, step, wasmd::CURRENT)
    })?;
    let contract = site.part("contract", |step| contract::build(&site, step, &std))?;
    let model = site.part("model", |step| model::get(&site, step, &model::SMOLLM2))?;
    let bin_dir = site.part("programs", |step| release::build(&site, step))?;
    Ok(Parts {
        wasmd,
        contract,
        model,
        bin_dir,
        took: began.elapsed(),
    })
}

/// The folder with the wasm files of contracts that ask: only the end-to-end tests need them.
///
/// # Errors
/// They do not build, or no chain would take them.
pub fn callers(workspace: &Workspace) -> Result<PathBuf> {
    let cache = Cache::open()?;
    let site = Site {
        workspace,
        cache: &cache,
    };
    let std = site.part("wasm32 standard library", |step| wasm_std::get(&site, step))?;
    site.part("contracts that ask", |step| {
        callers::build(&site, step, &std)
    })
}

/// The contract, built twice.
#[derive(Debug)]
pub struct Twice {
    /// The file.
    pub path: PathBuf,
    /// Lower-case hex of its SHA-256.
    pub hash: String,
    /// The same of the second build's.
    pub again: String,
}

/// Builds the contract here, and from a copy of the sources in another folder.
///
/// # Errors
/// A part cannot be had, or the contract is beyond a limit.
pub fn contract_twice(workspace: &Workspace, cache: &Cache) -> Result<Twice> {
    let site = Site { workspace, cache };
    let std = site.part("wasm32 standard library", |step| wasm_std::get(&site, step))?;
    let path = site.part("contract", |step| contract::build(&site, step, &std))?;
    let again = site.part("contract, in another folder", |step| {
        contract::build_again(&site, step, &std)
    })?;
    let hash = sha256_file(&path)?;
    Ok(Twice { path, hash, again })
}

/// The chain's program in its next release.
///
/// # Errors
/// It cannot be built.
pub fn next_wasmd(workspace: &Workspace, cache: &Cache) -> Result<PathBuf> {
    let site = Site { workspace, cache };
    site.part("next chain (wasmd)", |step| {
        wasmd::get(&site, step, wasmd::NEXT)
    })
}

/// The demo model's file.
///
/// # Errors
/// It cannot be fetched, or is another.
pub fn model_file(workspace: &Workspace, cache: &Cache, step: &Step) -> Result<PathBuf> {
    let site = Site { workspace, cache };
    let (Made::Ready(path) | Made::Now(path, _)) = model::get(&site, step, &model::SMOLLM2)?;
    Ok(path)
}

/// The contract alone, with what its build needs.
///
/// # Errors
/// The standard library for wasm32 cannot be had, or the contract does not build or is no such module.
pub fn contract_alone(workspace: &Workspace, cache: &Cache, step: &Step) -> Result<PathBuf> {
    let site = Site { workspace, cache };
    let (Made::Ready(std) | Made::Now(std, _)) = wasm_std::get(&site, step)?;
    let (Made::Ready(path) | Made::Now(path, _)) = contract::build(&site, step, &std)?;
    Ok(path)
}

/// The standard library for bare wasm32 alone: the folder with the compiler's wrapper.
///
/// # Errors
/// It cannot be had.
pub fn wasm_std_alone(workspace: &Workspace, cache: &Cache, step: &Step) -> Result<PathBuf> {
    let (Made::Ready(std) | Made::Now(std, _)) = wasm_std::get(&Site { workspace, cache }, step)?;
    Ok(std)
}

/// The model's weights alone.
///
/// # Errors
/// They cannot be had.
pub fn model_alone(workspace: &Workspace, cache: &Cache, step: &Step) -> Result<PathBuf> {
    let (Made::Ready(path) | Made::Now(path, _)) =
        model::get(&Site { workspace, cache }, step, &model::SMOLLM2)?;
    Ok(path)
}

/// The real Gemma 3 of 270 million weights.
///
/// # Errors
/// It cannot be fetched, or is another.
pub fn gemma3(workspace: &Workspace, cache: &Cache, step: &Step) -> Result<PathBuf> {
    let (Made::Ready(path) | Made::Now(path, _)) =
        model::get(&Site { workspace, cache }, step, &model::GEMMA3)?;
    Ok(path)
}

/// Published vocabularies, each with the name that `real.py` has for it.
///
/// # Errors
/// One cannot be fetched, or is another.
pub fn vocabularies(
    workspace: &Workspace,
    cache: &Cache,
    step: &Step,
) -> Result<Vec<(&'static str, PathBuf)>> {
    let site = Site { workspace, cache };
    let folder = workspace.root().join("testdata/tokenizers/npm");
    let modules = packages(cache, step, &folder, "vocabularies-npm")?.join("node_modules");
    let mut found = vec![
        (
            "gpt-2",
            modules.join("gpt-tokenizer/data/r50k_base.tiktoken"),
        ),
        (
            "llama-2",
            modules.join("llama-tokenizer-js/llama-tokenizer.js"),
        ),
    ];
    for (name, source) in [
        ("qwen2", &model::QWEN2),
        ("llama-3", &model::LLAMA3),
        ("mistral", &model::MISTRAL),
    ] {
        let (Made::Ready(path) | Made::Now(path, _)) = model::get(&site, step, source)?;
        found.push((name, path));
    }
    Ok(found)
}

/// QEMU's program for processors of this name.
///
/// # Errors
/// It is not on the machine and cannot be had.
pub fn emulator(
    workspace: &Workspace,
    cache: &Cache,
    step: &Step,
    processor: &str,
) -> Result<PathBuf> {
    emulator::get(&Site { workspace, cache }, step, processor)
}

/// Builds the page and gives its folder, `web/`; what is served lies in `dist` there.
///
/// # Errors
/// Its dependencies cannot be had, or it does not build.
pub fn page(workspace: &Workspace, cache: &Cache, step: &Step) -> Result<PathBuf> {
    let folder = workspace.root().join("web");
    node_modules(cache, step, &folder)?;
    step.run(npm(&folder).args(["run", "build"]))?;
    Ok(folder)
}

/// The same as a part of the set-up, with its line; gives the folder of static files.
///
/// # Errors
/// Node is missing, or as [`page`].
pub fn built_page(workspace: &Workspace) -> Result<PathBuf> {
    let cache = Cache::open()?;
    let site = Site {
        workspace,
        cache: &cache,
    };
    site.part("page", |step| {
        prerequisites::check_web(step)?;
        let folder = page(workspace, &cache, step)?;
        Ok(Made::Now(folder.join("dist"), "built".to_owned()))
    })
}

/// Where a part is made and kept.
#[derive(Debug)]
struct Site<'a> {
    workspace: &'a Workspace,
    cache: &'a Cache,
}

/// A part, and whether it had to be made.
enum Made<T> {
    Ready(T),
    Now(T, String),
}

impl Site<'_> {
    fn part<T>(&self, name: &str, make: impl FnOnce(&Step) -> Result<Made<T>>) -> Result<T> {
        let step = Step::start(&self.cache.logs(), name)?;
        let made = make(&step)?;
        let time = output::seconds(step.elapsed());
        let (value, note) = match made {
            Made::Ready(value) => (value, format!("ready ({time})")),
            Made::Now(value, note) => (value, format!("{note} ({time})")),
        };
        output::line(&output::dotted(name, &note));
        Ok(value)
    }

    /// An empty folder for one part's intermediate files.
    fn scratch(&self, name: &str) -> Result<PathBuf> {
        let path = self.cache.root().join("scratch").join(name);
        make_dir(&path)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_parts_as_they_are() {
        let parts = Parts {
            wasmd: "/a b/wasmd".into(),
            contract: "/it's".into(),
            model: "/m".into(),
            bin_dir: "/bin".into(),
            took: Duration::ZERO,
        };
        let wanted = r"export ANTIPHON_WASMD='/a b/wasmd'
export ANTIPHON_CONTRACT_WASM='/it'\''s'
export ANTIPHON_MODEL='/m'
export ANTIPHON_BIN_DIR='/bin'";
        assert_eq!(parts.to_shell(), wanted);
    }
}
