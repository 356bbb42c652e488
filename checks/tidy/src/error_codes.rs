//! Every error code that leaves the building is explained on one page, and every explained one can leave it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{File, Source, Tree};

/// The page.
const PAGE: &str = "docs/errors.md";

/// Codes that the page lacks, lists twice, or lists without need.
pub fn offences(tree: &Tree) -> Vec<String> {
    let said = said(tree);
    let listed = listed(tree);
    let distinct: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    let missing = said.iter().filter(|(code, _)| !distinct.contains(code.as_str()));
    let anywhere = literals(tree);
    let idle = distinct.iter().filter(|code| !anywhere.contains(**code));
    let twice = distinct.iter().filter(|code| listed.iter().filter(|other| other == *code).count() > 1);
    missing
        .map(|(code, place)| format!("{place}: `{code}` has no row in {PAGE}"))
        .chain(idle.map(|code| format!("{PAGE}: no code says `{code}`")))
        .chain(twice.map(|code| format!("{PAGE}: `{code}` has more than one row")))
        .collect()
}

/// The codes in the sources, each with a place: literals in a `fn code` and in the arguments of `Problem::new`.
fn said(tree: &Tree) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    for file in product(tree) {
        let source = Source::new(&file.text);
        let bodies = source.places("fn code(").into_iter().map(|at| (at, source.closing(at, '{', '}')));
        let calls = source.places("Problem::new(").into_iter().map(|at| (at, source.closing(at, '(', ')')));
        for (at, end) in bodies.chain(calls) {
            let Some(end) = end.filter(|_| at < source.tests_at()) else { continue };
            for code in source.literals(at..end).into_iter().filter(|literal| is_code(literal)) {
                codes.entry(code.to_owned()).or_insert_with(|| format!("{}:{}", file.path, source.line(at)));
            }
        }
    }
    codes
}

/// The files whose words leave the building.
fn product(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.ending(".rs").filter(|file| !file.path.contains("/tests/") && !file.path.starts_with("checks/"))
}

/// Everything that looks like a code, wherever it stands.
fn literals(tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in product(tree) {
        let source = Source::new(&file.text);
        found.extend(source.literals(0..source.tests_at()).into_iter().filter(|text| is_code(text)).map(str::to_owned));
    }
    found
}

/// The codes on the page: the first cell of each row, which may name several.
fn listed(tree: &Tree) -> Vec<String> {
    let page = tree.file(PAGE).map(|file| file.text.as_str()).unwrap_or_default();
    let cells = page.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let codes = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    codes.filter(|code| is_code(code)).map(str::to_owned).collect()
}

fn is_code(text: &str) -> bool {
    text.len() >= 3
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_idle_are_found() {
        let tree = Tree::of(&[
            (
                "chat/src/room.rs",
                "fn code(&self) -> &'static str { match self { A => \"TOO_FAST\", B => \"GONE\" } }
                 fn f() { Problem::new(Kind::Invalid, \"BAD_ID\", format!(\"x {}\", 1)); g(\"NOT_A_CODE\"); }
                 #[cfg(test)]\nmod tests { fn t() { Problem::new(K, \"IN_A_TEST\", \"\"); } }",
            ),
            (
                PAGE,
                "| code | status |\n|---|---|\n| `TOO_FAST` | 429 |\n| `OLD_ONE` | 400 |\n| `BAD_ID` | 400 |\n| `BAD_ID` | 400 |\n",
            ),
        ]);
        assert_eq!(
            offences(&tree),
            [
                "chat/src/room.rs:1: `GONE` has no row in docs/errors.md",
                "docs/errors.md: no code says `OLD_ONE`",
                "docs/errors.md: `BAD_ID` has more than one row",
            ]
        );
    }
}
