//! Who listens to what on this node: one audience per room, and which rooms Redis has to tell us about.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use domain::{Identity, StreamId};
use tokio::sync::Notify;

use crate::audience::{Audience, Seat};
use crate::outbox::Outbox;
use crate::rooms::Room;

/// The rooms that have, or just had, listeners on this node.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    rooms: Mutex<HashMap<StreamId, Arc<Audience>>>,
    changed: Mutex<HashSet<StreamId>>,
    wake: Notify,
}

impl Hub {
    /// Gives a connection its place; the first one opens the room.
    pub(crate) fn enter(&self, stream: StreamId, room: Room, who: Option<Identity>, outbox: Outbox) -> Seat {
        let mut rooms = self.lock();
        let is_new = !rooms.contains_key(&stream);
        let audience = rooms.entry(stream).or_insert_with(|| Arc::new(Audience::new(stream, room)));
        let seat = audience.sit_down(who, outbox);
        drop(rooms);
        if is_new {
            self.change(stream);
        }
        seat
    }

    /// A room's audience on this node.
    pub(crate) fn audience(&self, stream: StreamId) -> Option<Arc<Audience>> {
        self.lock().get(&stream).cloned()
    }

    /// All audiences.
    pub(crate) fn audiences(&self) -> Vec<Arc<Audience>> {
        self.lock().values().cloned().collect()
    }

    /// Closes rooms that nobody has been in for a whole round. Not at once, so that a page that reloads finds its
    /// room open, and the pace of whoever spoke there is not forgotten.
    pub(crate) fn close_deserted(&self, now_ms: i64) {
        let mut closed = Vec::new();
        self.lock().retain(|stream, audience| {
            let stays = !audience.is_deserted(now_ms);
            if !stays {
                closed.push(*stream);
            }
            stays
        });
        for stream in closed {
            self.change(stream);
        }
    }

    /// Waits for rooms that were opened or closed, and names them.
    pub(crate) async fn changes(&self) -> HashSet<StreamId> {
        self.wake.notified().await;
        std::mem::take(&mut *self.changed.lock().expect("nobody panics while holding this lock"))
    }

    fn change(&self, stream: StreamId) {
        self.changed.lock().expect("nobody panics while holding this lock").insert(stream);
        self.wake.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<StreamId, Arc<Audience>>> {
        self.rooms.lock().expect("nobody panics while holding the hub's lock")
    }
}
