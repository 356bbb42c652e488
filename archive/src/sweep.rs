//! What happens by itself: recordings left by a crash are taken up, those of ended streams are finished, what was
//! written is brought to the disk for good.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::StreamId;
use store::archives;
use tokio_util::sync::CancellationToken;

use crate::Inner;
use crate::keeper::Keeper;
use crate::phoenix;
use crate::recording::BeginError;
use crate::shelf::Shelf;

const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// Media that is younger than this may be lost when the power fails. A killed process loses none that was written.
const SYNC_EVERY: Duration = Duration::from_millis(500);
/// Ends the name of the folder of a recording whose archive is ready.
const DONE: &str = ".done";

impl Inner {
    /// The recording of a stream: at hand, on disk, or new.
    pub(crate) async fn shelf_for(self: &Arc<Self>, stream: StreamId) -> Result<Arc<Shelf>, BeginError> {
        let folder = self.folder.clone().ok_or(BeginError::NoFolder)?;
        let _guard = self.opening.lock().await;
        if let Some(shelf) = self.shelf(stream) {
            return Ok(shelf);
        }
        let (folder, lengths) = (folder.join(stream.to_string()), self.config.lengths());
        let opened = blocking(move || match Shelf::open(&folder, lengths)? {
            Some(shelf) => Ok(shelf),
            None => {
                remove(&folder)?;
                Shelf::create(&folder, stream, lengths)
            }
        });
        let shelf = Arc::new(opened.await.map_err(BeginError::Disk)?);
        self.keep(stream, &shelf);
        Ok(shelf)
    }

    /// Holds a recording and has it looked after.
    fn keep(self: &Arc<Self>, stream: StreamId, shelf: &Arc<Shelf>) {
        self.shelves().insert(stream, shelf.clone());
        let (inner, shelf) = (self.clone(), shelf.clone());
        let keeper = move || Keeper::new(inner.clone(), shelf.clone()).run(inner.stop.clone());
        self.tasks.spawn(phoenix::run("a recording's keeper", self.stop.clone(), keeper));
    }

    /// A recording is finished: its folder goes after a while.
    pub(crate) fn forget(&self, stream: StreamId, shelf: &Shelf) {
        self.shelves().remove(&stream);
        let done = shelf.folder().with_file_name(format!("{}{DONE}", shelf.recording()));
        if let Err(error) = std::fs::rename(shelf.folder(), &done) {
            tracing::warn!(stream.id = %stream, "a finished recording stays where it is: {error}");
        }
    }

    /// Looks around every two seconds, until stopped.
    pub(crate) async fn sweep(self: Arc<Self>, folder: PathBuf, stop: CancellationToken) {
        let mut every = tokio::time::interval(SWEEP_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            if let Err(error) = self.take_up(&folder).await {
                tracing::warn!("the folder of recordings cannot be read: {error}");
            }
            if let Err(error) = self.end_ended().await {
                tracing::warn!("whether recorded streams have ended cannot be asked: {error}");
            }
        }
    }

    /// Takes up recordings that nobody holds, and removes what has been in the bucket long enough.
    async fn take_up(self: &Arc<Self>, folder: &Path) -> io::Result<()> {
        let (here, keep) = (folder.to_owned(), Duration::from_secs(self.config.keep_uploaded_secs));
        let now = self.clock.now();
        let streams = blocking(move || look(&here, now, keep)).await?;
        for stream in streams {
            if self.shelf(stream).is_some() {
                continue;
            }
            let _guard = self.opening.lock().await;
            if self.shelf(stream).is_some() {
                continue;
            }
            let (path, lengths) = (folder.join(stream.to_string()), self.config.lengths());
            match blocking(move || Shelf::open(&path, lengths)).await {
                Ok(Some(shelf)) => {
                    tracing::info!(stream.id = %stream, "took up the recording of stream {stream}");
                    self.keep(stream, &Arc::new(shelf));
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(stream.id = %stream, "a recording cannot be taken up: {error}"),
            }
        }
        Ok(())
    }

    /// Ends the recordings of streams that have ended.
    async fn end_ended(&self) -> Result<(), store::StoreError> {
        let held: Vec<StreamId> = self.shelves().keys().copied().collect();
        if held.is_empty() {
            return Ok(());
        }
        let mut db = self.store.acquire().await?;
        for stream in archives::ended_streams(&mut db, &held).await? {
            self.end(stream);
        }
        Ok(())
    }

    /// The stream is over.
    pub(crate) fn end(&self, stream: StreamId) {
        if let Some(shelf) = self.shelf(stream) {
            shelf.end();
        }
    }

    /// Brings what was written to the disk for good, twice a second and at the end.
    pub(crate) async fn sync(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(SYNC_EVERY)).await.is_some() {
            self.sync_all().await;
        }
        self.sync_all().await;
    }

    async fn sync_all(&self) {
        let shelves: Vec<Arc<Shelf>> = self.shelves().values().cloned().collect();
        if shelves.is_empty() {
            return;
        }
        let sync = move || shelves.iter().flat_map(|shelf| shelf.take_unsynced()).try_for_each(|file| file.sync_data());
        if let Err(error) = blocking(sync).await {
            tracing::warn!("media could not be brought to the disk: {error}");
        }
    }
}

/// The streams whose recordings stand in the folder; finished ones that are old enough are removed.
fn look(folder: &Path, now: time::OffsetDateTime, keep: Duration) -> io::Result<Vec<StreamId>> {
    let mut streams = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Ok(stream) = name.parse() {
            streams.push(stream);
        }
        if name.ends_with(DONE) {
            let written = time::OffsetDateTime::from(entry.path().join("journal").metadata()?.modified()?);
            if now - written >= keep {
                remove(&entry.path())?;
            }
        }
    }
    Ok(streams)
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Runs what may take its time on the disk beside the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
