//! Those who listen to one room on this node, and how far they have been told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use domain::{Identity, SessionId, StreamId, UserId};
use tokio::sync::watch;

use crate::buffer::Tail;
use crate::catch_up::is_recovered;
use crate::close::Close;
use crate::frame::{self, Event, Notice, Status};
use crate::outbox::{Batch, Outbox, Outgoing};
use crate::position::{Position, Step};
use crate::rooms::Room;
use crate::rules::{Bucket, Pace};

/// One room's listeners on this node.
#[derive(Debug)]
pub(crate) struct Audience {
    pub(crate) stream: StreamId,
    state: Mutex<State>,
    /// Whether news of this room arrive from Redis.
    is_up: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    listeners: HashMap<u64, Listener>,
    next_seat: u64,
    /// Up to where all listeners have been told; none before the log was first read.
    told: Option<Position>,
    buckets: HashMap<UserId, Bucket>,
    was_empty: bool,
}

/// How things stand in a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// The creator.
    pub(crate) owner: UserId,
    /// Whether messages may be written.
    pub(crate) is_open: bool,
    /// Where the stream stands.
    pub(crate) status: Status,
    /// As last announced.
    pub(crate) viewer_count: Option<u32>,
}

#[derive(Debug)]
struct Listener {
    who: Option<Identity>,
    outbox: Outbox,
    /// Joined without history, so without a position.
    is_blind: bool,
}

/// A connection's place among the listeners; leaves when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) audience: Arc<Audience>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.lock().listeners.remove(&self.number);
    }
}

impl Seat {
    /// The connection joined without history; once the log is readable it has to join anew.
    pub(crate) fn joined_blind(&self) {
        if let Some(listener) = self.audience.lock().listeners.get_mut(&self.number) {
            listener.is_blind = true;
        }
    }
}

/// What became of an event from Redis.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Told to everybody, or known already.
    Told,
    /// Events before it are missing: read the log and give it to [`Audience::catch_up`].
    Gap,
}

