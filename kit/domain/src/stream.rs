//! A stream and the steps of its life. Pure: the time comes in as an argument.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Caller, NodeId, StreamId, Title, UserId};

/// Where a stream stands in its life. Only forward: `Starting` -> `Live` -> `Ended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamStatus {
    /// Created; no picture yet.
    Starting,
    /// The first keyframe has arrived.
    Live,
    /// Over. Nothing follows.
    Ended,
}

/// Who may see a stream and its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody; it is listed.
    Public,
    /// Whoever has the link; it is not listed.
    Unlisted,
    /// Its creator alone.
    Private,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// The word used in SQL and JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $type {
            type Err = ();

            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words!(StreamStatus { Starting = "starting", Live = "live", Ended = "ended" });
words!(Visibility { Public = "public", Unlisted = "unlisted", Private = "private" });

/// One broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Its creator.
    pub owner: UserId,
    /// Its title.
    pub title: Title,
    /// Where it stands.
    pub status: StreamStatus,
    /// Who may see it.
    pub visibility: Visibility,
    /// The media node that serves it, once one was chosen.
    pub node: Option<NodeId>,
    /// When it was created, and from the first keyframe on: when it went live.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// Since when its publisher has been away; the grace time runs from here.
    pub publisher_left_at: Option<OffsetDateTime>,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// The step does not follow from where the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream has ended")]
pub struct StreamTransitionError;

impl Stream {
    /// Whether `caller` may know of this stream and watch it.
    pub fn is_visible_to(&self, caller: &Caller) -> bool {
        self.visibility != Visibility::Private || caller.is(self.owner)
    }

    /// The first keyframe arrived, or the publisher is back. Doing it twice is fine.
    pub fn go_live(self, now: OffsetDateTime) -> Result<Self, StreamTransitionError> {
        match self.status {
            StreamStatus::Ended => Err(StreamTransitionError),
            StreamStatus::Live => Ok(Self { publisher_left_at: None, ..self }),
            StreamStatus::Starting => {
                Ok(Self { status: StreamStatus::Live, started_at: now, publisher_left_at: None, ..self })
            }
        }
    }

    /// The publisher's connection is gone; the grace time begins, unless it runs already.
    pub fn publisher_left(self, now: OffsetDateTime) -> Self {
        let since = self.publisher_left_at.unwrap_or(now);
        Self { publisher_left_at: Some(since), ..self }
    }

    /// It is over. Ending twice is fine and keeps the first end.
    pub fn end(self, now: OffsetDateTime) -> Self {
        let at = self.ended_at.unwrap_or(now);
        Self { status: StreamStatus::Ended, ended_at: Some(at), ..self }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-01 12:05 UTC);

    fn starting() -> Stream {
        Stream {
            id: StreamId::new(),
            owner: UserId::new(),
            title: Title::trusted("jam".into()),
            status: StreamStatus::Starting,
            visibility: Visibility::Private,
            node: None,
            started_at: NOON,
            ended_at: None,
            publisher_left_at: None,
            created_at: NOON,
        }
    }

    #[test]
    fn the_start_is_the_first_keyframe_and_a_return_does_not_move_it() {
        let live = starting().go_live(LATER).expect("it may start");
        assert_eq!((live.status, live.started_at), (StreamStatus::Live, LATER));
        let back = live.publisher_left(LATER).go_live(NOON).expect("it may return");
        assert_eq!((back.started_at, back.publisher_left_at), (LATER, None));
    }

    #[test]
    fn the_grace_time_runs_from_the_first_loss() {
        let away = starting().publisher_left(NOON).publisher_left(LATER);
        assert_eq!(away.publisher_left_at, Some(NOON));
    }

    #[test]
    fn an_ended_stream_stays_ended() {
        let ended = starting().end(NOON).end(LATER);
        assert_eq!(ended.ended_at, Some(NOON));
        assert_eq!(ended.go_live(LATER), Err(StreamTransitionError));
    }

    #[test]
    fn a_private_stream_is_visible_to_its_owner_alone() {
        let stream = starting();
        assert!(!stream.is_visible_to(&Caller::Anonymous));
        let public = Stream { visibility: Visibility::Public, ..stream };
        assert!(public.is_visible_to(&Caller::Anonymous));
    }
}
