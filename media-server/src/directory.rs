//! What the outside may know and wish without waiting for the media: which streams are published, how many watch, whose
//! session is whose, and which streams are over. One short lock.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use domain::{Secret, StreamId};
use tokio::sync::Notify;

use crate::publication::Publication;
use crate::random::SessionId;

/// Streams remembered as closed, so that a publisher that was let in a moment before finds the door shut.
const CLOSED_KEPT: usize = 1024;
/// Streams remembered as asked about anew, so that a watcher that was let in a moment before is asked about too.
const RECHECKED_KEPT: usize = 1024;

/// The directory.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    inner: Mutex<Inner>,
    /// Told when there are streams to close or to ask about anew.
    pub(crate) wake: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    rooms: HashMap<StreamId, Listing>,
    tickets: HashMap<SessionId, Ticket>,
    closed: VecDeque<StreamId>,
    closing: HashSet<StreamId>,
    /// Streams whose watchers are to be asked about anew.
    rechecking: HashSet<StreamId>,
    /// Those of late, each with the number of its recheck.
    rechecked: VecDeque<(StreamId, u64)>,
    rechecks: u64,
    /// When the ICE of a session was last restarted.
    restarts: HashMap<SessionId, Instant>,
}

/// What is known of a room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// The connected publisher's media.
    pub(crate) publication: Option<Arc<Publication>>,
    /// Connected watchers.
    pub(crate) watchers: u32,
}

/// Which of the two a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// WHIP.
    Publisher,
    /// WHEP.
    Watcher,
}

/// What is known of a session over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// Its room.
    pub(crate) stream: StreamId,
    /// Its role.
    pub(crate) role: Role,
    /// The token it was opened with, which its URL asks for again; none for watchers, whose URL is a secret by itself.
    pub(crate) bearer: Option<Secret<String>>,
    /// The entity tag of its ICE session: our ufrag.
    pub(crate) tag: String,
}

impl Directory {
    /// A stream's publication, if somebody publishes.
    pub(crate) fn publication(&self, stream: StreamId) -> Option<Arc<Publication>> {
        self.lock().rooms.get(&stream)?.publication.clone()
    }

    /// Connected watchers of every room.
    pub(crate) fn watchers(&self) -> Vec<(StreamId, u32)> {
        self.lock().rooms.iter().map(|(stream, listing)| (*stream, listing.watchers)).collect()
    }

    /// Lists a room as it is now; an absent one is taken off.
    pub(crate) fn list(&self, stream: StreamId, listing: Option<Listing>) {
        let mut inner = self.lock();
        match listing {
            Some(listing) => inner.rooms.insert(stream, listing),
            None => inner.rooms.remove(&stream),
        };
    }

    /// The stream may be published.
    pub(crate) fn open(&self, stream: StreamId) {
        self.lock().closed.retain(|closed| *closed != stream);
    }

