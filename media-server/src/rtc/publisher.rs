//! A connection that brings packets in. The engine asks for what is missing, undoes retransmission and reports reception.

use std::time::Instant;

use ::rtc::interceptor::{NackGeneratorBuilder, ReceiverReportBuilder, Registry, Slot};
use ::rtc::peer_connection::configuration::interceptor_registry::configure_twcc_receiver_only;
use ::rtc::peer_connection::message::RTCMessage;
use ::rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use domain::media::Track;

use super::Identity;
use super::connection::Link;
use super::feedback::{Note, NoteTaker, Notes};
use super::negotiate::{self, Answered, NegotiateError, Negotiation, Protection};
use crate::sdp::Offer;
use crate::track::Arrival;

/// What comes in.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A packet.
    Packet(Track, Arrival),
    /// A track's clock beside the sender's wall clock.
    Clock {
        /// Whose.
        track: Track,
        /// The wall clock, as NTP.
        ntp: u64,
        /// The track's clock.
        timestamp: u32,
    },
}

/// A publisher's connection.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// The connection underneath.
    pub(crate) link: Link,
    video: Option<Lane>,
    audio: Option<Lane>,
}

/// How one track is told apart.
#[derive(Debug)]
struct Lane {
    payload_type: u8,
    /// Known with the first packet.
    source: Option<u32>,
}

impl Publisher {
    /// Answers an offer.
    pub(crate) fn answer(
        identity: &Identity,
        offer: &Offer,
        negotiation: &Negotiation,
        now: Instant,
    ) -> Result<(Self, Answered), NegotiateError> {
        let mut media = negotiate::codecs(negotiation)?;
        let notes = Notes::default();
        let registry = Registry::new()
            .with(Slot::NackGenerator, NackGeneratorBuilder::new().build())
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build())
            .with(Slot::SenderReport, NoteTaker::new(notes.clone()));
        let registry = configure_twcc_receiver_only(registry, &mut media).map_err(NegotiateError::engine)?;
        let mut engine = negotiate::engine(identity, media, registry, Protection::Widest, now)?;
        let answered = negotiate::answer(&mut engine, &offer.text, &identity.addresses, now)?;
        let link =
            Link::new(engine, identity.addresses.clone(), answered.credentials.clone(), offer.text.clone(), notes);
        let lane = |choice: &crate::sdp::Choice| Lane { payload_type: choice.payload_type, source: None };
        let publisher =
            Self { link, video: negotiation.video.as_ref().map(lane), audio: negotiation.audio.as_ref().map(lane) };
        Ok((publisher, answered))
    }

    /// The next thing that came in.
    pub(crate) fn next(&mut self) -> Option<Incoming> {
        while let Some(message) = self.link.next_message() {
            let RTCMessage::RtpPacket(_, packet) = message else { continue };
            let header = packet.header;
            let Some((track, lane)) = self.lane(|lane| lane.payload_type == header.payload_type) else { continue };
            lane.source = Some(header.ssrc);
            let arrival = Arrival {
                sequence: header.sequence_number,
                timestamp: header.timestamp,
                marker: header.marker,
                payload: packet.payload,
            };
            return Some(Incoming::Packet(track, arrival));
        }
        while let Some(note) = self.link.next_note() {
            let Note::Clock { source, ntp, timestamp } = note else { continue };
            let Some((track, _)) = self.lane(|lane| lane.source == Some(source)) else { continue };
            return Some(Incoming::Clock { track, ntp, timestamp });
        }
        None
    }

    /// Asks for a keyframe; false as long as there is no picture to ask about.
    pub(crate) fn request_keyframe(&mut self, now: Instant) -> bool {
        let Some(source) = self.video.as_ref().and_then(|lane| lane.source) else { return false };
        let request = PictureLossIndication { sender_ssrc: 1, media_ssrc: source };
        self.link.send(RTCMessage::RtcpPacket(String::new(), vec![Box::new(request)]), now);
        true
    }

    fn lane(&mut self, is_it: impl Fn(&Lane) -> bool) -> Option<(Track, &mut Lane)> {
        let video = self.video.as_mut().map(|lane| (Track::Video, lane));
        let audio = self.audio.as_mut().map(|lane| (Track::Audio, lane));
        video.into_iter().chain(audio).find(|(_, lane)| is_it(lane))
    }
}
