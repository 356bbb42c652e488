//! Brings what was written to the disk for good, soon after it was written and once for many writes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a written object may be lost to a power failure. A killed process loses nothing.
pub const SYNC_EVERY: Duration = Duration::from_secs(2);

/// Knows whether something waits to be brought to the disk.
pub(crate) struct Durable {
    changed: AtomicBool,
}

impl Durable {
    /// Starts to watch over the file system that holds `folder`.
    pub(crate) fn watch(folder: &Path, tasks: &TaskTracker, stop: CancellationToken) -> io::Result<Arc<Self>> {
        let folder = Arc::new(File::open(folder)?);
        let durable = Arc::new(Self { changed: AtomicBool::new(false) });
        let watched = durable.clone();
        tasks.spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(SYNC_EVERY)).await.is_some() {
                watched.sync(folder.clone()).await;
            }
            watched.sync(folder).await;
        });
        Ok(durable)
    }

    /// Something was written.
    pub(crate) fn has_changed(&self) {
        self.changed.store(true, Ordering::Release);
    }

    async fn sync(&self, folder: Arc<File>) {
        if !self.changed.swap(false, Ordering::AcqRel) {
            return;
        }
        let synced = tokio::task::spawn_blocking(move || rustix::fs::syncfs(&*folder)).await;
        if let Ok(Err(error)) = synced {
            self.has_changed();
            tracing::warn!("objects could not be brought to the disk: {error}");
        }
    }
}
