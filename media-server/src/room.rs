//! One stream: one publisher, many watchers. Datagrams and time in, datagrams and events out; no socket, no clock, no HTTP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use domain::StreamId;
use domain::media::Track;
use media_config::Profile;

use crate::Event;
use crate::fragment::Fragment;
use crate::moment::Moment;
use crate::peer::{Approach, Pulse, flush};
use crate::publication::Publication;
use crate::random::SessionId;
use crate::requests::Requests;
use crate::rtc::{Answered, Datagram, Incoming, Link, NegotiateError, Publisher, State};
use crate::watching::{Watching, Wish};

/// A room looks after silence, reports and unanswered requests this often.
const HOUSEKEEPING: Duration = Duration::from_millis(100);

/// What a room wants done.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// To be sent.
    pub(crate) datagrams: Vec<Datagram>,
    /// To be told.
    pub(crate) events: Vec<Event>,
    /// Connections that are over.
    pub(crate) gone: Vec<SessionId>,
}

/// One stream's connections.
#[derive(Debug)]
pub(crate) struct Room {
    stream: StreamId,
    profile: Arc<Profile>,
    publisher: Option<Publishing>,
    /// Answered, not connected yet: takes over once it is.
    arriving: Option<Publishing>,
    watchers: HashMap<SessionId, Watching>,
    housekeeping_at: Duration,
}

/// A publisher's connection.
#[derive(Debug)]
pub(crate) struct Publishing {
    session: SessionId,
    peer: Publisher,
    publication: Arc<Publication>,
    pulse: Pulse,
    requests: Requests,
    has_begun: bool,
}

impl Publishing {
    /// A publisher that was answered.
    pub(crate) fn new(session: SessionId, peer: Publisher, publication: Arc<Publication>, now: Moment) -> Self {
        let requests = Requests::default();
        Self { session, peer, publication, pulse: Pulse::new(now), requests, has_begun: false }
    }
}

impl Room {
    /// An empty room.
    pub(crate) fn new(stream: StreamId, profile: Arc<Profile>) -> Self {
        Self {
            stream,
            profile,
            publisher: None,
            arriving: None,
            watchers: HashMap::new(),
            housekeeping_at: Duration::ZERO,
        }
    }

    /// Takes in a publisher. It takes over from the present one as soon as it is connected.
    pub(crate) fn admit_publisher(&mut self, publishing: Publishing, out: &mut Out) {
        if let Some(mut before) = self.arriving.replace(publishing) {
            say_goodbye(before.session, &mut before.peer.link, out);
        }
    }

    /// Takes in a watcher, and has a keyframe ready for when it is connected.
    pub(crate) fn admit_watcher(&mut self, session: SessionId, watching: Watching, now: Moment, out: &mut Out) {
        self.watchers.insert(session, watching);
        if let Some(publisher) = &mut self.publisher {
            // A keyframe that will still be young enough after the handshake need not be asked for.
            let enough = self.profile.keyframes.cached_max_age / 2;
            if publisher.requests.age(now.elapsed).is_none_or(|age| age > enough) {
                publisher.requests.want();
            }
            publisher.ask(&self.profile, now, out);
        }
    }

    /// The connected publisher's media.
    pub(crate) fn publication(&self) -> Option<&Arc<Publication>> {
        self.publisher.as_ref().map(|publisher| &publisher.publication)
    }

    /// How many watchers are connected.
    pub(crate) fn watching(&self) -> u32 {
        let connected = |watching: &&Watching| watching.peer.link.state() == State::Connected;
        self.watchers.values().filter(connected).count() as u32
    }

    /// How many there are, connected or not.
    pub(crate) fn watchers(&self) -> usize {
        self.watchers.len()
    }

    /// The watchers that are not connected yet.
    pub(crate) fn approaching(&self, now: Moment) -> impl Iterator<Item = (SessionId, Approach)> {
        let is_approaching = |watching: &Watching| watching.peer.link.state() == State::Connecting;
        let approaching = self.watchers.iter().filter(move |(_, watching)| is_approaching(watching));
        approaching.map(move |(session, watching)| (*session, watching.pulse.approach(now)))
    }

