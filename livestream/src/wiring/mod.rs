//! Builds everything; the only place where rooms meet.

pub(crate) mod errands;
mod http;
mod news;
mod ports;
mod recording;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use archive::Archives;
use chat::Chat;
use domain::work::FinishArchive;
use domain::{Clock, NodeId, SystemClock};
use media_server::MediaServer;
use store::Store;
use store::redis::Redis;
use stream_manager::{NodeRegistry, StreamManager};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;
use url::Url;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::embedded::Backends;
use crate::front_door::{self, Patience, Seats};
use crate::role::Role;
use crate::secrets::Secrets;
use watch::Watch;

/// What became of a start.
pub(crate) enum Started {
    /// There was nothing to serve, and it is done.
    Done,
    /// It serves at this address until it is stopped; `crashed` names a task that died.
    Serving { url: Url, crashed: mpsc::Receiver<&'static str> },
}

/// How long a start waits for the database before it gives up.
const MIGRATION_DEADLINE: Duration = Duration::from_secs(60);

/// What every role has.
struct Ground {
    role: Role,
    node: NodeId,
    config: Config,
    url: Url,
    store: Store,
    redis: Redis,
    clock: Arc<dyn Clock>,
    watch: Watch,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The rooms of this process.
struct Rooms {
    streams: StreamManager,
    archives: Archives,
    media: Option<MediaServer>,
    chat: Option<Chat>,
}

/// Starts the rooms that the role has, and serves them.
pub(crate) async fn start(
    role: Role,
    config: Config,
    data: &DataDir,
    secrets: &Secrets,
    backends: &Backends,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<Started> {
    let store = Store::connect_lazy(backends.database.clone(), config.database.connections);
    migrate(&store).await?;
    if role == Role::Migrate {
        return Ok(Started::Done);
    }
    let listener = TcpListener::bind(config.http.listen).await.with_context(|| {
        format!("cannot listen on {}: choose another by LIVESTREAM_HTTP__LISTEN", config.http.listen)
    })?;
    let url = config.public_url(listener.local_addr()?);
    let redis = Redis::connect(backends.redis_url.expose(), &config.redis.prefix).await.context("redis.url")?;
    let (watch, crashed) = Watch::new(tasks.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ground = Ground {
        role,
        node: NodeId::new(),
        config,
        url: url.clone(),
        store,
        redis,
        clock,
        watch,
        tasks: tasks.clone(),
        stop: stop.clone(),
    };
    let rooms = open_rooms(&ground, data, backends).await?;
    let router = http::router(&ground, &rooms, secrets)?;
    http::print_operator_link(&ground).await?;
    let seats = Seats::new(front_door::seats_of_this_process());
    ground
        .watch
        .spawn("the HTTP server", front_door::serve(listener, router, seats, Patience::default(), stop.clone()));
    Ok(Started::Serving { url, crashed })
}

/// Brings the schema up to date; a database that is still starting is waited for.
async fn migrate(store: &Store) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + MIGRATION_DEADLINE;
    loop {
        match store.migrate().await {
            Ok(()) => return Ok(()),
            Err(error) if tokio::time::Instant::now() > deadline => {
                return Err(error).context("cannot bring the database up to date");
            }
            Err(error) if is_passing(&error) => {
                warn!("the database is not ready yet: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error).context("cannot bring the database up to date"),
        }
    }
}

fn is_passing(error: &sqlx::migrate::MigrateError) -> bool {
    matches!(error, sqlx::migrate::MigrateError::Execute(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut))
}

async fn open_rooms(ground: &Ground, data: &DataDir, backends: &Backends) -> anyhow::Result<Rooms> {
    let s3 = archive::s3::client(
        backends.s3.endpoint.as_deref(),
        &backends.s3.region,
        backends.s3.access_key.expose(),
        backends.s3.secret_key.expose(),
    );
    let folder = if ground.role.serves_media() { Some(data.folder("recordings")?) } else { None };
    let archives = Archives::start(
        ground.store.clone(),
        s3,
        ground.config.archive.clone(),
        folder,
        ground.clock.clone(),
        ground.tasks.clone(),
        ground.stop.clone(),
    )
    .await
    .context("the archive did not start")?;
    let registry = NodeRegistry::new(ground.redis.clone());
    let nodes = Arc::new(ports::Nodes::new(registry.clone()));
    let streams = StreamManager::new(
        ground.store.clone(),
        ground.redis.clone(),
        nodes.clone(),
        ground.config.streams.clone(),
        ground.clock.clone(),
    );
    let media = match ground.role.serves_media() {
        true => Some(open_media(ground, &streams, &archives, &nodes, registry).await?),
        false => None,
    };
    let chat = ground.role.serves_chat().then(|| open_chat(ground, &streams));
    if ground.role.works() {
        let worker = jobs::Worker::new(ground.store.clone(), ground.clock.clone())
            .handle::<FinishArchive, _, _>(archives.worker());
        ground.watch.spawn("the job worker", worker.run(ground.stop.clone()));
        ground.watch.spawn("the reaper", ports::reap(streams.clone(), ground.stop.clone()));
    }
    let rooms = Rooms { streams, archives, media, chat };
    ground.watch.spawn("the news of streams", news::follow(ground, &rooms));
    Ok(rooms)
}

async fn open_media(
    ground: &Ground,
    streams: &StreamManager,
    archives: &Archives,
    nodes: &ports::Nodes,
    registry: NodeRegistry,
) -> anyhow::Result<MediaServer> {
    let config = ground.config.media.clone();
    let listen = config.udp_listen;
    let gate = Arc::new(ports::Gate(streams.clone()));
    let (media, events) = MediaServer::start(config, gate, &ground.tasks, ground.stop.clone())
        .await
        .with_context(|| format!("cannot listen on UDP {listen}: choose another by LIVESTREAM_MEDIA__UDP_LISTEN"))?;
    nodes.serve_here(media.clone(), ground.node, ground.url.clone());
    ground.watch.must_not_end("the media server", crash_of(media.clone()), ground.stop.clone());
    let recorder = recording::Recorder::new(media.clone(), archives.clone(), ground.watch.clone());
    let relay = news::relay(events, streams.clone(), recorder, ground.node, ground.stop.clone());
    ground.watch.spawn("the events of publishers", relay);
    let report = ports::Report { node: ground.node, url: ground.url.clone(), media: media.clone(), registry };
    ground.watch.spawn("the node's heartbeat", report.run(streams.clone(), ground.stop.clone()));
    Ok(media)
}

async fn crash_of(media: MediaServer) {
    media.crashed().await;
}

fn open_chat(ground: &Ground, streams: &StreamManager) -> Chat {
    let mut config = ground.config.chat.clone();
    config.allowed_origins.push(ground.url.origin().ascii_serialization());
    let rooms = Arc::new(ports::ChatRooms(streams.clone()));
    Chat::new(ground.redis.clone(), rooms, config, ground.clock.clone(), ground.tasks.clone(), ground.stop.clone())
}
