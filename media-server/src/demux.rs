//! Whose datagram is this? By its source address; an unknown source has to introduce itself with a connectivity check that
//! names a connection and is signed with its password. Nothing else from a stranger is looked at (so that nobody can slip a
//! handshake in from aside).

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use domain::StreamId;

use crate::random::SessionId;

/// A connection and the room it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The room.
    pub(crate) stream: StreamId,
    /// The connection.
    pub(crate) session: SessionId,
}

/// After an ICE restart, checks to the old name are still on their way; those before it are nobody's any more.
const NAMES: usize = 2;
/// An address whose owner was heard of from there within this time stays the owner's. Browsers check their path every
/// 2.5 s, so two checks in a row may be lost.
const OWNED_FOR: Duration = Duration::from_secs(5);

/// Who is reached where.
#[derive(Debug)]
pub(crate) struct Demux {
    by_address: HashMap<SocketAddr, Owned>,
    by_ufrag: HashMap<String, Place>,
    known: HashMap<SessionId, Known>,
    most_addresses: usize,
}

#[derive(Debug)]
struct Owned {
    place: Place,
    heard_at: Duration,
}

#[derive(Debug, Default)]
struct Known {
    addresses: VecDeque<SocketAddr>,
    ufrags: VecDeque<String>,
}

impl Demux {
    /// Keeps up to `most_addresses` for a connection.
    pub(crate) fn new(most_addresses: usize) -> Self {
        Self { by_address: HashMap::new(), by_ufrag: HashMap::new(), known: HashMap::new(), most_addresses }
    }

    /// Lets checks to `ufrag` find a connection, and those to the name before this one.
    pub(crate) fn expect(&mut self, ufrag: &str, place: Place) {
        self.by_ufrag.insert(ufrag.to_owned(), place);
        let known = self.known.entry(place.session).or_default();
        known.ufrags.push_back(ufrag.to_owned());
        if known.ufrags.len() > NAMES
            && let Some(oldest) = known.ufrags.pop_front()
        {
            self.by_ufrag.remove(&oldest);
        }
    }

    /// Whom an address belongs to.
    pub(crate) fn find(&self, address: SocketAddr) -> Option<Place> {
        self.by_address.get(&address).map(|owned| owned.place)
    }

    /// The owner of this address was heard of from there.
    pub(crate) fn heard(&mut self, address: SocketAddr, now: Duration) {
        if let Some(owned) = self.by_address.get_mut(&address) {
            owned.heard_at = now;
        }
    }

    /// Whether a connection may introduce itself from this address: not from one where another is living. Whoever can
    /// forge a source address and sign a check of its own connection would else cut off whom it likes.
    pub(crate) fn may_bind(&self, address: SocketAddr, place: Place, now: Duration) -> bool {
        let is_free = |owned: &Owned| owned.place == place || now.saturating_sub(owned.heard_at) >= OWNED_FOR;
        self.by_address.get(&address).is_none_or(is_free)
    }

    /// Whom a check is for.
    pub(crate) fn addressee(&self, ufrag: &str) -> Option<Place> {
        self.by_ufrag.get(ufrag).copied()
    }

    /// From now on datagrams from `address` are this connection's; its longest known address gives way to a ninth.
    pub(crate) fn bind(&mut self, address: SocketAddr, place: Place, now: Duration) {
        if let Some(before) = self.by_address.insert(address, Owned { place, heard_at: now })
            && let Some(known) = self.known.get_mut(&before.place.session)
        {
            known.addresses.retain(|other| *other != address);
        }
        let known = self.known.entry(place.session).or_default();
        known.addresses.push_back(address);
        if known.addresses.len() > self.most_addresses
            && let Some(oldest) = known.addresses.pop_front()
        {
            self.by_address.remove(&oldest);
        }
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets a connection.
    pub(crate) fn forget(&mut self, session: SessionId) {
        let Some(known) = self.known.remove(&session) else { return };
        for address in known.addresses {
            self.by_address.remove(&address);
        }
        for ufrag in known.ufrags {
            self.by_ufrag.remove(&ufrag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { stream: StreamId::new(), session: SessionId::new() }
    }

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn an_address_moves_to_whoever_introduced_itself_last() {
        let mut demux = Demux::new(8);
        let (first, second) = (place(), place());
        demux.bind(address(1), first, Duration::ZERO);
        demux.bind(address(1), second, Duration::ZERO);
        assert_eq!(demux.find(address(1)), Some(second));
        demux.forget(first.session);
        assert_eq!(demux.find(address(1)), Some(second));
        demux.forget(second.session);
        assert_eq!(demux.find(address(1)), None);
    }

    #[test]
    fn a_connection_has_only_so_many_addresses() {
        let mut demux = Demux::new(2);
        let place = place();
        (1..=3).for_each(|port| demux.bind(address(port), place, Duration::ZERO));
        assert_eq!([1, 2, 3].map(|port| demux.find(address(port)).is_some()), [false, true, true]);
    }

    #[test]
    fn an_address_is_not_taken_from_an_owner_that_lives() {
        let second = Duration::from_secs(1);
        let mut demux = Demux::new(8);
        let (owner, other) = (place(), place());
        assert!(demux.may_bind(address(1), other, second), "it is nobody's");
        demux.bind(address(1), owner, second);
        assert!(demux.may_bind(address(1), owner, second));
        assert!(!demux.may_bind(address(1), other, second * 5));
        demux.heard(address(1), second * 5);
        assert!(!demux.may_bind(address(1), other, second * 9), "its owner goes on");
        assert!(demux.may_bind(address(1), other, second * 10), "silent for long enough");
        demux.forget(owner.session);
        assert!(demux.may_bind(address(1), other, second * 6));
    }

    #[test]
    fn a_connection_answers_to_its_two_newest_names() {
        let mut demux = Demux::new(8);
        let place = place();
        ["one", "two", "three"].iter().for_each(|name| demux.expect(name, place));
        assert_eq!(["one", "two", "three"].map(|name| demux.addressee(name).is_some()), [false, true, true]);
        demux.forget(place.session);
        assert_eq!((demux.len(), demux.by_ufrag.len()), (0, 0));
    }

    #[test]
    fn who_is_forgotten_is_found_no_more() {
        let mut demux = Demux::new(8);
        let place = place();
        demux.expect("old", place);
        demux.expect("new", place);
        assert_eq!(demux.addressee("old"), Some(place));
        demux.forget(place.session);
        assert_eq!((demux.addressee("old"), demux.addressee("new")), (None, None));
    }
}
