//! The one Redis connection by which this node hears of new events, for all its rooms. When it breaks it is made
//! anew, and every room reads what it missed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::StreamId;
use futures_util::StreamExt;
use redis::aio::PubSubSink;
use store::redis::{Redis, RedisError};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::audience::{Audience, Heard};
use crate::buffer::{self, Buffer};
use crate::hub::Hub;

/// How long Redis may take for one answer on this connection.
const PATIENCE: Duration = Duration::from_secs(2);
/// A connection that is broken without anybody being told is found by asking this often.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Milliseconds between attempts to connect, from the first pause to the longest.
const PAUSES_MS: [u64; 4] = [50, 200, 500, 1000];

/// Hears of new events and tells the rooms.
pub(crate) struct Subscription {
    pub(crate) redis: Redis,
    pub(crate) hub: Arc<Hub>,
    pub(crate) buffer: Buffer,
}

/// Why listening ended.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("redis closed the connection")]
    Closed,
    #[error("redis does not answer")]
    Silent(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Failed(#[from] RedisError),
}

impl From<redis::RedisError> for Broken {
    fn from(error: redis::RedisError) -> Self {
        Self::Failed(RedisError(error))
    }
}

/// The channels this connection is subscribed to.
type Channels = HashMap<String, StreamId>;

impl Subscription {
    /// Listens until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let listened = stop.run_until_cancelled(self.listen(&mut failures)).await;
            let Some(Err(broken)) = listened else { return };
            for audience in self.hub.audiences() {
                audience.is_down();
            }
            if failures == 0 {
                warn!("chat does not hear from redis: {broken}");
            }
            let pause = Duration::from_millis(PAUSES_MS[failures.min(PAUSES_MS.len() - 1)]);
            failures += 1;
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn listen(&self, failures: &mut usize) -> Result<std::convert::Infallible, Broken> {
        let connection = tokio::time::timeout(PATIENCE, self.redis.subscriber()).await??;
        let (mut sink, mut messages) = connection.split();
        let mut channels = Channels::new();
        let all = self.hub.audiences().iter().map(|audience| audience.stream).collect();
        self.follow(all, &mut sink, &mut channels).await?;
        if *failures > 0 {
            info!("chat hears from redis again");
            *failures = 0;
        }
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                message = messages.next() => self.tell(&message.ok_or(Broken::Closed)?, &channels).await?,
                changed = self.hub.changes() => self.follow(changed, &mut sink, &mut channels).await?,
                _ = heartbeat.tick() => {
                    tokio::time::timeout(PATIENCE, sink.ping::<redis::Value>()).await??;
                }
            }
        }
    }

    /// Makes the subscriptions fit the rooms that are open; a room is up once it has read what came before.
    async fn follow(
        &self,
        changed: HashSet<StreamId>,
        sink: &mut PubSubSink,
        channels: &mut Channels,
    ) -> Result<(), Broken> {
        let mut opened = Vec::new();
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for stream in changed {
            let channel = self.redis.chat_channel(stream);
            match self.hub.audience(stream) {
                Some(audience) => {
                    opened.push(audience);
                    if channels.insert(channel.clone(), stream).is_none() {
                        wanted.push(channel);
                    }
                }
                None if channels.remove(&channel).is_some() => unwanted.push(channel),
                None => {}
            }
        }
        if !wanted.is_empty() {
            tokio::time::timeout(PATIENCE, sink.subscribe(wanted)).await??;
        }
        if !unwanted.is_empty() {
            tokio::time::timeout(PATIENCE, sink.unsubscribe(unwanted)).await??;
        }
        for audience in opened.iter().filter(|audience| !audience.is_up()) {
            self.catch_up(audience).await?;
        }
        Ok(())
    }

    async fn tell(&self, message: &redis::Msg, channels: &Channels) -> Result<(), Broken> {
        let Some(audience) = channels.get(message.get_channel_name()).and_then(|stream| self.hub.audience(*stream))
        else {
            return Ok(());
        };
        let payload = std::str::from_utf8(message.get_payload_bytes()).unwrap_or_default();
        let Some((epoch, event)) = buffer::heard(payload) else {
            warn!(stream.id = %audience.stream, "an event of another version's form was left out");
            return Ok(());
        };
        match audience.hear(epoch, event) {
            Heard::Told => Ok(()),
            Heard::Gap => self.catch_up(&audience).await,
        }
    }

    async fn catch_up(&self, audience: &Audience) -> Result<(), Broken> {
        let tail = self.buffer.tail(audience.stream, audience.told().as_ref()).await?;
        audience.catch_up(tail);
        Ok(())
    }
}
