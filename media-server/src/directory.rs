//! What the outside may know and wish without waiting for the media: which streams are published, how many watch, whose
//! session is whose, and which streams are over. One short lock.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use domain::{Secret, StreamId};
use tokio::sync::Notify;

use crate::publication::Publication;
use crate::random::SessionId;

/// Streams remembered as closed, so that a publisher that was let in a moment before finds the door shut.
const CLOSED_KEPT: usize = 1024;

/// The directory.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    inner: Mutex<Inner>,
    /// Told when there are streams to close.
    pub(crate) wake: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    rooms: HashMap<StreamId, Listing>,
    tickets: HashMap<SessionId, Ticket>,
    closed: VecDeque<StreamId>,
    closing: HashSet<StreamId>,
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
        self.lock().tickets.remove(&session);
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
    fn only_so_many_closed_streams_are_remembered() {
        let directory = Directory::default();
        let first = StreamId::new();
        directory.close(first);
        (0..CLOSED_KEPT).for_each(|_| directory.close(StreamId::new()));
        assert!(!directory.is_closed(first));
    }
}
