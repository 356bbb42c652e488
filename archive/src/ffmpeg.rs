//! FFmpeg, and nothing of it outside this file: one MP4 out of stretches of fragments, and a still picture.
//!
//! Everything here blocks: call it where that is fine. FFmpeg is handed our own files only.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ffmpeg_next::{
    ChannelLayout, Dictionary, Error, Packet, Rational, codec, decoder, encoder, filter, format, frame, media, picture,
    threading,
};

/// Time base of the picture in what we make.
const VIDEO_BASE: Rational = Rational(1, 90_000);
const AUDIO_RATE: i32 = 48_000;
const AUDIO_BITS_PER_SEC: usize = 128_000;
/// A thumbnail is no wider than this.
const THUMBNAIL_WIDTH: u32 = 640;
/// After a seek, the wanted picture comes within so many; else the last one does.
const THUMBNAIL_SEARCH: usize = 600;

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

/// The picture, decoded, brought to one size and encoded anew.
struct Pictures {
    stream: usize,
    size: (u32, u32),
    encoder: encoder::Video,
    decoding: Option<(decoder::Video, filter::Graph)>,
    last: Option<i64>,
}

impl Pictures {
    fn open(output: &mut Output, (width, height): (u32, u32)) -> Result<Self, MediaError> {
        let codec = encoder::find(codec::Id::H264).ok_or(Error::EncoderNotFound).doing("finding an H.264 encoder")?;
        let mut stream = output.context.add_stream(codec).doing("making the picture's stream")?;
        let mut encoder = codec::context::Context::new_with_codec(codec).encoder().video().doing("encoding")?;
        let even = |side: u32| side.max(2) / 2 * 2;
        encoder.set_width(even(width));
        encoder.set_height(even(height));
        encoder.set_format(format::Pixel::YUV420P);
        encoder.set_time_base(VIDEO_BASE);
        encoder.set_flags(codec::Flags::GLOBAL_HEADER);
        let mut options = Dictionary::new();
        for (key, value) in [("preset", "veryfast"), ("crf", "22"), ("threads", "auto"), ("g", "250")] {
            options.set(key, value);
        }
        let encoder = encoder.open_with(options).doing("opening the H.264 encoder")?;
        stream.set_parameters(&encoder);
        stream.set_time_base(VIDEO_BASE);
        let stream = stream.index();
        Ok(Self { stream, size: (even(width), even(height)), encoder, decoding: None, last: None })
    }

    /// From now on packets are of this input.
    fn decode(&mut self, input: &format::context::Input, index: usize) -> Result<(), MediaError> {
        let (width, height) = self.size;
        let spec = format!(
            "scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2,\
             pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,settb=1/90000,format=yuv420p"
        );
        self.decoding = Some(video_decoder(input, index, &spec)?);
        Ok(())
    }

    /// Takes a packet, or the end of an input. A packet that cannot be decoded is left out.
    fn packet(&mut self, packet: Option<&Packet>, output: &mut Output) -> Result<(), MediaError> {
        let Some((decoder, graph)) = &mut self.decoding else { return Ok(()) };
        let _ = match packet {
            Some(packet) => decoder.send_packet(packet),
            None => decoder.send_eof(),
        };
        let mut decoded = frame::Video::empty();
        let mut filtered = Vec::new();
        while decoder.receive_frame(&mut decoded).is_ok() {
            let pts = decoded.timestamp();
            decoded.set_pts(pts);
            end_of(graph, "in")?.source().add(&decoded).doing("scaling")?;
            drain_pictures(graph, &mut filtered)?;
        }
        if packet.is_none() {
            end_of(graph, "in")?.source().flush().doing("scaling")?;
            drain_pictures(graph, &mut filtered)?;
            self.decoding = None;
        }
        for mut picture in filtered {
            // Two stretches may meet on the same tick; an encoder wants time to move.
            if picture.pts().is_none() || picture.pts() <= self.last {
                continue;
            }
            self.last = picture.pts();
            picture.set_kind(picture::Type::None);
            self.encoder.send_frame(&picture).doing("encoding the picture")?;
            self.drain(output)?;
        }
        Ok(())
    }

    fn end(&mut self, output: &mut Output) -> Result<(), MediaError> {
        self.encoder.send_eof().doing("encoding the picture")?;
        self.drain(output)
    }

    fn drain(&mut self, output: &mut Output) -> Result<(), MediaError> {
        let mut packet = Packet::empty();
        while self.encoder.receive_packet(&mut packet).is_ok() {
            output.write(std::mem::replace(&mut packet, Packet::empty()), self.stream, VIDEO_BASE)?;
        }
        Ok(())
    }
}

