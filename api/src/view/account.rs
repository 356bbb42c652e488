//! Accounts, users and sessions.

use domain::{Caller, SessionId, User};
use serde::Serialize;
use store::sessions::Session;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{list, moment};

/// A new account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    user_id: Uuid,
    username: String,
    email: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
}

impl From<&User> for AccountView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            email: user.email.to_string(),
            created_at: user.created_at,
        }
    }
}

/// A session was opened or renewed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Send it as `Authorization: Bearer`.
    pub(crate) access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub(crate) token_type: &'static str,
    /// Seconds until the token expires: 24 hours for API clients, 15 minutes on our pages.
    #[schema(example = 86400)]
    pub(crate) expires_in: i64,
    pub(crate) user_id: Uuid,
}

/// The signed-in user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    user_id: Uuid,
    username: String,
    email: String,
    display_name: Option<String>,
    is_operator: bool,
}

impl From<&User> for SessionView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            email: user.email.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
            is_operator: user.is_operator,
        }
    }
}

/// One place where the user is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionItemView {
    session_id: Uuid,
    /// Whether it is the one that asks.
    is_current: bool,
    /// What the client called itself at the log-in.
    user_agent: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
    /// To a few minutes.
    #[serde(serialize_with = "moment")]
    last_seen_at: OffsetDateTime,
    #[serde(serialize_with = "moment")]
    expires_at: OffsetDateTime,
}

impl SessionItemView {
    pub(crate) fn new(session: &Session, current: SessionId) -> Self {
        Self {
            session_id: session.id.uuid(),
            is_current: session.id == current,
            user_agent: session.user_agent.clone(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        }
    }
}

/// A user as others see it; to the user also the address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    user_id: Uuid,
    username: String,
    display_name: Option<String>,
    bio: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
    /// To the user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// To the user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_operator: Option<bool>,
}

impl UserView {
    pub(crate) fn new(user: &User, caller: &Caller) -> Self {
        let is_self = caller.is(user.id);
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
            bio: user.bio.to_string(),
            created_at: user.created_at,
            email: is_self.then(|| user.email.to_string()),
            is_operator: is_self.then_some(user.is_operator),
        }
    }
}

/// Whose it is, in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OwnerView {
    pub(crate) user_id: Uuid,
    pub(crate) username: String,
    pub(crate) display_name: Option<String>,
}

impl From<&User> for OwnerView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
        }
    }
}

list! {
    /// Sessions.
    SessionList of SessionItemView
}
