//! Tables `users` and `operator_links`. Written by `api`.

use domain::{Bio, DisplayName, Email, User, UserId, Username};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{StoreError, violated_unique};

/// Columns of a user, as they stand in the table.
struct Row {
    user_id: Uuid,
    username: String,
    email: String,
    display_name: Option<String>,
    bio: String,
    is_operator: bool,
    created_at: OffsetDateTime,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: UserId::from(row.user_id),
            username: Username::trusted(row.username),
            email: Email::trusted(row.email),
            display_name: row.display_name.map(DisplayName::trusted),
            bio: Bio::trusted(row.bio),
            is_operator: row.is_operator,
            created_at: row.created_at,
        }
    }
}

/// Why a user cannot be written like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Another user has the name.
    Username,
    /// Another user has the e-mail address.
    Email,
}

/// What a unique index says of the write, in our words.
fn written(outcome: Result<sqlx::postgres::PgQueryResult, sqlx::Error>) -> Result<Result<(), Taken>, StoreError> {
    let Err(error) = outcome else { return Ok(Ok(())) };
    match violated_unique(&error).as_deref() {
        Some("users_username_key") => Ok(Err(Taken::Username)),
        Some("users_email_key") => Ok(Err(Taken::Email)),
        _ => Err(error.into()),
    }
}

/// Adds a user, unless its name or address is taken.
pub async fn insert(db: &mut PgConnection, user: &User, password_hash: &str) -> Result<Result<(), Taken>, StoreError> {
    let outcome = sqlx::query!(
        "INSERT INTO users (user_id, username, email, password_hash, display_name, bio, is_operator, created_at,
                            updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        user.id.uuid(),
        user.username.as_str(),
        user.email.as_str(),
        password_hash,
        user.display_name.as_ref().map(DisplayName::as_str),
        user.bio.as_str(),
        user.is_operator,
        user.created_at,
    )
    .execute(db)
    .await;
    written(outcome)
}

/// Writes what a user may change about themselves, unless the new name or address is taken.
pub async fn save(db: &mut PgConnection, user: &User, now: OffsetDateTime) -> Result<Result<(), Taken>, StoreError> {
    let outcome = sqlx::query!(
        "UPDATE users SET username = $2, email = $3, display_name = $4, bio = $5, updated_at = $6 WHERE user_id = $1",
        user.id.uuid(),
        user.username.as_str(),
        user.email.as_str(),
        user.display_name.as_ref().map(DisplayName::as_str),
        user.bio.as_str(),
        now,
    )
    .execute(db)
    .await;
    written(outcome)
}

/// The user, if there is one.
pub async fn find(db: &mut PgConnection, id: UserId) -> Result<Option<User>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT user_id, username, email, display_name, bio, is_operator, created_at FROM users WHERE user_id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(User::from))
}

/// The user of this name, whatever its case.
pub async fn find_by_username(db: &mut PgConnection, username: &Username) -> Result<Option<User>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT user_id, username, email, display_name, bio, is_operator, created_at
           FROM users WHERE lower(username) = lower($1)",
        username.as_str(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(User::from))
}

/// The user, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: UserId) -> Result<Option<User>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT user_id, username, email, display_name, bio, is_operator, created_at
           FROM users WHERE user_id = $1 FOR UPDATE",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(User::from))
}

/// Those of the users that exist, in no order.
pub async fn find_many(db: &mut PgConnection, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT user_id, username, email, display_name, bio, is_operator, created_at
           FROM users WHERE user_id = ANY($1)",
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// Id and password hash of the user with this address, whatever its case.
pub async fn password_by_email(db: &mut PgConnection, email: &str) -> Result<Option<(UserId, String)>, StoreError> {
    let row = sqlx::query!("SELECT user_id, password_hash FROM users WHERE lower(email) = lower($1)", email)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (UserId::from(row.user_id), row.password_hash)))
}

/// The user's password hash.
pub async fn password(db: &mut PgConnection, id: UserId) -> Result<Option<String>, StoreError> {
    let hash =
        sqlx::query_scalar!("SELECT password_hash FROM users WHERE user_id = $1", id.uuid()).fetch_optional(db).await?;
    Ok(hash)
}

/// Writes a new password hash in place of `old`. False if somebody else changed it meanwhile.
pub async fn set_password(
    db: &mut PgConnection,
    id: UserId,
    old: &str,
    new: &str,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE users SET password_hash = $3, updated_at = $4 WHERE user_id = $1 AND password_hash = $2",
        id.uuid(),
        old,
        new,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes the user an operator, or no longer one. False if there is no such user.
pub async fn set_operator(db: &mut PgConnection, id: UserId, is_operator: bool) -> Result<bool, StoreError> {
    let done = sqlx::query!("UPDATE users SET is_operator = $2 WHERE user_id = $1", id.uuid(), is_operator)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the installation has an operator.
pub async fn have_operator(db: &mut PgConnection) -> Result<bool, StoreError> {
    let found =
        sqlx::query_scalar!("SELECT EXISTS (SELECT FROM users WHERE is_operator) AS \"found!\"").fetch_one(db).await?;
    Ok(found)
}

/// Adds a one-time link by the SHA-256 of its token, in place of all earlier ones.
pub async fn replace_operator_link(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM operator_links").execute(&mut *db).await?;
    sqlx::query!(
        "INSERT INTO operator_links (token_hash, created_at, expires_at) VALUES ($1, $2, $3)",
        token_hash,
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the link out, so that it works once. False if there is none or it has expired.
pub async fn take_operator_link(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!("DELETE FROM operator_links WHERE token_hash = $1 AND expires_at > $2", token_hash, now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
