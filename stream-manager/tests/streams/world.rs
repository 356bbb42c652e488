//! Everything a test needs around a stream-manager.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::event::StreamEvent;
use domain::{
    Bio, Caller, Clock, Email, Identity, SessionId, Stream, StreamId, Title, User, UserId, Username, Visibility,
};
use futures_util::StreamExt as _;
use store::Store;
use store::redis::Redis;
use stream_manager::testing::FakeMedia;
use stream_manager::{Config, NewStream, NodeRegistry, Started, StreamManager};
use time::OffsetDateTime;
use time::macros::datetime;

/// A clock that stands still until it is moved.
pub(crate) struct HandClock(Mutex<OffsetDateTime>);

impl HandClock {
    pub(crate) fn forward(&self, secs: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(secs);
    }
}

impl Clock for HandClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct World {
    pub(crate) streams: StreamManager,
    pub(crate) media: Arc<FakeMedia>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) store: Store,
    pub(crate) redis: Redis,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let (store, redis) = (store::testing::store().await, store::testing::redis().await);
        let media = Arc::new(FakeMedia::new());
        let clock = Arc::new(HandClock(Mutex::new(datetime!(2026-11-01 12:00 UTC))));
        let streams = StreamManager::new(store.clone(), redis.clone(), media.clone(), config, clock.clone());
        Self { streams, media, clock, store, redis }
    }

    /// Another process on the same Postgres and Redis, with a media node of its own.
    pub(crate) fn another_process(&self) -> (StreamManager, Arc<FakeMedia>) {
        let media = Arc::new(FakeMedia::new());
        let (store, redis, clock) = (self.store.clone(), self.redis.clone(), self.clock.clone());
        (StreamManager::new(store, redis, media.clone(), Config::default(), clock), media)
    }

    pub(crate) async fn user(&self, name: &str) -> Identity {
        let user = User {
            id: UserId::new(),
            username: Username::parse(name).unwrap(),
            email: Email::parse(&format!("{name}@example.org")).unwrap(),
            display_name: None,
            bio: Bio::trusted(String::new()),
            is_operator: false,
            created_at: self.clock.now(),
        };
        let mut db = self.store.acquire().await.unwrap();
        store::users::insert(&mut db, &user, "no password").await.unwrap().unwrap();
        Identity { user: user.id, username: user.username, session: SessionId::new(), is_operator: false }
    }

    pub(crate) async fn start(&self, creator: &Identity, visibility: Visibility) -> Started {
        self.streams.start(creator, new_stream(visibility)).await.unwrap()
    }

    /// A stream with a picture.
    pub(crate) async fn live(&self, creator: &Identity, visibility: Visibility) -> StreamId {
        let id = self.start(creator, visibility).await.stream.id;
        self.clock.forward(1);
        self.streams.went_live(id, self.media.node).await.unwrap();
        id
    }

    /// The stream as it stands, whoever may see it.
    pub(crate) async fn stream(&self, id: StreamId) -> Stream {
        let mut db = self.store.acquire().await.unwrap();
        store::streams::find(&mut db, id).await.unwrap().unwrap()
    }

    pub(crate) fn nodes(&self) -> NodeRegistry {
        NodeRegistry::new(self.redis.clone())
    }

    /// The pretended media node says that it lives.
    pub(crate) async fn heartbeat(&self) {
        let url = "http://127.0.0.1:8080".parse().unwrap();
        self.nodes().heartbeat(self.media.node, &url, &[]).await.unwrap();
    }

    /// Listens to the news from now on.
    pub(crate) async fn news(&self) -> News {
        let mut subscriber = self.redis.subscriber().await.unwrap();
        subscriber.subscribe(self.redis.stream_events_channel()).await.unwrap();
        News(subscriber)
    }
}

pub(crate) struct News(redis::aio::PubSub);

impl News {
    pub(crate) async fn next(&mut self) -> StreamEvent {
        let message = tokio::time::timeout(Duration::from_secs(10), self.0.on_message().next()).await;
        serde_json::from_slice(message.expect("news within 10 s").unwrap().get_payload_bytes()).unwrap()
    }
}

pub(crate) fn new_stream(visibility: Visibility) -> NewStream {
    NewStream { title: Title::parse("Evening jam").unwrap(), visibility }
}

pub(crate) fn caller(identity: &Identity) -> Caller {
    Caller::User(identity.clone())
}
