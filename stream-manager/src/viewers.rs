//! How many watch: reported by media nodes from living connections, kept in Redis, and gone when reports stop.

use std::collections::HashSet;
use std::time::Duration;

use domain::{NodeId, StreamId};
use store::redis::RedisError;

use crate::StreamManager;

/// A report counts for so long; nodes report every few seconds.
const FRESH: Duration = Duration::from_secs(15);
/// Redis forgets a stream's counts when no node has reported for so long.
const EXPIRY: Duration = Duration::from_secs(60);
/// A page does not wait longer for a count.
const PATIENCE: Duration = Duration::from_millis(300);

impl StreamManager {
    /// Takes a node's count of all its streams; a stream that is missing has no watchers there any more.
    pub async fn report_viewers(&self, node: NodeId, counts: &[(StreamId, u32)]) -> Result<(), RedisError> {
        let redis = &self.inner.redis;
        let now_ms = self.now_ms();
        let present: HashSet<StreamId> = counts.iter().map(|(stream, _)| *stream).collect();
        let mut pipe = redis::pipe();
        for (stream, count) in counts {
            let key = redis.viewers_key(*stream);
            pipe.hset(&key, node.to_string(), format!("{count}:{now_ms}")).ignore();
            pipe.pexpire(&key, EXPIRY.as_millis() as i64).ignore();
        }
        for stream in self.reported_before(node).difference(&present) {
            pipe.hdel(redis.viewers_key(*stream), node.to_string()).ignore();
        }
        if !pipe.is_empty() {
            let _: () = pipe.query_async(&mut redis.commands()).await?;
        }
        let mut reported = self.inner.reported.lock().expect("nothing panics while it holds this lock");
        reported.insert(node, present);
        Ok(())
    }

    fn reported_before(&self, node: NodeId) -> HashSet<StreamId> {
        let reported = self.inner.reported.lock().expect("nothing panics while it holds this lock");
        reported.get(&node).cloned().unwrap_or_default()
    }

    /// How many watch each of these streams, in their order. Where Redis does not answer at once, nobody is counted.
    pub async fn viewers(&self, streams: &[StreamId]) -> Vec<u32> {
        if streams.is_empty() {
            return Vec::new();
        }
        let redis = &self.inner.redis;
        let mut pipe = redis::pipe();
        for stream in streams {
            pipe.hvals(redis.viewers_key(*stream));
        }
        let mut commands = redis.commands();
        let asked = tokio::time::timeout(PATIENCE, pipe.query_async::<Vec<Vec<String>>>(&mut commands)).await;
        let Ok(Ok(reports)) = asked else {
            tracing::debug!("the viewers cannot be counted now");
            return vec![0; streams.len()];
        };
        let now_ms = self.now_ms();
        reports.iter().map(|nodes| nodes.iter().map(|report| fresh_count(report, now_ms)).sum()).collect()
    }

    fn now_ms(&self) -> i64 {
        (self.inner.clock.now().unix_timestamp_nanos() / 1_000_000) as i64
    }
}

/// The count in a report `count:unix_ms`, unless the report is stale.
fn fresh_count(report: &str, now_ms: i64) -> u32 {
    let parse = || {
        let (count, at_ms) = report.split_once(':')?;
        Some((count.parse::<u32>().ok()?, at_ms.parse::<i64>().ok()?))
    };
    match parse() {
        Some((count, at_ms)) if now_ms.saturating_sub(at_ms) < FRESH.as_millis() as i64 => count,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_and_unreadable_reports_count_nobody() {
        assert_eq!(fresh_count("7:1000", 15_999), 7);
        assert_eq!(fresh_count("7:1000", 16_000), 0);
        for bad in ["", "7", "-1:1000", "7:", "x:1000"] {
            assert_eq!(fresh_count(bad, 1000), 0, "{bad}");
        }
    }
}
