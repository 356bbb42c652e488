//! What an offer asks for, read line by line before the engine sees it: which sections, which codecs, under which numbers.
//! Pure. What is left of an offer has no candidates: peers reach us, we never reach out (ICE-lite), so names under `.local`
//! and no candidates at all are just as good.

use domain::media::Codec;

/// An offer that can be answered.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The offer without candidates.
    pub(crate) text: String,
    /// The section of the picture.
    pub(crate) video: Option<Section>,
    /// The section of the sound.
    pub(crate) audio: Option<Section>,
}

/// One media section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Section {
    sends: bool,
    receives: bool,
    has_mid: bool,
    simulcast: bool,
    formats: Vec<Format>,
}

#[derive(Debug, Clone, Default)]
struct Format {
    payload_type: u8,
    /// Name and clock rate, in lower case: `h264/90000`.
    coding: String,
    parameters: String,
}

/// A codec of a section, under the numbers of whoever offered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Which codec.
    pub(crate) codec: Codec,
    /// Its payload type.
    pub(crate) payload_type: u8,
    /// The payload type of its retransmissions, if offered.
    pub(crate) repeats: Option<u8>,
    /// Its format parameters as offered.
    pub(crate) parameters: String,
}

/// Why an offer cannot be answered, in words for whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OfferError {
    /// Not an SDP offer of a WebRTC endpoint.
    #[error("that is not a WebRTC offer: {0}")]
    Malformed(&'static str),
    /// Understood, but not something we take.
    #[error("{0}")]
    Unusable(&'static str),
}

/// More sections than any browser makes are not read.
const MOST_SECTIONS: usize = 8;

impl Offer {
    /// Reads an offer.
    pub(crate) fn parse(text: &str) -> Result<Self, OfferError> {
        if !text.starts_with("v=0") {
            return Err(OfferError::Malformed("it does not start with v=0"));
        }
        let mut kept = String::with_capacity(text.len());
        let mut sections: Vec<(&str, Section)> = Vec::new();
        let (mut ufrag, mut password, mut fingerprint) = (false, false, false);
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates") {
                continue;
            }
            kept.push_str(line);
            kept.push_str("\r\n");
            ufrag |= line.starts_with("a=ice-ufrag:");
            password |= line.starts_with("a=ice-pwd:");
            fingerprint |= line.starts_with("a=fingerprint:");
            if let Some(media) = line.strip_prefix("m=") {
                sections.push((media.split(' ').next().unwrap_or_default(), Section::default()));
            } else if let Some((_, section)) = sections.last_mut() {
                section.read(line);
            }
        }
        if !(ufrag && password && fingerprint) {
            return Err(OfferError::Malformed("it has no ICE credentials or no certificate fingerprint"));
        }
        if sections.len() > MOST_SECTIONS {
            return Err(OfferError::Unusable("it has too many media sections"));
        }
        let mut offer = Self { text: kept, video: None, audio: None };
        for (kind, section) in sections {
            offer.place(kind, section)?;
        }
        Ok(offer)
    }

    fn place(&mut self, kind: &str, section: Section) -> Result<(), OfferError> {
        if !section.has_mid {
            return Err(OfferError::Malformed("a media section has no a=mid"));
        }
        let place = match kind {
            "video" => &mut self.video,
            "audio" => &mut self.audio,
            _ => return Err(OfferError::Unusable("only audio and video can be offered here, no data channels")),
        };
        if place.replace(section).is_some() {
            return Err(OfferError::Unusable("offer one video and one audio section at most"));
        }
        Ok(())
    }

    /// Checks that it sends something that we can take.
    pub(crate) fn must_send(&self) -> Result<(), OfferError> {
        self.must(|section| section.sends, "nothing in the offer is sent: publish with sendonly")?;
        if self.sections().any(|section| section.simulcast) {
            return Err(OfferError::Unusable("simulcast is not taken yet: send one encoding"));
        }
        Ok(())
    }

    /// Checks that it receives.
    pub(crate) fn must_receive(&self) -> Result<(), OfferError> {
        self.must(|section| section.receives, "nothing in the offer is received: watch with recvonly")
    }

    fn must(&self, claim: impl Fn(&Section) -> bool, otherwise: &'static str) -> Result<(), OfferError> {
        let mut sections = self.sections().peekable();
        if sections.peek().is_none() || !sections.all(claim) {
            return Err(OfferError::Unusable(otherwise));
        }
        Ok(())
    }

    fn sections(&self) -> impl Iterator<Item = &Section> {
        self.video.iter().chain(&self.audio)
    }
}

