//! The job after the end: one MP4 to download and a thumbnail, made of what is in the bucket. Doing it twice is fine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::work::FinishArchive;
use domain::{Archive, ArchiveId, ArchiveStatus, Fault, Kind, RecordingId};
use futures_util::future::BoxFuture;
use jobs::Refusal;
use store::archive_segments::{Init, Segment};
use store::{StoreError, archive_segments, archives};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ffmpeg::{self, MediaError, Plan, Stretch};
use crate::name::{DOWNLOAD, Name, THUMBNAIL};
use crate::s3::S3Error;
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
        let temp = match &self.folder {
            Some(folder) => tempfile::Builder::new().prefix(".work-").tempdir_in(folder)?,
            None => tempfile::tempdir()?,
        };
        let (stretches, plan) = self.fetch(&archive, &inits, &segments, temp.path()).await?;
        let (download, still) = self.make(stretches, plan, archive.duration, temp.path()).await?;
        let key = |name: &str| format!("{}{name}", archive.s3_key);
        let download_bytes = self.bucket.put_file(&key(DOWNLOAD), &download, "video/mp4").await?;
        let thumbnail_bytes = match still {
            Some(still) => Some(self.bucket.put_file(&key(THUMBNAIL), &still, "image/jpeg").await?),
            None => None,
        };
        let mut db = self.store.acquire().await?;
        archives::complete(&mut db, id, Some(download_bytes), thumbnail_bytes).await?;
        tracing::info!(archive.id = %id, "the archive {id} is complete");
        Ok(())
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
            let mut file = tokio::fs::File::create(&path).await?;
            let init = Name::Init(run[0].recording, run[0].init);
            let names = run.iter().map(|segment| Name::Segment(segment.recording, segment.number));
            for name in std::iter::once(init).chain(names) {
                self.bucket.append_to(&format!("{}{name}", archive.s3_key), &mut file).await?;
            }
            tokio::io::AsyncWriteExt::shutdown(&mut file).await?;
            let shift = shifts.get(&run[0].recording).copied().unwrap_or_default();
            stretches.push(Stretch { path, shift });
        }
        let plan = plan(inits, stretches.len());
        Ok((stretches, plan))
    }

    /// Runs FFmpeg beside the runtime, until it is done, it takes too long, or nobody waits for it any more.
    async fn make(
        &self,
        stretches: Vec<Stretch>,
        plan: Plan,
        lasts: Duration,
        to: &Path,
    ) -> Result<(std::path::PathBuf, Option<std::path::PathBuf>), FinishError> {
        let patience = lasts.mul_f64(self.config.download_secs_per_sec.clamp(0.1, 100.0)).max(SHORTEST_PATIENCE);
        let (video, still) = (to.join(DOWNLOAD), to.join(THUMBNAIL));
        let abandoned = CancellationToken::new();
        let _guard: DropGuard = abandoned.clone().drop_guard();
        let work = move || {
            let started = Instant::now();
            let go_on = || !abandoned.is_cancelled() && started.elapsed() < patience;
            ffmpeg::mp4(&stretches, plan, &video, &go_on)?;
            let at = (lasts / 10).max(Duration::from_secs(1)).min(lasts / 2);
            let picture = ffmpeg::thumbnail(&video, at, &go_on)?;
            let still = picture.map(|picture| std::fs::write(&still, picture).map(|()| still)).transpose()?;
            Ok::<_, FinishError>((video, still))
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| FinishError::Media(error.to_string()))?
    }
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
