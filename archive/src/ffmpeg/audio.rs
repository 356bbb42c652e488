//! The sound of what we make.

use ffmpeg_next::{ChannelLayout, Error, Packet, Rational, codec, decoder, encoder, filter, format, frame};

use super::{Doing as _, MediaError, Output, end_of, graph};

const AUDIO_RATE: i32 = 48_000;
const AUDIO_BITS_PER_SEC: usize = 128_000;

/// The sound, decoded, put where its timestamps say, and encoded as AAC.
pub(super) struct Sound {
    stream: usize,
    encoder: encoder::Audio,
    graph: filter::Graph,
    decoder: Option<(decoder::Audio, Rational)>,
}

impl Sound {
    pub(super) fn open(output: &mut Output) -> Result<Self, MediaError> {
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
        // Small errors are stretched away, gaps are filled: the sound stays beside the picture. Without `flags=res`
        // the first correction would start the resampler anew, and its time with it.
        let spec = "aresample=async=1000:first_pts=0:flags=res,aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo";
        let mut graph = graph(("abuffer", &args), spec, "abuffersink").doing("setting up the sound")?;
        end_of(&mut graph, "out")?.sink().set_frame_size(encoder.frame_size());
        Ok(Self { stream, encoder, graph, decoder: None })
    }

    /// From now on packets are of this input.
    pub(super) fn decode(&mut self, input: &format::context::Input, index: usize) -> Result<(), MediaError> {
        let stream = input.stream(index).ok_or(MediaError::Empty)?;
        let context = codec::context::Context::from_parameters(stream.parameters()).doing("reading the sound")?;
        let decoder = context.decoder().audio().doing("opening the sound's decoder")?;
        self.decoder = Some((decoder, stream.time_base()));
        Ok(())
    }

    /// Takes a packet, or the end of an input. A packet that cannot be decoded is left out.
    pub(super) fn packet(&mut self, packet: Option<&Packet>, output: &mut Output) -> Result<(), MediaError> {
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

    pub(super) fn end(&mut self, output: &mut Output) -> Result<(), MediaError> {
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
