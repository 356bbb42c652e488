//! All rooms behind one socket: gives each datagram to its connection and each wish to its room. No socket, no clock.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use domain::StreamId;
use domain::media::Codec;
use media_config::Profile;
use tokio::sync::oneshot;

use crate::admission::{Admission, AdmitError, Verdict, one_more};
use crate::demux::{Demux, Place};
use crate::directory::{Directory, Listing};
use crate::fragment::Fragment;
use crate::moment::Moment;
use crate::publication::Publication;
use crate::random::SessionId;
use crate::room::{Out, Publishing, Room};
use crate::rtc::{Answered, NegotiateError, Publisher, Watcher};
use crate::stun;
use crate::watching::Watching;

/// A wish from outside.
#[derive(Debug)]
pub(crate) enum Command {
    /// Take in a publisher that was answered.
    Publish(Box<Publisher>, Admission),
    /// Take in a watcher that was answered.
    Watch {
        /// The connection.
        peer: Box<Watcher>,
        /// What goes with it.
        admission: Admission,
        /// How many rechecks there had been when the gate let it in.
        asked_at: u64,
    },
    /// Restart a session's ICE; no reply if it is gone.
    Restart(SessionId, Fragment, oneshot::Sender<Result<Answered, NegotiateError>>),
    /// End a session.
    Remove(SessionId, oneshot::Sender<()>),
}

/// All rooms of one socket.
#[derive(Debug)]
pub(crate) struct Shard {
    start: Instant,
    profile: Arc<Profile>,
    directory: Arc<Directory>,
    rooms: HashMap<StreamId, Room>,
    demux: Demux,
    publications: u64,
    out: Out,
}

impl Shard {
    /// An empty shard whose time begins at `start`.
    pub(crate) fn new(start: Instant, profile: Arc<Profile>, directory: Arc<Directory>) -> Self {
        let demux = Demux::new(profile.limits.addresses_per_connection);
        Self { start, profile, directory, rooms: HashMap::new(), demux, publications: 0, out: Out::default() }
    }

