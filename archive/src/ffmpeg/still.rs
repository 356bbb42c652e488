//! A still picture out of a film.

use std::path::Path;
use std::time::Duration;

use ffmpeg_next::{Error, Packet, Rational, codec, encoder, filter, format, frame, media};

use super::video::video_decoder;
use super::{Doing as _, GoOn, MediaError, VIDEO_BASE, end_of, open, start};

/// A thumbnail is no wider than this.
const THUMBNAIL_WIDTH: u32 = 640;
/// After a seek, the wanted picture comes within so many packets; else the last one found does.
const THUMBNAIL_SEARCH: usize = 600;

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
