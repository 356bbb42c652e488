//! The picture track: packets in, whole pictures out, and the one picture that waits to know how long it lasts.

use std::time::Duration;

use domain::media::{Codec, Packet};

use super::VIDEO_TICK;
use crate::fmp4::Sample;
use crate::media::{Picture, h264, vp8};
use crate::timeline::{TICKS_PER_SEC, Ticks};

/// How long the last picture lasts if there is no other to tell.
const FIRST_GUESS: Ticks = TICKS_PER_SEC / 30;
/// The last picture is not stretched beyond this.
const LONGEST_LAST: Ticks = TICKS_PER_SEC / 5;

#[derive(Debug)]
enum Assembler {
    H264(h264::Assembler),
    Vp8(vp8::Assembler),
}

/// What came of a packet.
pub(super) enum Outcome {
    /// A picture is lost: those after it cannot be decoded up to the next keyframe.
    Lost,
    /// A whole picture.
    Picture { picture: Picture, timestamp: u64, arrived: Duration },
}

/// A picture whose length is known.
pub(super) struct Completed {
    /// Decoding time, in ticks of the track.
    pub(super) start: u64,
    /// Where it ends on the timeline.
    pub(super) end: Ticks,
    pub(super) sample: Sample,
}

#[derive(Debug)]
struct Held {
    dts: Ticks,
    offset: Ticks,
    is_key: bool,
    data: Vec<u8>,
}

/// The state of the picture track.
#[derive(Debug)]
pub(super) struct Pictures {
    assembler: Assembler,
    /// Timestamp and arrival of the picture at hand.
    at_hand: Option<(u64, Duration)>,
    next_sequence: Option<u64>,
    held: Option<Held>,
    last_length: Option<Ticks>,
}

impl Pictures {
    /// For a codec that carries pictures.
    pub(super) fn of(codec: Codec) -> Option<Self> {
        let assembler = match codec {
            Codec::H264 => Assembler::H264(h264::Assembler::default()),
            Codec::Vp8 => Assembler::Vp8(vp8::Assembler::default()),
            Codec::Opus => return None,
        };
        Some(Self { assembler, at_hand: None, next_sequence: None, held: None, last_length: None })
    }

    pub(super) const fn codec(&self) -> Codec {
        match self.assembler {
            Assembler::H264(_) => Codec::H264,
            Assembler::Vp8(_) => Codec::Vp8,
        }
    }

    /// Packets are missing here.
    pub(super) fn lose(&mut self) {
        match &mut self.assembler {
            Assembler::H264(assembler) => assembler.lose(),
            Assembler::Vp8(assembler) => assembler.lose(),
        }
    }

    /// Takes a packet. At most two pictures end with it: the one before, and its own.
    pub(super) fn push(&mut self, packet: Packet) -> Vec<Outcome> {
        let mut out = Vec::new();
        let is_late = self.next_sequence.is_some_and(|next| packet.sequence < next);
        if is_late {
            return out;
        }
        let is_gap = self.next_sequence.is_some_and(|next| packet.sequence > next);
        self.next_sequence = Some(packet.sequence + 1);
        if is_gap {
            out.push(Outcome::Lost);
            self.lose();
        }
        if self.at_hand.is_some_and(|(timestamp, _)| timestamp != packet.timestamp) {
            self.end_picture(&mut out);
        }
        if is_gap && self.at_hand.is_none() && !packet.starts_keyframe {
            self.lose();
        }
        if self.at_hand.is_none() && is_gap && packet.starts_keyframe {
            self.clear();
        }
        self.at_hand.get_or_insert((packet.timestamp, packet.arrived_at));
        match &mut self.assembler {
            Assembler::H264(assembler) => assembler.push(&packet.payload),
            Assembler::Vp8(assembler) => assembler.push(&packet.payload),
        }
        if packet.marker {
            self.end_picture(&mut out);
        }
        out
    }

    /// Forgets what was lost before a picture that needs nothing of it.
    fn clear(&mut self) {
        let _ = self.assemble();
    }

    fn assemble(&mut self) -> Option<Picture> {
        match &mut self.assembler {
            Assembler::H264(assembler) => assembler.finish(),
            Assembler::Vp8(assembler) => assembler.finish(),
        }
    }

    fn end_picture(&mut self, out: &mut Vec<Outcome>) {
        let Some((timestamp, arrived)) = self.at_hand.take() else { return };
        out.push(match self.assemble() {
            Some(picture) => Outcome::Picture { picture, timestamp, arrived },
            None => Outcome::Lost,
        });
    }

    /// Makes room for a picture at `at`: it waits until the next one tells how long it lasts. Returns its decoding
    /// time, which never goes back, and the picture that waited before.
    pub(super) fn hold(&mut self, at: Ticks, is_key: bool) -> (Ticks, Option<Completed>) {
        let at = at / VIDEO_TICK * VIDEO_TICK;
        let dts = self.held.as_ref().map_or(at, |held| at.max(held.dts + VIDEO_TICK));
        let completed = self.held.take().map(|held| {
            self.last_length = Some(dts - held.dts);
            complete(held, dts)
        });
        self.held = Some(Held { dts, offset: at - dts, is_key, data: Vec::new() });
        (dts, completed)
    }

    /// The bytes of the picture that waits.
    pub(super) fn fill(&mut self, data: Vec<u8>) {
        if let Some(held) = &mut self.held {
            held.data = data;
        }
    }

    /// The picture that waits, lasting as long as the one before it.
    pub(super) fn release(&mut self) -> Option<Completed> {
        let length = self.last_length.unwrap_or(FIRST_GUESS).clamp(VIDEO_TICK, LONGEST_LAST);
        let held = self.held.take()?;
        let end = held.dts + length;
        Some(complete(held, end))
    }
}

fn complete(held: Held, end: Ticks) -> Completed {
    let sample = Sample {
        duration: u32::try_from((end - held.dts) / VIDEO_TICK).unwrap_or(u32::MAX),
        offset: i32::try_from(held.offset / VIDEO_TICK).unwrap_or(i32::MIN),
        is_key: held.is_key,
        data: held.data,
    };
    Completed { start: u64::try_from(held.dts / VIDEO_TICK).unwrap_or(0), end, sample }
}
