//! A durable queue in Postgres, for deeds that must not be lost.
//!
//! A job is pushed in the transaction of the row that causes it: both happen or neither. It is carried out at
//! least once, by one worker at a time, so its handler must be safe to run twice. A worker holds a job by a lease
//! that it prolongs while the handler runs; when the worker vanishes, another takes over once the lease has run out.
//! Each claim has a number, and a worker whose number is outdated can no longer complete the job. What fails for good
//! is parked with its reason and holds up nobody.
//!
//! The leases compare the clocks of the machines; they may differ by a few seconds.

mod backoff;
mod refusal;
mod run;
mod worker;

use domain::JobId;
use domain::work::Work;
use store::{PgConnection, StoreError, job_rows};

pub use refusal::Refusal;
pub use store::job_rows::Dead;
pub use worker::{Limits, Worker};

/// Adds a job to the caller's transaction. It is due as soon as that commits.
pub async fn push<W: Work>(db: &mut PgConnection, work: &W) -> Result<(), StoreError> {
    insert(db, work, None).await?;
    Ok(())
}

/// As [`push`], unless an unfinished job of this kind has the same key; says whether it was added. The key names the
/// deed: the job that is there may be running already, and is not told of this push.
pub async fn push_once<W: Work>(db: &mut PgConnection, work: &W, key: &str) -> Result<bool, StoreError> {
    insert(db, work, Some(key)).await
}

async fn insert<W: Work>(db: &mut PgConnection, work: &W, key: Option<&str>) -> Result<bool, StoreError> {
    let payload = serde_json::to_value(work)
        .map_err(|error| StoreError::BadRow { table: "jobs", what: format!("payload of {}: {error}", W::KIND) })?;
    job_rows::insert(db, JobId::new(), W::KIND, &payload, key).await
}

/// The jobs that failed for good, newest first.
pub async fn dead(db: &mut PgConnection, limit: i64) -> Result<Vec<Dead>, StoreError> {
    job_rows::dead(db, limit).await
}

/// Makes a dead job due again at `now`; false if there is none of that id, or an unfinished one does its work already.
pub async fn revive(db: &mut PgConnection, id: JobId, now: time::OffsetDateTime) -> Result<bool, StoreError> {
    job_rows::revive(db, id, now).await
}
