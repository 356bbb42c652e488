//! FFmpeg, and nothing of it outside this module: one MP4 out of stretches of fragments, and a still picture.
//!
//! Everything here blocks: call it where that is fine. FFmpeg is handed our own files only.

mod audio;
mod still;
mod video;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ffmpeg_next::{Dictionary, Error, Packet, Rational, codec, encoder, filter, format, media};

use audio::Sound;
use video::Pictures;

pub(crate) use still::thumbnail;

/// Time base of the picture in what we make.
const VIDEO_BASE: Rational = Rational(1, 90_000);

/// FFmpeg could not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaError {
    /// The media cannot be worked with; another try will not help.
    #[error("{doing}: {error}")]
    Media { doing: &'static str, error: Error },
    /// There is no picture and no sound in it.
    #[error("there is no picture and no sound in it")]
    Empty,
    /// We were told to stop, or the time allowed is over.
    #[error("it was stopped before its end")]
    Stopped,
}

trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, MediaError>;
}

impl<T> Doing<T> for Result<T, Error> {
    fn doing(self, doing: &'static str) -> Result<T, MediaError> {
        self.map_err(|error| MediaError::Media { doing, error })
    }
}

/// A stretch of media of one format: its init and segments in one file.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) path: PathBuf,
    /// Where its timeline stands on that of the whole.
    pub(crate) shift: Duration,
}

/// What to make of the stretches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// The picture is taken as it is: one stretch, in a codec that every player knows.
    pub(crate) copies_video: bool,
    /// Size of the picture otherwise; none without a picture.
    pub(crate) size: Option<(u32, u32)>,
    /// Whether there is sound.
    pub(crate) has_audio: bool,
}

/// Asks whether to go on; called often.
pub(crate) type GoOn<'a> = &'a dyn Fn() -> bool;

/// Makes one fast-start MP4 of the stretches: H.264 and AAC.
pub(crate) fn mp4(stretches: &[Stretch], plan: Plan, to: &Path, go_on: GoOn<'_>) -> Result<(), MediaError> {
    start()?;
    let first = stretches.first().ok_or(MediaError::Empty)?;
    let mut output = Output::open(to)?;
    let video = match plan.size {
        Some(_) if plan.copies_video => Some(Video::Copied(output.copied(&first.path)?)),
        Some(size) => Some(Video::Made(Box::new(Pictures::open(&mut output, size)?))),
        None => None,
    };
    let audio = if plan.has_audio { Some(Sound::open(&mut output)?) } else { None };
    let mut job = Job { output, video, audio, go_on };
    job.output.begin()?;
    for stretch in stretches {
        job.take(stretch)?;
    }
    job.end()
}

struct Job<'a> {
    output: Output,
    video: Option<Video>,
    audio: Option<Sound>,
    go_on: GoOn<'a>,
}

enum Video {
    /// The index of the stream, and the newest decoding time.
    Copied(usize),
    Made(Box<Pictures>),
}

impl Job<'_> {
    fn take(&mut self, stretch: &Stretch) -> Result<(), MediaError> {
        let mut input = open(&stretch.path)?;
        let index = |kind| input.streams().best(kind).map(|stream| stream.index());
        let (video, audio) = (index(media::Type::Video), index(media::Type::Audio));
        if let (Some(Video::Made(pictures)), Some(index)) = (&mut self.video, video) {
            pictures.decode(&input, index)?;
        }
        if let (Some(sound), Some(index)) = (&mut self.audio, audio) {
            sound.decode(&input, index)?;
        }
        for (stream, mut packet) in input.packets() {
            if !(self.go_on)() {
                return Err(MediaError::Stopped);
            }
            let base = stream.time_base();
            let index = stream.index();
            shift(&mut packet, stretch.shift, base);
            match (&mut self.video, &mut self.audio) {
                (Some(Video::Copied(to)), _) if Some(index) == video => self.output.write(packet, *to, base)?,
                (Some(Video::Made(pictures)), _) if Some(index) == video => {
                    pictures.packet(Some(&packet), &mut self.output)?;
                }
                (_, Some(sound)) if Some(index) == audio => sound.packet(Some(&packet), &mut self.output)?,
                _ => {}
            }
        }
        if let (Some(Video::Made(pictures)), Some(_)) = (&mut self.video, video) {
            pictures.packet(None, &mut self.output)?;
        }
        if let (Some(sound), Some(_)) = (&mut self.audio, audio) {
            sound.packet(None, &mut self.output)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), MediaError> {
        if let Some(Video::Made(pictures)) = &mut self.video {
            pictures.end(&mut self.output)?;
        }
        if let Some(sound) = &mut self.audio {
            sound.end(&mut self.output)?;
        }
        self.output.end()
    }
}

