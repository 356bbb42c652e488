//! Looks after one recording: uploads what is whole, and makes the archive ready once the stream is over. Whatever is
//! away, it tries again; what it has not done survives on disk.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::media::Codec;
use domain::work::FinishArchive;
use domain::{ArchiveId, StreamId};
use store::{StoreError, archive_segments, archives};
use tokio_util::sync::CancellationToken;

use crate::Inner;
use crate::journal::{Init, Record, Segment};
use crate::name::Name;
use crate::s3::S3Error;
use crate::shelf::{Shelf, Upload};
use crate::timeline;

/// How long a writer may still write once its stream is over.
const LAST_WORDS: Duration = Duration::from_millis(700);
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// What the owner of a recording without a single picture or sound is told.
const NOTHING_TO_SHOW: &str = "media arrived, but no complete picture or sound among it";

/// Why a recording could not be brought further.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("the stream {0} is not in the database")]
    NoSuchStream(StreamId),
    #[error(transparent)]
    S3(#[from] S3Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a file of the recording cannot be read")]
    File(#[from] std::io::Error),
}

/// What a step came to.
enum Step {
    Moved,
    Idle,
    Done,
}

/// One recording's keeper.
pub(crate) struct Keeper {
    archives: Arc<Inner>,
    shelf: Arc<Shelf>,
    /// The archive and its key, once there is a row.
    row: Option<(ArchiveId, String)>,
}

impl Keeper {
    pub(crate) const fn new(archives: Arc<Inner>, shelf: Arc<Shelf>) -> Self {
        Self { archives, shelf, row: None }
    }

    /// Runs until the archive is ready, or the process stops.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut wait = FIRST_WAIT;
        while !stop.is_cancelled() {
            let Some(step) = stop.run_until_cancelled(self.step()).await else { return };
            match step {
                Ok(Step::Moved) => wait = FIRST_WAIT,
                Ok(Step::Idle) => {
                    stop.run_until_cancelled(self.shelf.changed.notified()).await;
                }
                Ok(Step::Done) => return,
                Err(error) => {
                    let stream = self.shelf.stream();
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(stream.id = %stream, "the recording of stream {stream} waits: {error} {cause}");
                    stop.run_until_cancelled(tokio::time::sleep(jittered(wait))).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step, KeepError> {
        if self.shelf.is_ending() && !self.shelf.is_closed() {
            self.close().await;
        }
        let is_closed = self.shelf.is_closed();
        match self.shelf.next_upload() {
            Some(Upload::Init { number, init }) => self.upload_init(number, init).await?,
            Some(Upload::Segment { number, segment }) => self.upload(number, &segment).await?,
            None if is_closed => {
                self.finish().await?;
                return Ok(Step::Done);
            }
            None => return Ok(Step::Idle),
        }
        Ok(Step::Moved)
    }

    /// Lets the writer say its last words, then closes.
    async fn close(&self) {
        let deadline = tokio::time::Instant::now() + LAST_WORDS;
        while !self.shelf.end() {
            if tokio::time::timeout_at(deadline, self.shelf.changed.notified()).await.is_err() {
                break;
            }
        }
        self.shelf.close();
    }

    async fn upload_init(&mut self, number: u32, init: Init) -> Result<(), KeepError> {
        let (archive, key) = self.row().await?;
        let recording = self.shelf.recording();
        let name = Name::Init(recording, number);
        let row = archive_segments::Init {
            recording,
            number,
            video: init.video.map(|codec| word(codec).to_owned()),
            audio: init.audio.map(|codec| word(codec).to_owned()),
            width: init.width,
            height: init.height,
            bytes: init.bytes.len() as u64,
        };
        let crc = crc32fast::hash(&init.bytes);
        self.put(&format!("{key}{name}"), init.bytes.into(), crc).await?;
        let mut db = self.archives.store.acquire().await?;
        archive_segments::insert_init(&mut db, archive, &row).await?;
        self.shelf.note(&Record::InitUploaded { number });
        Ok(())
    }

    async fn upload(&mut self, number: u32, segment: &Segment) -> Result<(), KeepError> {
        if segment.bytes() == 0 {
            self.shelf.note(&Record::Uploaded { number });
            return Ok(());
        }
        let Some(body) = self.read(number, segment).await? else {
            return Ok(self.shelf.repair(number)?);
        };
        let (archive, key) = self.row().await?;
        let recording = self.shelf.recording();
        let row = archive_segments::Segment {
            recording,
            number,
            init: segment.init,
            is_discontinuous: segment.is_discontinuous,
            is_independent: segment.is_independent,
            duration: timeline::duration(segment.until() - segment.start),
            bytes: segment.bytes(),
        };
        self.put(&format!("{key}{}", Name::Segment(recording, number)), body, segment.crc()).await?;
        let mut db = self.archives.store.acquire().await?;
        archive_segments::insert(&mut db, archive, &row).await?;
        self.shelf.note(&Record::Uploaded { number });
        Ok(())
    }

    /// The segment's bytes; `None` if they are not on the disk as they were written.
    async fn read(&self, number: u32, segment: &Segment) -> Result<Option<Bytes>, KeepError> {
        let mut body = match tokio::fs::read(self.shelf.segment_path(number)).await {
            Ok(body) => body,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        body.truncate(usize::try_from(segment.bytes()).unwrap_or(usize::MAX));
        Ok((crc32fast::hash(&body) == segment.crc()).then(|| body.into()))
    }

    async fn put(&self, key: &str, body: Bytes, crc: u32) -> Result<(), KeepError> {
        let _slot = self.archives.uploads.acquire().await.expect("the semaphore is never closed");
        let put = self.archives.bucket.put(key, body, crc, "video/mp4").await;
        if matches!(put, Err(S3Error::NoBucket)) {
            self.archives.bucket.ensure().await?;
        }
        Ok(put?)
    }

    /// The archive and its key; its row is made when there is something to put there.
    async fn row(&mut self) -> Result<(ArchiveId, String), KeepError> {
        if let Some(row) = &self.row {
            return Ok(row.clone());
        }
        let ledger = self.shelf.ledger();
        let key = format!("{}{}/", self.archives.config.prefix, ledger.archive);
        let mut db = self.archives.store.acquire().await?;
        let now = self.archives.clock.now();
        let row = archives::ensure(&mut db, ledger.archive, ledger.stream, &key, now).await?;
        let row = row.ok_or(KeepError::NoSuchStream(ledger.stream))?;
        self.row = Some(row.clone());
        Ok(row)
    }

    /// All of it is in the bucket: the archive can be watched.
    async fn finish(&mut self) -> Result<(), KeepError> {
        let ledger = self.shelf.ledger();
        let stream = ledger.stream;
        if ledger.segments.iter().any(|segment| segment.bytes() > 0) {
            let (archive, _) = self.row().await?;
            let mut tx = self.archives.store.begin().await?;
            if archives::make_ready(&mut tx, archive, self.archives.clock.now()).await? {
                jobs::push(&mut tx, &FinishArchive { archive }).await?;
            }
            store::commit(tx).await?;
            tracing::info!(stream.id = %stream, archive.id = %archive, "the archive of stream {stream} is ready");
        } else if ledger.was_heard {
            let (archive, _) = self.row().await?;
            let mut db = self.archives.store.acquire().await?;
            archives::fail(&mut db, archive, NOTHING_TO_SHOW).await?;
            tracing::warn!(stream.id = %stream, "stream {stream} has nothing to show: {NOTHING_TO_SHOW}");
        }
        self.shelf.note(&Record::Finished);
        self.archives.forget(stream, &self.shelf);
        Ok(())
    }
}

/// A codec by its name in the database.
const fn word(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "h264",
        Codec::Vp8 => "vp8",
        Codec::Opus => "opus",
    }
}

/// Between half and all of it, so that many do not come back at once.
fn jittered(wait: Duration) -> Duration {
    let chance = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    wait / 2 + wait / 2 * chance / 255
}