    /// Takes a datagram.
    pub(crate) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        let now = Moment::of(self.start, now);
        let Some(place) = self.place(datagram, from, now) else { return };
        let Some(room) = self.rooms.get_mut(&place.stream) else { return };
        self.demux.heard(from, now.elapsed);
        room.receive(place.session, datagram, from, now, &mut self.out);
        self.settle(place.stream);
    }

    /// Whose datagram it is. A check introduces its source to the connection it names, unless another one lives there.
    fn place(&mut self, datagram: &[u8], from: SocketAddr, now: Moment) -> Option<Place> {
        let known = self.demux.find(from);
        let Some(ufrag) = stun::addressee(datagram) else {
            return known.filter(|_| stun::kind(datagram) != stun::Kind::Unknown);
        };
        let place = self.demux.addressee(ufrag)?;
        if known == Some(place) {
            return known;
        }
        if !self.demux.may_bind(from, place, now.elapsed) {
            return None;
        }
        let link = self.rooms.get_mut(&place.stream)?.link(place.session)?;
        if !link.is_genuine(datagram) {
            return None;
        }
        self.demux.bind(from, place, now.elapsed);
        Some(place)
    }

    /// Carries out a wish.
    pub(crate) fn command(&mut self, command: Command, now: Instant) {
        let now = Moment::of(self.start, now);
        match command {
            Command::Publish(peer, admission) => self.publish(*peer, admission, now),
            Command::Watch { peer, admission, asked_at } => self.watch(*peer, admission, asked_at, now),
            Command::Restart(session, fragment, reply) => {
                if let Some(outcome) = self.restart(session, &fragment, now) {
                    // Whoever asked may have gone away.
                    let _ = reply.send(outcome);
                }
            }
            Command::Remove(session, reply) => {
                if let Some(ticket) = self.directory.ticket(session)
                    && let Some(room) = self.rooms.get_mut(&ticket.stream)
                {
                    room.remove(session, &mut self.out);
                    self.settle(ticket.stream);
                }
                let _ = reply.send(());
            }
        }
    }

    fn publish(&mut self, peer: Publisher, admission: Admission, now: Moment) {
        let Admission { session, ticket, negotiation, reply } = admission;
        let stream = ticket.stream;
        let verdict = self.may_admit(stream);
        if verdict.is_ok() {
            self.publications += 1;
            let codec = |choice: &Option<crate::sdp::Choice>| choice.as_ref().map(|choice| choice.codec);
            let codecs: [Option<Codec>; 2] = [codec(&negotiation.video), codec(&negotiation.audio)];
            let publication = Arc::new(Publication::new(self.publications, codecs, &self.profile.history));
            self.demux.expect(peer.link.ufrag(), Place { stream, session });
            self.directory.admit(session, ticket);
            let publishing = Publishing::new(session, peer, publication, now);
            self.room(stream).admit_publisher(publishing);
        }
        self.confirm(stream, session, verdict, reply);
    }

    fn watch(&mut self, peer: Watcher, admission: Admission, asked_at: u64, now: Moment) {
        let Admission { session, ticket, negotiation, reply } = admission;
        let stream = ticket.stream;
        let watching = Watching::new(peer, &negotiation, Arc::clone(&self.profile), now);
        let publication = self.rooms.get(&stream).and_then(Room::publication);
        let is_playable = publication.is_some_and(|publication| watching.can_play(publication));
        let verdict = if self.directory.is_closed(stream) {
            Err(AdmitError::Closed)
        } else if !is_playable {
            Err(AdmitError::NotPublishing)
        } else if self.directory.is_outdated(stream, asked_at) {
            Err(AdmitError::Outdated)
        } else {
            self.make_room(now)
        };
        if verdict.is_ok() {
            self.demux.expect(watching.peer.link.ufrag(), Place { stream, session });
            self.directory.admit(session, ticket);
            self.room(stream).admit_watcher(session, watching, now);
        }
        self.confirm(stream, session, verdict, reply);
    }

    /// Says whether it is in. If nobody listens any more, the client never learns of its session: it is let go.
    fn confirm(
        &mut self,
        stream: StreamId,
        session: SessionId,
        verdict: Result<(), AdmitError>,
        reply: oneshot::Sender<Result<(), AdmitError>>,
    ) {
        if reply.send(verdict).is_err() && verdict.is_ok() {
            self.room(stream).remove(session);
        }
        self.settle(stream);
    }

    fn may_admit(&self, stream: StreamId) -> Result<(), AdmitError> {
        if self.directory.is_closed(stream) {
            return Err(AdmitError::Closed);
        }
        if self.demux.len() >= self.profile.limits.connections {
            return Err(AdmitError::Full);
        }
        Ok(())
    }

    /// Sees to it that one more watcher has a place, if need be that of one who seems not to come.
    fn make_room(&mut self, now: Moment) -> Result<(), AdmitError> {
        let watchers = self.rooms.values().map(Room::watchers).sum();
        let approaching = |(stream, room): (&StreamId, &Room)| {
            let stream = *stream;
            let place = move |(session, approach)| (Place { stream, session }, approach);
            room.approaching(now).map(place).collect::<Vec<_>>()
        };
        let approaching: Vec<_> = self.rooms.iter().flat_map(approaching).collect();
        match one_more(&self.profile.limits, watchers, &approaching) {
            Verdict::Full => return Err(AdmitError::Full),
            Verdict::InPlaceOf(place) => {
                self.room(place.stream).remove(place.session);
                self.settle(place.stream);
            }
            Verdict::Take => {}
        }
        if self.demux.len() >= self.profile.limits.connections { Err(AdmitError::Full) } else { Ok(()) }
    }

    /// The room of a stream, made if there is none yet, with where to put what it wants done.
    fn room(&mut self, stream: StreamId) -> Opened<'_> {
        let new = || Room::new(stream, Arc::clone(&self.profile));
        Opened { room: self.rooms.entry(stream).or_insert_with(new), out: &mut self.out }
    }

    fn restart(
        &mut self,
        session: SessionId,
        fragment: &Fragment,
        now: Moment,
    ) -> Option<Result<Answered, NegotiateError>> {
        let stream = self.directory.ticket(session)?.stream;
        let outcome = self.rooms.get_mut(&stream)?.restart(session, fragment, now)?;
        if let Ok(answered) = &outcome {
            self.demux.expect(&answered.credentials.ufrag, Place { stream, session });
            self.directory.retag(session, &answered.credentials.ufrag);
        }
        Some(outcome)
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, now: Instant) {
        let now = Moment::of(self.start, now);
        let due = |(stream, room): (&StreamId, &Room)| (room.deadline(now) <= now.instant).then_some(*stream);
        let due: Vec<StreamId> = self.rooms.iter().filter_map(due).collect();
        for stream in due {
            self.room(stream).tick(now);
            self.settle(stream);
            self.list(stream);
        }
    }

    /// When [`Self::tick`] is wanted.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let now = Moment::of(self.start, now);
        self.rooms.values().map(|room| room.deadline(now)).min()
    }

    /// Closes rooms.
    pub(crate) fn close(&mut self, streams: HashSet<StreamId>) {
        for stream in streams {
            if let Some(room) = self.rooms.get_mut(&stream) {
                room.close(&mut self.out);
                self.settle(stream);
            }
        }
    }

    /// Lets the watchers of rooms go, so that they ask again whether they may watch.
    pub(crate) fn recheck(&mut self, streams: HashSet<StreamId>) {
        for stream in streams {
            if let Some(room) = self.rooms.get_mut(&stream) {
                room.dismiss_watchers(&mut self.out);
                self.settle(stream);
            }
        }
    }

    /// Closes all rooms.
    pub(crate) fn close_all(&mut self) {
        self.close(self.rooms.keys().copied().collect());
    }

    /// What is to be done outside.
    pub(crate) fn out(&mut self) -> &mut Out {
        &mut self.out
    }

    /// Forgets who went, and tells the directory when something of note happened.
    fn settle(&mut self, stream: StreamId) {
        if self.out.gone.is_empty() && self.out.events.is_empty() {
            return;
        }
        for session in self.out.gone.drain(..) {
            self.demux.forget(session);
            self.directory.forget(session);
        }
        self.list(stream);
    }

    fn list(&mut self, stream: StreamId) {
        let listing = self
            .rooms
            .get(&stream)
            .filter(|room| !room.is_empty())
            .map(|room| Listing { publication: room.publication().cloned(), watchers: room.watching() });
        if listing.is_none() {
            self.rooms.remove(&stream);
        }
        self.directory.list(stream, listing);
    }
}

/// A room and where to put what it wants done.
struct Opened<'a> {
    room: &'a mut Room,
    out: &'a mut Out,
}

impl Opened<'_> {
    fn admit_publisher(self, publishing: Publishing) {
        self.room.admit_publisher(publishing, self.out);
    }

    fn admit_watcher(self, session: SessionId, watching: Watching, now: Moment) {
        self.room.admit_watcher(session, watching, now, self.out);
    }

    fn remove(self, session: SessionId) {
        self.room.remove(session, self.out);
    }

    fn tick(self, now: Moment) {
        self.room.tick(now, self.out);
    }
}
