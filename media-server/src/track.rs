//! The packets of one track in the order of their arrival, the last few thousand of them. Forwarding, retransmission and
//! the recorder all read from here; nobody who reads slows whoever writes. Sending is left to others.

use std::time::Duration;

use bytes::Bytes;
use domain::media::{Codec, Packet};

use crate::extend::Extended;
use crate::keyframe::starts_keyframe;

/// A packet as it comes from the publisher's connection.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// The sequence number on the wire.
    pub(crate) sequence: u16,
    /// The timestamp on the wire.
    pub(crate) timestamp: u32,
    /// The marker on the wire.
    pub(crate) marker: bool,
    /// The payload, without padding. Empty for packets that only probe the path.
    pub(crate) payload: Bytes,
}

/// One track's history. Positions count arrivals from 0 and never repeat; sequence numbers are the publisher's.
#[derive(Debug)]
pub(crate) struct History {
    codec: Codec,
    slots: Vec<Option<Packet>>,
    /// Where a sequence number was put; the slot there tells whether it still holds it.
    places: Vec<u64>,
    /// The position of the next arrival.
    head: u64,
    sequence: Extended<16>,
    timestamp: Extended<32>,
    highest: Option<u64>,
    /// Position of the first packet of the newest keyframe.
    keyframe: Option<u64>,
    keyframe_timestamp: Option<u64>,
}

impl History {
    /// An empty history that keeps `capacity` packets, a power of two.
    pub(crate) fn new(codec: Codec, capacity: usize) -> Self {
        Self {
            codec,
            slots: vec![None; capacity],
            places: vec![u64::MAX; capacity],
            head: 0,
            sequence: Extended::default(),
            timestamp: Extended::default(),
            highest: None,
            keyframe: None,
            keyframe_timestamp: None,
        }
    }

    /// The track's codec.
    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Takes an arrival; nothing for one that is here already or too old to be of use.
    pub(crate) fn push(&mut self, arrival: Arrival, arrived_at: Duration) -> Option<&Packet> {
        let sequence = self.sequence.follow(u32::from(arrival.sequence));
        let too_old = self.highest.is_some_and(|highest| sequence + self.slots.len() as u64 <= highest);
        if too_old || self.find(sequence).is_some() {
            return None;
        }
        let timestamp = self.timestamp.follow(arrival.timestamp);
        let starts_keyframe =
            starts_keyframe(self.codec, &arrival.payload) && self.keyframe_timestamp != Some(timestamp);
        if starts_keyframe {
            self.keyframe = Some(self.head);
            self.keyframe_timestamp = Some(timestamp);
        }
        let place = self.index(sequence);
        self.places[place] = self.head;
        let slot = self.index(self.head);
        self.head += 1;
        self.highest = self.highest.max(Some(sequence));
        Some(self.slots[slot].insert(Packet {
            sequence,
            timestamp,
            marker: arrival.marker,
            starts_keyframe,
            arrived_at,
            payload: arrival.payload,
        }))
    }

    /// The position that the next arrival will have.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// The oldest position still kept.
    pub(crate) fn oldest(&self) -> u64 {
        self.head.saturating_sub(self.slots.len() as u64)
    }

    /// The packet at a position, while it is kept.
    pub(crate) fn at(&self, position: u64) -> Option<&Packet> {
        if position >= self.head || position < self.oldest() {
            return None;
        }
        self.slots[self.index(position)].as_ref()
    }

    /// The packet with an extended sequence number, while it is kept.
    pub(crate) fn find(&self, sequence: u64) -> Option<&Packet> {
        self.at(self.places[self.index(sequence)]).filter(|packet| packet.sequence == sequence)
    }

    /// Position and packet of the newest keyframe's start, while it is kept.
    pub(crate) fn keyframe(&self) -> Option<(u64, &Packet)> {
        let position = self.keyframe?;
        Some((position, self.at(position)?))
    }

    /// The extended value of a timestamp on the wire near those seen; used for clock reports.
    pub(crate) fn extend_timestamp(&self, wire: u32) -> u64 {
        self.timestamp.near(wire)
    }

    fn index(&self, number: u64) -> usize {
        (number & (self.slots.len() as u64 - 1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDR: &[u8] = &[0x65, 1, 2];
    const DELTA: &[u8] = &[0x41, 1, 2];

    fn arrival(sequence: u16, timestamp: u32, payload: &'static [u8]) -> Arrival {
        Arrival { sequence, timestamp, marker: false, payload: Bytes::from_static(payload) }
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn packets_are_found_by_position_and_by_sequence_number() {
        let mut track = History::new(Codec::H264, 64);
        track.push(arrival(65_535, 0, IDR), at(0));
        track.push(arrival(1, 90, DELTA), at(1));
        let late = track.push(arrival(0, 45, DELTA), at(2)).expect("it is new").sequence;
        assert_eq!(track.at(2).map(|p| p.sequence), Some(late));
        assert_eq!(track.find(late).map(|p| p.timestamp), track.at(2).map(|p| p.timestamp));
        assert_eq!(track.find(late - 1).map(|p| p.payload.as_ref()), Some(IDR));
        assert!(track.find(late + 2).is_none() && track.at(3).is_none());
    }

    #[test]
    fn what_is_here_already_or_long_gone_is_not_taken() {
        let mut track = History::new(Codec::H264, 64);
        for sequence in 0..200 {
            assert!(track.push(arrival(sequence, 0, DELTA), at(0)).is_some());
        }
        assert!(track.push(arrival(199, 0, DELTA), at(1)).is_none());
        assert!(track.push(arrival(100, 0, DELTA), at(1)).is_none());
        assert_eq!((track.oldest(), track.head()), (136, 200));
        assert!(track.at(135).is_none() && track.at(136).is_some());
    }

    #[test]
    fn a_newcomer_starts_at_the_first_packet_of_the_newest_keyframe() {
        let mut track = History::new(Codec::H264, 64);
        track.push(arrival(1, 10, DELTA), at(0));
        assert!(track.keyframe().is_none());
        track.push(arrival(2, 20, &[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce]), at(5));
        track.push(arrival(3, 20, IDR), at(6));
        track.push(arrival(4, 30, DELTA), at(7));
        assert_eq!(track.keyframe().map(|(position, _)| position), Some(1));
        assert!(!track.at(2).expect("kept").starts_keyframe, "one start per picture");
        for sequence in 5..80 {
            track.push(arrival(sequence, 40, DELTA), at(8));
        }
        assert!(track.keyframe().is_none(), "it is no longer kept");
    }
}
