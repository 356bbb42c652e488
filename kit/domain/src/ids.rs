//! Identifiers: UUIDs of version 7, each kind in a type of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier; later ones sort after earlier ones, to the millisecond.
            #[expect(clippy::new_without_default, reason = "a default identifier would be a trap")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare UUID, for SQL and the wire.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id! {
    /// A user.
    UserId
}
id! {
    /// A signed-in browser or API client of a user.
    SessionId
}
id! {
    /// A stream.
    StreamId
}
id! {
    /// A creator's long-lived key for OBS and the like.
    StreamKeyId
}
id! {
    /// An archive.
    ArchiveId
}
id! {
    /// A recording: what one media node received of a stream.
    RecordingId
}
id! {
    /// A job in the queue.
    JobId
}
id! {
    /// One running process, from its start to its end.
    NodeId
}
