//! The folders in which downloads are made. Each is locked while it is in use; the lock falls with the process, so that
//! what a killed one left behind can be told and removed.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// How the names of these folders begin.
const PREFIX: &str = ".livestream-work-";
/// The file in it that is locked.
const LOCK: &str = "lock";

/// A folder to work in, removed when dropped.
#[derive(Debug)]
pub(crate) struct Workplace {
    folder: TempDir,
    _lock: File,
}

impl Workplace {
    /// A new one in `parent`.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = OpenOptions::new().write(true).create_new(true).open(folder.path().join(LOCK))?;
        lock.try_lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes those in `parent` that nobody uses any more. Others may be working beside us.
pub(crate) fn remove_left(parent: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(parent)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_ours
            && entry.file_type()?.is_dir()
            && let Err(error) = remove_unused(&entry.path())
        {
            tracing::warn!("a left working folder stays where it is: {error}");
        }
    }
    Ok(())
}

fn remove_unused(folder: &Path) -> io::Result<()> {
    let path = folder.join(LOCK);
    match std::fs::symlink_metadata(&path) {
        Ok(lock) if lock.is_file() => {
            // Whoever works there holds it.
            let lock = File::open(path)?;
            if lock.try_lock().is_err() {
                return Ok(());
            }
            std::fs::remove_dir_all(folder)
        }
        Ok(_) => Ok(()),
        // Nothing is in it before the lock is. Whoever is about to lock it fails, and tries again in another.
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::remove_dir(folder),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let used = Workplace::new(parent.path()).unwrap();
        let Workplace { folder, _lock: lock } = Workplace::new(parent.path()).unwrap();
        let left = folder.keep();
        std::fs::write(left.join("0.mp4"), b"half of a film").unwrap();
        drop(lock);
        let barely_begun = parent.path().join(format!("{PREFIX}a"));
        std::fs::create_dir(&barely_begun).unwrap();
        let strange = parent.path().join("somebody else's");
        std::fs::create_dir(&strange).unwrap();
        remove_left(parent.path()).unwrap();
        assert!(used.path().exists() && strange.exists());
        assert!(!left.exists() && !barely_begun.exists());
    }
}
