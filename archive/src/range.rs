//! The `Range` header (RFC 9110, section 14): one stretch of bytes, or all. Pure.

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// All of it: nothing was asked for, or something we need not understand.
    Whole,
    /// From the first to the last byte, both included.
    Part(u64, u64),
    /// Nothing there.
    Unsatisfiable,
}

/// What a header asks for of something with this many bytes.
pub(crate) fn parse(header: Option<&str>, bytes: u64) -> Range {
    let asked = header.and_then(|header| header.trim().strip_prefix("bytes=")).and_then(|asked| asked.split_once('-'));
    let Some((first, last)) = asked.map(|(first, last)| (first.trim(), last.trim())) else { return Range::Whole };
    let number = |text: &str| if text.bytes().all(|b| b.is_ascii_digit()) { text.parse::<u64>().ok() } else { None };
    match (first.is_empty(), last.is_empty()) {
        (true, true) => Range::Whole,
        (true, false) => match number(last) {
            None => Range::Whole,
            Some(0) => Range::Unsatisfiable,
            Some(_) if bytes == 0 => Range::Unsatisfiable,
            Some(count) => Range::Part(bytes.saturating_sub(count), bytes - 1),
        },
        (false, is_open) => {
            let last = if is_open { Some(u64::MAX) } else { number(last) };
            match (number(first), last) {
                (Some(first), Some(last)) if first > last => Range::Whole,
                (Some(first), Some(_)) if first >= bytes => Range::Unsatisfiable,
                (Some(first), Some(last)) => Range::Part(first, last.min(bytes - 1)),
                _ => Range::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stretch_is_understood_and_kept_within_bounds() {
        for (header, wanted) in [
            ("bytes=0-0", Range::Part(0, 0)),
            ("bytes=2-", Range::Part(2, 9)),
            ("bytes=-3", Range::Part(7, 9)),
            ("bytes=-30", Range::Part(0, 9)),
            ("bytes=5-99", Range::Part(5, 9)),
            ("bytes=10-", Range::Unsatisfiable),
            ("bytes=-0", Range::Unsatisfiable),
        ] {
            assert_eq!(parse(Some(header), 10), wanted, "{header}");
        }
    }

    #[test]
    fn what_is_malformed_or_several_is_answered_with_all() {
        for header in
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2"]
        {
            assert_eq!(parse(Some(header), 10), Range::Whole, "{header}");
        }
        assert_eq!(parse(None, 10), Range::Whole);
        assert_eq!(parse(Some("bytes=0-"), 0), Range::Unsatisfiable);
        assert_eq!(parse(Some("bytes=-1"), 0), Range::Unsatisfiable);
    }
}
