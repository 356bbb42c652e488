//! One recording on this machine's disk: a folder with a journal and a file per segment.
//!
//! Media is appended as it comes and survives the process; `sweep.rs` brings it to the disk for good twice a second.

mod recover;

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use domain::media::{Codec, TapEvent};
use domain::{ArchiveId, RecordingId, StreamId};
use tokio::sync::Notify;

use crate::fmp4::Format;
use crate::journal::{Ledger, Record, Segment};
use crate::muxer::{Cut, Lengths, Muxer};
use crate::offload::offload;

/// The name of the journal in a recording's folder.
const JOURNAL: &str = "journal";

/// Another writer took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TakenOver;

/// Something that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upload {
    Init { number: u32, init: crate::journal::Init },
    Segment { number: u32, segment: Segment },
}

/// One recording. Shared by its writer, its keeper and the sweep.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    /// Wakes the keeper.
    pub(crate) changed: Notify,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    muxer: Muxer,
    journal: Arc<File>,
    /// Bytes of the journal that are whole lines.
    journal_end: u64,
    /// The file of the segment at hand.
    file: Option<Arc<File>>,
    /// Files with bytes that are not on the disk for good.
    unsynced: Vec<Arc<File>>,
    /// Who may write: the newest that asked.
    turn: u64,
    has_writer: bool,
    /// The stream is over; it closes as soon as the writer is done.
    is_ending: bool,
    is_closed: bool,
    /// The disk refuses; the recording goes on when it takes bytes again.
    is_halted: bool,
}

impl Shelf {
    /// A new recording in `folder`, which must not exist.
    pub(crate) fn create(folder: &Path, stream: StreamId, lengths: Lengths) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let journal = OpenOptions::new().append(true).create_new(true).open(folder.join(JOURNAL))?;
        journal.try_lock()?;
        let ledger = Ledger::new(stream, RecordingId::new(), ArchiveId::new());
        let mut state = State::new(ledger, Muxer::new(lengths, 0), journal, 0);
        let head = state.ledger.head();
        state.note(&head)?;
        state.unsynced.push(Arc::new(File::open(folder)?));
        Ok(Self { folder: folder.to_owned(), changed: Notify::new(), state: Mutex::new(state) })
    }

    /// Becomes its writer; whoever was before is refused from now on. `None` if the stream is over.
    pub(crate) fn take_turn(&self) -> Option<u64> {
        let mut state = self.state();
        if state.is_ending || state.is_closed {
            return None;
        }
        state.turn += 1;
        state.has_writer = true;
        Some(state.turn)
    }

    /// Takes the next event of the writer with this turn; once it is closed, events are dropped. Trouble with the disk
    /// costs media, not the writer.
    pub(crate) fn write(&self, turn: u64, event: TapEvent) -> Result<(), TakenOver> {
        let mut state = self.state();
        state.must_be(turn)?;
        if state.is_closed {
            return Ok(());
        }
        let is_first = matches!(event, TapEvent::Packet(..)) && !state.ledger.was_heard;
        let cuts = state.muxer.push(event);
        if cuts.is_empty() && !is_first {
            return Ok(());
        }
        let result = offload(|| {
            if is_first {
                state.note(&Record::Heard)?;
            }
            state.carry_out(&self.folder, cuts)
        });
        if state.settle(result) {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// The writer with this turn has nothing more; what it brought is written if it says so, or when the next begins.
    pub(crate) fn leave(&self, turn: u64, flush: bool) {
        let mut state = self.state();
        if state.must_be(turn).is_err() {
            return;
        }
        state.has_writer = false;
        if flush && !state.is_closed {
            offload(|| state.flush(&self.folder));
        }
        self.changed.notify_one();
    }

    /// The stream is over. Whether its writer is done, so that it can be closed.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.state();
        if !state.is_ending {
            state.is_ending = true;
            self.changed.notify_one();
        }
        !state.has_writer
    }

    /// Whether the stream is over.
    pub(crate) fn is_ending(&self) -> bool {
        self.state().is_ending
    }

    /// Nothing more will be written, by anybody.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        if !state.is_closed {
            offload(|| state.flush(&self.folder));
            state.is_closed = true;
        }
        self.changed.notify_one();
    }

    /// Whether it is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Whether the publisher should be asked for a keyframe.
    pub(crate) fn wants_keyframe(&self) -> bool {
        self.state().muxer.wants_keyframe()
    }

    /// What is known of it by now.
    pub(crate) fn ledger(&self) -> Ledger {
        self.state().ledger.clone()
    }

    /// The first thing that is whole and not uploaded yet.
    pub(crate) fn next_upload(&self) -> Option<Upload> {
        let state = self.state();
        let at = state.ledger.segments.iter().position(|segment| !segment.is_uploaded)?;
        let segment = state.ledger.segments.get(at).filter(|segment| segment.is_closed)?;
        let init = state.ledger.inits.get(segment.init as usize)?;
        if !init.is_uploaded && segment.bytes() > 0 {
            return Some(Upload::Init { number: segment.init, init: init.clone() });
        }
        Some(Upload::Segment { number: u32::try_from(at).ok()?, segment: segment.clone() })
    }

    /// Notes what became of it in the world. Losing the line costs a second upload of the same.
    pub(crate) fn note(&self, record: &Record) {
        let mut state = self.state();
        if let Err(error) = offload(|| state.note(record)) {
            tracing::warn!(stream.id = %state.ledger.stream, "a journal line was not written: {error}");
            state.ledger.apply(record);
        }
    }

    /// Whose recording this is.
    pub(crate) fn stream(&self) -> StreamId {
        self.state().ledger.stream
    }

    /// Its id.
    pub(crate) fn recording(&self) -> RecordingId {
        self.state().ledger.recording
    }

    /// The file of a segment.
    pub(crate) fn segment_path(&self, number: u32) -> PathBuf {
        segment_path(&self.folder, number)
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Files that have bytes which are not on the disk for good; the caller sees to it.
    pub(crate) fn take_unsynced(&self) -> Vec<Arc<File>> {
        std::mem::take(&mut self.state().unsynced)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            // Somebody is writing to a disk that takes its time.
            Err(TryLockError::WouldBlock) => offload(|| self.state.lock()).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:06}.m4s"))
}

