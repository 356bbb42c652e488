//! The machine's monotonic clock, the same for all processes on it: what a publisher stamps and a viewer in another
//! process compares with.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since some moment that all processes of this machine share.
pub(crate) fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}
