//! One hash on every tier: kernels forced on this processor, other processors emulated, and wasm in
//! Node, all running the same program (`tiers/`).

mod build;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use build::{Programs, build};
pub(crate) use table::Table;

use crate::error::{Doing, Error, Result};
use crate::run::capture;

/// A kernel in one build on one processor, real or emulated.
#[derive(Debug)]
pub(crate) struct Tier {
    pub(crate) name: String,
    /// The kernel to force, or `detect`.
    pub(crate) kernel: &'static str,
    /// Threads there are to try: 1 where a module cannot start any.
    pub(crate) threads: usize,
    /// About how much slower than this processor's own code.
    pub(crate) pace: Pace,
    /// How to start it, or why that is not possible here.
    pub(crate) start: std::result::Result<Start, String>,
}

/// What a tier has time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Vector code of this processor.
    Fast,
    /// Plain code, or another machine's in Node.
    Slow,
    /// Emulated.
    Slowest,
}

/// How the program of a tier is started.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// As it is.
    Native(PathBuf),
    /// By an emulator of this processor.
    Emulated {
        emulator: PathBuf,
        processor: &'static str,
        program: PathBuf,
    },
    /// As a module in Node, by a script.
    Node { script: PathBuf, module: PathBuf },
}

impl Start {
    /// The command for these words; `file` is the model of those that read one.
    fn command(&self, words: &[&str], file: Option<&Path>) -> Command {
        let mut command = match self {
            Self::Native(program) => Command::new(program),
            Self::Emulated {
                emulator,
                processor,
                program,
            } => {
                let mut command = Command::new(emulator);
                command.args(["-cpu", processor]).arg(program);
                command
            }
            Self::Node { script, module } => {
                let mut command = Command::new("node");
                command.arg(script).arg(module);
                if let Some(file) = file {
                    command.arg("--file").arg(file);
                }
                command.arg("--");
                command
            }
        };
        command.args(words);
        if let (Some(file), Self::Native(_) | Self::Emulated { .. }) = (file, self) {
            command.arg(file);
        }
        command
    }
}

impl Tier {
    /// What the program prints for these words, or why it was not run.
    ///
    /// # Errors
    /// It cannot be started, or fails for another reason than a kernel that is not there.
    pub(crate) fn run(
        &self,
        words: &[&str],
        file: Option<&Path>,
    ) -> Result<std::result::Result<String, String>> {
        let start = match &self.start {
            Ok(start) => start,
            Err(why) => return Ok(Err(why.clone())),
        };
        let mut command = start.command(words, file);
        let output = command
            .stdin(Stdio::null())
            .output()
            .doing(|| format!("start the program of tier {}", self.name))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            return Ok(Ok(text(&output.stdout)));
        }
        let errors = text(&output.stderr);
        match errors.strip_suffix(" here") {
            Some(absent) if absent.starts_with("no ") => Ok(Err(absent.to_owned())),
            _ => Err(Error::Unavailable(format!(
                "tier {}: `{}` ended with {}: {errors}",
                self.name,
                words.join(" "),
                output.status
            ))),
        }
    }
}

/// Every tier, in the order of the table. The first one is what the others are compared with.
pub(crate) fn all(programs: &Programs) -> Vec<Tier> {
    let native = |name: &str, kernel, pace, program: &Path| Tier {
        name: name.to_owned(),
        kernel,
        threads: 2,
        pace,
        start: Ok(Start::Native(program.to_owned())),
    };
    let (release, debug) = (&programs.release, &programs.debug);
    let mut tiers = vec![
        native("scalar", "scalar", Pace::Slow, release),
        native("sse2, ssse3 where present", "sse2", Pace::Fast, release),
        native("avx2, vnni where present", "avx2", Pace::Fast, release),
        native("avx512, vnni where present", "avx512", Pace::Fast, release),
        native("scalar, debug build", "scalar", Pace::Slow, debug),
        native("detected kernel, debug build", "detect", Pace::Fast, debug),
    ];
    // What each of these processors has: nothing beyond SSE3; SSSE3; AVX2 without VNNI.
    for (processor, kernel) in [("qemu64", "sse2"), ("Nehalem", "sse2"), ("Haswell", "avx2")] {
        tiers.push(Tier {
            name: format!("{kernel}, detected on {processor} (qemu)"),
            kernel: "detect",
            threads: 2,
            pace: Pace::Slowest,
            start: emulated(&programs.x86_64, processor, release)
                .and_then(|start| detecting(start, kernel)),
        });
    }
    for (name, processor) in [("neon", "cortex-a53"), ("neon, dotprod", "max")] {
        let program = programs.aarch64.as_ref().map_err(Clone::clone);
        tiers.push(Tier {
            name: format!("{name} (qemu)"),
            kernel: "neon",
            threads: 2,
            pace: Pace::Slowest,
            start: program.and_then(|(emulator, program)| {
                emulated(&Ok(emulator.clone()), processor, program)
            }),
        });
    }
    for (name, kernel, module) in [
        ("wasm (Node)", "scalar", &programs.wasm),
        ("wasm simd128 (Node)", "wasm", &programs.wasm_simd),
    ] {
        let node = |module: &PathBuf| Start::Node {
            script: programs.script.clone(),
            module: module.clone(),
        };
        tiers.push(Tier {
            name: name.to_owned(),
            kernel,
            threads: 1,
            pace: Pace::Slow,
            start: module.as_ref().map(node).map_err(Clone::clone),
        });
    }
    tiers
}

/// This start, if the program detects this kernel there: an old emulator lacks AVX2, and one of this
/// processor cannot run what was built for another.
fn detecting(start: Start, kernel: &str) -> std::result::Result<Start, String> {
    if !cfg!(target_arch = "x86_64") {
        return Err("programs are built for another processor".to_owned());
    }
    match capture(&mut start.command(&["detect"], None)) {
        Ok(found) if found != kernel => Err(format!("the emulator has {found} at most")),
        // A program that does not start at all is a failure of its tier.
        _ => Ok(start),
    }
}

fn emulated(
    emulator: &std::result::Result<PathBuf, String>,
    processor: &'static str,
    program: &Path,
) -> std::result::Result<Start, String> {
    let emulator = emulator.clone()?;
    Ok(Start::Emulated {
        emulator,
        processor,
        program: program.to_owned(),
    })
}
