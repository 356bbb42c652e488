//! The muxer in invented time: what is cut where, and what is left out.

use std::time::Duration;

use bytes::Bytes;
use domain::media::{Codec, Packet, TapEvent, Track};

use super::{Cut, Lengths, Muxer};
use crate::timeline::TICKS_PER_SEC;

const LENGTHS: Lengths = Lengths { target: 2 * TICKS_PER_SEC, most: 6 * TICKS_PER_SEC };

/// A VP8 publisher at 25 pictures a second with Opus beside it, in invented time.
struct Publisher {
    picture: u64,
    sound: u64,
    sequence: u64,
    width: u16,
    size: Vec<u8>,
}

impl Publisher {
    const fn new() -> Self {
        Self { picture: 0, sound: 0, sequence: 0, width: 640, size: Vec::new() }
    }

    fn begins() -> TapEvent {
        TapEvent::Begins { video: Some(Codec::Vp8), audio: Some(Codec::Opus) }
    }

    fn picture(&mut self, is_key: bool) -> TapEvent {
        let mut payload = vec![0x10, u8::from(!is_key), 0, 0];
        if is_key {
            payload.extend_from_slice(&[0x9D, 0x01, 0x2A]);
            payload.extend_from_slice(&self.width.to_le_bytes());
            payload.extend_from_slice(&[0x68, 0x01]);
        }
        payload.extend_from_slice(&self.size);
        let packet = Packet {
            sequence: self.sequence,
            timestamp: 77_000 + self.picture * 3_600,
            marker: true,
            starts_keyframe: is_key,
            arrived_at: Duration::from_millis(1_000 + self.picture * 40),
            payload: Bytes::from(payload),
        };
        self.picture += 1;
        self.sequence += 1;
        TapEvent::Packet(Track::Video, packet)
    }

    fn sound(&mut self) -> TapEvent {
        let packet = Packet {
            sequence: self.sound,
            timestamp: 5_000 + self.sound * 960,
            marker: false,
            starts_keyframe: false,
            arrived_at: Duration::from_millis(1_000 + self.sound * 20),
            payload: Bytes::from_static(&[0xFC, 1, 2, 3]),
        };
        self.sound += 1;
        TapEvent::Packet(Track::Audio, packet)
    }

    /// Pictures with their sound; every `gop`th is a keyframe.
    fn send(&mut self, muxer: &mut Muxer, pictures: u64, gop: u64) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for _ in 0..pictures {
            let is_key = self.picture.is_multiple_of(gop);
            cuts.extend(muxer.push(self.picture(is_key)));
            cuts.extend(muxer.push(self.sound()));
            cuts.extend(muxer.push(self.sound()));
        }
        cuts
    }
}

/// Lengths of the closed segments in milliseconds, with their marks: `d` discontinuous, `n` not independent.
fn segments(cuts: &[Cut]) -> Vec<(i64, &'static str)> {
    let (mut all, mut start, mut marks, mut end) = (Vec::new(), 0, "", 0);
    for cut in cuts {
        match cut {
            Cut::Open { start: at, is_discontinuous, is_independent } => {
                start = *at;
                marks = match (is_discontinuous, is_independent) {
                    (false, true) => "",
                    (true, true) => "d",
                    (false, false) => "n",
                    (true, false) => "dn",
                };
            }
            Cut::Part { until, .. } => end = *until,
            Cut::Close => all.push(((end - start) * 1000 / TICKS_PER_SEC, marks)),
            Cut::Init { .. } => {}
        }
    }
    all
}

/// How many packets of silence are in the parts.
fn silences(cuts: &[Cut]) -> usize {
    let part = |cut: &Cut| if let Cut::Part { bytes, .. } = cut { bytes.clone() } else { Vec::new() };
    let bytes: Vec<u8> = cuts.iter().flat_map(part).collect();
    bytes.windows(3).filter(|window| *window == crate::media::opus::SILENCE).count()
}

fn inits(cuts: &[Cut]) -> usize {
    cuts.iter().filter(|cut| matches!(cut, Cut::Init { .. })).count()
}

#[test]
fn segments_are_cut_at_the_first_keyframe_after_their_target_and_parts_are_short() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(Publisher::begins());
    cuts.extend(publisher.send(&mut muxer, 150, 30));
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(2_400, ""), (2_400, ""), (1_200, "")]);
    assert_eq!(inits(&cuts), 1);
    let ends: Vec<i64> =
        cuts.iter().filter_map(|cut| if let Cut::Part { until, .. } = cut { Some(*until) } else { None }).collect();
    assert!(ends.windows(2).all(|pair| pair[1] - pair[0] <= TICKS_PER_SEC / 4), "{ends:?}");
    assert_eq!(ends.last(), Some(&(6 * TICKS_PER_SEC)));
}

#[test]
fn nothing_is_written_before_the_first_keyframe() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    publisher.picture = 1;
    let mut cuts = muxer.push(Publisher::begins());
    cuts.extend(publisher.send(&mut muxer, 20, 1_000));
    assert!(muxer.wants_keyframe());
    cuts.extend(muxer.finish());
    assert_eq!(cuts, []);
}

