//! A file says what it is about, not what kind of thing it holds.

use crate::Tree;

/// Names that say nothing, for files of code (without ending) and for folders.
const EMPTY_NAMES: [&str; 9] =
    ["common", "helper", "helpers", "misc", "shared_types", "types", "util", "utils", "stuff"];

/// Kinds of files that hold code.
const KINDS: [&str; 6] = ["rs", "ts", "tsx", "js", "mjs", "css"];

/// Files and folders whose name says nothing.
pub fn offences(tree: &Tree) -> Vec<String> {
    tree.paths.iter().filter(|path| is_empty(path, tree)).cloned().collect()
}

fn is_empty(path: &str, tree: &Tree) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_folder =
        tree.paths.range(format!("{path}/")..).next().is_some_and(|next| next.starts_with(&format!("{path}/")));
    let stem = match name.split_once('.') {
        Some((stem, ending)) if KINDS.contains(&ending) => stem,
        None if is_folder => name,
        _ => return false,
    };
    EMPTY_NAMES.contains(&stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_found() {
        let tree = Tree::of(&[
            ("chat/src/utils.rs", ""),
            ("common/lib.rs", ""),
            ("web/types.ts", ""),
            ("chat/src/tip.rs", ""),
            ("docs/types.md", ""),
        ]);
        assert_eq!(offences(&tree), ["chat/src/utils.rs", "common", "web/types.ts"]);
    }
}
