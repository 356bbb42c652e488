//! Fragmented MP4 (ISO/IEC 14496-12, CMAF): an init for a format, and fragments of samples. Pure.

use crate::media::VideoFormat;
use crate::media::opus;

/// Ticks per second of the video track.
pub(crate) const VIDEO_RATE: u32 = 90_000;
const VIDEO_TRACK: u32 = 1;
const AUDIO_TRACK: u32 = 2;
/// `sample_depends_on = 2`: a decoder can start here.
const SYNC: u32 = 0x0200_0000;
/// `sample_depends_on = 1`, `sample_is_non_sync_sample`.
const NOT_SYNC: u32 = 0x0101_0000;
/// The unity matrix of headers.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// What a stretch of segments consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    /// The picture.
    pub(crate) video: Option<VideoFormat>,
    /// Whether there is sound (Opus).
    pub(crate) has_audio: bool,
}

/// One sample of a track, in ticks of that track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) duration: u32,
    /// Presentation minus decoding time.
    pub(crate) offset: i32,
    pub(crate) is_key: bool,
    pub(crate) data: Vec<u8>,
}

/// The samples of one track in one fragment.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Decoding time of the first sample, in ticks of the track.
    pub(crate) start: u64,
    pub(crate) samples: Vec<Sample>,
}

/// Bytes being written, with boxes whose sizes are filled in when they close.
#[derive(Default)]
struct Boxes(Vec<u8>);

impl Boxes {
    fn open(&mut self, kind: &[u8; 4]) -> usize {
        let at = self.0.len();
        self.u32(0);
        self.0.extend_from_slice(kind);
        at
    }

    fn open_full(&mut self, kind: &[u8; 4], version: u8, flags: u32) -> usize {
        let at = self.open(kind);
        self.u32((u32::from(version) << 24) | flags);
        at
    }

    fn close(&mut self, at: usize) {
        let size = u32::try_from(self.0.len() - at).expect("a box of ours is far below 4 GiB");
        self.0[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }

    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, 0);
    }

    fn matrix(&mut self) {
        MATRIX.into_iter().for_each(|value| self.u32(value));
    }

    /// A box that says "nothing here, see the fragments".
    fn empty_table(&mut self, kind: &[u8; 4], words: usize) {
        let at = self.open_full(kind, 0, 0);
        self.zeros(4 * words);
        self.close(at);
    }
}

/// The init: what a decoder needs before the first fragment.
pub(crate) fn init(format: &Format) -> Vec<u8> {
    let mut out = Boxes::default();
    let ftyp = out.open(b"ftyp");
    out.bytes(b"iso5");
    out.u32(512);
    out.bytes(b"iso5iso6mp41");
    out.close(ftyp);
    let moov = out.open(b"moov");
    let mvhd = out.open_full(b"mvhd", 0, 0);
    out.zeros(8);
    out.u32(1000);
    out.u32(0);
    out.u32(0x1_0000);
    out.u16(0x100);
    out.zeros(10);
    out.matrix();
    out.zeros(24);
    out.u32(3);
    out.close(mvhd);
    if let Some(video) = &format.video {
        video_track(&mut out, video);
    }
    if format.has_audio {
        audio_track(&mut out);
    }
    let mvex = out.open(b"mvex");
    let tracks = [(format.video.is_some(), VIDEO_TRACK), (format.has_audio, AUDIO_TRACK)];
    for (_, track) in tracks.into_iter().filter(|(is_there, _)| *is_there) {
        let trex = out.open_full(b"trex", 0, 0);
        [track, 1, 0, 0, 0].into_iter().for_each(|value| out.u32(value));
        out.close(trex);
    }
    out.close(mvex);
    out.close(moov);
    out.0
}

