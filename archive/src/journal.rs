//! What a recording consists of, as lines on disk: each carries its own checksum, so that after a crash everything up
//! to the first torn line is known to be true. The state is rebuilt by the same steps that made it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::media::Codec;
use domain::{ArchiveId, RecordingId, StreamId};
use serde::{Deserialize, Serialize};

use crate::timeline::Ticks;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Record {
    /// The first line.
    Begun { stream: StreamId, recording: RecordingId, archive: ArchiveId },
    /// Media has arrived, though perhaps nothing that can be shown.
    Heard,
    /// Segments from here on need this init; its bytes are in base64.
    Init { bytes: String, video: Option<Codec>, audio: Option<Codec>, width: u32, height: u32 },
    /// A segment begins; the one before is whole.
    Open { start: Ticks, is_discontinuous: bool, is_independent: bool },
    /// The segment's file now has `end` bytes, the newest of which have this checksum, and reaches to `until`.
    Part { end: u64, crc: u32, until: Ticks },
    /// The segment is whole.
    Close,
    /// This init is in the bucket and in the database.
    InitUploaded { number: u32 },
    /// This segment is.
    Uploaded { number: u32 },
    /// All of it is, and the archive is ready.
    Finished,
}

impl Record {
    /// The line, with its end.
    pub(crate) fn line(&self) -> String {
        let json = serde_json::to_string(self).expect("a record has only plain fields");
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    }

    /// The record of a line without its end, if the line is whole.
    fn parse(line: &str) -> Option<Self> {
        let (crc, json) = line.split_once(' ')?;
        let is_whole = u32::from_str_radix(crc, 16).ok()? == crc32fast::hash(json.as_bytes());
        if !is_whole {
            return None;
        }
        serde_json::from_str(json).ok()
    }

    /// An init's record.
    pub(crate) fn init(bytes: &[u8], video: Option<Codec>, audio: Option<Codec>, (width, height): (u32, u32)) -> Self {
        Self::Init { bytes: STANDARD.encode(bytes), video, audio, width, height }
    }
}

/// An init as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Init {
    pub(crate) bytes: Vec<u8>,
    pub(crate) video: Option<Codec>,
    pub(crate) audio: Option<Codec>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_uploaded: bool,
}

/// A part of a segment's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) end: u64,
    pub(crate) crc: u32,
    pub(crate) until: Ticks,
}

/// A segment as it is kept. Its number is its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) init: u32,
    pub(crate) start: Ticks,
    pub(crate) is_discontinuous: bool,
    pub(crate) is_independent: bool,
    pub(crate) parts: Vec<Part>,
    pub(crate) is_closed: bool,
    pub(crate) is_uploaded: bool,
}

impl Segment {
    /// Bytes of its file that count.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// Where it ends on the timeline.
    pub(crate) fn until(&self) -> Ticks {
        self.parts.last().map_or(self.start, |part| part.until)
    }

    /// CRC-32 of its bytes.
    pub(crate) fn crc(&self) -> u32 {
        let mut whole = crc32fast::Hasher::new();
        let mut start = 0;
        for part in &self.parts {
            whole.combine(&crc32fast::Hasher::new_with_initial_len(part.crc, part.end - start));
            start = part.end;
        }
        whole.finalize()
    }
}

/// What the records of a journal add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) stream: StreamId,
    pub(crate) recording: RecordingId,
    pub(crate) archive: ArchiveId,
    pub(crate) was_heard: bool,
    pub(crate) inits: Vec<Init>,
    pub(crate) segments: Vec<Segment>,
}

impl Ledger {
    /// Of a recording that begins.
    pub(crate) const fn new(stream: StreamId, recording: RecordingId, archive: ArchiveId) -> Self {
        Self { stream, recording, archive, was_heard: false, inits: Vec::new(), segments: Vec::new() }
    }

    /// The first line of this ledger's journal.
    pub(crate) const fn head(&self) -> Record {
        Record::Begun { stream: self.stream, recording: self.recording, archive: self.archive }
    }

    /// Reads a journal up to its first torn line; says how many bytes were good. `None` without a whole first line.
    pub(crate) fn read(journal: &[u8]) -> Option<(Self, u64)> {
        let mut lines = journal.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next()?;
        let Record::Begun { stream, recording, archive } = parse_line(first)? else { return None };
        let mut ledger = Self::new(stream, recording, archive);
        let mut good = first.len();
        for line in lines {
            let Some(record) = parse_line(line) else { break };
            ledger.apply(&record);
            good += line.len();
        }
        Some((ledger, good as u64))
    }