impl State {
    fn new(ledger: Ledger, muxer: Muxer, journal: File, journal_end: u64) -> Self {
        Self {
            ledger,
            muxer,
            journal: Arc::new(journal),
            journal_end,
            file: None,
            unsynced: Vec::new(),
            turn: 0,
            has_writer: false,
            is_ending: false,
            is_closed: false,
            is_halted: false,
        }
    }

    fn must_be(&self, turn: u64) -> Result<(), TakenOver> {
        if self.turn != turn { Err(TakenOver) } else { Ok(()) }
    }

    fn flush(&mut self, folder: &Path) {
        let cuts = self.muxer.finish();
        let result = self.carry_out(folder, cuts);
        self.settle(result);
    }

    /// Does what the muxer says. Returns whether a segment was closed.
    fn carry_out(&mut self, folder: &Path, cuts: Vec<Cut>) -> io::Result<bool> {
        let mut has_closed = false;
        for cut in cuts {
            match cut {
                Cut::Init { bytes, format } => self.note(&init_record(&bytes, &format))?,
                Cut::Open { start, is_discontinuous, is_independent } => {
                    let number = u32::try_from(self.ledger.segments.len()).map_err(io::Error::other)?;
                    let path = segment_path(folder, number);
                    let file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
                    self.note(&Record::Open { start, is_discontinuous, is_independent })?;
                    self.file = Some(Arc::new(file));
                    self.unsynced.push(Arc::new(File::open(folder)?));
                }
                Cut::Part { bytes, until } => self.part(&bytes, until)?,
                Cut::Close => {
                    self.note(&Record::Close)?;
                    self.file = None;
                    has_closed = true;
                }
            }
        }
        Ok(has_closed)
    }

    fn part(&mut self, bytes: &[u8], until: crate::timeline::Ticks) -> io::Result<()> {
        let file = self.file.clone().ok_or_else(|| io::Error::other("there is no segment to append to"))?;
        (&*file).write_all(bytes)?;
        self.unsynced(file);
        let before = self.ledger.segments.last().map_or(0, Segment::bytes);
        self.note(&Record::Part { end: before + bytes.len() as u64, crc: crc32fast::hash(bytes), until })
    }

    /// Appends a line to the journal, whole or not at all, and counts it in.
    fn note(&mut self, record: &Record) -> io::Result<()> {
        let line = record.line();
        if let Err(error) = (&*self.journal).write_all(line.as_bytes()) {
            self.journal.set_len(self.journal_end)?;
            return Err(error);
        }
        self.journal_end += line.len() as u64;
        self.ledger.apply(record);
        let journal = self.journal.clone();
        self.unsynced(journal);
        Ok(())
    }

    fn unsynced(&mut self, file: Arc<File>) {
        if !self.unsynced.iter().any(|other| Arc::ptr_eq(other, &file)) {
            self.unsynced.push(file);
        }
    }

    /// What was written stands; after trouble the recording goes on with the next keyframe. Returns whether there is
    /// something new to upload.
    fn settle(&mut self, result: io::Result<bool>) -> bool {
        let stream = self.ledger.stream;
        match result {
            Ok(has_closed) => {
                if self.is_halted && has_closed {
                    self.is_halted = false;
                    tracing::info!(stream.id = %stream, "the recording of stream {stream} goes on");
                }
                has_closed
            }
            Err(error) => {
                if !self.is_halted {
                    tracing::error!(stream.id = %stream, "the recording of stream {stream} halts, the disk refuses: {error}");
                }
                self.is_halted = true;
                self.file = None;
                self.ledger.apply(&Record::Close);
                let end = self.ledger.end();
                self.muxer.abandon(end);
                true
            }
        }
    }
}

fn init_record(bytes: &[u8], format: &Format) -> Record {
    use crate::media::VideoFormat;
    let video = format.video.as_ref().map(|video| match video {
        VideoFormat::H264 { .. } => Codec::H264,
        VideoFormat::Vp8 { .. } => Codec::Vp8,
    });
    let size = format.video.as_ref().map_or((0, 0), VideoFormat::size);
    Record::init(bytes, video, format.has_audio.then_some(Codec::Opus), size)
}
