//! Files out of Debian's packages, with an apt folder of our own: nothing is installed, no right of
//! an administrator is needed, and the mirror is the one the machine uses anyway.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Doing, Error, Result, make_dir};
use crate::run::{Step, capture};

/// The mirror of Debian itself among the addresses that apt reads: others are named after it too.
fn mirror(addresses: &str) -> Option<&str> {
    let is_debian = |address: &&str| address.contains("debian") && !address.contains("security");
    let whole = |address: &&str| address.trim_end_matches('/').ends_with("/debian");
    let mut all = addresses.lines().filter(is_debian);
    all.clone().find(whole).or_else(|| all.next())
}

/// An apt configuration in a folder of its own.
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Knows one suite of the mirror afterwards.
    pub(super) fn open(step: &Step, folder: &Path, suite: &str) -> Result<Self> {
        let targets = capture(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Identifier: Packages",
        ]))?;
        let mirror = mirror(&targets)
            .ok_or_else(|| Error::Unavailable("apt knows no Debian mirror".to_owned()))?;
        make_dir(&folder.join("lists/partial"))?;
        make_dir(&folder.join("cache/archives/partial"))?;
        let list = format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {suite} main\n"
        );
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).doing(|| format!("write {}", path.display()))
        };
        write("sources.list", &list)?;
        write("status", "")?;
        let apt = Self {
            folder: folder.to_owned(),
        };
        step.run(apt.command("apt-get").arg("update"))?;
        Ok(apt)
    }

    /// Where packages are unpacked.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fetches a package, of this upstream release if one is named, and unpacks the files that tar's
    /// patterns choose.
    pub(super) fn unpack(
        &self,
        step: &Step,
        package: &str,
        release: Option<&str>,
        patterns: &[&str],
    ) -> Result<()> {
        let wanted = match release {
            None => package.to_owned(),
            Some(release) => {
                let listed = capture(self.command("apt-cache").args(["madison", package]))?;
                let version = matching_version(&listed, release);
                let version = version.ok_or_else(|| {
                    let text = format!("no package {package} {release} among:\n{listed}");
                    Error::Unavailable(text)
                })?;
                format!("{package}={version}")
            }
        };
        step.run(
            self.command("apt-get")
                .args(["download", &wanted])
                .current_dir(&self.folder),
        )?;
        let script = "package=$1; shift; dpkg-deb --fsys-tarfile \"$package\"_*.deb \
                      | tar -x --wildcards \"$@\"";
        step.run(
            Command::new("sh")
                .args(["-ec", script, "sh", package])
                .args(patterns)
                .current_dir(&self.folder),
        )
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = |name: &str| self.folder.join(name).display().to_string();
        for option in [
            format!("Dir::State::Lists={}", path("lists")),
            format!("Dir::Cache={}", path("cache")),
            format!("Dir::Etc::SourceList={}", path("sources.list")),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            format!("Dir::State::Status={}", path("status")),
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
}

/// The version of `apt-cache madison` that packages exactly this release.
fn matching_version(listed: &str, release: &str) -> Option<String> {
    listed
        .lines()
        .filter_map(|line| line.split('|').nth(1).map(str::trim))
        .find(|version| version.starts_with(&format!("{release}+")))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_debians_own_where_others_come_first() {
        let all = "https://a.example/linux/debian-extras/\nhttp://b.example/debian-security/\n\
            http://b.example/debian/\n";
        assert_eq!(mirror(all), Some("http://b.example/debian/"));
        let only = "http://c.example/debian-mirror/";
        assert_eq!(mirror(only), Some(only));
        assert_eq!(mirror("http://d.example/ubuntu/"), None);
    }

    #[test]
    fn only_the_same_release_matches() {
        let listed =
            "  rust-src | 1.96.1+dfsg1-1~bpo13+1 | m\n  rust-src | 1.95.0+dfsg1-2~bpo13+1 | m";
        assert_eq!(
            matching_version(listed, "1.95.0").as_deref(),
            Some("1.95.0+dfsg1-2~bpo13+1")
        );
        assert_eq!(matching_version(listed, "1.95"), None);
    }
}
