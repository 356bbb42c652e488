//! Files that one can read in one go. Functions are measured by clippy (`too-many-lines-threshold`).

use crate::{File, Source, Tree};

/// From here on a file is looked at again. Unit tests at the end of a Rust file do not count.
const MOST_LINES: usize = 400;

/// Kinds of files that are measured.
const KINDS: [&str; 9] = [".rs", ".ts", ".tsx", ".css", ".sh", ".lua", ".sql", ".js", ".mjs"];

/// Files that were looked at again and stay as they are, each with its reason: a table may be long, a decision not.
const LONG: [(&str, &str); 0] = [];

/// Files with too many lines, and excuses that are needed no longer.
pub fn offences(tree: &Tree) -> Vec<String> {
    let measured = tree.files.iter().filter(|file| KINDS.iter().any(|kind| file.path.ends_with(kind)));
    let long: Vec<(&str, usize)> =
        measured.map(|file| (file.path.as_str(), lines(file))).filter(|(_, lines)| *lines > MOST_LINES).collect();
    let too_long = long.iter().filter(|(path, _)| LONG.iter().all(|(excused, _)| excused != path));
    let idle = LONG.iter().filter(|(excused, _)| long.iter().all(|(path, _)| excused != path));
    too_long
        .map(|(path, lines)| format!("{path}: has {lines} lines, {MOST_LINES} are the most"))
        .chain(idle.map(|(path, _)| format!("{path}: is not long any more, take it out of checks/tidy/src/sizes.rs")))
        .collect()
}

fn lines(file: &File) -> usize {
    if !file.path.ends_with(".rs") {
        return file.text.lines().count();
    }
    let source = Source::new(&file.text);
    file.text[..source.tests_at()].lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found_and_unit_tests_do_not_count() {
        let long = "fn a() {}\n".repeat(401);
        let tested = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", &tested), ("c.css", &long), ("d.json", &long)]);
        assert_eq!(offences(&tree).len(), 2, "{:?}", offences(&tree));
    }
}
