//! The queue on a real Postgres: exactly one worker, take-over, fencing, parking, transactions.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::work::Work;
use domain::{Clock, SystemClock};
use jobs::{Limits, Refusal, Worker};
use serde::{Deserialize, Serialize};
use store::{Store, job_rows};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Debug, Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Work for Greet {
    const KIND: &'static str = "greet";
}

fn greet(name: &str) -> Greet {
    Greet { name: name.to_owned() }
}

/// The machine's clock, put forward.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + self.0
    }
}

/// Quick looks; heartbeats that a test does not wait for.
fn limits() -> Limits {
    Limits { look_every: Duration::from_millis(10), ..Limits::default() }
}

fn worker(store: &Store) -> Worker {
    Worker::new(store.clone(), Arc::new(SystemClock)).limits(limits())
}

struct Crew {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Crew {
    fn of(workers: impl IntoIterator<Item = Worker>) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        for worker in workers {
            tasks.spawn(worker.run(stop.clone()));
        }
        Self { tasks, stop }
    }

    async fn go_home(self) {
        self.stop.cancel();
        self.tasks.close();
        within(self.tasks.wait()).await;
    }
}

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it happens within 20 s")
}

async fn push(store: &Store, work: &impl Work) {
    let mut db = store.acquire().await.unwrap();
    jobs::push(&mut db, work).await.unwrap();
}

async fn unfinished(store: &Store) -> i64 {
    job_rows::unfinished(&mut store.acquire().await.unwrap(), Greet::KIND).await.unwrap()
}

