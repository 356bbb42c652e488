//! What waits to be sent to one connection: a bounded queue, and the task that empties it into the socket.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::close::Close;
use crate::frame::{self, Event};

/// Events that go to everybody, encoded once.
#[derive(Debug)]
pub(crate) struct Batch {
    events: Vec<Event>,
    frame: Utf8Bytes,
}

impl Batch {
    /// One or more events in the order of their offsets; none is no batch.
    pub(crate) fn new(events: Vec<Event>) -> Option<Arc<Self>> {
        let frame = (!events.is_empty()).then(|| frame::events(&events))?;
        Some(Arc::new(Self { events, frame }))
    }

    /// The frame for somebody who knows everything up to `offset`; none if that is all of it.
    fn frame_after(&self, offset: u64) -> Option<Utf8Bytes> {
        let known = self.events.partition_point(|event| event.offset <= offset);
        match known {
            0 => Some(self.frame.clone()),
            all if all == self.events.len() => None,
            some => Some(frame::events(&self.events[some..])),
        }
    }
}

/// One thing to send.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Events of the log.
    Events(Arc<Batch>),
    /// Any other frame.
    Frame(Utf8Bytes),
    /// Are you there?
    Ping,
}

/// The sending end, shared by the room and the connection's reader.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    exit: Arc<Exit>,
}

/// The receiving end, held by the connection.
#[derive(Debug)]
pub(crate) struct Inbox {
    queue: mpsc::Receiver<Outgoing>,
    exit: Arc<Exit>,
}

/// Tells the writer, once, that the connection ends.
#[derive(Debug, Default)]
struct Exit {
    why: OnceLock<Close>,
    told: Notify,
}

/// A queue for at most `frames` frames.
pub(crate) fn outbox(frames: usize) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(frames.max(1));
    let exit = Arc::new(Exit::default());
    (Outbox { queue: sender, exit: exit.clone() }, Inbox { queue: receiver, exit })
}

impl Outbox {
    /// Queues it. A full queue ends the connection instead; whether it stays is the answer.
    pub(crate) fn push(&self, outgoing: Outgoing) -> bool {
        let queued = self.queue.try_send(outgoing).is_ok();
        if !queued {
            self.close(Close::Slow);
        }
        queued
    }

    /// Ends the connection; what is still queued is dropped. The first reason counts.
    pub(crate) fn close(&self, why: Close) {
        if self.exit.why.set(why).is_ok() {
            self.exit.told.notify_one();
        }
    }
}

impl Inbox {
    /// Why the connection ends, as soon as it does. Waiting again gives the same answer.
    pub(crate) async fn closed(&self, stop: &CancellationToken) -> Close {
        if let Some(why) = self.exit.why.get() {
            return *why;
        }
        tokio::select! {
            () = self.exit.told.notified() => *self.exit.why.get().expect("it is set before anybody is told"),
            () = stop.cancelled() => Close::Shutdown,
        }
    }

    /// Sends what is queued until the connection ends, beginning after `offset`. Gives the socket back.
    pub(crate) async fn empty_into(mut self, mut socket: Sink, offset: u64, stop: CancellationToken) -> (Sink, Close) {
        let mut taken = Vec::with_capacity(MOST_AT_ONCE);
        loop {
            let queue = &mut self.queue;
            let exit = &self.exit;
            let sending = async {
                queue.recv_many(&mut taken, MOST_AT_ONCE).await;
                send(&mut socket, taken.drain(..), offset).await
            };
            let why = tokio::select! {
                biased;
                () = exit.told.notified() => *exit.why.get().expect("it is set before anybody is told"),
                () = stop.cancelled() => Close::Shutdown,
                sent = sending => match sent {
                    Ok(()) => continue,
                    Err(_) => Close::Gone,
                },
            };
            if matches!(why, Close::BadRequest(_) | Close::TooMany) {
                self.explain(&mut socket, offset).await;
            }
            return (socket, why);
        }
    }

    /// Sends what is left, because it says what the client did wrong.
    async fn explain(&mut self, socket: &mut Sink, offset: u64) {
        let rest = std::iter::from_fn(|| self.queue.try_recv().ok());
        // A client that does not take it is not told.
        let _ = tokio::time::timeout(EXPLAIN_PATIENCE, send(socket, rest, offset)).await;
    }
}

/// How long a client has to take the last frames before the close frame.
const EXPLAIN_PATIENCE: Duration = Duration::from_secs(1);
/// The writing half of a connection.
pub(crate) type Sink = SplitSink<WebSocket, Message>;

/// Frames put into the socket's buffer before it is flushed: one system call then carries them all.
const MOST_AT_ONCE: usize = 16;

async fn send(socket: &mut Sink, taken: impl Iterator<Item = Outgoing>, offset: u64) -> Result<(), axum::Error> {
    for outgoing in taken {
        let message = match outgoing {
            Outgoing::Events(batch) => match batch.frame_after(offset) {
                Some(frame) => Message::Text(frame),
                None => continue,
            },
            Outgoing::Frame(frame) => Message::Text(frame),
            Outgoing::Ping => Message::Ping(axum::body::Bytes::new()),
        };
        socket.feed(message).await?;
    }
    socket.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(offset: u64) -> Event {
        Event::new(offset, 1, r#"{"kind":"message"}"#).expect("an object")
    }

    #[test]
    fn a_batch_is_cut_to_what_is_not_known_yet() {
        let batch = Batch::new(vec![event(4), event(5), event(6)]).expect("it has events");
        assert_eq!(batch.frame_after(3), Some(batch.frame.clone()));
        assert_eq!(batch.frame_after(5), Some(frame::events(&[event(6)])));
        assert_eq!(batch.frame_after(6), None);
        assert!(Batch::new(Vec::new()).is_none());
    }

    #[test]
    fn a_full_queue_ends_the_connection_as_slow_and_the_first_reason_counts() {
        let (outbox, inbox) = outbox(1);
        assert!(outbox.push(Outgoing::Ping));
        assert!(!outbox.push(Outgoing::Ping));
        outbox.close(Close::Shutdown);
        assert_eq!(inbox.exit.why.get(), Some(&Close::Slow));
    }
}
