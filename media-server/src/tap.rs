//! Hands media to the recorder and never waits for it: it reads the same histories as everybody else, at its own pace. If
//! it is so slow that a history has moved on, it is told how much it missed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::media::{Packet, TapEvent, Track};

use crate::publication::Publication;
use crate::reorder::{Ordered, Reorder};

/// Packets copied at a time.
const BATCH: u64 = 256;

/// One reader of one publisher's connection.
#[derive(Debug)]
pub struct Tap {
    publication: Arc<Publication>,
    video: Lane,
    audio: Lane,
    readings_seen: u64,
    ready: VecDeque<TapEvent>,
}

#[derive(Debug)]
struct Lane {
    track: Track,
    position: u64,
    order: Reorder,
}

impl Tap {
    /// A reader that begins with the oldest packet still kept.
    pub(crate) fn new(publication: Arc<Publication>, numbers: &media_config::Tap) -> Self {
        publication.taps().fetch_add(1, Ordering::Relaxed);
        let lane =
            |track| Lane { track, position: 0, order: Reorder::new(numbers.reorder_wait, numbers.reorder_packets) };
        let begins =
            TapEvent::Begins { video: publication.codec(Track::Video), audio: publication.codec(Track::Audio) };
        Self {
            publication,
            video: lane(Track::Video),
            audio: lane(Track::Audio),
            readings_seen: 0,
            ready: VecDeque::from([begins]),
        }
    }

