//! Somebody in a stream's room, over a WebSocket with the subprotocol `livestream.chat.v1`.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

use crate::signalling::Refused;

const PROTOCOL: &str = "livestream.chat.v1";
/// What a room on this machine does takes milliseconds; a busy machine may need longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A test that lets more frames than this wait has lost control of its room.
const MOST_FRAMES: usize = 10_000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection to a room. Dropped, it is gone without a word.
#[derive(Debug)]
pub struct ChatClient {
    sink: SplitSink<Socket, Message>,
    frames: mpsc::Receiver<Arrived>,
    reading: JoinHandle<()>,
    /// Frames that arrived while something else was waited for.
    set_aside: VecDeque<Value>,
}

/// Where in a room's log a client left off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The log.
    pub epoch: String,
    /// The last event seen.
    pub offset: u64,
}

/// What came of saying something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is in the log, at this offset.
    At(u64),
    /// It was refused with this code.
    Refused(String),
}

#[derive(Debug)]
enum Arrived {
    Frame(Value),
    /// The connection is over, with this code if it was closed properly.
    Over(Option<u16>),
}

impl ChatClient {
    /// Connects as somebody or, without `bearer`, as nobody. The address may begin with `http` too. The error of a server that says no is [`Refused`].
    pub async fn connect(chat_url: &str, bearer: Option<&str>) -> anyhow::Result<Self> {
        let address = chat_url.strip_prefix("http").map(|rest| format!("ws{rest}"));
        let mut request = address.as_deref().unwrap_or(chat_url).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
        if let Some(bearer) = bearer {
            headers.insert("authorization", format!("Bearer {bearer}").parse()?);
        }
        let connecting = timeout(PATIENCE, connect_async(request)).await.context("no answer from the room")?;
        let (socket, response) = connecting.map_err(refusal)?;
        let agreed = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        ensure!(agreed == Some(PROTOCOL), "the room speaks {agreed:?}");
        let (sink, stream) = socket.split();
        let (heard, frames) = mpsc::channel(MOST_FRAMES);
        let reading = tokio::spawn(read(stream, heard));
        Ok(Self { sink, frames, reading, set_aside: VecDeque::new() })
    }

    /// Joins; what the room says about itself, with what was said since `position` or in the last minutes.
    pub async fn join(&mut self, position: Option<&Position>) -> anyhow::Result<Value> {
        let frame = match position {
            Some(Position { epoch, offset }) => json!({ "type": "join", "epoch": epoch, "offset": offset }),
            None => json!({ "type": "join" }),
        };
        self.send(&frame).await?;
        self.wait_for(|frame| frame["type"] == "joined", PATIENCE).await
    }

    /// Says something and waits for what comes of it.
    pub async fn say(&mut self, text: &str) -> anyhow::Result<Said> {
        let id = Uuid::new_v4().to_string();
        self.send(&json!({ "type": "say", "id": id, "text": text })).await?;
        let about_it = |frame: &Value| frame["id"] == id && (frame["type"] == "ack" || frame["type"] == "error");
        let answer = self.wait_for(about_it, PATIENCE).await?;
        if answer["type"] == "ack" {
            return Ok(Said::At(answer["offset"].as_u64().with_context(|| format!("no offset in {answer}"))?));
        }
        Ok(Said::Refused(answer["code"].as_str().unwrap_or_default().to_owned()))
    }

    /// Sends any frame.
    pub async fn send(&mut self, frame: &Value) -> anyhow::Result<()> {
        self.send_raw(Message::text(frame.to_string())).await
    }

    /// Sends any text, also what is no frame.
    pub async fn send_text(&mut self, text: &str) -> anyhow::Result<()> {
        self.send_raw(Message::text(text)).await
    }

    async fn send_raw(&mut self, message: Message) -> anyhow::Result<()> {
        Ok(timeout(PATIENCE, self.sink.send(message)).await.context("the room does not read")??)
    }

    /// The next frame, also one that was set aside.
    pub async fn next(&mut self, within: Duration) -> anyhow::Result<Value> {
        self.wait_for(|_| true, within).await
    }

    /// Waits for a frame; others are kept for later.
    pub async fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool, within: Duration) -> anyhow::Result<Value> {
        if let Some(frame) = self.set_aside.iter().position(&wanted).and_then(|at| self.set_aside.remove(at)) {
            return Ok(frame);
        }
        let deadline = Instant::now() + within;
        loop {
            match timeout_at(deadline, self.frames.recv()).await {
                Ok(Some(Arrived::Frame(frame))) if wanted(&frame) => return Ok(frame),
                Ok(Some(Arrived::Frame(frame))) => self.set_aside.push_back(frame),
                Ok(Some(Arrived::Over(code))) => bail!("the room closed the connection with {code:?}"),
                Ok(None) => bail!("the connection to the room is over"),
                Err(_) => bail!("waited {within:?} in vain; set aside: {:?}", self.set_aside),
            }
            ensure!(self.set_aside.len() < MOST_FRAMES, "too many frames are waiting");
        }
    }

    /// Waits for a message with this text; its event.
    pub async fn wait_for_message(&mut self, text: &str, within: Duration) -> anyhow::Result<Value> {
        let holds = |frame: &Value| events_of(frame).iter().any(|event| event["text"] == text);
        let frame = self.wait_for(holds, within).await?;
        let event = events_of(&frame).iter().find(|event| event["text"] == text).cloned();
        event.context("it is there")
    }

    /// Waits until the room closes the connection; with which code.
    pub async fn wait_for_close(&mut self, within: Duration) -> anyhow::Result<Option<u16>> {
        let deadline = Instant::now() + within;
        loop {
            match timeout_at(deadline, self.frames.recv()).await.context("the room keeps the connection open")? {
                Some(Arrived::Frame(_)) => {}
                Some(Arrived::Over(code)) => return Ok(code),
                None => return Ok(None),
            }
        }
    }

    /// Leaves properly.
    pub async fn leave(mut self) -> anyhow::Result<()> {
        Ok(timeout(PATIENCE, self.sink.close()).await.context("the room does not read")??)
    }
}

impl Drop for ChatClient {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// The events in a frame, live or joined.
pub fn events_of(frame: &Value) -> &[Value] {
    frame["events"].as_array().map_or(&[], Vec::as_slice)
}

/// Reads until the connection is over; answering pings is part of reading.
async fn read(mut stream: SplitStream<Socket>, heard: mpsc::Sender<Arrived>) {
    let mut code = None;
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => {
                let frame = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.to_string()));
                if heard.send(Arrived::Frame(frame)).await.is_err() {
                    return;
                }
            }
            Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
            _ => {}
        }
    }
    let _ = heard.send(Arrived::Over(code)).await;
}

fn refusal(error: tungstenite::Error) -> anyhow::Error {
    let tungstenite::Error::Http(response) = error else { return error.into() };
    let body = response.body().as_deref().map(|body| String::from_utf8_lossy(body).into_owned());
    Refused { status: response.status().as_u16(), body: body.unwrap_or_default() }.into()
}
