//! Programs that run those of another processor, and of other processors of the same kind.
//!
//! They come from the machine, or out of Debian's package of static ones: nothing is installed.

use std::path::PathBuf;

use super::Site;
use super::debian::Apt;
use crate::error::{Doing, Error, Result, make_dir, remove_dir};
use crate::prerequisites::on_path;
use crate::run::Step;

/// Processors that are emulated.
const PROCESSORS: [&str; 2] = ["aarch64", "x86_64"];
/// The emulator of this release knows AVX2 and the dot product, and needs no library of the machine.
const SUITE: &str = "bookworm";
const PACKAGE: &str = "qemu-user-static";
/// Changes when the recipe below does.
const FOLDER: &str = "qemu-user-bookworm-1";

/// QEMU's program for one processor.
pub(super) fn get(site: &Site<'_>, step: &Step, processor: &str) -> Result<PathBuf> {
    let names = ["", "-static"].map(|end| format!("qemu-{processor}{end}"));
    if let Some(found) = names.iter().find_map(|name| on_path(name)) {
        return Ok(found);
    }
    let folder = site.cache.install(FOLDER, |making| {
        let scratch = site.scratch("qemu-user")?;
        let apt = Apt::open(step, &scratch, SUITE)?;
        let programs = PROCESSORS.map(|name| format!("./usr/bin/qemu-{name}-static"));
        apt.unpack(step, PACKAGE, None, &[&programs[0], &programs[1]])?;
        make_dir(&making.join("bin"))?;
        for program in programs {
            let from = apt.folder().join(&program);
            let name = from.file_name().unwrap_or_default();
            std::fs::copy(&from, making.join("bin").join(name))
                .doing(|| format!("copy {}", from.display()))?;
        }
        remove_dir(&scratch)
    });
    let folder = folder.map_err(|error| {
        Error::Unavailable(format!(
            "qemu-{processor} is missing and Debian's {PACKAGE} cannot be had: install the package \
             qemu-user. The last try said: {error}"
        ))
    })?;
    Ok(folder.join("bin").join(&names[1]))
}
