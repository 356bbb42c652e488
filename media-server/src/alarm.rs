//! Notices that the media task is over although nobody stopped it: without it there is no media, while all else looks well.

use tokio_util::sync::CancellationToken;

/// Held by a task. However the task ends, unless it was stopped, the token is cancelled.
#[derive(Debug)]
pub(crate) struct Alarm {
    stop: CancellationToken,
    crashed: CancellationToken,
}

impl Alarm {
    /// For a task that ends by itself only after `stop`; with it, what is cancelled otherwise.
    pub(crate) fn new(stop: CancellationToken) -> (Self, CancellationToken) {
        let crashed = CancellationToken::new();
        (Self { stop, crashed: crashed.clone() }, crashed)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if !self.stop.is_cancelled() {
            tracing::error!("the media task ended although nobody stopped it");
            self.crashed.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_noticed() {
        let (alarm, crashed) = Alarm::new(CancellationToken::new());
        let task = tokio::spawn(async move {
            let _alarm = alarm;
            panic!("on purpose");
        });
        crashed.cancelled().await;
        assert!(task.await.expect_err("it panicked").is_panic());
    }

    #[tokio::test]
    async fn a_task_that_was_stopped_is_not() {
        let stop = CancellationToken::new();
        let (alarm, crashed) = Alarm::new(stop.clone());
        let task = tokio::spawn(async move {
            alarm.stop.cancelled().await;
        });
        stop.cancel();
        task.await.expect("it ends");
        assert!(!crashed.is_cancelled());
    }
}
