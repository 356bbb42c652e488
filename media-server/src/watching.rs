//! One watcher of a room: where it stands in the publisher's histories, and what it is sent next. Everything it receives,
//! the first time or again, is read from there.

use std::sync::Arc;
use std::time::Duration;

use domain::media::{Codec, Packet, Track};
use media_config::Profile;

use crate::forward::Forward;
use crate::moment::Moment;
use crate::peer::Pulse;
use crate::publication::Publication;
use crate::random;
use crate::report::to_ntp;
use crate::rtc::{Negotiation, Note, Outgoing, State, Watcher};
use crate::track::History;

/// Seconds from 1900 to 2026: reports carry plausible dates, though only their differences count.
const NTP_BASE: Duration = Duration::from_secs(3_976_214_400);

/// A watcher's connection and its place in each track.
#[derive(Debug)]
pub(crate) struct Watching {
    /// The connection.
    pub(crate) peer: Watcher,
    /// When it was last heard.
    pub(crate) pulse: Pulse,
    profile: Arc<Profile>,
    video: Option<View>,
    audio: Option<View>,
    /// The publication that is being played.
    playing: Option<u64>,
    /// When the next burst may go out.
    paced_until: Duration,
    repeats: Budget,
}

#[derive(Debug)]
struct View {
    track: Track,
    codec: Codec,
    forward: Forward,
    /// The publication for which `forward` has begun.
    begun: Option<u64>,
    /// The next position to send.
    position: u64,
    reported_at: Option<Duration>,
}

/// A watcher's wish that only the publisher can fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// None.
    Nothing,
    /// A keyframe.
    Keyframe,
}

impl Watching {
    /// A watcher that was answered.
    pub(crate) fn new(peer: Watcher, negotiation: &Negotiation, profile: Arc<Profile>, now: Moment) -> Self {
        let view = |track, codec: Codec| View {
            track,
            codec,
            // In the lower half, so that the first wrap is not near the beginning (RFC 3711, section 3.3.1).
            forward: Forward::new(codec.clock_rate(), random::number() as u16 & 0x7fff, random::number()),
            begun: None,
            position: 0,
            reported_at: None,
        };
        let video = negotiation.video.as_ref().map(|choice| view(Track::Video, choice.codec));
        let audio = negotiation.audio.as_ref().map(|choice| view(Track::Audio, choice.codec));
        let repeats = Budget::new(profile.limits.repeats_per_second);
        let pulse = Pulse::new(now);
        Self { peer, pulse, profile, video, audio, playing: None, paced_until: Duration::ZERO, repeats }
    }

    /// Whether the codecs agreed with this watcher are those of the publication; where it has none, any will do.
    pub(crate) fn can_play(&self, publication: &Publication) -> bool {
        let fits = |view: &View| publication.codec(view.track).is_none_or(|codec| codec == view.codec);
        self.video.iter().chain(&self.audio).all(fits)
    }

    /// Sends what there is to send.
    pub(crate) fn pump(&mut self, publication: &Publication, now: Moment) -> Wish {
        if self.peer.link.state() != State::Connected {
            return Wish::Nothing;
        }
        if self.playing != Some(publication.number) && !self.start(publication, now) {
            return Wish::Keyframe;
        }
        let wish = self.send_video(publication, now);
        self.send_audio(publication, now);
        wish
    }

    /// When [`Self::pump`] is wanted although nothing arrived: while catching up.
    pub(crate) fn catches_up_at(&self, now: Moment) -> Option<Duration> {
        (self.paced_until > now.elapsed).then_some(self.paced_until)
    }

    /// Finds the place to begin: a keyframe young enough, and the sound of now.
    fn start(&mut self, publication: &Publication, now: Moment) -> bool {
        let numbers = &self.profile.keyframes;
        let has_picture = self.video.is_some() && publication.codec(Track::Video).is_some();
        if has_picture {
            let start = publication.read(Track::Video, |history| {
                let (position, packet) = history.keyframe()?;
                let is_near = history.head() - position <= numbers.cached_max_packets as u64;
                let is_young = now.elapsed.saturating_sub(packet.arrived_at) <= numbers.cached_max_age;
                (is_near && is_young).then_some(position)
            });
            let (Some(Some(position)), Some(view)) = (start, &mut self.video) else { return false };
            (view.position, view.begun) = (position, None);
        }
        if let Some(view) = &mut self.audio {
            // Pictures are caught up with in a moment, sound is played at its own pace: what is old would stay late.
            view.position = publication.read(Track::Audio, History::head).unwrap_or(0);
            view.begun = None;
        }
        self.playing = Some(publication.number);
        self.paced_until = now.elapsed;
        true
    }

