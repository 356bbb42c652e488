//! Who is asking.

use crate::{Fault, Kind, SessionId, UserId, Username};

/// Who is behind a request or a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody we know. May watch and read what is public.
    Anonymous,
    /// A signed-in user.
    User(Identity),
}

/// What is known of a signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserId,
    /// The name shown to others.
    pub username: Username,
    /// The session by which the user is signed in.
    pub session: SessionId,
    /// Whether the user runs this installation.
    pub is_operator: bool,
}

/// The caller has to sign in first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sign in first")]
pub struct NotSignedIn;

impl Fault for NotSignedIn {
    fn kind(&self) -> Kind {
        Kind::Unknown
    }

    fn code(&self) -> &'static str {
        "NOT_SIGNED_IN"
    }
}

impl Caller {
    /// The signed-in user, or the request to sign in.
    pub fn must_be_user(&self) -> Result<&Identity, NotSignedIn> {
        match self {
            Self::Anonymous => Err(NotSignedIn),
            Self::User(identity) => Ok(identity),
        }
    }

    /// The signed-in user's id, if any.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Anonymous => None,
            Self::User(identity) => Some(identity.user),
        }
    }

    /// Whether the caller is this user.
    pub fn is(&self, user: UserId) -> bool {
        self.user() == Some(user)
    }
}
