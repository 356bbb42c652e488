//! What the room keeps of every connection, whatever its role: when it was last heard and when it wants to be woken.

use std::time::{Duration, Instant};

use crate::moment::Moment;
use crate::rtc::{Datagram, Link, State};

/// Signs of life of one connection.
#[derive(Debug)]
pub(crate) struct Pulse {
    opened_at: Duration,
    heard_at: Duration,
    is_heard: bool,
    /// When the engine wants to be woken.
    pub(crate) wake_at: Option<Instant>,
}

/// How far somebody has come that was answered and is not connected yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Approach {
    /// A datagram came from it.
    pub(crate) is_heard: bool,
    /// Since the answer.
    pub(crate) age: Duration,
}

impl Pulse {
    /// A connection that was just answered.
    pub(crate) fn new(now: Moment) -> Self {
        Self { opened_at: now.elapsed, heard_at: now.elapsed, is_heard: false, wake_at: Some(now.instant) }
    }

    /// A datagram came: hands it over.
    pub(crate) fn receive(&mut self, link: &mut Link, datagram: &[u8], from: std::net::SocketAddr, now: Moment) {
        (self.heard_at, self.is_heard) = (now.elapsed, true);
        link.receive(datagram, from, now.instant);
        self.wake_at = link.deadline();
    }

    /// Where it stands as long as it is not connected.
    pub(crate) fn approach(&self, now: Moment) -> Approach {
        Approach { is_heard: self.is_heard, age: now.elapsed.saturating_sub(self.opened_at) }
    }

    /// Wakes the engine if it is time.
    pub(crate) fn tick(&mut self, link: &mut Link, now: Moment) {
        if self.wake_at.is_some_and(|at| at <= now.instant) {
            link.tick(now.instant);
            self.wake_at = link.deadline().map(|at| at.max(now.instant + SHORTEST_SLEEP));
        }
    }

    /// Whether the connection is over: by itself, or by silence.
    pub(crate) fn is_over(&self, link: &Link, now: Moment, connect_within: Duration, silence: Duration) -> bool {
        let since = |moment: Duration| now.elapsed.saturating_sub(moment);
        match link.state() {
            State::Gone => true,
            State::Connecting => since(self.opened_at) >= connect_within,
            State::Connected => since(self.heard_at) >= silence,
        }
    }
}

/// An engine that wants to be woken at once, again and again, does not get the whole processor.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// Collects what a connection has to send.
pub(crate) fn flush(link: &mut Link, out: &mut Vec<Datagram>) {
    while let Some(datagram) = link.next_datagram() {
        out.push(datagram);
    }
}
