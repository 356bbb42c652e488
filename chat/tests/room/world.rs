//! What every test needs: nodes of a chat, people, a clock that obeys, and clients that read with a deadline.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::serve::ListenerExt as _;
use chat::{Chat, Config, Room, Rooms};
use domain::{Caller, Clock, Fault, Identity, Kind, SessionId, StreamId, StreamStatus, SystemClock, UserId, Username};
use futures_util::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _};
use http_kit::{Authenticate, Problem, SharedAuthenticate};
use serde_json::{Value, json};
use store::redis::Redis;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Nothing here takes that long; what does has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until `condition` answers something.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while tokio::time::Instant::now() < deadline {
        if let Some(found) = condition().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}

/// The machine's clock, moved by hand.
#[derive(Default)]
pub(crate) struct Shifted(AtomicI64);

impl Shifted {
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no such stream")]
struct NoSuchStream;

impl Fault for NoSuchStream {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }

    fn code(&self) -> &'static str {
        "STREAM_NOT_FOUND"
    }
}

/// The streams there are.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<StreamId, (Room, bool)>>);

impl Streams {
    pub(crate) fn set(&self, stream: StreamId, room: Room, is_private: bool) {
        self.0.lock().expect("no test panics while holding it").insert(stream, (room, is_private));
    }
}

impl Rooms for Streams {
    fn room<'a>(&'a self, stream: StreamId, caller: &'a Caller) -> BoxFuture<'a, Result<Room, Problem>> {
        let known = self.0.lock().expect("no test panics while holding it").get(&stream).copied();
        let visible = known.filter(|(room, is_private)| !is_private || caller.is(room.owner));
        Box::pin(async move { visible.map(|(room, _)| room).ok_or_else(|| NoSuchStream.into()) })
    }
}

/// Whoever says a name in the bearer token is that person.
#[derive(Default)]
struct People(Mutex<HashMap<String, Identity>>);

impl People {
    fn identity(&self, name: &str) -> Identity {
        let fresh = || Identity {
            user: UserId::new(),
            username: Username::parse(name).expect("a username"),
            session: SessionId::new(),
            is_operator: false,
        };
        self.0.lock().expect("no test panics while holding it").entry(name.to_owned()).or_insert_with(fresh).clone()
    }
}

impl Authenticate for People {
    fn caller<'a>(
        &'a self,
        parts: &'a axum::http::request::Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        let name = parts.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let caller = name.map_or(Caller::Anonymous, |name| Caller::User(self.identity(name)));
        Box::pin(async move { Ok(caller) })
    }
}

/// One Redis, one set of people and streams; nodes are started on it.
pub(crate) struct World {
    pub(crate) redis: Redis,
    pub(crate) clock: Arc<Shifted>,
    pub(crate) streams: Arc<Streams>,
    people: Arc<People>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(store::testing::redis().await)
    }

    pub(crate) fn on(redis: Redis) -> Self {
        Self { redis, clock: Arc::default(), streams: Arc::default(), people: Arc::default() }
    }

    /// A live, public stream of mika's.
    pub(crate) fn stream(&self) -> StreamId {
        let stream = StreamId::new();
        self.streams.set(stream, self.room(true, StreamStatus::Live), false);
        stream
    }

    /// A room of mika's.
    pub(crate) fn room(&self, is_open: bool, status: StreamStatus) -> Room {
        Room { owner: self.person("mika").user, is_open, status, is_publisher_away: false }
    }

    pub(crate) fn person(&self, name: &str) -> Identity {
        self.people.identity(name)
    }

    /// A node of the chat with its own server.
    pub(crate) async fn node(&self, config: Config) -> Node {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let rooms: Arc<dyn Rooms> = self.streams.clone();
        let chat = Chat::new(self.redis.clone(), rooms, config, self.clock.clone(), tasks.clone(), stop.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let listener = listener.tap_io(|tcp| {
            tcp.set_nodelay(true).expect("a TCP socket");
            // Small, so that a client that does not read is felt at once.
            socket2::SockRef::from(&*tcp).set_send_buffer_size(4096).expect("a TCP socket");
        });
        let authenticate: SharedAuthenticate = self.people.clone();
        let app = chat.router().layer(axum::Extension(authenticate));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Node { chat, address, tasks, stop, server }
    }
}

/// A server with a chat.
pub(crate) struct Node {
    pub(crate) chat: Chat,
    pub(crate) address: SocketAddr,
    tasks: TaskTracker,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.cancel();
        self.server.abort();
    }
}