impl Audience {
    pub(crate) fn new(stream: StreamId, room: Room) -> Self {
        let standing = Standing { owner: room.owner, is_open: room.is_open, status: room.into(), viewer_count: None };
        let state = State {
            standing,
            listeners: HashMap::new(),
            next_seat: 0,
            told: None,
            buckets: HashMap::new(),
            was_empty: false,
        };
        Self { stream, state: Mutex::new(state), is_up: watch::Sender::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding a room's lock")
    }

    /// From now on events go into `outbox`, before anything of the history was read: nothing falls between.
    pub(crate) fn sit_down(self: &Arc<Self>, who: Option<Identity>, outbox: Outbox) -> Seat {
        let mut state = self.lock();
        let number = state.next_seat;
        state.next_seat += 1;
        state.was_empty = false;
        state.listeners.insert(number, Listener { who, outbox, is_blind: false });
        Seat { audience: self.clone(), number }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().listeners.is_empty()
    }

    pub(crate) fn standing(&self) -> Standing {
        self.lock().standing
    }

    /// Waits until news of this room arrive, at most `patience`; whether they do is the answer.
    pub(crate) async fn is_up_within(&self, patience: Duration) -> bool {
        let mut is_up = self.is_up.subscribe();
        matches!(tokio::time::timeout(patience, is_up.wait_for(|is_up| *is_up)).await, Ok(Ok(_)))
    }

    /// Whether news of this room arrive.
    pub(crate) fn is_up(&self) -> bool {
        *self.is_up.borrow()
    }

    /// News of this room stop arriving; what is missed is read when they are back.
    pub(crate) fn is_down(&self) {
        self.is_up.send_replace(false);
    }

    /// Up to where listeners have been told.
    pub(crate) fn told(&self) -> Option<Position> {
        self.lock().told.clone()
    }

    /// Takes one message out of a user's bucket, or says how long to wait.
    pub(crate) fn take_turn(&self, user: UserId, pace: Pace, now_ms: i64) -> Result<(), Duration> {
        self.lock().buckets.entry(user).or_default().take(pace, now_ms)
    }

    /// An event of the log `epoch` arrives.
    pub(crate) fn hear(&self, epoch: &str, event: Event) -> Heard {
        let mut state = self.lock();
        let here = Position { epoch: epoch.into(), offset: event.offset };
        match state.told.as_ref().map(|told| told.step(epoch, event.offset)) {
            Some(Step::Seen) => return Heard::Told,
            Some(Step::Gap) => return Heard::Gap,
            Some(Step::Elsewhere) => state.close_all(Close::PositionLost),
            Some(Step::Next) | None => {}
        }
        state.told = Some(here);
        state.tell(vec![event]);
        Heard::Told
    }

    /// The log was read from where listeners had been told, and news arrive from here on. What cannot be filled
    /// exactly ends all connections: each comes back with its own position.
    pub(crate) fn catch_up(&self, tail: Tail) {
        let mut state = self.lock();
        if state.told.is_some() {
            if is_recovered(state.told.as_ref(), &tail) {
                state.tell(tail.events);
            } else {
                state.close_all(Close::PositionLost);
            }
        }
        state.told = Some(tail.top);
        state.close_where(Close::PositionLost, |listener| listener.is_blind);
        drop(state);
        self.is_up.send_replace(true);
    }

    /// Tells listeners what is not kept.
    pub(crate) fn announce(&self, notice: &Notice) {
        self.lock().announce(notice);
    }

    /// Tells listeners how many watch, if that has changed.
    pub(crate) fn announce_viewers(&self, viewers: u32) {
        let mut state = self.lock();
        if state.standing.viewer_count != Some(viewers) {
            let notice = Notice { status: state.standing.status, viewer_count: Some(viewers), archive_id: None };
            state.announce(&notice);
        }
    }

    /// What the stream's keeper says now. Announcements come first; this repairs one that was lost.
    pub(crate) fn correct(&self, room: Room) {
        let mut state = self.lock();
        state.standing.owner = room.owner;
        state.standing.is_open = room.is_open;
        let status = Status::from(room);
        if rank(status) > rank(state.standing.status) {
            let notice = Notice { status, viewer_count: state.standing.viewer_count, archive_id: None };
            state.announce(&notice);
        }
    }

    /// Whether nobody was here now and the last time. Also forgets whose bucket is full again.
    pub(crate) fn is_deserted(&self, now_ms: i64) -> bool {
        let mut state = self.lock();
        state.buckets.retain(|_, bucket| !bucket.is_full(now_ms));
        let is_empty = state.listeners.is_empty();
        std::mem::replace(&mut state.was_empty, is_empty) && is_empty
    }

    /// Sends away who joined blind although the log can be read by now.
    pub(crate) fn close_blind(&self) {
        if self.is_up() {
            self.lock().close_where(Close::PositionLost, |listener| listener.is_blind);
        }
    }

    /// Everybody signed in, once each.
    pub(crate) fn people(&self) -> HashMap<SessionId, Identity> {
        let state = self.lock();
        state.listeners.values().filter_map(|listener| listener.who.clone()).map(|who| (who.session, who)).collect()
    }

    /// Ends the connections of a session, or those of nobody we know.
    pub(crate) fn close_session(&self, session: Option<SessionId>, why: Close) {
        let of = |listener: &Listener| listener.who.as_ref().map(|who| who.session) == session;
        self.lock().close_where(why, of);
    }
}

/// How far a stream is in its life.
const fn rank(status: Status) -> u8 {
    match status {
        Status::Starting => 0,
        Status::Live | Status::Reconnecting => 1,
        Status::Ended => 2,
    }
}

impl State {
    fn announce(&mut self, notice: &Notice) {
        self.standing.status = notice.status;
        self.standing.is_open &= notice.status != Status::Ended;
        self.standing.viewer_count = notice.viewer_count.or(self.standing.viewer_count);
        let frame = frame::stream(notice);
        self.send(|| Outgoing::Frame(frame.clone()));
    }

    /// Events to everybody, encoded once.
    fn tell(&mut self, events: Vec<Event>) {
        if let Some(batch) = Batch::new(events) {
            self.send(|| Outgoing::Events(batch.clone()));
        }
    }

    /// One thing to everybody. Whoever's queue is full is cut off and slows nobody else.
    fn send(&mut self, outgoing: impl Fn() -> Outgoing) {
        self.listeners.retain(|_, listener| listener.outbox.push(outgoing()));
    }

    fn close_all(&mut self, why: Close) {
        self.close_where(why, |_| true);
    }

    fn close_where(&mut self, why: Close, is_meant: impl Fn(&Listener) -> bool) {
        self.listeners.retain(|_, listener| {
            let stays = !is_meant(listener);
            if !stays {
                listener.outbox.close(why);
            }
            stays
        });
    }
}
