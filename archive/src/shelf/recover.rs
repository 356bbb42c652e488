//! Taking up a recording after a crash: what the journal says and the files bear out, counts.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::{JOURNAL, Shelf, State, segment_path};
use crate::journal::{Ledger, Part, Record};
use crate::muxer::{Lengths, Muxer};

impl Shelf {
    /// The recording in `folder`. Reads the files that are not uploaded yet: call it where blocking is fine. `None` if
    /// nothing was ever recorded there.
    pub(crate) fn open(folder: &Path, lengths: Lengths) -> io::Result<Option<Self>> {
        let path = folder.join(JOURNAL);
        let mut journal = match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(journal) => journal,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        journal.try_lock()?;
        let mut bytes = Vec::new();
        journal.read_to_end(&mut bytes)?;
        let Some((mut ledger, good)) = Ledger::read(&bytes) else { return Ok(None) };
        journal.set_len(good)?;
        for number in 0..ledger.segments.len() {
            check(folder, &mut ledger, number)?;
        }
        ledger.apply(&Record::Close);
        let muxer = Muxer::new(lengths, ledger.end());
        let state = State::new(ledger, muxer, journal, good);
        Ok(Some(Self { folder: folder.to_owned(), changed: Notify::new(), state: Mutex::new(state) }))
    }

    /// Cuts a segment back to what its file really holds; it may turn out to be nothing.
    pub(crate) fn repair(&self, number: u32) -> io::Result<()> {
        check(&self.folder, &mut self.state().ledger, number as usize)
    }
}

/// Cuts a segment back to the parts that its file really holds.
fn check(folder: &Path, ledger: &mut Ledger, number: usize) -> io::Result<()> {
    let segment = &mut ledger.segments[number];
    if segment.is_uploaded {
        return Ok(());
    }
    let number = u32::try_from(number).map_err(io::Error::other)?;
    let path = segment_path(folder, number);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let claimed = segment.parts.len();
    let whole = whole_parts(&bytes, &segment.parts);
    segment.parts.truncate(whole);
    if whole < claimed {
        tracing::warn!("segment {number} of {} lost {} of {claimed} parts", folder.display(), claimed - whole);
    }
    let kept = segment.bytes();
    if bytes.len() as u64 > kept {
        OpenOptions::new().write(true).open(&path)?.set_len(kept)?;
    }
    Ok(())
}

/// How many of the parts, from the first on, the bytes bear out.
fn whole_parts(bytes: &[u8], parts: &[Part]) -> usize {
    let mut start = 0;
    parts
        .iter()
        .take_while(|part| {
            let end = usize::try_from(part.end).unwrap_or(usize::MAX);
            let is_whole = bytes.get(start..end).is_some_and(|part_bytes| crc32fast::hash(part_bytes) == part.crc);
            start = end;
            is_whole
        })
        .count()
}
