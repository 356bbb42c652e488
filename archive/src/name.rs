//! Names of objects: of segments and inits in URLs and in the bucket. Pure.

use std::fmt;
use std::str::FromStr;

use domain::RecordingId;
use uuid::Uuid;

/// The MP4 download of an archive, after its `s3_key`.
pub(crate) const DOWNLOAD: &str = "download.mp4";
/// The thumbnail of an archive.
pub(crate) const THUMBNAIL: &str = "thumbnail.jpg";

/// An object that a playlist names: `{recording}-{number}.m4s` or `{recording}-init-{number}.mp4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Init(RecordingId, u32),
    Segment(RecordingId, u32),
}

/// No name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAName;

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init(recording, number) => write!(f, "{}-init-{number}.mp4", recording.uuid().simple()),
            Self::Segment(recording, number) => write!(f, "{}-{number:06}.m4s", recording.uuid().simple()),
        }
    }
}

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let (recording, rest) = text.split_once('-').ok_or(NotAName)?;
        let recording = RecordingId::from(Uuid::try_parse(recording).map_err(|_| NotAName)?);
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| NotAName);
        let name =
            match (rest.strip_prefix("init-").and_then(|rest| rest.strip_suffix(".mp4")), rest.strip_suffix(".m4s")) {
                (Some(digits), _) => Self::Init(recording, number(digits)?),
                (None, Some(digits)) => Self::Segment(recording, number(digits)?),
                _ => return Err(NotAName),
            };
        // One object has one name, so that caches hold it once.
        if name.to_string() == text { Ok(name) } else { Err(NotAName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let recording = RecordingId::new();
        for name in [Name::Init(recording, 0), Name::Segment(recording, 12), Name::Segment(recording, 1_234_567)] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn anything_else_is_not_a_name() {
        let id = RecordingId::new();
        let simple = id.uuid().simple();
        for bad in [
            String::new(),
            "../../etc/passwd".into(),
            format!("{id}-000001.m4s"),
            format!("{simple}-1.m4s"),
            format!("{simple}-+00001.m4s"),
            format!("{simple}-init--1.mp4"),
            format!("{simple}-000001.m4s/.."),
            format!("{simple}-99999999999.m4s"),
        ] {
            assert_eq!(bad.parse::<Name>(), Err(NotAName), "{bad}");
        }
    }
}