    fn send_video(&mut self, publication: &Publication, now: Moment) -> Wish {
        let Some(view) = &mut self.video else { return Wish::Nothing };
        if self.paced_until > now.elapsed {
            return Wish::Nothing;
        }
        let pace = &self.profile.catch_up;
        match view.send(&mut self.peer, publication, pace.packets, now) {
            Sent::All => Wish::Nothing,
            Sent::Some => {
                self.paced_until = now.elapsed + pace.every;
                Wish::Nothing
            }
            Sent::Overtaken => {
                self.playing = None;
                Wish::Keyframe
            }
        }
    }

    fn send_audio(&mut self, publication: &Publication, now: Moment) {
        let Some(view) = &mut self.audio else { return };
        if view.send(&mut self.peer, publication, usize::MAX, now) == Sent::Overtaken {
            view.position = publication.read(Track::Audio, History::head).unwrap_or(0);
            view.begun = None;
        }
    }

    /// Answers what the watcher said about the transmission.
    pub(crate) fn heed(&mut self, publication: Option<&Publication>, now: Moment) -> Wish {
        let mut wish = Wish::Nothing;
        while let Some(note) = self.peer.link.next_note() {
            match note {
                Note::KeyframeWanted => wish = Wish::Keyframe,
                Note::Missing { source, sequences } => self.repeat(publication, source, &sequences, now),
                Note::Clock { .. } => {}
            }
        }
        wish
    }

    fn repeat(&mut self, publication: Option<&Publication>, source: u32, sequences: &[u16], now: Moment) {
        let (Some(track), Some(publication)) = (self.peer.track_of(source), publication) else { return };
        let view = match track {
            Track::Video => &mut self.video,
            Track::Audio => &mut self.audio,
        };
        let Some(view) = view else { return };
        for &sequence in sequences {
            let Some((number, original)) = view.forward.locate(sequence) else { continue };
            if number != publication.number || !self.repeats.take(now.elapsed) {
                continue;
            }
            let kept = publication.read(track, |history| history.find(original).cloned()).flatten();
            let Some(packet) = kept else { continue };
            let Some(out) = outgoing(&mut view.forward, packet) else { continue };
            self.peer.repeat(track, out, now.instant);
        }
    }

    /// Reports the clocks that are due.
    pub(crate) fn report(&mut self, publication: &Publication, now: Moment) {
        for view in self.video.iter_mut().chain(&mut self.audio) {
            let every = self.profile.reports.every;
            let is_due = view.reported_at.is_none_or(|at| now.elapsed.saturating_sub(at) >= every);
            if !is_due || view.begun != Some(publication.number) {
                continue;
            }
            let Some((wall, timestamp)) = publication.clock(view.track, now.elapsed) else { continue };
            let Some(timestamp) = view.forward.timestamp(timestamp) else { continue };
            view.reported_at = Some(now.elapsed);
            self.peer.report(view.track, to_ntp(NTP_BASE + wall), timestamp, now.instant);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Sent {
    /// Everything up to now.
    All,
    /// As much as is allowed at a time.
    Some,
    /// What was to come next is no longer kept.
    Overtaken,
}

impl View {
    fn send(&mut self, peer: &mut Watcher, publication: &Publication, most: usize, now: Moment) -> Sent {
        let copied = publication.read(self.track, |history| {
            let is_kept = self.position >= history.oldest();
            let packets = (self.position..history.head()).take(most).filter_map(|at| history.at(at).cloned());
            is_kept.then(|| (packets.collect::<Vec<Packet>>(), history.head()))
        });
        let Some(copied) = copied else { return Sent::All };
        let Some((packets, head)) = copied else { return Sent::Overtaken };
        self.position += packets.len() as u64;
        for packet in packets {
            if self.begun != Some(publication.number) {
                self.forward.begin(publication.number, &packet);
                self.begun = Some(publication.number);
            }
            let Some(out) = outgoing(&mut self.forward, packet) else { continue };
            peer.send(self.track, out, now.instant);
        }
        if self.position < head { Sent::Some } else { Sent::All }
    }
}

fn outgoing(forward: &mut Forward, packet: Packet) -> Option<Outgoing> {
    let numbers = forward.rewrite(&packet)?;
    Some(Outgoing { numbers, marker: packet.marker, payload: packet.payload })
}

/// So many of something per second, saved up for at most one second.
#[derive(Debug)]
struct Budget {
    per_second: u32,
    left: f64,
    at: Duration,
}

impl Budget {
    fn new(per_second: u32) -> Self {
        Self { per_second, left: f64::from(per_second), at: Duration::ZERO }
    }

    fn take(&mut self, now: Duration) -> bool {
        let most = f64::from(self.per_second);
        self.left = (self.left + now.saturating_sub(self.at).as_secs_f64() * most).min(most);
        self.at = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_refills_with_time() {
        let mut budget = Budget::new(10);
        let now = Duration::from_secs(5);
        assert_eq!((0..20).filter(|_| budget.take(now)).count(), 10);
        assert_eq!((0..20).filter(|_| budget.take(now + Duration::from_millis(500))).count(), 5);
    }
}