impl Section {
    fn read(&mut self, line: &str) {
        let Some(attribute) = line.strip_prefix("a=") else { return };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match name {
            "sendrecv" => (self.sends, self.receives) = (true, true),
            "sendonly" => self.sends = true,
            "recvonly" => self.receives = true,
            "mid" => self.has_mid = !value.is_empty(),
            "simulcast" | "rid" => self.simulcast = true,
            "rtpmap" => {
                let Some((format, coding)) = self.format(value) else { return };
                format.coding = coding.to_ascii_lowercase();
            }
            "fmtp" => {
                let Some((format, parameters)) = self.format(value) else { return };
                parameters.clone_into(&mut format.parameters);
            }
            _ => {}
        }
    }

    /// The format that a value begins with, and the rest of the value.
    fn format<'a>(&mut self, value: &'a str) -> Option<(&mut Format, &'a str)> {
        let (number, rest) = value.split_once(' ')?;
        let payload_type = number.parse().ok().filter(|number| *number < 128)?;
        let known = self.formats.iter().position(|format| format.payload_type == payload_type);
        let index = known.unwrap_or_else(|| {
            self.formats.push(Format { payload_type, ..Format::default() });
            self.formats.len() - 1
        });
        Some((&mut self.formats[index], rest))
    }

    /// The best format offered for a codec.
    pub(crate) fn choose(&self, codec: Codec) -> Option<Choice> {
        let rank = |format: &&Format| match codec {
            Codec::H264 => h264_rank(format),
            Codec::Vp8 => (format.coding == "vp8/90000").then_some(0),
            Codec::Opus => format.coding.starts_with("opus/48000").then_some(0),
        };
        let ranked = self.formats.iter().filter_map(|format| Some((rank(&format)?, format)));
        let (_, format) = ranked.min_by_key(|(rank, _)| *rank)?;
        let repeats = |other: &&Format| {
            other.coding == "rtx/90000" && parameter(&other.parameters, "apt") == Some(&format.payload_type.to_string())
        };
        Some(Choice {
            codec,
            payload_type: format.payload_type,
            repeats: self.formats.iter().find(repeats).map(|format| format.payload_type),
            parameters: format.parameters.clone(),
        })
    }
}

/// An answer that tells the browser at which bit rate to begin with this format. Others ignore it.
pub(crate) fn with_start_bitrate(answer: &str, payload_type: u8, kbit_per_sec: u32) -> String {
    let parameters = format!("a=fmtp:{payload_type} ");
    let coding = format!("a=rtpmap:{payload_type} ");
    let has_parameters = answer.lines().any(|line| line.starts_with(&parameters));
    let mut text = String::with_capacity(answer.len() + 64);
    for line in answer.lines().map(str::trim_end) {
        text.push_str(line);
        if line.starts_with(&parameters) {
            text.push_str(&format!(";x-google-start-bitrate={kbit_per_sec}"));
        } else if line.starts_with(&coding) && !has_parameters {
            text.push_str(&format!("\r\n{parameters}x-google-start-bitrate={kbit_per_sec}"));
        }
        text.push_str("\r\n");
    }
    text
}