fn video_track(out: &mut Boxes, format: &VideoFormat) {
    let (width, height) = format.size();
    let trak = out.open(b"trak");
    track_header(out, VIDEO_TRACK, 0, width, height);
    let mdia = media_header(out, VIDEO_RATE, *b"vide", b"Video\0");
    let minf = out.open(b"minf");
    let vmhd = out.open_full(b"vmhd", 0, 1);
    out.zeros(8);
    out.close(vmhd);
    data_reference(out);
    let stbl = out.open(b"stbl");
    let stsd = out.open_full(b"stsd", 0, 0);
    out.u32(1);
    visual_entry(out, format, width, height);
    out.close(stsd);
    empty_tables(out);
    out.close(stbl);
    out.close(minf);
    out.close(mdia);
    out.close(trak);
}

fn visual_entry(out: &mut Boxes, format: &VideoFormat, width: u32, height: u32) {
    let entry = out.open(match format {
        VideoFormat::H264 { .. } => b"avc1",
        VideoFormat::Vp8 { .. } => b"vp08",
    });
    out.zeros(6);
    out.u16(1);
    out.zeros(16);
    out.u16(u16::try_from(width).unwrap_or(u16::MAX));
    out.u16(u16::try_from(height).unwrap_or(u16::MAX));
    out.u32(0x0048_0000);
    out.u32(0x0048_0000);
    out.u32(0);
    out.u16(1);
    out.zeros(32);
    out.u16(0x18);
    out.u16(0xFFFF);
    match format {
        VideoFormat::H264 { sps, pps, .. } => avc_configuration(out, sps, pps),
        VideoFormat::Vp8 { .. } => {
            let vpcc = out.open_full(b"vpcC", 1, 0);
            // Profile 0, no level, 8 bits, 4:2:0, colours unspecified, no initialisation data.
            out.bytes(&[0, 0, 0x82, 2, 2, 2, 0, 0]);
            out.close(vpcc);
        }
    }
    out.close(entry);
}

/// `avcC` (ISO/IEC 14496-15, 5.3.3.1). Both sets are longer than their headers; the assembler saw to that.
fn avc_configuration(out: &mut Boxes, sps: &[u8], pps: &[u8]) {
    let avcc = out.open(b"avcC");
    out.u8(1);
    out.bytes(&sps[1..4]);
    out.u8(0xFF);
    for (count, set) in [(0xE1, sps), (1, pps)] {
        out.u8(count);
        out.u16(u16::try_from(set.len()).unwrap_or(u16::MAX));
        out.bytes(set);
    }
    if matches!(sps[1], 100 | 110 | 122 | 144) {
        // 4:2:0, 8 bits: what WebRTC carries.
        out.bytes(&[0xFD, 0xF8, 0xF8, 0]);
    }
    out.close(avcc);
}

fn audio_track(out: &mut Boxes) {
    let trak = out.open(b"trak");
    track_header(out, AUDIO_TRACK, 0x100, 0, 0);
    let mdia = media_header(out, opus::RATE, *b"soun", b"Sound\0");
    let minf = out.open(b"minf");
    let smhd = out.open_full(b"smhd", 0, 0);
    out.u32(0);
    out.close(smhd);
    data_reference(out);
    let stbl = out.open(b"stbl");
    let stsd = out.open_full(b"stsd", 0, 0);
    out.u32(1);
    let entry = out.open(b"Opus");
    out.zeros(6);
    out.u16(1);
    out.zeros(8);
    out.u16(2);
    out.u16(16);
    out.u32(0);
    out.u32(opus::RATE << 16);
    let dops = out.open(b"dOps");
    // Version 0, two channels, no samples to skip: a live encoder started long before.
    out.bytes(&[0, 2, 0, 0]);
    out.u32(opus::RATE);
    out.bytes(&[0, 0, 0]);
    out.close(dops);
    out.close(entry);
    out.close(stsd);
    empty_tables(out);
    out.close(stbl);
    out.close(minf);
    out.close(mdia);
    out.close(trak);
}

fn track_header(out: &mut Boxes, track: u32, volume: u16, width: u32, height: u32) {
    let tkhd = out.open_full(b"tkhd", 0, 7);
    out.zeros(8);
    out.u32(track);
    out.zeros(16);
    out.u32(0);
    out.u16(volume);
    out.u16(0);
    out.matrix();
    out.u32(width << 16);
    out.u32(height << 16);
    out.close(tkhd);
}

