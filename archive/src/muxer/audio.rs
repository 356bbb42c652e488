//! The sound track: packets at their places, silence where there are none, so that the sound never breaks off.

use bytes::Bytes;

use super::AUDIO_TICK;
use crate::fmp4::{Run, Sample};
use crate::media::opus::{SILENCE, SILENCE_SAMPLES};
use crate::timeline::Ticks;

const SILENCE_TICKS: Ticks = SILENCE_SAMPLES as i64 * AUDIO_TICK;

#[derive(Debug)]
struct Held {
    at: Ticks,
    samples: u32,
    data: Bytes,
}

/// The state of the sound track.
#[derive(Debug)]
pub(super) struct Sound {
    /// Where the sound ends that is in a part already.
    written: Ticks,
    /// The packet that waits to see where the next one stands.
    held: Option<Held>,
}

impl Sound {
    /// Sound that begins at `start`.
    pub(super) const fn new(start: Ticks) -> Self {
        Self { written: start, held: None }
    }

    /// Where the sound ends, as far as it is known.
    pub(super) fn end(&self) -> Ticks {
        self.held.as_ref().map_or(self.written, |held| held.at + i64::from(held.samples) * AUDIO_TICK)
    }

    /// Takes a packet that stands at `at`. One before the end of what is written is dropped.
    pub(super) fn push(&mut self, at: Ticks, payload: &Bytes, samples: u32, run: &mut Run) {
        let at = at / AUDIO_TICK * AUDIO_TICK;
        let earliest = self.held.as_ref().map_or(self.written, |held| held.at + AUDIO_TICK);
        if at < earliest {
            return;
        }
        self.release_before(at, run);
        self.fill(at, run);
        self.stretch(at, run);
        self.held = Some(Held { at, samples, data: payload.clone() });
    }

    /// Writes the packet that waits, no longer than up to `next`.
    fn release_before(&mut self, next: Ticks, run: &mut Run) {
        let Some(held) = self.held.take() else { return };
        let end = (held.at + i64::from(held.samples) * AUDIO_TICK).min(next);
        self.write(held.at, end, held.data.to_vec(), run);
    }

    /// Writes the packet that waits, at its own length.
    pub(super) fn release(&mut self, run: &mut Run) {
        self.release_before(Ticks::MAX, run);
    }

    /// Writes silence while a whole packet of it fits before `until`.
    pub(super) fn fill(&mut self, until: Ticks, run: &mut Run) {
        self.release(run);
        while until - self.written >= SILENCE_TICKS {
            self.write(self.written, self.written + SILENCE_TICKS, SILENCE.to_vec(), run);
        }
    }

    /// A gap too short for silence belongs to the sample before it; with none before it in the part, to nobody.
    fn stretch(&mut self, until: Ticks, run: &mut Run) {
        if let Some(last) = run.samples.last_mut() {
            last.duration += u32::try_from((until - self.written) / AUDIO_TICK).unwrap_or(0);
            self.written = until;
        }
    }

    fn write(&mut self, at: Ticks, end: Ticks, data: Vec<u8>, run: &mut Run) {
        if run.samples.is_empty() {
            run.start = u64::try_from(at / AUDIO_TICK).unwrap_or(0);
        }
        let duration = u32::try_from((end - at) / AUDIO_TICK).unwrap_or(0);
        run.samples.push(Sample { duration, offset: 0, is_key: true, data });
        self.written = end;
    }
}
