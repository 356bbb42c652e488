//! SQL is in `kit/store`, checked at compile time; what was checked is what is written; migrations go on.

use crate::{Source, Tree};

/// The only crate with SQL in it.
const STORE: &str = "kit/store/";

/// Files of the store that may have SQL which no compiler checks, each with the reason.
const UNCHECKED: [(&str, &str); 3] = [
    ("kit/store/src/cluster.rs", "a database's name is no parameter"),
    ("kit/store/src/lib.rs", "the question whether the database answers has no table"),
    ("kit/store/src/testing.rs", "a database's name is no parameter"),
];

/// SQL outside of the store, and SQL in the store that is not checked.
pub fn outside_the_store(tree: &Tree) -> Vec<String> {
    let mut offences = Vec::new();
    for file in tree.ending(".rs") {
        let source = Source::new(&file.text);
        for at in source.code().match_indices("sqlx::query").map(|(at, _)| at) {
            let after =
                source.code()[at + "sqlx::".len()..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            let is_checked = after.starts_with('!');
            let is_excused = UNCHECKED.iter().any(|(path, _)| *path == file.path);
            let place = format!("{}:{}", file.path, source.line(at));
            if !file.path.starts_with(STORE) {
                offences.push(format!("{place}: SQL outside of {STORE}"));
            } else if !is_checked && !is_excused && !file.path.contains("/tests/") {
                offences.push(format!("{place}: SQL that is not checked at compile time, use `sqlx::query!`"));
            }
        }
    }
    offences
}

/// Checked statements that nothing asks any more.
pub fn idle_statements(tree: &Tree) -> Vec<String> {
    let is_source = |path: &str| path.starts_with(STORE) && path.ends_with(".rs");
    let sources: String =
        tree.files.iter().filter(|file| is_source(&file.path)).map(|file| squeezed(&file.text)).collect();
    let statements = tree.files.iter().filter(|file| file.path.starts_with("kit/store/.sqlx/"));
    let is_idle = |text: &str| {
        let statement: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        statement["query"].as_str().is_none_or(|query| !sources.contains(&squeezed(query)))
    };
    statements.filter(|file| is_idle(&file.text)).map(|file| format!("{}: nothing asks this", file.path)).collect()
}

/// Without white space, quotes and escapes, so that a statement looks the same in a literal and by itself.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\\')).collect()
}

/// Migrations that do not follow one another by number.
pub fn migrations_out_of_order(tree: &Tree) -> Vec<String> {
    let names = tree.files.iter().filter_map(|file| file.path.strip_prefix("kit/store/migrations/"));
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let wrong = names.iter().zip(1..).filter(|(name, number)| !name.starts_with(&format!("{number:04}_")));
    wrong.map(|(name, number)| format!("kit/store/migrations/{name}: is number {number:04} in the order")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_elsewhere_and_unchecked_sql_are_found() {
        let tree = Tree::of(&[
            ("api/src/users.rs", "fn f() { sqlx::query!(\"SELECT 1\") } // sqlx::query"),
            (
                "kit/store/src/users.rs",
                "fn f() { sqlx::query_as!(User, \"SELECT 1\") }\nfn g() { sqlx::query(\"SELECT 1\") }",
            ),
        ]);
        assert_eq!(outside_the_store(&tree).len(), 2, "{:?}", outside_the_store(&tree));
    }

    #[test]
    fn statements_that_nothing_asks_are_found() {
        let tree = Tree::of(&[
            ("kit/store/src/users.rs", "query!(\"SELECT \\\"a\\\"\n      FROM users\")"),
            ("kit/store/.sqlx/query-1.json", r#"{"query": "SELECT \"a\"\n   FROM users"}"#),
            ("kit/store/.sqlx/query-2.json", r#"{"query": "SELECT b FROM users"}"#),
        ]);
        assert_eq!(idle_statements(&tree), ["kit/store/.sqlx/query-2.json: nothing asks this"]);
    }

    #[test]
    fn two_migrations_with_one_number_are_found() {
        let tree = Tree::of(&[("kit/store/migrations/0001_a.sql", ""), ("kit/store/migrations/0001_b.sql", "")]);
        assert_eq!(migrations_out_of_order(&tree), ["kit/store/migrations/0001_b.sql: is number 0002 in the order"]);
    }
}
