//! From a tap's events to inits, parts and segments. Pure: what to write comes out, somebody else writes it.
//!
//! A part is cut about every 200 ms, a segment at the first keyframe after its target length. Both tracks stand on
//! one timeline that goes on over reconnects; the breaks are marked.

mod audio;
mod video;

use std::time::Duration;

use domain::media::{Codec, Packet, TapEvent, Track};

use crate::fmp4::{self, Format, Run, VIDEO_RATE};
use crate::media::{Picture, VideoFormat, opus};
use crate::timeline::{TICKS_PER_SEC, Ticks, Timeline};

use audio::Sound;
use video::Pictures;

/// The parts of a recording are about this long: what a crash may cost at most, and a second of it by far.
const PART: Ticks = TICKS_PER_SEC / 5;
/// Without pictures for so long, parts are cut by the sound alone.
const SOUND_ALONE: Ticks = TICKS_PER_SEC;
/// Sound may arrive this much later than the picture beside it; then silence takes its place.
const LATEST_SOUND: Ticks = TICKS_PER_SEC;
/// Silence is filled up to this far behind the picture, so that sound that comes back still finds its place.
const SOUND_MARGIN: Ticks = TICKS_PER_SEC / 5;
/// A publisher that sends only sound for so long has no picture: it is recorded without.
const NO_PICTURE: Duration = Duration::from_secs(8);
/// After a loss, pictures are left out up to the next keyframe, but not longer than this: a smear is better than
/// nothing.
const LONGEST_FREEZE: Duration = Duration::from_secs(3);
/// Takes begin at a multiple of this, so that both clocks start without rounding.
const GRID: Ticks = 120;
const VIDEO_TICK: Ticks = TICKS_PER_SEC / VIDEO_RATE as i64;
const AUDIO_TICK: Ticks = TICKS_PER_SEC / opus::RATE as i64;

/// How long segments are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lengths {
    /// A segment ends at the first keyframe after this.
    pub(crate) target: Ticks,
    /// Without a keyframe for so long it ends all the same, and a decoder cannot start with the next one.
    pub(crate) most: Ticks,
}

/// What the recorder has to do next, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A new format: segments from here on need this init.
    Init { bytes: Vec<u8>, format: Format },
    /// A segment begins.
    Open { start: Ticks, is_discontinuous: bool, is_independent: bool },
    /// Bytes to append to the segment, which then reaches to `until`.
    Part { bytes: Vec<u8>, until: Ticks },
    /// The segment is whole.
    Close,
}

/// The state of a recording while it runs.
#[derive(Debug)]
pub(crate) struct Muxer {
    lengths: Lengths,
    /// Where the timeline has been written to.
    end: Ticks,
    format: Option<Format>,
    fragments: u32,
    take: Option<Take>,
    out: Vec<Cut>,
}

/// One publisher's connection.
#[derive(Debug)]
struct Take {
    line: Timeline,
    pictures: Option<Pictures>,
    sound: Option<Sound>,
    /// Whether the publisher sends sound. A picture always has a sound track beside it, of silence if need be:
    /// players cannot take up a track that the first init did not have.
    sends_sound: bool,
    /// When its first sound arrived, while nothing is written yet.
    first_sound: Option<Duration>,
    /// Whether anything of it is written.
    has_started: bool,
    segment: Option<Segment>,
    part: Part,
    /// Since when pictures cannot be decoded up to the next keyframe.
    broken_since: Option<Duration>,
}

#[derive(Debug)]
struct Segment {
    start: Ticks,
}

#[derive(Debug, Default)]
struct Part {
    start: Ticks,
    video: Run,
    audio: Run,
}

impl Part {
    fn video(&mut self, completed: Option<video::Completed>) {
        let Some(completed) = completed else { return };
        if self.video.samples.is_empty() {
            self.video.start = completed.start;
        }
        self.video.samples.push(completed.sample);
    }
}

impl Muxer {
    /// Goes on at `end` of the timeline.
    pub(crate) const fn new(lengths: Lengths, end: Ticks) -> Self {
        let end = grid(end);
        Self { lengths, end, format: None, fragments: 0, take: None, out: Vec::new() }
    }

