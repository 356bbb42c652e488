//! Table `jobs`. Written by `kit/jobs`, which has the rules; a job is named by its id and the number of the attempt.

use domain::JobId;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use time::OffsetDateTime;

use crate::StoreError;

/// A job that is ours until its lease runs out.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which job.
    pub id: JobId,
    /// The name of its kind of work.
    pub kind: String,
    /// Its payload.
    pub payload: JsonValue,
    /// The number of this attempt, from 1.
    pub attempt: i32,
    /// How many earlier attempts ended in "again".
    pub failures: i32,
    /// How many earlier attempts ended without an answer.
    pub crashes: i32,
}

/// Why a job goes back into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// The attempt failed and is worth another.
    Failed,
    /// The attempt ended without an answer.
    Crashed,
    /// Its worker is going; nobody's fault.
    Released,
}

/// A job that failed for good.
#[derive(Debug, Clone)]
pub struct Dead {
    /// Which job.
    pub id: JobId,
    /// The name of its kind of work.
    pub kind: String,
    /// Its payload.
    pub payload: JsonValue,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it was given up.
    pub reason: String,
    /// When it was pushed.
    pub created_at: OffsetDateTime,
}

/// Adds a job that is due at once; false if an unfinished one of its kind has the same key.
pub async fn insert(
    db: &mut PgConnection,
    id: JobId,
    kind: &str,
    payload: &JsonValue,
    dedupe_key: Option<&str>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO jobs (job_id, kind, payload, dedupe_key) VALUES ($1, $2, $3, $4)
         ON CONFLICT (kind, dedupe_key) WHERE status <> 'dead' DO NOTHING",
        id.uuid(),
        kind,
        payload,
        dedupe_key,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Claims the job of these kinds that has been due the longest, passing over what others are just claiming.
pub async fn claim(
    db: &mut PgConnection,
    kinds: &[String],
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
) -> Result<Option<Claimed>, StoreError> {
    let row = sqlx::query!(
        "UPDATE jobs
            SET crashes = crashes + CASE WHEN status = 'running' THEN 1 ELSE 0 END,
                status = 'running', attempt = attempt + 1, due_at = $3
          WHERE job_id = (SELECT job_id FROM jobs
                           WHERE status <> 'dead' AND due_at <= $2 AND kind = ANY($1)
                           ORDER BY due_at
                           LIMIT 1
                             FOR UPDATE SKIP LOCKED)
          RETURNING job_id, kind, payload, attempt, failures, crashes",
        kinds,
        now,
        lease_until,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Claimed {
        id: JobId::from(row.job_id),
        kind: row.kind,
        payload: row.payload,
        attempt: row.attempt,
        failures: row.failures,
        crashes: row.crashes,
    }))
}

/// Prolongs the lease; false if the attempt is no longer the present one.
pub async fn prolong(
    db: &mut PgConnection,
    id: JobId,
    attempt: i32,
    lease_until: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE jobs SET due_at = $3 WHERE job_id = $1 AND attempt = $2 AND status = 'running'",
        id.uuid(),
        attempt,
        lease_until,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a job that is done; false if the attempt is no longer the present one.
pub async fn remove(db: &mut PgConnection, id: JobId, attempt: i32) -> Result<bool, StoreError> {
    let done =
        sqlx::query!("DELETE FROM jobs WHERE job_id = $1 AND attempt = $2 AND status = 'running'", id.uuid(), attempt,)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a job back until `due_at`; false if the attempt is no longer the present one.
pub async fn put_back(
    db: &mut PgConnection,
    id: JobId,
    attempt: i32,
    due_at: OffsetDateTime,
    back: Back,
    reason: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE jobs SET status = 'waiting', due_at = $3, failures = failures + $4, crashes = crashes + $5,
                         last_error = $6
          WHERE job_id = $1 AND attempt = $2 AND status = 'running'",
        id.uuid(),
        attempt,
        due_at,
        i32::from(back == Back::Failed),
        i32::from(back == Back::Crashed),
        reason,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Parks a job for good; false if the attempt is no longer the present one.
pub async fn park(db: &mut PgConnection, id: JobId, attempt: i32, reason: &str) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE jobs SET status = 'dead', last_error = $3
          WHERE job_id = $1 AND attempt = $2 AND status = 'running'",
        id.uuid(),
        attempt,
        reason,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The jobs that failed for good, newest first.
pub async fn dead(db: &mut PgConnection, limit: i64) -> Result<Vec<Dead>, StoreError> {
    let rows = sqlx::query!(
        "SELECT job_id, kind, payload, attempt, last_error, created_at
           FROM jobs WHERE status = 'dead' ORDER BY job_id DESC LIMIT $1",
        limit,
    )
    .fetch_all(db)
    .await?;
    let dead = rows.into_iter().map(|row| Dead {
        id: JobId::from(row.job_id),
        kind: row.kind,
        payload: row.payload,
        attempts: row.attempt,
        reason: row.last_error.unwrap_or_default(),
        created_at: row.created_at,
    });
    Ok(dead.collect())
}

/// Makes a dead job due again, with all its attempts before it; false if there is no such dead job, or an unfinished
/// one with the same key does its work already.
pub async fn revive(db: &mut PgConnection, id: JobId, now: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE jobs SET status = 'waiting', due_at = $2, failures = 0, crashes = 0
          WHERE job_id = $1 AND status = 'dead'
            AND NOT EXISTS (SELECT FROM jobs other
                             WHERE other.kind = jobs.kind AND other.dedupe_key = jobs.dedupe_key
                               AND other.status <> 'dead')",
        id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many jobs of the kind are unfinished and not dead.
pub async fn unfinished(db: &mut PgConnection, kind: &str) -> Result<i64, StoreError> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM jobs WHERE kind = $1 AND status <> 'dead'"#, kind,)
            .fetch_one(db)
            .await?;
    Ok(count)
}
