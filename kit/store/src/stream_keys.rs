//! Table `stream_keys`. Written by `stream-manager`. Keys themselves are never here, only their hashes.

use domain::{StreamKeyId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;

/// A creator's key that was not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamKey {
    /// Its id.
    pub id: StreamKeyId,
    /// Whose it is.
    pub owner: UserId,
    /// What its owner calls it.
    pub label: String,
    /// The part of the key that finds its row; not secret.
    pub prefix: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it last opened a stream.
    pub last_used_at: Option<OffsetDateTime>,
}

struct Row {
    stream_key_id: Uuid,
    user_id: Uuid,
    label: String,
    prefix: String,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
}

impl Row {
    fn key(self) -> StreamKey {
        StreamKey {
            id: StreamKeyId::from(self.stream_key_id),
            owner: UserId::from(self.user_id),
            label: self.label,
            prefix: self.prefix,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
        }
    }
}

/// Adds a key; `hash` is the SHA-256 of its whole text.
pub async fn insert(db: &mut PgConnection, key: &StreamKey, hash: &[u8]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO stream_keys (stream_key_id, user_id, label, prefix, key_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        key.id.uuid(),
        key.owner.uuid(),
        key.label,
        key.prefix,
        hash,
        key.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user's keys, oldest first.
pub async fn of_user(db: &mut PgConnection, user: UserId) -> Result<Vec<StreamKey>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT stream_key_id, user_id, label, prefix, created_at, last_used_at
           FROM stream_keys WHERE user_id = $1 AND revoked_at IS NULL ORDER BY stream_key_id",
        user.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Row::key).collect())
}

/// The user's key of this id, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, user: UserId, id: StreamKeyId) -> Result<Option<StreamKey>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT stream_key_id, user_id, label, prefix, created_at, last_used_at
           FROM stream_keys WHERE stream_key_id = $1 AND user_id = $2 AND revoked_at IS NULL FOR UPDATE",
        id.uuid(),
        user.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Row::key))
}

/// The key whose text begins with this prefix, with the hash of the whole text; locked until the transaction ends,
/// so that a key is not used while it is being revoked.
pub async fn lock_by_prefix(db: &mut PgConnection, prefix: &str) -> Result<Option<(StreamKey, Vec<u8>)>, StoreError> {
    let row = sqlx::query!(
        "SELECT stream_key_id, user_id, label, prefix, created_at, last_used_at, key_hash
           FROM stream_keys WHERE prefix = $1 AND revoked_at IS NULL FOR UPDATE",
        prefix,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let key = StreamKey {
            id: StreamKeyId::from(row.stream_key_id),
            owner: UserId::from(row.user_id),
            label: row.label,
            prefix: row.prefix,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        };
        (key, row.key_hash)
    }))
}

/// Replaces the text of a key; the old one is worthless from then on.
pub async fn replace(db: &mut PgConnection, id: StreamKeyId, prefix: &str, hash: &[u8]) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE stream_keys SET prefix = $2, key_hash = $3, last_used_at = NULL WHERE stream_key_id = $1",
        id.uuid(),
        prefix,
        hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that the key opened a stream.
pub async fn used(db: &mut PgConnection, id: StreamKeyId, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("UPDATE stream_keys SET last_used_at = $2 WHERE stream_key_id = $1", id.uuid(), now)
        .execute(db)
        .await?;
    Ok(())
}

/// Revokes the key for good.
pub async fn revoke(db: &mut PgConnection, id: StreamKeyId, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("UPDATE stream_keys SET revoked_at = $2 WHERE stream_key_id = $1", id.uuid(), now).execute(db).await?;
    Ok(())
}
