//! When a stream is over without anybody saying so. Pure.

use domain::{Stream, StreamStatus};
use time::OffsetDateTime;

use crate::Config;

/// What the reaper does with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Keep,
    /// Its publisher vanished with its node at this time: the grace time runs.
    Away(OffsetDateTime),
    /// It is over.
    Over,
}

/// Judges a stream; `node_lost_at` is when its node's heartbeat was first missed, if it is gone.
pub(crate) fn verdict(
    stream: &Stream,
    now: OffsetDateTime,
    config: &Config,
    node_lost_at: Option<OffsetDateTime>,
) -> Verdict {
    match (stream.status, stream.publisher_left_at, node_lost_at) {
        (StreamStatus::Starting, ..) if now - stream.created_at >= config.starting() => Verdict::Over,
        (StreamStatus::Live, Some(left_at), _) if now - left_at >= config.grace() => Verdict::Over,
        (StreamStatus::Live, None, Some(lost_at)) => Verdict::Away(lost_at),
        _ => Verdict::Keep,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{StreamId, Title, UserId, Visibility};
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);

    fn stream(status: StreamStatus, publisher_left_at: Option<OffsetDateTime>) -> Stream {
        Stream {
            id: StreamId::new(),
            owner: UserId::new(),
            title: Title::trusted("jam".into()),
            status,
            visibility: Visibility::Public,
            node: None,
            started_at: NOON,
            ended_at: None,
            publisher_left_at,
            created_at: NOON,
        }
    }

    fn after(secs: u64) -> OffsetDateTime {
        NOON + Duration::from_secs(secs)
    }

    #[test]
    fn a_stream_without_a_picture_is_over_after_ten_minutes() {
        let config = Config::default();
        let waiting = stream(StreamStatus::Starting, None);
        assert_eq!(verdict(&waiting, after(599), &config, Some(NOON)), Verdict::Keep);
        assert_eq!(verdict(&waiting, after(600), &config, None), Verdict::Over);
    }

    #[test]
    fn a_live_stream_is_over_when_its_publisher_stayed_away_past_the_grace_time() {
        let config = Config::default();
        assert_eq!(verdict(&stream(StreamStatus::Live, None), after(86_400), &config, None), Verdict::Keep);
        let away = stream(StreamStatus::Live, Some(NOON));
        assert_eq!(verdict(&away, after(59), &config, None), Verdict::Keep);
        assert_eq!(verdict(&away, after(60), &config, None), Verdict::Over);
    }

    #[test]
    fn a_lost_node_takes_the_publisher_along_from_the_moment_it_was_missed() {
        let config = Config::default();
        let live = stream(StreamStatus::Live, None);
        assert_eq!(verdict(&live, after(10), &config, Some(NOON)), Verdict::Away(NOON));
        let away = stream(StreamStatus::Live, Some(after(5)));
        assert_eq!(verdict(&away, after(10), &config, Some(NOON)), Verdict::Keep);
    }

    #[test]
    fn a_clock_that_goes_back_ends_nothing() {
        let away = stream(StreamStatus::Live, Some(after(3600)));
        assert_eq!(verdict(&away, NOON, &Config::default(), None), Verdict::Keep);
    }
}
