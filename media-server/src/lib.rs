//! The embedded WebRTC media server: publishers by WHIP, watchers by WHEP, one UDP socket for all of them.
//!
//! One task drives the socket ([`udp`](self), `shard`, `room`); packets of a track go into one history (`track`) from which
//! forwarding, retransmission and the recorder's [`Tap`] read. The WebRTC engine stands behind one door (`rtc`).

mod admission;
mod alarm;
mod cors;
mod demux;
mod directory;
mod extend;
mod forward;
mod fragment;
mod keyframe;
mod moment;
mod peer;
mod publication;
mod random;
mod reorder;
mod report;
mod requests;
mod room;
mod rtc;
mod sdp;
mod shard;
mod signal;
mod stun;
mod tap;
mod track;
mod udp;
mod watching;
mod whep;
mod whip;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use domain::{Caller, StreamId};
use futures_util::future::BoxFuture;
use http_kit::{Problem, Quota, RateLimit};
use media_config::Profile;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use alarm::Alarm;
use axum::middleware::from_fn;
use directory::Directory;
use rtc::Identity;
use shard::{Command, Shard};
pub use tap::Tap;

/// Wishes that may wait for the media task; whoever wishes more waits.
const COMMANDS: usize = 256;
/// Events that may wait to be fetched.
const EVENTS: usize = 1024;

/// The section `media` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where media is received and sent: one UDP port for everybody.
    pub udp_listen: SocketAddr,
    /// The addresses under which that port is reached from outside; none if it is the one listened on.
    pub announce: Vec<IpAddr>,
    /// The numbers of the media plane.
    #[serde(skip)]
    pub profile: Profile,
}

impl Default for Config {
    fn default() -> Self {
        Self { udp_listen: (Ipv4Addr::LOCALHOST, 8189).into(), announce: Vec::new(), profile: Profile::default() }
    }
}

/// Who may do what: asked by the media server, answered by whoever knows streams and users.
pub trait Gate: Send + Sync + 'static {
    /// Whether the bearer of this token may publish the stream.
    fn may_publish<'a>(&'a self, stream: StreamId, bearer: &'a str) -> BoxFuture<'a, Result<(), Problem>>;

    /// The stream that the bearer of this creator's key publishes; made if there is none.
    fn stream_for_key<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<StreamId, Problem>>;

    /// Whether the caller may watch the stream.
    fn may_watch<'a>(&'a self, stream: StreamId, caller: &'a Caller) -> BoxFuture<'a, Result<(), Problem>>;
}

/// What happens to publishers. For each connection in this order, and `PublisherLeft` before the next one's first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A publisher is connected; [`MediaServer::tap`] yields its media from here on.
    PublisherConnected {
        /// Of which stream.
        stream: StreamId,
    },
    /// The first keyframe of this connection arrived; where there is no picture, the first sound.
    KeyframeArrived {
        /// Of which stream.
        stream: StreamId,
    },
    /// The publisher's connection is over.
    PublisherLeft {
        /// Of which stream.
        stream: StreamId,
        /// It said so itself, by DELETE.
        deliberate: bool,
    },
}

/// The media server: a handle, cheap to clone.
#[derive(Clone)]
pub struct MediaServer(Arc<Parts>);

struct Parts {
    profile: Arc<Profile>,
    identity: Identity,
    gate: Arc<dyn Gate>,
    directory: Arc<Directory>,
    commands: mpsc::Sender<Command>,
    udp_addr: SocketAddr,
    posts: RateLimit,
    crashed: CancellationToken,
}

impl MediaServer {
    /// Binds the socket and starts the media task on `tasks`, until `stop`. Events are to be fetched from the receiver.
    pub async fn start(
        config: Config,
        gate: Arc<dyn Gate>,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> io::Result<(Self, mpsc::Receiver<Event>)> {
        let socket = udp::bind(config.udp_listen)?;
        let udp_addr = socket.local_addr()?;
        let identity = Identity::new(announced(&config.announce, udp_addr)?).map_err(io::Error::other)?;
        let profile = Arc::new(config.profile);
        let directory = Arc::new(Directory::default());
        let (commands, received) = mpsc::channel(COMMANDS);
        let (events, fetched) = mpsc::channel(EVENTS);
        let shard = Shard::new(udp::now(), Arc::clone(&profile), Arc::clone(&directory));
        let driver = udp::Driver { socket, shard, directory: Arc::clone(&directory), commands: received, events };
        let posts = RateLimit::new(Quota::new(profile.limits.posts_per_minute, profile.limits.posts_at_once));
        let (alarm, crashed) = Alarm::new(stop.clone());
        tasks.spawn(async move {
            let _alarm = alarm;
            driver.run(stop).await;
        });
        tracing::info!("media server listens on {udp_addr} (UDP)");
        let parts = Parts { profile, identity, gate, directory, commands, udp_addr, posts, crashed };
        Ok((Self(Arc::new(parts)), fetched))
    }

    /// The routes of WHIP and WHEP.
    pub fn router(&self) -> axum::Router {
        let posts = || self.0.posts.clone();
        let routes = whip::router(posts()).merge(whep::router(posts())).with_state(self.clone());
        routes.route_layer(from_fn(cors::any_origin))
    }

    /// A publisher may come. Needed only for a stream that was closed before; whom the gate lets in opens it as well.
    pub fn open(&self, stream: StreamId) {
        self.directory().open(stream);
    }

    /// Ends all sessions of the stream and lets no new ones in.
    pub fn close(&self, stream: StreamId) {
        self.directory().close(stream);
    }

    /// Drops all watchers of the stream, those that are just being let in too: their players come again, and the gate is
    /// asked about each of them. For a stream whose visibility has changed; to be called when the gate answers by the new one.
    pub fn recheck(&self, stream: StreamId) {
        self.directory().recheck(stream);
    }

    /// Resolves if the media task ends although it was not stopped, and never otherwise. Nothing brings it back: the
    /// process is to end and to be started anew.
    pub async fn crashed(&self) {
        self.0.crashed.cancelled().await;
    }

    /// Reads what the present publisher of the stream sends, from the oldest packet kept; nothing if nobody is connected.
    pub fn tap(&self, stream: StreamId) -> Option<Tap> {
        self.directory().publication(stream).map(|publication| Tap::new(publication, &self.profile().tap))
    }

    /// Connected watchers of every stream that has connections here.
    pub fn watchers(&self) -> Vec<(StreamId, u32)> {
        self.directory().watchers()
    }

    /// Where the socket listens.
    pub fn udp_addr(&self) -> SocketAddr {
        self.0.udp_addr
    }

    fn profile(&self) -> &Profile {
        &self.0.profile
    }

    fn identity(&self) -> &Identity {
        &self.0.identity
    }

    fn gate(&self) -> &dyn Gate {
        &*self.0.gate
    }

    fn directory(&self) -> &Directory {
        &self.0.directory
    }

    fn commands(&self) -> &mpsc::Sender<Command> {
        &self.0.commands
    }
}

/// The addresses to put into answers.
fn announced(announce: &[IpAddr], bound: SocketAddr) -> io::Result<Vec<SocketAddr>> {
    if announce.is_empty() && bound.ip().is_unspecified() {
        let text = "media.announce has to name the addresses under which media.udp_listen is reached";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let addresses = if announce.is_empty() { vec![bound.ip()] } else { announce.to_vec() };
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, bound.port())).collect())
}
