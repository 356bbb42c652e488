//! Counters that wrap around on the wire, made into ones that do not. Pure.

/// Follows a counter of `BITS` bits. Values may come late: up to half a turn back still counts as late, not as new.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extended<const BITS: u32> {
    /// The highest value so far.
    highest: Option<u64>,
}

impl<const BITS: u32> Extended<BITS> {
    /// The extended value of `wire`, which becomes the highest if it is newer than all before.
    pub(crate) fn follow(&mut self, wire: u32) -> u64 {
        let value = self.near(wire);
        self.highest = Some(self.highest.map_or(value, |highest| highest.max(value)));
        value
    }

    /// The extended value of `wire` nearest to the highest seen, without following it.
    pub(crate) fn near(&self, wire: u32) -> u64 {
        let turn = 1_u64 << BITS;
        let wire = u64::from(wire) & (turn - 1);
        let Some(highest) = self.highest else {
            // One turn of room below, so that what is late at the very start has a place.
            return turn + wire;
        };
        let ahead = wire.wrapping_sub(highest) & (turn - 1);
        if ahead < turn / 2 { highest + ahead } else { (highest + ahead).saturating_sub(turn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_goes_on_upwards() {
        let mut sequence = Extended::<16>::default();
        let first = sequence.follow(65_534);
        assert_eq!(sequence.follow(65_535), first + 1);
        assert_eq!(sequence.follow(0), first + 2);
        assert_eq!(sequence.follow(3), first + 5);
    }

    #[test]
    fn what_is_late_keeps_its_place_across_a_wrap() {
        let mut sequence = Extended::<16>::default();
        let first = sequence.follow(65_535);
        sequence.follow(1);
        assert_eq!(sequence.follow(0), first + 1);
        assert_eq!(sequence.follow(2), first + 3);
    }

    #[test]
    fn what_is_late_at_the_start_has_a_place() {
        let mut timestamp = Extended::<32>::default();
        let first = timestamp.follow(5);
        assert_eq!(timestamp.follow(u32::MAX), first - 6);
    }

    #[test]
    fn looking_does_not_move() {
        let mut timestamp = Extended::<32>::default();
        let first = timestamp.follow(1_000);
        assert_eq!(timestamp.near(91_000), first + 90_000);
        assert_eq!(timestamp.near(1_000), first);
    }
}
