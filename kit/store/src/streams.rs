//! Table `streams`. Written by `stream-manager`.

use domain::{NodeId, Stream, StreamId, StreamKeyId, StreamStatus, Title, UserId, Visibility};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;

/// Columns of a stream, as they stand in the table.
struct Row {
    stream_id: Uuid,
    user_id: Uuid,
    title: String,
    status: String,
    visibility: String,
    node_id: Option<Uuid>,
    started_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    publisher_left_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl Row {
    fn stream(self) -> Result<Stream, StoreError> {
        let bad = |what: &str| StoreError::BadRow { table: "streams", what: what.to_owned() };
        Ok(Stream {
            id: StreamId::from(self.stream_id),
            owner: UserId::from(self.user_id),
            title: Title::trusted(self.title),
            status: self.status.parse().map_err(|()| bad("status"))?,
            visibility: self.visibility.parse().map_err(|()| bad("visibility"))?,
            node: self.node_id.map(NodeId::from),
            started_at: self.started_at,
            ended_at: self.ended_at,
            publisher_left_at: self.publisher_left_at,
            created_at: self.created_at,
        })
    }
}

/// Adds a stream; `publish_token_hash` is the SHA-256 of its publish token.
pub async fn insert(db: &mut PgConnection, stream: &Stream, publish_token_hash: &[u8]) -> Result<(), StoreError> {
    insert_made_with(db, stream, publish_token_hash, None).await
}

/// As [`insert`], for a stream that was made with a stream key.
pub async fn insert_made_with(
    db: &mut PgConnection,
    stream: &Stream,
    publish_token_hash: &[u8],
    key: Option<StreamKeyId>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO streams (stream_id, user_id, title, status, visibility, node_id, publish_token_hash,
                              stream_key_id, started_at, ended_at, publisher_left_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        stream.id.uuid(),
        stream.owner.uuid(),
        stream.title.as_str(),
        stream.status.as_str(),
        stream.visibility.as_str(),
        stream.node.map(NodeId::uuid),
        publish_token_hash,
        key.map(StreamKeyId::uuid),
        stream.started_at,
        stream.ended_at,
        stream.publisher_left_at,
        stream.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks the user against other transactions that start streams, and tells how the user is called on pages.
pub async fn lock_creator(db: &mut PgConnection, user: UserId) -> Result<Option<String>, StoreError> {
    let name = sqlx::query_scalar!(
        r#"SELECT coalesce(nullif(display_name, ''), username) AS "name!"
             FROM users WHERE user_id = $1 FOR NO KEY UPDATE"#,
        user.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(name)
}

/// How many of the user's streams have not ended, and how many were created since then.
pub async fn count_of(db: &mut PgConnection, user: UserId, since: OffsetDateTime) -> Result<(i64, i64), StoreError> {
    let counts = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE status <> 'ended') AS "unfinished!",
                  count(*) FILTER (WHERE created_at > $2) AS "recent!"
             FROM streams
            WHERE user_id = $1 AND (status <> 'ended' OR created_at > $2)"#,
        user.uuid(),
        since,
    )
    .fetch_one(db)
    .await?;
    Ok((counts.unfinished, counts.recent))
}

/// The unfinished streams that were made with the key, newest first, locked until the transaction ends.
pub async fn lock_made_with(db: &mut PgConnection, key: StreamKeyId) -> Result<Vec<Stream>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT stream_id, user_id, title, status, visibility, node_id, started_at, ended_at, publisher_left_at,
                created_at
           FROM streams WHERE stream_key_id = $1 AND status <> 'ended' ORDER BY stream_id DESC FOR UPDATE",
        key.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::stream).collect()
}

/// Writes what can change in a stream's life.
pub async fn save(db: &mut PgConnection, stream: &Stream) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE streams
            SET title = $2, status = $3, visibility = $4, node_id = $5, started_at = $6, ended_at = $7,
                publisher_left_at = $8
          WHERE stream_id = $1",
        stream.id.uuid(),
        stream.title.as_str(),
        stream.status.as_str(),
        stream.visibility.as_str(),
        stream.node.map(NodeId::uuid),
        stream.started_at,
        stream.ended_at,
        stream.publisher_left_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The stream, if there is one.
pub async fn find(db: &mut PgConnection, id: StreamId) -> Result<Option<Stream>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT stream_id, user_id, title, status, visibility, node_id, started_at, ended_at, publisher_left_at,
                created_at
           FROM streams WHERE stream_id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::stream).transpose()
}

/// The stream, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: StreamId) -> Result<Option<Stream>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT stream_id, user_id, title, status, visibility, node_id, started_at, ended_at, publisher_left_at,
                created_at
           FROM streams WHERE stream_id = $1 FOR UPDATE",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::stream).transpose()
}

/// The SHA-256 of the stream's publish token.
pub async fn publish_token_hash(db: &mut PgConnection, id: StreamId) -> Result<Option<Vec<u8>>, StoreError> {
    let hash = sqlx::query_scalar!("SELECT publish_token_hash FROM streams WHERE stream_id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(hash)
}

/// All streams that have not ended, oldest first. A few hundred at most.
pub async fn unfinished(db: &mut PgConnection) -> Result<Vec<Stream>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT stream_id, user_id, title, status, visibility, node_id, started_at, ended_at, publisher_left_at,
                created_at
           FROM streams WHERE status <> 'ended' ORDER BY stream_id",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::stream).collect()
}

/// Those of these streams that have ended.
pub async fn ended_among(db: &mut PgConnection, ids: &[StreamId]) -> Result<Vec<StreamId>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let ended = sqlx::query_scalar!(
        "SELECT stream_id FROM streams WHERE stream_id = ANY($1) AND status = 'ended' ORDER BY stream_id",
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(ended.into_iter().map(StreamId::from).collect())
}

/// Which streams to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those that stand here.
    pub status: Option<StreamStatus>,
    /// Only this creator's.
    pub owner: Option<UserId>,
    /// Only public ones; else all that match.
    pub visibility: Option<Visibility>,
    /// Only those that went live at some time.
    pub aired: bool,
    /// Only those before this one, newest first.
    pub before: Option<StreamId>,
}

/// The newest matching streams, at most `limit`.
pub async fn list(db: &mut PgConnection, filter: &Filter, limit: i64) -> Result<Vec<Stream>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT stream_id, user_id, title, status, visibility, node_id, started_at, ended_at, publisher_left_at,
                created_at
           FROM streams
          WHERE ($1::text IS NULL OR status = $1)
            AND ($2::uuid IS NULL OR user_id = $2)
            AND ($3::text IS NULL OR visibility = $3)
            AND ($4::uuid IS NULL OR stream_id < $4)
            AND (NOT $5 OR status = 'live' OR started_at > created_at)
          ORDER BY stream_id DESC
          LIMIT $6",
        filter.status.map(StreamStatus::as_str),
        filter.owner.map(UserId::uuid),
        filter.visibility.map(Visibility::as_str),
        filter.before.map(StreamId::uuid),
        filter.aired,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::stream).collect()
}
