//! A network's folder: given, or temporary and removed at the end.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Doing, LocalnetError, Result};

/// The folder that everything of one network lies in.
#[derive(Debug)]
pub(crate) enum Home {
    Given(PathBuf),
    Temporary(TempDir),
}

impl Home {
    /// A new folder; one that is given must be empty or absent, so that nobody's files are overwritten.
    pub(crate) fn create(given: Option<&Path>) -> Result<Self> {
        let Some(path) = given else {
            let folder = tempfile::Builder::new().prefix("antiphon-").tempdir();
            return folder
                .map(Self::Temporary)
                .doing(|| "make a temporary folder".to_owned());
        };
        let doing = || format!("make the folder {}", path.display());
        std::fs::create_dir_all(path).doing(doing)?;
        if std::fs::read_dir(path).doing(doing)?.next().is_some() {
            return Err(LocalnetError::Option {
                option: "home",
                got: format!("{}, which is not empty", path.display()),
                want: "a folder that is empty or absent",
            });
        }
        path.canonicalize().map(Self::Given).doing(doing)
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }

    /// Leaves it in place.
    pub(crate) fn keep(&mut self) {
        if let Self::Temporary(folder) = self {
            folder.disable_cleanup(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_files_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Home::create(Some(folder.path())).is_ok());
        std::fs::write(folder.path().join("mine"), "").unwrap();
        let error = Home::create(Some(folder.path())).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
    }

    #[test]
    fn a_temporary_folder_goes_unless_it_is_kept() {
        let home = Home::create(None).unwrap();
        let path = home.path().to_owned();
        drop(home);
        assert!(!path.exists());
        let mut home = Home::create(None).unwrap();
        let path = home.path().to_owned();
        home.keep();
        drop(home);
        assert!(path.exists());
        std::fs::remove_dir_all(path).unwrap();
    }
}
