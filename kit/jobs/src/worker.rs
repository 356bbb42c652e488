//! Looks for due jobs and has them carried out, a few at a time.

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::work::Work;
use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::Value;
use store::job_rows;
use store::{Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Refusal;
use crate::run::Run;

/// The numbers of the queue.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many jobs one worker carries out at once.
    pub at_once: usize,
    /// How long a vanished worker keeps a job from the others.
    pub lease: Duration,
    /// How often a living worker prolongs its leases.
    pub heartbeat: Duration,
    /// How long an idle worker waits before it looks again: the delay of a job that nothing holds up.
    pub look_every: Duration,
    /// How long a running job may still take after the worker was told to stop.
    pub drain: Duration,
    /// After so many answers of "again" a job is parked.
    pub failures: u32,
    /// After so many attempts without an answer (a panic, a vanished worker) a job is parked: it may be what kills us.
    pub crashes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 2,
            lease: Duration::from_secs(20),
            heartbeat: Duration::from_secs(5),
            look_every: Duration::from_millis(500),
            drain: Duration::from_secs(10),
            failures: 25,
            crashes: 5,
        }
    }
}

/// A handler with its work's type taken off: the payload as JSON in, the future out.
pub(crate) type Handler = Arc<dyn Fn(Value) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync>;

/// Carries out jobs. Several may run on one queue, in one process or many.
pub struct Worker {
    store: Store,
    clock: Arc<dyn Clock>,
    limits: Limits,
    handlers: HashMap<String, Handler>,
}

impl Worker {
    /// A worker that knows no kind of work yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, limits: Limits::default(), handlers: HashMap::new() }
    }

    /// With other numbers than the default.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Has `W` carried out by this function. It may run twice for one job, and its future may be dropped midway:
    /// when the lease was lost to another worker, or when it outlasts the drain time at the end.
    #[must_use]
    pub fn handle<W, H, F>(mut self, handler: H) -> Self
    where
        W: Work,
        H: Fn(W) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Refusal>> + Send + 'static,
    {
        let read = move |payload: Value| match serde_json::from_value::<W>(payload) {
            Ok(work) => handler(work).boxed(),
            Err(error) => {
                let refusal = Refusal::give_up(format!("the payload of {} cannot be read: {error}", W::KIND));
                std::future::ready(Err(refusal)).boxed()
            }
        };
        self.handlers.insert(W::KIND.to_owned(), Arc::new(read));
        self
    }

    /// Works until told to stop. Running jobs then have the drain time to end; what is cut off is put back for others
    /// at once. Dropping this future cuts off at once too, but then the others have to wait for the leases.
    pub async fn run(self, stop: CancellationToken) {
        let kinds: Vec<String> = self.handlers.keys().cloned().collect();
        let slots = Arc::new(Semaphore::new(self.limits.at_once));
        let mut running = JoinSet::new();
        while let Some(slot) = stop.run_until_cancelled(free(&slots)).await {
            while running.try_join_next().is_some() {}
            // Not cancelled midway: a claim that nobody heard of would stay ours until its lease ran out.
            match self.claim(&kinds).await {
                Ok(Some(run)) => {
                    let stop = stop.clone();
                    running.spawn(async move {
                        run.carry_out(&stop).await;
                        drop(slot);
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(error = &error as &dyn Error, "the job queue cannot be read"),
            }
            drop(slot);
            stop.run_until_cancelled(tokio::time::sleep(self.limits.look_every)).await;
        }
        while running.join_next().await.is_some() {}
    }

    async fn claim(&self, kinds: &[String]) -> Result<Option<Run>, StoreError> {
        let now = self.clock.now();
        let mut db = self.store.acquire().await?;
        let Some(job) = job_rows::claim(&mut db, kinds, now, now + self.limits.lease).await? else {
            return Ok(None);
        };
        let handler = self.handlers.get(&job.kind).expect("only kinds with a handler are claimed").clone();
        let (store, clock, limits) = (self.store.clone(), self.clock.clone(), self.limits.clone());
        Ok(Some(Run { store, clock, limits, job, handler }))
    }
}

/// A free slot for one job.
async fn free(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    slots.clone().acquire_owned().await.expect("the semaphore is never closed")
}
