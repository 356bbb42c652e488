//! Who hears of what happens to a stream.

use std::time::Duration;

use chat::{Chat, Notice, Status};
use domain::event::StreamEvent;
use domain::{Fault as _, Kind, NodeId, StreamId};
use futures_util::StreamExt as _;
use futures_util::future::{self, BoxFuture};
use media_server::{Event, MediaServer};
use store::redis::Redis;
use stream_manager::{StepError, StreamManager};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::recording::Recorder;
use super::{Ground, Rooms};

/// How long to wait before news that could not be kept are tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How often news that we cannot keep by our own mistake are tried again.
const TRIES_MORE: u32 = 5;
/// How long news may take once the process is stopping.
const LAST_TRY: Duration = Duration::from_secs(3);

/// From publishers to the stream-manager and the recorder, until the media server stops. While the database is
/// away, news wait; they are few. Once the process is stopping they do not wait any more.
pub(crate) async fn relay(
    mut events: mpsc::Receiver<Event>,
    streams: StreamManager,
    recorder: Recorder,
    node: NodeId,
    stop: CancellationToken,
) {
    let told = async {
        while let Some(event) = events.recv().await {
            if let Event::PublisherConnected { stream } = event {
                recorder.record(stream);
            }
            deliver(|| keep(&streams, node, event), &stop).await;
        }
    };
    let out_of_time = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_TRY).await;
    };
    tokio::select! {
        () = told => {}
        () = out_of_time => warn!("the last news of publishers could not be kept"),
    }
}

/// Tries until it is done, or makes no sense, or the process is stopping.
async fn deliver<'a>(keep: impl Fn() -> BoxFuture<'a, Result<(), StepError>>, stop: &CancellationToken) {
    let mut tries_left = TRIES_MORE;
    while let Err(error) = keep().await {
        warn!("the news of a publisher cannot be kept: {error}");
        match error.kind() {
            Kind::NotFound | Kind::Conflict => return,
            Kind::Unavailable => {}
            _ if tries_left == 0 => return,
            _ => tries_left -= 1,
        }
        if stop.run_until_cancelled(tokio::time::sleep(TRY_AGAIN_AFTER)).await.is_none() {
            return;
        }
    }
}

fn keep(streams: &StreamManager, node: NodeId, event: Event) -> BoxFuture<'_, Result<(), StepError>> {
    match event {
        Event::PublisherConnected { .. } => Box::pin(future::ready(Ok(()))),
        Event::KeyframeArrived { stream } => Box::pin(streams.went_live(stream, node)),
        Event::PublisherLeft { stream, deliberate } => Box::pin(streams.publisher_left(stream, node, deliberate)),
    }
}

/// How long to wait before a lost subscription is made anew.
const RESUBSCRIBE_AFTER: Duration = Duration::from_millis(500);
/// How often the number of viewers is told to those in the chat.
const COUNT_EVERY: Duration = Duration::from_secs(2);

/// Follows the news of all nodes, until stopped: closes media, finishes recordings, tells the chat.
pub(crate) fn follow(ground: &Ground, rooms: &Rooms) -> impl Future<Output = ()> + Send + 'static {
    let follower = Follower {
        node: ground.node,
        redis: ground.redis.clone(),
        streams: rooms.streams.clone(),
        archives: rooms.archives.clone(),
        media: rooms.media.clone(),
        chat: rooms.chat.clone(),
        stop: ground.stop.clone(),
    };
    async move {
        tokio::join!(follower.follow(), follower.count());
    }
}

struct Follower {
    node: NodeId,
    redis: Redis,
    streams: StreamManager,
    archives: archive::Archives,
    media: Option<MediaServer>,
    chat: Option<Chat>,
    stop: CancellationToken,
}

impl Follower {
    async fn follow(&self) {
        while !self.stop.is_cancelled() {
            if let Err(error) = self.until_broken().await {
                debug!("the news of streams does not arrive: {error}");
            }
            let _ = self.stop.run_until_cancelled(tokio::time::sleep(RESUBSCRIBE_AFTER)).await;
        }
    }

    async fn until_broken(&self) -> anyhow::Result<()> {
        let mut subscriber = self.redis.subscriber().await?;
        subscriber.subscribe(self.redis.stream_events_channel()).await?;
        let mut messages = subscriber.on_message();
        while let Some(Some(message)) = self.stop.run_until_cancelled(messages.next()).await {
            match serde_json::from_slice::<StreamEvent>(message.get_payload_bytes()) {
                Ok(event) => self.act(&event),
                Err(error) => warn!("news of a stream cannot be read: {error}"),
            }
        }
        Ok(())
    }

    fn act(&self, event: &StreamEvent) {
        let stream = event.stream();
        match event {
            StreamEvent::WentLive { .. } => self.tell(stream, Status::Live),
            StreamEvent::PublisherLeft { .. } => self.tell(stream, Status::Reconnecting),
            StreamEvent::VisibilityChanged { .. } => {
                if let Some(media) = &self.media {
                    media.recheck(stream);
                }
            }
            StreamEvent::Moved { node, .. } if *node == self.node => {}
            StreamEvent::Moved { .. } => {
                if let Some(media) = &self.media {
                    // It is over here, not everywhere: the door stays open to a publisher that returns.
                    media.close(stream);
                    media.open(stream);
                }
            }
            StreamEvent::Ended { .. } => {
                if let Some(media) = &self.media {
                    media.close(stream);
                    self.archives.finish(stream);
                }
                self.tell(stream, Status::Ended);
            }
        }
    }

    fn tell(&self, stream: StreamId, status: Status) {
        if let Some(chat) = &self.chat {
            chat.announce(stream, Notice { status, viewer_count: None, archive_id: None });
        }
    }

    /// Tells everybody in the rooms of this node how many watch, until stopped.
    async fn count(&self) {
        let Some(chat) = &self.chat else { return };
        let mut every = tokio::time::interval(COUNT_EVERY);
        while self.stop.run_until_cancelled(every.tick()).await.is_some() {
            let rooms = chat.rooms_open();
            if rooms.is_empty() {
                continue;
            }
            let counts = self.streams.viewers(&rooms).await;
            for (stream, count) in rooms.into_iter().zip(counts) {
                chat.announce_viewers(stream, count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use store::StoreError;

    use super::*;

    /// How often news that fail like this are tried.
    async fn tries(stop: &CancellationToken, failure: fn() -> StepError) -> u32 {
        let tries = AtomicU32::new(0);
        let keep = || -> BoxFuture<'_, _> {
            tries.fetch_add(1, Ordering::SeqCst);
            Box::pin(future::ready(Err(failure())))
        };
        deliver(keep, stop).await;
        tries.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn news_that_make_no_sense_any_more_are_told_once() {
        let stop = CancellationToken::new();
        assert_eq!(tries(&stop, || StepError::NoSuchStream(StreamId::new())).await, 1);
        assert_eq!(tries(&stop, || StepError::Ended(StreamId::new())).await, 1);
    }

    #[tokio::test]
    async fn a_process_that_is_stopping_tries_once() {
        let stop = CancellationToken::new();
        stop.cancel();
        let broken = || StepError::Store(StoreError::BadRow { table: "streams", what: "status".to_owned() });
        assert_eq!(tries(&stop, broken).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn our_own_mistake_is_tried_a_few_times() {
        let stop = CancellationToken::new();
        let broken = || StepError::Store(StoreError::BadRow { table: "streams", what: "status".to_owned() });
        assert_eq!(tries(&stop, broken).await, 1 + TRIES_MORE);
    }
}
