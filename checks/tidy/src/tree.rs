//! The files of the repository: everything that `.gitignore` does not name.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// The repository in memory.
#[derive(Debug, Default)]
pub struct Tree {
    /// Text files, by path.
    pub files: Vec<File>,
    /// The paths of all files and folders, text or not.
    pub paths: BTreeSet<String>,
}

/// A text file.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Tree {
    /// Reads the repository whose root is two folders above this crate.
    pub fn of_this_repository() -> io::Result<Self> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
    }

    /// Reads the repository at `root`.
    pub fn read(root: &Path) -> io::Result<Self> {
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let ignored: Vec<&str> = ignored.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut tree = Self::default();
        tree.walk(root, "", &ignored)?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    /// A repository of these files, for the tests of the rules.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.files.push(File { path: (*path).to_owned(), text: (*text).to_owned() });
            let folders = path.match_indices('/').map(|(end, _)| path[..end].to_owned());
            tree.paths.extend(folders.chain([(*path).to_owned()]));
        }
        tree
    }

    fn walk(&mut self, folder: &Path, prefix: &str, ignored: &[&str]) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            if name == ".git" || is_ignored(&path, &name, ignored) {
                continue;
            }
            self.paths.insert(path.clone());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.walk(&entry.path(), &path, ignored)?;
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                self.files.push(File { path, text });
            }
        }
        Ok(())
    }

    /// The text files whose names end so (`.rs`).
    pub fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.ends_with(end))
    }

    /// One text file.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// The two forms our `.gitignore` uses: a path from the root (`/target`), and a name anywhere (`node_modules`).
fn is_ignored(path: &str, name: &str, ignored: &[&str]) -> bool {
    ignored.iter().any(|rule| {
        let rule = rule.trim_end_matches('/');
        rule.strip_prefix('/').map_or(rule == name, |rooted| rooted == path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_is_a_path_from_the_root_or_a_name_anywhere() {
        let rules = ["/target", "node_modules", "/web/dist"];
        assert!(is_ignored("target", "target", &rules));
        assert!(!is_ignored("web/target", "target", &rules));
        assert!(is_ignored("web/node_modules", "node_modules", &rules));
        assert!(is_ignored("web/dist", "dist", &rules));
        assert!(!is_ignored("dist", "dist", &rules));
    }
}
