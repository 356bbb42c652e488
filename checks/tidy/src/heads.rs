//! Every Rust file opens with what it is for.

use crate::Tree;

/// Rust files whose first line is no `//!`.
pub fn offences(tree: &Tree) -> Vec<String> {
    let opens_well = |text: &str| text.starts_with("//! ") && text.lines().next().is_some_and(|line| line.len() > 8);
    tree.ending(".rs").filter(|file| !opens_well(&file.text)).map(|file| format!("{}:1", file.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_head_is_found() {
        let tree = Tree::of(&[
            ("a.rs", "//! What may be said.\n"),
            ("b.rs", "use std::fs;\n"),
            ("c.rs", "//! c.\n"),
            ("d.rs", ""),
        ]);
        assert_eq!(offences(&tree), ["b.rs:1", "c.rs:1", "d.rs:1"]);
    }
}
