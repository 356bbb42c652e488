//! The numbers of the archive.

use std::time::Duration;

use serde::Deserialize;

use crate::muxer::Lengths;
use crate::timeline::ticks;

/// Where archives stand and how they are cut.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The bucket; made if it is missing.
    pub bucket: String,
    /// Stands before every key in the bucket.
    pub prefix: String,
    /// A segment ends at the first keyframe after this.
    pub segment_secs: f64,
    /// Without a keyframe a segment ends after this all the same.
    pub segment_most_secs: f64,
    /// How many objects go up at once.
    pub uploads: usize,
    /// How long a recording stays on this machine's disk once all of it is in the bucket.
    pub keep_uploaded_secs: u64,
    /// How long the making of one download may take, per second of its recording, before it is given up; never less
    /// than two minutes.
    pub download_secs_per_sec: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bucket: "livestream".to_owned(),
            prefix: "archives/".to_owned(),
            segment_secs: 2.0,
            segment_most_secs: 12.0,
            uploads: 4,
            keep_uploaded_secs: 60,
            download_secs_per_sec: 3.0,
        }
    }
}

impl Config {
    /// How long segments are; odd numbers are brought within bounds.
    pub(crate) fn lengths(&self) -> Lengths {
        let secs = |secs: f64| ticks(Duration::try_from_secs_f64(secs).unwrap_or(Duration::from_secs(2)));
        let target = secs(self.segment_secs.clamp(0.5, 10.0));
        Lengths { target, most: secs(self.segment_most_secs.clamp(2.0, 60.0)).max(target) }
    }
}
