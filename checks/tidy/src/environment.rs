//! The repository works anywhere: it names no machine, no tool of ours, and no registry but the public ones.

use crate::{File, Tree};

/// Words of one machine or of the way we work. In two pieces, so that this file does not offend.
const WORDS: [(&str, &str); 10] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/home/", "user"),
    ("/tmp/br", "ief"),
    ("TRUST", ".md"),
    ("FACTS", ".md"),
    ("ANCHORS", ".md"),
    ("PRODUCT", ".md"),
    ("cla", "ude"),
    ("anth", "ropic"),
];

/// Where cargo's packages come from.
const CRATES: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
/// Where npm's packages come from.
const NPM: &str = "\"resolved\": \"https://registry.npmjs.org/";

/// Words of one machine or of the way we work.
pub fn words(tree: &Tree) -> Vec<String> {
    let mut offences = Vec::new();
    for file in tree.files.iter().filter(|file| !is_lock(file)) {
        for (at, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
            let names = |(a, b): &&(&str, &str)| lower.contains(&format!("{a}{b}").to_lowercase());
            for (a, b) in WORDS.iter().filter(names) {
                offences.push(format!("{}:{}: {a}{b}", file.path, at + 1));
            }
        }
    }
    offences
}

/// Packages that come from anywhere but the public registries.
pub fn registries(tree: &Tree) -> Vec<String> {
    let mut offences = Vec::new();
    for file in tree.files.iter().filter(|file| is_lock(file)) {
        for (at, line) in file.text.lines().enumerate() {
            let line = line.trim();
            let is_foreign_crate = line.starts_with("source = ") && line != CRATES;
            let is_foreign_package = line.starts_with("\"resolved\":") && !line.starts_with(NPM);
            if is_foreign_crate || is_foreign_package {
                offences.push(format!("{}:{}: {line}", file.path, at + 1));
            }
        }
    }
    offences
}

fn is_lock(file: &File) -> bool {
    file.path.ends_with(".lock") || file.path.ends_with("package-lock.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_machine_are_found() {
        let line = format!("see {}{}main\n", WORDS[0].0, WORDS[0].1);
        assert_eq!(words(&Tree::of(&[("a.rs", &line), ("b.md", "works everywhere\n")])).len(), 1);
    }

    #[test]
    fn packages_from_elsewhere_are_found() {
        let tree = Tree::of(&[
            ("Cargo.lock", &format!("{CRATES}\nsource = \"registry+https://mirror.example/index\"\n")),
            ("web/package-lock.json", &format!("  {NPM}a.tgz\",\n  \"resolved\": \"http://mirror.example/a.tgz\",\n")),
        ]);
        assert_eq!(registries(&tree).len(), 2, "{:?}", registries(&tree));
    }
}
