//! Table `archives`. Written by `archive`; title, owner and visibility are the stream's.

use std::time::Duration;

use domain::{Archive, ArchiveId, StreamId, Title, UserId, Visibility};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;

/// Columns of an archive and of its stream.
struct Row {
    archive_id: Uuid,
    stream_id: Uuid,
    user_id: Uuid,
    title: String,
    visibility: String,
    status: String,
    s3_key: String,
    duration_us: i64,
    file_size: i64,
    download_bytes: Option<i64>,
    thumbnail_bytes: Option<i64>,
    failure: Option<String>,
    created_at: OffsetDateTime,
}

impl Row {
    fn archive(self) -> Result<Archive, StoreError> {
        let bad = |what: &str| StoreError::BadRow { table: "archives", what: what.to_owned() };
        Ok(Archive {
            id: ArchiveId::from(self.archive_id),
            stream: StreamId::from(self.stream_id),
            owner: UserId::from(self.user_id),
            title: Title::trusted(self.title),
            visibility: self.visibility.parse().map_err(|()| bad("visibility"))?,
            status: self.status.parse().map_err(|()| bad("status"))?,
            s3_key: self.s3_key,
            duration: Duration::from_micros(u64::try_from(self.duration_us).map_err(|_| bad("duration_us"))?),
            file_size: u64::try_from(self.file_size).map_err(|_| bad("file_size"))?,
            has_download: self.download_bytes.is_some(),
            has_thumbnail: self.thumbnail_bytes.is_some(),
            failure: self.failure,
            created_at: self.created_at,
        })
    }
}

/// The stream's archive and where its objects stand; made as given if there is none yet. `None` if there is no such
/// stream.
pub async fn ensure(
    db: &mut PgConnection,
    id: ArchiveId,
    stream: StreamId,
    s3_key: &str,
    now: OffsetDateTime,
) -> Result<Option<(ArchiveId, String)>, StoreError> {
    sqlx::query!(
        "INSERT INTO archives (archive_id, stream_id, status, s3_key, created_at)
         SELECT $1, stream_id, 'recording', $3, $4 FROM streams WHERE stream_id = $2
         ON CONFLICT (stream_id) DO NOTHING",
        id.uuid(),
        stream.uuid(),
        s3_key,
        now,
    )
    .execute(&mut *db)
    .await?;
    let row = sqlx::query!("SELECT archive_id, s3_key FROM archives WHERE stream_id = $1", stream.uuid())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (ArchiveId::from(row.archive_id), row.s3_key)))
}

/// The archive, if there is one.
pub async fn find(db: &mut PgConnection, id: ArchiveId) -> Result<Option<Archive>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT a.archive_id, a.stream_id, s.user_id, s.title, s.visibility, a.status, a.s3_key, a.duration_us,
                a.file_size, a.download_bytes, a.thumbnail_bytes, a.failure, s.created_at
           FROM archives a JOIN streams s USING (stream_id) WHERE a.archive_id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::archive).transpose()
}

/// The archive of a stream, if there is one.
pub async fn find_by_stream(db: &mut PgConnection, stream: StreamId) -> Result<Option<Archive>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT a.archive_id, a.stream_id, s.user_id, s.title, s.visibility, a.status, a.s3_key, a.duration_us,
                a.file_size, a.download_bytes, a.thumbnail_bytes, a.failure, s.created_at
           FROM archives a JOIN streams s USING (stream_id) WHERE a.stream_id = $1",
        stream.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::archive).transpose()
}

/// Which of these streams have an archive, and which.
pub async fn of_streams(db: &mut PgConnection, streams: &[StreamId]) -> Result<Vec<(StreamId, ArchiveId)>, StoreError> {
    let ids: Vec<Uuid> = streams.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!("SELECT stream_id, archive_id FROM archives WHERE stream_id = ANY($1)", &ids)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.stream_id.into(), row.archive_id.into())).collect())
}

/// Which of these streams have ended.
pub async fn ended_streams(db: &mut PgConnection, streams: &[StreamId]) -> Result<Vec<StreamId>, StoreError> {
    let ids: Vec<Uuid> = streams.iter().map(|id| id.uuid()).collect();
    let ended =
        sqlx::query_scalar!("SELECT stream_id FROM streams WHERE stream_id = ANY($1) AND status = 'ended'", &ids)
            .fetch_all(db)
            .await?;
    Ok(ended.into_iter().map(StreamId::from).collect())
}

