//! A connection on which packets go out. The engine negotiates and encrypts; numbering, repeating and reporting are the
//! room's business. The methods here are all that a faster way of sending has to provide.

use std::time::Instant;

use ::rtc::interceptor::{Registry, Slot};
use ::rtc::media_stream::MediaStreamTrack;
use ::rtc::peer_connection::RTCPeerConnection;
use ::rtc::peer_connection::message::RTCMessage;
use ::rtc::rtcp::sender_report::SenderReport;
use ::rtc::rtp;
use ::rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use bytes::{BufMut, Bytes, BytesMut};
use domain::media::Track;

use super::Identity;
use super::connection::Link;
use super::feedback::{NoteTaker, Notes};
use super::negotiate::{self, Answered, NegotiateError, Negotiation, Protection};
use crate::forward::Rewritten;
use crate::random;
use crate::sdp::{Choice, Offer};

/// A packet on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// Its numbers.
    pub(crate) numbers: Rewritten,
    /// Its marker.
    pub(crate) marker: bool,
    /// Its payload.
    pub(crate) payload: Bytes,
}

/// A watcher's connection.
#[derive(Debug)]
pub(crate) struct Watcher {
    /// The connection underneath.
    pub(crate) link: Link,
    video: Option<Lane>,
    audio: Option<Lane>,
}

/// How one track is called towards the watcher.
#[derive(Debug, Clone)]
struct Lane {
    /// Its codec and payload types.
    choice: Choice,
    /// Its synchronisation source.
    source: u32,
    /// That of its retransmissions, and their sequence number.
    repeats: (u32, u16),
    packets: u32,
    bytes: u32,
}

impl Watcher {
    /// Answers an offer.
    pub(crate) fn answer(
        identity: &Identity,
        offer: &Offer,
        negotiation: &Negotiation,
        protection: Protection,
        now: Instant,
    ) -> Result<(Self, Answered), NegotiateError> {
        let media = negotiate::codecs(negotiation)?;
        let notes = Notes::default();
        let registry = Registry::new().with(Slot::SenderReport, NoteTaker::new(notes.clone()));
        let mut engine = negotiate::engine(identity, media, registry, protection, now)?;
        let [video, video_repeats, audio, audio_repeats] = random::sources();
        let track = |choice: &Option<Choice>, source, repeats| {
            choice.clone().map(|choice| Lane { choice, source, repeats: (repeats, 0), packets: 0, bytes: 0 })
        };
        let video = track(&negotiation.video, video, video_repeats);
        let audio = track(&negotiation.audio, audio, audio_repeats);
        for track in audio.iter().chain(&video) {
            track.add_to(&mut engine)?;
        }
        let answered = negotiate::answer(&mut engine, &offer.text, &identity.addresses, now)?;
        let link =
            Link::new(engine, identity.addresses.clone(), answered.credentials.clone(), offer.text.clone(), notes);
        Ok((Self { link, video, audio }, answered))
    }

    /// The track that a synchronisation source belongs to.
    pub(crate) fn track_of(&self, source: u32) -> Option<Track> {
        let is_it = |track: &Option<Lane>| track.as_ref().is_some_and(|track| track.source == source);
        match (is_it(&self.video), is_it(&self.audio)) {
            (true, _) => Some(Track::Video),
            (_, true) => Some(Track::Audio),
            _ => None,
        }
    }

    /// Sends a packet.
    pub(crate) fn send(&mut self, track: Track, packet: Outgoing, now: Instant) {
        let Some(lane) = self.lane(track) else { return };
        lane.packets = lane.packets.wrapping_add(1);
        lane.bytes = lane.bytes.wrapping_add(packet.payload.len() as u32);
        let out = rtp::Packet {
            header: header(lane.choice.payload_type, lane.source, packet.numbers, packet.marker),
            payload: packet.payload,
        };
        self.link.send(RTCMessage::RtpPacket(String::new(), out), now);
    }

    /// Sends a packet again: as a retransmission of its own kind where the watcher knows it (RFC 4588), else as it was.
    pub(crate) fn repeat(&mut self, track: Track, packet: Outgoing, now: Instant) {
        let Some(lane) = self.lane(track) else { return };
        let Some(payload_type) = lane.choice.repeats else {
            let header = header(lane.choice.payload_type, lane.source, packet.numbers, packet.marker);
            let out = rtp::Packet { header, payload: packet.payload };
            self.link.send(RTCMessage::RtpPacket(String::new(), out), now);
            return;
        };
        let (source, sequence) = &mut lane.repeats;
        *sequence = sequence.wrapping_add(1);
        let numbers = Rewritten { sequence: *sequence, timestamp: packet.numbers.timestamp };
        let mut payload = BytesMut::with_capacity(packet.payload.len() + 2);
        payload.put_u16(packet.numbers.sequence);
        payload.put_slice(&packet.payload);
        let out =
            rtp::Packet { header: header(payload_type, *source, numbers, packet.marker), payload: payload.freeze() };
        self.link.send(RTCMessage::RtpPacket(String::new(), out), now);
    }

    /// Reports a track's clock beside the wall clock (as NTP).
    pub(crate) fn report(&mut self, track: Track, ntp: u64, timestamp: u32, now: Instant) {
        let Some(lane) = self.lane(track) else { return };
        let report = SenderReport {
            ssrc: lane.source,
            ntp_time: ntp,
            rtp_time: timestamp,
            packet_count: lane.packets,
            octet_count: lane.bytes,
            ..SenderReport::default()
        };
        self.link.send(RTCMessage::RtcpPacket(String::new(), vec![Box::new(report)]), now);
    }

    fn lane(&mut self, track: Track) -> Option<&mut Lane> {
        match track {
            Track::Video => self.video.as_mut(),
            Track::Audio => self.audio.as_mut(),
        }
    }
}

impl Lane {
    /// Both tracks belong to one media stream, so that a browser plays them together and in time.
    fn add_to(&self, engine: &mut RTCPeerConnection) -> Result<(), NegotiateError> {
        let (name, kind) = match self.choice.codec.is_video() {
            true => ("video", RtpCodecKind::Video),
            false => ("audio", RtpCodecKind::Audio),
        };
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(self.source),
                rtx: self.choice.repeats.map(|_| RTCRtpRtxParameters { ssrc: self.repeats.0 }),
                ..RTCRtpCodingParameters::default()
            },
            codec: negotiate::codec(&self.choice),
            ..RTCRtpEncodingParameters::default()
        };
        let stream = MediaStreamTrack::new("live".into(), name.into(), name.into(), kind, vec![coding]);
        engine.add_track(stream).map(drop).map_err(NegotiateError::engine)
    }
}

fn header(payload_type: u8, source: u32, numbers: Rewritten, marker: bool) -> rtp::Header {
    rtp::Header {
        version: 2,
        marker,
        payload_type,
        sequence_number: numbers.sequence,
        timestamp: numbers.timestamp,
        ssrc: source,
        ..rtp::Header::default()
    }
}
