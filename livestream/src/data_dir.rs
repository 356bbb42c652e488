//! The data folder: made on the first start, used by one process at a time.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// The folder and the lock on it. The lock goes with the process, however that ends.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder where it is missing and locks it; refuses one that another process uses.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        make_private(path, 0o711)?;
        let path = path.canonicalize().with_context(|| format!("cannot find the data folder {}", path.display()))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .with_context(|| format!("cannot write in the data folder {}", path.display()))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(Errno::WOULDBLOCK) => bail!(
                "another process uses the data folder {}: stop it, or choose another by LIVESTREAM_DATA_DIR",
                path.display()
            ),
            Err(error) => Err(error).with_context(|| format!("cannot lock the data folder {}", path.display())),
        }
    }

    /// A private folder inside, made where it is missing.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.path.join(name);
        make_private(&folder, 0o700)?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Others may pass through the data folder itself (Postgres runs as a user of its own when we are root), but
/// list nothing, and enter none of the folders inside.
fn make_private(path: &Path, mode: u32) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_second_process_is_refused_and_let_in_once_the_first_is_gone() {
        let temp = tempfile::tempdir().expect("a folder");
        let first = DataDir::open(temp.path()).expect("it is free");
        let refusal = DataDir::open(temp.path()).expect_err("it is taken").to_string();
        assert!(refusal.contains("LIVESTREAM_DATA_DIR"), "{refusal}");
        drop(first);
        DataDir::open(temp.path()).expect("it is free again");
    }

    #[test]
    fn folders_inside_are_closed_to_others() {
        let temp = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(&temp.path().join("new")).expect("it is made");
        let folder = data.folder("secrets").expect("it is made");
        let mode = std::fs::metadata(folder).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
