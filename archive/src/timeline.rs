//! One timeline for both tracks of a publisher. Pure.
//!
//! The two RTP clocks begin anywhere and drift. Sender reports say how they belong together; until both tracks have
//! sent one, the times of arrival do. A correction is spread over many packets, so that nothing is cut or repeated.

use std::time::Duration;

use domain::media::{Codec, Track};

/// Units of the timeline per second: a multiple of 90,000 and of 48,000, so that both clocks fit without rounding.
pub(crate) const TICKS_PER_SEC: i64 = 720_000;
/// How far the sound may be moved per packet: 1 ms of 20, which nobody hears.
const SLEW: i64 = TICKS_PER_SEC / 1000;
/// A clock that differs this much from the times of arrival has jumped: no network delays media so long.
const JUMP: i64 = 3 * TICKS_PER_SEC;
/// A sender report that claims a skew this large is not believed.
const MOST_SKEW: i64 = 3 * TICKS_PER_SEC / 2;
/// Reports further apart than this say nothing about each other.
const REPORTS_APART: i64 = 30 * TICKS_PER_SEC;

/// A position or distance on the timeline.
pub(crate) type Ticks = i64;

/// A duration in ticks.
pub(crate) fn ticks(duration: Duration) -> Ticks {
    let nanos = i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / i128::from(TICKS_PER_SEC));
    i64::try_from(nanos * i128::from(TICKS_PER_SEC) / 1_000_000_000).unwrap_or(i64::MAX / 4)
}

/// Ticks as a duration; a negative distance is none.
pub(crate) fn duration(ticks: Ticks) -> Duration {
    let ticks = u64::try_from(ticks).unwrap_or(0);
    let per_sec = TICKS_PER_SEC.unsigned_abs();
    Duration::from_secs(ticks / per_sec) + Duration::from_nanos(ticks % per_sec * 1_000_000_000 / per_sec)
}

#[derive(Debug, Clone, Copy)]
struct Last {
    arrived: Duration,
    at: Ticks,
}

/// The clock of one track: position = timestamp * unit + shift.
#[derive(Debug)]
struct Clock {
    unit: i64,
    shift: Option<i64>,
    last: Option<Last>,
    /// A sender report: this timestamp was shown at this wall time.
    report: Option<(u64, Duration)>,
}

impl Clock {
    fn new(codec: Option<Codec>) -> Self {
        let rate = codec.map_or(90_000, |codec| i64::from(codec.clock_rate()));
        Self { unit: TICKS_PER_SEC / rate, shift: None, last: None, report: None }
    }

    /// The timestamp in ticks of its own clock.
    fn scaled(&self, timestamp: u64) -> i64 {
        i64::try_from(timestamp).unwrap_or(i64::MAX).saturating_mul(self.unit)
    }

    /// Where media that arrives now belongs by its time of arrival.
    fn expected(&self, arrived: Duration) -> Option<Ticks> {
        let last = self.last?;
        Some(last.at + ticks(arrived) - ticks(last.arrived))
    }
}

/// The clocks of one publisher's connection.
#[derive(Debug)]
pub(crate) struct Timeline {
    origin: Ticks,
    video: Clock,
    audio: Clock,
}

impl Timeline {
    /// The first packet that is placed will stand at `origin`.
    pub(crate) fn new(origin: Ticks, video: Option<Codec>, audio: Option<Codec>) -> Self {
        Self { origin, video: Clock::new(video), audio: Clock::new(audio) }
    }

    /// Notes a sender report.
    pub(crate) fn report(&mut self, track: Track, timestamp: u64, wall: Duration) {
        self.clock(track).report = Some((timestamp, wall));
    }

    /// Where a packet of this track stands. It may be before the packet placed last.
    pub(crate) fn place(&mut self, track: Track, timestamp: u64, arrived: Duration) -> Ticks {
        let other = match track {
            Track::Video => &self.audio,
            Track::Audio => &self.video,
        };
        let by_other = other.expected(arrived);
        let origin = self.origin;
        let clock = self.clock(track);
        let scaled = clock.scaled(timestamp);
        let mut shift = clock.shift.unwrap_or_else(|| by_other.unwrap_or(origin).saturating_sub(scaled));
        if let Some(expected) = clock.expected(arrived)
            && (scaled.saturating_add(shift)).saturating_sub(expected).saturating_abs() > JUMP
        {
            shift = expected.saturating_sub(scaled);
            self.video.report = None;
            self.audio.report = None;
        }
        if track == Track::Audio {
            shift = self.corrected(shift, scaled, by_other);
        }
        let at = scaled.saturating_add(shift);
        let clock = self.clock(track);
        clock.shift = Some(shift);
        clock.last = Some(Last { arrived, at });
        at
    }

