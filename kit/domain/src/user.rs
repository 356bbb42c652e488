//! A user: somebody with an account.

use time::OffsetDateTime;

use crate::{Bio, DisplayName, Email, UserId, Username};

/// An account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// How the user is addressed in URLs and chat.
    pub username: Username,
    /// Where mail goes. Shown to the user alone.
    pub email: Email,
    /// What the user is called on pages, if other than the username.
    pub display_name: Option<DisplayName>,
    /// What the user tells about themselves; may be empty.
    pub bio: Bio,
    /// Whether the user runs this installation.
    pub is_operator: bool,
    /// When the account was made.
    pub created_at: OffsetDateTime,
}
