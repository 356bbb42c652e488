//! Tasks that come back: a panic in one is logged, and it starts again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Runs the task that `begin` makes to its end. After a panic it is made anew, a while later, until stopped; what the
/// tasks share must bear being left in the middle. `name` is what the log calls it.
pub(crate) async fn run<F: Future<Output = ()>>(name: &str, stop: CancellationToken, begin: impl Fn() -> F) {
    let mut wait = FIRST_WAIT;
    while AssertUnwindSafe(async { begin().await }).catch_unwind().await.is_err() {
        tracing::error!("{name} has crashed, and starts again in {} s", wait.as_secs());
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_starts_again_until_it_ends_or_is_stopped() {
        let starts = AtomicU32::new(0);
        let third_time_lucky = || async {
            assert!(starts.fetch_add(1, Ordering::Relaxed) >= 2, "not yet");
        };
        run("a task", CancellationToken::new(), third_time_lucky).await;
        assert_eq!(starts.load(Ordering::Relaxed), 3);

        let stop = CancellationToken::new();
        let hopeless = || async {
            stop.cancel();
            panic!("never");
        };
        run("a task", stop.clone(), hopeless).await;
    }
}
