//! What the engine's process may use: set by the child itself before it reads a byte of a model.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Open files: the model, the three standard streams, and what the runtime needs.
const OPEN_FILES: u64 = 64;

/// Bounds address space and open files, and forbids core files, which would hold prompts.
///
/// # Errors
/// The system refuses: the bound is above the one this process already has.
pub(crate) fn limit_child(address_space: Option<u64>) -> io::Result<()> {
    set(Resource::Core, 0)?;
    set(Resource::Nofile, OPEN_FILES)?;
    if let Some(bytes) = address_space {
        set(Resource::As, bytes)?;
    }
    Ok(())
}

fn set(resource: Resource, most: u64) -> io::Result<()> {
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}
