//! A point in time as the engine and as the histories count it. Clocks are read in `udp.rs` alone.

use std::time::{Duration, Instant};

/// Now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// For the engine.
    pub(crate) instant: Instant,
    /// Since the server's start, for everything else.
    pub(crate) elapsed: Duration,
}

impl Moment {
    /// The moment `instant` of a server that began at `start`.
    pub(crate) fn of(start: Instant, instant: Instant) -> Self {
        Self { instant, elapsed: instant.saturating_duration_since(start) }
    }
}