fn drain_pictures(graph: &mut filter::Graph, into: &mut Vec<frame::Video>) -> Result<(), MediaError> {
    let mut out = end_of(graph, "out")?;
    let mut filtered = frame::Video::empty();
    while out.sink().frame(&mut filtered).is_ok() {
        into.push(std::mem::replace(&mut filtered, frame::Video::empty()));
    }
    Ok(())
}

fn end_of(graph: &mut filter::Graph, name: &str) -> Result<filter::Context, MediaError> {
    graph.get(name).ok_or(Error::FilterNotFound).doing("filtering")
}

/// A decoder of a picture track, and the filters after it.
fn video_decoder(
    input: &format::context::Input,
    index: usize,
    spec: &str,
) -> Result<(decoder::Video, filter::Graph), MediaError> {
    let stream = input.stream(index).ok_or(MediaError::Empty)?;
    let mut context = codec::context::Context::from_parameters(stream.parameters()).doing("reading the picture")?;
    context.set_threading(threading::Config::kind(threading::Type::Frame));
    let decoder = context.decoder().video().doing("opening the picture's decoder")?;
    let base = stream.time_base();
    let name = decoder.format().descriptor().map_or("yuv420p", |descriptor| descriptor.name());
    let args = format!(
        "video_size={}x{}:pix_fmt={name}:time_base={}/{}:pixel_aspect=1/1",
        decoder.width(),
        decoder.height(),
        base.numerator(),
        base.denominator()
    );
    let graph = graph(("buffer", &args), spec, "buffersink").doing("setting up the scaler")?;
    Ok((decoder, graph))
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

/// The sound, decoded, put where its timestamps say, and encoded as AAC.
struct Sound {
    stream: usize,
    encoder: encoder::Audio,
    graph: filter::Graph,
    decoder: Option<(decoder::Audio, Rational)>,
}

impl Sound {
    fn open(output: &mut Output) -> Result<Self, MediaError> {
        let codec = encoder::find(codec::Id::AAC).ok_or(Error::EncoderNotFound).doing("finding an AAC encoder")?;
        let mut stream = output.context.add_stream(codec).doing("making the sound's stream")?;
        let mut encoder = codec::context::Context::new_with_codec(codec).encoder().audio().doing("encoding")?;
        encoder.set_rate(AUDIO_RATE);
        encoder.set_channel_layout(ChannelLayout::STEREO);
        encoder.set_channels(ChannelLayout::STEREO.channels());
        encoder.set_format(format::Sample::F32(format::sample::Type::Planar));
        encoder.set_bit_rate(AUDIO_BITS_PER_SEC);
        encoder.set_time_base(Rational(1, AUDIO_RATE));
        encoder.set_flags(codec::Flags::GLOBAL_HEADER);
        let encoder = encoder.open().doing("opening the AAC encoder")?;
        stream.set_parameters(&encoder);
        stream.set_time_base(Rational(1, AUDIO_RATE));
        let stream = stream.index();
        let args = format!("time_base=1/{AUDIO_RATE}:sample_rate={AUDIO_RATE}:sample_fmt=fltp:channel_layout=stereo");
        // Small errors are stretched away, gaps are filled: the sound stays beside the picture.
        let spec =
            "aresample=async=1000:first_pts=0,aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo";
        let mut graph = graph(("abuffer", &args), spec, "abuffersink").doing("setting up the sound")?;
        end_of(&mut graph, "out")?.sink().set_frame_size(encoder.frame_size());
        Ok(Self { stream, encoder, graph, decoder: None })
    }

    /// From now on packets are of this input.
    fn decode(&mut self, input: &format::context::Input, index: usize) -> Result<(), MediaError> {
        let stream = input.stream(index).ok_or(MediaError::Empty)?;
        let context = codec::context::Context::from_parameters(stream.parameters()).doing("reading the sound")?;
        let decoder = context.decoder().audio().doing("opening the sound's decoder")?;
        self.decoder = Some((decoder, stream.time_base()));
        Ok(())
    }

    /// Takes a packet, or the end of an input. A packet that cannot be decoded is left out.
    fn packet(&mut self, packet: Option<&Packet>, output: &mut Output) -> Result<(), MediaError> {
        let Some((decoder, _)) = &mut self.decoder else { return Ok(()) };
        let _ = match packet {
            Some(packet) => decoder.send_packet(packet),
            None => decoder.send_eof(),
        };
        let mut decoded = frame::Audio::empty();
        while decoder.receive_frame(&mut decoded).is_ok() {
            let pts = decoded.timestamp();
            decoded.set_pts(pts);
            end_of(&mut self.graph, "in")?.source().add(&decoded).doing("resampling")?;
        }
        if packet.is_none() {
            self.decoder = None;
        }
        self.encode(output)
    }

    fn encode(&mut self, output: &mut Output) -> Result<(), MediaError> {
        let mut filtered = frame::Audio::empty();
        while end_of(&mut self.graph, "out")?.sink().frame(&mut filtered).is_ok() {
            self.encoder.send_frame(&filtered).doing("encoding the sound")?;
            self.drain(output)?;
        }
        Ok(())
    }

    fn end(&mut self, output: &mut Output) -> Result<(), MediaError> {
        end_of(&mut self.graph, "in")?.source().flush().doing("resampling")?;
        self.encode(output)?;
        self.encoder.send_eof().doing("encoding the sound")?;
        self.drain(output)
    }

    fn drain(&mut self, output: &mut Output) -> Result<(), MediaError> {
        let mut packet = Packet::empty();
        while self.encoder.receive_packet(&mut packet).is_ok() {
            let base = Rational(1, AUDIO_RATE);
            output.write(std::mem::replace(&mut packet, Packet::empty()), self.stream, base)?;
        }
        Ok(())
    }
}

/// Makes a JPEG of the picture at `at`, or of the last one before it. `None` if the file has no picture.
pub(crate) fn thumbnail(of: &Path, at: Duration, go_on: GoOn<'_>) -> Result<Option<Vec<u8>>, MediaError> {
    start()?;
    let mut input = open(of)?;
    let Some(index) = input.streams().best(media::Type::Video).map(|stream| stream.index()) else { return Ok(None) };
    let spec = format!("scale='min({THUMBNAIL_WIDTH},iw)':-2,setsar=1,format=yuvj420p");
    let (mut decoder, mut graph) = video_decoder(&input, index, &spec)?;
    let base = input.stream(index).map_or(VIDEO_BASE, |stream| stream.time_base());
    let micros = i64::try_from(at.as_micros()).unwrap_or(0);
    // Without an index to seek by, the search begins at the start.
    let _ = input.seek(micros, ..micros + 1);
    let mut found = None;
    let mut packets = input.packets().filter(|(stream, _)| stream.index() == index);
    for _ in 0..THUMBNAIL_SEARCH {
        if !go_on() {
            return Err(MediaError::Stopped);
        }
        let next = packets.next();
        let is_last = next.is_none();
        let _ = match next {
            Some((_, packet)) => decoder.send_packet(&packet),
            None => decoder.send_eof(),
        };
        let mut decoded = frame::Video::empty();
        while decoder.receive_frame(&mut decoded).is_ok() {
            let is_there = decoded.timestamp().is_some_and(|pts| f64::from(base) * pts as f64 >= at.as_secs_f64());
            if found.is_none() || is_there {
                found = Some(std::mem::replace(&mut decoded, frame::Video::empty()));
            }
            if is_there {
                return jpeg(found, &mut graph).map(Some);
            }
        }
        if is_last {
            break;
        }
    }
    jpeg(found, &mut graph).map(Some)
}

fn jpeg(picture: Option<frame::Video>, graph: &mut filter::Graph) -> Result<Vec<u8>, MediaError> {
    let picture = picture.ok_or(Error::InvalidData).doing("decoding a picture")?;
    end_of(graph, "in")?.source().add(&picture).doing("scaling")?;
    end_of(graph, "in")?.source().flush().doing("scaling")?;
    let mut scaled = frame::Video::empty();
    end_of(graph, "out")?.sink().frame(&mut scaled).doing("scaling")?;
    let codec = encoder::find(codec::Id::MJPEG).ok_or(Error::EncoderNotFound).doing("finding a JPEG encoder")?;
    let mut encoder = codec::context::Context::new_with_codec(codec).encoder().video().doing("encoding")?;
    encoder.set_width(scaled.width());
    encoder.set_height(scaled.height());
    encoder.set_format(format::Pixel::YUVJ420P);
    encoder.set_time_base(Rational(1, 25));
    encoder.set_qmin(3);
    encoder.set_qmax(6);
    let mut encoder = encoder.open().doing("opening the JPEG encoder")?;
    scaled.set_pts(Some(0));
    encoder.send_frame(&scaled).doing("encoding the thumbnail")?;
    encoder.send_eof().doing("encoding the thumbnail")?;
    let mut packet = Packet::empty();
    encoder.receive_packet(&mut packet).doing("encoding the thumbnail")?;
    packet.data().map(<[u8]>::to_vec).ok_or(Error::InvalidData).doing("encoding the thumbnail")
}
