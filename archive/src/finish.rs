//! The job after the end: one MP4 to download and a thumbnail, made of what is in the bucket. Doing it twice is fine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::work::FinishArchive;
use domain::{Archive, ArchiveId, ArchiveStatus, Fault, Kind, RecordingId};
use futures_util::future::BoxFuture;
use jobs::Refusal;
use store::archive_segments::{Init, Segment};
use store::{StoreError, archive_segments, archives};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ffmpeg::{self, GoOn, MediaError, Plan, Stretch};
use crate::name::{DOWNLOAD, Name, THUMBNAIL};
use crate::s3::S3Error;
use crate::workplace::{self, Workplace};
use crate::{Archives, Inner};

/// Even a short recording may take this long on a busy machine.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(120);

/// The download or the thumbnail was not made.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// There is no such archive any more.
    #[error("there is no archive {0}")]
    NoSuchArchive(ArchiveId),
    /// It has nothing that could be watched.
    #[error("the archive {0} has nothing to watch")]
    NothingToWatch(ArchiveId),
    /// The media in it cannot be worked with.
    #[error("the media of the archive cannot be worked with: {0}")]
    Media(String),
    /// It took too long, or the process stops.
    #[error("the work was stopped before its end")]
    Stopped,
    /// A file on this machine failed.
    #[error("a local file failed")]
    File(#[from] std::io::Error),
    /// The object store failed.
    #[error(transparent)]
    S3(#[from] S3Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for FinishError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchArchive(_) | Self::NothingToWatch(_) => Kind::NotFound,
            Self::Media(_) => Kind::Unprocessable,
            Self::Stopped | Self::File(_) => Kind::Unavailable,
            Self::S3(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchArchive(_) => "ARCHIVE_NOT_FOUND",
            Self::NothingToWatch(_) => "ARCHIVE_EMPTY",
            Self::Media(_) => "ARCHIVE_MEDIA",
            Self::Stopped => "ARCHIVE_WORK_STOPPED",
            Self::File(_) => "INTERNAL",
            Self::S3(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl From<MediaError> for FinishError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Stopped => Self::Stopped,
            other => Self::Media(other.to_string()),
        }
    }
}

impl Archives {
    /// The handler of the job [`FinishArchive`], for a worker of the queue.
    pub fn worker(&self) -> impl Fn(FinishArchive) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync + 'static {
        let inner = self.inner.clone();
        move |work| {
            let inner = inner.clone();
            Box::pin(async move { Ok(inner.finish_archive(work.archive).await?) })
        }
    }

    /// Makes the download and the thumbnail of an archive that can be watched.
    pub async fn finish_archive(&self, archive: ArchiveId) -> Result<(), FinishError> {
        self.inner.clone().finish_archive(archive).await
    }
}

impl Inner {
    async fn finish_archive(self: Arc<Self>, id: ArchiveId) -> Result<(), FinishError> {
        let (archive, inits, segments) = self.parts_of(id).await?;
        let work = Workplace::new(&self.work_parent())?;
        // The thumbnail comes first: it is quick, and there whatever becomes of the download.
        let thumbnail_bytes = match self.thumbnail(&archive, &inits, &segments, work.path()).await {
            Err(error @ FinishError::Media(_)) => {
                tracing::warn!(archive.id = %id, "the archive {id} gets no thumbnail: {error}");
                None
            }
            done => done?,
        };
        let (stretches, plan) = self.fetch(&archive, &inits, &segments, work.path()).await?;
        let download = match self.make(stretches, plan, archive.duration, work.path()).await {
            Err(error @ FinishError::Media(_)) => {
                tracing::error!(archive.id = %id, "the archive {id} gets no download: {error}");
                return Err(error);
            }
            done => done?,
        };
        let key = format!("{}{DOWNLOAD}", archive.s3_key);
        let download_bytes = self.bucket.put_file(&key, &download, "video/mp4").await?;
        let mut db = self.store.acquire().await?;
        archives::complete(&mut db, id, Some(download_bytes), thumbnail_bytes).await?;
        tracing::info!(archive.id = %id, "the archive {id} is complete");
        Ok(())
    }

    /// Where downloads are made.
    fn work_parent(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// Removes what a killed process left where downloads are made.
    pub(crate) async fn clear_workplaces(&self) {
        let parent = self.work_parent();
        let cleared = tokio::task::spawn_blocking(move || workplace::remove_left(&parent)).await;
        if let Err(error) = cleared.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            tracing::warn!("left working folders cannot be looked for: {error}");
        }
    }

    /// Makes the thumbnail of a segment near the beginning, and says of what size; `None` without a picture.
    async fn thumbnail(
        &self,
        archive: &Archive,
        inits: &[Init],
        segments: &[Segment],
        to: &Path,
    ) -> Result<Option<u64>, FinishError> {
        let lasts = archive.duration;
        let at = (lasts / 10).max(Duration::from_secs(1)).min(lasts / 2);
        let Some((segment, into)) = shown_at(inits, segments, at) else { return Ok(None) };
        let (film, still) = (to.join("still.mp4"), to.join(THUMBNAIL));
        self.gather(archive, std::slice::from_ref(segment), &film).await?;
        let picture = blocking(SHORTEST_PATIENCE, {
            let still = still.clone();
            move |go_on| {
                let picture = ffmpeg::thumbnail(&film, into, go_on)?;
                Ok(picture.map(|picture| std::fs::write(still, picture)).transpose()?)
            }
        });
        if picture.await?.is_none() {
            return Ok(None);
        }
        let bytes = self.bucket.put_file(&format!("{}{THUMBNAIL}", archive.s3_key), &still, "image/jpeg").await?;
        let mut db = self.store.acquire().await?;
        archives::note_thumbnail(&mut db, archive.id, bytes).await?;
        Ok(Some(bytes))
    }

