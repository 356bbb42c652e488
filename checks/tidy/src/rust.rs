//! Rust text taken apart: the code, as long as the file so that places stay, with comments and literals blank; and the
//! string literals by place.

use std::ops::Range;

/// A Rust file taken apart.
#[derive(Debug)]
pub struct Source {
    code: String,
    /// Places and contents of the string literals.
    literals: Vec<(usize, String)>,
    /// Where the module of unit tests begins; the end of the file if there is none.
    tests_at: usize,
}

/// What a stretch of text is.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Literal,
    Comment,
}

impl Source {
    /// Takes a file apart.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut code, mut literals) = (Vec::with_capacity(text.len()), Vec::new());
        let mut at = 0;
        while at < bytes.len() {
            let (part, end) = next_part(bytes, at);
            if part == Part::Code {
                code.extend_from_slice(&bytes[at..end]);
            } else {
                code.extend(bytes[at..end].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
            }
            if part == Part::Literal {
                literals.push((at, String::from_utf8_lossy(&bytes[at..end]).into_owned()));
            }
            at = end;
        }
        let code = String::from_utf8(code).expect("whole characters are blanked");
        let tests_at = unit_tests(&code).unwrap_or(code.len());
        Self { code, literals, tests_at }
    }

    /// The code, with comments and the insides of literals blank.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The code without the unit tests at the end.
    pub fn product(&self) -> &str {
        &self.code[..self.tests_at]
    }

    /// Where the unit tests begin; the end of the file if there are none.
    pub fn tests_at(&self) -> usize {
        self.tests_at
    }

    /// The literals within a stretch, without their quotes.
    pub fn literals(&self, within: Range<usize>) -> Vec<&str> {
        let inside = self.literals.iter().filter(|(at, _)| within.contains(at));
        inside.map(|(_, literal)| literal.trim_matches(['r', '#', '"', '\''])).collect()
    }

    /// The number of the line of a place, from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + self.code[..at].matches('\n').count()
    }

    /// Where a word stands in the code, not as a part of another word.
    pub fn places(&self, word: &str) -> Vec<usize> {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let stands_alone = |at: &usize| {
            let starts = !is_word(word.chars().next()) || !is_word(self.code[..*at].chars().next_back());
            starts && (!is_word(word.chars().next_back()) || !is_word(self.code[at + word.len()..].chars().next()))
        };
        self.code.match_indices(word).map(|(at, _)| at).filter(stands_alone).collect()
    }

    /// The place of the bracket that closes the first `open` at or after `from`.
    pub fn closing(&self, from: usize, open: char, close: char) -> Option<usize> {
        let mut depth = 0;
        for (at, c) in self.code[from..].char_indices() {
            if c == open {
                depth += 1;
            } else if c == close && depth > 0 {
                depth -= 1;
                if depth == 0 {
                    return Some(from + at);
                }
            }
        }
        None
    }
}

/// Where `#[cfg(test)] mod ... {` stands; by our style nothing follows it.
fn unit_tests(code: &str) -> Option<usize> {
    code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
        let after = code[at + "#[cfg(test)]".len()..].trim_start();
        after.starts_with("mod ") && after.find('{') < after.find(';').or(Some(usize::MAX))
    })
}

fn next_part(bytes: &[u8], at: usize) -> (Part, usize) {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => (Part::Comment, at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => (Part::Comment, at + block_comment(rest)),
        [b'"', ..] => (Part::Literal, at + quoted(rest, b'"')),
        [b'r', b'"' | b'#', ..] if !follows_a_word(bytes, at) => match raw_string(rest) {
            Some(length) => (Part::Literal, at + length),
            None => (Part::Code, at + 1),
        },
        [b'\'', ..] => match char_literal(rest) {
            Some(length) => (Part::Literal, at + length),
            None => (Part::Code, at + 1),
        },
        _ => (Part::Code, at + 1),
    }
}

fn follows_a_word(bytes: &[u8], at: usize) -> bool {
    // The b of br"..." belongs to the literal.
    let before = bytes[..at].iter().rev().find(|b| **b != b'b');
    before.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < text.len() {
        match &text[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a literal that begins and ends with `quote` and escapes by a backslash.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn raw_string(text: &[u8]) -> Option<usize> {
    let hashes = text[1..].iter().take_while(|b| **b == b'#').count();
    if text.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let end: Vec<u8> = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let body = 2 + hashes;
    let found = text[body..].windows(end.len()).position(|window| window == end)?;
    Some(body + found + end.len())
}

/// The length of a character literal; none if the quote begins a lifetime.
fn char_literal(text: &[u8]) -> Option<usize> {
    if text.get(1) == Some(&b'\\') {
        return Some(quoted(text, b'\''));
    }
    let longest = text.len().min(6);
    let end = 2 + text.get(2..longest)?.iter().position(|b| *b == b'\'')?;
    let inner = std::str::from_utf8(&text[1..end]).ok()?;
    (inner.chars().count() == 1).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank_in_the_code_and_places_stay() {
        let text =
            "let a = \"x // {\"; // tail\nlet b = r#\"}\"\"#; /* { /* } */ */ let c = '{'; fn f<'a>(x: &'a str) {}";
        let source = Source::new(text);
        assert_eq!(source.code().len(), text.len());
        assert_eq!(source.code().matches('{').count(), 1);
        assert_eq!(source.places("tail"), [0_usize; 0]);
        assert_eq!(source.literals(0..20), ["x // {"]);
        assert_eq!(Source::new(r#"f("say \"A\"", "B")"#).literals(0..20), [r#"say \"A\"#, "B"]);
        assert_eq!(source.line(source.places("b")[0]), 2);
    }

    #[test]
    fn a_word_is_no_part_of_another() {
        let source = Source::new("sleep(); asleep(); sleep_until(); x.sleep()");
        assert_eq!(source.places("sleep(").len(), 2);
        assert_eq!(source.places("sleep").len(), 2);
    }

    #[test]
    fn the_product_ends_where_its_unit_tests_begin() {
        let source =
            Source::new("fn a() {}\n#[cfg(test)]\nmod helper;\nfn b() {}\n#[cfg(test)]\nmod tests {\n fn c() {}\n}\n");
        assert!(source.product().contains("fn b"));
        assert!(!source.product().contains("fn c"));
    }

    #[test]
    fn brackets_are_matched_over_literals() {
        let source = Source::new("f(\")\", g(1)) + h()");
        assert_eq!(source.closing(0, '(', ')'), Some(11));
    }
}