async fn until_finished(store: &Store) {
    within(async {
        while unfinished(store).await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn dead(store: &Store) -> Vec<jobs::Dead> {
    jobs::dead(&mut store.acquire().await.unwrap(), 100).await.unwrap()
}

#[tokio::test]
async fn each_job_is_carried_out_by_exactly_one_of_four_workers() {
    let store = store::testing::store().await;
    let runs = Arc::new(AtomicU32::new(0));
    let mut tx = store.begin().await.unwrap();
    for n in 0..100 {
        jobs::push(&mut tx, &greet(&n.to_string())).await.unwrap();
    }
    store::commit(tx).await.unwrap();
    let crew = Crew::of((0..4).map(|_| {
        let runs = runs.clone();
        worker(&store).handle::<Greet, _, _>(move |_| {
            runs.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
    }));
    until_finished(&store).await;
    crew.go_home().await;
    assert_eq!(runs.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn a_transaction_that_rolls_back_pushes_nothing() {
    let store = store::testing::store().await;
    let mut tx = store.begin().await.unwrap();
    jobs::push(&mut tx, &greet("mika")).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(unfinished(&store).await, 0);
}

#[tokio::test]
async fn a_key_keeps_a_job_from_being_pushed_twice_until_it_is_finished() {
    let store = store::testing::store().await;
    let mut db = store.acquire().await.unwrap();
    assert!(jobs::push_once(&mut db, &greet("mika"), "mika").await.unwrap());
    assert!(!jobs::push_once(&mut db, &greet("mika"), "mika").await.unwrap());
    assert!(jobs::push_once(&mut db, &greet("ren"), "ren").await.unwrap());
    drop(db);
    let crew = Crew::of([worker(&store).handle::<Greet, _, _>(|_| async { Ok(()) })]);
    until_finished(&store).await;
    crew.go_home().await;
    let mut db = store.acquire().await.unwrap();
    assert!(jobs::push_once(&mut db, &greet("mika"), "mika").await.unwrap());
}

#[test]
fn a_crashed_workers_job_is_taken_over_once_its_lease_has_run_out() {
    let here = tokio::runtime::Runtime::new().unwrap();
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let begun = Arc::new(Semaphore::new(0));
    let signal = begun.clone();
    let store = here.block_on(store::testing::store());
    let database = doomed.block_on(async { store::testing::same(&store) });
    doomed.block_on(async {
        push(&database, &greet("mika")).await;
        let handler = move |_| {
            signal.add_permits(1);
            std::future::pending()
        };
        Crew::of([worker(&database).handle::<Greet, _, _>(handler)]);
        let _begun = within(begun.acquire()).await.unwrap();
    });
    doomed.shutdown_background();

    here.block_on(async {
        let now = SystemClock.now();
        let mut db = store.acquire().await.unwrap();
        let kinds = [Greet::KIND.to_owned()];
        assert!(job_rows::claim(&mut db, &kinds, now, now).await.unwrap().is_none(), "the lease still holds");
        drop(db);
        let later = Worker::new(store.clone(), Arc::new(Ahead(Duration::from_secs(21)))).limits(limits());
        let crew = Crew::of([later.handle::<Greet, _, _>(|_| async { Ok(()) })]);
        until_finished(&store).await;
        crew.go_home().await;
    });
}

#[tokio::test]
async fn an_outdated_attempt_cannot_complete_the_job() {
    let store = store::testing::store().await;
    push(&store, &greet("mika")).await;
    let mut db = store.acquire().await.unwrap();
    let kinds = [Greet::KIND.to_owned()];
    let now = SystemClock.now();
    let first = job_rows::claim(&mut db, &kinds, now, now).await.unwrap().unwrap();
    let lease = now + Duration::from_secs(20);
    let second = job_rows::claim(&mut db, &kinds, now, lease).await.unwrap().unwrap();
    assert_eq!((first.id, second.attempt, second.crashes), (second.id, 2, 1));
    assert!(!job_rows::remove(&mut db, first.id, first.attempt).await.unwrap());
    assert!(!job_rows::park(&mut db, first.id, first.attempt, "no").await.unwrap());
    assert!(!job_rows::prolong(&mut db, first.id, first.attempt, lease).await.unwrap());
    assert!(job_rows::remove(&mut db, second.id, second.attempt).await.unwrap());
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_stops_and_changes_nothing() {
    let store = store::testing::store().await;
    push(&store, &greet("mika")).await;
    let begun = Arc::new(Semaphore::new(0));
    let dropped = CancellationToken::new();
    let slow = {
        let (begun, dropped) = (begun.clone(), dropped.clone());
        let quick = Limits { heartbeat: Duration::from_millis(50), ..limits() };
        worker(&store).limits(quick).handle::<Greet, _, _>(move |_| {
            begun.add_permits(1);
            let dropped = dropped.clone().drop_guard();
            async move {
                let _dropped = dropped;
                std::future::pending().await
            }
        })
    };
    let crew = Crew::of([slow]);
    begun.acquire().await.unwrap().forget();
    let mut db = store.acquire().await.unwrap();
    let later = SystemClock.now() + Duration::from_secs(60);
    let kinds = [Greet::KIND.to_owned()];
    let stolen = job_rows::claim(&mut db, &kinds, later, later).await.unwrap().unwrap();
    within(dropped.cancelled()).await;
    crew.go_home().await;
    assert!(job_rows::remove(&mut db, stolen.id, stolen.attempt).await.unwrap());
}

#[tokio::test]
async fn poison_is_parked_with_its_reason_and_the_others_flow() {
    let store = store::testing::store().await;
    for name in ["poison", "mika", "panic", "ren"] {
        push(&store, &greet(name)).await;
    }
    let patient = Limits { crashes: 1, ..limits() };
    let crew = Crew::of([worker(&store).limits(patient).handle::<Greet, _, _>(|work| async move {
        match work.name.as_str() {
            "poison" => Err(Refusal::give_up("no such person")),
            "panic" => panic!("as the test wants it"),
            _ => Ok(()),
        }
    })]);
    until_finished(&store).await;
    crew.go_home().await;
    let mut reasons: Vec<String> = dead(&store).await.into_iter().map(|job| job.reason).collect();
    reasons.sort();
    assert!(reasons[0].starts_with("its handler ended without an answer"), "{reasons:?}");
    assert_eq!((reasons.len(), reasons[1].as_str()), (2, "no such person"));
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_parked_instead_of_tried_for_ever() {
    let store = store::testing::store().await;
    push(&store, &greet("killer")).await;
    let kinds = [Greet::KIND.to_owned()];
    let now = SystemClock.now();
    for _ in 0..5 {
        let mut db = store.acquire().await.unwrap();
        job_rows::claim(&mut db, &kinds, now, now).await.unwrap().unwrap();
    }
    let crew = Crew::of([worker(&store).handle::<Greet, _, _>(|_| async { panic!("it must not run") })]);
    until_finished(&store).await;
    crew.go_home().await;
    assert_eq!(dead(&store).await[0].reason, "given up: 5 attempts ended without an answer");
}

#[tokio::test]
async fn a_failed_job_waits_and_is_tried_again_until_its_attempts_are_used_up() {
    let store = store::testing::store().await;
    push(&store, &greet("mika")).await;
    let runs = Arc::new(AtomicU32::new(0));
    let kinds = [Greet::KIND.to_owned()];
    for failures in 0..3u32 {
        // Each time a worker whose clock is past every wait, so that nothing depends on the real time.
        let clock = Ahead(Duration::from_secs(400 * u64::from(failures)));
        let patient = Limits { failures: 3, ..limits() };
        let counted = runs.clone();
        let crew =
            Crew::of([Worker::new(store.clone(), Arc::new(clock)).limits(patient).handle::<Greet, _, _>(move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
                async { Err(Refusal::again("the mail server is away")) }
            })]);
        within(async {
            while runs.load(Ordering::SeqCst) <= failures {
                tokio::task::yield_now().await;
            }
        })
        .await;
        crew.go_home().await;
        let mut db = store.acquire().await.unwrap();
        let at_once = SystemClock.now() + Duration::from_secs(400 * u64::from(failures));
        assert!(job_rows::claim(&mut db, &kinds, at_once, at_once).await.unwrap().is_none(), "it has to wait");
    }
    let dead = dead(&store).await;
    assert_eq!(dead[0].reason, "given up after 3 attempts: the mail server is away");

    let mut db = store.acquire().await.unwrap();
    assert!(jobs::revive(&mut db, dead[0].id, SystemClock.now()).await.unwrap());
    drop(db);
    let crew = Crew::of([worker(&store).handle::<Greet, _, _>(|_| async { Ok(()) })]);
    until_finished(&store).await;
    crew.go_home().await;
}

#[tokio::test]
async fn a_stopping_worker_puts_back_what_it_cannot_finish() {
    let store = store::testing::store().await;
    push(&store, &greet("mika")).await;
    let begun = Arc::new(Semaphore::new(0));
    let signal = begun.clone();
    let hasty = Limits { drain: Duration::from_millis(10), ..limits() };
    let crew = Crew::of([worker(&store).limits(hasty).handle::<Greet, _, _>(move |_| {
        signal.add_permits(1);
        std::future::pending()
    })]);
    begun.acquire().await.unwrap().forget();
    crew.go_home().await;
    let crew = Crew::of([worker(&store).handle::<Greet, _, _>(|_| async { Ok(()) })]);
    until_finished(&store).await;
    crew.go_home().await;
    assert!(dead(&store).await.is_empty());
}

#[tokio::test]
async fn a_payload_of_another_shape_is_parked() {
    let store = store::testing::store().await;
    let mut db = store.acquire().await.unwrap();
    let payload = serde_json::json!({ "nom": "mika" });
    job_rows::insert(&mut db, domain::JobId::new(), Greet::KIND, &payload, None).await.unwrap();
    drop(db);
    let crew = Crew::of([worker(&store).handle::<Greet, _, _>(|_| async { Ok(()) })]);
    until_finished(&store).await;
    crew.go_home().await;
    assert!(dead(&store).await[0].reason.starts_with("the payload of greet cannot be read"));
}
