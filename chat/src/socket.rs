//! One viewer's connection, from its first frame to its last.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use domain::{Caller, Fault, Kind, StreamId};
use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;

use crate::Chat;
use crate::audience::{Audience, Seat};
use crate::buffer::Tail;
use crate::catch_up::is_recovered;
use crate::close::Close;
use crate::frame::{self, Asked, Author, Joined};
use crate::outbox::{Outbox, Outgoing, Sink, outbox};
use crate::position::Position;
use crate::rooms::Room;

/// One connection before it is served.
pub(crate) struct Connection {
    pub(crate) chat: Chat,
    pub(crate) stream: StreamId,
    pub(crate) room: Room,
    pub(crate) caller: Caller,
}

/// A frame that is none of the protocol's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadFrame(String);

impl Fault for BadFrame {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "BAD_FRAME"
    }
}

/// So many frames that are none of the protocol's, and the connection ends.
const MOST_BAD_FRAMES: u32 = 5;
/// So many refused messages without one that was taken, and the connection ends.
const MOST_REFUSALS: u32 = 30;
/// How long a new connection waits for the room's subscription before it is served without history.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the answer to a join may take to be sent.
const JOINED_PATIENCE: Duration = Duration::from_secs(10);
/// How long a client has to take our close frame, and then to answer it.
const FAREWELL: Duration = Duration::from_secs(3);

impl Connection {
    /// Serves the connection to its end.
    pub(crate) async fn serve(self, socket: WebSocket) {
        let (mut sink, mut frames) = socket.split();
        let met = self.chat.stop().run_until_cancelled(self.meet(&mut sink, &mut frames)).await;
        let why = match met {
            None => Close::Shutdown,
            Some(Err(why)) => why,
            Some(Ok(known)) => {
                let Some((back, why)) = self.attend(sink, &mut frames, known).await else { return };
                sink = back;
                why
            }
        };
        part(sink, frames, why).await;
    }

    /// Waits for the join. What else comes first is answered and counted.
    async fn meet(&self, sink: &mut Sink, frames: &mut Frames) -> Result<Option<Position>, Close> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(self.chat.config().join_secs);
        let mut strikes = Strikes::default();
        loop {
            let next = tokio::time::timeout_at(deadline, frames.next()).await.map_err(|_| Close::Silent)?;
            let complaint = match heard(next)? {
                Frame::Alive => continue,
                Frame::Asked(Asked::Join { epoch, offset }) => return Ok(Asked::position(epoch, offset)),
                Frame::Asked(Asked::Say { .. }) => BadFrame("join first".to_owned()),
                Frame::Bad(bad) => bad,
            };
            let sending = sink.send(Message::Text(frame::error(&complaint, None)));
            tokio::time::timeout_at(deadline, sending).await.map_err(|_| Close::Silent)?.map_err(|_| Close::Gone)?;
            strikes.bad_frame()?;
        }
    }

    /// The time between join and end. Gives the sending half back, to say why it ends.
    async fn attend(&self, mut sink: Sink, frames: &mut Frames, known: Option<Position>) -> Option<(Sink, Close)> {
        let (outbox, inbox) = outbox(self.chat.config().queue_frames);
        let who = self.caller.must_be_user().ok().cloned();
        let seat = self.chat.hub().enter(self.stream, self.room, who, outbox.clone());
        let answered = tokio::select! {
            why = inbox.closed(self.chat.stop()) => Err(why),
            answered = self.answer(&mut sink, &seat, known) => answered,
        };
        let offset = match answered {
            Ok(offset) => offset,
            Err(why) => return Some((sink, why)),
        };
        let stop = self.chat.stop().clone();
        let mut writer = self.chat.tasks().spawn(inbox.empty_into(sink, offset, stop));
        tokio::select! {
            why = self.listen(&seat.audience, &outbox, frames) => outbox.close(why),
            written = &mut writer => return written.ok(),
        }
        writer.await.ok()
    }

    /// Answers the join, and gives the offset up to which the answer tells everything.
    async fn answer(&self, sink: &mut Sink, seat: &Seat, known: Option<Position>) -> Result<u64, Close> {
        let tail = match seat.audience.is_up_within(PATIENCE).await {
            true => self.chat.buffer().tail(self.stream, known.as_ref()).await.ok(),
            false => None,
        };
        if tail.is_none() {
            seat.joined_blind();
        }
        let offset = tail.as_ref().map_or(0, |tail| tail.top.offset);
        let frame = self.joined(&seat.audience, known.as_ref(), tail.as_ref());
        match timeout(JOINED_PATIENCE, sink.send(Message::Text(frame))).await {
            Ok(Ok(())) => Ok(offset),
            Ok(Err(_)) => Err(Close::Gone),
            Err(_) => Err(Close::Slow),
        }
    }

    fn joined(&self, audience: &Audience, known: Option<&Position>, tail: Option<&Tail>) -> Utf8Bytes {
        let standing = audience.standing();
        let you = self.caller.must_be_user().ok();
        let joined = Joined {
            epoch: tail.map_or("", |tail| &tail.top.epoch),
            offset: tail.map_or(0, |tail| tail.top.offset),
            recovered: tail.is_some_and(|tail| is_recovered(known, tail)),
            history: tail.is_none().then_some("unavailable"),
            you: you.map(Author::you),
            may_speak: you.is_some() && standing.is_open,
            max_chars: self.chat.config().max_chars,
            server_time: self.chat.now_ms(),
            status: standing.status,
            viewer_count: standing.viewer_count,
        };
        frame::joined(&joined, tail.map_or(&[], |tail| &tail.events))
    }

    /// Reads until the connection has to end. A client that says nothing is asked whether it is there.
    async fn listen(&self, audience: &Audience, outbox: &Outbox, frames: &mut Frames) -> Close {
        let ping = Duration::from_secs(self.chat.config().ping_secs);
        let pong = Duration::from_secs(self.chat.config().pong_secs);
        let mut strikes = Strikes::default();
        let mut is_asked = false;
        loop {
            let Ok(next) = timeout(if is_asked { pong } else { ping }, frames.next()).await else {
                if is_asked {
                    return Close::Silent;
                }
                is_asked = true;
                outbox.push(Outgoing::Ping);
                continue;
            };
            is_asked = false;
            let answered = match heard(next) {
                Ok(frame) => self.reply(frame, audience, outbox, &mut strikes).await,
                Err(why) => {
                    if let Close::BadRequest(reason) = why {
                        outbox.push(Outgoing::Frame(frame::error(&BadFrame(reason.to_owned()), None)));
                    }
                    Err(why)
                }
            };
            if let Err(why) = answered {
                return why;
            }
        }
    }

    async fn reply(
        &self,
        frame: Frame,
        audience: &Audience,
        outbox: &Outbox,
        strikes: &mut Strikes,
    ) -> Result<(), Close> {
        let bad = match frame {
            Frame::Alive => return Ok(()),
            Frame::Asked(Asked::Say { id, text }) => {
                let said = self.chat.say(audience, &self.caller, &id, &text).await;
                let (answer, verdict) = match said {
                    Ok(offset) => (frame::ack(&id, offset), strikes.taken()),
                    Err(error) => (frame::error(&error, Some(&id)), strikes.refused()),
                };
                outbox.push(Outgoing::Frame(answer));
                return verdict;
            }
            Frame::Asked(Asked::Join { .. }) => BadFrame("you have joined already".to_owned()),
            Frame::Bad(bad) => bad,
        };
        outbox.push(Outgoing::Frame(frame::error(&bad, None)));
        strikes.bad_frame()
    }
}