    /// The stream is over; its room is closed soon.
    pub(crate) fn close(&self, stream: StreamId) {
        let mut inner = self.lock();
        if !inner.closed.contains(&stream) {
            if inner.closed.len() == CLOSED_KEPT {
                inner.closed.pop_front();
            }
            inner.closed.push_back(stream);
        }
        if inner.rooms.contains_key(&stream) {
            inner.closing.insert(stream);
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// Whether the stream is over.
    pub(crate) fn is_closed(&self, stream: StreamId) -> bool {
        self.lock().closed.contains(&stream)
    }

    /// The rooms to close.
    pub(crate) fn take_closing(&self) -> HashSet<StreamId> {
        std::mem::take(&mut self.lock().closing)
    }

    /// The watchers of a stream are dropped soon, and those not yet in are not taken: all of them are to ask again.
    pub(crate) fn recheck(&self, stream: StreamId) {
        let mut inner = self.lock();
        inner.rechecks += 1;
        let number = inner.rechecks;
        inner.rechecked.retain(|(other, _)| *other != stream);
        if inner.rechecked.len() == RECHECKED_KEPT {
            inner.rechecked.pop_front();
        }
        inner.rechecked.push_back((stream, number));
        inner.rechecking.insert(stream);
        drop(inner);
        self.wake.notify_one();
    }

    /// A moment to ask the gate at, for [`Self::is_outdated`].
    pub(crate) fn rechecks(&self) -> u64 {
        self.lock().rechecks
    }

    /// Whether what the gate said at that moment may be otherwise now.
    pub(crate) fn is_outdated(&self, stream: StreamId, asked_at: u64) -> bool {
        self.lock().rechecked.iter().any(|(other, number)| *other == stream && *number > asked_at)
    }

    /// The rooms whose watchers are to go.
    pub(crate) fn take_rechecking(&self) -> HashSet<StreamId> {
        std::mem::take(&mut self.lock().rechecking)
    }

    /// Takes a session's turn to restart its ICE, or says how long to wait for it.
    pub(crate) fn take_restart(&self, session: SessionId, now: Instant, every: Duration) -> Result<(), Duration> {
        let mut inner = self.lock();
        if !inner.tickets.contains_key(&session) {
            return Ok(());
        }
        let since = inner.restarts.get(&session).map(|last| now.saturating_duration_since(*last));
        if let Some(since) = since.filter(|since| *since < every) {
            return Err(every - since);
        }
        inner.restarts.insert(session, now);
        Ok(())
    }

    /// Notes a session.
    pub(crate) fn admit(&self, session: SessionId, ticket: Ticket) {
        self.lock().tickets.insert(session, ticket);
    }

    /// What is known of a session.
    pub(crate) fn ticket(&self, session: SessionId) -> Option<Ticket> {
        self.lock().tickets.get(&session).cloned()
    }

    /// A session's ICE was restarted.
    pub(crate) fn retag(&self, session: SessionId, tag: &str) {
        if let Some(ticket) = self.lock().tickets.get_mut(&session) {
            tag.clone_into(&mut ticket.tag);
        }
    }

    /// The session is over.
    pub(crate) fn forget(&self, session: SessionId) {
        let mut inner = self.lock();
        inner.tickets.remove(&session);
        inner.restarts.remove(&session);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stream_stays_closed_until_opened() {
        let directory = Directory::default();
        let stream = StreamId::new();
        directory.close(stream);
        assert!(directory.is_closed(stream));
        assert!(directory.take_closing().is_empty(), "there is no such room");
        directory.open(stream);
        assert!(!directory.is_closed(stream));
    }

    #[test]
    fn what_the_gate_said_before_a_recheck_counts_no_more() {
        let directory = Directory::default();
        let (stream, other) = (StreamId::new(), StreamId::new());
        let before = directory.rechecks();
        directory.recheck(stream);
        assert!(directory.is_outdated(stream, before) && !directory.is_outdated(other, before));
        assert!(!directory.is_outdated(stream, directory.rechecks()));
        assert_eq!(directory.take_rechecking(), HashSet::from([stream]));
        (0..2 * RECHECKED_KEPT).for_each(|_| directory.recheck(other));
        assert!(directory.is_outdated(stream, before), "the same stream takes one place");
    }

    #[test]
    fn a_session_restarts_once_in_a_while_and_each_for_itself() {
        let directory = Directory::default();
        let ticket = Ticket { stream: StreamId::new(), role: Role::Watcher, bearer: None, tag: String::new() };
        let (one, two) = (SessionId::new(), SessionId::new());
        [one, two].into_iter().for_each(|session| directory.admit(session, ticket.clone()));
        let (start, every) = (Instant::now(), Duration::from_secs(2));
        let second = Duration::from_secs(1);
        assert_eq!(directory.take_restart(one, start, every), Ok(()));
        assert_eq!(directory.take_restart(one, start + second, every), Err(second));
        assert_eq!(directory.take_restart(two, start + second, every), Ok(()));
        assert_eq!(directory.take_restart(one, start + every, every), Ok(()));
        directory.forget(one);
        assert!(!directory.lock().restarts.contains_key(&one));
    }

    #[test]
    fn only_so_many_closed_streams_are_remembered() {
        let directory = Directory::default();
        let first = StreamId::new();
        directory.close(first);
        (0..CLOSED_KEPT).for_each(|_| directory.close(StreamId::new()));
        assert!(!directory.is_closed(first));
    }
}
