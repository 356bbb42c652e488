//! Keys made at random on the first start and kept in the data folder, readable by us alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use domain::Secret;

/// Bytes of a new key; it is written as twice as many hexadecimal digits.
const KEY_BYTES: usize = 32;

/// The folder of keys.
#[derive(Debug)]
pub(crate) struct Secrets {
    folder: PathBuf,
}

impl Secrets {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The key of this name, made at random where there is none yet.
    pub(crate) fn key(&self, name: &str) -> anyhow::Result<Secret<String>> {
        let path = self.folder.join(name);
        match write_new(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("cannot write the key {}", path.display())),
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read the key {}", path.display()))?;
        let key = text.trim();
        if key.len() < KEY_BYTES {
            bail!(
                "the key in {} is too short: restore it from a backup, or delete it to have a new one made",
                path.display()
            );
        }
        Ok(Secret::new(key.to_owned()))
    }
}

/// Written under another name first, so that a crash leaves no half key.
fn write_new(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    File::open(path.parent().expect("a key lies in a folder"))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_we_can_read_it() {
        let temp = tempfile::tempdir().expect("a folder");
        let secrets = Secrets::in_folder(temp.path().to_owned());
        let first = secrets.key("tokens").expect("a new key");
        let again = secrets.key("tokens").expect("the same key");
        assert_eq!(first.expose(), again.expose());
        assert_eq!(first.expose().len(), 2 * KEY_BYTES);
        assert_ne!(first.expose(), secrets.key("other").expect("another key").expose());
        let mode = std::fs::metadata(temp.path().join("tokens")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_refused_and_not_replaced() {
        let temp = tempfile::tempdir().expect("a folder");
        std::fs::write(temp.path().join("tokens"), "short").expect("a damaged key");
        assert!(Secrets::in_folder(temp.path().to_owned()).key("tokens").is_err());
    }
}
