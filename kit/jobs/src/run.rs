//! One attempt at one job: runs the handler, holds the lease meanwhile, and writes down how it ended.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use store::job_rows::{self, Back, Claimed};
use store::{Store, StoreError};
use tokio::task::JoinError;
use tokio::time::{Instant, interval_at, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::worker::{Handler, Limits};
use crate::{Refusal, backoff};

/// An attempt, claimed and not yet begun.
pub(crate) struct Run {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) job: Claimed,
    pub(crate) handler: Handler,
}

/// How an attempt ended.
enum End {
    Done,
    Refused(Refusal),
    Crashed(String),
    /// Cut off because the process is going.
    Released,
    /// Another worker has the job by now; ours to forget.
    Lost,
}

/// What becomes of the job.
enum Fate {
    Remove,
    PutBack { wait: Duration, back: Back, reason: String },
    Park(String),
}

impl Run {
    /// Carries the job out and completes it. The handler has a task of its own, whose panic is an answer like others.
    pub(crate) async fn carry_out(self, stop: &CancellationToken) {
        if self.job.crashes as u32 >= self.limits.crashes {
            let reason = format!("given up: {} attempts ended without an answer", self.job.crashes);
            return self.complete(Fate::Park(reason)).await;
        }
        let work = (self.handler)(self.job.payload.clone());
        let end = self.watch(AbortOnDropHandle::new(tokio::spawn(work)), stop).await;
        match self.fate(end) {
            Some(fate) => self.complete(fate).await,
            None => tracing::warn!(job.id = %self.job.id, "job {} went to another worker", self.job.id),
        }
    }

    /// Waits for the handler, prolonging the lease.
    async fn watch(&self, mut work: AbortOnDropHandle<Result<(), Refusal>>, stop: &CancellationToken) -> End {
        let mut heartbeat = interval_at(Instant::now() + self.limits.heartbeat, self.limits.heartbeat);
        let mut drained = pin!(async {
            stop.cancelled().await;
            sleep(self.limits.drain).await;
        });
        let cut_off = loop {
            tokio::select! {
                ended = &mut work => return End::from(ended),
                _ = heartbeat.tick() => if !self.still_ours().await { break End::Lost },
                () = &mut drained => break End::Released,
            }
        };
        work.abort();
        // It may have ended in the same moment; then that is what counts.
        match work.await {
            Err(error) if error.is_cancelled() => cut_off,
            ended => End::from(ended),
        }
    }

    /// Prolongs the lease. While the database is away we go on: whoever takes over will have waited for the lease.
    async fn still_ours(&self) -> bool {
        let prolonged = async {
            let mut db = self.store.acquire().await?;
            let until = self.clock.now() + self.limits.lease;
            job_rows::prolong(&mut db, self.job.id, self.job.attempt, until).await
        };
        prolonged.await.unwrap_or_else(|error: StoreError| {
            tracing::warn!(job.id = %self.job.id, error = &error as &dyn Error, "a job's lease cannot be prolonged");
            true
        })
    }

    fn fate(&self, end: End) -> Option<Fate> {
        let failures = self.job.failures as u32;
        let backoff = backoff::wait(self.job.id, failures);
        Some(match end {
            End::Done => Fate::Remove,
            End::Lost => return None,
            End::Released => {
                Fate::PutBack { wait: Duration::ZERO, back: Back::Released, reason: "its worker was stopped".into() }
            }
            End::Refused(Refusal::GiveUp { reason }) => Fate::Park(reason),
            End::Refused(Refusal::Again { reason, .. }) if failures + 1 >= self.limits.failures => {
                Fate::Park(format!("given up after {} attempts: {reason}", failures + 1))
            }
            End::Refused(Refusal::Again { reason, after }) => {
                Fate::PutBack { wait: backoff.max(after), back: Back::Failed, reason }
            }
            End::Crashed(reason) if self.job.crashes as u32 + 1 >= self.limits.crashes => Fate::Park(reason),
            End::Crashed(reason) => Fate::PutBack { wait: backoff, back: Back::Crashed, reason },
        })
    }

    /// Writes the fate down; a database that is away gets as long as the lease holds. After that the job will be
    /// done once more, which its handler is made for.
    async fn complete(&self, fate: Fate) {
        self.tell(&fate);
        let deadline = Instant::now() + self.limits.lease;
        loop {
            match self.write(&fate).await {
                Ok(true) => return,
                Ok(false) => return tracing::warn!(job.id = %self.job.id, "a job's outdated attempt was not counted"),
                Err(error) if Instant::now() >= deadline => {
                    let error = &error as &dyn Error;
                    return tracing::warn!(job.id = %self.job.id, error, "a job's end cannot be written down");
                }
                Err(_) => sleep(self.limits.look_every).await,
            }
        }
    }

    async fn write(&self, fate: &Fate) -> Result<bool, StoreError> {
        let (id, attempt) = (self.job.id, self.job.attempt);
        let mut db = self.store.acquire().await?;
        match fate {
            Fate::Remove => job_rows::remove(&mut db, id, attempt).await,
            Fate::Park(reason) => job_rows::park(&mut db, id, attempt, reason).await,
            Fate::PutBack { wait, back, reason } => {
                let due_at = self.clock.now() + *wait;
                job_rows::put_back(&mut db, id, attempt, due_at, *back, reason).await
            }
        }
    }

    fn tell(&self, fate: &Fate) {
        let Claimed { id, kind, attempt, .. } = &self.job;
        match fate {
            Fate::Remove => tracing::debug!(job.id = %id, job.kind = kind, attempt, "job {id} is done"),
            Fate::Park(reason) => {
                tracing::error!(job.id = %id, job.kind = kind, attempt, reason, "job {id} failed for good");
            }
            Fate::PutBack { wait, reason, .. } => {
                let wait_ms = wait.as_millis() as u64;
                tracing::warn!(job.id = %id, job.kind = kind, attempt, reason, wait_ms, "job {id} will be tried again");
            }
        }
    }
}

impl From<Result<Result<(), Refusal>, JoinError>> for End {
    fn from(ended: Result<Result<(), Refusal>, JoinError>) -> Self {
        match ended {
            Ok(Ok(())) => Self::Done,
            Ok(Err(refusal)) => Self::Refused(refusal),
            Err(error) => Self::Crashed(format!("its handler ended without an answer: {error}")),
        }
    }
}
