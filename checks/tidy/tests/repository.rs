//! The rules, applied to this repository. Each failure lists the places and says what to do instead.

use std::sync::LazyLock;

use tidy::{Tree, environment, error_codes, floors, heads, leftovers, links, manifests, names, sizes, sleeps, sql};

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::of_this_repository().expect("the repository can be read"));

#[track_caller]
fn tidy(offences: impl Fn(&Tree) -> Vec<String>, instead: &str) {
    let found = offences(&TREE);
    assert!(found.is_empty(), "\n\n  {}\n\n{instead}\n", found.join("\n  "));
}

#[test]
fn imports_go_down_only() {
    tidy(
        floors::offences,
        "Rooms meet by a port (the asking room declares a trait, livestream/src/wiring implements it), a job or an event; \
         plain data that both need goes to kit/domain. ARCHITECTURE.md has the floors.",
    );
}

#[test]
fn every_crate_has_something_in_it() {
    tidy(manifests::empty_crates, "A crate comes to exist when something lives in it. Take it out of the workspace.");
}

#[test]
fn versions_and_lints_are_the_workspaces() {
    tidy(
        manifests::own_ways,
        "Put the version into [workspace.dependencies] of the root Cargo.toml and write `name = { workspace = true }`; \
         each crate has `[lints]` with `workspace = true`.",
    );
}

#[test]
fn every_dependency_is_used() {
    tidy(
        manifests::unused,
        "Take the line out of the manifest, or excuse it in checks/tidy/src/manifests.rs with a reason.",
    );
}

#[test]
fn every_shared_version_is_asked_for() {
    tidy(manifests::unused_versions, "Take the line out of [workspace.dependencies].");
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    tidy(heads::offences, "Open the file with `//! What this is for, and the one thing it leaves to others.`");
}

#[test]
fn files_can_be_read_in_one_go() {
    tidy(
        sizes::offences,
        "Split it by meaning, never by line count. A table may stay: excuse it in checks/tidy/src/sizes.rs with a reason.",
    );
}

#[test]
fn every_error_code_is_explained_on_one_page() {
    tidy(
        error_codes::offences,
        "docs/errors.md has one row per code, in the section of the lowest crate that says it: \
         | `CODE` | status | what it means and what to do |",
    );
}

#[test]
fn links_between_documents_lead_somewhere() {
    tidy(links::offences, "Mend the link, or write what it promises.");
}

#[test]
fn nothing_unfinished_is_left_behind() {
    tidy(
        leftovers::offences,
        "Finish it, take it out, or name the issue: TODO(#12). For a lint write #[expect(lint, reason = \"...\")]. \
         A test that cannot run yet is not a test.",
    );
}

#[test]
fn tests_wait_for_conditions_and_not_for_time() {
    tidy(
        sleeps::offences,
        "Wait for what the test is about, with a deadline: a function `eventually`, `until_...` or `wait_...` that looks \
         at a condition in a loop may sleep between two looks. For rules about time hand in a clock.",
    );
}

#[test]
fn sql_is_in_the_store_and_checked_at_compile_time() {
    tidy(sql::outside_the_store, "Write a function in the table's file of kit/store/src and call it.");
}

#[test]
fn every_checked_statement_is_asked() {
    tidy(sql::idle_statements, "Run ./dev prepare and commit what changes.");
}

#[test]
fn migrations_follow_one_another() {
    tidy(sql::migrations_out_of_order, "Rename it: four digits, each number once, none left out.");
}

#[test]
fn names_say_what_a_file_is_about() {
    tidy(names::offences, "Name it after its subject: `tip.rs`, not `types.rs`; what several need has a subject too.");
}

#[test]
fn the_repository_names_no_machine() {
    tidy(
        environment::words,
        "Say it in a way that is true on every machine: a path from the root, a variable, a link.",
    );
}

#[test]
fn packages_come_from_the_public_registries() {
    tidy(environment::registries, "Write the lock file anew without a mirror in the package manager's settings.");
}