#[test]
fn without_keyframes_segments_end_all_the_same() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(Publisher::begins());
    cuts.extend(publisher.send(&mut muxer, 200, 1_000));
    assert!(!muxer.wants_keyframe());
    cuts.extend(publisher.send(&mut muxer, 60, 1_000));
    assert!(muxer.wants_keyframe(), "the second segment is over its target");
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(6_000, ""), (4_400, "n")]);
}

#[test]
fn a_reconnect_is_a_discontinuity_on_a_timeline_that_goes_on() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(Publisher::begins());
    cuts.extend(publisher.send(&mut muxer, 50, 50));
    let mut again = Publisher::new();
    cuts.extend(muxer.push(Publisher::begins()));
    cuts.extend(again.send(&mut muxer, 50, 50));
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(2_000, ""), (2_000, "d")]);
    assert_eq!(inits(&cuts), 1, "the format is the same");
}

#[test]
fn a_new_size_is_a_new_init() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(Publisher::begins());
    cuts.extend(publisher.send(&mut muxer, 25, 25));
    publisher.width = 320;
    cuts.extend(publisher.send(&mut muxer, 25, 25));
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(1_000, ""), (1_000, "d")]);
    assert_eq!(inits(&cuts), 2);
}

#[test]
fn a_loss_leaves_out_pictures_up_to_the_next_keyframe_and_asks_for_one() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(Publisher::begins());
    cuts.extend(publisher.send(&mut muxer, 25, 1_000));
    publisher.sequence += 3;
    cuts.extend(publisher.send(&mut muxer, 5, 1_000));
    assert!(muxer.wants_keyframe());
    cuts.extend(muxer.push(publisher.picture(true)));
    assert!(!muxer.wants_keyframe());
    cuts.extend(publisher.send(&mut muxer, 24, 1_000));
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(55 * 40, "")]);
    let keys = cuts.iter().filter(|cut| matches!(cut, Cut::Part { .. })).count();
    assert!(keys >= 9);
}

#[test]
fn without_a_keyframe_the_pictures_go_on_after_a_while() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    muxer.push(Publisher::begins());
    publisher.send(&mut muxer, 10, 1_000);
    publisher.sequence += 1;
    publisher.send(&mut muxer, 80, 1_000);
    assert!(muxer.take.as_ref().is_some_and(|take| take.broken_since.is_none()));
}

#[test]
fn missing_sound_becomes_silence() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    publisher.size = vec![7; 100];
    let mut cuts = muxer.push(Publisher::begins());
    for picture in 0..100 {
        cuts.extend(muxer.push(publisher.picture(picture == 0)));
    }
    cuts.extend(muxer.finish());
    assert_eq!(silences(&cuts), 200, "four seconds of 20 ms");
}

#[test]
fn a_publisher_without_sound_has_a_track_of_silence_as_long_as_its_picture() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(TapEvent::Begins { video: Some(Codec::Vp8), audio: None });
    for picture in 0..75 {
        cuts.extend(muxer.push(publisher.picture(picture == 0)));
    }
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(3_000, "")]);
    assert_eq!(silences(&cuts), 150, "three seconds of 20 ms");
}

#[test]
fn a_publisher_without_pictures_is_recorded_by_its_sound() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(TapEvent::Begins { video: None, audio: Some(Codec::Opus) });
    for _ in 0..250 {
        cuts.extend(muxer.push(publisher.sound()));
    }
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts).iter().map(|(length, _)| length).sum::<i64>(), 5_000);
    assert!(segments(&cuts).len() >= 2);
    assert!(!muxer.wants_keyframe());
}

#[test]
fn a_picture_that_comes_late_is_a_new_init() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    let mut cuts = muxer.push(Publisher::begins());
    for _ in 0..500 {
        cuts.extend(muxer.push(publisher.sound()));
    }
    publisher.picture = 250;
    cuts.extend(publisher.send(&mut muxer, 50, 50));
    cuts.extend(muxer.finish());
    assert_eq!(inits(&cuts), 2);
    assert_eq!(segments(&cuts).last(), Some(&(2_000, "d")));
}

#[test]
fn what_could_not_be_written_does_not_count() {
    let (mut muxer, mut publisher) = (Muxer::new(LENGTHS, 0), Publisher::new());
    muxer.push(Publisher::begins());
    publisher.send(&mut muxer, 25, 25);
    muxer.abandon(TICKS_PER_SEC / 2);
    let mut cuts = publisher.send(&mut muxer, 25, 25);
    cuts.extend(muxer.finish());
    assert_eq!(segments(&cuts), [(1_000, "d")]);
    assert!(cuts.iter().any(|cut| matches!(cut, Cut::Open { start, .. } if *start == TICKS_PER_SEC / 2)));
    assert_eq!(inits(&cuts), 1);
}
