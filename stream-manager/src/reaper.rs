//! Ends streams whose publisher vanished: the net under lost events, crashed nodes and closed laptops.

use std::collections::HashMap;
use std::time::Duration;

use domain::{NodeId, Stream, StreamId, StreamStatus};
use store::{StoreError, streams};
use time::OffsetDateTime;

use crate::state::{Verdict, verdict};
use crate::{HEARTBEAT_EXPIRY, StreamManager};

/// What one round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Streams whose publisher is away as of now.
    pub away: Vec<StreamId>,
    /// Streams that are over as of now.
    pub ended: Vec<StreamId>,
}

/// A list of nodes that takes longer is given up, so that Redis holds up no end of a stream.
const PATIENCE: Duration = Duration::from_secs(1);

type Lost = HashMap<NodeId, OffsetDateTime>;

impl StreamManager {
    /// Looks at all unfinished streams once; to be repeated every few seconds. Several processes may do it at once.
    pub async fn reap(&self) -> Result<Reaped, StoreError> {
        let now = self.inner.clock.now();
        let mut db = self.inner.store.acquire().await?;
        let unfinished = streams::unfinished(&mut db).await?;
        drop(db);
        let lost = self.lost_nodes(&unfinished, now).await;
        let mut reaped = Reaped::default();
        for stream in unfinished.iter().filter(|stream| self.judge(stream, now, &lost) != Verdict::Keep) {
            match self.reap_one(stream.id, now, &lost).await {
                Ok(Verdict::Keep) => {}
                Ok(Verdict::Away(_)) => reaped.away.push(stream.id),
                Ok(Verdict::Over) => reaped.ended.push(stream.id),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(stream.id = %stream.id, error, "stream {} cannot be ended now", stream.id);
                }
            }
        }
        Ok(reaped)
    }

    fn judge(&self, stream: &Stream, now: OffsetDateTime, lost: &Lost) -> Verdict {
        let node_lost_at = stream.node.and_then(|node| lost.get(&node)).copied();
        verdict(stream, now, &self.inner.config, node_lost_at)
    }

    /// Judges again with the row locked: the publisher may have come back, or another reaper been faster.
    async fn reap_one(&self, id: StreamId, now: OffsetDateTime, lost: &Lost) -> Result<Verdict, StoreError> {
        let mut tx = self.inner.store.begin().await?;
        let Some(stream) = streams::lock(&mut tx, id).await? else { return Ok(Verdict::Keep) };
        let verdict = self.judge(&stream, now, lost);
        match verdict {
            Verdict::Keep => {}
            Verdict::Away(since) => self.mark_left(tx, stream.publisher_left(since)).await?,
            Verdict::Over => drop(self.finish(tx, stream).await?),
        }
        Ok(verdict)
    }

    /// The nodes that serve live streams and have been missing for as long as a heartbeat holds, so that a Redis that
    /// was emptied takes no stream along: the nodes are back on its list by then. While Redis is away nothing is known.
    async fn lost_nodes(&self, unfinished: &[Stream], now: OffsetDateTime) -> Lost {
        let serving = unfinished.iter().filter(|stream| stream.status == StreamStatus::Live);
        let serving: Vec<NodeId> = serving.filter_map(|stream| stream.node).collect();
        let listed = match serving.is_empty() {
            true => Ok(Ok(Vec::new())),
            false => tokio::time::timeout(PATIENCE, self.inner.nodes.list()).await,
        };
        let mut missed = self.inner.missed.lock().expect("nothing panics while it holds this lock");
        let Ok(Ok(alive)) = listed else {
            missed.clear();
            return Lost::new();
        };
        let missing = |node: &NodeId| serving.contains(node) && alive.iter().all(|known| known.node != *node);
        missed.retain(|node, _| missing(node));
        for node in serving.iter().filter(|node| missing(node)) {
            missed.entry(*node).or_insert(now);
        }
        missed.iter().filter(|(_, since)| now - **since >= HEARTBEAT_EXPIRY).map(|(n, at)| (*n, *at)).collect()
    }
}
