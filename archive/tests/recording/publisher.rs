//! A publisher's tap, without a publisher: coded media as ordered RTP packets with invented times of arrival.

use std::time::Duration;

use archive::Recording;
use bytes::Bytes;
use domain::media::{Codec, Packet, TapEvent, Track};

use super::samples::{self, Picture};

const MTU: usize = 1_200;

/// What a publisher sends, in order of arrival.
#[derive(Clone)]
pub(crate) struct Publisher {
    video: Option<Codec>,
    audio: bool,
    /// Each picture's payloads.
    pictures: Vec<Vec<(Bytes, bool)>>,
    sounds: Vec<Bytes>,
    fps: u32,
    /// By how much sound arrives later than the picture it belongs to.
    pub(crate) sound_delay: Duration,
    /// Whether sender reports tell the truth about that.
    pub(crate) reports: bool,
    /// By how much the sound's reports are wrong, one way or the other, by turns.
    pub(crate) jitter: Duration,
}

impl Publisher {
    pub(crate) fn h264(picture: Picture) -> Self {
        let pictures = samples::h264(picture).iter().map(|units| h264_payloads(units)).collect();
        Self { pictures, ..Self::silent(Some(Codec::H264), picture.fps) }
    }

    pub(crate) fn vp8(picture: Picture) -> Self {
        let pictures = samples::vp8(picture).iter().map(vp8_payloads).collect();
        Self { pictures, ..Self::silent(Some(Codec::Vp8), picture.fps) }
    }

    pub(crate) fn sound(secs: u32) -> Self {
        Self::silent(None, 30).with_sound(secs)
    }

    fn silent(video: Option<Codec>, fps: u32) -> Self {
        let (pictures, sounds) = (Vec::new(), Vec::new());
        Self {
            video,
            audio: false,
            pictures,
            sounds,
            fps,
            sound_delay: Duration::ZERO,
            reports: false,
            jitter: Duration::ZERO,
        }
    }

    pub(crate) fn with_sound(self, secs: u32) -> Self {
        Self { audio: true, sounds: samples::opus(secs), ..self }
    }

    pub(crate) fn picture_count(&self) -> usize {
        self.pictures.len()
    }

    /// All events, from the beginning of the connection on.
    pub(crate) fn events(&self) -> Vec<TapEvent> {
        let start = Duration::from_secs(1_000);
        let mut timed: Vec<(Duration, TapEvent)> = Vec::new();
        let mut sequence = 65_000;
        for (number, payloads) in self.pictures.iter().enumerate() {
            let at = Duration::from_secs(number as u64) / self.fps;
            let arrived_at = start + at;
            let last = payloads.len() - 1;
            for (part, (payload, starts_keyframe)) in payloads.iter().enumerate() {
                let packet = Packet {
                    sequence,
                    timestamp: 4_294_000_000 + number as u64 * 90_000 / u64::from(self.fps),
                    marker: part == last,
                    starts_keyframe: *starts_keyframe,
                    arrived_at,
                    payload: payload.clone(),
                };
                sequence += 1;
                timed.push((arrived_at, TapEvent::Packet(Track::Video, packet)));
            }
        }
        for (number, payload) in self.sounds.iter().enumerate() {
            let arrived_at = start + Duration::from_millis(20) * number as u32 + self.sound_delay;
            let (sequence, timestamp) = (number as u64, 77 + number as u64 * 960);
            let packet = Packet {
                sequence,
                timestamp,
                marker: false,
                starts_keyframe: false,
                arrived_at,
                payload: payload.clone(),
            };
            timed.push((arrived_at, TapEvent::Packet(Track::Audio, packet)));
        }
        if self.reports {
            let secs = (self.sounds.len() / 50).max(20) as u32;
            for second in 0..secs {
                let wall = Duration::from_secs(1_700_000_000) + Duration::from_secs(u64::from(second));
                let (video, audio) = (4_294_000_000 + u64::from(second) * 90_000, 77 + u64::from(second) * 48_000);
                let wrong = if second % 2 == 0 { wall + self.jitter } else { wall - self.jitter };
                for (track, timestamp, wall) in [(Track::Video, video, wall), (Track::Audio, audio, wrong)] {
                    let arrived = start + Duration::from_secs(u64::from(second)) + Duration::from_millis(900);
                    timed.push((arrived, TapEvent::SenderClock { track, timestamp, wall }));
                }
            }
        }
        timed.sort_by_key(|(at, _)| *at);
        let begins = TapEvent::Begins { video: self.video, audio: self.audio.then_some(Codec::Opus) };
        std::iter::once(begins).chain(timed.into_iter().map(|(_, event)| event)).collect()
    }

    /// Sends everything.
    pub(crate) async fn send(&self, recording: &mut Recording) {
        for event in self.events() {
            recording.write(event).await.unwrap();
        }
    }
}

fn h264_payloads(units: &[Bytes]) -> Vec<(Bytes, bool)> {
    let is_set = |unit: &&Bytes| matches!(unit[0] & 0x1F, 7 | 8);
    let is_key = units.iter().any(|unit| unit[0] & 0x1F == 5);
    let mut payloads = Vec::new();
    let sets: Vec<&Bytes> = units.iter().filter(is_set).collect();
    if !sets.is_empty() {
        let mut aggregate = vec![0x78];
        for set in sets {
            aggregate.extend_from_slice(&u16::try_from(set.len()).unwrap().to_be_bytes());
            aggregate.extend_from_slice(set);
        }
        payloads.push(Bytes::from(aggregate));
    }
    for unit in units.iter().filter(|unit| !is_set(unit)) {
        if unit.len() <= MTU {
            payloads.push(unit.clone());
            continue;
        }
        let fragments: Vec<&[u8]> = unit[1..].chunks(MTU - 2).collect();
        for (number, fragment) in fragments.iter().enumerate() {
            let start = if number == 0 { 0x80 } else { 0 };
            let end = if number == fragments.len() - 1 { 0x40 } else { 0 };
            let mut payload = vec![(unit[0] & 0xE0) | 28, start | end | (unit[0] & 0x1F)];
            payload.extend_from_slice(fragment);
            payloads.push(Bytes::from(payload));
        }
    }
    payloads.into_iter().enumerate().map(|(number, payload)| (payload, is_key && number == 0)).collect()
}

fn vp8_payloads(frame: &Bytes) -> Vec<(Bytes, bool)> {
    let is_key = frame[0] & 1 == 0;
    let chunks = frame.chunks(MTU).enumerate();
    chunks
        .map(|(number, chunk)| {
            let mut payload = vec![if number == 0 { 0x10 } else { 0 }];
            payload.extend_from_slice(chunk);
            (Bytes::from(payload), is_key && number == 0)
        })
        .collect()
}
