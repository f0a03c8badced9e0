//! llama.cpp: its libraries out of a package, and the model in the format its fastest code takes.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::THREADS;
use super::contender::Contender;
use crate::cache::Cache;
use crate::error::Result;
use crate::hash::{sha256_file, sha256_hex};
use crate::output;
use crate::run::Step;
use crate::setup::packages;
use crate::workspace::Workspace;

/// Where the package keeps its libraries.
const LIBRARIES: &str = "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64";

/// Whether the package has a build for this machine.
const BUILT: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// On the model as it is, and on its copy in Q4_0; none where no package has a build.
pub(super) fn contenders(
    workspace: &Workspace,
    cache: &Cache,
    step: &Step,
    model: &Path,
) -> Result<Vec<Contender>> {
    if !BUILT {
        output::line("llama.cpp: not run (the pinned package has no build for this machine)");
        return Ok(Vec::new());
    }
    let folder = workspace.root().join("xtask/bench");
    let script = folder.join("llama_cpp.py");
    let libraries = libraries(cache, step, &folder)?;
    let converted = converted(cache, step, &script, &libraries, model)?;
    let mut all = Vec::new();
    for threads in THREADS {
        for (name, model) in [
            ("llama.cpp, same file", model),
            ("llama.cpp, Q4_0", &converted),
        ] {
            let mut command = Command::new("python3");
            command.arg(&script).arg(&libraries).arg("measure");
            command.arg(model).arg(threads.to_string());
            all.push(Contender::start(name, threads, &mut command, usize::MAX)?);
        }
    }
    Ok(all)
}

/// What llama.cpp needs to be a reference: its libraries, and a copy of the model in this file whose
/// weights are floats, so that nothing is rounded to integers on the way. None where no package has
/// a build.
///
/// # Errors
/// The package cannot be had, or it does not take the model.
pub(crate) fn reference(
    workspace: &Workspace,
    cache: &Cache,
    step: &Step,
    (model, floats): (&Path, &Path),
) -> Result<Option<PathBuf>> {
    if !BUILT {
        return Ok(None);
    }
    let folder = workspace.root().join("xtask/bench");
    let libraries = libraries(cache, step, &folder)?;
    let mut python = Command::new("python3");
    python.arg(folder.join("llama_cpp.py")).arg(&libraries);
    step.run(python.arg("to-f32").arg(model).arg(floats))?;
    Ok(Some(libraries))
}

fn libraries(cache: &Cache, step: &Step, folder: &Path) -> Result<PathBuf> {
    Ok(packages(cache, step, folder, "llama.cpp")?.join(LIBRARIES))
}

/// The model in Q4_0, by llama.cpp's own converter.
fn converted(
    cache: &Cache,
    step: &Step,
    script: &Path,
    libraries: &Path,
    model: &Path,
) -> Result<PathBuf> {
    let made_of = format!("{} {}", libraries.display(), sha256_file(model)?);
    let hash = sha256_hex(made_of.as_bytes());
    let name = format!("bench-model-{}", hash.get(..12).unwrap_or(&hash));
    let folder = cache.install(&name, |making| {
        let mut python = Command::new("python3");
        python.arg(script).arg(libraries).arg("to-q4_0");
        step.run(python.arg(model).arg(making.join("q4_0.gguf")))
    })?;
    Ok(folder.join("q4_0.gguf"))
}
