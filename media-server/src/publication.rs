//! What one connection of a publisher brings: its tracks' histories and clocks, shared by the room that writes them and
//! everybody who reads. Locks are held for a copy or two.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use domain::media::{Codec, Track};
use tokio::sync::Notify;

use crate::report::{self, Reading};
use crate::track::{Arrival, History};

/// Clock readings kept for readers; there is one per track and second.
const READINGS_KEPT: usize = 64;

/// One connection's media.
#[derive(Debug)]
pub(crate) struct Publication {
    /// Tells connections apart; later ones have higher numbers.
    pub(crate) number: u64,
    video: Option<Mutex<History>>,
    audio: Option<Mutex<History>>,
    clocks: Mutex<Clocks>,
    changed: Notify,
    over: AtomicBool,
    taps: AtomicU32,
    keyframe_wanted: AtomicBool,
}

#[derive(Debug, Default)]
struct Clocks {
    /// The first reading of all: ties the publisher's wall clock to our time.
    anchor: Option<Reading>,
    readings: VecDeque<(Track, Reading)>,
    /// How many there have been.
    count: u64,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// A decoder may start here.
    pub(crate) starts_keyframe: bool,
}

impl Publication {
    /// A publication with these tracks, keeping so many packets of each.
    pub(crate) fn new(number: u64, codecs: [Option<Codec>; 2], kept: &media_config::History) -> Self {
        let [video, audio] = codecs;
        Self {
            number,
            video: video.map(|codec| Mutex::new(History::new(codec, kept.video_packets))),
            audio: audio.map(|codec| Mutex::new(History::new(codec, kept.audio_packets))),
            clocks: Mutex::default(),
            changed: Notify::new(),
            over: AtomicBool::new(false),
            taps: AtomicU32::new(0),
            keyframe_wanted: AtomicBool::new(false),
        }
    }

    /// The codec of a track, if there is such a track.
    pub(crate) fn codec(&self, track: Track) -> Option<Codec> {
        self.read(track, History::codec)
    }

    /// Takes an arrival; nothing if it was here before.
    pub(crate) fn push(&self, track: Track, arrival: Arrival, at: Duration) -> Option<Pushed> {
        let pushed = {
            let mut history = self.history(track)?;
            let packet = history.push(arrival, at)?;
            Pushed { starts_keyframe: packet.starts_keyframe }
        };
        self.changed.notify_waiters();
        Some(pushed)
    }

    /// Reads a track's history, for as long as it takes to copy something out.
    pub(crate) fn read<T>(&self, track: Track, look: impl FnOnce(&History) -> T) -> Option<T> {
        self.history(track).map(|history| look(&history))
    }

    fn history(&self, track: Track) -> Option<MutexGuard<'_, History>> {
        let history = match track {
            Track::Video => self.video.as_ref(),
            Track::Audio => self.audio.as_ref(),
        };
        history.map(|history| history.lock().expect("nobody panics while holding it"))
    }

    /// Takes a reading of a track's clock.
    pub(crate) fn note_clock(&self, track: Track, ntp: u64, timestamp: u32, heard_at: Duration) {
        let Some(timestamp) = self.read(track, |history| history.extend_timestamp(timestamp)) else { return };
        let reading = Reading { heard_at, wall: report::from_ntp(ntp), timestamp };
        let mut clocks = self.clocks();
        clocks.anchor.get_or_insert(reading);
        if clocks.readings.len() == READINGS_KEPT {
            clocks.readings.pop_front();
        }
        clocks.readings.push_back((track, reading));
        clocks.count += 1;
        drop(clocks);
        self.changed.notify_waiters();
    }

    /// A track's clock and the wall clock, both as of now, in our time: the publisher's wall clock is moved so that its
    /// first reading was taken when we heard of it.
    pub(crate) fn clock(&self, track: Track, now: Duration) -> Option<(Duration, u64)> {
        let clock_rate = self.codec(track)?.clock_rate();
        let clocks = self.clocks();
        let anchor = clocks.anchor?;
        let (_, reading) = clocks.readings.iter().rev().find(|(of, _)| *of == track)?;
        let (wall, timestamp) = reading.carried_to(now, clock_rate);
        Some((anchor.heard_at + wall.saturating_sub(anchor.wall), timestamp))
    }

    /// The readings after the first `seen`, and how many there have been.
    pub(crate) fn readings_after(&self, seen: u64) -> (Vec<(Track, Reading)>, u64) {
        let clocks = self.clocks();
        let new = (clocks.count - seen).min(clocks.readings.len() as u64) as usize;
        (clocks.readings.iter().skip(clocks.readings.len() - new).copied().collect(), clocks.count)
    }

    fn clocks(&self) -> MutexGuard<'_, Clocks> {
        self.clocks.lock().expect("nobody panics while holding it")
    }

    /// Wakes whoever waits when something was written.
    pub(crate) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// Nothing more will come.
    pub(crate) fn finish(&self) {
        self.over.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Whether nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Counts taps: while there is one, keyframes are asked for regularly.
    pub(crate) fn taps(&self) -> &AtomicU32 {
        &self.taps
    }

    /// A reader needs a keyframe.
    pub(crate) fn want_keyframe(&self) {
        self.keyframe_wanted.store(true, Ordering::Relaxed);
    }

    /// Whether a reader asked for a keyframe since last looked at.
    pub(crate) fn take_keyframe_wanted(&self) -> bool {
        self.keyframe_wanted.swap(false, Ordering::Relaxed)
    }
}
