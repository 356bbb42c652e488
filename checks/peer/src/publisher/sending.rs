//! Pictures and sound on their way, each when its time has come.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::time::{Instant, sleep_until};
use webrtc::media_stream::track_local::TrackLocal;

use super::Sent;
use super::track::Track;
use crate::annex_b::Picture;
use crate::connection;
use crate::media::{FRAME_RATE, Media, OPUS_RATE, OPUS_SAMPLES};
use crate::{clock, marker};

const PICTURE_RATE: u32 = 90_000;
/// How often a sender report ties each track to the time of day; the first comes soon.
const REPORT_EVERY: Duration = Duration::from_secs(1);
const FIRST_REPORT: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Sending {
    video: Track,
    audio: Track,
    sent: Mutex<Sent>,
}

/// What comes next of each kind.
#[derive(Debug, Default)]
struct Next {
    picture: u32,
    sound: u32,
    report: u32,
    /// Where in the loop of pictures.
    at: usize,
    /// Requests for a keyframe that have got one.
    answered: u64,
}

impl Sending {
    pub(super) fn new(stream: &str) -> Self {
        let video = Track::new(stream, RtpCodecKind::Video, connection::video(), PICTURE_RATE);
        let audio = Track::new(stream, RtpCodecKind::Audio, connection::audio(), OPUS_RATE);
        Self { video, audio, sent: Mutex::default() }
    }

    pub(super) fn tracks(&self) -> [Arc<dyn TrackLocal>; 2] {
        [self.audio.local(), self.video.local()]
    }

    pub(super) fn sent(&self) -> Sent {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends until the connection is over.
    pub(super) async fn run(&self, media: &Media, requests: impl Fn() -> u64) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut next = Next::default();
        loop {
            let (picture, sound, report) = (picture_due(next.picture), sound_due(next.sound), report_due(next.report));
            let due = picture.min(sound).min(report);
            sleep_until(start + due).await;
            if due == sound {
                self.sound(next.sound, media).await?;
                next.sound += 1;
            } else if due == picture {
                let wanted = requests();
                if wanted > std::mem::replace(&mut next.answered, wanted) {
                    next.at = next_keyframe(media.pictures(), next.at);
                }
                self.picture(next.picture, &media.pictures()[next.at]).await?;
                next.at = (next.at + 1) % media.pictures().len();
                next.picture += 1;
            } else {
                let (elapsed, ntp) = (start.elapsed(), clock::ntp());
                self.video.report(elapsed, ntp).await?;
                self.audio.report(elapsed, ntp).await?;
                next.report += 1;
            }
        }
    }

    async fn sound(&self, number: u32, media: &Media) -> anyhow::Result<()> {
        let payload = &media.sound()[number as usize % media.sound().len()];
        self.audio.write(number.wrapping_mul(OPUS_SAMPLES), false, payload.clone()).await?;
        self.note(|sent| {
            sent.audio_packets += 1;
            sent.bytes += payload.len() as u64;
        });
        Ok(())
    }

    async fn picture(&self, number: u32, picture: &Picture) -> anyhow::Result<()> {
        let time = number.wrapping_mul(PICTURE_RATE / FRAME_RATE);
        let stamp = marker::write(clock::now_ns());
        let payloads = picture.parameters.iter().chain(std::iter::once(&stamp)).chain(&picture.slices);
        let count = picture.parameters.len() + 1 + picture.slices.len();
        let mut bytes = 0;
        for (index, payload) in payloads.enumerate() {
            self.video.write(time, index + 1 == count, payload.clone()).await?;
            bytes += payload.len() as u64;
        }
        self.note(|sent| {
            sent.frames += 1;
            sent.keyframes += u64::from(picture.is_keyframe);
            sent.video_packets += count as u64;
            sent.bytes += bytes;
            sent.duration = picture_due(number + 1);
        });
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Sent)) {
        change(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn picture_due(number: u32) -> Duration {
    Duration::from_secs(u64::from(number)) / FRAME_RATE
}

fn sound_due(number: u32) -> Duration {
    Duration::from_secs(u64::from(number) * u64::from(OPUS_SAMPLES)) / OPUS_RATE
}

fn report_due(number: u32) -> Duration {
    FIRST_REPORT + REPORT_EVERY * number
}

/// The nearest keyframe from `at` on, in the loop.
fn next_keyframe(pictures: &[Picture], at: usize) -> usize {
    let mut round = (at..pictures.len()).chain(0..at);
    round.find(|&index| pictures[index].is_keyframe).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_is_found_ahead_and_across_the_end_of_the_loop() {
        let picture = |is_keyframe| Picture { parameters: Vec::new(), slices: Vec::new(), is_keyframe };
        let pictures: Vec<Picture> = [true, false, false, true, false].map(picture).to_vec();
        assert_eq!([0, 1, 3, 4].map(|at| next_keyframe(&pictures, at)), [0, 3, 3, 0]);
    }

    #[test]
    fn picture_and_sound_keep_time_with_each_other() {
        assert_eq!(picture_due(30 * 3600), sound_due(50 * 3600));
    }
}
