//! Who may import whom: only downwards. Rooms, all on one floor, never import each other.

use crate::Tree;
use crate::manifests::{Manifest, members};

/// The floor of each crate. A crate imports crates of lower floors only.
const FLOORS: [(&str, u8); 14] = [
    ("domain", 0),
    ("media-config", 0),
    ("store", 1),
    ("http-kit", 1),
    ("local-s3", 1),
    ("jobs", 1),
    ("stream-manager", 2),
    ("media-server", 2),
    ("chat", 2),
    ("archive", 2),
    ("payments", 2),
    ("notifier", 2),
    ("api", 3),
    ("livestream", 4),
];

/// What imports nothing of ours: it speaks to the product from outside, as a stranger does. Anybody's tests may use it.
const STRANGERS: [&str; 1] = ["peer"];

/// What judges the product from outside, through its binary and its strangers.
const JUDGES: [&str; 3] = ["e2e", "bench", "tidy"];

/// Plumbing by which a judge's tests build what surrounds the product: its stores.
const SURROUNDINGS: [&str; 2] = ["store", "local-s3"];

/// Imports on one floor, each with its reason.
const SIDEWAYS: [(&str, &str, &str); 1] = [("jobs", "store", "a job is a row, pushed in its caller's transaction")];

/// Imports that go up or sideways, and crates without a floor.
pub fn offences(tree: &Tree) -> Vec<String> {
    let members = members(tree);
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    members.iter().flat_map(|member| of_member(member, &names)).collect()
}

fn of_member(member: &Manifest, names: &[&str]) -> Vec<String> {
    let name = member.name.as_str();
    let is_known = floor(name).is_some() || STRANGERS.contains(&name) || JUDGES.contains(&name);
    if !is_known {
        return vec![format!("{}: {name} has no floor; give it one in checks/tidy/src/floors.rs", member.path)];
    }
    let ours = member.dependencies.iter().filter(|import| names.contains(&import.name.as_str()) && import.name != name);
    ours.filter(|import| !may_import(name, &import.name, import.is_dev))
        .map(|import| format!("{}: {name} may not import {}", member.path, import.name))
        .collect()
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

fn may_import(name: &str, import: &str, is_dev: bool) -> bool {
    if STRANGERS.contains(&import) {
        return JUDGES.contains(&name) || (is_dev && !STRANGERS.contains(&name));
    }
    if SIDEWAYS.iter().any(|(from, to, _)| (*from, *to) == (name, import)) {
        return true;
    }
    if JUDGES.contains(&name) && is_dev {
        return SURROUNDINGS.contains(&import);
    }
    matches!((floor(name), floor(import)), (Some(above), Some(below)) if below < above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_go_down_only() {
        assert!(may_import("livestream", "chat", false) && may_import("chat", "store", false));
        assert!(may_import("jobs", "store", false) && !may_import("store", "jobs", false));
        for (from, to) in
            [("chat", "archive"), ("domain", "store"), ("chat", "api"), ("peer", "domain"), ("e2e", "chat")]
        {
            assert!(!may_import(from, to, false) && !may_import(from, to, true), "{from} -> {to}");
        }
    }

    #[test]
    fn a_judge_builds_stores_for_its_tests_and_looks_into_no_room() {
        assert!(may_import("e2e", "local-s3", true) && !may_import("e2e", "local-s3", false));
        assert!(!may_import("e2e", "archive", true));
    }

    #[test]
    fn only_tests_use_a_stranger() {
        assert!(may_import("media-server", "peer", true) && may_import("bench", "peer", false));
        assert!(!may_import("media-server", "peer", false));
    }

    #[test]
    fn a_crate_without_a_floor_and_an_import_sideways_are_found() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"chat\", \"archive\", \"new\"]\n"),
            ("chat/Cargo.toml", "[package]\nname = \"chat\"\n[dev-dependencies]\narchive = { workspace = true }\n"),
            ("archive/Cargo.toml", "[package]\nname = \"archive\"\n"),
            ("new/Cargo.toml", "[package]\nname = \"new\"\n"),
        ]);
        assert_eq!(offences(&tree).len(), 2, "{:?}", offences(&tree));
    }
}
