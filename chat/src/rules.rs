//! What may be said in a room, and how often. Pure: the time comes in as an argument.

use std::time::Duration;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing that could be seen is in it.
    Empty,
    /// That many characters over the limit.
    TooLong(usize),
}

/// The text as it will be shown: on one line, trimmed, without characters that hide, reorder or pile up.
/// At most `max_chars` characters remain, else it is refused, never cut.
pub(crate) fn clean(text: &str, max_chars: usize) -> Result<String, Refusal> {
    let mut shown = String::with_capacity(text.len().min(4 * max_chars));
    let mut marks = 0;
    for c in text.chars() {
        if is_mark(c) {
            marks += 1;
        } else if c.is_whitespace() || !(is_dropped(c) || is_invisible(c) || c.is_control()) {
            marks = 0;
        }
        match c {
            _ if is_mark(c) && marks > MOST_MARKS => {}
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => shown.push(' '),
            _ if c.is_control() || is_dropped(c) => {}
            _ => shown.push(c),
        }
    }
    let shown = shown.trim();
    if shown.chars().all(is_invisible) {
        return Err(Refusal::Empty);
    }
    let chars = shown.chars().count();
    if chars > max_chars {
        return Err(Refusal::TooLong(chars - max_chars));
    }
    Ok(shown.to_owned())
}

/// Marks on one letter: Vietnamese needs two, pointed Hebrew three; more only paint over other lines.
const MOST_MARKS: u32 = 3;

/// Combining marks that can be piled on any letter.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Overrides and isolates that reorder what stands around them, and marks with no use inside a line.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{200B}'
        | '\u{2060}' | '\u{E0001}')
}

/// Kept inside a text, because scripts and emoji need them, but nothing to see on their own.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200C}'..='\u{200F}' | '\u{2061}'..='\u{2064}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
        || is_mark(c)
}

/// Whether a client's id for a message can be one: 1 to 64 visible ASCII characters.
pub(crate) fn is_client_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
}

/// How often one user may speak.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Messages at once.
    pub(crate) burst: u32,
    /// Until one more is allowed.
    pub(crate) refill: Duration,
}

/// What one user has left: a token bucket, kept as the moment at which it will be full again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket {
    full_at_ms: i64,
}

impl Bucket {
    /// Takes one message out, or says how long to wait for it. A clock that jumps back costs one full bucket at most.
    pub(crate) fn take(&mut self, pace: Pace, now_ms: i64) -> Result<(), Duration> {
        let refill = millis(pace.refill);
        let capacity = refill.saturating_mul(i64::from(pace.burst));
        self.full_at_ms = self.full_at_ms.clamp(now_ms, now_ms.saturating_add(capacity));
        let full_at = self.full_at_ms.saturating_add(refill);
        let too_early = full_at - now_ms - capacity;
        if too_early > 0 {
            return Err(Duration::from_millis(too_early.unsigned_abs()));
        }
        self.full_at_ms = full_at;
        Ok(())
    }

    /// Whether forgetting it would change nothing.
    pub(crate) fn is_full(&self, now_ms: i64) -> bool {
        self.full_at_ms <= now_ms
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_comes_in_what_is_shown_is_short_and_harmless_and_stays_as_it_is(
            text in "(\\PC|[\u{300}-\u{310}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{fe0f} \n\t\0]){0,40}",
        ) {
            if let Ok(shown) = clean(&text, 20) {
                prop_assert!((1..=20).contains(&shown.chars().count()));
                prop_assert!(!shown.chars().any(|c| c.is_control() || is_dropped(c)));
                prop_assert_eq!(clean(&shown, 20), Ok(shown));
            }
        }
    }

    #[test]
    fn a_text_is_one_trimmed_line() {
        assert_eq!(clean("  hello\tthere\r\nyou ", 500).as_deref(), Ok("hello there  you"));
        assert_eq!(clean("a\u{0}b\u{7}c\u{7f}", 500).as_deref(), Ok("abc"));
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert!(clean(&"あ".repeat(500), 500).is_ok());
        assert_eq!(clean(&"あ".repeat(503), 500), Err(Refusal::TooLong(3)));
        assert!(clean(&format!("  {}  ", "x".repeat(500)), 500).is_ok());
    }

    #[test]
    fn nothing_to_see_is_refused_as_empty() {
        for nothing in ["", "   ", "\n\n", "\u{200B}\u{2060}", "\u{3164}", "\u{200D}\u{FE0F}", "\u{202E}", "\u{301}"] {
            assert_eq!(clean(nothing, 500), Err(Refusal::Empty), "{nothing:?}");
        }
    }

    #[test]
    fn overrides_of_direction_are_taken_out_and_natural_direction_stays() {
        assert_eq!(clean("pay \u{202E}evil\u{202C} \u{2066}now\u{2069}", 500).as_deref(), Ok("pay evil now"));
        assert_eq!(clean("שלום\u{200F}!", 500).as_deref(), Ok("שלום\u{200F}!"));
    }

    #[test]
    fn emoji_sequences_and_scripts_with_joiners_stay_whole() {
        for whole in ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "می‌خواهم", "क्‍ष", "Tiếng Việt", "🏴\u{E0067}\u{E0062}\u{E007F}"]
        {
            assert_eq!(clean(whole, 500).as_deref(), Ok(whole));
        }
    }

    #[test]
    fn piles_of_marks_are_cut_down() {
        let pile = format!("z{}o", "\u{301}".repeat(40));
        assert_eq!(clean(&pile, 500).map(|text| text.chars().count()), Ok(5));
        let interrupted = format!("z{}", "\u{301}\u{301}\u{200B}\u{200D}".repeat(40));
        let marks = clean(&interrupted, 500).map(|text| text.chars().filter(|c| is_mark(*c)).count());
        assert_eq!(marks, Ok(3), "what cannot be seen does not begin a new letter");
    }

    #[test]
    fn client_ids_are_short_and_plain() {
        assert!(is_client_id("a") && is_client_id("0192f0c1-7b7e-7000-8000-000000000000+/="));
        for bad in ["", "a b", "é", "a\n", &"x".repeat(65)] {
            assert!(!is_client_id(bad), "{bad:?}");
        }
    }

    const PACE: Pace = Pace { burst: 5, refill: Duration::from_millis(1500) };

    #[test]
    fn a_burst_passes_and_then_the_wait_is_told() {
        let mut bucket = Bucket::default();
        let noon = 1_700_000_000_000;
        for _ in 0..5 {
            assert_eq!(bucket.take(PACE, noon), Ok(()));
        }
        assert_eq!(bucket.take(PACE, noon), Err(Duration::from_millis(1500)));
        assert_eq!(bucket.take(PACE, noon + 1000), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(PACE, noon + 1500), Ok(()));
        assert!(bucket.take(PACE, noon + 1500).is_err());
    }

    #[test]
    fn a_rested_bucket_is_full_and_can_be_forgotten() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(PACE, 10_000), Ok(()));
        assert!(!bucket.is_full(11_000));
        assert!(bucket.is_full(11_500));
    }

    #[test]
    fn a_clock_that_jumps_back_silences_nobody_for_long() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(PACE, 3_600_000), Ok(()));
        assert_eq!(bucket.take(PACE, 0), Err(Duration::from_millis(1500)));
        assert_eq!(bucket.take(PACE, 1500), Ok(()));
    }
}
