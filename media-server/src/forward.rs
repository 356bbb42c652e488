//! Sequence numbers and time rewritten for one watcher of one track, so that what it receives has neither jump nor
//! repetition when it joined late or when the publisher came back with new clocks. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use domain::media::Packet;

/// How many changes of source are remembered, for requests to send something again.
const REMEMBERED: usize = 4;

/// Where a track's packets of one source stand in what a watcher receives.
#[derive(Debug, Clone, Copy)]
struct Segment {
    /// Which publisher connection.
    source: u64,
    /// The first sequence number taken from it.
    from: u64,
    /// Added to sequence numbers, wrapping.
    sequence_shift: u64,
    /// Added to timestamps, wrapping.
    timestamp_shift: u64,
}

/// One watcher's view of one track.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    clock_rate: u32,
    segments: VecDeque<Segment>,
    /// The highest sequence number given out, and the time that goes with it.
    last: Last,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    sequence: u64,
    timestamp: u64,
    arrived_at: Option<Duration>,
}

/// A packet's numbers as the watcher gets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// The sequence number on the wire.
    pub(crate) sequence: u16,
    /// The timestamp on the wire.
    pub(crate) timestamp: u32,
}

impl Forward {
    /// A view that begins at these numbers, chosen at random by the caller.
    pub(crate) fn new(clock_rate: u32, sequence: u16, timestamp: u32) -> Self {
        // One turn of room below, as in `Extended`.
        let last = Last {
            sequence: (1 << 16) + u64::from(sequence) - 1,
            timestamp: (1 << 32) + u64::from(timestamp),
            arrived_at: None,
        };
        Self { clock_rate, segments: VecDeque::with_capacity(REMEMBERED), last }
    }

    /// From here on packets come from `source`, the first of them being `first`: its number follows the last one given
    /// out, its time is ahead of the last by what has passed between their arrivals.
    pub(crate) fn begin(&mut self, source: u64, first: &Packet) {
        let passed = self.last.arrived_at.map_or(0, |before| {
            let passed = first.arrived_at.saturating_sub(before).as_micros() as u64;
            (passed * u64::from(self.clock_rate) / 1_000_000).max(1)
        });
        if self.segments.len() == REMEMBERED {
            self.segments.pop_front();
        }
        self.segments.push_back(Segment {
            source,
            from: first.sequence,
            sequence_shift: (self.last.sequence + 1).wrapping_sub(first.sequence),
            timestamp_shift: (self.last.timestamp + passed).wrapping_sub(first.timestamp),
        });
    }

    /// The numbers of a packet of the present source; nothing for one from before the beginning.
    pub(crate) fn rewrite(&mut self, packet: &Packet) -> Option<Rewritten> {
        let segment = self.segments.back()?;
        if packet.sequence < segment.from {
            return None;
        }
        let sequence = packet.sequence.wrapping_add(segment.sequence_shift);
        let timestamp = packet.timestamp.wrapping_add(segment.timestamp_shift);
        if sequence > self.last.sequence {
            self.last = Last { sequence, timestamp, arrived_at: Some(packet.arrived_at) };
        }
        Some(Rewritten { sequence: sequence as u16, timestamp: timestamp as u32 })
    }

    /// What the watcher calls `sequence`: the source and the number there. Nothing for one that was not given out.
    pub(crate) fn locate(&self, sequence: u16) -> Option<(u64, u64)> {
        let behind = (self.last.sequence as u16).wrapping_sub(sequence);
        let given = self.last.sequence.checked_sub(u64::from(behind))?;
        let within = |segment: &&Segment| given >= segment.from.wrapping_add(segment.sequence_shift);
        let segment = self.segments.iter().rev().find(within)?;
        Some((segment.source, given.wrapping_sub(segment.sequence_shift)))
    }

