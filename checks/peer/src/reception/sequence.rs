//! The numbers of one track, counted on past 65535: what is new, what came before, what is missing. Pure.

use std::collections::VecDeque;

/// How far back a late packet is still told from a duplicate.
const WINDOW: usize = 4_096;
/// Room below the first number for packets that were sent before it and come after.
const START: u64 = 1 << 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// At this position.
    New(u64),
    /// It had come, or is too late to tell.
    Duplicate,
}

#[derive(Debug, Default)]
pub(crate) struct Sequence {
    range: Option<(u64, u64)>,
    arrived: u64,
    /// Whether the newest positions have come; the newest last.
    recent: VecDeque<bool>,
}

impl Sequence {
    pub(crate) fn arrive(&mut self, number: u16) -> Arrival {
        let Some((lowest, highest)) = self.range else {
            let position = START + u64::from(number);
            self.range = Some((position, position));
            self.recent.push_back(true);
            self.arrived = 1;
            return Arrival::New(position);
        };
        // The nearest position with this number.
        let ahead = i64::from(number.wrapping_sub(highest as u16).cast_signed());
        let position = highest.saturating_add_signed(ahead);
        self.range = Some((lowest.min(position), highest.max(position)));
        for _ in highest..position {
            self.recent.push_back(false);
        }
        while self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let back = usize::try_from(highest.max(position) - position).unwrap_or(usize::MAX);
        while self.recent.len() <= back && self.recent.len() < WINDOW {
            self.recent.push_front(false);
        }
        let index = self.recent.len().checked_sub(back + 1);
        match index.and_then(|index| self.recent.get_mut(index)) {
            Some(came) if !*came => {
                *came = true;
                self.arrived += 1;
                Arrival::New(position)
            }
            _ => Arrival::Duplicate,
        }
    }

    /// Positions between the lowest and the highest that have not come.
    pub(crate) fn missing(&self) -> u64 {
        self.range.map_or(0, |(lowest, highest)| highest - lowest + 1 - self.arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(numbers: &[u16]) -> (Vec<bool>, u64) {
        let mut sequence = Sequence::default();
        let new = numbers.iter().map(|&number| sequence.arrive(number) != Arrival::Duplicate).collect();
        (new, sequence.missing())
    }

    #[test]
    fn numbers_go_on_after_the_last_one() {
        assert_eq!(arrivals(&[65_534, 65_535, 0, 1]), (vec![true; 4], 0));
    }

    #[test]
    fn a_gap_closes_when_the_late_packet_comes() {
        assert_eq!(arrivals(&[10, 13]).1, 2);
        assert_eq!(arrivals(&[10, 13, 12, 11]), (vec![true; 4], 0));
        assert_eq!(arrivals(&[0, 65_535]), (vec![true; 2], 0));
    }

    #[test]
    fn what_came_before_is_a_duplicate() {
        assert_eq!(arrivals(&[5, 5, 6, 5, 6]).0, [true, false, true, false, false]);
    }
}