/// What FFmpeg has to say comes back as errors; its own log is not ours.
fn start() -> Result<(), MediaError> {
    ffmpeg_next::init().doing("starting")?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Fatal);
    Ok(())
}

/// Opens one of our own files, and lets nothing in it name another.
fn open(path: &Path) -> Result<format::context::Input, MediaError> {
    let mut options = Dictionary::new();
    options.set("protocol_whitelist", "file");
    format::input_with_dictionary(path, options).doing("reading the recording")
}

fn shift(packet: &mut Packet, by: Duration, base: Rational) {
    let ticks = by.as_secs_f64() / f64::from(base);
    #[expect(clippy::cast_possible_truncation, reason = "a recording of years would fit")]
    let ticks = ticks.round() as i64;
    packet.set_pts(packet.pts().map(|pts| pts + ticks));
    packet.set_dts(packet.dts().map(|dts| dts + ticks));
}

/// The MP4 file.
struct Output {
    context: format::context::Output,
    bases: Vec<Rational>,
    packets: usize,
}

impl Output {
    fn open(path: &Path) -> Result<Self, MediaError> {
        let context = format::output_as(path, "mp4").doing("making the file")?;
        Ok(Self { context, bases: Vec::new(), packets: 0 })
    }

    /// A stream that takes the picture of this file as it is.
    fn copied(&mut self, from: &Path) -> Result<usize, MediaError> {
        let input = open(from)?;
        let stream = input.streams().best(media::Type::Video).ok_or(MediaError::Empty)?;
        let mut to = self.context.add_stream(encoder::find(codec::Id::None)).doing("copying the picture")?;
        to.set_parameters(stream.parameters());
        to.set_time_base(stream.time_base());
        Ok(to.index())
    }

    fn begin(&mut self) -> Result<(), MediaError> {
        let mut options = Dictionary::new();
        options.set("movflags", "+faststart");
        self.context.write_header_with(options).doing("writing the header")?;
        self.bases = self.context.streams().map(|stream| stream.time_base()).collect();
        Ok(())
    }

    fn write(&mut self, mut packet: Packet, stream: usize, base: Rational) -> Result<(), MediaError> {
        packet.set_stream(stream);
        packet.rescale_ts(base, self.bases[stream]);
        packet.set_position(-1);
        self.packets += 1;
        packet.write_interleaved(&mut self.context).doing("writing a packet")
    }

    fn end(mut self) -> Result<(), MediaError> {
        if self.packets == 0 {
            return Err(MediaError::Empty);
        }
        self.context.write_trailer().doing("writing the index")
    }
}

fn end_of(graph: &mut filter::Graph, name: &str) -> Result<filter::Context, MediaError> {
    graph.get(name).ok_or(Error::FilterNotFound).doing("filtering")
}

fn graph((source, args): (&str, &str), spec: &str, sink: &str) -> Result<filter::Graph, Error> {
    let find = |name| filter::find(name).ok_or(Error::FilterNotFound);
    let mut graph = filter::Graph::new();
    graph.add(&find(source)?, "in", args)?;
    graph.add(&find(sink)?, "out", "")?;
    graph.output("in", 0)?.input("out", 0)?.parse(spec)?;
    graph.validate()?;
    Ok(graph)
}
