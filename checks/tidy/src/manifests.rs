//! The workspace's manifests: versions in one place, lints everywhere, nothing listed that nobody uses, no empty crate.

use toml::{Table, Value};

use crate::{Source, Tree};

/// A member of the workspace.
#[derive(Debug)]
pub struct Manifest {
    /// Where its manifest is.
    pub path: String,
    /// Its name.
    pub name: String,
    /// What it imports.
    pub dependencies: Vec<Import>,
    table: Table,
}

/// One line of a manifest's dependencies.
#[derive(Debug)]
pub struct Import {
    /// The crate.
    pub name: String,
    /// Whether only tests use it.
    pub is_dev: bool,
    /// Whether its version is the workspace's.
    pub is_shared: bool,
}

/// Dependencies that no code names, each with the reason for which they are listed.
const UNNAMED: [(&str, &str, &str); 0] = [];

/// The members of the workspace; those whose manifest cannot be read are left to cargo.
pub fn members(tree: &Tree) -> Vec<Manifest> {
    let root = tree.file("Cargo.toml").and_then(|file| file.text.parse::<Table>().ok()).unwrap_or_default();
    let listed = root.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    let folders = listed.into_iter().flatten().filter_map(Value::as_str);
    folders.filter_map(|folder| member(tree, &format!("{folder}/Cargo.toml"))).collect()
}

fn member(tree: &Tree, path: &str) -> Option<Manifest> {
    let table: Table = tree.file(path)?.text.parse().ok()?;
    let name = table.get("package")?.get("name")?.as_str()?.to_owned();
    let mut dependencies = Vec::new();
    for (section, is_dev) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
        for (name, line) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
            let is_shared = line.get("workspace").and_then(Value::as_bool) == Some(true);
            dependencies.push(Import { name: name.clone(), is_dev, is_shared });
        }
    }
    Some(Manifest { path: path.to_owned(), name, dependencies, table })
}

/// Crates with nothing in them.
pub fn empty_crates(tree: &Tree) -> Vec<String> {
    let is_empty =
        |member: &Manifest| code_below(tree, member, "").iter().all(|source| source.code().trim().is_empty());
    members(tree).iter().filter(|member| is_empty(member)).map(|member| format!("{}: is empty", member.path)).collect()
}

/// Dependencies with a version of their own, and crates without the workspace's lints.
pub fn own_ways(tree: &Tree) -> Vec<String> {
    let mut offences = Vec::new();
    for member in members(tree) {
        // A crate that imports itself does so to have its fakes in its tests.
        let foreign = member.dependencies.iter().filter(|import| import.name != member.name);
        for import in foreign.filter(|import| !import.is_shared) {
            offences.push(format!("{}: {} does not say `workspace = true`", member.path, import.name));
        }
        let lints = member.table.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
        if lints != Some(true) {
            offences.push(format!("{}: has no `[lints] workspace = true`", member.path));
        }
    }
    offences
}

/// Dependencies that no code of their crate names.
pub fn unused(tree: &Tree) -> Vec<String> {
    let mut offences = Vec::new();
    for member in members(tree) {
        let all = code_below(tree, &member, "");
        for import in &member.dependencies {
            let word = import.name.replace('-', "_");
            let is_excused = UNNAMED.iter().any(|(of, name, _)| (*of, *name) == (&*member.name, &*import.name));
            if !is_excused && all.iter().all(|source| source.places(&word).is_empty()) {
                offences.push(format!("{}: nothing in {} names {word}", member.path, member.name));
            }
        }
    }
    offences
}

/// Versions of the workspace that no member asks for.
pub fn unused_versions(tree: &Tree) -> Vec<String> {
    let root = tree.file("Cargo.toml").and_then(|file| file.text.parse::<Table>().ok()).unwrap_or_default();
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies")).and_then(Value::as_table);
    let members = members(tree);
    let is_asked_for =
        |name: &str| members.iter().any(|member| member.dependencies.iter().any(|import| import.name == name));
    let idle = shared.into_iter().flatten().map(|(name, _)| name).filter(|name| !is_asked_for(name));
    idle.map(|name| format!("Cargo.toml: no crate asks for {name}")).collect()
}

fn code_below(tree: &Tree, member: &Manifest, folder: &str) -> Vec<Source> {
    let base = format!("{}/{folder}", member.path.trim_end_matches("/Cargo.toml"));
    tree.ending(".rs").filter(|file| file.path.starts_with(&base)).map(|file| Source::new(&file.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        Tree::of(&[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"chat\"]\n[workspace.dependencies]\nserde = \"1\"\ntokio-util = \"1\"\ntime = \"1\"\n",
            ),
            (
                "chat/Cargo.toml",
                "[package]\nname = \"chat\"\n[dependencies]\nserde = \"1\"\ntokio-util = { workspace = true }\n",
            ),
            ("chat/src/lib.rs", "//! tokio_util is mentioned here only.\n"),
        ])
    }

    #[test]
    fn an_empty_crate_is_found() {
        assert_eq!(empty_crates(&tree()), ["chat/Cargo.toml: is empty"]);
    }

    #[test]
    fn own_versions_and_missing_lints_are_found() {
        assert_eq!(own_ways(&tree()).len(), 2, "{:?}", own_ways(&tree()));
    }

    #[test]
    fn what_nobody_names_or_asks_for_is_found() {
        assert_eq!(unused(&tree()).len(), 2, "{:?}", unused(&tree()));
        assert_eq!(unused_versions(&tree()), ["Cargo.toml: no crate asks for time"]);
    }
}