    /// What comes next; nothing once the publisher's connection is over and all of it was read. Safe to drop and call
    /// again.
    pub async fn next(&mut self) -> Option<TapEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let publication = Arc::clone(&self.publication);
            let changed = publication.changed().notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let is_over = publication.is_over();
            let copied = self.fill();
            if !self.ready.is_empty() || copied {
                continue;
            }
            if is_over {
                self.drain();
                if self.ready.is_empty() {
                    return None;
                }
                continue;
            }
            changed.await;
        }
    }

    /// Copies what is new, in order of arrival; whether there was anything.
    fn fill(&mut self) -> bool {
        let (readings, count) = self.publication.readings_after(self.readings_seen);
        self.readings_seen = count;
        let clocks = readings.into_iter().map(|(track, reading)| TapEvent::SenderClock {
            track,
            timestamp: reading.timestamp,
            wall: reading.wall,
        });
        self.ready.extend(clocks);
        let video = self.video.copy(&self.publication);
        let audio = self.audio.copy(&self.publication);
        let copied = !(video.is_empty() && audio.is_empty());
        let (mut video, mut audio) = (video.into_iter().peekable(), audio.into_iter().peekable());
        loop {
            let video_first = match (video.peek(), audio.peek()) {
                (Some(video), Some(audio)) => video.arrived_at <= audio.arrived_at,
                (next, None) => next.is_some(),
                (None, Some(_)) => false,
            };
            let (lane, packets) =
                if video_first { (&mut self.video, &mut video) } else { (&mut self.audio, &mut audio) };
            let Some(packet) = packets.next() else { break };
            lane.order.push(packet);
            while let Some(out) = lane.order.pop() {
                self.ready.extend(event(lane.track, out, &self.publication));
            }
        }
        copied
    }

    fn drain(&mut self) {
        for lane in [&mut self.video, &mut self.audio] {
            while let Some(out) = lane.order.drain() {
                self.ready.extend(event(lane.track, out, &self.publication));
            }
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.publication.taps().fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    fn copy(&mut self, publication: &Publication) -> Vec<Packet> {
        let copied = publication.read(self.track, |history| {
            self.position = self.position.max(history.oldest());
            let end = history.head().min(self.position + BATCH);
            let packets: Vec<Packet> = (self.position..end).filter_map(|at| history.at(at).cloned()).collect();
            self.position = end;
            packets
        });
        copied.unwrap_or_default()
    }
}

/// Packets without payload only probe the path; they count for the order and for nothing else.
fn event(track: Track, out: Ordered, publication: &Publication) -> Option<TapEvent> {
    match out {
        Ordered::Packet(packet) if packet.payload.is_empty() => None,
        Ordered::Packet(packet) => Some(TapEvent::Packet(track, packet)),
        Ordered::Missing(count) => {
            if track == Track::Video {
                publication.want_keyframe();
            }
            Some(TapEvent::Gap(track, count))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use domain::media::Codec;
    use media_config::Profile;

    use super::*;
    use crate::track::Arrival;

    fn publication() -> Arc<Publication> {
        let profile = Profile::default();
        Arc::new(Publication::new(1, [Some(Codec::H264), Some(Codec::Opus)], &profile.history))
    }

    fn push(publication: &Publication, track: Track, sequence: u16, ms: u64) {
        let arrival = Arrival { sequence, timestamp: 0, marker: true, payload: Bytes::from_static(&[0x65, 0]) };
        publication.push(track, arrival, Duration::from_millis(ms));
    }

    /// Tracks and numbers counted from each track's first; gaps as negative counts.
    async fn read(tap: &mut Tap) -> Vec<(Track, i64)> {
        let mut first = [None, None];
        let mut out = Vec::new();
        while let Some(event) = tap.next().await {
            match event {
                TapEvent::Packet(track, packet) => {
                    let first = first[track as usize].get_or_insert(packet.sequence);
                    out.push((track, packet.sequence as i64 - *first as i64));
                }
                TapEvent::Gap(track, count) => out.push((track, -(count as i64))),
                TapEvent::Begins { .. } | TapEvent::SenderClock { .. } => {}
            }
        }
        out
    }

    #[tokio::test]
    async fn both_tracks_come_in_order_of_arrival_and_then_the_end() {
        use Track::{Audio, Video};
        let publication = publication();
        let mut tap = Tap::new(Arc::clone(&publication), &Profile::default().tap);
        for (track, sequence, ms) in [(Video, 7, 0), (Audio, 3, 1), (Video, 9, 2), (Audio, 4, 3), (Video, 8, 4)] {
            push(&publication, track, sequence, ms);
        }
        publication.finish();
        assert_eq!(read(&mut tap).await, [(Video, 0), (Audio, 0), (Audio, 1), (Video, 1), (Video, 2)]);
        assert!(tap.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_that_was_overtaken_is_told_how_much_it_missed() {
        let publication = publication();
        let mut tap = Tap::new(Arc::clone(&publication), &Profile::default().tap);
        push(&publication, Track::Video, 0, 0);
        let begins = tap.next().await;
        assert!(matches!(begins, Some(TapEvent::Begins { video: Some(Codec::H264), audio: Some(Codec::Opus) })));
        assert!(matches!(tap.next().await, Some(TapEvent::Packet(..))));
        for sequence in 1..3_000 {
            push(&publication, Track::Video, sequence, u64::from(sequence));
        }
        publication.finish();
        let events = read(&mut tap).await;
        assert_eq!(events.first(), Some(&(Track::Video, -951)));
        assert_eq!(events.len(), 1 + 2_048);
        assert!(publication.take_keyframe_wanted(), "the recorder cannot go on without one");
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let publication = publication();
        let mut tap = Tap::new(Arc::clone(&publication), &Profile::default().tap);
        tap.next().await;
        let reader = tokio::spawn(async move { tap.next().await });
        tokio::task::yield_now().await;
        push(&publication, Track::Audio, 0, 0);
        let event = tokio::time::timeout(Duration::from_secs(5), reader).await.expect("it is woken").expect("it ran");
        assert!(matches!(event, Some(TapEvent::Packet(Track::Audio, _))));
    }

    #[test]
    fn taps_are_counted() {
        let publication = publication();
        let tap = Tap::new(Arc::clone(&publication), &Profile::default().tap);
        assert_eq!(publication.taps().load(Ordering::Relaxed), 1);
        drop(tap);
        assert_eq!(publication.taps().load(Ordering::Relaxed), 0);
    }
}