/// Opens `mdia`, whose rest the caller writes and closes.
fn media_header(out: &mut Boxes, rate: u32, handler: [u8; 4], name: &[u8]) -> usize {
    let mdia = out.open(b"mdia");
    let mdhd = out.open_full(b"mdhd", 0, 0);
    out.zeros(8);
    out.u32(rate);
    out.u32(0);
    // "und" in five bits a letter.
    out.u16(0x55C4);
    out.u16(0);
    out.close(mdhd);
    let hdlr = out.open_full(b"hdlr", 0, 0);
    out.u32(0);
    out.bytes(&handler);
    out.zeros(12);
    out.bytes(name);
    out.close(hdlr);
    mdia
}

fn data_reference(out: &mut Boxes) {
    let dinf = out.open(b"dinf");
    let dref = out.open_full(b"dref", 0, 0);
    out.u32(1);
    let url = out.open_full(b"url ", 0, 1);
    out.close(url);
    out.close(dref);
    out.close(dinf);
}

fn empty_tables(out: &mut Boxes) {
    for (kind, words) in [(b"stts", 1), (b"stsc", 1), (b"stsz", 2), (b"stco", 1)] {
        out.empty_table(kind, words);
    }
}

/// One fragment: `moof` and `mdat`. A track without samples is left out.
pub(crate) fn fragment(sequence: u32, video: &Run, audio: &Run) -> Vec<u8> {
    let mut out = Boxes::default();
    let moof = out.open(b"moof");
    let mfhd = out.open_full(b"mfhd", 0, 0);
    out.u32(sequence);
    out.close(mfhd);
    let video_offset = track_fragment(&mut out, VIDEO_TRACK, video);
    let audio_offset = track_fragment(&mut out, AUDIO_TRACK, audio);
    out.close(moof);
    let size = |run: &Run| run.samples.iter().map(|sample| sample.data.len()).sum::<usize>();
    for (offset, before) in [(video_offset, 0), (audio_offset, size(video))] {
        if let Some(at) = offset {
            let from_moof = u32::try_from(out.0.len() + 8 + before).expect("a part is far below 4 GiB");
            out.0[at..at + 4].copy_from_slice(&from_moof.to_be_bytes());
        }
    }
    let mdat = out.open(b"mdat");
    for sample in video.samples.iter().chain(&audio.samples) {
        out.bytes(&sample.data);
    }
    out.close(mdat);
    out.0
}

/// Writes `traf`; returns where its data offset is to be filled in.
fn track_fragment(out: &mut Boxes, track: u32, run: &Run) -> Option<usize> {
    if run.samples.is_empty() {
        return None;
    }
    let is_video = track == VIDEO_TRACK;
    let has_offsets = run.samples.iter().any(|sample| sample.offset != 0);
    let traf = out.open(b"traf");
    let tfhd = out.open_full(b"tfhd", 0, 0x02_0020);
    out.u32(track);
    out.u32(SYNC);
    out.close(tfhd);
    let tfdt = out.open_full(b"tfdt", 1, 0);
    out.u64(run.start);
    out.close(tfdt);
    let flags = 0x301 | if is_video { 0x400 } else { 0 } | if has_offsets { 0x800 } else { 0 };
    let trun = out.open_full(b"trun", 1, flags);
    out.u32(u32::try_from(run.samples.len()).expect("a part has a handful of samples"));
    let offset_at = out.0.len();
    out.u32(0);
    for sample in &run.samples {
        out.u32(sample.duration);
        out.u32(u32::try_from(sample.data.len()).expect("a sample is below 16 MiB"));
        if is_video {
            out.u32(if sample.is_key { SYNC } else { NOT_SYNC });
        }
        if has_offsets {
            out.u32(sample.offset.cast_unsigned());
        }
    }
    out.close(trun);
    out.close(traf);
    Some(offset_at)
}
