//! What must not be left behind: unfinished code, tests that do not run, notes to oneself.

use crate::{File, Source, Tree};

/// In Rust code.
const IN_RUST: [&str; 5] = ["todo!", "unimplemented!", "dbg!", "#[ignore", "#[allow("];
/// In TypeScript and JavaScript.
const IN_SCRIPT: [&str; 6] = [".only(", ".skip(", ".todo(", "debugger;", "@ts-ignore", "waitForTimeout("];
/// In any of our text: only with the number of an issue behind it, as in `TODO(#12)`.
const NOTES: [&str; 3] = ["TO\u{44}O", "FIX\u{4d}E", "XX\u{58}"];

/// Leftovers, each with its place.
pub fn offences(tree: &Tree) -> Vec<String> {
    let rust = tree.ending(".rs").flat_map(in_rust);
    let is_script = |file: &&File| [".ts", ".tsx", ".js", ".mjs"].iter().any(|end| file.path.ends_with(end));
    let script = tree.files.iter().filter(is_script).flat_map(|file| in_lines(file, &IN_SCRIPT));
    let is_ours = |file: &&File| !file.path.ends_with(".lock") && !file.path.ends_with("-lock.json");
    let notes = tree.files.iter().filter(is_ours).flat_map(notes);
    rust.chain(script).chain(notes).collect()
}

fn in_rust(file: &File) -> Vec<String> {
    let source = Source::new(&file.text);
    let places = |word: &'static str| source.places(word).into_iter().map(move |at| (at, word));
    let found = IN_RUST.into_iter().flat_map(places);
    found.map(|(at, word)| format!("{}:{}: {word}", file.path, source.line(at))).collect()
}

fn in_lines(file: &File, words: &[&str]) -> Vec<String> {
    let numbered = file.text.lines().enumerate();
    let found =
        numbered.flat_map(|(at, line)| words.iter().filter(|word| line.contains(**word)).map(move |word| (at, word)));
    found.map(|(at, word)| format!("{}:{}: {word}", file.path, at + 1)).collect()
}

fn notes(file: &File) -> Vec<String> {
    let is_idle = |line: &str, note: &str| {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && !matches!(c, '(' | '#' | ')'));
        words.any(|word| word.trim_matches(['(', ')']) == note)
    };
    let numbered = file.text.lines().enumerate();
    let found = numbered
        .flat_map(|(at, line)| NOTES.iter().filter(move |note| is_idle(line, note)).map(move |note| (at, note)));
    found.map(|(at, note)| format!("{}:{}: {note} without an issue", file.path, at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_code_and_idle_tests_are_found() {
        let tree = Tree::of(&[
            ("a.rs", "fn a() { todo!() }\n#[ignore]\nfn b() { c(\"todo!\") } // dbg!\n"),
            ("b.test.ts", "it.only('x', f)\n"),
            ("c.md", &format!("{0}: later\n{0}(#12): with an issue\nmas{0}n\n", NOTES[0])),
        ]);
        assert_eq!(offences(&tree).len(), 4, "{:?}", offences(&tree));
    }
}
