//! Tables `archive_segments` and `archive_inits`: the objects of an archive that are in the bucket. Written by
//! `archive`.

use std::time::Duration;

use domain::{ArchiveId, RecordingId};
use sqlx::PgConnection;

use crate::StoreError;

/// One segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The recording it belongs to.
    pub recording: RecordingId,
    /// Its position within the recording, from 0.
    pub number: u32,
    /// The init that a decoder needs before it.
    pub init: u32,
    /// Whether the publisher's clocks or format changed before it.
    pub is_discontinuous: bool,
    /// Whether a decoder can start with it.
    pub is_independent: bool,
    /// How long it lasts.
    pub duration: Duration,
    /// Its size.
    pub bytes: u64,
}

/// What a decoder needs before the first segment of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    /// The recording it belongs to.
    pub recording: RecordingId,
    /// Its position among the recording's inits, from 0.
    pub number: u32,
    /// The codec of the picture, by its name in `domain::media::Codec`.
    pub video: Option<String>,
    /// The codec of the sound.
    pub audio: Option<String>,
    /// Width of the picture; 0 without one.
    pub width: u32,
    /// Height of the picture.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn small(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Notes a segment. Noting it twice is fine.
pub async fn insert(db: &mut PgConnection, archive: ArchiveId, segment: &Segment) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO archive_segments (archive_id, recording_id, number, init, is_discontinuous, is_independent,
                                       duration_us, bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (archive_id, recording_id, number) DO NOTHING",
        archive.uuid(),
        segment.recording.uuid(),
        small(segment.number),
        small(segment.init),
        segment.is_discontinuous,
        segment.is_independent,
        signed(u64::try_from(segment.duration.as_micros()).unwrap_or(u64::MAX)),
        signed(segment.bytes),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes an init. Noting it twice is fine.
pub async fn insert_init(db: &mut PgConnection, archive: ArchiveId, init: &Init) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO archive_inits (archive_id, recording_id, number, video, audio, width, height, bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (archive_id, recording_id, number) DO NOTHING",
        archive.uuid(),
        init.recording.uuid(),
        small(init.number),
        init.video,
        init.audio,
        small(init.width),
        small(init.height),
        signed(init.bytes),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// All segments of an archive, in the order they are watched.
pub async fn list(db: &mut PgConnection, archive: ArchiveId) -> Result<Vec<Segment>, StoreError> {
    let bad = |_| StoreError::BadRow { table: "archive_segments", what: "a negative number".to_owned() };
    let rows = sqlx::query!(
        "SELECT recording_id, number, init, is_discontinuous, is_independent, duration_us, bytes
           FROM archive_segments WHERE archive_id = $1 ORDER BY recording_id, number",
        archive.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Segment {
                recording: row.recording_id.into(),
                number: u32::try_from(row.number).map_err(bad)?,
                init: u32::try_from(row.init).map_err(bad)?,
                is_discontinuous: row.is_discontinuous,
                is_independent: row.is_independent,
                duration: Duration::from_micros(u64::try_from(row.duration_us).map_err(bad)?),
                bytes: u64::try_from(row.bytes).map_err(bad)?,
            })
        })
        .collect()
}

/// All inits of an archive, in the order of their first segments.
pub async fn inits(db: &mut PgConnection, archive: ArchiveId) -> Result<Vec<Init>, StoreError> {
    let bad = |_| StoreError::BadRow { table: "archive_inits", what: "a negative number".to_owned() };
    let rows = sqlx::query!(
        "SELECT recording_id, number, video, audio, width, height, bytes
           FROM archive_inits WHERE archive_id = $1 ORDER BY recording_id, number",
        archive.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Init {
                recording: row.recording_id.into(),
                number: u32::try_from(row.number).map_err(bad)?,
                video: row.video,
                audio: row.audio,
                width: u32::try_from(row.width).map_err(bad)?,
                height: u32::try_from(row.height).map_err(bad)?,
                bytes: u64::try_from(row.bytes).map_err(bad)?,
            })
        })
        .collect()
}

/// The size of a segment of an archive, if there is such a segment.
pub async fn segment_bytes(
    db: &mut PgConnection,
    archive: ArchiveId,
    recording: RecordingId,
    number: u32,
) -> Result<Option<u64>, StoreError> {
    let bytes = sqlx::query_scalar!(
        "SELECT bytes FROM archive_segments WHERE archive_id = $1 AND recording_id = $2 AND number = $3",
        archive.uuid(),
        recording.uuid(),
        small(number),
    )
    .fetch_optional(db)
    .await?;
    Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()))
}

/// The size of an init of an archive, if there is such an init.
pub async fn init_bytes(
    db: &mut PgConnection,
    archive: ArchiveId,
    recording: RecordingId,
    number: u32,
) -> Result<Option<u64>, StoreError> {
    let bytes = sqlx::query_scalar!(
        "SELECT bytes FROM archive_inits WHERE archive_id = $1 AND recording_id = $2 AND number = $3",
        archive.uuid(),
        recording.uuid(),
        small(number),
    )
    .fetch_optional(db)
    .await?;
    Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()))
}