    /// Nobody is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.publisher.is_none() && self.arriving.is_none() && self.watchers.is_empty()
    }

    /// The connection of a session.
    pub(crate) fn link(&mut self, session: SessionId) -> Option<&mut Link> {
        let publishers = self.publisher.iter_mut().chain(&mut self.arriving);
        let publisher = publishers.into_iter().find(|publisher| publisher.session == session);
        if let Some(publisher) = publisher {
            return Some(&mut publisher.peer.link);
        }
        self.watchers.get_mut(&session).map(|watching| &mut watching.peer.link)
    }

    /// Takes a datagram of one of its connections.
    pub(crate) fn receive(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        from: SocketAddr,
        now: Moment,
        out: &mut Out,
    ) {
        if let Some(watching) = self.watchers.get_mut(&session) {
            watching.pulse.receive(&mut watching.peer.link, datagram, from, now);
            let wish = serve(watching, self.publisher.as_ref().map(|publisher| &*publisher.publication), now, out);
            self.fulfil(wish, now, out);
        } else if let Some(publisher) = self.arriving.as_mut().filter(|publisher| publisher.session == session) {
            publisher.pulse.receive(&mut publisher.peer.link, datagram, from, now);
            self.take_over(now, out);
        } else if let Some(publisher) = self.publisher.as_mut().filter(|publisher| publisher.session == session) {
            publisher.pulse.receive(&mut publisher.peer.link, datagram, from, now);
            self.take_in(now, out);
        }
        self.sweep(session, now, out);
    }

    /// The arriving publisher becomes the publisher, if it is connected.
    fn take_over(&mut self, now: Moment, out: &mut Out) {
        let is_connected =
            self.arriving.as_ref().is_some_and(|publisher| publisher.peer.link.state() == State::Connected);
        if is_connected {
            self.dismiss(false, out);
            self.publisher = self.arriving.take();
            out.events.push(Event::PublisherConnected { stream: self.stream });
            self.drop_misfits(out);
            self.take_in(now, out);
        } else if let Some(publisher) = &mut self.arriving {
            flush(&mut publisher.peer.link, &mut out.datagrams);
        }
    }

    /// Watchers who agreed on another codec have to come again.
    fn drop_misfits(&mut self, out: &mut Out) {
        let Some(publisher) = &self.publisher else { return };
        let publication = &publisher.publication;
        self.watchers.retain(|session, watching| {
            let fits = watching.can_play(publication);
            if !fits {
                say_goodbye(*session, &mut watching.peer.link, out);
            }
            fits
        });
    }

    /// Takes what the publisher's connection brought into the histories, and passes it on.
    fn take_in(&mut self, now: Moment, out: &mut Out) {
        let Some(publisher) = &mut self.publisher else { return };
        let has_news = publisher.take_in(self.stream, &self.profile, now, out);
        flush(&mut publisher.peer.link, &mut out.datagrams);
        if has_news {
            self.pass_on(now, out);
        }
    }

    fn pass_on(&mut self, now: Moment, out: &mut Out) {
        let Some(publisher) = &self.publisher else { return };
        let mut wanted = Wish::Nothing;
        for watching in self.watchers.values_mut() {
            if watching.pump(&publisher.publication, now) == Wish::Keyframe {
                wanted = Wish::Keyframe;
            }
            flush(&mut watching.peer.link, &mut out.datagrams);
        }
        self.fulfil(wanted, now, out);
    }

    fn fulfil(&mut self, wish: Wish, now: Moment, out: &mut Out) {
        let Some(publisher) = &mut self.publisher else { return };
        if wish == Wish::Keyframe {
            publisher.requests.want();
            publisher.ask(&self.profile, now, out);
        }
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, now: Moment, out: &mut Out) {
        for publisher in self.publisher.iter_mut().chain(&mut self.arriving) {
            publisher.pulse.tick(&mut publisher.peer.link, now);
        }
        self.take_over(now, out);
        self.take_in(now, out);
        let keeps_house = now.elapsed >= self.housekeeping_at;
        let publication = self.publisher.as_ref().map(|publisher| Arc::clone(&publisher.publication));
        let mut wanted = Wish::Nothing;
        for watching in self.watchers.values_mut() {
            watching.pulse.tick(&mut watching.peer.link, now);
            if serve(watching, publication.as_deref(), now, out) == Wish::Keyframe {
                wanted = Wish::Keyframe;
            }
        }
        self.fulfil(wanted, now, out);
        if keeps_house {
            self.housekeeping_at = now.elapsed + HOUSEKEEPING;
            self.keep_house(now, out);
        }
    }

    fn keep_house(&mut self, now: Moment, out: &mut Out) {
        if let Some(publisher) = &mut self.publisher {
            let numbers = &self.profile.keyframes;
            let publication = &publisher.publication;
            let age = publisher.requests.age(now.elapsed);
            let is_recorded = publication.taps().load(Ordering::Relaxed) > 0;
            let is_due = is_recorded && age.is_some_and(|age| age >= numbers.recorded_every);
            if is_due || publication.take_keyframe_wanted() {
                publisher.requests.want();
            }
            publisher.ask(&self.profile, now, out);
            for watching in self.watchers.values_mut() {
                watching.report(&publisher.publication, now);
                flush(&mut watching.peer.link, &mut out.datagrams);
            }
        }
        let sessions: Vec<SessionId> = self.sessions().collect();
        for session in sessions {
            self.sweep(session, now, out);
        }
    }

    /// Every connection here.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        let publishers = self.publisher.iter().chain(&self.arriving).map(|publisher| publisher.session);
        publishers.chain(self.watchers.keys().copied())
    }

    /// Lets a connection go if it is over.
    fn sweep(&mut self, session: SessionId, now: Moment, out: &mut Out) {
        let limits = &self.profile.liveness;
        let (connect, publisher, watcher) = (limits.connect_within, limits.publisher_silence, limits.watcher_silence);
        let gone = |publishing: &&Publishing| {
            publishing.session == session && publishing.pulse.is_over(&publishing.peer.link, now, connect, publisher)
        };
        if self.publisher.as_ref().filter(gone).is_some() {
            self.dismiss(false, out);
        } else if self.arriving.as_ref().filter(gone).is_some() {
            let arriving = self.arriving.take();
            arriving.into_iter().for_each(|mut gone| say_goodbye(session, &mut gone.peer.link, out));
        } else if let Some(watching) = self.watchers.get_mut(&session)
            && watching.pulse.is_over(&watching.peer.link, now, connect, watcher)
        {
            say_goodbye(session, &mut watching.peer.link, out);
            self.watchers.remove(&session);
        }
    }

    /// Ends the publisher's connection.
    fn dismiss(&mut self, deliberate: bool, out: &mut Out) {
        let Some(mut publisher) = self.publisher.take() else { return };
        publisher.publication.finish();
        say_goodbye(publisher.session, &mut publisher.peer.link, out);
        out.events.push(Event::PublisherLeft { stream: self.stream, deliberate });
    }

    /// Ends one connection on its own wish.
    pub(crate) fn remove(&mut self, session: SessionId, out: &mut Out) {
        if self.publisher.as_ref().is_some_and(|publisher| publisher.session == session) {
            self.dismiss(true, out);
        } else if let Some(mut arriving) = self.arriving.take_if(|publisher| publisher.session == session) {
            say_goodbye(session, &mut arriving.peer.link, out);
        } else if let Some(mut watching) = self.watchers.remove(&session) {
            say_goodbye(session, &mut watching.peer.link, out);
        }
    }

    /// Ends all watchers' connections.
    pub(crate) fn dismiss_watchers(&mut self, out: &mut Out) {
        for (session, mut watching) in self.watchers.drain() {
            say_goodbye(session, &mut watching.peer.link, out);
        }
    }

    /// Ends all connections.
    pub(crate) fn close(&mut self, out: &mut Out) {
        let sessions: Vec<SessionId> = self.sessions().collect();
        self.dismiss(false, out);
        for session in sessions {
            self.remove(session, out);
        }
    }

    /// Gives a connection new ICE credentials.
    pub(crate) fn restart(
        &mut self,
        session: SessionId,
        fragment: &Fragment,
        now: Moment,
    ) -> Option<Result<Answered, NegotiateError>> {
        self.link(session).map(|link| link.restart(fragment, now.instant))
    }

    /// When [`Self::tick`] is wanted.
    pub(crate) fn deadline(&self, now: Moment) -> Instant {
        let at = |elapsed: Duration| now.instant + elapsed.saturating_sub(now.elapsed);
        let publishers = self.publisher.iter().chain(&self.arriving).filter_map(|publisher| publisher.pulse.wake_at);
        let watchers = self.watchers.values();
        let wakes = watchers.clone().filter_map(|watching| watching.pulse.wake_at);
        let bursts = watchers.filter_map(|watching| watching.catches_up_at(now)).map(at);
        publishers.chain(wakes).chain(bursts).fold(at(self.housekeeping_at), Instant::min)
    }
}

