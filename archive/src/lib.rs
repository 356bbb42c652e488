//! From a publisher's packets to an archive: recorded on disk as they come, uploaded by segment, watchable the moment
//! the stream ends.
//!
//! ```text
//! tap -> Recording -> muxer (pure) -> shelf (disk) -> keeper -> bucket and database -> playlist -> viewers
//!                                                              \-> job: MP4 download, thumbnail
//! ```
//!
//! What happens to whom, and to the queue of jobs, is left to others; this room never talks to the media server.

mod config;
mod disposition;
mod ffmpeg;
mod finish;
mod fmp4;
mod journal;
mod keeper;
mod library;
mod media;
mod muxer;
mod name;
mod offload;
mod phoenix;
mod playlist;
mod range;
mod recording;
pub mod s3;
mod serve;
mod shelf;
mod sweep;
mod timeline;
mod workplace;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Clock, StreamId};
use store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::recording::BeginError as Refusal;
use crate::s3::Bucket;
use crate::shelf::Shelf;

pub use config::Config;
pub use finish::FinishError;
pub use library::FindError;
pub use recording::{BeginError, Recording, WriteError};

/// How long the start waits for the bucket before it goes on without; uploads make it later.
const BUCKET_PATIENCE: Duration = Duration::from_secs(3);

/// All archives, and the recordings of this node. A handle, cheap to clone.
#[derive(Clone)]
pub struct Archives {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Archives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archives").field("folder", &self.inner.folder).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    store: Store,
    bucket: Bucket,
    config: Config,
    /// Where recordings stand while they are not in the bucket.
    folder: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// The recordings at hand.
    shelves: Mutex<HashMap<StreamId, Arc<Shelf>>>,
    /// Held while a recording is looked up on disk, so that none is opened twice.
    opening: tokio::sync::Mutex<()>,
    uploads: Semaphore,
}

impl Inner {
    fn shelves(&self) -> MutexGuard<'_, HashMap<StreamId, Arc<Shelf>>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self, stream: StreamId) -> Option<Arc<Shelf>> {
        self.shelves().get(&stream).cloned()
    }
}

impl Archives {
    /// Starts. Recordings that an earlier process left in `folder` are taken up in the background; the folder belongs
    /// to one process at a time, and a process that does not record passes `None`. Neither the database nor the object
    /// store needs to be there yet.
    pub async fn start(
        store: Store,
        s3: aws_sdk_s3::Client,
        config: Config,
        folder: impl Into<Option<PathBuf>>,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let folder = folder.into();
        if let Some(folder) = &folder {
            tokio::fs::create_dir_all(folder).await?;
        }
        let bucket = Bucket::new(s3, config.bucket.clone());
        match tokio::time::timeout(BUCKET_PATIENCE, bucket.ensure()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the archive starts without its bucket: {error}"),
            Err(_) => tracing::warn!("the archive starts without its bucket: the object store does not answer"),
        }
        let uploads = Semaphore::new(config.uploads.clamp(1, 64));
        let inner = Inner {
            store,
            bucket,
            config,
            folder: folder.clone(),
            clock,
            tasks: tasks.clone(),
            stop: stop.clone(),
            shelves: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            uploads,
        };
        let inner = Arc::new(inner);
        inner.clear_workplaces().await;
        if let Some(folder) = folder {
            let sweep = {
                let (inner, stop) = (inner.clone(), stop.clone());
                move || inner.clone().sweep(folder.clone(), stop.clone())
            };
            let sync = {
                let (inner, stop) = (inner.clone(), stop.clone());
                move || inner.clone().sync(stop.clone())
            };
            tasks.spawn(phoenix::run("the sweep of recordings", stop.clone(), sweep));
            tasks.spawn(phoenix::run("the sync of recordings", stop, sync));
        }
        Ok(Self { inner })
    }

    /// Whether the object store answers.
    pub async fn store_answers(&self) -> bool {
        self.inner.bucket.answers().await
    }

    /// The stream has ended: its recording is closed, uploaded and made ready, in the background. The same happens
    /// without this call once the stream is `ended` in the database.
    pub fn finish(&self, stream: StreamId) {
        self.inner.end(stream);
    }

    async fn shelf_for(&self, stream: StreamId) -> Result<Arc<Shelf>, Refusal> {
        self.inner.shelf_for(stream).await
    }
}
