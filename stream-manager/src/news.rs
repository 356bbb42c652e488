//! Telling every node what happened. Best effort: who misses it looks into Postgres.

use std::time::Duration;

use domain::event::StreamEvent;

use crate::StreamManager;

/// News that takes longer is dropped; the deed itself is committed already.
const PATIENCE: Duration = Duration::from_millis(500);

impl StreamManager {
    pub(crate) async fn announce(&self, event: &StreamEvent) {
        let redis = &self.inner.redis;
        let json = serde_json::to_string(event).expect("an event has a JSON form");
        let mut commands = redis.commands();
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(redis.stream_events_channel()).arg(json);
        let told = tokio::time::timeout(PATIENCE, publish.query_async::<()>(&mut commands)).await;
        if !matches!(told, Ok(Ok(()))) {
            let stream = event.stream();
            tracing::warn!(stream.id = %stream, "the news of stream {stream} could not be told");
        }
    }
}