    /// What a clock of the present source shows, as the watcher sees it.
    pub(crate) fn timestamp(&self, timestamp: u64) -> Option<u32> {
        self.segments.back().map(|segment| timestamp.wrapping_add(segment.timestamp_shift) as u32)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn packet(sequence: u64, timestamp: u64, ms: u64) -> Packet {
        Packet {
            sequence,
            timestamp,
            marker: false,
            starts_keyframe: false,
            arrived_at: Duration::from_millis(ms),
            payload: Bytes::from_static(&[0x41, 0]),
        }
    }

    fn numbers(view: &mut Forward, packet: &Packet) -> Option<(u16, u32)> {
        view.rewrite(packet).map(|out| (out.sequence, out.timestamp))
    }

    #[test]
    fn a_newcomer_begins_at_its_own_numbers() {
        let mut view = Forward::new(90_000, 10, 1_000);
        let first = packet(70_000, 5_000_000, 0);
        view.begin(1, &first);
        assert_eq!(numbers(&mut view, &first), Some((10, 1_000)));
        assert_eq!(numbers(&mut view, &packet(70_001, 5_003_000, 33)), Some((11, 4_000)));
        assert_eq!(numbers(&mut view, &packet(69_999, 4_997_000, 34)), None, "from before the beginning");
    }

    #[test]
    fn losses_and_reordering_show_as_they_are() {
        let mut view = Forward::new(90_000, 0, 0);
        view.begin(1, &packet(100, 0, 0));
        let order = [100, 103, 101, 102].map(|n| numbers(&mut view, &packet(n, 0, 1)).map(|(s, _)| s));
        assert_eq!(order, [Some(0), Some(3), Some(1), Some(2)]);
    }

    #[test]
    fn a_publisher_that_returns_continues_numbers_and_time() {
        let mut view = Forward::new(90_000, u16::MAX, u32::MAX);
        view.begin(1, &packet(100, 0, 0));
        assert_eq!(numbers(&mut view, &packet(100, 0, 0)), Some((u16::MAX, u32::MAX)));
        assert_eq!(numbers(&mut view, &packet(101, 3_000, 33)), Some((0, 2_999)));
        let back = packet(9, 777, 2_033);
        view.begin(2, &back);
        assert_eq!(numbers(&mut view, &back), Some((1, 2_999 + 180_000)));
        assert_eq!(numbers(&mut view, &packet(10, 3_777, 2_066)), Some((2, 2_999 + 183_000)));
    }

    #[test]
    fn requests_are_traced_to_their_source() {
        let mut view = Forward::new(90_000, 65_534, 0);
        view.begin(1, &packet(100, 0, 0));
        for n in 100..105 {
            view.rewrite(&packet(n, 0, 0));
        }
        view.begin(2, &packet(900, 0, 0));
        for n in 900..903 {
            view.rewrite(&packet(n, 0, 0));
        }
        assert_eq!(view.locate(65_534), Some((1, 100)));
        assert_eq!(view.locate(2), Some((1, 104)));
        assert_eq!(view.locate(3), Some((2, 900)));
        assert_eq!(view.locate(5), Some((2, 902)));
        assert_eq!(view.locate(65_533), None, "never given out");
        assert_eq!(view.locate(6), None, "not given out yet");
    }

    #[test]
    fn clock_reports_share_the_shift() {
        let mut view = Forward::new(48_000, 0, 500);
        assert_eq!(view.timestamp(0), None);
        view.begin(1, &packet(1, 10_000, 0));
        assert_eq!(view.timestamp(58_000), Some(48_500));
    }

    #[test]
    fn no_number_repeats_over_many_returns() {
        let mut view = Forward::new(90_000, 60_000, 0);
        let mut given = std::collections::HashSet::new();
        for source in 0..20 {
            view.begin(source, &packet(source * 7, 0, source));
            for n in 0..1_000 {
                let out = view.rewrite(&packet(source * 7 + n, n * 3_000, source)).expect("it is after the beginning");
                assert!(given.insert(out.sequence), "{} came twice", out.sequence);
            }
        }
    }
}