    /// The sound's shift, one step nearer to what the sender reports say; at once if nothing was placed by it yet.
    fn corrected(&self, shift: i64, scaled: i64, by_other: Option<Ticks>) -> i64 {
        let Some(wanted) = self.reported_shift() else { return shift };
        let is_believable =
            by_other.is_none_or(|expected| (scaled.saturating_add(wanted) - expected).saturating_abs() < MOST_SKEW);
        if !is_believable {
            return shift;
        }
        if self.audio.last.is_none() {
            return wanted;
        }
        shift + (wanted - shift).clamp(-SLEW, SLEW)
    }

    /// The shift of the sound that puts it beside the picture as the publisher's wall clock does.
    fn reported_shift(&self) -> Option<i64> {
        let (video_at, video_wall) = self.video.report?;
        let (audio_at, audio_wall) = self.audio.report?;
        let apart = ticks(audio_wall) - ticks(video_wall);
        if apart.abs() > REPORTS_APART {
            return None;
        }
        let video_at = self.video.scaled(video_at).checked_add(self.video.shift?)?;
        video_at.checked_add(apart)?.checked_sub(self.audio.scaled(audio_at))
    }

    const fn clock(&mut self, track: Track) -> &mut Clock {
        match track {
            Track::Video => &mut self.video,
            Track::Audio => &mut self.audio,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = TICKS_PER_SEC / 1000;

    fn both() -> Timeline {
        Timeline::new(0, Some(Codec::H264), Some(Codec::Opus))
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn without_reports_the_times_of_arrival_line_up_the_tracks() {
        let mut line = both();
        assert_eq!(line.place(Track::Video, 900_000, ms(5_000)), 0);
        assert_eq!(line.place(Track::Video, 903_000, ms(5_040)), 24_000);
        assert_eq!(line.place(Track::Audio, 48_000, ms(5_060)), 24_000 + 20 * MS);
    }

    #[test]
    fn reports_known_before_the_first_sound_place_it_exactly() {
        let mut line = both();
        line.report(Track::Video, 900_000, ms(70_000));
        line.report(Track::Audio, 48_000, ms(70_100));
        assert_eq!(line.place(Track::Video, 900_000, ms(5_000)), 0);
        assert_eq!(line.place(Track::Audio, 48_000, ms(5_010)), 100 * MS);
    }

    #[test]
    fn later_reports_move_the_sound_by_a_millisecond_per_packet() {
        let mut line = both();
        line.place(Track::Video, 0, ms(0));
        assert_eq!(line.place(Track::Audio, 0, ms(0)), 0);
        line.report(Track::Video, 0, ms(1_000));
        line.report(Track::Audio, 0, ms(1_050));
        for packet in 1..=100_i64 {
            let arrived = ms(packet.unsigned_abs() * 20);
            let at = line.place(Track::Audio, packet.unsigned_abs() * 960, arrived);
            assert_eq!(at, packet * 20 * MS + packet.min(50) * MS);
        }
    }

    #[test]
    fn an_absurd_report_is_not_believed() {
        let mut line = both();
        line.place(Track::Video, 0, ms(0));
        line.place(Track::Audio, 0, ms(0));
        line.report(Track::Video, 0, ms(1_000));
        line.report(Track::Audio, 0, ms(9_000));
        assert_eq!(line.place(Track::Audio, 960, ms(20)), 20 * MS);
    }

    #[test]
    fn a_clock_that_jumps_goes_on_where_the_time_of_arrival_says() {
        let mut line = both();
        line.place(Track::Video, 0, ms(0));
        assert_eq!(line.place(Track::Video, 90_000 * 3_600, ms(33)), 33 * MS);
        assert_eq!(line.place(Track::Video, 90_000 * 3_600 + 3_000, ms(66)), 33 * MS + 24_000);
        assert_eq!(line.place(Track::Video, 5, ms(100)), 33 * MS + 24_000 + 34 * MS);
        let _ = line.place(Track::Video, u64::MAX, ms(133));
    }

    #[test]
    fn ticks_and_durations_convert_without_drift() {
        let day = Duration::from_secs(86_400) + Duration::from_millis(20);
        assert_eq!(duration(ticks(day)), day);
        assert_eq!(duration(-1), Duration::ZERO);
    }
}