impl Node {
    /// Tells the chat to stop, and waits until none of its tasks is left.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(DEADLINE, self.tasks.wait()).await.expect("every task hears the stop");
    }

    /// Opens a connection with these headers. A refusal is its status and error body.
    pub(crate) async fn open(&self, stream: &str, headers: &[(&'static str, &str)]) -> Result<Client, (u16, Value)> {
        let mut request =
            format!("ws://{}/api/streams/{stream}/chat", self.address).into_client_request().expect("an address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header's value"));
        }
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a socket");
        let tcp = socket.connect(self.address).await.expect("the server listens");
        tcp.set_nodelay(true).expect("a TCP socket");
        match tokio_tungstenite::client_async(request, tcp).await {
            Ok((socket, response)) => {
                let subprotocol = response.headers().get("sec-websocket-protocol");
                Ok(Client { subprotocol: subprotocol.map(|name| name.to_str().expect("a name").to_owned()), socket })
            }
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err((response.status().as_u16(), serde_json::from_slice(body).unwrap_or_default()))
            }
            Err(other) => panic!("no answer to the handshake: {other}"),
        }
    }

    /// Opens a connection as this person, or as nobody.
    pub(crate) async fn connect(&self, stream: StreamId, name: Option<&str>) -> Client {
        let bearer = name.map(|name| format!("Bearer {name}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        self.open(&stream.to_string(), &headers).await.expect("the chat opens")
    }

    /// Opens a connection and joins; gives the answer to the join as well.
    pub(crate) async fn join(&self, stream: StreamId, name: Option<&str>) -> (Client, Value) {
        let mut client = self.connect(stream, name).await;
        client.send(json!({"type": "join"})).await;
        let joined = client.frame().await;
        assert_eq!(joined["type"], "joined", "{joined}");
        (client, joined)
    }

    /// Comes back to where a client left off.
    pub(crate) async fn rejoin(&self, stream: StreamId, epoch: &Value, offset: u64) -> (Client, Value) {
        let mut client = self.connect(stream, None).await;
        client.send(json!({"type": "join", "epoch": epoch, "offset": offset})).await;
        let joined = client.frame().await;
        (client, joined)
    }
}

/// What a client hears.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Frame(Value),
    Ping,
    Closed(Option<u16>),
}

/// A client's end of a connection.
pub(crate) struct Client {
    pub(crate) subprotocol: Option<String>,
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_raw(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        tokio::time::timeout(DEADLINE, self.socket.send(message)).await.expect("in time").expect("the frame goes out");
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.socket.next()).await.expect("something is heard in time");
            return match next {
                Some(Ok(Message::Text(text))) => Heard::Frame(serde_json::from_str(&text).expect("frames are JSON")),
                Some(Ok(Message::Ping(_))) => Heard::Ping,
                Some(Ok(Message::Close(frame))) => {
                    // Answers the close, as browsers do by themselves; the server may be gone already.
                    let _ = self.socket.flush().await;
                    Heard::Closed(frame.map(|frame| frame.code.into()))
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Heard::Closed(None),
            };
        }
    }

    /// The next frame; pings do not count.
    pub(crate) async fn frame(&mut self) -> Value {
        loop {
            match self.hear().await {
                Heard::Frame(frame) => return frame,
                Heard::Ping => {}
                Heard::Closed(code) => panic!("closed with {code:?} instead of a frame"),
            }
        }
    }

    /// Reads on to the end and tells its code.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }

    /// The next event; other frames are passed over.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["type"] == "events" {
                assert_eq!(frame["events"].as_array().map(Vec::len), Some(1), "{frame}");
                return frame["events"][0].clone();
            }
        }
    }

    /// Says it and gives the answer, an `ack` or an `error`; events are passed over.
    pub(crate) async fn say(&mut self, id: &str, text: &str) -> Value {
        self.send(json!({"type": "say", "id": id, "text": text})).await;
        loop {
            let frame = self.frame().await;
            if frame["type"] == "ack" || frame["type"] == "error" {
                assert_eq!(frame["id"], id);
                return frame;
            }
        }
    }

    /// Says it and gives its offset.
    pub(crate) async fn said(&mut self, id: &str, text: &str) -> u64 {
        let ack = self.say(id, text).await;
        ack["offset"].as_u64().unwrap_or_else(|| panic!("no offset in {ack}"))
    }
}

/// The texts of events.
pub(crate) fn texts(events: &Value) -> Vec<&str> {
    events.as_array().expect("a list").iter().map(|event| event["text"].as_str().expect("a text")).collect()
}

/// Without limits on how fast one may write.
pub(crate) fn unhurried() -> Config {
    Config { burst: 100_000, ..Config::default() }
}
