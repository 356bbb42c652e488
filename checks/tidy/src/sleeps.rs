//! Tests wait for conditions, not for time.
//!
//! In test code a call of `sleep` stands inside a loop of a function whose name begins with `eventually`, `until` or
//! `wait`: there it is the pause between two looks at a condition. Test code is what is in a folder or file `tests`, the
//! unit tests of a file, and `checks/e2e`.

use crate::{File, Source, Tree};

/// What functions that look again and again are called.
const WAITING: [&str; 3] = ["eventually", "until", "wait"];

/// Sleeps in tests that are no pause between two looks.
pub fn offences(tree: &Tree) -> Vec<String> {
    tree.ending(".rs").flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<String> {
    let source = Source::new(&file.text);
    let is_test =
        ["/tests/", "/tests.rs"].iter().any(|part| file.path.contains(part)) || file.path.starts_with("checks/e2e/");
    let from = if is_test { 0 } else { source.tests_at() };
    let sleeps = source.places("sleep(").into_iter().filter(|at| *at >= from && is_call(source.code(), *at));
    let bad = sleeps.filter(|at| !is_a_pause(&blocks_around(source.code(), *at)));
    bad.map(|at| format!("{}:{}", file.path, source.line(at))).collect()
}

/// Neither a method (a fake clock's) nor the definition of one.
fn is_call(code: &str, at: usize) -> bool {
    let before = code[..at].trim_end();
    !before.ends_with('.') && !before.ends_with("fn")
}

fn is_a_pause(blocks: &[&str]) -> bool {
    let function = blocks.iter().rposition(|head| name_of_function(head).is_some());
    let Some(at) = function else { return false };
    let waits = name_of_function(blocks[at]).is_some_and(|name| WAITING.iter().any(|start| name.starts_with(start)));
    let loops = |head: &&str| head.split_whitespace().any(|word| matches!(word, "loop" | "while" | "for"));
    waits && blocks[at + 1..].iter().any(loops)
}

fn name_of_function(head: &str) -> Option<&str> {
    let (_, after) = head.rsplit_once("fn ")?;
    after.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// What stands before each brace that is open at a place, from the outermost in.
fn blocks_around(code: &str, place: usize) -> Vec<&str> {
    let mut open = Vec::new();
    let mut head = 0;
    for (at, c) in code[..place].char_indices() {
        match c {
            '{' => {
                open.push(code[head..at].trim());
                head = at + 1;
            }
            '}' => {
                open.pop();
                head = at + 1;
            }
            ';' => head = at + 1,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_in_a_loop_that_waits_is_fine() {
        let good = "async fn eventually(c: impl Fn() -> bool) { while !c() { if x { sleep(MS).await; } } }
                    fn wait_for<T>(x: T) -> T { loop { tokio::time::sleep(MS).await } }
                    fn other() { clock.sleep(1); sleep_until(x); }";
        assert_eq!(offences(&Tree::of(&[("chat/tests/a.rs", good)])), [""; 0]);
        assert_eq!(offences(&Tree::of(&[("chat/src/a.rs", "fn a() { sleep(1) }")])), [""; 0]);
    }

    #[test]
    fn every_other_sleep_is_found() {
        let bad = "fn a() { sleep(1) }\nfn wait() { sleep(1) }\nfn b() { loop { thread::sleep(1) } }\n";
        assert_eq!(
            offences(&Tree::of(&[("chat/tests/a.rs", bad)])),
            ["chat/tests/a.rs:1", "chat/tests/a.rs:2", "chat/tests/a.rs:3"]
        );
        let unit = "fn a() { sleep(1) }\n#[cfg(test)]\nmod tests {\n fn t() { sleep(1) }\n}\n";
        assert_eq!(offences(&Tree::of(&[("chat/src/a.rs", unit)])), ["chat/src/a.rs:4"]);
    }
}
