//! The picture of what we make, where it cannot be copied.

use ffmpeg_next::{Dictionary, Error, Packet, codec, decoder, encoder, filter, format, frame, picture, threading};

use super::{Doing as _, MediaError, Output, VIDEO_BASE, end_of, graph};

/// The picture, decoded, brought to one size and encoded anew.
pub(super) struct Pictures {
    stream: usize,
    size: (u32, u32),
    encoder: encoder::Video,
    decoding: Option<(decoder::Video, filter::Graph)>,
    last: Option<i64>,
}

impl Pictures {
    pub(super) fn open(output: &mut Output, (width, height): (u32, u32)) -> Result<Self, MediaError> {
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
    pub(super) fn decode(&mut self, input: &format::context::Input, index: usize) -> Result<(), MediaError> {
        let (width, height) = self.size;
        let spec = format!(
            "scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2,\
             pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,settb=1/90000,format=yuv420p"
        );
        self.decoding = Some(video_decoder(input, index, &spec)?);
        Ok(())
    }

    /// Takes a packet, or the end of an input. A packet that cannot be decoded is left out.
    pub(super) fn packet(&mut self, packet: Option<&Packet>, output: &mut Output) -> Result<(), MediaError> {
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

    pub(super) fn end(&mut self, output: &mut Output) -> Result<(), MediaError> {
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

/// A decoder of a picture track, and the filters after it.
pub(super) fn video_decoder(
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