    /// One step further.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Begun { .. } | Record::Finished => {}
            Record::Heard => self.was_heard = true,
            Record::Init { bytes, video, audio, width, height } => self.inits.push(Init {
                bytes: STANDARD.decode(bytes).unwrap_or_default(),
                video: *video,
                audio: *audio,
                width: *width,
                height: *height,
                is_uploaded: false,
            }),
            Record::Open { start, is_discontinuous, is_independent } => {
                self.close();
                self.segments.push(Segment {
                    init: u32::try_from(self.inits.len().saturating_sub(1)).unwrap_or(u32::MAX),
                    start: *start,
                    is_discontinuous: *is_discontinuous,
                    is_independent: *is_independent,
                    parts: Vec::new(),
                    is_closed: false,
                    is_uploaded: false,
                });
            }
            Record::Part { end, crc, until } => {
                if let Some(segment) = self.segments.last_mut().filter(|segment| *end > segment.bytes()) {
                    segment.parts.push(Part { end: *end, crc: *crc, until: *until });
                }
            }
            Record::Close => self.close(),
            Record::InitUploaded { number } => {
                if let Some(init) = self.inits.get_mut(*number as usize) {
                    init.is_uploaded = true;
                }
            }
            Record::Uploaded { number } => {
                if let Some(segment) = self.segments.get_mut(*number as usize) {
                    segment.is_uploaded = true;
                    // What is needed of the past is its end; a day's parts would add up.
                    let last = segment.parts.pop();
                    segment.parts = last.into_iter().collect();
                }
            }
        }
    }

    /// Where the timeline ends.
    pub(crate) fn end(&self) -> Ticks {
        self.segments.iter().map(Segment::until).max().unwrap_or(0)
    }

    fn close(&mut self) {
        if let Some(segment) = self.segments.last_mut() {
            segment.is_closed = true;
        }
    }
}

fn parse_line(line: &[u8]) -> Option<Record> {
    Record::parse(std::str::from_utf8(line).ok()?.strip_suffix('\n')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (Ledger, String) {
        let mut ledger = Ledger::new(StreamId::new(), RecordingId::new(), ArchiveId::new());
        let mut text = ledger.head().line();
        for record in [
            Record::Heard,
            Record::init(b"init", Some(Codec::H264), Some(Codec::Opus), (640, 360)),
            Record::Open { start: 0, is_discontinuous: false, is_independent: true },
            Record::Part { end: 5, crc: crc32fast::hash(b"01234"), until: 700 },
            Record::Part { end: 8, crc: crc32fast::hash(b"567"), until: 900 },
            Record::Close,
            Record::Open { start: 900, is_discontinuous: false, is_independent: true },
        ] {
            ledger.apply(&record);
            text.push_str(&record.line());
        }
        (ledger, text)
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (ledger, text) = example();
        assert_eq!(Ledger::read(text.as_bytes()), Some((ledger.clone(), text.len() as u64)));
        assert_eq!(ledger.segments[0].crc(), crc32fast::hash(b"01234567"));
        assert_eq!((ledger.segments[0].bytes(), ledger.end()), (8, 900));
        assert_eq!(ledger.inits[0].bytes, b"init");
    }

    #[test]
    fn wherever_the_tail_is_torn_the_lines_before_it_stand() {
        let (_, text) = example();
        let first = text.find('\n').expect("it has lines") + 1;
        for cut in 0..text.len() {
            let read = Ledger::read(&text.as_bytes()[..cut]);
            let whole = text[..cut].rfind('\n').map_or(0, |at| at + 1);
            assert_eq!(read.map(|(_, good)| good), (cut >= first).then_some(whole as u64), "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_ends_what_is_believed() {
        let (_, text) = example();
        let mut bytes = text.into_bytes();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        let (_, good) = Ledger::read(&bytes).expect("the first line is whole");
        assert!(good <= middle as u64);
    }

    #[test]
    fn an_uploaded_segment_still_knows_its_end_and_size() {
        let (mut ledger, _) = example();
        ledger.apply(&Record::Uploaded { number: 0 });
        assert_eq!((ledger.segments[0].bytes(), ledger.segments[0].until()), (8, 900));
    }
}
