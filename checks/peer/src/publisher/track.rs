//! One track of ours: numbers its packets, and says in reports when they were meant to be seen or heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp::{Packet, header::Header};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use uuid::Uuid;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

pub(super) struct Track {
    local: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    payload_type: u8,
    /// Ticks of its clock a second.
    rate: u32,
    /// Where its clock began; anywhere, as RFC 3550 asks.
    first_timestamp: u32,
    first_number: u16,
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Track {
    pub(super) fn new(stream: &str, kind: RtpCodecKind, codec: RTCRtpCodecParameters, rate: u32) -> Self {
        let (ssrc, repeats) = two_random();
        let (first_timestamp, first_number) = two_random();
        let rtx = (kind == RtpCodecKind::Video).then_some(RTCRtpRtxParameters { ssrc: repeats });
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), rtx, ..Default::default() },
            active: true,
            codec: codec.rtp_codec,
            ..Default::default()
        };
        let id = Uuid::new_v4().to_string();
        let track = MediaStreamTrack::new(stream.to_owned(), id.clone(), id, kind, vec![coding]);
        Self {
            local: Arc::new(TrackLocalStaticRTP::new(track)),
            ssrc,
            payload_type: codec.payload_type,
            rate,
            first_timestamp,
            first_number: first_number as u16,
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    pub(super) fn local(&self) -> Arc<dyn TrackLocal> {
        Arc::clone(&self.local) as _
    }

    /// Sends one packet of what is at `time` on the track's clock.
    pub(super) async fn write(&self, time: u32, marker: bool, payload: Bytes) -> anyhow::Result<()> {
        let number = self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(payload.len() as u64, Ordering::Relaxed);
        let header = Header {
            version: 2,
            marker,
            payload_type: self.payload_type,
            // Numbers and times wrap; that is how RTP counts.
            sequence_number: self.first_number.wrapping_add(number as u16),
            timestamp: self.first_timestamp.wrapping_add(time),
            ssrc: self.ssrc,
            ..Header::default()
        };
        Ok(self.local.write_rtp(Packet { header, payload }).await?)
    }

    /// Says that `ntp` is `elapsed` on the track's clock.
    pub(super) async fn report(&self, elapsed: Duration, ntp: u64) -> anyhow::Result<()> {
        let ticks = elapsed.as_nanos() * u128::from(self.rate) / 1_000_000_000;
        let report = SenderReport {
            ssrc: self.ssrc,
            ntp_time: ntp,
            rtp_time: self.first_timestamp.wrapping_add(ticks as u32),
            packet_count: self.packets.load(Ordering::Relaxed) as u32,
            octet_count: self.bytes.load(Ordering::Relaxed) as u32,
            ..SenderReport::default()
        };
        Ok(self.local.write_rtcp(vec![Box::new(report)]).await?)
    }
}

impl std::fmt::Debug for Track {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Track").field("ssrc", &self.ssrc).finish_non_exhaustive()
    }
}

fn two_random() -> (u32, u32) {
    let (one, two) = Uuid::new_v4().as_u64_pair();
    (one as u32, two as u32)
}
