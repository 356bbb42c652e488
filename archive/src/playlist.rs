//! HLS media playlists (RFC 8216). Pure.

use std::fmt::Write as _;

use store::archive_segments::Segment;

use crate::name::Name;

/// The playlist of these segments, each URI being `base` and the object's name. One that is not complete may grow at
/// its end. `None` without segments: an empty playlist is not one.
pub(crate) fn media(segments: &[Segment], base: &str, is_complete: bool) -> Option<String> {
    let longest = segments.iter().map(|segment| segment.duration.as_secs_f64().round()).fold(1.0, f64::max);
    let mut text = String::with_capacity(200 + segments.len() * 80);
    text.push_str("#EXTM3U\n#EXT-X-VERSION:7\n");
    let _ = writeln!(text, "#EXT-X-TARGETDURATION:{longest:.0}");
    let _ = writeln!(text, "#EXT-X-PLAYLIST-TYPE:{}", if is_complete { "VOD" } else { "EVENT" });
    text.push_str("#EXT-X-MEDIA-SEQUENCE:0\n");
    if segments.iter().all(|segment| segment.is_independent) {
        text.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    let mut before: Option<&Segment> = None;
    for segment in segments {
        let is_new_init = before.is_none_or(|b| (b.recording, b.init) != (segment.recording, segment.init));
        let breaks =
            segment.is_discontinuous || before.is_some_and(|b| b.recording != segment.recording) || is_new_init;
        if before.is_some() && breaks {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if is_new_init {
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{base}{}\"", Name::Init(segment.recording, segment.init));
        }
        let _ = writeln!(text, "#EXTINF:{:.6},", segment.duration.as_secs_f64());
        let _ = writeln!(text, "{base}{}", Name::Segment(segment.recording, segment.number));
        before = Some(segment);
    }
    before?;
    if is_complete {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::RecordingId;

    use super::*;

    fn segment(recording: RecordingId, number: u32, init: u32, millis: u64) -> Segment {
        Segment {
            recording,
            number,
            init,
            is_discontinuous: false,
            is_independent: true,
            duration: Duration::from_millis(millis),
            bytes: 1,
        }
    }

    #[test]
    fn an_archive_names_its_inits_and_breaks_and_ends() {
        let id = RecordingId::from(uuid::Uuid::from_u128(7));
        let back = Segment { is_discontinuous: true, ..segment(id, 2, 1, 500) };
        let text = media(&[segment(id, 0, 0, 2000), segment(id, 1, 0, 2560), back], "", true).expect("segments");
        let id = "00000000000000000000000000000007";
        let wanted = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"{id}-init-0.mp4\"\n#EXTINF:2.000000,\n{id}-000000.m4s\n\
             #EXTINF:2.560000,\n{id}-000001.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"{id}-init-1.mp4\"\n\
             #EXTINF:0.500000,\n{id}-000002.m4s\n#EXT-X-ENDLIST\n"
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_running_stream_has_no_end_and_no_promise_it_cannot_keep() {
        let id = RecordingId::new();
        let late = Segment { is_independent: false, ..segment(id, 1, 0, 12_400) };
        let text = media(&[segment(id, 0, 0, 2000), late], "/x/", false).expect("segments");
        assert!(text.contains("EVENT") && text.contains("TARGETDURATION:12\n") && text.contains("\n/x/"));
        assert!(!text.contains("ENDLIST") && !text.contains("INDEPENDENT"));
        assert_eq!(media(&[], "", true), None);
    }

    #[test]
    fn recordings_of_two_nodes_are_a_discontinuity() {
        let text = media(&[segment(RecordingId::new(), 0, 0, 1), segment(RecordingId::new(), 0, 0, 1)], "", true);
        let text = text.expect("segments");
        assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
        assert_eq!(text.matches("#EXT-X-MAP").count(), 2);
    }
}