/// Which archives to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this creator's.
    pub owner: Option<UserId>,
    /// Only of public streams; else all that match.
    pub visibility: Option<Visibility>,
    /// Only those that can be watched.
    pub only_watchable: bool,
    /// Only those before this one, newest first.
    pub before: Option<ArchiveId>,
}

/// The newest matching archives, at most `limit`.
pub async fn list(db: &mut PgConnection, filter: &Filter, limit: i64) -> Result<Vec<Archive>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT a.archive_id, a.stream_id, s.user_id, s.title, s.visibility, a.status, a.s3_key, a.duration_us,
                a.file_size, a.download_bytes, a.thumbnail_bytes, a.failure, s.created_at
           FROM archives a JOIN streams s USING (stream_id)
          WHERE ($1::uuid IS NULL OR s.user_id = $1)
            AND ($2::text IS NULL OR s.visibility = $2)
            AND (NOT $3 OR a.status IN ('ready', 'complete'))
            AND ($4::uuid IS NULL OR a.archive_id < $4)
          ORDER BY a.archive_id DESC
          LIMIT $5",
        filter.owner.map(UserId::uuid),
        filter.visibility.map(Visibility::as_str),
        filter.only_watchable,
        filter.before.map(ArchiveId::uuid),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::archive).collect()
}

/// All segments are in the bucket: the archive can be watched, and lasts and weighs what its rows add up to. False
/// if it is so already; an archive that grew loses its download until that is made anew.
pub async fn make_ready(db: &mut PgConnection, id: ArchiveId, now: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE archives a
            SET status = 'ready', failure = NULL, ready_at = $2, download_bytes = NULL, thumbnail_bytes = NULL,
                duration_us = total.duration_us, file_size = total.bytes
           FROM (SELECT COALESCE(SUM(duration_us), 0)::bigint AS duration_us,
                        (COALESCE(SUM(bytes), 0)
                          + (SELECT COALESCE(SUM(bytes), 0) FROM archive_inits WHERE archive_id = $1))::bigint AS bytes
                   FROM archive_segments WHERE archive_id = $1) total
          WHERE a.archive_id = $1
            AND (a.status IN ('recording', 'failed') OR a.duration_us <> total.duration_us)",
        id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// There is nothing to watch, for this reason. An archive that can be watched stays as it is.
pub async fn fail(db: &mut PgConnection, id: ArchiveId, reason: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE archives SET status = 'failed', failure = $2 WHERE archive_id = $1 AND status = 'recording'",
        id.uuid(),
        reason,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The thumbnail stands in the bucket, of this size, whatever becomes of the download. Its bytes count.
pub async fn note_thumbnail(db: &mut PgConnection, id: ArchiveId, bytes: u64) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE archives
            SET thumbnail_bytes = $2::bigint, file_size = file_size - COALESCE(thumbnail_bytes, 0) + $2::bigint
          WHERE archive_id = $1 AND status IN ('ready', 'complete')",
        id.uuid(),
        i64::try_from(bytes).unwrap_or(i64::MAX),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The download and thumbnail stand in the bucket, of these sizes; `None` where it has none. Their bytes count.
pub async fn complete(
    db: &mut PgConnection,
    id: ArchiveId,
    download_bytes: Option<u64>,
    thumbnail_bytes: Option<u64>,
) -> Result<bool, StoreError> {
    let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let done = sqlx::query!(
        "UPDATE archives
            SET status = 'complete', download_bytes = $2::bigint, thumbnail_bytes = $3::bigint,
                file_size = file_size - COALESCE(download_bytes, 0) - COALESCE(thumbnail_bytes, 0)
                            + COALESCE($2::bigint, 0) + COALESCE($3::bigint, 0)
          WHERE archive_id = $1 AND status IN ('ready', 'complete')",
        id.uuid(),
        download_bytes.map(signed),
        thumbnail_bytes.map(signed),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The sizes of what was made of an archive afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Of the download, if it stands in the bucket.
    pub download_bytes: Option<u64>,
    /// Of the thumbnail.
    pub thumbnail_bytes: Option<u64>,
}

/// What was made of an archive, if there is such an archive.
pub async fn made(db: &mut PgConnection, id: ArchiveId) -> Result<Option<Made>, StoreError> {
    let row = sqlx::query!("SELECT download_bytes, thumbnail_bytes FROM archives WHERE archive_id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    let size = |bytes: Option<i64>| bytes.and_then(|bytes| u64::try_from(bytes).ok());
    Ok(row.map(|row| Made { download_bytes: size(row.download_bytes), thumbnail_bytes: size(row.thumbnail_bytes) }))
}
