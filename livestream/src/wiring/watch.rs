//! Tasks that must not die: a panic in one ends the process with a failure.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts tasks and notices when one panics.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    tasks: TaskTracker,
    crashed: mpsc::Sender<&'static str>,
}

impl Watch {
    pub(crate) fn new(tasks: TaskTracker) -> (Self, mpsc::Receiver<&'static str>) {
        let (crashed, names) = mpsc::channel(1);
        (Self { tasks, crashed }, names)
    }

    /// Runs a task to its end; `name` is what the log calls it.
    pub(crate) fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let crashed = self.crashed.clone();
        self.tasks.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                // Full means that another crash is being reported already.
                let _ = crashed.try_send(name);
            }
        });
    }

    /// Watches something that ends only by a crash, until `stop`.
    pub(crate) fn must_not_end(
        &self,
        name: &'static str,
        end: impl Future<Output = ()> + Send + 'static,
        stop: CancellationToken,
    ) {
        let crashed = self.crashed.clone();
        self.tasks.spawn(async move {
            if stop.run_until_cancelled(end).await.is_some() {
                let _ = crashed.try_send(name);
            }
        });
    }
}