/// Which H.264 we would rather have: constrained baseline, then baseline, main, others. Packetization mode 1 only: it is
/// what everybody sends, and mode 0 cannot carry large slices.
fn h264_rank(format: &Format) -> Option<u8> {
    if format.coding != "h264/90000" || parameter(&format.parameters, "packetization-mode") != Some("1") {
        return None;
    }
    let profile = parameter(&format.parameters, "profile-level-id")?.get(..4)?.to_ascii_lowercase();
    let order = ["42e0", "4200", "4d00"];
    Some(order.iter().position(|known| **known == profile).map_or(order.len() as u8, |place| place as u8))
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\na=fingerprint:sha-256 00\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106\r\na=mid:0\r\na=sendonly\r\n\
        a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
        a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n\
        a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n\
        a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f\r\n\
        a=rtpmap:105 H264/90000\r\na=fmtp:105 packetization-mode=1; profile-level-id=42E01F\r\n\
        a=rtpmap:106 rtx/90000\r\na=fmtp:106 apt=105\r\n";

    fn offer(sections: &str) -> Result<Offer, OfferError> {
        Offer::parse(&format!("{HEAD}{sections}"))
    }

    #[test]
    fn constrained_baseline_in_mode_1_is_preferred_and_keeps_its_numbers() {
        let video = offer(VIDEO).expect("it is an offer").video.expect("it has video");
        let choice = video.choose(Codec::H264).expect("it has H.264");
        assert_eq!((choice.payload_type, choice.repeats), (105, Some(106)));
        let choice = video.choose(Codec::Vp8).expect("it has VP8");
        assert_eq!((choice.payload_type, choice.repeats), (96, Some(97)));
        assert_eq!(video.choose(Codec::Opus), None);
    }

    #[test]
    fn candidates_are_left_out() {
        let with = format!("{VIDEO}a=candidate:1 1 udp 1 f00.local 5000 typ host\r\na=end-of-candidates\r\n");
        assert!(!offer(&with).expect("it is an offer").text.contains("candidate"));
    }

    #[test]
    fn the_start_bitrate_goes_to_the_format_it_is_for() {
        let answer = "a=rtpmap:96 VP8/90000\r\na=rtpmap:105 H264/90000\r\na=fmtp:105 packetization-mode=1\r\n";
        let h264 = with_start_bitrate(answer, 105, 1500);
        assert!(h264.ends_with("a=fmtp:105 packetization-mode=1;x-google-start-bitrate=1500\r\n"), "{h264}");
        let vp8 = with_start_bitrate(answer, 96, 1500);
        assert!(vp8.starts_with("a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1500\r\n"), "{vp8}");
    }

    #[test]
    fn directions_are_checked() {
        let publisher = offer(VIDEO).expect("it is an offer");
        assert!(publisher.must_send().is_ok() && publisher.must_receive().is_err());
        let watcher = offer(&VIDEO.replace("sendonly", "recvonly")).expect("it is an offer");
        assert!(watcher.must_receive().is_ok() && watcher.must_send().is_err());
        assert!(offer("").expect("it is an offer").must_send().is_err());
        let simulcast = offer(&format!("{VIDEO}a=rid:q send\r\na=simulcast:send q\r\n")).expect("it is an offer");
        assert!(simulcast.must_send().is_err());
    }

    #[test]
    fn what_is_not_an_offer_is_said_to_be_none() {
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n";
        assert!(matches!(offer(data), Err(OfferError::Unusable(_))));
        assert!(matches!(offer(&[VIDEO, VIDEO].concat()), Err(OfferError::Unusable(_))));
        assert!(matches!(offer(&VIDEO.replace("a=mid:0\r\n", "")), Err(OfferError::Malformed(_))));
        assert!(matches!(Offer::parse(VIDEO), Err(OfferError::Malformed(_))));
        assert!(matches!(Offer::parse(&HEAD.replace("a=ice-pwd:efgh\r\n", "")), Err(OfferError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,300}", lines in proptest::collection::vec("[amv]=[ -~]{0,40}", 0..30)) {
            let _ = Offer::parse(&text);
            if let Ok(offer) = offer(&lines.join("\r\n")) {
                for section in offer.sections() {
                    let _ = section.choose(Codec::H264);
                }
            }
        }
    }
}
