//! Keeps what a client receives as it came, before the engine sorts it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// An RTP packet as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) source: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Bytes,
}

/// A control packet as it came.
#[derive(Debug, Clone)]
pub(crate) enum Control {
    KeyframeRequest,
    Clock { source: u32, ntp: u64, timestamp: u32 },
    Missing(Vec<u16>),
}

/// What a client knows, shared with the task that drives it.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Seen>>);

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) is_connected: bool,
    pub(crate) is_closed: bool,
    pub(crate) packets: Vec<Received>,
    pub(crate) control: Vec<Control>,
}

impl Log {
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

/// Keeps everything that comes in, before the engine sorts it.
pub(crate) struct Listener {
    log: Log,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl Listener {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, reads: VecDeque::new(), writes: VecDeque::new() }
    }

    fn note(&self, packet: &TaggedPacket) {
        let mut seen = self.log.seen();
        match &packet.message.packet {
            Packet::Rtp(rtp) => seen.packets.push(Received {
                payload_type: rtp.header.payload_type,
                sequence: rtp.header.sequence_number,
                timestamp: rtp.header.timestamp,
                source: rtp.header.ssrc,
                marker: rtp.header.marker,
                payload: rtp.payload.clone(),
            }),
            Packet::Rtcp(packets) => {
                for packet in packets {
                    let packet = packet.as_any();
                    if packet.is::<PictureLossIndication>() {
                        seen.control.push(Control::KeyframeRequest);
                    } else if let Some(sr) = packet.downcast_ref::<SenderReport>() {
                        let (source, ntp, timestamp) = (sr.ssrc, sr.ntp_time, sr.rtp_time);
                        seen.control.push(Control::Clock { source, ntp, timestamp });
                    } else if let Some(nack) = packet.downcast_ref::<Nack>() {
                        let missing = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
                        seen.control.push(Control::Missing(missing));
                    }
                }
            }
            _ => {}
        }
    }
}

pub(crate) type Nack = rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

impl Protocol<TaggedPacket, TaggedPacket, ()> for Listener {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.note(&packet);
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

impl Interceptor for Listener {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
