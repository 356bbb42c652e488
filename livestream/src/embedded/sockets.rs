//! Where the unix sockets stand: in the data folder, unless its path is too long for a socket's address.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A socket's address has 108 bytes with its final zero; the longest name we put behind a folder is
/// `/.s.PGSQL.5432.lock`.
const LONGEST_FOLDER: usize = 107 - 19;

/// The folder for sockets of the data folder `data`; `wanted` unless it is too long.
pub(crate) fn folder(data: &Path, wanted: PathBuf) -> anyhow::Result<PathBuf> {
    if wanted.as_os_str().len() <= LONGEST_FOLDER {
        return Ok(wanted);
    }
    let mut hash = DefaultHasher::new();
    (data, &wanted).hash(&mut hash);
    let short = std::env::temp_dir().join(format!("livestream-{:016x}", hash.finish()));
    match std::fs::DirBuilder::new().mode(0o700).create(&short) {
        Ok(()) => Ok(short),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => must_be_private(short),
        Err(error) => Err(error).with_context(|| format!("cannot make {}", short.display())),
    }
}

/// A folder in a place open to all must be ours alone.
fn must_be_private(folder: PathBuf) -> anyhow::Result<PathBuf> {
    let about = std::fs::symlink_metadata(&folder)?;
    let of_ours = std::fs::metadata("/proc/self")?.uid();
    let is_private = about.is_dir() && about.mode() & 0o077 == 0;
    if !is_private || (about.uid() != of_ours && of_ours != 0) {
        bail!("{} is not a private folder of ours; choose a shorter LIVESTREAM_DATA_DIR", folder.display());
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_data_folder_gets_short_sockets_of_its_own() {
        let deep = PathBuf::from("/data").join("x".repeat(120));
        let short = folder(&deep, deep.join("run")).expect("a short folder");
        assert!(short.as_os_str().len() <= LONGEST_FOLDER);
        assert_eq!(folder(&deep, deep.join("run")).expect("the same again"), short);
        std::fs::remove_dir(short).expect("it can go");
        let near = PathBuf::from("/data/run");
        assert_eq!(folder(Path::new("/data"), near.clone()).expect("as it is"), near);
    }
}
