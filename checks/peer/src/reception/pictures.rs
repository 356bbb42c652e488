//! Packets put together to pictures (RFC 6184). Pure.

use std::collections::VecDeque;

use super::Packet;
use crate::marker;

/// So many pictures may be incomplete at a time; the oldest is given up.
const OPEN: usize = 32;

const IDR: u8 = 5;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const FU_START: u8 = 0x80;

/// A picture of which every packet has come, as far as a receiver can tell: the first one does not continue a
/// fragment, and none is missing up to the one that is marked as the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole {
    pub(crate) is_keyframe: bool,
    /// When it was sent, if it says so.
    pub(crate) sent_ns: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Pictures {
    open: VecDeque<Picture>,
}

#[derive(Debug)]
struct Picture {
    timestamp: u32,
    first: u64,
    first_continues: bool,
    last: Option<u64>,
    packets: u64,
    is_keyframe: bool,
    sent_ns: Option<u64>,
}

impl Pictures {
    /// Takes a packet; the picture that it completes.
    pub(crate) fn take(&mut self, position: u64, packet: Packet<'_>) -> Option<Whole> {
        let index = self.open.iter().position(|picture| picture.timestamp == packet.timestamp).unwrap_or_else(|| {
            if self.open.len() == OPEN {
                self.open.pop_front();
            }
            self.open.push_back(Picture::begin(position, packet.timestamp));
            self.open.len() - 1
        });
        let picture = self.open.get_mut(index)?;
        picture.add(position, packet);
        if !picture.is_whole() {
            return None;
        }
        let picture = self.open.remove(index)?;
        Some(Whole { is_keyframe: picture.is_keyframe, sent_ns: picture.sent_ns })
    }
}

impl Picture {
    fn begin(first: u64, timestamp: u32) -> Self {
        Self { timestamp, first, first_continues: false, last: None, packets: 0, is_keyframe: false, sent_ns: None }
    }

    fn add(&mut self, position: u64, packet: Packet<'_>) {
        if position <= self.first {
            self.first = position;
            self.first_continues = continues(packet.payload);
        }
        if packet.marker {
            self.last = Some(position);
        }
        self.packets += 1;
        self.is_keyframe |= has_idr(packet.payload);
        self.sent_ns = self.sent_ns.or_else(|| marker::read(packet.payload));
    }

    fn is_whole(&self) -> bool {
        !self.first_continues && self.last.is_some_and(|last| last - self.first + 1 == self.packets)
    }
}

fn continues(payload: &[u8]) -> bool {
    matches!(payload, [head, fragment, ..] if head & 0x1f == FU_A && fragment & FU_START == 0)
}

fn has_idr(payload: &[u8]) -> bool {
    match payload {
        [head, rest @ ..] if head & 0x1f == STAP_A => aggregated(rest).any(|unit| unit & 0x1f == IDR),
        [head, fragment, ..] if head & 0x1f == FU_A => fragment & 0x1f == IDR,
        [head, ..] => head & 0x1f == IDR,
        [] => false,
    }
}

/// The first bytes of the units in an aggregate.
fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let (size, tail) = rest.split_first_chunk::<2>()?;
        let (unit, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        rest = tail;
        unit.first().copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(timestamp: u32, marker: bool, payload: &[u8]) -> Packet<'_> {
        Packet { sequence: 0, timestamp, marker, payload }
    }

    #[test]
    fn packets_of_a_picture_may_come_in_any_order() {
        let mut pictures = Pictures::default();
        assert!(pictures.take(12, packet(1, true, &[0x7c, 0x45])).is_none());
        assert!(pictures.take(11, packet(1, false, &[0x7c, 0x05])).is_none());
        let whole = pictures.take(10, packet(1, false, &[0x7c, 0x85])).expect("all three are there");
        assert!(whole.is_keyframe && whole.sent_ns.is_none());
    }

    #[test]
    fn a_viewer_who_comes_in_the_middle_of_a_keyframe_has_not_seen_it() {
        let mut pictures = Pictures::default();
        assert!(pictures.take(11, packet(1, false, &[0x7c, 0x05])).is_none());
        assert!(pictures.take(12, packet(1, true, &[0x7c, 0x45])).is_none());
        assert!(pictures.take(13, packet(2, true, &[0x41, 0x9a])).is_some_and(|whole| !whole.is_keyframe));
    }

    #[test]
    fn pictures_that_never_complete_are_given_up() {
        let mut pictures = Pictures::default();
        for timestamp in 0..100 {
            assert!(pictures.take(u64::from(timestamp) * 2, packet(timestamp, false, &[0x41])).is_none());
        }
        assert_eq!(pictures.open.len(), OPEN);
    }
}
