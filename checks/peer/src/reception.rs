//! What a viewer has received: packets and gaps of each track, whole pictures, and how old they were. Pure: packets
//! and moments are arguments.

mod pictures;
mod sequence;

use std::time::Duration;

use pictures::Pictures;
use sequence::{Arrival, Sequence};

/// One packet of RTP as it left decryption.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: &'a [u8],
}

/// When a packet arrived, on two clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Since the viewer asked.
    pub(crate) since_asked: Duration,
    /// On the clock that all processes share.
    pub(crate) ns: u64,
}

/// Counts of one track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrackSeen {
    /// Packets, each counted once.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Numbers between the first and the last that have not come.
    pub missing: u64,
    /// Packets that had come before.
    pub duplicates: u64,
    /// Packets that came as a retransmission.
    pub repeats: u64,
}

/// What a viewer has seen so far.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The picture's packets.
    pub video: TrackSeen,
    /// The sound's packets.
    pub audio: TrackSeen,
    /// Whole pictures.
    pub frames: u64,
    /// Whole pictures that a decoder may start with.
    pub keyframes: u64,
    /// Sender reports: what ties picture and sound together in time.
    pub sender_reports: u64,
    /// From asking to the first packet.
    pub first_packet: Option<Duration>,
    /// From asking to the first whole keyframe.
    pub first_keyframe: Option<Duration>,
    /// The age of each whole picture on arrival, newest last; those of ten minutes at most.
    pub ages: Vec<Duration>,
}

/// How many ages are kept: ten minutes of pictures.
const MOST_AGES: usize = 18_000;

#[derive(Debug, Default)]
pub(crate) struct Reception {
    seen: Seen,
    video: Sequence,
    audio: Sequence,
    pictures: Pictures,
}

impl Reception {
    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(crate) fn forget_ages(&mut self) {
        self.seen.ages.clear();
    }

    pub(crate) fn sender_report(&mut self) {
        self.seen.sender_reports += 1;
    }

    pub(crate) fn sound(&mut self, packet: Packet<'_>, at: Moment) {
        self.seen.first_packet.get_or_insert(at.since_asked);
        count(&mut self.seen.audio, &mut self.audio, packet);
    }

    pub(crate) fn picture(&mut self, packet: Packet<'_>, at: Moment) {
        self.seen.first_packet.get_or_insert(at.since_asked);
        let Some(position) = count(&mut self.seen.video, &mut self.video, packet) else { return };
        let Some(whole) = self.pictures.take(position, packet) else { return };
        self.seen.frames += 1;
        if whole.is_keyframe {
            self.seen.keyframes += 1;
            self.seen.first_keyframe.get_or_insert(at.since_asked);
        }
        if let Some(sent) = whole.sent_ns
            && self.seen.ages.len() < MOST_AGES
        {
            self.seen.ages.push(Duration::from_nanos(at.ns.saturating_sub(sent)));
        }
    }

    /// A retransmission (RFC 4588): the number of the original, then its payload. Without that it is padding.
    pub(crate) fn repeat(&mut self, packet: Packet<'_>, at: Moment) {
        let Some((number, payload)) = packet.payload.split_first_chunk::<2>() else { return };
        if payload.is_empty() {
            return;
        }
        self.seen.video.repeats += 1;
        self.picture(Packet { sequence: u16::from_be_bytes(*number), payload, ..packet }, at);
    }
}

/// Counts a packet; its position, unless it had come before.
fn count(seen: &mut TrackSeen, sequence: &mut Sequence, packet: Packet<'_>) -> Option<u64> {
    let Arrival::New(position) = sequence.arrive(packet.sequence) else {
        seen.duplicates += 1;
        return None;
    };
    seen.packets += 1;
    seen.bytes += packet.payload.len() as u64;
    seen.missing = sequence.missing();
    Some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment { since_asked: Duration::from_millis(ms), ns: 1_000_000 * ms }
    }

    fn packet(sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Packet<'_> {
        Packet { sequence, timestamp, marker, payload }
    }

    #[test]
    fn a_keyframe_counts_when_it_is_whole_and_has_an_age() {
        let mut reception = Reception::default();
        let sent = crate::marker::write(3_000_000);
        reception.picture(packet(7, 90, false, &[0x78, 0, 2, 0x67, 1]), at(10));
        reception.picture(packet(8, 90, false, &sent), at(11));
        assert_eq!(reception.seen().keyframes, 0);
        reception.picture(packet(9, 90, true, &[0x65, 0x88]), at(12));
        let seen = reception.seen();
        assert_eq!((seen.frames, seen.keyframes, seen.video.packets), (1, 1, 3));
        assert_eq!(seen.first_packet, Some(Duration::from_millis(10)));
        assert_eq!(seen.first_keyframe, Some(Duration::from_millis(12)));
        assert_eq!(seen.ages, [Duration::from_millis(9)]);
    }

    #[test]
    fn a_retransmission_closes_a_gap_and_its_original_is_then_a_duplicate() {
        let mut reception = Reception::default();
        reception.picture(packet(1, 90, false, &[0x7c, 0x85, 1]), at(1));
        reception.picture(packet(3, 90, true, &[0x7c, 0x45, 3]), at(2));
        assert_eq!((reception.seen().video.missing, reception.seen().frames), (1, 0));
        reception.repeat(packet(500, 90, false, &[0, 2, 0x7c, 0x05, 2]), at(3));
        reception.repeat(packet(501, 90, false, &[]), at(3));
        assert_eq!((reception.seen().video.missing, reception.seen().keyframes), (0, 1));
        reception.picture(packet(2, 90, false, &[0x7c, 0x05, 2]), at(4));
        let video = reception.seen().video;
        assert_eq!((video.packets, video.duplicates, video.repeats), (3, 1, 1));
    }
}
