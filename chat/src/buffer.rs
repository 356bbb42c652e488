//! The last five minutes of every room, in Redis: append and publish as one step, read the end as one step.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, StreamId, UserId};
use redis::Script;
use store::redis::{Redis, RedisError};
use uuid::Uuid;

use crate::config::{Config, KEEP};
use crate::frame::Event;
use crate::position::Position;

/// The log of each room.
#[derive(Clone)]
pub(crate) struct Buffer {
    redis: Redis,
    clock: Arc<dyn Clock>,
    scripts: Arc<Scripts>,
    largest_gap: u32,
    newcomer: u32,
}

struct Scripts {
    append: Script,
    tail: Script,
}

/// The end of a log.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Where the log stands.
    pub(crate) top: Position,
    /// The gap after the position asked for, else the newest, in order; nothing older than five minutes.
    pub(crate) events: Vec<Event>,
}

/// How long one read or write may take before the caller is told that Redis is away.
const PATIENCE: Duration = Duration::from_secs(2);
/// The log outlives its last event by a little more than it keeps, so that quiet rooms vanish.
const LOG_SECS: u64 = KEEP.as_secs() + 10;
/// Epoch and offset outlive the log, so that viewers of a quiet stream keep their position.
const META_SECS: u64 = 24 * 3600;

impl Buffer {
    pub(crate) fn new(redis: Redis, clock: Arc<dyn Clock>, config: &Config) -> Self {
        let scripts =
            Scripts { append: Script::new(include_str!("append.lua")), tail: Script::new(include_str!("tail.lua")) };
        Self {
            redis,
            clock,
            scripts: Arc::new(scripts),
            largest_gap: config.recovery_events,
            newcomer: config.history_events,
        }
    }

    /// Appends an event and tells every node, or, for a `client_id` of the last five minutes, finds the event
    /// that it became. Answers its offset.
    pub(crate) async fn append(
        &self,
        stream: StreamId,
        by: UserId,
        client_id: &str,
        event: &str,
    ) -> Result<u64, RedisError> {
        let mut script = self.scripts.append.prepare_invoke();
        script
            .key(self.redis.chat_log_key(stream))
            .key(self.redis.chat_meta_key(stream))
            .key(self.redis.chat_repeat_key(stream, &format!("{by}:{client_id}")))
            .arg(self.now_ms())
            .arg(millis(KEEP))
            .arg(LOG_SECS)
            .arg(META_SECS)
            .arg(fresh_epoch())
            .arg(self.redis.chat_channel(stream))
            .arg(event);
        let (_epoch, offset, _known): (String, u64, u8) = self.run(&script).await?;
        Ok(offset)
    }

    /// The end of the log: exactly what follows `after`, if that is possible, else the newest events.
    pub(crate) async fn tail(&self, stream: StreamId, after: Option<&Position>) -> Result<Tail, RedisError> {
        let oldest = self.now_ms().saturating_sub(millis(KEEP));
        let (epoch, offset) = after.map_or(("", 0), |after| (&*after.epoch, after.offset));
        let mut script = self.scripts.tail.prepare_invoke();
        script
            .key(self.redis.chat_log_key(stream))
            .key(self.redis.chat_meta_key(stream))
            .arg(fresh_epoch())
            .arg(META_SECS)
            .arg(format!("{oldest}-0"))
            .arg(epoch)
            .arg(offset)
            .arg(self.largest_gap)
            .arg(self.newcomer);
        let (epoch, offset, newest_first): (String, u64, Vec<(String, Vec<String>)>) = self.run(&script).await?;
        let events = newest_first.iter().rev().filter_map(|(id, fields)| event(id, fields)).collect();
        Ok(Tail { top: Position { epoch: epoch.into(), offset }, events })
    }

    /// Runs a script. Once more if the connection had broken before: both scripts may run twice.
    async fn run<T: redis::FromRedisValue>(&self, script: &redis::ScriptInvocation<'_>) -> Result<T, RedisError> {
        let attempt = async {
            let first = script.invoke_async(&mut self.redis.commands()).await;
            match first {
                Err(error) if error.is_connection_dropped() => script.invoke_async(&mut self.redis.commands()).await,
                other => other,
            }
        };
        match tokio::time::timeout(PATIENCE, attempt).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(RedisError(redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))),
        }
    }

    fn now_ms(&self) -> u64 {
        let now = self.clock.now().unix_timestamp_nanos() / 1_000_000;
        u64::try_from(now).unwrap_or(0)
    }
}

/// Names a log that begins now. Redis takes it only if the room has none.
fn fresh_epoch() -> String {
    Uuid::new_v4().simple().to_string()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An entry of the log; what no version of ours wrote is left out.
fn event(id: &str, fields: &[String]) -> Option<Event> {
    let (ms, offset) = id.split_once('-')?;
    let [_, kept] = fields else { return None };
    Event::new(offset.parse().ok()?, ms.parse().ok()?, kept)
}

/// What every node hears of an append: `epoch offset ms event`.
pub(crate) fn heard(payload: &str) -> Option<(&str, Event)> {
    let mut parts = payload.splitn(4, ' ');
    let (epoch, offset, ms, kept) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some((epoch, Event::new(offset.parse().ok()?, ms.parse().ok()?, kept)?))
}
