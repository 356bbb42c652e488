//! Links between our documents lead somewhere.

use crate::{File, Tree};

/// Relative links in Markdown files whose target does not exist: a file, a folder, or a heading of a document.
pub fn offences(tree: &Tree) -> Vec<String> {
    let of_file = |file| links(file).into_iter().filter_map(move |(line, link)| offence(tree, file, line, &link));
    tree.ending(".md").flat_map(of_file).collect()
}

fn offence(tree: &Tree, file: &File, line: usize, link: &str) -> Option<String> {
    let is_elsewhere = link.contains("://") || link.starts_with("mailto:");
    if is_elsewhere {
        return None;
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let target = if path.is_empty() { file.path.clone() } else { resolve(&file.path, path) };
    if !target.is_empty() && !tree.paths.contains(&target) {
        return Some(format!("{}:{line}: there is no {target}", file.path));
    }
    let heading = heading?;
    let document = tree.file(&target).filter(|file| file.path.ends_with(".md"))?;
    let is_there = document.text.lines().any(|line| line.starts_with('#') && slug(line) == heading);
    (!is_there).then(|| format!("{}:{line}: {target} has no heading #{heading}", file.path))
}

/// The links of a file with their lines, outside of code.
fn links(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_code = false;
    for (number, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (at, _) in prose.match_indices("](") {
            let target = prose[at + 2..].split(')').next().unwrap_or_default();
            let target = target.split_whitespace().next().unwrap_or_default();
            found.push((number + 1, target.trim_matches(['<', '>']).to_owned()));
        }
    }
    found
}

/// A link's path as seen from the root.
fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { from.split('/').collect() };
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// A heading as links name it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let tree = Tree::of(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/a.md#what-is-it) ![c](docs) [d](https://x.example/y) [e](#top)\n# Top\n",
            ),
            (
                "docs/a.md",
                "# What is it?\n[up](../README.md) `[no](link)`\n```\n[no](link)\n```\n[gone](b.md) [none](#nothing)\n",
            ),
        ]);
        assert_eq!(
            offences(&tree),
            ["docs/a.md:6: there is no docs/b.md", "docs/a.md:6: docs/a.md has no heading #nothing"]
        );
    }
}
