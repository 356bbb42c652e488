//! Listens in a connection's chain of interceptors: every packet that arrives, before a full queue can lose it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet as Chained, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use tokio::sync::Notify;

use crate::clock;
use crate::connection::{AUDIO, REPEATS, VIDEO};
use crate::reception::{Moment, Packet, Reception};

/// What was heard. Shared between the chain and whoever asks.
#[derive(Debug)]
pub(crate) struct Heard {
    reception: Mutex<Reception>,
    /// Woken by every packet.
    pub(crate) news: Notify,
    keyframe_requests: AtomicU64,
    since: Mutex<Instant>,
}

impl Heard {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            reception: Mutex::default(),
            news: Notify::new(),
            keyframe_requests: AtomicU64::new(0),
            since: Mutex::new(Instant::now()),
        })
    }

    /// Times are counted from now on.
    pub(crate) fn start(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(crate) fn with<T>(&self, read: impl FnOnce(&mut Reception) -> T) -> T {
        read(&mut self.reception.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn keyframe_requests(&self) -> u64 {
        self.keyframe_requests.load(Ordering::Relaxed)
    }

    fn rtp(&self, packet: &rtc::rtp::Packet) {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Moment { since_asked: since.elapsed(), ns: clock::now_ns() };
        let header = &packet.header;
        let seen = Packet {
            sequence: header.sequence_number,
            timestamp: header.timestamp,
            marker: header.marker,
            payload: &packet.payload,
        };
        self.with(|reception| match header.payload_type {
            VIDEO => reception.picture(seen, at),
            AUDIO => reception.sound(seen, at),
            REPEATS => reception.repeat(seen, at),
            _ => {}
        });
        self.news.notify_waiters();
    }

    fn rtcp(&self, packet: &dyn rtc::rtcp::Packet) {
        let packet = packet.as_any();
        if packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>() {
            self.keyframe_requests.fetch_add(1, Ordering::Relaxed);
        }
        if packet.is::<SenderReport>() {
            self.with(Reception::sender_report);
        }
    }
}

/// The interceptor: the last station of media that arrives, as nobody reads the tracks; passes everything else on.
pub(crate) struct Ear {
    heard: Arc<Heard>,
    arriving: VecDeque<TaggedPacket>,
    leaving: VecDeque<TaggedPacket>,
}

impl Ear {
    pub(crate) fn new(heard: Arc<Heard>) -> Self {
        Self { heard, arriving: VecDeque::new(), leaving: VecDeque::new() }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Ear {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        match &message.message.packet {
            Chained::Rtp(packet) => {
                self.heard.rtp(packet);
                return Ok(());
            }
            Chained::Rtcp(packets) => packets.iter().for_each(|packet| self.heard.rtcp(packet.as_ref())),
            _ => {}
        }
        self.arriving.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.arriving.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.leaving.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.leaving.pop_front()
    }
}

impl Interceptor for Ear {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
