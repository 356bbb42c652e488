//! Packets of a track put in order for the recorder, which cannot take back what it wrote. Pure: time is what the packets
//! say of their arrival.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::media::Packet;

/// What comes out of the ordering.
#[derive(Debug)]
pub(crate) enum Ordered {
    /// The next packet.
    Packet(Packet),
    /// So many packets are missing here for good.
    Missing(u64),
}

/// Holds packets back while an earlier one may still come.
#[derive(Debug)]
pub(crate) struct Reorder {
    wait: Duration,
    most: usize,
    next: Option<u64>,
    held: BTreeMap<u64, Packet>,
    newest: Duration,
}

impl Reorder {
    /// Waits for a missing packet up to `wait` and over up to `most` later ones.
    pub(crate) fn new(wait: Duration, most: usize) -> Self {
        Self { wait, most, next: None, held: BTreeMap::new(), newest: Duration::ZERO }
    }

    /// Takes a packet in order of arrival. What comes too late is dropped: it has been reported missing.
    pub(crate) fn push(&mut self, packet: Packet) {
        self.newest = self.newest.max(packet.arrived_at);
        let next = *self.next.get_or_insert(packet.sequence);
        if packet.sequence >= next {
            self.held.insert(packet.sequence, packet);
        }
    }

    /// What can be given out now.
    pub(crate) fn pop(&mut self) -> Option<Ordered> {
        let (&sequence, first) = self.held.first_key_value()?;
        let missing = sequence - self.next?;
        let waited = self.newest.saturating_sub(first.arrived_at);
        if missing > 0 && waited <= self.wait && self.held.len() <= self.most {
            return None;
        }
        self.take(missing)
    }

    /// What is left, when nothing more will come.
    pub(crate) fn drain(&mut self) -> Option<Ordered> {
        let (&sequence, _) = self.held.first_key_value()?;
        self.take(sequence - self.next?)
    }

    fn take(&mut self, missing: u64) -> Option<Ordered> {
        if missing > 0 {
            self.next = self.next.map(|next| next + missing);
            return Some(Ordered::Missing(missing));
        }
        let (sequence, packet) = self.held.pop_first()?;
        self.next = Some(sequence + 1);
        Some(Ordered::Packet(packet))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn packet(sequence: u64, ms: u64) -> Packet {
        Packet {
            sequence,
            timestamp: 0,
            marker: false,
            starts_keyframe: false,
            arrived_at: Duration::from_millis(ms),
            payload: Bytes::new(),
        }
    }

    /// Packets as their numbers, gaps as negative counts.
    fn all(order: &mut Reorder, mut next: impl FnMut(&mut Reorder) -> Option<Ordered>) -> Vec<i64> {
        std::iter::from_fn(|| next(order))
            .map(|out| match out {
                Ordered::Packet(packet) => packet.sequence as i64,
                Ordered::Missing(count) => -(count as i64),
            })
            .collect()
    }

    fn after(packets: &[(u64, u64)]) -> Vec<i64> {
        let mut order = Reorder::new(Duration::from_millis(400), 8);
        let mut out = Vec::new();
        for &(sequence, ms) in packets {
            order.push(packet(sequence, ms));
            out.extend(all(&mut order, Reorder::pop));
        }
        out
    }

    #[test]
    fn order_is_restored() {
        assert_eq!(after(&[(5, 0), (7, 1), (8, 2), (6, 90), (9, 91)]), [5, 6, 7, 8, 9]);
    }

    #[test]
    fn a_loss_is_waited_for_and_then_said() {
        assert_eq!(after(&[(5, 0), (8, 10), (9, 400)]), [5]);
        assert_eq!(after(&[(5, 0), (8, 10), (9, 411)]), [5, -2, 8, 9]);
    }

    #[test]
    fn too_many_held_back_end_the_wait() {
        let packets: Vec<_> = std::iter::once((1, 0)).chain((3..12).map(|n| (n, 1))).collect();
        assert_eq!(after(&packets), [1, -1, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn what_comes_after_its_gap_or_twice_is_dropped() {
        assert_eq!(after(&[(5, 0), (7, 10), (8, 500), (6, 510), (8, 511), (9, 512)]), [5, -1, 7, 8, 9]);
    }

    #[test]
    fn the_end_gives_out_what_is_left() {
        let mut order = Reorder::new(Duration::from_secs(1), 8);
        for sequence in [1, 4, 5] {
            order.push(packet(sequence, 0));
        }
        assert_eq!(all(&mut order, Reorder::drain), [1, -2, 4, 5]);
    }
}
