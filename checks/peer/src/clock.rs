//! The machine's clocks: the monotonic one, the same for all processes on it, which a publisher stamps and a viewer in
//! another process compares with; and the time of day as sender reports have it.

use rustix::time::{ClockId, clock_gettime};

/// From 1900, where NTP begins, to 1970.
const NTP_OFFSET_SECS: u64 = 2_208_988_800;

/// Nanoseconds since some moment that all processes of this machine share.
pub(crate) fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// The time of day: seconds in the upper half, their fraction in the lower.
pub(crate) fn ntp() -> u64 {
    let now = clock_gettime(ClockId::Realtime);
    ((now.tv_sec.unsigned_abs() + NTP_OFFSET_SECS) << 32) | ((now.tv_nsec.unsigned_abs() << 32) / 1_000_000_000)
}