impl Publishing {
    /// Moves what came in into the histories; whether there is anything to pass on.
    fn take_in(&mut self, stream: StreamId, profile: &Profile, now: Moment, out: &mut Out) -> bool {
        let mut has_news = false;
        while let Some(incoming) = self.peer.next() {
            match incoming {
                Incoming::Clock { track, ntp, timestamp } => {
                    self.publication.note_clock(track, ntp, timestamp, now.elapsed);
                }
                Incoming::Packet(track, arrival) => {
                    let Some(pushed) = self.publication.push(track, arrival, now.elapsed) else { continue };
                    has_news = true;
                    if pushed.starts_keyframe {
                        self.requests.arrived(now.elapsed);
                    }
                    // Where there is no picture, the first sound is the beginning.
                    let begins = pushed.starts_keyframe || self.publication.codec(Track::Video).is_none();
                    if begins && !self.has_begun {
                        self.has_begun = true;
                        out.events.push(Event::KeyframeArrived { stream });
                    }
                    if !self.has_begun && track == Track::Video {
                        self.requests.want();
                    }
                }
            }
        }
        self.ask(profile, now, out);
        has_news
    }

    /// Asks for a keyframe if one is wanted and it is time.
    fn ask(&mut self, profile: &Profile, now: Moment, out: &mut Out) {
        let is_due = self.requests.is_due(now.elapsed, profile.keyframes.request_every);
        if is_due && self.peer.request_keyframe(now.instant) {
            self.requests.asked(now.elapsed);
            flush(&mut self.peer.link, &mut out.datagrams);
        }
    }
}

/// Heeds and pumps a watcher.
fn serve(watching: &mut Watching, publication: Option<&Publication>, now: Moment, out: &mut Out) -> Wish {
    let heeded = watching.heed(publication, now);
    let pumped = publication.map_or(Wish::Nothing, |publication| watching.pump(publication, now));
    flush(&mut watching.peer.link, &mut out.datagrams);
    if heeded == Wish::Keyframe { heeded } else { pumped }
}

fn say_goodbye(session: SessionId, link: &mut Link, out: &mut Out) {
    link.close();
    flush(link, &mut out.datagrams);
    out.gone.push(session);
}
