//! Takes note of the control packets that concern us, as they pass through the engine.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use ::rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use ::rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use ::rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use ::rtc::rtcp::sender_report::SenderReport;
use ::rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use ::rtc::sansio::Protocol;
use ::rtc::shared::error::Error;

/// What a control packet says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// These sequence numbers of a source did not arrive.
    Missing {
        /// Whose.
        source: u32,
        /// Which.
        sequences: Vec<u16>,
    },
    /// The picture cannot be decoded without a new keyframe.
    KeyframeWanted,
    /// A source's clock beside the sender's wall clock.
    Clock {
        /// Whose.
        source: u32,
        /// The sender's wall clock, as NTP.
        ntp: u64,
        /// The source's clock.
        timestamp: u32,
    },
}

/// Notes not yet read are dropped beyond this; whoever sends them will repeat what matters.
const MOST_NOTES: usize = 256;
/// Sequence numbers read from one request; one packet can name thousands.
const MOST_SEQUENCES: usize = 256;

/// The notes, shared with the interceptor that takes them.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes(Arc<Mutex<VecDeque<Note>>>);

impl Notes {
    /// The oldest note.
    pub(super) fn pop(&self) -> Option<Note> {
        self.0.lock().expect("nobody panics while holding it").pop_front()
    }

    fn push(&self, note: Note) {
        let mut notes = self.0.lock().expect("nobody panics while holding it");
        if notes.len() < MOST_NOTES {
            notes.push_back(note);
        }
    }
}

/// The interceptor: lets everything pass and notes what it sees.
pub(super) struct NoteTaker {
    notes: Notes,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl NoteTaker {
    pub(super) fn new(notes: Notes) -> Self {
        Self { notes, reads: VecDeque::new(), writes: VecDeque::new() }
    }

    fn take(&self, packet: &dyn ::rtc::rtcp::Packet) {
        let packet = packet.as_any();
        if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
            let sequences = nack.nacks.iter().flat_map(|pair| pair.packet_list()).take(MOST_SEQUENCES).collect();
            self.notes.push(Note::Missing { source: nack.media_ssrc, sequences });
        } else if packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>() {
            self.notes.push(Note::KeyframeWanted);
        } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
            self.notes.push(Note::Clock { source: report.ssrc, ntp: report.ntp_time, timestamp: report.rtp_time });
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for NoteTaker {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &packet.message.packet {
            for packet in packets {
                self.take(packet.as_ref());
            }
        }
        self.reads.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for NoteTaker {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