    /// Takes the next event; what to do about it comes out.
    pub(crate) fn push(&mut self, event: TapEvent) -> Vec<Cut> {
        match event {
            TapEvent::Begins { video, audio } => self.begin(video, audio),
            TapEvent::SenderClock { track, timestamp, wall } => {
                if let Some(take) = &mut self.take {
                    take.line.report(track, timestamp, wall);
                }
            }
            TapEvent::Gap(Track::Video, _) => {
                if let Some(pictures) = self.take.as_mut().and_then(|take| take.pictures.as_mut()) {
                    pictures.lose();
                }
            }
            TapEvent::Gap(Track::Audio, _) => {}
            TapEvent::Packet(Track::Video, packet) => self.video(packet),
            TapEvent::Packet(Track::Audio, packet) => self.audio(&packet),
        }
        std::mem::take(&mut self.out)
    }

    /// The publisher is away, or it is over: everything at hand is written.
    pub(crate) fn finish(&mut self) -> Vec<Cut> {
        self.end_take();
        std::mem::take(&mut self.out)
    }

    /// What was cut last could not be written: nothing of the segment at hand counts any more, and it goes on at
    /// `end` with the next keyframe.
    pub(crate) fn abandon(&mut self, end: Ticks) {
        self.end = grid(end);
        self.format = None;
        self.out.clear();
        if let Some(take) = self.take.take() {
            self.begin(take.pictures.as_ref().map(Pictures::codec), take.sends_sound.then_some(Codec::Opus));
        }
    }

    /// Whether the publisher should be asked for a keyframe: one is due, or decoding is broken until the next.
    pub(crate) fn wants_keyframe(&self) -> bool {
        let Some(take) = &self.take else { return false };
        let is_due = take.segment.as_ref().is_some_and(|segment| self.end - segment.start >= self.lengths.target);
        take.pictures.is_some() && (take.broken_since.is_some() || !take.has_started || is_due)
    }

    fn begin(&mut self, video: Option<Codec>, audio: Option<Codec>) {
        self.end_take();
        self.take = Some(Take {
            line: Timeline::new(self.end, video, audio),
            pictures: video.and_then(Pictures::of),
            sound: (video.is_some() || audio.is_some()).then(|| Sound::new(self.end)),
            sends_sound: audio == Some(Codec::Opus),
            first_sound: None,
            has_started: false,
            segment: None,
            part: Part::default(),
            broken_since: None,
        });
    }

    fn video(&mut self, packet: Packet) {
        let arrived = packet.arrived_at;
        let Some(take) = &mut self.take else { return };
        let Some(pictures) = &mut take.pictures else { return };
        for outcome in pictures.push(packet) {
            match outcome {
                video::Outcome::Lost => self.broken(arrived),
                video::Outcome::Picture { picture, timestamp, arrived } => self.picture(picture, timestamp, arrived),
            }
        }
    }

    fn broken(&mut self, since: Duration) {
        if let Some(take) = &mut self.take {
            take.broken_since.get_or_insert(since);
        }
    }

    /// Whether a picture that is no keyframe can be shown where it stands.
    fn follows(&self, arrived: Duration) -> bool {
        let Some(take) = &self.take else { return false };
        let is_frozen = take.broken_since.is_some_and(|since| arrived.saturating_sub(since) < LONGEST_FREEZE);
        take.has_started && !self.format_has_no_video() && !is_frozen
    }

    fn picture(&mut self, picture: Picture, timestamp: u64, arrived: Duration) {
        if !picture.is_key && !self.follows(arrived) {
            return;
        }
        let Some(take) = &mut self.take else { return };
        take.broken_since = None;
        let at = take.line.place(Track::Video, timestamp, arrived);
        let Some(pictures) = &mut take.pictures else { return };
        let (dts, completed) = pictures.hold(at, picture.is_key);
        take.part.video(completed);
        self.cut_before(dts, picture.format.as_ref());
        if let Some(pictures) = self.take.as_mut().and_then(|take| take.pictures.as_mut()) {
            pictures.fill(picture.data);
        }
    }

    fn format_has_no_video(&self) -> bool {
        self.format.as_ref().is_none_or(|format| format.video.is_none())
    }

    /// Ends the part and the segment before a picture at `at`, where that is due. `key` is its format if it is a
    /// keyframe.
    fn cut_before(&mut self, at: Ticks, key: Option<&VideoFormat>) {
        let Some(take) = &mut self.take else { return };
        let Some(segment) = &take.segment else {
            self.open(at, key);
            return;
        };
        let age = at - segment.start;
        let changes = key.is_some_and(|new| {
            !self.format.as_ref().and_then(|format| format.video.as_ref()).is_some_and(|now| now.suits(new))
        });
        let is_due = (key.is_some() && age >= self.lengths.target) || age >= self.lengths.most || changes;
        if is_due || at - take.part.start >= PART {
            self.flush(at);
        }
        if is_due {
            self.out.push(Cut::Close);
            if let Some(take) = &mut self.take {
                take.segment = None;
            }
            self.open(at, key);
        }
    }

