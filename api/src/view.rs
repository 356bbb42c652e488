//! What leaves the building: JSON shapes, apart from domain and rows. A field that is not here is not shown.

mod account;
mod archive;
mod stream;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

pub(crate) use account::{AccountView, OwnerView, SessionItemView, SessionList, SessionView, TokenView, UserView};
pub(crate) use archive::{ArchiveList, ArchiveView};
pub(crate) use stream::{
    Beside, NewKeyView, StartedView, StreamKeyList, StreamKeyView, StreamList, StreamStatus, StreamView, Visibility,
};

/// A moment, to the millisecond, as `2026-11-01T12:00:00.25Z`.
fn moment<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let at = at.replace_millisecond(at.millisecond()).unwrap_or(*at);
    serializer.serialize_str(&at.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
}

fn moment_or_null<S: Serializer>(at: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorView {
    /// A sentence for people; it may change.
    #[schema(example = "there is nothing at this address")]
    error: String,
    /// A word for programs; it does not.
    #[schema(example = "NOT_FOUND")]
    code: String,
}

/// A word of the domain as it stands in JSON and in the contract.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $domain:path { $($(#[$each:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$each])* $variant),+ }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word { $(<$domain>::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}
use words;

/// One page of a list.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, ToSchema)]
        pub(crate) struct $name {
            /// Newest first.
            pub(crate) items: Vec<$item>,
            /// Give it as `cursor` for the next page; null at the end.
            pub(crate) next_cursor: Option<String>,
        }

    };
}
use list;
