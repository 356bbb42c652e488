//! Table `sessions`: signed-in browsers and API clients. Written by `api`.

use domain::{Identity, SessionId, UserId, Username};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;

/// One signed-in browser or API client of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// SHA-256 of the refresh token; none for API clients.
    pub refresh_hash: Option<Vec<u8>>,
    /// SHA-256 of the refresh token before that one.
    pub previous_hash: Option<Vec<u8>>,
    /// When the one took over from the other.
    pub rotated_at: Option<OffsetDateTime>,
    /// What the client calls itself, shortened.
    pub user_agent: String,
    /// When the user signed in.
    pub created_at: OffsetDateTime,
    /// When it was last used, to a few minutes.
    pub last_seen_at: OffsetDateTime,
    /// When it ends unless it is renewed.
    pub expires_at: OffsetDateTime,
}

/// Columns of a session, as they stand in the table.
struct Row {
    session_id: Uuid,
    user_id: Uuid,
    refresh_hash: Option<Vec<u8>>,
    previous_hash: Option<Vec<u8>>,
    rotated_at: Option<OffsetDateTime>,
    user_agent: String,
    created_at: OffsetDateTime,
    last_seen_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: SessionId::from(row.session_id),
            user: UserId::from(row.user_id),
            refresh_hash: row.refresh_hash,
            previous_hash: row.previous_hash,
            rotated_at: row.rotated_at,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

/// Adds a session.
pub async fn insert(db: &mut PgConnection, session: &Session) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO sessions (session_id, user_id, refresh_hash, user_agent, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        session.id.uuid(),
        session.user.uuid(),
        session.refresh_hash,
        session.user_agent,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who is signed in by this session, if it is neither revoked nor expired; notes that it was seen.
pub async fn identity(
    db: &mut PgConnection,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query!(
        "WITH seen AS (
             UPDATE sessions SET last_seen_at = $2
              WHERE session_id = $1 AND revoked_at IS NULL AND expires_at > $2
                AND last_seen_at < $2 - interval '5 minutes'
         )
         SELECT u.user_id, u.username, u.is_operator
           FROM sessions s JOIN users u USING (user_id)
          WHERE s.session_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2",
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Identity {
        user: UserId::from(row.user_id),
        username: Username::trusted(row.username),
        session: id,
        is_operator: row.is_operator,
    }))
}

/// The session, locked until the transaction ends, if it is neither revoked nor expired.
pub async fn lock_living(
    db: &mut PgConnection,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT session_id, user_id, refresh_hash, previous_hash, rotated_at, user_agent, created_at, last_seen_at,
                expires_at
           FROM sessions WHERE session_id = $1 AND revoked_at IS NULL AND expires_at > $2 FOR UPDATE",
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Session::from))
}

/// Writes the fields that a renewal changes.
pub async fn save_renewal(db: &mut PgConnection, session: &Session) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE sessions
            SET refresh_hash = $2, previous_hash = $3, rotated_at = $4, last_seen_at = $5, expires_at = $6
          WHERE session_id = $1",
        session.id.uuid(),
        session.refresh_hash,
        session.previous_hash,
        session.rotated_at,
        session.last_seen_at,
        session.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user's living sessions, newest first.
pub async fn living(db: &mut PgConnection, user: UserId, now: OffsetDateTime) -> Result<Vec<Session>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT session_id, user_id, refresh_hash, previous_hash, rotated_at, user_agent, created_at, last_seen_at,
                expires_at
           FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
          ORDER BY session_id DESC",
        user.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Revokes one session of the user. False if it is not a living one of theirs.
pub async fn revoke(
    db: &mut PgConnection,
    user: UserId,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = $3
          WHERE session_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3",
        id.uuid(),
        user.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes all sessions of the user but this one; says which.
pub async fn revoke_others(
    db: &mut PgConnection,
    user: UserId,
    keep: SessionId,
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE sessions SET revoked_at = $3
          WHERE user_id = $1 AND session_id <> $2 AND revoked_at IS NULL
      RETURNING session_id",
        user.uuid(),
        keep.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(SessionId::from).collect())
}

/// Revokes the oldest sessions of the user beyond the `keep` newest; says which.
pub async fn revoke_beyond(
    db: &mut PgConnection,
    user: UserId,
    keep: i64,
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE sessions SET revoked_at = $3
          WHERE session_id IN (SELECT session_id FROM sessions
                                WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $3
                                ORDER BY session_id DESC OFFSET $2)
      RETURNING session_id",
        user.uuid(),
        keep,
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(SessionId::from).collect())
}

/// Deletes at most `most` sessions, anybody's, that were over before then: expired or revoked, the oldest first. Those
/// that somebody else is deleting are left to them.
pub async fn delete_over(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM sessions
          WHERE session_id IN (SELECT session_id FROM sessions
                                WHERE least(expires_at, revoked_at) < $1
                                ORDER BY least(expires_at, revoked_at)
                                LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