    async fn parts_of(&self, id: ArchiveId) -> Result<(Archive, Vec<Init>, Vec<Segment>), FinishError> {
        let mut db = self.store.acquire().await?;
        let archive = archives::find(&mut db, id).await?.ok_or(FinishError::NoSuchArchive(id))?;
        let is_watchable = matches!(archive.status, ArchiveStatus::Ready | ArchiveStatus::Complete);
        let inits = archive_segments::inits(&mut db, id).await?;
        let segments = archive_segments::list(&mut db, id).await?;
        if !is_watchable || segments.is_empty() {
            return Err(FinishError::NothingToWatch(id));
        }
        Ok((archive, inits, segments))
    }

    /// Brings the segments here, as one file for each stretch of the same format.
    async fn fetch(
        &self,
        archive: &Archive,
        inits: &[Init],
        segments: &[Segment],
        to: &Path,
    ) -> Result<(Vec<Stretch>, Plan), FinishError> {
        let shifts = shifts(segments);
        let mut stretches = Vec::new();
        for (number, run) in segments.chunk_by(|a, b| (a.recording, a.init) == (b.recording, b.init)).enumerate() {
            let path = to.join(format!("{number}.mp4"));
            self.gather(archive, run, &path).await?;
            let shift = shifts.get(&run[0].recording).copied().unwrap_or_default();
            stretches.push(Stretch { path, shift });
        }
        let plan = plan(inits, stretches.len());
        Ok((stretches, plan))
    }

    /// Brings segments of the same format here, into one file.
    async fn gather(&self, archive: &Archive, run: &[Segment], path: &Path) -> Result<(), FinishError> {
        let mut file = tokio::fs::File::create(path).await?;
        let init = Name::Init(run[0].recording, run[0].init);
        let names = run.iter().map(|segment| Name::Segment(segment.recording, segment.number));
        for name in std::iter::once(init).chain(names) {
            self.bucket.append_to(&format!("{}{name}", archive.s3_key), &mut file).await?;
        }
        Ok(tokio::io::AsyncWriteExt::shutdown(&mut file).await?)
    }

    /// Makes the download.
    async fn make(
        &self,
        stretches: Vec<Stretch>,
        plan: Plan,
        lasts: Duration,
        to: &Path,
    ) -> Result<PathBuf, FinishError> {
        let patience = lasts.mul_f64(self.config.download_secs_per_sec.clamp(0.1, 100.0)).max(SHORTEST_PATIENCE);
        let video = to.join(DOWNLOAD);
        let made = video.clone();
        blocking(patience, move |go_on| Ok(ffmpeg::mp4(&stretches, plan, &video, go_on)?)).await?;
        Ok(made)
    }
}

/// Runs FFmpeg beside the runtime, until it is done, it takes too long, or nobody waits for it any more.
async fn blocking<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce(GoOn<'_>) -> Result<T, FinishError> + Send + 'static,
) -> Result<T, FinishError> {
    let abandoned = CancellationToken::new();
    let _guard: DropGuard = abandoned.clone().drop_guard();
    let work = move || {
        let started = Instant::now();
        work(&|| !abandoned.is_cancelled() && started.elapsed() < patience)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| FinishError::Media(error.to_string()))?
}

/// The segment to take the picture at `at` from, and where in its own recording that is: the one that is shown then if
/// a decoder can start with it, else the last before it that fits, else the first after.
fn shown_at<'a>(inits: &[Init], segments: &'a [Segment], at: Duration) -> Option<(&'a Segment, Duration)> {
    let shifts = shifts(segments);
    let mut start = Duration::ZERO;
    let mut found = None;
    for segment in segments {
        let init = inits.iter().find(|init| (init.recording, init.number) == (segment.recording, segment.init));
        let fits = segment.is_independent && init.is_some_and(|init| init.video.is_some());
        // What is past the place is only for want of anything before it.
        if fits && (found.is_none() || start <= at) {
            found = Some((segment, start));
        }
        start += segment.duration;
    }
    let (segment, start) = found?;
    let shift = shifts.get(&segment.recording).copied().unwrap_or_default();
    Some((segment, at.max(start).saturating_sub(shift)))
}

/// Where the timeline of each recording begins: nodes record one after the other, each from its own zero.
fn shifts(segments: &[Segment]) -> BTreeMap<RecordingId, Duration> {
    let mut shifts = BTreeMap::new();
    let mut end = Duration::ZERO;
    for segment in segments {
        shifts.entry(segment.recording).or_insert(end);
        end += segment.duration;
    }
    shifts
}

/// H.264 of one format is copied; anything else is made anew at the largest size there was, of equal ones the first.
fn plan(inits: &[Init], stretches: usize) -> Plan {
    let with_picture = || inits.iter().filter(|init| init.video.is_some());
    let size = with_picture().rev().map(|init| (init.width, init.height)).max_by_key(|(width, height)| width * height);
    let copies_video = stretches == 1 && with_picture().all(|init| init.video.as_deref() == Some("h264"));
    Plan { copies_video, size, has_audio: inits.iter().any(|init| init.audio.is_some()) }
}
