//! Whose datagram is this? By its source address; an unknown source has to introduce itself with a connectivity check that
//! names a connection and is signed with its password. Nothing else from a stranger is looked at (so that nobody can slip a
//! handshake in from aside).

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

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

/// Who is reached where.
#[derive(Debug)]
pub(crate) struct Demux {
    by_address: HashMap<SocketAddr, Place>,
    by_ufrag: HashMap<String, Place>,
    known: HashMap<SessionId, Known>,
    most_addresses: usize,
}

#[derive(Debug, Default)]
struct Known {
    addresses: VecDeque<SocketAddr>,
    ufrags: Vec<String>,
}

impl Demux {
    /// Keeps up to `most_addresses` for a connection.
    pub(crate) fn new(most_addresses: usize) -> Self {
        Self { by_address: HashMap::new(), by_ufrag: HashMap::new(), known: HashMap::new(), most_addresses }
    }

    /// Lets checks to `ufrag` find a connection.
    pub(crate) fn expect(&mut self, ufrag: &str, place: Place) {
        self.by_ufrag.insert(ufrag.to_owned(), place);
        self.known.entry(place.session).or_default().ufrags.push(ufrag.to_owned());
    }

    /// Whom an address belongs to.
    pub(crate) fn find(&self, address: SocketAddr) -> Option<Place> {
        self.by_address.get(&address).copied()
    }

    /// Whom a check is for.
    pub(crate) fn addressee(&self, ufrag: &str) -> Option<Place> {
        self.by_ufrag.get(ufrag).copied()
    }

    /// From now on datagrams from `address` are this connection's; its longest known address gives way to a ninth.
    pub(crate) fn bind(&mut self, address: SocketAddr, place: Place) {
        if let Some(before) = self.by_address.insert(address, place)
            && let Some(known) = self.known.get_mut(&before.session)
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
        demux.bind(address(1), first);
        demux.bind(address(1), second);
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
        (1..=3).for_each(|port| demux.bind(address(port), place));
        assert_eq!([1, 2, 3].map(|port| demux.find(address(port)).is_some()), [false, true, true]);
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