    /// Opens a segment at `at`, with a new init where the format asks for one.
    fn open(&mut self, at: Ticks, key: Option<&VideoFormat>) {
        let Some(take) = &mut self.take else { return };
        let now = self.format.as_ref().and_then(|format| format.video.as_ref());
        let video = match key {
            Some(new) if take.has_started && now.is_some_and(|now| now.suits(new)) => now.cloned(),
            Some(new) => Some(new.clone()),
            None if take.has_started => now.cloned(),
            None => None,
        };
        let format = Format { video, has_audio: take.sound.is_some() };
        let is_new = self.format.as_ref() != Some(&format);
        if is_new {
            self.out.push(Cut::Init { bytes: fmp4::init(&format), format: format.clone() });
        }
        let is_discontinuous = (is_new || !take.has_started) && self.end > 0;
        let is_independent = key.is_some() || format.video.is_none();
        self.format = Some(format);
        let start = at.max(self.end);
        self.out.push(Cut::Open { start, is_discontinuous, is_independent });
        take.has_started = true;
        take.segment = Some(Segment { start });
        take.part.start = start;
    }

    fn audio(&mut self, packet: &Packet) {
        let Some(take) = &mut self.take else { return };
        if take.sound.is_none() {
            return;
        }
        if !take.has_started {
            let first = *take.first_sound.get_or_insert(packet.arrived_at);
            let has_no_picture = take.pictures.is_none() || packet.arrived_at.saturating_sub(first) >= NO_PICTURE;
            if !has_no_picture {
                return;
            }
        }
        let Some(samples) = opus::samples(&packet.payload) else { return };
        let at = take.line.place(Track::Audio, packet.timestamp, packet.arrived_at);
        if !take.has_started {
            self.open(at, None);
        }
        let Some(take) = &mut self.take else { return };
        let Some(sound) = &mut take.sound else { return };
        sound.push(at, &packet.payload, samples, &mut take.part.audio);
        let end = sound.end();
        let follows_sound = self.format_has_no_video();
        let Some(take) = &self.take else { return };
        let since = end - take.part.start;
        if since < if follows_sound { PART } else { SOUND_ALONE } {
            return;
        }
        let Some(segment) = &take.segment else { return };
        let age = end - segment.start;
        self.flush(end);
        if age >= if follows_sound { self.lengths.target } else { self.lengths.most } {
            self.out.push(Cut::Close);
            self.open(end, None);
        }
    }

    /// Writes what is complete of the part at hand; the segment then reaches to `until`.
    fn flush(&mut self, until: Ticks) {
        let Some(take) = &mut self.take else { return };
        if let Some(sound) = &mut take.sound {
            if !take.sends_sound {
                sound.fill(until, &mut take.part.audio);
            } else if until - sound.end() > LATEST_SOUND {
                sound.fill(until - SOUND_MARGIN, &mut take.part.audio);
            }
        }
        self.end = self.end.max(until);
        let until = self.end;
        let part = std::mem::replace(&mut take.part, Part { start: until, ..Part::default() });
        if part.video.samples.is_empty() && part.audio.samples.is_empty() {
            return;
        }
        self.fragments = self.fragments.wrapping_add(1);
        let bytes = fmp4::fragment(self.fragments, &part.video, &part.audio);
        self.out.push(Cut::Part { bytes, until });
    }

    fn end_take(&mut self) {
        let Some(take) = &mut self.take else { return };
        if !take.has_started {
            self.take = None;
            return;
        }
        let mut until = self.end;
        if let Some(completed) = take.pictures.as_mut().and_then(Pictures::release) {
            until = until.max(completed.end);
            take.part.video(Some(completed));
        }
        if let Some(sound) = &mut take.sound {
            sound.release(&mut take.part.audio);
            sound.fill(until, &mut take.part.audio);
            until = until.max(sound.end());
        }
        self.flush(grid(until));
        self.out.push(Cut::Close);
        self.take = None;
    }
}

/// The next multiple of the grid.
const fn grid(at: Ticks) -> Ticks {
    (at + GRID - 1) / GRID * GRID
}

#[cfg(test)]
mod tests;
