//! A creator's side: sends picture and sound in real time (WHIP).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp::{Packet, header::Header};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use crate::annex_b::Picture;
use crate::connection::{self, AUDIO, Connection, VIDEO};
use crate::media::{FRAME_RATE, Media, OPUS_RATE, OPUS_SAMPLES};
use crate::signalling::{self, Resource};
use crate::{clock, marker};

const PICTURE_RATE: u32 = 90_000;

/// A connection that sends. Dropped, it vanishes.
#[derive(Debug)]
pub struct Publisher {
    pub(crate) connection: Connection,
    resource: Option<Resource>,
    sending: Arc<Sending>,
}

/// What has been sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Pictures.
    pub frames: u64,
    /// Pictures that a decoder may start with.
    pub keyframes: u64,
    /// Packets of the picture.
    pub video_packets: u64,
    /// Packets of the sound.
    pub audio_packets: u64,
    /// Bytes of all payloads.
    pub bytes: u64,
    /// From the first packet to the end of the last picture.
    pub duration: Duration,
}

impl Publisher {
    /// Connects to a WHIP endpoint and sends until it is stopped, vanishes or is dropped.
    ///
    /// The error of a server that says no is [`crate::Refused`].
    pub async fn start(whip_url: &str, token: &str, media: &Media) -> anyhow::Result<Self> {
        let mut publisher = Self::open().await?;
        let offer = publisher.connection.offer().await?;
        let (resource, answer) = signalling::offer(whip_url, Some(token), offer).await?;
        publisher.resource = Some(resource);
        publisher.connection.accept(answer).await?;
        publisher.send(media).await?;
        Ok(publisher)
    }

    /// A publisher with its tracks, connected to nobody.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let connection = Connection::open().await?;
        let stream = Uuid::new_v4().to_string();
        let video = track(&stream, RtpCodecKind::Video, connection::video());
        let audio = track(&stream, RtpCodecKind::Audio, connection::audio());
        for track in [&audio, &video] {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Sendonly,
                streams: vec![stream.clone()],
                send_encodings: Vec::new(),
            };
            connection.peer.add_transceiver_from_track(Arc::clone(&track.local) as _, Some(init)).await?;
        }
        let sending = Arc::new(Sending { video, audio, sent: Mutex::default(), answered: AtomicU64::new(0) });
        Ok(Self { connection, resource: None, sending })
    }

    /// Waits for the connection and begins to send.
    pub(crate) async fn send(&mut self, media: &Media) -> anyhow::Result<()> {
        self.connection.connected().await?;
        let (sending, media) = (Arc::clone(&self.sending), media.clone());
        let heard = Arc::clone(&self.connection.heard);
        self.connection.tasks.run(async move {
            // An error is the end of the connection.
            let _ = sending.run(&media, || heard.keyframe_requests()).await;
        });
        Ok(())
    }

    /// How often the other side has asked for a keyframe. The next picture is one then, as with any live encoder.
    pub fn keyframe_requests(&self) -> u64 {
        self.connection.heard.keyframe_requests()
    }

    /// What has been sent so far.
    pub fn sent(&self) -> Sent {
        *self.sending.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the other side has cut us off.
    pub async fn wait_for_cut(&self, within: Duration) -> anyhow::Result<()> {
        self.connection.cut(within).await
    }

    /// The address of the WHIP session; none when connected directly.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_ref().map(|resource| resource.url().as_str())
    }

    /// Ends the session as WHIP has it, by DELETE; what was sent in all.
    pub async fn stop(mut self) -> anyhow::Result<Sent> {
        if let Some(resource) = self.resource.take() {
            resource.delete().await?;
        }
        let sent = self.sent();
        self.connection.close().await;
        Ok(sent)
    }

    /// Is gone from one packet to the next, as a creator whose network fails; what was sent in all.
    pub fn vanish(self) -> Sent {
        self.connection.tasks.abort();
        self.sent()
    }
}

struct Sending {
    video: Track,
    audio: Track,
    sent: Mutex<Sent>,
    /// Requests for a keyframe that have got one.
    answered: AtomicU64,
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Sending {
    /// Sends each picture and each packet of sound when its time has come.
    async fn run(&self, media: &Media, requests: impl Fn() -> u64) -> anyhow::Result<()> {
        let start = Instant::now();
        let (mut picture, mut sound) = (0_u32, 0_u32);
        let mut at = 0;
        loop {
            let (video_due, audio_due) = (picture_due(picture), sound_due(sound));
            if audio_due <= video_due {
                sleep_until(start + audio_due).await;
                let payload = &media.sound()[sound as usize % media.sound().len()];
                self.audio.write(sound.wrapping_mul(OPUS_SAMPLES), false, payload.clone()).await?;
                self.note(|sent| {
                    sent.audio_packets += 1;
                    sent.bytes += payload.len() as u64;
                });
                sound += 1;
            } else {
                sleep_until(start + video_due).await;
                let wanted = requests();
                if wanted > self.answered.swap(wanted, Ordering::Relaxed) {
                    at = next_keyframe(media.pictures(), at);
                }
                self.picture(picture, &media.pictures()[at]).await?;
                at = (at + 1) % media.pictures().len();
                picture += 1;
            }
        }
    }

    async fn picture(&self, number: u32, picture: &Picture) -> anyhow::Result<()> {
        let timestamp = number.wrapping_mul(PICTURE_RATE / FRAME_RATE);
        let stamp = marker::write(clock::now_ns());
        let payloads = picture.parameters.iter().chain(std::iter::once(&stamp)).chain(&picture.slices);
        let count = picture.parameters.len() + 1 + picture.slices.len();
        let mut bytes = 0;
        for (index, payload) in payloads.enumerate() {
            self.video.write(timestamp, index + 1 == count, payload.clone()).await?;
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

/// The nearest keyframe from `at` on, in the loop.
fn next_keyframe(pictures: &[Picture], at: usize) -> usize {
    let round = (at..pictures.len()).chain(0..at);
    round.into_iter().find(|&index| pictures[index].is_keyframe).unwrap_or(at)
}

/// One track of ours and the number of its next packet.
struct Track {
    local: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    payload_type: u8,
    next: AtomicU64,
}

impl Track {
    async fn write(&self, timestamp: u32, marker: bool, payload: Bytes) -> anyhow::Result<()> {
        let header = Header {
            version: 2,
            marker,
            payload_type: self.payload_type,
            // The number wraps; that is how RTP counts.
            sequence_number: self.next.fetch_add(1, Ordering::Relaxed) as u16,
            timestamp,
            ssrc: self.ssrc,
            ..Header::default()
        };
        Ok(self.local.write_rtp(Packet { header, payload }).await?)
    }
}

fn track(stream: &str, kind: RtpCodecKind, codec: RTCRtpCodecParameters) -> Track {
    let (ssrc, repeats) = two_random();
    let rtx = (kind == RtpCodecKind::Video).then_some(RTCRtpRtxParameters { ssrc: repeats });
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), rtx, ..Default::default() },
        active: true,
        codec: codec.rtp_codec,
        ..Default::default()
    };
    let id = Uuid::new_v4().to_string();
    let track = MediaStreamTrack::new(stream.to_owned(), id.clone(), id, kind, vec![coding]);
    let payload_type = if kind == RtpCodecKind::Video { VIDEO } else { AUDIO };
    Track { local: Arc::new(TrackLocalStaticRTP::new(track)), ssrc, payload_type, next: AtomicU64::new(0) }
}

fn two_random() -> (u32, u32) {
    let (one, two) = Uuid::new_v4().as_u64_pair();
    (one as u32, two as u32)
}
