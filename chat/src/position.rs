//! Where a reader stands in a room's log, and what the next event means to one who stands there. Pure.

use std::sync::Arc;

/// A place in a log: everything up to and including `offset` is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which log. After a loss there is a new one.
    pub(crate) epoch: Arc<str>,
    /// The last event known; the first one is 1.
    pub(crate) offset: u64,
}

/// What an event is to somebody who stands at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The one after the last known.
    Next,
    /// Known already.
    Seen,
    /// Some are missing before it.
    Gap,
    /// It belongs to another log: the position is worth nothing any more.
    Elsewhere,
}

impl Position {
    /// What the event (`epoch`, `offset`) is from here.
    pub(crate) fn step(&self, epoch: &str, offset: u64) -> Step {
        if *self.epoch != *epoch {
            return Step::Elsewhere;
        }
        match offset {
            seen if seen <= self.offset => Step::Seen,
            next if next == self.offset + 1 => Step::Next,
            _ => Step::Gap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_event_is_one_further_in_the_same_log() {
        let here = Position { epoch: "a".into(), offset: 7 };
        assert_eq!(here.step("a", 8), Step::Next);
        assert_eq!(here.step("a", 7), Step::Seen);
        assert_eq!(here.step("a", 1), Step::Seen);
        assert_eq!(here.step("a", 9), Step::Gap);
        assert_eq!(here.step("b", 8), Step::Elsewhere);
    }
}
