//! After a reconnect: what you missed, or "start afresh". Pure.

use crate::buffer::Tail;
use crate::position::Position;

/// Whether the events of `tail` are exactly what somebody missed who stood at `known`: the log is the same one
/// and not one event of the gap is gone. A part of a gap is never passed off as the whole.
pub(crate) fn is_recovered(known: Option<&Position>, tail: &Tail) -> bool {
    let Some(known) = known else { return false };
    if known.epoch != tail.top.epoch || known.offset > tail.top.offset {
        return false;
    }
    let expected = known.offset + 1..=tail.top.offset;
    tail.events.iter().map(|event| event.offset).eq(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Event;

    fn at(epoch: &str, offset: u64) -> Position {
        Position { epoch: epoch.into(), offset }
    }

    fn tail(top: u64, offsets: impl IntoIterator<Item = u64>) -> Tail {
        let event = |offset| Event { offset, json: String::new() };
        Tail { top: at("a", top), events: offsets.into_iter().map(event).collect() }
    }

    #[test]
    fn a_gap_that_is_wholly_there_is_recovered() {
        assert!(is_recovered(Some(&at("a", 5)), &tail(8, 6..=8)));
        assert!(is_recovered(Some(&at("a", 8)), &tail(8, [])));
        assert!(is_recovered(Some(&at("a", 0)), &tail(2, 1..=2)));
    }

    #[test]
    fn a_part_of_a_gap_is_not() {
        assert!(!is_recovered(Some(&at("a", 5)), &tail(8, 7..=8)));
        assert!(!is_recovered(Some(&at("a", 5)), &tail(8, [6, 8])));
        assert!(!is_recovered(Some(&at("a", 5)), &tail(8, [])));
        assert!(!is_recovered(Some(&at("a", 5)), &tail(8, 5..=8)));
    }

    #[test]
    fn neither_is_a_position_in_another_log_or_in_the_future_or_none() {
        assert!(!is_recovered(Some(&at("b", 8)), &tail(8, [])));
        assert!(!is_recovered(Some(&at("a", 9)), &tail(8, [])));
        assert!(!is_recovered(Some(&at("a", u64::MAX)), &tail(8, [])));
        assert!(!is_recovered(None, &tail(0, [])));
    }
}
