//! Clock reports: what the publisher says of its clocks, told to a watcher in our time. Pure.

use std::time::Duration;

/// At this moment of ours, the publisher's wall clock and a track's clock showed this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// When we heard of it, since our start.
    pub(crate) heard_at: Duration,
    /// The publisher's wall clock.
    pub(crate) wall: Duration,
    /// The track's extended clock.
    pub(crate) timestamp: u64,
}

impl Reading {
    /// Carried on to `now`: the publisher's wall clock and the track's clock as they must be by then. Both move by the
    /// same time, so the relation between tracks stays exactly what the publisher said.
    pub(crate) fn carried_to(&self, now: Duration, clock_rate: u32) -> (Duration, u64) {
        let passed = now.saturating_sub(self.heard_at);
        let ticks = passed.as_micros() as u64 * u64::from(clock_rate) / 1_000_000;
        (self.wall + passed, self.timestamp + ticks)
    }
}

/// An NTP timestamp as a duration since its epoch.
pub(crate) fn from_ntp(ntp: u64) -> Duration {
    let nanos = ((ntp & 0xffff_ffff) * 1_000_000_000) >> 32;
    Duration::new(ntp >> 32, nanos as u32)
}

/// The reverse of [`from_ntp`]; wraps with the era.
pub(crate) fn to_ntp(wall: Duration) -> u64 {
    let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
    ((wall.as_secs() & 0xffff_ffff) << 32) | fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tracks_keep_their_relation_however_late_they_are_told() {
        let video = Reading { heard_at: Duration::from_secs(1), wall: Duration::from_secs(100), timestamp: 90_000 };
        let audio = Reading { heard_at: Duration::from_secs(3), wall: Duration::from_secs(102), timestamp: 48_000 };
        let now = Duration::from_millis(5_500);
        assert_eq!(video.carried_to(now, 90_000), (Duration::from_millis(104_500), 90_000 + 405_000));
        assert_eq!(audio.carried_to(now, 48_000), (Duration::from_millis(104_500), 48_000 + 120_000));
    }

    #[test]
    fn ntp_there_and_back() {
        let wall = Duration::new(3_900_000_000, 250_000_000);
        assert_eq!(to_ntp(wall), (3_900_000_000 << 32) | 0x4000_0000);
        assert_eq!(from_ntp(to_ntp(wall)), wall);
    }
}