/// The reading half of a connection.
type Frames = SplitStream<WebSocket>;

/// What came in.
enum Frame {
    /// A ping or pong: somebody is there.
    Alive,
    Asked(Asked),
    Bad(BadFrame),
}

fn heard(next: Option<Result<Message, axum::Error>>) -> Result<Frame, Close> {
    match next {
        None | Some(Ok(Message::Close(_))) => Err(Close::Gone),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Frame::Alive),
        Some(Ok(Message::Binary(_))) => Ok(Frame::Bad(BadFrame("frames are JSON text, not binary".to_owned()))),
        Some(Ok(Message::Text(text))) => Ok(match frame::parse(&text) {
            Ok(asked) => Frame::Asked(asked),
            Err(sentence) => Frame::Bad(BadFrame(sentence)),
        }),
        Some(Err(error)) => Err(unreadable(&error)),
    }
}

/// A connection that broke is gone; bytes that are no WebSocket frame of ours end it with a reason.
fn unreadable(error: &axum::Error) -> Close {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return Close::Gone;
        }
        cause = error.source();
    }
    Close::BadRequest("that frame is no valid WebSocket text frame of at most 16 KiB")
}

/// How often a client was told no.
#[derive(Default)]
struct Strikes {
    bad_frames: u32,
    refusals: u32,
}

impl Strikes {
    fn bad_frame(&mut self) -> Result<(), Close> {
        self.bad_frames += 1;
        match self.bad_frames >= MOST_BAD_FRAMES {
            true => Err(Close::BadRequest("too many frames that are none of this protocol")),
            false => Ok(()),
        }
    }

    fn refused(&mut self) -> Result<(), Close> {
        self.refusals += 1;
        if self.refusals >= MOST_REFUSALS { Err(Close::TooMany) } else { Ok(()) }
    }

    fn taken(&mut self) -> Result<(), Close> {
        self.refusals = 0;
        Ok(())
    }
}

/// Says why it ends, and waits for the client's answer, so that the reason is read before the connection is gone.
async fn part(mut sink: Sink, mut frames: Frames, why: Close) {
    let Some(frame) = why.frame() else { return };
    let sent = timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await;
    if matches!(sent, Ok(Ok(()))) {
        let silence = async { while let Some(Ok(_)) = frames.next().await {} };
        // An answer that does not come changes nothing.
        let _ = timeout(FAREWELL, silence).await;
    }
}
