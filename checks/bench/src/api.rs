//! Reads over HTTP at a fixed rate, whatever the answers take: what waits in line counts as waiting.

use std::time::Duration;

use peer::Session;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::report::{Report, Times};

/// The load of the promise.
const PER_SECOND: u32 = 200;
const SECONDS: u32 = 15;
/// What the first answers, with cold caches and new connections, take is not what is asked for.
const WARM_UP: u32 = 200;
/// A read takes at most this at its 95th percentile.
const GOAL_P95_MS: f64 = 50.0;

/// Measures.
pub(crate) async fn measure(api: &peer::Api) -> anyhow::Result<Report> {
    let mika = api.sign_up("mika").await?;
    let mut stream = String::new();
    for title in ["Morning tea", "Evening tea"] {
        stream = mika.start_stream(title, "public").await?.stream_id;
    }
    let paths = [
        "/api/streams?status=live".to_owned(),
        format!("/api/streams/{stream}"),
        "/api/auth/session".to_owned(),
        format!("/api/users/{}", mika.account.user_id),
        format!("/api/archives?user_id={}", mika.account.user_id),
    ];
    let mut running = JoinSet::new();
    let mut tick = interval(Duration::from_secs(1) / PER_SECOND);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut answers = Vec::new();
    for n in 0..WARM_UP + PER_SECOND * SECONDS {
        let due = tick.tick().await;
        let path = paths[n as usize % paths.len()].clone();
        running.spawn(read(mika.clone(), path, due, n >= WARM_UP));
        while let Some(done) = running.try_join_next() {
            answers.extend(done?);
        }
    }
    while let Some(done) = running.join_next().await {
        answers.extend(done?);
    }
    let asked = answers.len();
    let times = Times::of(answers.into_iter().flatten().collect());
    let mut report = Report::new("api");
    report.figure("requests_per_second", f64::from(PER_SECOND));
    report.figure("requests", asked as f64);
    report.at_most("requests_failed", (asked - times.count()) as f64, 0.0);
    report.figure("read_p50_ms", times.ms(0.5));
    report.at_most("read_p95_ms", times.ms(0.95), GOAL_P95_MS);
    report.figure("read_p99_ms", times.ms(0.99));
    report.figure("read_max_ms", times.ms(1.0));
    Ok(report)
}

/// From the moment it was due to its answer, if it was a good one; nothing at all for the warm-up.
async fn read(mika: Session, path: String, due: Instant, counts: bool) -> Option<Option<Duration>> {
    let answer = mika.get(&path).await;
    let took = due.elapsed();
    let is_good = matches!(&answer, Ok((200, _)));
    if !is_good {
        eprintln!("{path}: {answer:?}");
    }
    counts.then(|| is_good.then_some(took))
}
